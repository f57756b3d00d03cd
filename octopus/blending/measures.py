"""What a mixture of candidates is worth on some rows: the metric itself, or the same choice by less arithmetic."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np
import sklearn
from sklearn.metrics import log_loss, mean_squared_error, r2_score, roc_auc_score, root_mean_squared_error

from octopus.blending.greedy import Measure
from octopus.dataset import Dataset, Float, Rows
from octopus.scoring import Scoring

#: Rows that shares are chosen on where each look costs the whole metric. Mixtures are compared on the same rows, which
#: tells them apart on fewer than a score needs; five times as many take ten seconds and more for some metrics.
_FEW_ROWS = 10_000
#: The same where a look costs one logarithm a row, or one sort.
_MORE_ROWS = 50_000
#: Rows of the rarest class that there are to be among them, as far as there are such, and by how many times more rows.
_RARE_ROWS, _TIMES_MORE = 300, 3
#: Smallest probability, as scikit-learn's log loss has it.
_LEAST = float(np.finfo(np.float64).eps)


def mixture(shares: Float, predictions: Sequence[Float]) -> Float:
    """Return the average of predictions by shares.

    Parameters
    ----------
    shares : ndarray of shape (n_candidates,)
        Summing to one.
    predictions : sequence of ndarray of shape (n_rows,) or (n_rows, n_classes)
        Of each candidate.

    Returns
    -------
    ndarray of shape (n_rows,) or (n_rows, n_classes)
        Of them together.
    """
    mixed = np.zeros_like(predictions[0])
    for share, predicted in zip(shares, predictions, strict=True):
        if share > 0:
            mixed += share * predicted
    return mixed


def measure_on(rows: Rows, predictions: Sequence[Float], train: Dataset, scoring: Scoring) -> Measure:
    """Return what tells mixtures of candidates apart on some rows as the metric does.

    Parameters
    ----------
    rows : ndarray of int of shape (n_chosen,)
        Positions of the rows. Of many a part is drawn, always the same one: 10,000, or 50,000 for log loss, or more
        where a class is rare; squared errors are summed once over all.
    predictions : sequence of ndarray of shape (n_rows,) or (n_rows, n_classes)
        Of each candidate for all rows.
    train : Dataset
        All rows.
    scoring : Scoring
        The metric.

    Returns
    -------
    callable
        Shares -> a value that is greater where the metric is better; not the metric's own for squared errors.
    """
    if _sums_squares(scoring):
        return _squares(rows, predictions, train, scoring)
    if _is_log_loss(scoring):
        return _logarithms(_some(rows, train, scoring, _MORE_ROWS), predictions, train, scoring)
    if _is_area(scoring):
        return _areas(_some(rows, train, scoring, _FEW_ROWS), predictions, train, scoring)
    return _whole_metric(_some(rows, train, scoring, _FEW_ROWS), predictions, train, scoring)


def weight_of(rows: Rows, train: Dataset) -> Float | None:
    """Return the weights of some rows, if there are any."""
    return None if train.sample_weight is None else train.sample_weight[rows]


def _squares(rows: Rows, predictions: Sequence[Float], train: Dataset, scoring: Scoring) -> Measure:
    """Return minus the mean squared error: with shares that sum to one it is a product of sums taken once."""
    weight = weight_of(rows, train) if scoring.takes_weight else None
    errors = np.stack([predicted[rows] - train.y[rows] for predicted in predictions])
    each = np.full(len(rows), 1 / len(rows)) if weight is None else weight / weight.sum()
    products = (errors * each) @ errors.T
    return lambda shares: _finite(-float(shares @ products @ shares))


def _logarithms(rows: Rows, predictions: Sequence[Float], train: Dataset, scoring: Scoring) -> Measure:
    """Return minus the log loss, from the probabilities of the true classes alone."""
    weight = weight_of(rows, train) if scoring.takes_weight else None
    truth = train.y[rows].astype(np.int64)
    of_truth = [predicted[rows, truth] for predicted in predictions]
    return lambda shares: _finite(
        float(np.average(np.log(np.maximum(mixture(shares, of_truth), _LEAST)), weights=weight))
    )


def _areas(rows: Rows, predictions: Sequence[Float], train: Dataset, scoring: Scoring) -> Measure:
    """Return the area under the ROC curve, the mean of each class against the others where there are more than two."""
    assert scoring.classes is not None
    y, numbers = train.y[rows], range(len(scoring.classes)) if len(scoring.classes) > 2 else (1,)
    given = weight_of(rows, train) if scoring.takes_weight else None
    weight = np.ones(len(rows)) if given is None else given
    sides = [tuple(([p[rows[at], k] for p in predictions], weight[at]) for at in (y == k, y != k)) for k in numbers]

    def value(shares: Float) -> float | None:
        areas = [_area(mixture(shares, h), inside, mixture(shares, m), outside) for (h, inside), (m, outside) in sides]
        return _finite(float(np.mean(areas)))

    return value


def _area(hits: Float, inside: Float, misses: Float, outside: Float) -> float:
    """Return the share of pairs in which the row of the class is the more probable one; equals count half."""
    order = np.argsort(misses)
    weight_up_to, ordered = np.concatenate([[0.0], np.cumsum(outside[order])]), misses[order]
    below = weight_up_to[np.searchsorted(ordered, hits, side="left")]
    up_to = weight_up_to[np.searchsorted(ordered, hits, side="right")]
    pairs = inside.sum() * outside.sum()
    return float(inside @ (below + up_to) / 2 / pairs) if pairs > 0 else math.nan


def _whole_metric(rows: Rows, predictions: Sequence[Float], train: Dataset, scoring: Scoring) -> Measure:
    y, weight, chosen = train.y[rows], weight_of(rows, train), [predicted[rows] for predicted in predictions]
    table = train.table.iloc[rows] if scoring.looks_at_rows else None

    def value(shares: Float) -> float | None:
        # What was predicted has been checked, and hundreds of calls would check it again, and warn again.
        with sklearn.config_context(skip_parameter_validation=True, assume_finite=True), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return scoring.score(y, mixture(shares, chosen), weight, table)

    return value


def _some(rows: Rows, train: Dataset, scoring: Scoring, at_most: int) -> Rows:
    """Return rows drawn by a fixed seed, more of them where a class is rare."""
    if len(rows) <= at_most:
        return rows
    n_rows = at_most
    if scoring.classes is not None:
        counts = np.bincount(train.y[rows].astype(np.int64))
        needed = math.ceil(_RARE_ROWS / counts[counts > 0].min() * len(rows))
        n_rows = min(len(rows), max(at_most, min(needed, _TIMES_MORE * at_most)))
    return np.sort(np.random.default_rng(0).choice(rows, n_rows, replace=False))


def _sums_squares(scoring: Scoring) -> bool:
    """Tell whether a metric is a falling function of the mean squared error."""
    function, sign = getattr(scoring.scorer, "_score_func", None), getattr(scoring.scorer, "_sign", 0)
    is_error = function in (mean_squared_error, root_mean_squared_error) and sign < 0
    return scoring.classes is None and not _settings(scoring) and (is_error or (function is r2_score and sign > 0))


def _is_log_loss(scoring: Scoring) -> bool:
    is_loss = getattr(scoring.scorer, "_score_func", None) is log_loss and getattr(scoring.scorer, "_sign", 0) < 0
    return scoring.classes is not None and is_loss and set(_settings(scoring)) <= {"labels"}


def _is_area(scoring: Scoring) -> bool:
    is_area = getattr(scoring.scorer, "_score_func", None) is roc_auc_score and getattr(scoring.scorer, "_sign", 0) > 0
    if scoring.classes is None or not is_area:
        return False
    response = getattr(scoring.scorer, "_response_method", None)
    by_probability = response == "predict_proba" or tuple(response or ()) == ("decision_function", "predict_proba")
    settings = _settings(scoring)
    return by_probability and (settings == {"multi_class": "ovr"} or (not settings and len(scoring.classes) == 2))


def _settings(scoring: Scoring) -> dict[str, object]:
    return dict(getattr(scoring.scorer, "_kwargs", {}))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
