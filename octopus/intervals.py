"""Intervals around predictions of numbers, as wide as the errors out of fold were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from octopus.errors import InvalidParameter
from octopus.predictions import PredictionStore

#: FoldErrors that are kept; of more, so many quantiles.
MAX_POINTS = 2_000
#: Levels whose coverage is measured on the holdout.
LEVELS = (0.8, 0.9, 0.95)
#: Directory of the predictions in a run.
FOLDER = "predictions"


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldErrors:
    """The absolute errors out of fold, sorted.

    Each was made by a fit that had not seen the row: the quantile of cross-conformal prediction (Vovk 2015,
    doi:10.1007/s10472-013-9368-4; CV+ of Barber et al. 2021, doi:10.1214/20-AOS1965, with the fits of the folds in
    place of the one that ships).

    Parameters
    ----------
    n_rows : int
        How many rows had a prediction out of fold.
    points : ndarray of shape (n_points,)
        Their absolute errors from small to large, or as many order statistics as are kept.
    """

    n_rows: int
    points: NDArray[np.float64]

    @classmethod
    def of(cls, predictions: ArrayLike, y: ArrayLike) -> FoldErrors | None:
        """Return the errors of predictions out of fold.

        Parameters
        ----------
        predictions : array-like of shape (n_rows,)
            NaN for rows that were never predicted.
        y : array-like of shape (n_rows,)
            The truth.

        Returns
        -------
        FoldErrors or None
            None where the two do not fit each other, or no row was predicted.
        """
        predicted, truth = np.asarray(predictions, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if predicted.ndim != 1 or predicted.shape != truth.shape:
            return None
        errors = np.sort(np.abs(truth - predicted)[np.isfinite(predicted) & np.isfinite(truth)])
        if not len(errors):
            return None
        if len(errors) <= MAX_POINTS:
            return cls(n_rows=len(errors), points=errors)
        return cls(n_rows=len(errors), points=errors[_ranks(len(errors)) - 1])

    def half_width(self, level: float) -> float:
        """Return how far an interval reaches to either side.

        Parameters
        ----------
        level : float
            Share of the rows to come that it is to hold, between 0 and 1.

        Returns
        -------
        float
            In units of the target: the error of rank ``ceil(level * (n_rows + 1))``, or the next larger one that was
            kept; infinite where there are too few rows for the level.
        """
        rank = math.ceil(round(level * (self.n_rows + 1), 9))
        if rank > self.n_rows:
            return math.inf
        ranks = np.arange(1, self.n_rows + 1) if self.n_rows <= MAX_POINTS else _ranks(self.n_rows)
        return float(self.points[np.searchsorted(ranks, rank)])

    def around(self, predictions: NDArray[np.float64], level: float | Sequence[float]) -> NDArray[np.float64]:
        """Return the intervals around predictions.

        Parameters
        ----------
        predictions : ndarray of shape (n_samples,)
            Of the pipeline that ships.
        level : float or sequence of float
            Each between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, 2, n_levels)
            Lower and upper ends.

        Raises
        ------
        InvalidParameter
            A level is no number between 0 and 1.
        """
        levels = check_levels(level)
        widths = np.array([self.half_width(one) for one in levels])
        ends = np.stack([predictions[:, None] - widths, predictions[:, None] + widths], axis=1)
        return ends[:, :, 0] if np.ndim(level) == 0 else ends

    def coverage(self, predictions: NDArray[np.float64], y: NDArray[np.float64]) -> dict[str, float]:
        """Return which share of rows lies inside their intervals.

        Parameters
        ----------
        predictions, y : ndarray of shape (n_samples,)
            Of rows that no fit has seen.

        Returns
        -------
        dict of str to float
            By level, of :data:`LEVELS`.
        """
        errors = np.abs(y - predictions)
        return {str(level): float(np.mean(errors <= self.half_width(level))) for level in LEVELS}


def errors_of(run: Path, number: int, y: NDArray[np.float64]) -> FoldErrors | None:
    """Return the errors out of fold of an experiment of a run.

    Parameters
    ----------
    run : Path
        Its directory.
    number : int
        The experiment's.
    y : ndarray of shape (n_train,)
        The truth of the training rows.

    Returns
    -------
    FoldErrors or None
        None where its predictions were not kept.
    """
    predictions = PredictionStore(run / FOLDER).load(number)
    return None if predictions is None else FoldErrors.of(predictions, y)


def check_levels(level: float | Sequence[float]) -> tuple[float, ...]:
    """Return levels as a tuple.

    Parameters
    ----------
    level : float or sequence of float
        As the user gives it.

    Returns
    -------
    tuple of float
        At least one.

    Raises
    ------
    InvalidParameter
        One is no number between 0 and 1.
    """
    try:
        levels = np.atleast_1d(np.asarray(level, dtype=np.float64))
    except (TypeError, ValueError):
        levels = np.empty(0)
    if levels.ndim != 1 or not len(levels) or not ((levels > 0) & (levels < 1)).all():
        raise InvalidParameter(
            "level", level, "it is no share of the rows", "Use a number between 0 and 1, or a list of such."
        )
    return tuple(float(one) for one in levels)


def _ranks(n_rows: int) -> NDArray[np.int64]:
    """Return the ranks, from 1, that are kept of so many errors."""
    ranks: NDArray[np.int64] = np.ceil(np.arange(1, MAX_POINTS + 1) * (n_rows / MAX_POINTS)).astype(np.int64)
    return np.minimum(ranks, n_rows)
