"""Reply → answer: what a model wants done, read with patience; what cannot be read is said in words for the model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from octopus.records import CallKind
from octopus.scientists.llm.answer import Answer, AnswerAction
from octopus.scientists.llm.choices import about_columns
from octopus.scientists.llm.edits import Edit, edits_of_diff, looks_like_diff
from octopus.scientists.llm.fenced import Block
from octopus.scientists.llm.headers import HYPOTHESIS, IDEA, cut, texts_of
from octopus.scientists.llm.parts import Parts, read_parts
from octopus.scientists.llm.scripts import SAY_SCRIPT, SAY_SHORTER, declines, find_script, is_foreign, told_by
from octopus.scientists.llm.unreadable import Unreadable

__all__ = ["Answer", "Edit", "Unreadable", "read_reply"]

#: Beginnings of words for an action, the more special first.
_ACTIONS: tuple[tuple[str, AnswerAction], ...] = (
    ("revalid", "revalidate"), ("validat", "revalidate"), ("resplit", "revalidate"), ("quarant", "quarantine"),
    ("releas", "release"), ("analy", "analysis"), ("explor", "analysis"), ("inspect", "analysis"), ("eda", "analysis"),
    ("edit", "edit"), ("fix", "edit"), ("patch", "edit"), ("modif", "edit"), ("tweak", "edit"),
    ("experiment", "experiment"), ("draft", "experiment"), ("new", "experiment"), ("improve", "experiment"),
    ("try", "experiment"), ("stop", "stop"), ("finish", "stop"), ("done", "stop"), ("end", "stop"),
)  # fmt: skip
_SAY_EDITS = (
    "Send edit blocks for the script above: <<<<<<< SEARCH, whole old lines, =======, new lines, >>>>>>> REPLACE."
)
_ENTRY = {"experiment": "build_pipeline", "fix": "build_pipeline", "edit": "build_pipeline", "analysis": "analyse"}
_SAY_ACTION = (
    "Begin with a line ACTION: and one of experiment, edit, analysis, revalidate, quarantine, release, stop; then the "
    "headers and the one ```python block or the edit blocks that go with it."
)


def read_reply(text: str, kind: CallKind, columns: Sequence[str]) -> Answer:
    """Read what a model answered.

    Parameters
    ----------
    text : str
        The reply, whatever it is.
    kind : {"step", "fix", "reask", "goal"}
        What was asked for; for a question that is asked again, preferably the kind of the first one.
    columns : sequence of str
        Names of the columns that an answer may name.

    Returns
    -------
    Answer
        One action with all that it needs. ``edit`` and ``fix`` have edits or, where the model sent the whole script, an
        ``experiment`` or a ``fix`` has code.

    Raises
    ------
    Unreadable
        The reply cannot be used; nothing else is raised.
    """
    try:
        return _answer(read_parts(text), kind, columns)
    except (RecursionError, MemoryError) as error:
        raise Unreadable(f"The reply is nested too deeply to be read. {_SAY_ACTION}") from error


def _answer(parts: Parts, kind: CallKind, columns: Sequence[str]) -> Answer:
    if parts.is_thought:
        raise Unreadable(SAY_SHORTER, truncated=True)
    parts, named = _first_action(parts)
    action = _kind_of(parts, named, kind)
    if action is None:
        raise _without_action(parts, _SAY_EDITS if kind == "fix" else _SAY_ACTION)
    texts = texts_of(parts.headers)
    if action == "stop":
        return Answer(action="stop", reason=texts.reason or texts.hypothesis or "nothing is left that is worth trying")
    if action in ("revalidate", "quarantine", "release"):
        return about_columns(replace(texts, action=action), parts.headers, columns)
    return _with_code(replace(texts, action=action), parts)


def _first_action(parts: Parts) -> tuple[Parts, AnswerAction | None]:
    """Return the parts that belong to the first action that is named, and that action."""
    named = [(h, action) for h in parts.headers if h.key == "ACTION" and (action := _action(h.value))]
    if not named:
        return parts, None
    start = named[0][0].line
    end = next((h.line for h, action in named[1:] if h.line > start and action != named[0][1]), None)
    if end is None:
        return parts, named[0][1]
    blocks = tuple(b for b in parts.blocks if b.line < end)
    edits = tuple(e for e in parts.edits if e[0] < end)
    has_code = bool(blocks or edits) or named[0][1] in ("revalidate", "quarantine", "release", "stop")
    headers = tuple(h for h in parts.headers if h.line < end)
    if not has_code:
        blocks, edits = parts.blocks, parts.edits
    return replace(parts, headers=headers, blocks=blocks, edits=edits), named[0][1]


def _action(value: str) -> AnswerAction | None:
    """Return the action that a header names; None where it lists them all, as the instructions do."""
    words = re.findall(r"[a-z]+", value.lower()[:200])
    if not words or len({a for word in words[:12] for _, a in _ACTIONS if word == a}) > 2:
        return None
    return next((action for word in words[:4] for start, action in _ACTIONS if word.startswith(start)), None)


def _kind_of(parts: Parts, named: AnswerAction | None, kind: CallKind) -> AnswerAction | None:
    """Return what is answered: named, or told by what came with it."""
    has_edits = bool(parts.edits) or any(_is_diff(block) for block in parts.blocks)
    if kind == "fix":
        has_code = has_edits or bool(parts.blocks) or "def " in parts.prose
        return "stop" if named == "stop" and not has_code else "fix" if has_code else None
    if named in ("revalidate", "quarantine", "release", "stop", "analysis"):
        return named
    scripts = [block.text for block in parts.blocks] or [parts.prose]
    if has_edits and not any("def build_pipeline" in text for text in scripts):
        return "edit"
    if named is not None:
        return named
    if any("def build_pipeline" in text for text in scripts):
        return "experiment"
    return "analysis" if any(re.search(r"def analy[sz]e\b", text) for text in scripts) else None


def _without_action(parts: Parts, say: str) -> Unreadable:
    said = parts.prose.strip()
    if not said and not parts.blocks:
        return Unreadable(f"The reply is empty. {say}")
    if declines(said) and not parts.headers:
        return Unreadable(f"The reply declines. The task is ordinary modelling of a table. {say}", refused=True)
    if is_foreign(parts):
        return Unreadable(f"The script is not Python. {SAY_SCRIPT} in Python that defines build_pipeline().")
    return Unreadable(f"The reply has nothing to carry out. {say}")


# --------------------------------------------------------------------------- code


def _with_code(texts: Answer, parts: Parts) -> Answer:
    """Return an experiment, an edit, a fix or an analysis with its code."""
    edits = tuple(edit for _, edit in parts.edits)
    if not edits and texts.action in ("edit", "fix", "experiment"):
        edits = tuple(edit for block in parts.blocks if _is_diff(block) for edit in edits_of_diff(block.text))
        if not edits and not parts.blocks and looks_like_diff(parts.prose):
            edits = edits_of_diff(parts.prose)
    is_whole = texts.action == "experiment" and any("def build_pipeline" in block.text for block in parts.blocks)
    if edits and texts.action != "analysis" and not is_whole:
        action: AnswerAction = "fix" if texts.action == "fix" else "edit"
        return _named(replace(texts, action=action, edits=edits), "")
    code = find_script(parts, _ENTRY[texts.action]).strip("\n") + "\n"
    action = "experiment" if texts.action == "edit" else texts.action
    return _named(replace(texts, action=action, code=code), code)


def _is_diff(block: Block) -> bool:
    return block.language in ("diff", "patch") or looks_like_diff(block.text)


def _named(answer: Answer, code: str) -> Answer:
    """Return an answer with an idea and a hypothesis, told by the script where the headers lack them."""
    told = told_by(code) if code else ""
    hypothesis = answer.hypothesis or told or answer.idea or answer.change
    idea = answer.idea or cut(re.split(r"[.;:] ", hypothesis)[0].rstrip("."), IDEA) or answer.family
    if not idea and answer.edits:
        idea = hypothesis = f"a change of experiment {answer.parent}" if answer.parent is not None else "a change"
    question = answer.question or (hypothesis if answer.action == "analysis" else "")
    return replace(answer, idea=idea, hypothesis=cut(hypothesis, HYPOTHESIS), question=cut(question, HYPOTHESIS))
