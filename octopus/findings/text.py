"""What cells of text hold: their distinct values, an even sample of them, and the dates that they spell."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.blocks.dates import is_day_first, moments

#: A column of anything; pandas' stubs want the type of its values named.
Column: TypeAlias = "pd.Series[Any]"

#: Distinct values that decide what a text column holds: an error of 2 points on a share of 95 %.
SAMPLE_VALUES = 500
#: Share of the sampled values that must parse; the rest are typing errors that become missing values.
MIN_PARSED = 0.95
#: The years that fit into datetime64[ns].
FIRST_DATE, LAST_DATE = pd.Timestamp(1678, 1, 1), pd.Timestamp(2262, 1, 1)
#: Texts that stand for a missing value.
MISSING_WORDS = frozenset({"", "-", "--", "?", ".", "na", "n/a", "nan", "null", "none", "missing", "unknown"})
_YEAR = r"(?:1[6-9]|2[01])\d\d"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    rf"\s*(?:{_YEAR}([-/.])\d{{1,2}}\1\d{{1,2}}|{_YEAR}[-/]\d{{1,2}}"
    rf"|\d{{1,2}}([-/.])\d{{1,2}}\2{_YEAR}|\d{{1,2}}([-/])\d{{1,2}}\3\d\d"
    rf"|\d{{1,2}}[ -]{_MONTH}[ -]{_YEAR}|{_MONTH} (?:\d{{1,2}},? )?{_YEAR})"
    r"(?:[T ]\d{1,2}:\d{2}.{0,25})?\s*",
    re.IGNORECASE,
)


def holds_dates(column: Column) -> bool:
    """Return whether text is dates, from an even sample of its rows.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Text.

    Returns
    -------
    bool
        Whether at least 95 % of the sample are dates.
    """
    return are_dates(sample_texts(pd.Index(column.dropna())))


def parse_dates(column: Column) -> NDArray[np.datetime64]:
    """Return text as dates; day and month are told apart by the values above 12.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Text.

    Returns
    -------
    ndarray of shape (n_rows,), datetime64[ns]
        Naive UTC; NaT where missing or unreadable.
    """
    codes, values = distinct(column)
    texts = [str(value) for value in values]
    parsed = np.append(read_dates(texts), np.datetime64("NaT", "ns"))
    dates: NDArray[np.datetime64] = parsed[codes]
    return dates


def are_dates(texts: list[str]) -> bool:
    """Return whether texts are dates.

    Parameters
    ----------
    texts : list of str
        Distinct values; words for a missing value do not count.

    Returns
    -------
    bool
        Whether at least 95 % of them have the shape of a date and are one.
    """
    present = [text for text in texts if text.strip().casefold() not in MISSING_WORDS]
    shaped = [text for text in present if _DATE.fullmatch(text)]
    if not shaped or len(shaped) < MIN_PARSED * len(present):
        return False
    return bool(np.mean(~np.isnat(read_dates(shaped))) >= MIN_PARSED)


def read_dates(texts: list[str]) -> NDArray[np.datetime64]:
    """Return texts as dates; day and month are told apart by the values above 12.

    Parameters
    ----------
    texts : list of str of length n
        Dates in ISO or in another common spelling.

    Returns
    -------
    ndarray of shape (n,), datetime64[ns]
        Naive UTC; NaT where it is no date or one before 1678 or after 2261.
    """
    column = pd.Series(texts, dtype=object)
    naive = moments(column, is_day_first(column))
    kept = naive.where((naive >= FIRST_DATE) & (naive < LAST_DATE))
    return kept.to_numpy(dtype="datetime64[ns]")


def distinct(column: Column) -> tuple[NDArray[np.intp], pd.Index[Any]]:
    """Return the distinct values of a column and which of them each row holds.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Its values.

    Returns
    -------
    codes : ndarray of shape (n_rows,)
        Position of each row's value; -1 where missing.
    values : Index of shape (n_unique,)
        The values in order of appearance.
    """
    codes, values = pd.factorize(column)
    return codes, pd.Index(values)


def sample_texts(values: pd.Index[Any]) -> list[str]:
    """Return a sample of values as text.

    Parameters
    ----------
    values : Index of shape (n,)
        The values.

    Returns
    -------
    list of str
        At most 500 of them, evenly spread over their order.
    """
    if len(values) > SAMPLE_VALUES:
        values = values[np.linspace(0, len(values) - 1, SAMPLE_VALUES).astype(np.int64)]
    return [str(value) for value in values]
