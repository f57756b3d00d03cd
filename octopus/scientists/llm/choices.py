"""Answers about columns and folds: names as the table has them, numbers within their bounds."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import replace

from octopus.scientists.llm.answer import Answer, SplitName
from octopus.scientists.llm.headers import REASON, cut, is_placeholder, number
from octopus.scientists.llm.parts import Header
from octopus.scientists.llm.unreadable import Unreadable

#: Beginnings of words for a way to split.
_SPLITS: tuple[tuple[str, SplitName], ...] = (
    ("stratified", "stratified"), ("group", "group"), ("time", "time"), ("temporal", "time"), ("chronolog", "time"),
    ("random", "random"), ("kfold", "random"), ("shuffle", "random"), ("repeated", "random"),
)  # fmt: skip
_MAX_SPLITS, _MAX_REPEATS = 20, 10


def about_columns(texts: Answer, headers: Sequence[Header], columns: Sequence[str]) -> Answer:
    """Return an answer that leaves columns out, uses them again or makes other folds.

    Parameters
    ----------
    texts : Answer
        The action and the texts of its headers.
    headers : sequence of Header
        All headers.
    columns : sequence of str
        Names that may be given.

    Returns
    -------
    Answer
        Complete.

    Raises
    ------
    Unreadable
        Something is missing, or a name is no column's.
    """
    given = {h.key: h.value for h in reversed(headers) if h.value}
    reason = texts.reason or texts.hypothesis or texts.idea
    if not reason:
        raise Unreadable(f"ACTION: {texts.action} needs a line REASON: with one sentence. Send all headers again.")
    if texts.action == "revalidate":
        return _folds(replace(texts, reason=cut(reason, REASON)), given, columns)
    listed = given.get("COLUMNS") or given.get("COLUMN", "")
    names = tuple(dict.fromkeys(_column(name, columns) for name in _listed(listed, columns)))
    if not names:
        raise Unreadable(f"ACTION: {texts.action} needs a line COLUMNS: with names of columns, separated by commas.")
    return Answer(action=texts.action, columns=names, reason=cut(reason, REASON))


def _folds(texts: Answer, given: dict[str, str], columns: Sequence[str]) -> Answer:
    words = re.sub(r"[^a-z]+", "", given.get("SPLIT", "").lower()[:60])
    split = next((split for start, split in _SPLITS if words.startswith(start)), None)
    if split is None:
        raise Unreadable("ACTION: revalidate needs a line SPLIT: with one of random, stratified, group, time.")
    named = given.get("COLUMN") or given.get("COLUMNS", "")
    named = "" if is_placeholder(named) else named.strip("\"'`[] ")
    if split in ("group", "time") and not named:
        raise Unreadable(f"SPLIT: {split} needs a line COLUMN: with the column that makes it.")
    n_splits, n_repeats = number(given.get("SPLITS", "")), number(given.get("REPEATS", ""))
    return Answer(
        action="revalidate",
        split=split,
        column=_column(named, columns) if split in ("group", "time") else None,
        n_splits=None if n_splits is None else min(max(n_splits, 2), _MAX_SPLITS),
        n_repeats=None if n_repeats is None else min(max(n_repeats, 1), _MAX_REPEATS),
        reason=texts.reason,
    )


def _listed(value: str, columns: Sequence[str]) -> list[str]:
    """Return the names of a list: JSON, or separated by commas; a name may hold a comma itself."""
    text = value.strip()
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list):
            return [str(name) for name in found if str(name).strip()]
    text = text.strip("[]")
    if known_column(text, columns) is not None:
        return [text]
    names, rest = [], [part.strip() for part in re.split(r"[,;]|\band\b(?= )", text[:4000])]
    while rest:
        longest = next((n for n in range(min(len(rest), 4), 1, -1) if known_column(", ".join(rest[:n]), columns)), 1)
        name = ", ".join(rest[:longest])
        rest = rest[longest:]
        if name.strip("\"'` "):
            names.append(name)
    return names


def known_column(name: str, columns: Sequence[str]) -> str | None:
    """Return the column that is meant: as written, without quotes, in another case.

    Parameters
    ----------
    name : str
        What a model calls it.
    columns : sequence of str
        Names of the columns.

    Returns
    -------
    str or None
        Its name in the table; None if there is none, or more than one.
    """
    bare = name.strip().strip("\"'`*").strip()
    for wanted in (name, bare):
        if wanted in columns:
            return wanted
    folded = [column for column in columns if column.strip().casefold() == bare.casefold()]
    return folded[0] if len(folded) == 1 else None


def _column(name: str, columns: Sequence[str]) -> str:
    known = known_column(name, columns)
    if known is not None:
        return known
    bare = name.strip("\"'` ")[:80]
    near = difflib.get_close_matches(bare, [c[:80] for c in columns[:500]], n=3, cutoff=0.5)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else " Use names of the column list."
    raise Unreadable(f"There is no column {bare!r}.{hint} Send all headers again.")
