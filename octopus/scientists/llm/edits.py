"""Edit blocks: found in a reply, and applied to a script; an edit that fits no place, or two, is refused in words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from octopus.scientists.llm.python import syntax_problem
from octopus.scientists.llm.unreadable import Unreadable

_BEGIN = re.compile(r"^[ \t>]{0,12}<{5,9}\s{0,4}(?:SEARCH|ORIGINAL|OLD|BEFORE|HEAD)?\s{0,4}:?\s{0,4}$", re.IGNORECASE)
_MIDDLE = re.compile(r"^[ \t]{0,12}={6,8}\s{0,4}$")
_END = re.compile(r"^[ \t]{0,12}>{5,9}\s{0,4}(?:REPLACE|UPDATED|NEW|AFTER)?\s{0,4}$", re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]{0,12}(?:`{3,}|~{3,})[\w+-]{0,20}\s{0,4}$")
_HUNK = re.compile(r"^@@(?: -\d{1,6}(?:,\d{1,6})? \+\d{1,6}(?:,\d{1,6})? @@)?.{0,200}$")
_SHAPE = "<<<<<<< SEARCH\nold lines, exactly as they stand\n=======\nnew lines\n>>>>>>> REPLACE"
#: Lines of a script that the nearest place is looked for in, and how like a line must be to be named.
_MAX_LINES, _LIKE = 2000, 0.5
_SHOWN = 400

_Matches = Callable[[Sequence[str], Sequence[str]], bool]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Lines of a script and what is to stand there instead."""

    search: str
    replace: str


@dataclass(frozen=True, kw_only=True)
class FoundEdit:
    """An edit and the lines of the reply that it was read from, the end excluded."""

    edit: Edit
    start: int
    end: int


def find_edits(lines: Sequence[str]) -> tuple[FoundEdit, ...]:
    """Return the edit blocks of a reply.

    Parameters
    ----------
    lines : sequence of str
        The reply.

    Returns
    -------
    tuple of FoundEdit
        In order.

    Raises
    ------
    Unreadable
        A block has no middle or no end.
    """
    found: list[FoundEdit] = []
    start, middle = -1, -1
    for number, line in enumerate(lines):
        if _BEGIN.match(line):
            if start >= 0:
                raise Unreadable(f"Edit block {len(found) + 1} does not end. Send each block as\n{_SHAPE}")
            start, middle = number, -1
        elif start >= 0 and middle < 0 and _MIDDLE.match(line):
            middle = number
        elif start >= 0 and _END.match(line):
            if middle < 0:
                raise Unreadable(f"Edit block {len(found) + 1} has no line of =======. Send each block as\n{_SHAPE}")
            edit = Edit(search=_body(lines[start + 1 : middle]), replace=_body(lines[middle + 1 : number]))
            found.append(FoundEdit(edit=edit, start=start, end=number + 1))
            start, middle = -1, -1
    if start >= 0:
        raise Unreadable(
            f"Edit block {len(found) + 1} has no line of >>>>>>> REPLACE. Send shorter blocks, each as\n{_SHAPE}",
            truncated=True,
        )
    return tuple(found)


def edits_of_diff(text: str) -> tuple[Edit, ...]:
    """Return the edits that a unified diff stands for.

    Parameters
    ----------
    text : str
        A diff.

    Returns
    -------
    tuple of Edit
        One for each hunk.

    Raises
    ------
    Unreadable
        A hunk has no line by which its place could be found.
    """
    hunks: list[list[str]] = []
    for line in text.split("\n"):
        if _HUNK.match(line):
            hunks.append([])
        elif line.startswith(("--- ", "+++ ", "diff ", "index ", "\\ No newline")):
            continue
        elif hunks or line.startswith(("+", "-")):
            hunks = hunks or [[]]
            hunks[-1].append(line)
    edits = []
    for hunk in hunks:
        while hunk and not hunk[-1].strip():
            hunk.pop()
        search = "\n".join(line[1:] for line in hunk if not line.startswith("+"))
        replace = "\n".join(line[1:] for line in hunk if not line.startswith("-"))
        if not search.strip():
            raise Unreadable(f"A part of the diff names no old line. Send edit blocks instead, each as\n{_SHAPE}")
        edits.append(Edit(search=search, replace=replace))
    return tuple(edits)


def looks_like_diff(text: str) -> bool:
    """Tell whether text is a unified diff."""
    lines = text.split("\n")
    signs = sum(line.startswith(("+", "-")) for line in lines)
    return signs > 0 and (any(line.startswith("@@") for line in lines) or text.lstrip().startswith(("--- ", "diff ")))


def apply_edits(source: str, edits: Sequence[Edit]) -> str:
    """Return a script with edits made, one after the other.

    Parameters
    ----------
    source : str
        The script.
    edits : sequence of Edit
        What to change. Lines are looked for as they are, then with other blanks at their ends, then with another
        indentation of all of them, which the new lines are given as well; last as a part of a line.

    Returns
    -------
    str
        The script, which parses.

    Raises
    ------
    Unreadable
        A block fits no place or several, nothing changes, or the result does not parse.
    """
    changed = source.replace("\r\n", "\n")
    for number, edit in enumerate(edits, start=1):
        changed = _apply(changed, edit, f"Edit block {number}")
    if not edits or changed == source:
        raise Unreadable(f"The edits change nothing. Send blocks whose new lines differ from the old ones:\n{_SHAPE}")
    problem = syntax_problem(changed)
    if problem:
        raise Unreadable(f"With the edits made the script does not parse: {problem}. Send corrected edit blocks.")
    return changed


def _apply(source: str, edit: Edit, name: str) -> str:
    old, new = _trimmed(edit.search), _trimmed(edit.replace)
    if not old:
        raise Unreadable(f"{name} has no old line. Put the lines that it stands beside into SEARCH.")
    lines = source.split("\n")
    for matches in (_same, _same_but_blanks):
        places = _places(lines, old, matches)
        if len(places) == 1:
            return _replaced(lines, places[0], len(old), new)
        if places:
            raise _ambiguous(name, len(places))
    places = _places(lines, old, _same_but_indentation)
    if len(places) == 1:
        shift = _shift(lines[places[0] : places[0] + len(old)], old)
        return _replaced(lines, places[0], len(old), [_shifted(line, shift) for line in new])
    if places:
        raise _ambiguous(name, len(places))
    part = "\n".join(old).strip()
    spans = [m.span() for m in re.finditer(rf"(?<!\w){re.escape(part)}(?!\w)", source)] if len(part) > 2 else []
    if len(spans) > 1:
        raise _ambiguous(name, len(spans))
    if spans:
        return source[: spans[0][0]] + "\n".join(new).strip() + source[spans[0][1] :]
    near = _nearest(lines, old)
    raise Unreadable(
        f"{name}: its old lines do not stand in the script. "
        + (f"The nearest are:\n{near}\nCopy them exactly." if near else "Copy lines of the script exactly.")
    )


def _ambiguous(name: str, n_places: int) -> Unreadable:
    return Unreadable(f"{name}: its old lines stand in {n_places} places. Add lines above or below that differ.")


def _body(lines: Sequence[str]) -> str:
    """Return the lines between two marks, without a fence around them."""
    kept = list(lines)
    if kept and _FENCE.match(kept[0]):
        kept = kept[1:]
        if kept and _FENCE.match(kept[-1]):
            kept = kept[:-1]
    return "\n".join(kept)


def _trimmed(text: str) -> list[str]:
    """Return lines without empty ones at either end."""
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _places(lines: Sequence[str], old: Sequence[str], matches: _Matches) -> list[int]:
    return [at for at in range(len(lines) - len(old) + 1) if matches(lines[at : at + len(old)], old)]


def _same(window: Sequence[str], old: Sequence[str]) -> bool:
    return list(window) == list(old)


def _same_but_blanks(window: Sequence[str], old: Sequence[str]) -> bool:
    return window[0].rstrip() == old[0].rstrip() and all(
        a.rstrip() == b.rstrip() for a, b in zip(window, old, strict=True)
    )


def _same_but_indentation(window: Sequence[str], old: Sequence[str]) -> bool:
    if window[0].strip() != old[0].strip() or [a.strip() for a in window] != [b.strip() for b in old]:
        return False
    return len({_indent(a) - _indent(b) for a, b in zip(window, old, strict=True) if a.strip()}) == 1


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _shift(window: Sequence[str], old: Sequence[str]) -> int:
    return _indent(window[0]) - _indent(old[0])


def _shifted(line: str, shift: int) -> str:
    if not line.strip():
        return ""
    return " " * max(0, _indent(line) + shift) + line.strip()


def _replaced(lines: Sequence[str], at: int, n_old: int, new: Sequence[str]) -> str:
    return "\n".join([*lines[:at], *new, *lines[at + n_old :]])


def _nearest(lines: Sequence[str], old: Sequence[str]) -> str:
    """Return the lines of the script that are most like those that were looked for."""
    known = [line[:200] for line in lines[:_MAX_LINES]]
    wanted = {line.strip() for line in old if line.strip()}
    shared = [sum(line.strip() in wanted for line in known[at : at + len(old)]) for at in range(len(known))]
    at = max(range(len(known)), key=shared.__getitem__)
    if not shared[at]:
        close = difflib.get_close_matches(old[0][:200], known, n=1, cutoff=_LIKE)
        if not close:
            return ""
        at = known.index(close[0])
    return "\n".join(known[at : at + min(len(old), 8)])[:_SHOWN]
