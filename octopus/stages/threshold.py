"""Out-of-fold probabilities + costs → the probability from which on acting costs least."""

from __future__ import annotations

import numpy as np

from octopus.dataset import Dataset, Float
from octopus.records import Task

#: A threshold that no probability reaches.
_NEVER = float(np.nextafter(1.0, 2.0))


def choose_threshold(task: Task, rows: Dataset, predictions: Float | None) -> float | None:
    """Return the probability of the positive class from which on acting costs least.

    Acting on every row with a probability of at least t costs on average

        sum(w * (c_fn * (y = 1) * (p < t) + c_fp * (y = 0) * (p >= t))) / sum(w)

    over the rows that a fold scored, w being their weights; t is where that is least (Sheng & Ling, 2006, "Thresholding
    for making classifiers cost-sensitive", AAAI). All thresholds between two neighbouring probabilities cost the same,
    and several such stretches may: of a stretch the point that counts is c_fp / (c_fp + c_fn), the best threshold of
    calibrated probabilities (Elkan, 2001, "The foundations of cost-sensitive learning", IJCAI), where it lies in it,
    else its middle; of several stretches the one whose point is nearest to that counts, then the lower one.

    Parameters
    ----------
    task : Task
        What is asked, with the costs.
    rows : Dataset
        The training rows.
    predictions : ndarray of shape (n_rows, 2) or None
        Out-of-fold probabilities, NaN for rows that no fold scored; None where a script did not work.

    Returns
    -------
    float or None
        From 0 to 1, or the next number above 1 where never to act costs least; None where there are no costs, or no
        predictions.
    """
    if task.costs is None or predictions is None:
        return None
    positive = task.classes.index(task.costs.positive)
    scored = ~np.isnan(predictions[:, positive])
    probability, is_positive = predictions[scored, positive], rows.y[scored] == positive
    weight = np.ones(len(probability)) if rows.sample_weight is None else rows.sample_weight[scored]
    values, at = np.unique(probability, return_inverse=True)
    missed = np.bincount(at, weight * is_positive, len(values)) * task.costs.false_negative
    alarmed = np.bincount(at, weight * ~is_positive, len(values)) * task.costs.false_positive
    # Stretch i is above value i - 1 and up to value i: what lies below is missed, what lies from value i on alarms.
    cost = np.append(0.0, np.cumsum(missed)) + np.append(np.cumsum(alarmed[::-1])[::-1], 0.0)
    least = np.flatnonzero(np.isclose(cost, cost.min(), rtol=1e-9, atol=0.0))
    low, high = np.append(0.0, values)[least], np.append(values, _NEVER)[least]
    calibrated = task.costs.false_positive / (task.costs.false_positive + task.costs.false_negative)
    middle = low + (high - low) / 2
    points = np.where((low < calibrated) & (calibrated <= high), calibrated, np.where(middle > low, middle, high))
    return float(points[np.argmin(np.abs(points - calibrated))])
