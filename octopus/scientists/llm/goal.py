"""Reply → what a goal says of metric, costs, unknown columns, constraints; each only with words of the goal."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from octopus.errors import InvalidParameter
from octopus.goal.clauses import keyboard
from octopus.goal.metric import find_metrics, read_metric
from octopus.records import Costs, GoalReading, TaskType, Understanding
from octopus.scientists.llm.choices import known_column
from octopus.scientists.llm.claims import Claim, claims_of
from octopus.scientists.llm.headers import cut
from octopus.scientists.llm.parts import THOUGHT, is_thought, tidied
from octopus.scientists.llm.scripts import SAY_SHORTER, declines
from octopus.scientists.llm.unreadable import Unreadable
from octopus.scoring import make_scoring

_COST = re.compile(
    r"(false[ _-]?negative|false[ _-]?positive|fn|fp)s?\s{0,4}[=:]\s{0,4}([-+]?[\d.,]{1,12}(?:e\d{1,3})?)",
    re.IGNORECASE,
)
#: Where the label of a cost ends, and what may stand before it.
_NUMBERS = re.compile(r"[;|]|\bfalse[ _-]?(?:neg|pos)|\bf[np]\s*[=:]", re.IGNORECASE)
_LABELLED = re.compile(r"^(?:positive(?:[ _-]?(?:class|label))?|label|class)\s*[=:]\s*", re.IGNORECASE)
_MAX_CLAIMS = 30
#: Letters of a single word that is told apart from the small words of every sentence.
_LONG_WORD = 6
_VALUE, _SHOWN = 200, 160
#: Costs further apart than this are a slip of the pen: a threshold of one in a million catches everything.
_MAX_RATIO = 1e6


@dataclass
class _Reading:
    """What has been accepted and refused so far."""

    goal: str
    columns: Sequence[str]
    task_type: TaskType
    classes: Sequence[str]
    scoring: str | None = None
    costs: Costs | None = None
    unavailable: list[str] = field(default_factory=list)
    understood: list[Understanding] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def read_goal_reply(
    text: str, goal: str, columns: Sequence[str], task_type: TaskType, classes: Sequence[str]
) -> GoalReading:
    """Read what a model says that a goal asks for.

    Parameters
    ----------
    text : str
        The reply.
    goal : str
        The goal, in the user's words.
    columns : sequence of str
        Names of the columns.
    task_type : {"binary", "multiclass", "regression"}
        The task.
    classes : sequence of str
        Labels of the target, in order; empty for regression.

    Returns
    -------
    GoalReading
        What it says with words that stand in the goal, case and blanks aside; all else is refused, with why.

    Raises
    ------
    Unreadable
        The reply is empty, declines, or was cut off before it said anything; nothing else is raised.
    """
    plain = tidied(text)
    if is_thought(plain):
        raise Unreadable(SAY_SHORTER, truncated=True)
    plain = THOUGHT.split(plain)[-1]
    if not plain.strip():
        raise Unreadable("The reply is empty. Send the lines that were asked for, or NONE.")
    try:
        claims = list(claims_of(plain))
    except (RecursionError, MemoryError) as error:
        raise Unreadable("The reply is nested too deeply. Send the lines that were asked for, or NONE.") from error
    if not claims and declines(plain):
        raise Unreadable("The reply declines. Send the lines that were asked for, or NONE.", refused=True)
    reading = _Reading(goal=goal, columns=columns, task_type=task_type, classes=classes)
    for claim in claims[:_MAX_CLAIMS]:
        _accept(claim, reading)
    return GoalReading(
        scoring=reading.scoring,
        costs=reading.costs,
        unavailable=tuple(reading.unavailable),
        understood=tuple(reading.understood),
        refused=tuple(dict.fromkeys(reading.refused)),
    )


# --------------------------------------------------------------------------- what is accepted


def _accept(claim: Claim, reading: _Reading) -> None:
    """Take a claim over, or refuse it with why."""
    said = cut(f"{claim.kind} {claim.body}", _SHOWN)
    words = _as_written(claim.words, reading.goal)
    if not _is_telling(claim.words):
        reading.refused.append(f"{said}: it quotes no words of the goal")
    elif not words:
        reading.refused.append(f"{said}: the goal does not say {cut(claim.words, _SHOWN)!r}")
    else:
        problem = _TAKES[claim.kind](claim.body, words, reading)
        if problem:
            reading.refused.append(f"{said}: {problem}")


def _is_telling(words: str) -> bool:
    found = re.findall(r"\w+", words)
    return len(found) >= 2 or any(len(word) >= _LONG_WORD for word in found)


def _as_written(words: str, goal: str) -> str:
    """Return quoted words as they stand in the goal; empty if they do not."""
    pieces = keyboard(words).strip(" \t.,;:!?…\"'").split()
    if not pieces or len(pieces) > 100:
        return ""
    pattern = r"(?<!\w)" + r"\s+".join(re.escape(piece) for piece in pieces) + r"(?!\w)"
    found = re.search(pattern, keyboard(goal), re.IGNORECASE)
    return " ".join(goal[slice(*found.span())].split()) if found else ""


def _take_metric(body: str, words: str, reading: _Reading) -> str:
    if reading.scoring is not None:
        return f"{reading.scoring} is named before it"
    name = _scorer(body, reading)
    if name is None:
        return f"no metric of that name fits a {reading.task_type} task"
    denied = (m for m in find_metrics(reading.goal, reading.columns) if m.is_denied)
    if any(m.scorer(reading.task_type) == name for m in denied):
        return "the goal says that it does not count"
    reading.scoring = name
    reading.understood.append(Understanding(what="scoring", value=name, words=words))
    return ""


def _scorer(body: str, reading: _Reading) -> str | None:
    """Return the name of a metric that exists and can score the task."""
    name = re.split(r"[\s(;,]", body.strip("`'\" "), maxsplit=1)[0]
    known = read_metric(body, reading.task_type)
    classes = np.array(reading.classes) if reading.classes else None
    for candidate in (name, name.lower(), f"neg_{name.lower()}", known.value if known else ""):
        try:
            return make_scoring(candidate, reading.task_type, classes).name if candidate else None
        except InvalidParameter:
            continue
    return None


def _take_cost(body: str, words: str, reading: _Reading) -> str:
    if reading.task_type != "binary":
        return "only errors of two classes have costs"
    if reading.costs is not None:
        return "costs are named before it"
    label = _label(body, reading.classes)
    if label is None:
        return f"it names none of the classes {', '.join(reading.classes)}"
    given = {_error(name): _amount(number) for name, number in _COST.findall(body)}
    negative, positive = given.get("negative"), given.get("positive")
    if negative is None or positive is None:
        return "it gives no two positive numbers, false_negative and false_positive"
    if max(negative, positive) > _MAX_RATIO * min(negative, positive):
        return "its numbers are further apart than a million"
    reading.costs = Costs(positive=label, false_negative=negative, false_positive=positive)
    value = f"missed {label} to false alarm {negative:g} : {positive:g}; sets the threshold, not the metric"
    reading.understood.append(Understanding(what="costs", value=value, words=words))
    return ""


def _error(name: str) -> str:
    return "negative" if "neg" in name.lower() or name.lower() == "fn" else "positive"


def _amount(number: str) -> float | None:
    """Return a number above zero; None for any other."""
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", number.strip(".,")).replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _label(body: str, classes: Sequence[str]) -> str | None:
    """Return the class that a claim begins with."""
    first = re.split(r"[;|]|\bfalse[ _-]?(?:neg|pos)|\bf[np]\s*[=:]", body, maxsplit=1, flags=re.IGNORECASE)[0]
    named = re.sub(
        r"^(?:positive(?:[ _-]?(?:class|label))?|label|class)\s*[=:]\s*", "", first.strip(), flags=re.IGNORECASE
    )
    wanted = named.strip(" \t\"'`“”,:").casefold()
    found = [label for label in classes if label.strip().casefold() == wanted]
    return found[0] if len(found) == 1 else None


def _take_unknown(body: str, words: str, reading: _Reading) -> str:
    name = known_column(body, reading.columns)
    if name is None:
        return "there is no such column"
    if name in reading.unavailable:
        return "it is named before"
    if len(reading.unavailable) + 1 >= len(reading.columns):
        return "no column would be left"
    reading.unavailable.append(name)
    reading.understood.append(Understanding(what="not known", value=name, words=words))
    return ""


def _take_constraint(body: str, words: str, reading: _Reading) -> str:
    value = cut(body, _VALUE)
    if not value:
        return "it says nothing"
    reading.understood.append(Understanding(what="constraint", value=value, words=words))
    return ""


_TAKES: Mapping[str, Callable[[str, str, _Reading], str]] = {
    "metric": _take_metric,
    "cost": _take_cost,
    "unknown": _take_unknown,
    "constraint": _take_constraint,
}
