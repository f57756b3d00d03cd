"""Rows that are the same row: the features they share as one number for each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.dataset import Float, Rows
from octopus.protocols import Evidence
from octopus.records import ColumnProfile

#: Rows above which a part of them is looked at: all rows that share a value of one column, or none of them, so that
#: copies stay together.
_MANY_ROWS = 10_000
#: Number that Fibonacci hashing multiplies by (Knuth, The Art of Computer Programming 3, section 6.4).
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def row_numbers(evidence: Evidence, rows: Rows, *, cells_per_deviation: float | None = None) -> tuple[Rows, Rows]:
    """Return a number for each row, the same for rows with the same features.

    Parameters
    ----------
    evidence : Evidence
        With the table and its profile; columns that are not used are not compared.
    rows : ndarray of shape (n,), int64
        Rows to number.
    cells_per_deviation : float or None
        Numbers are compared in cells of this many to a standard deviation; None compares them exactly.

    Returns
    -------
    kept : ndarray of shape (n_kept,), int64
        The rows, or of more than 10,000 a part in which copies stay together.
    numbers : ndarray of shape (n_kept,), int64
        From 0 up.
    """
    columns = [c for c in evidence.profile.columns if c.used and c.name in evidence.rows.table]
    if not columns:
        return rows, np.arange(len(rows))
    columns.sort(key=lambda c: -c.n_unique)
    first = _codes(evidence, columns[0], rows, cells_per_deviation)
    if len(rows) > _MANY_ROWS:
        share = (first.astype(np.uint64) * _SPREAD) >> np.uint64(32)
        kept = share < np.uint64(2**32 * _MANY_ROWS // len(rows))
        rows, first = rows[kept], first[kept]
    together = first.astype(np.uint64) * _SPREAD
    for column in columns[1:]:
        codes = _codes(evidence, column, rows, cells_per_deviation).astype(np.uint64)
        together = (together ^ (together >> np.uint64(29)) ^ codes) * _SPREAD
    return rows, np.asarray(pd.factorize(together)[0], dtype=np.int64)


def measured_columns(evidence: Evidence) -> list[ColumnProfile]:
    """Return the columns of numbers with so many values that two rows hardly share one by chance.

    Parameters
    ----------
    evidence : Evidence
        With the profile.

    Returns
    -------
    list of ColumnProfile
        Those with a value for every five rows or more.
    """
    n_rows = len(evidence.rows)
    return [c for c in evidence.profile.columns if c.used and c.kind == "numeric" and 5 * c.n_unique >= n_rows]


def _codes(evidence: Evidence, column: ColumnProfile, rows: Rows, cells_per_deviation: float | None) -> Rows:
    values = evidence.rows.table[column.name].iloc[rows]
    if values.dtype.kind == "f":
        numbers = values.to_numpy(np.float64)
        return _cells(numbers, cells_per_deviation) if cells_per_deviation else _bits(numbers)
    if values.dtype.kind == "M":
        return np.asarray(values.to_numpy("datetime64[ns]").astype(np.int64))
    return np.asarray(pd.factorize(values)[0], dtype=np.int64)


def _bits(numbers: Float) -> Rows:
    plain = np.where(np.isnan(numbers), np.nan, numbers) + 0.0  # one NaN, and no minus zero
    bits: NDArray[np.int64] = plain.view(np.int64)
    return bits


def _cells(numbers: Float, per_deviation: float) -> Rows:
    known = numbers[~np.isnan(numbers)]
    deviation = float(known.std()) if len(known) else 0.0
    scaled = np.rint(numbers / deviation * per_deviation) if deviation > 0 else np.zeros(len(numbers))
    return np.where(np.isnan(numbers), np.int64(-(2**62)), np.nan_to_num(np.clip(scaled, -(2.0**60), 2.0**60))).astype(
        np.int64
    )
