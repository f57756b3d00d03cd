"""What one column tells of the target by itself, on rows that were held out while it was learned.

A column is cut into bins (its values where they are few, else quantiles; missing is a bin of its own), each bin
predicts the target's mean in the other folds, and the prediction is scored on this fold: AUC for classes, R² for
numbers. This is out-of-fold target encoding (Micci-Barreca, 2001, doi:10.1145/507533.507538). Bins are coarse where
rows are few or the target has a long tail, so that numbers are tried as a straight line as well.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from octopus.blocks.dates import is_day_first, moments
from octopus.blocks.numbers import decimal_mark, parsed_number
from octopus.dataset import Float, Rows
from octopus.findings.sample import N_FOLDS, Sample
from octopus.findings.text import Column
from octopus.records import ColumnProfile

#: Up to this many values a column is taken value by value; beyond, in bins of 20 rows and more, at most 64 of them.
_FEW_VALUES, _BIN_ROWS, _MIN_BINS, _MAX_BINS = 32, 20, 4, 64
#: Up to this many rows a bin of classes is too coarse for a sharp order.
_COARSE_ROWS = 2000
#: A bin's mean is drawn to that of all rows by this many rows.
_PRIOR_ROWS = 1.0


def numbers_of(column: Column, profile: ColumnProfile) -> Float | None:
    """Return a column as numbers, as scripts read it.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Its values.
    profile : ColumnProfile
        Its kind.

    Returns
    -------
    ndarray of shape (n_rows,) or None
        NaN where missing; of prose its length; None for labels.
    """
    if profile.kind == "datetime":
        dates = moments(column, is_day_first(column)).to_numpy(dtype="datetime64[ns]")
        return np.where(np.isnat(dates), np.nan, dates.astype(np.int64).astype(np.float64))
    if profile.kind == "number_as_text":
        return parsed_number(column, decimal_mark(column)).to_numpy(np.float64)
    if column.dtype.kind == "f" and profile.kind != "categorical":
        return column.to_numpy(np.float64)
    if profile.kind == "text":
        return column.map(lambda text: float(len(str(text))), na_action="ignore").to_numpy(np.float64)
    return None


def values_of(column: Column, numbers: Float | None) -> Rows:
    """Return the number of each row's value.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Its values.
    numbers : ndarray of shape (n_rows,) or None
        The column as numbers.

    Returns
    -------
    ndarray of shape (n_rows,), int64
        1 and up, in order of the numbers; 0 where missing.
    """
    if numbers is None:
        return np.asarray(pd.factorize(column)[0], dtype=np.int64) + 1
    present = ~np.isnan(numbers)
    values = np.zeros(len(numbers), dtype=np.int64)
    values[present] = np.unique(numbers[present], return_inverse=True)[1] + 1
    return values


def bins_of(values: Rows, in_order: bool) -> Rows:
    """Return the bin of each row: values where they are few or have no order, else quantiles; missing is 0.

    Parameters
    ----------
    values : ndarray of shape (n_rows,), int64
        Number of each row's value, from :func:`values_of`.
    in_order : bool
        Whether values are numbered in their order.

    Returns
    -------
    ndarray of shape (n_rows,), int64
        Bins, 1 and up.
    """
    counts = np.bincount(values)
    counts[0] = 0
    if not in_order or len(counts) - 1 <= _FEW_VALUES:
        return values
    n_present = int(counts.sum())
    n_bins = int(np.clip(n_present // _BIN_ROWS, _MIN_BINS, _MAX_BINS))
    # Middle ranks, so that a value which repeats stays in one bin.
    middle = np.cumsum(counts) - counts / 2
    bin_of_value = np.floor(middle * n_bins / n_present).astype(np.int64) + 1
    bin_of_value[0] = 0
    bins: Rows = bin_of_value[values]
    return bins


def signal_of(bins: Rows, sample: Sample, targets: Float | None = None) -> float:
    """Return what bins tell of the target on held-out rows.

    Parameters
    ----------
    bins : ndarray of shape (n_rows,), int64
        Bin of each row.
    sample : Sample
        The rows.
    targets : ndarray of shape (n_rows, n_targets) or None
        What to predict instead of the sample's targets.

    Returns
    -------
    float
        From 0 (nothing) to 1 (everything): 2 AUC - 1, the mean over classes, or R².
    """
    targets = sample.targets if targets is None else targets
    if not targets.shape[1] or len(np.unique(sample.folds)) < 2:
        return 0.0
    return score_of(encoded(bins, targets, sample), targets, sample)


def line_signal(numbers: Float, sample: Sample) -> float:
    """Return what numbers tell of the target as a straight line on held-out rows.

    Parameters
    ----------
    numbers : ndarray of shape (n_rows,)
        The column, NaN where missing.
    sample : Sample
        The rows.

    Returns
    -------
    float
        On the scale of :func:`signal_of`; 0 for classes of many rows, where bins are fine enough.
    """
    present = ~np.isnan(numbers)
    is_fine = sample.is_classification and len(sample) > _COARSE_ROWS
    if is_fine or not present.any() or not sample.targets.shape[1] or len(np.unique(sample.folds)) < 2:
        return 0.0
    with np.errstate(all="ignore"):
        centred = np.where(present, numbers - numbers[present].mean(), 0.0)
        centred = centred / np.abs(centred).max()
    if not np.isfinite(centred).all():
        return 0.0
    predicted = np.column_stack([_line_out_of_fold(centred, target, sample.folds) for target in sample.targets.T])
    return score_of(predicted, sample.targets, sample)


def encoded(bins: Rows, targets: Float, sample: Sample) -> Float:
    """Return the mean of each target over the rows of the same bin in the other folds.

    Parameters
    ----------
    bins : ndarray of shape (n_rows,), int64
        Bin of each row.
    targets : ndarray of shape (n_rows, n_targets)
        Targets.
    sample : Sample
        The rows.

    Returns
    -------
    ndarray of shape (n_rows, n_targets)
        Predictions for rows that had no part in them.
    """
    return np.column_stack([_out_of_fold(bins, target, sample.folds) for target in targets.T])


def score_of(predicted: Float, targets: Float, sample: Sample) -> float:
    """Return how good predictions for held-out rows are, on the scale of :func:`signal_of`.

    Parameters
    ----------
    predicted, targets : ndarray of shape (n_rows, n_targets)
        Predictions and what they should be.
    sample : Sample
        The rows.

    Returns
    -------
    float
        From 0 to 1.
    """
    if sample.is_classification:
        scores = [_auc_in_folds(p, t, sample.folds) for p, t in zip(predicted.T, targets.T, strict=True)]
        return float(np.clip(2 * np.mean(scores) - 1, 0.0, 1.0))
    with np.errstate(all="ignore"):
        spread = float(np.sum((targets - targets.mean(axis=0)) ** 2))
        unexplained = float(np.sum((targets - predicted) ** 2)) / spread
    return float(np.clip(1 - unexplained, 0.0, 1.0)) if np.isfinite(unexplained) else 0.0


def ranks(values: Float) -> Float:
    """Return ranks from -1 to 1, ties in the middle; missing values at 0.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Numbers, NaN where missing.

    Returns
    -------
    ndarray of shape (n_rows,)
        Ranks.
    """
    ranked = rankdata(values, nan_policy="omit")
    n_present = int(np.sum(~np.isnan(values)))
    scaled = 2 * (ranked - 0.5) / max(1, n_present) - 1
    return np.where(np.isnan(values), 0.0, scaled)


def correlation(first: Float, second: Float) -> float:
    """Return the correlation of two vectors; 0 where one does not vary.

    Parameters
    ----------
    first, second : ndarray of shape (n_rows,)
        Numbers without gaps.

    Returns
    -------
    float
        Between -1 and 1.
    """
    if len(first) < 2:
        return 0.0
    with np.errstate(all="ignore"):
        first, second = first - first.mean(), second - second.mean()
        found = float(first @ second / np.sqrt((first @ first) * (second @ second)))
    return found if np.isfinite(found) else 0.0


def _out_of_fold(bins: Rows, target: Float, folds: Rows) -> Float:
    """Return for each row the mean of the target over its bin's rows in the other folds, drawn to the others' mean."""
    n_bins = int(bins.max()) + 1
    cells = folds * n_bins + bins
    counts = np.bincount(cells, minlength=N_FOLDS * n_bins).reshape(N_FOLDS, n_bins)
    sums = np.bincount(cells, weights=target, minlength=N_FOLDS * n_bins).reshape(N_FOLDS, n_bins)
    other_counts, other_sums = counts.sum(axis=0) - counts, sums.sum(axis=0) - sums
    prior = other_sums.sum(axis=1, keepdims=True) / np.maximum(1, other_counts.sum(axis=1, keepdims=True))
    means = (other_sums + _PRIOR_ROWS * prior) / (other_counts + _PRIOR_ROWS)
    predicted: Float = means[folds, bins]
    return predicted


def _line_out_of_fold(numbers: Float, target: Float, folds: Rows) -> Float:
    """Return for each row the target on the least-squares line through the rows of the other folds."""
    sums = np.array(
        [
            np.bincount(folds, weights=weights, minlength=N_FOLDS)
            for weights in (np.ones_like(target), numbers, target, numbers * numbers, numbers * target)
        ]
    )
    n, x, y, xx, xy = sums.sum(axis=1, keepdims=True) - sums
    spread = n * xx - x * x
    slope = np.divide(n * xy - x * y, spread, out=np.zeros_like(spread), where=spread > 0)
    mean_x, mean_y = x / np.maximum(n, 1), y / np.maximum(n, 1)
    predicted: Float = mean_y[folds] + slope[folds] * (numbers - mean_x[folds])
    return predicted


def _auc_in_folds(predicted: Float, target: Float, folds: Rows) -> float:
    """Return the mean AUC of the folds: predictions of two folds have two priors and cannot be ranked together."""
    # Ranks within folds out of one sort: each fold's predictions are moved into a range of their own.
    span = float(np.ptp(predicted)) + 1.0
    ranked = rankdata(predicted + folds * span)
    sizes = np.bincount(folds, minlength=N_FOLDS)
    ranked -= (np.cumsum(sizes) - sizes)[folds]
    n_positive = np.bincount(folds, weights=target, minlength=N_FOLDS)
    n_negative = sizes - n_positive
    sums = np.bincount(folds, weights=ranked * target, minlength=N_FOLDS)
    scored = (n_positive > 0) & (n_negative > 0)
    if not scored.any():
        return 0.5
    above: NDArray[np.float64] = (sums - n_positive * (n_positive + 1) / 2)[scored]
    return float(np.mean(above / (n_positive * n_negative)[scored]))
