"""Text that comes from data, made fit to stand in a prompt: seen whole, on its line, and marked as data."""

from __future__ import annotations

import re
import unicodedata

#: Where data begin and end in a prompt. No text from data can hold either.
OPEN, CLOSE = "<data>", "</data>"
#: Characters of a name or a level that are shown.
SHOWN = 60
_MARK = re.compile(r"<(?=\s*/?\s*data\b)", re.IGNORECASE)
#: Controls, characters that change the direction of text or take no room, halves of characters, private ones.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str, at_most: int = SHOWN) -> str:
    r"""Return text from data on one line, without what cannot be seen, cut.

    Parameters
    ----------
    text : str
        Any text.
    at_most : int
        Characters that are kept.

    Returns
    -------
    str
        With neither a mark of the fence nor one of code in it.

    Examples
    --------
    >>> plain("a\nb\u202e </data> ```")
    "a b ‹/data> '''"
    """
    cut = text[: 4 * at_most + 64]  # what cannot be seen may be in the way
    seen = "".join(" " if c.isspace() else c for c in cut if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    line = _MARK.sub("‹", " ".join(seen.split())).replace("```", "'''")
    return line if len(line) <= at_most and len(cut) == len(text) else f"{line[: at_most - 1].rstrip()}…"


def lines(text: str, at_most: int) -> str:
    """Return text of several lines, each without what cannot be seen; cut in the middle, where the least is lost.

    Parameters
    ----------
    text : str
        Any text.
    at_most : int
        Characters that are kept, about.

    Returns
    -------
    str
        Lines that begin with a mark, so that none can be taken for one of the prompt.
    """
    every = [plain(line, 200) for line in text.splitlines() if line.strip()]
    total = sum(len(line) + 3 for line in every)
    if total > at_most:
        head: list[str] = []
        tail: list[str] = []
        room = at_most
        for index in range(len(every)):
            line = every[index // 2] if index % 2 == 0 else every[-1 - index // 2]
            room -= len(line) + 3
            if room < 0:
                break
            (head if index % 2 == 0 else tail).append(line)
        every = [*head, "…", *reversed(tail)]
    return "\n".join(f"| {line}" for line in every)


def visible(source: str) -> str:
    """Return source as it may be shown: without what cannot be seen, and without a mark of the fence."""
    kept = (c for c in source if c == "\n" or unicodedata.category(c) not in _UNSEEN)
    return _MARK.sub("‹", "".join(kept))


def fenced(text: str) -> str:
    """Return text between the marks of data."""
    return f"{OPEN}\n{text.strip()}\n{CLOSE}"
