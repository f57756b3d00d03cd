"""The rows on which columns are measured, and their target as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.dataset import Dataset, Float, Rows
from octopus.records import Task

#: Rows that are looked at: an AUC near 0.95 is known to 0.005 (Hanley & McNeil, 1982,
#: doi:10.1148/radiology.143.1.7063747), and fifty columns take a fraction of a second.
SAMPLE_ROWS = 10_000
N_FOLDS = 5
#: Classes that are told apart, the most frequent first, and rows that one needs.
_MAX_CLASSES, _MIN_CLASS_ROWS = 8, 5


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Training rows on which columns are measured.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_features)
        Their features.
    y : ndarray of shape (n_rows,)
        Class numbers or values.
    targets : ndarray of shape (n_rows, n_targets)
        What is predicted: one column of zeros and ones for each class (one of two), or the values.
    folds : ndarray of shape (n_rows,), int64
        Fold of each row; rows of one group are in one.
    positions : ndarray of shape (n_rows,), int64
        Position of each row in what the user gave to ``fit``.
    times : ndarray of shape (n_rows,), datetime64[ns], or None
        When each row happened, where time matters for the split.
    is_classification : bool
        Whether the target is a class.
    seed : int
        Seed of whatever is drawn on them.
    """

    table: pd.DataFrame
    y: Float
    targets: Float
    folds: Rows
    positions: Rows
    times: NDArray[np.datetime64] | None
    is_classification: bool
    seed: int

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.y)


def draw_sample(train: Dataset, task: Task) -> Sample:
    """Draw the rows on which columns are measured.

    Parameters
    ----------
    train : Dataset
        The training rows.
    task : Task
        What is asked; its seed makes the draw.

    Returns
    -------
    Sample
        At most 10,000 rows, in their order.
    """
    rng = np.random.default_rng(task.random_state)
    rows = np.arange(len(train))
    if len(train) > SAMPLE_ROWS:
        rows = np.sort(rng.choice(len(train), SAMPLE_ROWS, replace=False))
    y = train.y[rows]
    units = np.arange(len(rows)) if train.groups is None else np.unique(train.groups[rows], return_inverse=True)[1]
    fold_of_unit = rng.permutation(int(units.max(initial=-1)) + 1) % N_FOLDS
    return Sample(
        table=train.table if len(rows) == len(train) else train.table.iloc[rows].reset_index(drop=True),
        y=y,
        targets=_targets(y, task),
        folds=fold_of_unit[units].astype(np.int64),
        positions=train.row_ids[rows],
        times=None if train.time is None else train.time[rows],
        is_classification=task.is_classification,
        seed=task.random_state,
    )


def _targets(y: Float, task: Task) -> Float:
    if not task.is_classification:
        return y[:, None].astype(np.float64)
    counts = np.bincount(y.astype(np.int64), minlength=task.n_classes)
    wanted = [1] if task.type == "binary" else np.argsort(-counts, kind="stable")[:_MAX_CLASSES]
    told = [c for c in wanted if _MIN_CLASS_ROWS <= counts[c] <= len(y) - _MIN_CLASS_ROWS]
    targets: Float = (y[:, None] == np.asarray(told, dtype=np.float64)[None, :]).astype(np.float64)
    return targets
