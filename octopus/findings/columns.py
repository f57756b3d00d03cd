"""What each column holds: its kind, its spread, and whether it is used.

A column is left unused only where nothing can be learned from it: it names the row (identifier), holds one
value (constant) or none (empty). Kinds of text are read from a sample of its distinct values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from octopus.dataset import Float, Rows
from octopus.findings.names import names_an_id
from octopus.findings.text import MIN_PARSED, MISSING_WORDS, Column, are_dates, distinct, read_dates, sample_texts
from octopus.records import ColumnKind, ColumnProfile, Level, NumericSummary

#: Values that show most columns of fractions to be no whole numbers.
_FIRST_LOOK = 500
#: Most frequent values that a profile keeps.
MAX_LEVELS = 20
#: Below this many rows "unique in every row" says nothing.
_MIN_IDENTIFIED_ROWS = 20
#: An identifier is unique in nearly every row; the rest are copied rows.
_MIN_UNIQUE = 0.98
#: A counter whose sealed and dropped rows are gone spans at most this many times its rows; a permutation
#: of 1 … n by chance does not exist from 50 rows on.
_COUNTER_SPAN, _MIN_COUNTED_ROWS = 2.0, 50
#: Words per value from which text is prose, from which it is names that are nearly unique, of people, say, and from
#: which it is names of which half or more are unique, of places, say: of a hundred rows or more a word is in some.
_PROSE_WORDS, _NAME_WORDS, _SHARED_WORDS, _UNIQUE, _MIN_NAMED_ROWS = 4.0, 2.0, 1.2, 0.5, 100
#: Two spellings or a yes and a no are labels even where they look like numbers.
_MIN_NUMBERS = 3
_CURRENCY = r"US\$|[$€£¥₹]|EUR|USD|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN"
_NUMBER = re.compile(
    rf"\s*\(?\s*[-+−]?\s*(?P<before>{_CURRENCY})?\s*[-+−]?"
    r"(?:\d{1,3}(?:[,.\s'’]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?"
    rf"\s*(?P<after>%|‰|{_CURRENCY}|[^\W\d_]{{1,6}}[²³]?|°[CF]?)?\s*\)?\s*"
)
_LEADING_ZERO = re.compile(r"\s*0\d+\s*")
_CODE = re.compile(r"(?=.*\d)[\w.:/@#+-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class ColumnReading:
    """A column's profile with what only the parent may see: its distinct values.

    Parameters
    ----------
    profile : ColumnProfile
        What is recorded.
    values : Index of shape (n_unique,)
        Distinct values, missing left out, in order of appearance.
    counts : ndarray of shape (n_unique,), int64
        Rows that hold each.
    n_rows : int
        Rows of the column.
    """

    profile: ColumnProfile
    values: pd.Index[Any]
    counts: Rows
    n_rows: int


def read_column(name: str, column: Column, role: str | None) -> ColumnReading:
    """Read what a column holds.

    Parameters
    ----------
    name : str
        Its name.
    column : Series of shape (n_rows,)
        Its values in the shape that :mod:`octopus.frame` gives them.
    role : str or None
        What the user says of it: ``use``, ``ignore``, ``categorical``, ``numeric``, ``datetime``, ``text``,
        ``group`` or ``time``.

    Returns
    -------
    ColumnReading
        Kind, spread and distinct values.
    """
    codes, values = distinct(column)
    counts: Rows = np.bincount(codes[codes >= 0], minlength=len(values)).astype(np.int64)
    kind = _kind(name, column, values, int(counts.sum()), role)
    earliest, latest = _span(column, values) if kind == "datetime" else (None, None)
    profile = ColumnProfile(
        name=name,
        kind=kind,
        dtype=str(column.dtype),
        missing_fraction=float(np.mean(codes < 0)) if len(codes) else 0.0,
        n_unique=len(values),
        used=_is_used(kind, role),
        numeric=summarise_numbers(column.to_numpy(np.float64)) if kind == "numeric" else None,
        levels=_levels(values, counts) if kind in ("categorical", "boolean") else (),
        earliest=earliest,
        latest=latest,
    )
    return ColumnReading(profile=profile, values=values, counts=counts, n_rows=len(codes))


def summarise_numbers(values: Float) -> NumericSummary | None:
    """Return location and shape of numbers, missing ones left out.

    Parameters
    ----------
    values : ndarray of shape (n_rows,), float64
        Numbers, NaN where missing.

    Returns
    -------
    NumericSummary or None
        None where there is no number, or where the spread is beyond what a float holds. The skew is the third
        standardised moment; None for constant values.
    """
    present = values[np.isfinite(values)]
    if not len(present):
        return None
    with np.errstate(all="ignore"):
        mean, std = float(present.mean()), float(present.std())
        skew = float((((present - mean) / std) ** 3).mean()) if std > 0 else np.nan
    if not (np.isfinite(mean) and np.isfinite(std)):
        return None
    return NumericSummary(
        mean=mean,
        std=std,
        minimum=float(present.min()),
        median=float(np.median(present)),
        maximum=float(present.max()),
        skew=skew if np.isfinite(skew) else None,
    )


def names_every_row(name: str, column: Column) -> bool:
    """Return whether a column is an identifier of the row.

    Parameters
    ----------
    name : str
        Its name.
    column : Series of shape (n_rows,)
        Its values.

    Returns
    -------
    bool
        Whole numbers or codes that are unique in nearly every row and look like names of rows.
    """
    present = column.dropna()
    if len(present) < _MIN_IDENTIFIED_ROWS or present.dtype.kind == "M":
        return False
    if present.dtype.kind == "f":
        numbers = present.to_numpy(np.float64)
        return _is_whole(numbers) and _numbers_name_rows(name, numbers, len(pd.unique(present)))
    _, values = distinct(present)
    texts = sample_texts(values)
    return _texts_name_rows(name, texts, len(values) / len(present)) and not are_dates(texts)


def _kind(name: str, column: Column, values: pd.Index[Any], n_present: int, role: str | None) -> ColumnKind:
    if not n_present:
        return "empty"
    asked = _asked_kind(role, column.dtype.kind)
    if asked is not None:
        return asked
    if len(values) == 1 and n_present == len(column):
        return "constant"
    if column.dtype.kind == "M":
        return "datetime"
    names_rows = role is None and n_present >= _MIN_IDENTIFIED_ROWS
    if column.dtype.kind == "f":
        return _number_kind(name, column, values, names_rows)
    return _text_kind(name, values, n_present, names_rows)


def _asked_kind(role: str | None, dtype_kind: str) -> ColumnKind | None:
    """Return the kind that the user asked for: text that is to be numeric is parsed, a year that is time stays one."""
    if role == "categorical":
        return "categorical"
    if role == "text":
        return "text"
    if role == "datetime" or (role == "time" and dtype_kind != "f"):
        return "datetime"
    if role == "numeric" and dtype_kind != "M":
        return "numeric" if dtype_kind == "f" else "number_as_text"
    return None


def _is_used(kind: ColumnKind, role: str | None) -> bool:
    if role in ("ignore", "group") or kind == "empty":
        return False
    return role is not None or kind not in ("identifier", "constant")


def _number_kind(name: str, column: Column, values: pd.Index[Any], names_rows: bool) -> ColumnKind:
    if len(values) <= 2 and set(values) <= {0.0, 1.0}:
        return "boolean"
    # Only a column of nearly distinct values can name the rows: the rest need no second look.
    if names_rows and len(values) >= _MIN_UNIQUE * int(column.count()):
        numbers = column.dropna().to_numpy(np.float64)
        if _is_whole(numbers) and _numbers_name_rows(name, numbers, len(values)):
            return "identifier"
    return "numeric"


def _is_whole(numbers: Float) -> bool:
    return not np.mod(numbers[:_FIRST_LOOK], 1).any() and not np.mod(numbers, 1).any()


def _numbers_name_rows(name: str, numbers: Float, n_unique: int) -> bool:
    if n_unique < _MIN_UNIQUE * len(numbers):
        return False
    if names_an_id(name):
        return True
    span = numbers.max() - numbers.min() + 1
    return n_unique == len(numbers) >= _MIN_COUNTED_ROWS and bool(span <= _COUNTER_SPAN * len(numbers))


def _text_kind(name: str, values: pd.Index[Any], n_present: int, names_rows: bool) -> ColumnKind:
    texts = sample_texts(values)
    if are_dates(texts):
        return "datetime"
    unique = len(values) / n_present
    if names_rows and names_an_id(name) and _texts_name_rows(name, texts, unique):
        return "identifier"
    if len(values) >= _MIN_NUMBERS and _are_numbers(texts):
        return "number_as_text"
    if names_rows and _texts_name_rows(name, texts, unique):
        return "identifier"
    n_words = float(np.mean([len(text.split()) for text in texts])) if texts else 0.0
    is_prose = n_words >= _PROSE_WORDS and unique >= _UNIQUE
    is_name = names_rows and n_words >= _NAME_WORDS and unique >= _MIN_UNIQUE
    shares_words = names_rows and n_words >= _SHARED_WORDS and unique >= _UNIQUE and n_present >= _MIN_NAMED_ROWS
    return "text" if is_prose or is_name or shares_words else "categorical"


def _texts_name_rows(name: str, texts: list[str], unique: float) -> bool:
    if unique < _MIN_UNIQUE or not texts:
        return False
    if names_an_id(name):
        return float(np.mean([len(text.split()) for text in texts])) < _PROSE_WORDS
    return sum(_CODE.fullmatch(text) is not None for text in texts) >= MIN_PARSED * len(texts)


def _are_numbers(texts: list[str]) -> bool:
    """Return whether texts are numbers of one unit; codes with leading zeros and mixed units are not."""
    present = [text for text in texts if text.strip().casefold() not in MISSING_WORDS]
    found = [match for text in present if (match := _NUMBER.fullmatch(text))]
    if not found or len(found) < MIN_PARSED * len(present):
        return False
    units = {(match["before"] or match["after"] or "").casefold() for match in found} - {""}
    return len(units) <= 1 and not any(_LEADING_ZERO.fullmatch(text) for text in present)


def _span(column: Column, values: pd.Index[Any]) -> tuple[str | None, str | None]:
    """Return the first and the last date in ISO format; of text, those of a sample of its values."""
    if column.dtype.kind == "f":
        return None, None
    dates = values if column.dtype.kind == "M" else pd.DatetimeIndex(read_dates(sample_texts(values))).dropna()
    if not len(dates):
        return None, None
    return pd.Timestamp(dates.min()).isoformat(), pd.Timestamp(dates.max()).isoformat()


def _levels(values: pd.Index[Any], counts: Rows) -> tuple[Level, ...]:
    """Return the most frequent values; of equally frequent ones the first by name."""
    top = np.argsort(-counts, kind="stable")[: 5 * MAX_LEVELS]
    named = sorted((-int(counts[i]), _named(values[i])) for i in top)
    return tuple(Level(value=value, count=-count) for count, value in named[:MAX_LEVELS])


def _named(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
