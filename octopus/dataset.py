"""The rows in memory: features in canonical shape, and beside them what only the parent may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Float = NDArray[np.float64]
Rows = NDArray[np.int64]
_Value = TypeVar("_Value", bound=np.generic)


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A table with its target.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_features)
        Features in the shape that :mod:`octopus.frame` gives them, index 0 … n_rows - 1.
    y : ndarray of shape (n_rows,), float64
        Class numbers 0 … K - 1, or the target itself.
    sample_weight : ndarray of shape (n_rows,) or None
        Weights of the rows.
    groups : ndarray of shape (n_rows,) or None
        Number of the group that each row belongs to: rows of one group are never split.
    time : ndarray of shape (n_rows,), datetime64[ns], or None
        When each row happened, where time matters for the split.
    row_ids : ndarray of shape (n_rows,), int64
        Position of each row in what the user gave to ``fit``.
    """

    table: pd.DataFrame
    y: Float
    sample_weight: Float | None = None
    groups: Rows | None = None
    time: NDArray[np.datetime64] | None = None
    row_ids: Rows

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.y)

    def take(self, rows: Rows) -> Dataset:
        """Return the rows at these positions, in this order."""
        return Dataset(
            table=self.table.iloc[rows].reset_index(drop=True),
            y=self.y[rows],
            sample_weight=None if self.sample_weight is None else self.sample_weight[rows],
            groups=None if self.groups is None else self.groups[rows],
            time=None if self.time is None else self.time[rows],
            row_ids=self.row_ids[rows],
        )

    def joined(self, other: Dataset) -> Dataset:
        """Return these rows and then the other ones; what only one side knows (weights, groups, time) is dropped."""
        return Dataset(
            table=pd.concat([self.table, other.table], ignore_index=True),
            y=np.concatenate([self.y, other.y]),
            sample_weight=_joined(self.sample_weight, other.sample_weight),
            groups=_joined(self.groups, other.groups),
            time=_joined(self.time, other.time),
            row_ids=np.concatenate([self.row_ids, other.row_ids]),
        )


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Positions of the rows that a fold fits on and of the rows that it is scored on."""

    train_rows: Rows
    valid_rows: Rows


def _joined(first: NDArray[_Value] | None, second: NDArray[_Value] | None) -> NDArray[_Value] | None:
    return None if first is None or second is None else np.concatenate([first, second])
