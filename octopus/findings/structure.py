"""Which column names an entity that has several rows, and which one says when a row happened.

=======  ==========================================================================================
code     finding
=======  ==========================================================================================
OCT704   a column names an entity that has several rows: its rows stay together
OCT705   a column says when rows happened and the order matters: later rows are predicted from earlier
=======  ==========================================================================================

Both rules are conservative, for a wrong group or time costs more than it saves: a name alone makes no entity and a
repeating value alone makes none (every category repeats). A column is an **entity** where its name ends in a word for
someone who acts (customer, patient …), plain or followed by a word such as *id*, and its values are identities: at
least 10 where the name says *id* or the values hold digits, else at least 50 (a *client* of "web" and "app" is a
category). Words for places and accounts (store, account …) need both the *id* and 50 values: ten shops are the same ten
shops tomorrow, so that their number is a feature. Entities repeat at least twice on average, none has more than
half of the rows, and at most a fifth of the rows lacks one.
A column is **time** where it holds dates in at least 95 % of the rows, at least 20 of them distinct, and the rows are
stored in their order (monotone, or a rank correlation of at least 0.95 with it) or its name ends in *date, timestamp,
time, month …* or *at*. Dates that describe someone rather than something that happened (birth …) are never time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.blocks.dates import moments
from octopus.dataset import Rows
from octopus.findings.names import ID_LAST_WORDS, name_words, names_an_id
from octopus.findings.text import (
    FIRST_DATE,
    LAST_DATE,
    MIN_PARSED,
    Column,
    distinct,
    holds_dates,
    parse_dates,
    sample_texts,
)
from octopus.records import Finding

ENTITY, TIME_ORDER = "OCT704", "OCT705"

#: Five folds of two entities each; and more values than a category usually has.
_MIN_ENTITIES, _MIN_NAMED_ENTITIES = 10, 50
#: Below two rows each, hardly any row has a relative to leak to; an entity of half the rows cannot be held out.
_MIN_REPEATS, _MAX_ENTITY_SHARE, _MAX_ENTITY_MISSING = 2.0, 0.5, 0.2
#: Fewer dates are a category; a log that is nearly in order correlates with its rows at 0.95 and more.
_MIN_DATES, _MIN_RANK_CORRELATION = 20, 0.95
#: The years that fit into datetime64[ns], as numbers such as 20241231.
_FIRST_DAY, _LAST_DAY = 16780101, 22611231
#: Who acts, and so has rows of its own; what may be a category as well; what makes a count of a name.
_ACTORS = re.compile(
    r"customer|client|patient|user|subject|participant|household|person|individual|member|player|visitor|borrower"
    r"|donor|employee|student|respondent"
)
_PLACES = re.compile(r"store|shop|branch|site|account|session|device|machine|vehicle|clinic|hospital|school")
_COUNTS = re.compile(r"n|num|number|count|no|total|nr")
_TIME_WORDS = re.compile(r"date|datetime|timestamp|time|ts|day|week|month|period")
_LIFE_WORDS = re.compile(r"birth|born|dob|birthday|death|founded|hired")
#: Times of something still to come or of another event: taken only where nothing better is there.
_SECOND_WORDS = re.compile(r"due|end|expiry|expiration|until|last|next|updated|modified|closed|delivery|ship")


def find_entity(table: pd.DataFrame, roles: Mapping[str, str]) -> tuple[str, Finding] | None:
    """Return the column that names an entity with several rows.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_features)
        Every row, before anything is sealed.
    roles : mapping of str to str
        What the user says of columns; a column with a role is no entity unless the role is ``group``.

    Returns
    -------
    tuple of str and Finding, or None
        The column and why; of several the one with the fewest values, for its groups contain the others'.
    """
    found: list[tuple[int, str]] = []
    for name in table.columns:
        if roles.get(name) is None and _may_name_an_entity(name):
            n_entities = _n_entities(name, table[name])
            if n_entities:
                found.append((n_entities, name))
    if not found:
        return None
    n_entities, name = min(found, key=lambda pair: pair[0])
    largest = int(table[name].value_counts().iloc[0])
    return name, Finding(
        code=ENTITY,
        columns=(name,),
        message=f"{name} names {n_entities:,} entities that have up to {largest:,} rows each",
        evidence=f"{n_entities:,} values in {len(table):,} rows, {table[name].count() / n_entities:.1f} rows each",
        confidence="certain",
        action="kept whole in holdout and folds",
        overrule=overruled(name),
    )


def number_groups(column: Column) -> Rows:
    """Return the number of each row's group.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        What names the group; a row without a name is a group of its own.

    Returns
    -------
    ndarray of shape (n_rows,), int64
        Group numbers.
    """
    codes, values = distinct(column)
    groups = codes.astype(np.int64)
    alone = groups < 0
    groups[alone] = len(values) + np.arange(int(alone.sum()))
    return groups


def find_time(table: pd.DataFrame, roles: Mapping[str, str]) -> tuple[str, Finding] | None:
    """Return the column that says when rows happened, where their order matters.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_features)
        Every row in the order that the user gave.
    roles : mapping of str to str
        What the user says of columns; a column with a role is no time unless the role is ``time``.

    Returns
    -------
    tuple of str and Finding, or None
        The column and why; of several the one that is the rows' order, then by name, then the first.
    """
    found: list[tuple[tuple[bool, bool], str, str]] = []
    for name in table.columns:
        if roles.get(name) is None and not _has(_LIFE_WORDS, name_words(name)):
            dates = _dates_of(table[name])
            if dates is not None and (reason := _why_time(name, dates)):
                is_second = _has(_SECOND_WORDS, name_words(name))
                found.append(((is_second, "stored" not in reason), name, reason))
    if not found:
        return None
    _, name, reason = min(found, key=lambda candidate: candidate[0])
    return name, Finding(
        code=TIME_ORDER,
        columns=(name,),
        message=f"{name} says when each row happened",
        evidence=reason,
        confidence="certain",
        action="later rows are predicted from earlier ones",
        overrule=overruled(name),
    )


def read_time(column: Column) -> NDArray[np.datetime64]:
    """Return a column as times; what lacks one counts as the earliest.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Dates, text with dates, numbers such as 20241231, years, or seconds (or milli-, micro-, nanoseconds) since 1970.

    Returns
    -------
    ndarray of shape (n_rows,), datetime64[ns]
        NaT only where no row has a time.
    """
    if column.dtype.kind == "M":
        times = column.to_numpy(dtype="datetime64[ns]")
    elif column.dtype.kind == "f":
        days = moments(column.where(column.between(_FIRST_DAY, _LAST_DAY)))
        is_days = days.notna().sum() >= MIN_PARSED * max(1, column.count())
        times = days.to_numpy(dtype="datetime64[ns]") if is_days else _numbers_as_times(column.to_numpy(np.float64))
    else:
        times = parse_dates(column)
    missing = np.isnat(times)
    if missing.any() and not missing.all():
        times = np.where(missing, times[~missing].min(), times)
    return times


def last_times(units: Rows, times: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Return for each row the last time of the unit that it belongs to: groups are ordered by their last date.

    Parameters
    ----------
    units : ndarray of shape (n_rows,), int64
        What must stay together.
    times : ndarray of shape (n_rows,), datetime64[ns]
        When each row happened.

    Returns
    -------
    ndarray of shape (n_rows,), datetime64[ns]
        The same for all rows of a unit.
    """
    latest = pd.Series(times).groupby(units).transform("max")
    return latest.to_numpy(dtype="datetime64[ns]")


def overruled(name: str) -> str:
    """Return how to overrule a finding on a column.

    Parameters
    ----------
    name : str
        The column.

    Returns
    -------
    str
        In Python and on the command line.
    """
    return f"columns={{{name!r}: 'use'}} or --use {name}"


def _has(pattern: re.Pattern[str], words: Sequence[str]) -> bool:
    return any(pattern.fullmatch(word) for word in words)


def _may_name_an_entity(name: str) -> bool:
    words = list(name_words(name))
    says_id = names_an_id(name)
    while words and says_id and words[-1] in ID_LAST_WORDS:
        words.pop()
    if not words:
        return False
    is_actor = _has(_ACTORS, words[-1:]) and (says_id or not _has(_COUNTS, words[:-1]))
    return is_actor or (says_id and _has(_PLACES, words[-1:]))


def _n_entities(name: str, column: Column) -> int:
    """Return how many entities a column of the right name holds; 0 where its values are none."""
    codes, values = distinct(column)
    counts = np.bincount(codes[codes >= 0])
    n_present = int(counts.sum())
    if column.dtype.kind == "M" or not n_present or len(codes) - n_present > _MAX_ENTITY_MISSING * len(codes):
        return 0
    if column.dtype.kind == "f" and np.mod(values.to_numpy(dtype=np.float64), 1).any():
        return 0
    words = name_words(name)
    is_place = _has(_PLACES, words) and not _has(_ACTORS, words)
    holds_codes = float(np.mean([any(map(str.isdigit, text)) for text in sample_texts(values)])) >= MIN_PARSED
    is_identified = not is_place and (names_an_id(name) or holds_codes)
    enough = len(values) >= (_MIN_ENTITIES if is_identified else _MIN_NAMED_ENTITIES)
    repeats = n_present >= _MIN_REPEATS * len(values) and counts.max() <= _MAX_ENTITY_SHARE * len(codes)
    return len(values) if enough and repeats else 0


def _dates_of(column: Column) -> NDArray[np.datetime64] | None:
    if column.dtype.kind == "M":
        dates = column.to_numpy(dtype="datetime64[ns]")
    elif column.dtype.kind != "f" and holds_dates(column):
        dates = parse_dates(column)
    else:
        return None
    return dates if np.mean(~np.isnat(dates)) >= MIN_PARSED else None


def _why_time(name: str, dates: NDArray[np.datetime64]) -> str:
    present = dates[~np.isnat(dates)]
    n_dates = len(np.unique(present))
    if n_dates < _MIN_DATES:
        return ""
    ranks = pd.Series(present.astype(np.int64)).rank().to_numpy()
    correlation = float(np.corrcoef(ranks, np.arange(len(ranks)))[0, 1])
    if abs(correlation) >= _MIN_RANK_CORRELATION:
        return f"{n_dates:,} dates; rows are stored in their order (rank correlation {correlation:.2f})"
    words = name_words(name)
    if _has(_TIME_WORDS, words[-1:]) or (len(words) > 1 and words[-1] == "at"):
        return f"{n_dates:,} dates in {len(dates):,} rows, and the name says so"
    return ""


def _numbers_as_times(numbers: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Years as their first day, larger numbers as time since 1970 in the unit that fits datetime64."""
    present = numbers[np.isfinite(numbers)]
    largest = float(np.abs(present).max()) if len(present) else 0.0
    if len(present) and present.min() >= FIRST_DATE.year and largest < LAST_DATE.year:
        nanoseconds = (numbers - 1970.0) * 365.2425 * 86400e9
    else:
        # 9e9 seconds are 285 years: what is larger counts in a finer unit.
        scale = next((scale for scale in (1e9, 1e6, 1e3) if largest * scale < 9e18), 1.0)
        nanoseconds = np.clip(numbers * scale, -9e18, 9e18)
    times = np.full(len(numbers), np.datetime64("NaT", "ns"))
    known = np.isfinite(numbers)
    times[known] = nanoseconds[known].astype(np.int64).astype("datetime64[ns]")
    return times
