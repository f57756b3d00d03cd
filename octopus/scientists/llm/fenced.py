"""Fenced code in a reply: of any kind of fence, indented, nested in a text of the code, or never closed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from octopus.scientists.llm.python import parse

#: Lines that may close a fence before a closing one is found behind which the code parses.
_MAX_CLOSINGS = 6
_FENCE = re.compile(r"^[ \t>]{0,16}(?:[-*+] {1,4}|\d{1,3}[.)] {1,4})?(`{3,}|~{3,})[ \t]*([^`]*)$")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of code.

    Parameters
    ----------
    line : int
        Where it begins in the reply.
    language : str
        What the fence says, in lower case.
    text : str
        What is in it.
    is_closed : bool
        Whether the fence was closed.
    """

    line: int
    language: str
    text: str
    is_closed: bool = True


def fenced_blocks(lines: Sequence[str]) -> tuple[tuple[Block, ...], list[str]]:
    """Return the fenced blocks of a reply and the lines outside of them.

    Parameters
    ----------
    lines : sequence of str
        The reply.

    Returns
    -------
    tuple of (tuple of Block, list of str)
        The blocks in order; all lines, those of blocks empty.
    """
    blocks: list[Block] = []
    rest = list(lines)
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        if opening is None:
            number += 1
            continue
        language, first = _info(opening[2])
        closings = _closings(lines, number + 1, opening[1])
        end, text = _inside(lines, number, closings, first)
        if text.strip():
            blocks.append(Block(line=number, language=language, text=text, is_closed=end in closings))
        stop = min(end + 1, len(lines))
        rest[number:stop] = [""] * (stop - number)
        number = stop
    return tuple(blocks), rest


def _info(info: str) -> tuple[str, str]:
    """Return the language behind a fence, and code that stands on the same line."""
    language, _, more = info.strip().partition(" ")
    language = language.strip("{}.:,").lower()
    is_code = more.lstrip().startswith(("import ", "from ", '"""', "def ", "class "))
    return language, more.strip() if is_code else ""


def _closings(lines: Sequence[str], start: int, mark: str) -> list[int]:
    """Return the lines that may close a fence, the first few."""
    found: list[int] = []
    for number in range(start, len(lines)):
        line = lines[number].strip(" \t>")
        if line and line[0] == mark[0] and len(line) >= len(mark) and not line.strip(mark[0]):
            found.append(number)
            if len(found) == _MAX_CLOSINGS:
                break
    return found


def _inside(lines: Sequence[str], opening: int, closings: Sequence[int], first: str) -> tuple[int, str]:
    """Return where a block ends and what is in it: a fence within a text of the code does not end it."""
    head = [first] if first else []
    if not closings:
        return len(lines), "\n".join([*head, *lines[opening + 1 :]])
    for end in closings if len(closings) > 1 else ():
        between = lines[opening + 1 : end]
        if any((again := _FENCE.match(line)) and again[2].strip() for line in between) and end != closings[0]:
            is_nested = '"""' in "\n".join(between) or "'''" in "\n".join(between)
            if not is_nested:
                break
        text = "\n".join([*head, *between])
        if parse(text) is not None:
            return end, text
    return closings[0], "\n".join([*head, *lines[opening + 1 : closings[0]]])
