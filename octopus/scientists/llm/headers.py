"""Headers of a reply → texts of an answer: on one line, without what controls a terminal, cut to their length."""

from __future__ import annotations

import re
from collections.abc import Sequence

from octopus.scientists.llm.answer import Answer
from octopus.scientists.llm.parts import Header

#: Longest texts, in characters.
IDEA, HYPOTHESIS, EXPECTED, REASON, _FAMILY = 60, 300, 200, 300, 20


def texts_of(headers: Sequence[Header]) -> Answer:
    """Return the texts of headers.

    Parameters
    ----------
    headers : sequence of Header
        In order; of several with one name the first that says something counts.

    Returns
    -------
    Answer
        With texts alone; its action is a placeholder.
    """
    values: dict[str, str] = {}
    for header in headers:
        if header.value and not is_placeholder(header.value):
            values.setdefault(header.key, header.value)
    return Answer(
        action="stop",
        family=_slug(values.get("FAMILY", "")),
        idea=cut(values.get("IDEA", ""), IDEA),
        hypothesis=cut(values.get("HYPOTHESIS", ""), HYPOTHESIS),
        expected=cut(values.get("EXPECTED", ""), EXPECTED),
        parent=number(values.get("PARENT", "")),
        question=cut(values.get("QUESTION", ""), HYPOTHESIS),
        reason=cut(values.get("REASON", ""), REASON),
        change=cut(values.get("CHANGE", ""), EXPECTED),
    )


def is_placeholder(value: str) -> bool:
    """Tell whether a value stands for none."""
    return value in ("…", "...", "-", "–", "N/A", "n/a", "none", "None", "null")


def _slug(value: str) -> str:
    found = re.search(r"[a-z][a-z0-9_]*", value.lower()[:200])
    return found.group()[:_FAMILY] if found else ""


def number(value: str) -> int | None:
    """Return the first number of a value."""
    found = re.search(r"\d{1,6}", value[:100])
    return int(found.group()) if found else None


def cut(text: str, length: int) -> str:
    """Return text on one line, without what controls a terminal, cut at a word.

    Parameters
    ----------
    text : str
        Any text.
    length : int
        Most characters.

    Returns
    -------
    str
        The text.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 20 * length]).split()).strip("*_` ")
    if len(line) <= length:
        return line
    kept = line[: length - 1]
    head = kept.rpartition(" ")[0]
    return f"{head if len(head) > length // 2 else kept}…"
