"""What a metric of predicted classes would be with other thresholds: counted once, for all thresholds at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from octopus.dataset import Float, Rows
from octopus.protocols import Evidence

#: Quantiles of the predicted probability at which thresholds are tried, closer together where rare classes decide.
_QUANTILES = (0.02, 0.05, *np.arange(0.1, 0.9, 0.1), 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995)
#: Powers of the classes' frequencies that probabilities are divided by: a half moves towards the best of balanced
#: accuracy, one is at it (Elkan, The foundations of cost-sensitive learning, 2001).
_POWERS = (0.0, 0.5, 1.0)


def counts_of_decisions(evidence: Evidence, rows: Rows, parts: Rows, n_parts: int) -> tuple[Float, list[str]]:
    """Count true and predicted classes for each way to decide.

    Parameters
    ----------
    evidence : Evidence
        Of a classification.
    rows : ndarray of shape (n,), int64
        Scored rows.
    parts : ndarray of shape (n,), int64
        Part of each row.
    n_parts : int
        Number of parts.

    Returns
    -------
    counts : ndarray of shape (n_ways, n_parts, n_classes, n_classes)
        Rows, or their weights, of each true and each predicted class; the first way is the most probable class.
    words : list of str
        The ways.
    """
    n_classes = evidence.task.n_classes
    y, predicted = evidence.rows.y[rows].astype(np.int64), evidence.predictions[rows]
    weight = None if evidence.rows.sample_weight is None else evidence.rows.sample_weight[rows]
    if n_classes == 2:
        cuts = [0.5, *np.unique(np.quantile(predicted[:, 1], _QUANTILES))]
        ways = [(predicted[:, 1] > cut).astype(np.int64) for cut in cuts]
        words = [f"the threshold {cut:.3g}" for cut in cuts]
    else:
        frequencies = np.maximum(np.bincount(y, minlength=n_classes), 1) / len(y)
        ways = [np.argmax(predicted / frequencies**power, axis=1) for power in _POWERS]
        words = [f"probabilities over frequencies to the power {power:.2g}" for power in _POWERS]
    cells = (parts * n_classes + y) * n_classes
    size = n_parts * n_classes**2
    counts = np.array([np.bincount(cells + way, weights=weight, minlength=size) for way in ways], dtype=np.float64)
    return counts.reshape(len(ways), n_parts, n_classes, n_classes), words


def metric_of_counts(name: str, counts: Float, positive: int) -> Float:
    """Return a metric of predicted classes.

    Parameters
    ----------
    name : str
        One of :data:`METRICS`, as scikit-learn defines it.
    counts : ndarray of shape (..., n_classes, n_classes)
        Rows of each true class (last axis but one) and predicted class (last axis).
    positive : int
        Number of the positive class, for metrics of one.

    Returns
    -------
    ndarray of shape (...)
        0 where nothing is divided by nothing.
    """
    return METRICS[name](counts, positive)


def _ratio(over: Float, under: Float) -> Float:
    return np.divide(over, under, out=np.zeros(np.broadcast(over, under).shape), where=under > 0)


def _hits(counts: Float) -> tuple[Float, Float, Float]:
    return np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1), counts.sum(axis=-2)


def _accuracy(counts: Float, _: int) -> Float:
    hit, true, _chosen = _hits(counts)
    return _ratio(hit.sum(axis=-1), true.sum(axis=-1))


def _mean_recall(counts: Float, _: int) -> Float:
    hit, true, _chosen = _hits(counts)
    return _ratio(_ratio(hit, true).sum(axis=-1), (true > 0).sum(axis=-1).astype(np.float64))


def _f1(counts: Float) -> Float:
    hit, true, chosen = _hits(counts)
    return _ratio(2 * hit, true + chosen)


def _jaccard(counts: Float) -> Float:
    hit, true, chosen = _hits(counts)
    return _ratio(hit, true + chosen - hit)


def _f1_weighted(counts: Float, _: int) -> Float:
    true = counts.sum(axis=-1)
    return _ratio((_f1(counts) * true).sum(axis=-1), true.sum(axis=-1))


def _matthews(counts: Float, _: int) -> Float:
    """Gorodkin (2004, doi:10.1016/j.compbiolchem.2004.09.006), which for two classes is Matthews' own."""
    hit, true, chosen = _hits(counts)
    n = true.sum(axis=-1)
    covariance = hit.sum(axis=-1) * n - (true * chosen).sum(axis=-1)
    spread = (n**2 - (chosen**2).sum(axis=-1)) * (n**2 - (true**2).sum(axis=-1))
    return _ratio(covariance, np.sqrt(np.maximum(spread, 0.0)))


#: Metrics that are worth deciding for; precision or recall of one class alone is won by a threshold at either end.
METRICS: dict[str, Callable[[Float, int], Float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _mean_recall,
    "recall_macro": _mean_recall,
    "f1": lambda counts, positive: _f1(counts)[..., positive],
    "f1_micro": _accuracy,
    "f1_macro": lambda counts, _: _f1(counts).mean(axis=-1),
    "f1_weighted": _f1_weighted,
    "jaccard": lambda counts, positive: _jaccard(counts)[..., positive],
    "jaccard_macro": lambda counts, _: _jaccard(counts).mean(axis=-1),
    "matthews_corrcoef": _matthews,
}
