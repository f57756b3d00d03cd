"""What of series is irregular: counted, said in one sentence each, and changed by nobody here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.dataset import Float, Rows
from octopus.records import Record

IrregularityKind = Literal[
    "gaps", "duplicates", "disorder", "late start", "early end", "short", "constant", "not finite"
]


class Irregularity(Record, frozen=True, kw_only=True):
    """One thing that is not as a forecaster would wish.

    Parameters
    ----------
    kind : str
        One of :data:`IrregularityKind`.
    n : int
        How many periods are missing, or rows, or series, are concerned.
    series : tuple of int
        Numbers of the series concerned, in order.
    sentence : str
        The same in words, without a value of the data.
    """

    kind: IrregularityKind
    n: int
    series: tuple[int, ...]
    sentence: str


def number_series(table: pd.DataFrame, columns: Sequence[str]) -> Rows:
    """Return the number of the series that each row belongs to.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        The rows.
    columns : sequence of str
        Columns whose values together name a series; none where all rows are of one.

    Returns
    -------
    ndarray of shape (n_rows,), int64
        From 0 in the order in which series come first; a missing value is a value.
    """
    if not columns:
        return np.zeros(len(table), dtype=np.int64)
    numbers = table.groupby(list(columns), sort=False, dropna=False, observed=True).ngroup().to_numpy(dtype=np.int64)
    return pd.factorize(numbers)[0].astype(np.int64)


def find_irregularities(periods: Rows, series: Rows, y: Float, n_needed: int) -> tuple[Irregularity, ...]:
    """Find what is irregular in series.

    Parameters
    ----------
    periods : ndarray of shape (n_rows,), int64
        Number of the period of each row, in the order of the table.
    series : ndarray of shape (n_rows,), int64
        Number of the series of each row, from 0.
    y : ndarray of shape (n_rows,), float64
        The target.
    n_needed : int
        Periods with a row that a series needs.

    Returns
    -------
    tuple of Irregularity
        Those there are, in the order of :data:`IrregularityKind`.
    """
    facts = _facts_of(periods, series, y)
    n_series, first, last = len(facts), facts["first"], facts["last"]
    missing = last - first + 1 - facts["distinct"]
    repeated, unordered = facts["rows"] - facts["distinct"], facts["unordered"]
    is_short = facts["distinct"] < n_needed
    is_constant = (facts["least"] == facts["most"]) & (facts["finite"] > 1)
    not_finite = facts["rows"] - facts["finite"]
    # What is found for each series, and its sentence: the number found and the number of series come first.
    kinds: tuple[tuple[IrregularityKind, pd.Series[Any], str], ...] = (
        ("gaps", missing, "{n:,} periods between the first and the last row of a series have none"),
        ("duplicates", repeated, "{n:,} rows share their period with an earlier row of their series"),
        ("disorder", unordered, "{n:,} rows come after a later one of their series"),
        ("late start", first > first.min(), "{n:,} series start after the first one"),
        ("early end", last < last.max(), "{n:,} series end before the last one"),
        ("short", is_short, f"{{n:,}} series have rows in fewer than {n_needed:,} periods"),
        ("constant", is_constant, "{n:,} series never change"),
        ("not finite", not_finite, "{n:,} rows have no finite target"),
    )
    found = []
    for kind, counts, sentence in kinds:
        concerned = tuple(int(number) for number in counts.index[counts.to_numpy() > 0])
        if concerned:
            n = int(counts.sum())
            text = f"{sentence.format(n=n)} ({len(concerned):,} of {n_series:,} series)."
            found.append(Irregularity(kind=kind, n=n, series=concerned, sentence=text))
    return tuple(found)


def _facts_of(periods: Rows, series: Rows, y: Float) -> pd.DataFrame:
    """Return what is counted of each series, one row each."""
    order = np.argsort(series, kind="stable")
    same = series[order][1:] == series[order][:-1]
    goes_back = np.zeros(len(order), dtype=np.int64)
    goes_back[order[1:]] = same & (np.diff(periods[order]) < 0)
    finite: NDArray[np.bool_] = np.isfinite(y)
    rows = pd.DataFrame(
        {"series": series, "period": periods, "y": np.where(finite, y, np.nan), "finite": finite, "back": goes_back}
    )
    by_series = rows.groupby("series")
    return by_series.agg(
        first=("period", "min"),
        last=("period", "max"),
        rows=("period", "size"),
        finite=("finite", "sum"),
        least=("y", "min"),
        most=("y", "max"),
        unordered=("back", "sum"),
    ).assign(distinct=rows.drop_duplicates(["series", "period"]).groupby("series").size())
