"""Prompts as AIDE 0.2.2 builds them (https://github.com/WecoAI/aideml, MIT), from what octopus recorded.

What goes into which prompt, in what order and under which heading is AIDE's (its ``agent.py``, ``journal.py`` and
``utils/data_preview.py``): a call that drafts, improves or debugs and answers with a plan and a whole script, then a
call that reviews script and output by way of a function. The instructions are told in our words, section by section
as long as AIDE's own (``SECTIONS`` of :mod:`benchmarks.aide_texts`, in tokens of cl100k_base; a test holds them to
that). Beside what AIDE's own code made of the same steps when this was written, every prompt was within half a percent.

Where a record holds less than AIDE would show, less is shown: no example values of texts, no library's frames in a
traceback, of a script that ran only the line with its score. Plan and findings are fixed texts of the length at the
lower end of what AIDE was measured to remember of a step.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.aide_texts import (
    BUG,
    FINDING,
    GUIDELINES,
    IMPLEMENTATION,
    INTRODUCTIONS,
    PACKAGES,
    PLAN,
    RESPONSE,
    REVIEW_FUNCTION,
)
from octopus.records import ColumnProfile, Outcome, Profile, Task

#: From this many characters on AIDE's preview is cut down to the names of the first 15 columns.
PREVIEW_CHARACTERS, PREVIEW_COLUMNS = 6_000, 15
#: AIDE keeps this many characters of both ends of an output longer than the first number.
OUTPUT_CHARACTERS, OUTPUT_END = 5_100, 2_500
_FEW_VALUES, _EXAMPLES = 10, 4

Stage = Literal["draft", "improve", "debug"]
Section = str | Sequence[str] | Mapping[str, "Section"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call: a single system message and what comes back."""

    kind: str
    prompt: str
    completion: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """What AIDE is told of the task: the two texts of its command line and its preview of the data."""

    goal: str
    evaluation: str
    preview: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One script: how it came to be, from which script, what it printed and its score, None where it failed."""

    stage: Stage
    code: str
    output: str
    score: float | None
    parent_code: str = ""
    parent_output: str = ""


def requests(question: Question, steps: Sequence[Step], seed: int) -> Iterator[Request]:
    """Yield AIDE's two calls for each step, in order.

    Parameters
    ----------
    question : Question
        The task.
    steps : sequence of Step
        Scripts in the order in which they were run.
    seed : int
        Of the order of the packages, which AIDE draws anew for each draft.

    Yields
    ------
    Request
        What is sent and what comes back.
    """
    rng = random.Random(seed)
    memory: list[str] = []
    for step in steps:
        prompt = _markdown(_asking(question, step, "\n-------------------------------\n".join(memory), rng))
        yield Request(kind=step.stage, prompt=prompt, completion=f"{PLAN}\n\n{_wrapped(step.code)}")
        yield Request(kind="review", prompt=_review(question, step), completion=_judgement(step))
        if step.score is not None:
            memory.append(f"Design: {PLAN}\nResults: {FINDING}\nValidation Metric: {step.score}\n")


def sections() -> dict[str, str]:
    """Return our wording of AIDE's sections, by the names of ``SECTIONS``."""
    names = {"draft": "a draft", "improve": "an improvement", "debug": "a fix", "review": "a review"}
    introductions = {f"introduction of {names[k]}": _markdown({"Introduction": v}) for k, v in INTRODUCTIONS.items()}
    guidelines = {f"guideline of {names[k]}": _markdown({t: v}, 2) for k, (t, v) in GUIDELINES.items()}
    return {
        **introductions,
        "response format": _markdown({"Response format": RESPONSE}, 2),
        **guidelines,
        "implementation guideline": _markdown({"Implementation guideline": IMPLEMENTATION}, 2),
        "installed packages": _markdown(_installed(random.Random(0)), 2),
        "review function": json.dumps(REVIEW_FUNCTION),
    }


def question_of(task: Task, profile: Profile) -> Question:
    """Return what AIDE would be told of a task that octopus was given."""
    goal = task.goal or f"Predict the column {task.target} from the other columns."
    return Question(goal=goal, evaluation=f"{task.scoring} of {task.target}", preview=preview_of(task, profile))


def preview_of(task: Task, profile: Profile) -> str:
    """Return AIDE's preview of a folder with one table, as far as the profile tells it."""
    head = [
        f"```\ninput/\n    train.csv ({profile.n_rows + 1} lines)\nworking/\n```",
        f"\n-> input/train.csv has {profile.n_rows} rows and {len(profile.columns) + 1} columns.",
    ]
    lines = {column.name: _column_line(column, profile.n_rows) for column in profile.columns}
    lines[task.target] = _target_line(task, profile)
    whole = "\n".join([*head, "Here is some information about the columns:", *(lines[name] for name in sorted(lines))])
    if len(whole) <= PREVIEW_CHARACTERS:
        return whole
    names = list(lines)
    more = f"... and {len(names) - PREVIEW_COLUMNS} more columns" if len(names) > PREVIEW_COLUMNS else ""
    return "\n".join([*head, f"The columns are: {', '.join(names[:PREVIEW_COLUMNS])}{more}"])


def output_of(outcome: Outcome, scoring: str, score: float | None) -> str:
    """Return what AIDE would read from the terminal after a script ran."""
    printed = outcome.stdout_tail
    if score is not None:
        printed += f"Validation {scoring}: {score}\n"
    elif outcome.failure is not None:
        frames = "".join(
            f'  File "runfile.py", line {f.line}, in {f.function}\n    {f.code}\n' for f in outcome.failure.frames
        )
        printed += outcome.stderr_tail or "Traceback (most recent call last):\n" + frames
        printed += f"{outcome.failure.type}: {outcome.failure.message}"
    else:
        printed += f"{outcome.stderr_tail}{outcome.status}: {outcome.reason}\n"
    printed += f"Execution time: {max(1, round(outcome.wall_s))} seconds (time limit is an hour)."
    if len(printed) <= OUTPUT_CHARACTERS:
        return printed
    cut = len(printed) - 2 * OUTPUT_END
    return f"{printed[:OUTPUT_END]}\n ... [{cut} characters truncated] ... \n{printed[-OUTPUT_END:]}"


def _asking(question: Question, step: Step, memory: str, rng: random.Random) -> Mapping[str, Section]:
    title, guideline = GUIDELINES[step.stage]
    told = {"Response format": RESPONSE, title: guideline, "Implementation guideline": IMPLEMENTATION}
    start = {"Introduction": INTRODUCTIONS[step.stage], "Task description": _description(question)}
    if step.stage == "draft":
        told |= _installed(rng)
        return {**start, "Memory": memory, "Instructions": told, "Data Overview": question.preview}
    if step.stage == "improve":
        previous = {"Code": _wrapped(step.parent_code)}
        return {**start, "Memory": memory, "Instructions": told, "Previous solution": previous}
    return {
        **start,
        "Previous (buggy) implementation": _wrapped(step.parent_code),
        "Execution output": f"```\n{step.parent_output}\n```",
        "Instructions": told,
        "Data Overview": question.preview,
    }


def _review(question: Question, step: Step) -> str:
    """Return the prompt of a review; the function that it must call is sent, and paid for, with it."""
    prompt = _markdown({
        "Introduction": INTRODUCTIONS["review"],
        "Task description": _description(question),
        "Implementation": _wrapped(step.code),
        "Execution output": f"```\n{step.output}\n```",
    })  # fmt: skip
    return json.dumps(REVIEW_FUNCTION) + prompt


def _judgement(step: Step) -> str:
    failed = step.score is None
    return json.dumps({
        "is_bug": failed, "summary": BUG if failed else FINDING, "metric": step.score, "lower_is_better": False,
    })  # fmt: skip


def _description(question: Question) -> Mapping[str, Section]:
    return {"Task goal": question.goal, "Task evaluation": question.evaluation}


def _installed(rng: random.Random) -> dict[str, Section]:
    shuffled = ", ".join(f"`{name}`" for name in rng.sample(PACKAGES, len(PACKAGES)))
    return {
        "Installed Packages": f"The solution may use whatever packages for machine learning fit, such as: {shuffled}. "
        "Other packages may be used as well (all are installed already!). For neural networks we suggest PyTorch "
        "rather than TensorFlow."
    }


def _column_line(column: ColumnProfile, n_rows: int) -> str:
    numbers = column.numeric
    missing = f"{round(column.missing_fraction * n_rows)} nan values"
    if numbers is not None:
        kind = column.dtype or "float64"
        return f"{column.name} ({kind}) has range: {numbers.minimum:.2f} - {numbers.maximum:.2f}, {missing}"
    values = [level.value for level in column.levels] or [day for day in (column.earliest, column.latest) if day]
    return _values_line(column.name, column.n_unique, values)


def _target_line(task: Task, profile: Profile) -> str:
    numbers = profile.target.numeric
    if numbers is not None:
        return f"{task.target} (float64) has range: {numbers.minimum:.2f} - {numbers.maximum:.2f}, 0 nan values"
    return _values_line(task.target, task.n_classes, list(task.classes))


def _values_line(name: str, n_unique: int, values: Sequence[str]) -> str:
    if n_unique < _FEW_VALUES:
        return f"{name} (object) has {n_unique} unique values: {list(values)}"
    return f"{name} (object) has {n_unique} unique values. Some example values: {list(values)[:_EXAMPLES]}"


def _wrapped(code: str) -> str:
    return f"```python\n{code.rstrip()}\n```"


def _markdown(part: Section, depth: int = 1) -> str:
    """Return nested sections as one text, as AIDE lays them out."""
    if isinstance(part, str):
        return part.strip() + "\n"
    if isinstance(part, Mapping):
        return "\n".join(f"{'#' * depth} {title}\n\n{_markdown(text, depth + 1)}" for title, text in part.items())
    return "\n".join([*(f"- {line.strip()}" for line in part), "\n"])
