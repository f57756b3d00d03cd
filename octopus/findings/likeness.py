"""Whether a column is the target in another form: a copy, other words, other units, a few flips, a little noise, bins.

Four forms are told from columns that are merely strong:

* classes under other names: each class has one value of its own and each value one class. Agreement beyond chance
  (Cohen, 1960, doi:10.1177/001316446002000104) of 0.96 leaves room for one flip in a hundred; the best natural column
  known here, the fee-freeze vote of the 1984 House votes, has 0.94 with party;
* a class number with noise: classes lie six of their own standard deviations apart, evenly, and all spread alike;
* other units: the target itself, its square, root, logarithm or inverse, with next to no noise;
* the same order: sorted by the column, the target is sorted too, or each of the column's values holds a range of the
  target of its own. A column that rises with the row number while the target does so too is not taken for one: trends
  have one order without being each other, unless the column is a plain function of the target.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from octopus.dataset import Float, Rows
from octopus.findings.sample import Sample
from octopus.findings.signal import correlation, ranks

#: Fewer rows fit a pattern by luck.
MIN_ROWS = 50
MIN_AGREEMENT = 0.96
#: Classes times values; where each of 500 classes is to have one of 10,000 values, none has enough rows to tell.
_MAX_CELLS = 5_000_000
#: Standard deviation over the gap between classes, at most; the largest over the smallest of them, at most.
_MAX_NOISE, _MAX_UNEVEN, _MIN_LINE = 1 / 6, 1.5, 0.999
#: Places by which rows are out of order on average, as a share of the rows: rounding leaves fewer.
_MAX_DISPLACED = 0.001
#: A value that is ordered by its own target has this many rows; one that holds nearly all rows says nothing.
_MIN_VALUE_ROWS, _MAX_VALUE_SHARE, _MIN_PURE = 5, 0.95, 0.98
#: A log of the target lacks its zeros; beyond this share of gaps a column is no copy.
_MAX_GAPS = 0.2
_ORDERS = "puts the rows in the order of the target"
#: Both in row order from here on; correlation of a plain function computed in floats, and of one with noise of two
#: hundredths of the target's spread: what is measured twice differs more (length and width of one diamond: 0.998).
_IN_ROW_ORDER, _EXACT, _NEARLY_EXACT = 0.95, 1 - 1e-7, 1 - 2.5e-4


def likeness(column: Rows, numbers: Float | None, sample: Sample) -> str:
    """Return in which form a column is the target.

    Parameters
    ----------
    column : ndarray of shape (n_rows,), int64
        Number of each row's value; 0 where missing.
    numbers : ndarray of shape (n_rows,) or None
        The column as numbers, NaN where missing; None for labels.
    sample : Sample
        The rows.

    Returns
    -------
    str
        What shows it, as the end of a sentence that begins with the column; empty where it is no form of the target.
    """
    if len(sample) < MIN_ROWS:
        return ""
    if sample.is_classification:
        if (agreed := agreement(column, sample.y.astype(np.int64))) >= MIN_AGREEMENT:
            return f"names the classes again: agreement beyond chance {agreed:.3f}"
        if numbers is not None and _is_noisy_class(numbers, sample.y.astype(np.int64)):
            return "is the class as a number, with a little noise"
        return ""
    kept = column > 0 if numbers is None else ~np.isnan(numbers)
    if np.mean(kept) < 1 - _MAX_GAPS or kept.sum() < MIN_ROWS:
        return ""
    values, y = column[kept], sample.y[kept]
    if np.bincount(values).max() > _MAX_VALUE_SHARE * len(y):
        return ""
    if numbers is None:
        return _ORDERS if _is_function_of(values, y) and _has_one_order(values, False, y) else ""
    return _number_likeness(numbers[kept], values, y, sample.positions[kept])


def _number_likeness(numbers: Float, values: Rows, y: Float, positions: Rows) -> str:
    likest = _plain_function(numbers, y)
    if likest >= _EXACT:
        return "is the target in other units"
    if _follow_the_rows(numbers, y, positions):
        return ""
    if likest >= _NEARLY_EXACT:
        return "is the target with a little noise"
    return _ORDERS if _is_function_of(values, y) and _has_one_order(values, True, y) else ""


def agreement(values: Rows, classes: Rows) -> float:
    """Return the agreement beyond chance between classes and the values that hold most of each.

    Parameters
    ----------
    values : ndarray of shape (n_rows,), int64
        Number of each row's value.
    classes : ndarray of shape (n_rows,), int64
        Class of each row.

    Returns
    -------
    float
        Cohen's kappa, 1 at most; 0 where two classes share a value.
    """
    _, classes = np.unique(classes, return_inverse=True)
    shape = (int(classes.max()) + 1, int(values.max()) + 1)
    if shape[0] * shape[1] > _MAX_CELLS:
        return 0.0
    table = np.bincount(classes * shape[1] + values, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    best = table.argmax(axis=1)
    if len(set(best.tolist())) < len(best):
        return 0.0
    n_rows = table.sum()
    agreed = table.max(axis=1).sum() / n_rows
    chance = float(table.sum(axis=1) @ table.sum(axis=0)[best]) / n_rows**2
    return float((agreed - chance) / (1 - chance)) if chance < 1 else 0.0


def _is_noisy_class(numbers: Float, classes: Rows) -> bool:
    if np.isnan(numbers).any():
        return False
    counts = np.bincount(classes)
    told = np.flatnonzero(counts >= _MIN_VALUE_ROWS)
    if len(told) < 2 or counts[told].sum() < _MIN_PURE * len(classes):
        return False
    with np.errstate(all="ignore"):
        means = np.array([numbers[classes == c].mean() for c in told])
        spreads = np.array([numbers[classes == c].std() for c in told])
    gap = float(np.abs(np.diff(np.sort(means))).min())
    even = abs(correlation(told.astype(np.float64), means)) >= _MIN_LINE
    return bool(even and spreads.max() <= _MAX_NOISE * gap and spreads.max() <= _MAX_UNEVEN * spreads.min())


def _is_function_of(values: Rows, y: Float) -> bool:
    """Return whether rows of one target have one value."""
    _, same = np.unique(y, return_inverse=True)
    _, first, pairs = np.unique(same * (values.max() + 1) + values, return_index=True, return_counts=True)
    most = np.zeros(int(same.max()) + 1)
    np.maximum.at(most, same[first], pairs)
    return bool(most.sum() >= _MIN_PURE * len(y))


def _plain_function(numbers: Float, y: Float) -> float:
    """Return the correlation with the plain function of the target that is nearest."""
    forms = [y, y**2]
    with np.errstate(all="ignore"):
        if y.min() > 0:
            forms += [np.log(y), 1 / y]
        if y.min() >= 0:
            forms += [np.sqrt(y), np.log1p(y)]
    return max(abs(correlation(numbers, form)) for form in forms if np.isfinite(form).all())


def _follow_the_rows(numbers: Float, y: Float, positions: Rows) -> bool:
    place = ranks(positions.astype(np.float64))
    return min(abs(correlation(ranks(numbers), place)), abs(correlation(ranks(y), place))) >= _IN_ROW_ORDER


def _has_one_order(values: Rows, in_order: bool, y: Float) -> bool:
    """Return whether each value holds a range of the target of its own."""
    lowest, highest = rankdata(y, method="min"), rankdata(y, method="max")
    counts = np.bincount(values)
    held = np.flatnonzero(counts)
    orders: list[Rows] = [held, held[::-1]] if in_order else []
    if counts[held].min() >= _MIN_VALUE_ROWS:
        middle = np.bincount(values, weights=lowest + highest)[held] / counts[held]
        orders.append(held[np.argsort(middle, kind="stable")])
    return any(_displaced(values, order, counts, lowest, highest) <= _MAX_DISPLACED for order in orders)


def _displaced(values: Rows, order: Rows, counts: Rows, lowest: Float, highest: Float) -> float:
    """Return how far rows lie outside the ranks of their value, on average, as a share of the rows."""
    last = np.zeros(len(counts))
    last[order] = np.cumsum(counts[order])
    first = last - counts + 1
    off = np.maximum(0, np.maximum(lowest - last[values], first[values] - highest))
    return float(off.mean() / len(values))
