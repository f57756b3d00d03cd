"""How a symptom is told, and what the rules read out of the evidence: rows, errors, the way from a constant."""

from __future__ import annotations

import numpy as np

from octopus.dataset import Float, Rows
from octopus.protocols import Evidence
from octopus.records import Diagnosis
from octopus.scoring import best_possible

#: A difference of this many standard errors is clear: 95 % of a normal distribution lie within.
CLEARLY = 2.0


def symptom(code: str, title: str, *, cause: str, evidence: str, remedy: str) -> Diagnosis:
    """Return the diagnosis of an experiment that ran.

    Parameters
    ----------
    code : str
        Of the rule; it is the fingerprint as well, for the same symptom twice is the same symptom.
    title : str
        What is wrong, in a few words.
    cause, evidence, remedy : str
        Why, by which numbers, and what to do.

    Returns
    -------
    Diagnosis
        Of kind ``symptom``.
    """
    return Diagnosis(
        code=code,
        title=title,
        kind="symptom",
        cause=cause,
        evidence=evidence,
        remedy=remedy,
        repairable=True,
        fingerprint=code,
    )


def scored_rows(evidence: Evidence, at_most: int) -> Rows:
    """Return the rows that a fold scored.

    Parameters
    ----------
    evidence : Evidence
        Of the experiment.
    at_most : int
        Of more rows so many are drawn with the seed of the task.

    Returns
    -------
    ndarray of shape (n,), int64
        Positions in order.
    """
    finite = np.isfinite(evidence.predictions)
    rows = np.flatnonzero(finite.all(axis=1) if finite.ndim > 1 else finite)
    if len(rows) <= at_most:
        return rows
    return np.sort(np.random.default_rng(evidence.task.random_state).choice(rows, at_most, replace=False))


def residuals(evidence: Evidence, rows: Rows) -> Float:
    """Return the truth minus the prediction.

    Parameters
    ----------
    evidence : Evidence
        Of the experiment.
    rows : ndarray of shape (n,), int64
        Scored rows.

    Returns
    -------
    ndarray of shape (n, n_targets)
        In units of the target, one column; of two classes that of the second; else for each class 1 or 0 minus its
        probability.
    """
    y, predicted = evidence.rows.y[rows], evidence.predictions[rows]
    if predicted.ndim == 1:
        return np.asarray((y - predicted)[:, None])
    missed = np.eye(predicted.shape[1])[y.astype(np.int64)] - predicted
    return missed[:, 1:] if missed.shape[1] == 2 else missed


def row_errors(evidence: Evidence, rows: Rows) -> Float:
    """Return how far each row is from its prediction.

    Parameters
    ----------
    evidence : Evidence
        Of the experiment.
    rows : ndarray of shape (n,), int64
        Scored rows.

    Returns
    -------
    ndarray of shape (n,)
        The absolute residual, or 1 minus the probability of the true class.
    """
    y, predicted = evidence.rows.y[rows], evidence.predictions[rows]
    if predicted.ndim == 1:
        return np.asarray(np.abs(y - predicted))
    return np.asarray(1.0 - predicted[np.arange(len(rows)), y.astype(np.int64)])


def share_of_way(value: float, evidence: Evidence) -> float | None:
    """Return how much of the way from a constant to perfect predictions a score has come.

    Parameters
    ----------
    value : float
        A score by the metric of the evidence.
    evidence : Evidence
        With the score of the best constant.

    Returns
    -------
    float or None
        0 for a constant, 1 for perfect predictions; None where either end is not known.
    """
    best, constant = best_possible(evidence.scoring), evidence.constant_score
    if best is None or constant is None or constant >= best:
        return None
    return (value - constant) / (best - constant)
