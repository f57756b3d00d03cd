"""How sure it is that predictions are better than others of the same rows, and how alike the errors of both are."""

from __future__ import annotations

import math
import warnings

import numpy as np

from octopus.blending.measures import weight_of
from octopus.dataset import Dataset, Float, Rows
from octopus.scoring import Scoring

#: Parts that are left out in turn: the standard error then has itself an error of 16 %, 1 / √(2 × 19).
_N_PARTS = 20
#: Rows that are looked at, evenly spaced: with more the error is known to the same 16 %. Of rows that go together the
#: others would say nearly the same.
_MOST_ROWS = 20_000
#: Differences of errors, as a share of the largest, that come from rounding.
_ROUNDING = 1e-9


def error_over_rows(one: Float, other: Float, train: Dataset, scoring: Scoring) -> float | None:
    """Return the standard error of the difference between the scores of two predictions of the same rows.

    Parameters
    ----------
    one, other : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Predictions out of fold, NaN for rows that no fold scored.
    train : Dataset
        The rows.
    scoring : Scoring
        The metric.

    Returns
    -------
    float or None
        By the jackknife that leaves out a group of rows at a time (Shao & Tu, 1995, "The Jackknife and Bootstrap",
        section 2.3): of rows drawn by a fixed seed, those of one group together, or of neighbours where rows have a
        time. It says how far the difference would be another on other rows, not after other fits. None where fewer than
        two parts can be made or the metric is undefined without one of them.
    """
    scored = _scored_rows(one, other)
    rows = scored[:: math.ceil(len(scored) / _MOST_ROWS)] if len(scored) else scored
    part = _parts(rows, train)
    n_parts = len(np.unique(part))
    if n_parts < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the scorer says of few rows
        without = [_difference(one, other, rows[part != k], train, scoring) for k in range(n_parts)]
    defined = np.array([value for value in without if value is not None])
    if len(defined) < n_parts:
        return None
    of_these = (n_parts - 1) / n_parts * float(np.sum((defined - defined.mean()) ** 2))
    is_independent = train.groups is None and train.time is None
    return math.sqrt(of_these * len(rows) / len(scored)) if is_independent else math.sqrt(of_these)


def error_correlation(one: Float, other: Float, train: Dataset) -> float | None:
    """Return how alike the errors of two predictions of the same rows are.

    Parameters
    ----------
    one, other : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Predictions out of fold, NaN for rows that no fold scored.
    train : Dataset
        The rows.

    Returns
    -------
    float or None
        Pearson's correlation over the rows that both predict, of predicted less true numbers, or of the probabilities
        of the true classes; the lower it is, the more an average of both gains (Krogh & Vedelsby, 1995). None where one
        of them errs by the same everywhere.
    """
    rows = _scored_rows(one, other)
    first, second = (_errors(told[rows], train.y[rows]) for told in (one, other))
    if len(rows) < 2 or _is_flat(first) or _is_flat(second):
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _errors(told: Float, y: Float) -> Float:
    errors: Float = told - y if told.ndim == 1 else told[np.arange(len(y)), y.astype(np.int64)]
    return errors


def _is_flat(errors: Float) -> bool:
    return bool(np.ptp(errors) <= _ROUNDING * np.abs(errors).max())


def _scored_rows(one: Float, other: Float) -> Rows:
    both = np.column_stack([one, other])
    return np.flatnonzero(np.isfinite(both).all(axis=1))


def _difference(one: Float, other: Float, rows: Rows, train: Dataset, scoring: Scoring) -> float | None:
    table = train.table.iloc[rows] if scoring.looks_at_rows else None
    scores = [scoring.score(train.y[rows], told[rows], weight_of(rows, train), table) for told in (one, other)]
    return None if scores[0] is None or scores[1] is None else scores[0] - scores[1]


def _parts(rows: Rows, train: Dataset) -> Rows:
    """Return the part of each row, 0 to 19."""
    of_group = rows if train.groups is None else train.groups[rows]
    units = np.unique(of_group, return_inverse=True)[1]
    n_units = int(units.max()) + 1 if len(units) else 0
    if train.time is None:
        place = np.random.default_rng(0).permutation(n_units)
    else:
        first = np.full(n_units, np.iinfo(np.int64).max)
        np.minimum.at(first, units, train.time[rows].astype("datetime64[ns]").astype(np.int64))
        place = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    parts: Rows = (place * min(_N_PARTS, n_units) // max(1, n_units))[units]
    return parts
