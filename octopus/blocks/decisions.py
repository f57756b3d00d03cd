"""Probabilities set right after the fit, by predictions for rows that the model was not fitted on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from octopus.blocks.sampling import chosen_rows
from octopus.blocks.targets import fitted_knowing

#: Shifts of a class's log odds that are tried; e³ makes a class 20 times as likely.
SHIFTS = np.linspace(-3.0, 3.0, 61)
#: Probabilities nearer to 0 or 1 than this are taken for this.
LEAST = 1e-6


class TunedDecision(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Shift the odds of the classes so that the most probable class is the one that the metric wants.

    For F1 the best threshold is half of the best F1, not one half (Lipton et al., 2014, arXiv:1402.1892). The order of
    the rows by the odds of a class stays as it is where there are two.

    Parameters
    ----------
    model : estimator
        The classifier, unfitted.
    metric : callable
        ``(y_true, y_pred, sample_weight=None) -> float``, greater is better, on class numbers.
    n_parts : int
        Parts of the rows for the predictions that shifts are chosen by.
    random_state : int or None
        Draws the parts.
    """

    def __init__(
        self,
        model: BaseEstimator,
        metric: Callable[..., float],
        n_parts: int = 4,
        random_state: int | None = None,
    ) -> None:
        self.model, self.metric, self.n_parts, self.random_state = model, metric, n_parts, random_state

    def fit(
        self,
        X: pd.DataFrame,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        time: np.ndarray | None = None,
    ) -> TunedDecision:
        """Fit, and choose the shifts; y and what is told of the rows have shape (n_rows,)."""
        y = np.asarray(y)
        self.classes_ = np.unique(y)
        told = {"sample_weight": sample_weight, "groups": groups, "time": time}
        logs, rows = log_odds(self.model, X, y, told, self.n_parts, self.random_state)
        weight = None if sample_weight is None else np.asarray(sample_weight)[rows]
        self.shifts_ = np.zeros(len(self.classes_))
        for k in np.argsort(np.bincount(np.searchsorted(self.classes_, y)))[:-1]:  # the most frequent class stays
            self.shifts_[k] = self._best_shift(k, logs, y[rows], weight)
        self.model_ = fitted_knowing(self.model, X, y, told)
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return shifted probabilities of shape (n_rows, n_classes)."""
        return normalised(np.log(np.clip(self.model_.predict_proba(X), LEAST, 1)) + self.shifts_)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the class that is most probable after the shift, shape (n_rows,)."""
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])

    def _best_shift(self, k: int, logs: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> float:
        """Return the shift that is best together with its neighbours; of equals the smallest, 0 where none gains."""
        if not len(y):
            return 0.0
        values = np.empty(len(SHIFTS))
        for i, shift in enumerate(SHIFTS):
            shifted = logs + self.shifts_
            shifted[:, k] += shift
            chosen = self.classes_[np.argmax(shifted, axis=1)]
            values[i] = self.metric(y, chosen, sample_weight=weight)
        # A single peak is luck: neighbours count, too.
        smooth = np.convolve(np.pad(values, 2, mode="edge"), np.full(5, 0.2), mode="valid")
        middle = len(SHIFTS) // 2
        best = max(range(len(SHIFTS)), key=lambda i: (round(float(smooth[i]), 6), -abs(i - middle)))
        return float(SHIFTS[best]) if smooth[best] > smooth[middle] else 0.0


class Calibrated(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Bend a classifier's odds so that they come true as often as they say (Platt, 1999; two classes or more).

    Parameters
    ----------
    model : estimator
        The classifier, unfitted.
    n_parts : int
        Parts of the rows for the predictions that the bend is fitted to.
    random_state : int or None
        Draws the parts.
    """

    def __init__(self, model: BaseEstimator, n_parts: int = 4, random_state: int | None = None) -> None:
        self.model, self.n_parts, self.random_state = model, n_parts, random_state

    def fit(
        self,
        X: pd.DataFrame,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        time: np.ndarray | None = None,
    ) -> Calibrated:
        """Fit model and bend; y and what is told of the rows have shape (n_rows,)."""
        y = np.asarray(y)
        self.classes_ = np.unique(y)
        told = {"sample_weight": sample_weight, "groups": groups, "time": time}
        logs, rows = log_odds(self.model, X, y, told, self.n_parts, self.random_state)
        self.bend_ = None
        if len(np.unique(y[rows])) == len(self.classes_) > 1:
            weight = None if sample_weight is None else np.asarray(sample_weight)[rows]
            self.bend_ = LogisticRegression(max_iter=1000).fit(logs, y[rows], sample_weight=weight)
        self.model_ = fitted_knowing(self.model, X, y, told)
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return calibrated probabilities of shape (n_rows, n_classes)."""
        given = np.asarray(self.model_.predict_proba(X))
        return given if self.bend_ is None else self.bend_.predict_proba(centred(given))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the most probable class, shape (n_rows,)."""
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])


def log_odds(
    model: BaseEstimator,
    X: pd.DataFrame,
    y: np.ndarray,
    told: dict[str, np.ndarray | None],
    n_parts: int,
    random_state: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Predict every part of the rows by the model fitted on the others.

    Parameters
    ----------
    model : estimator
        The classifier, unfitted.
    X, y : DataFrame or matrix, ndarray
        All rows.
    told : dict of str to ndarray or None
        Weights, groups and times of the rows; whole groups go into one part.
    n_parts : int
        Parts.
    random_state : int or None
        Draws them.

    Returns
    -------
    tuple of ndarray
        Logarithms of probabilities, centred, of shape (n_predicted, n_classes), and the rows that they belong to:
        without parts in which the others lack a class.
    """
    classes, numbers = np.unique(y, return_inverse=True)
    groups = told.get("groups")
    rng = np.random.default_rng(random_state)
    if groups is None:
        order = rng.permutation(len(y))
        order = order[np.argsort(numbers[order], kind="stable")]  # every class is spread over the parts
        part = np.empty(len(y), dtype=int)
        part[order] = np.arange(len(y)) % n_parts
    else:
        _, units = np.unique(groups, return_inverse=True)
        part = (rng.permutation(units.max() + 1) % n_parts)[units]
    logs, rows = [np.empty((0, len(classes)))], [np.empty(0, dtype=int)]
    for k in range(n_parts):
        held, others = np.flatnonzero(part == k), np.flatnonzero(part != k)
        if not len(held) or len(np.unique(numbers[others])) < len(classes):
            continue
        of_others = {name: None if values is None else values[others] for name, values in told.items()}
        fitted = fitted_knowing(model, chosen_rows(X, others), y[others], of_others)
        logs.append(centred(fitted.predict_proba(chosen_rows(X, held))))
        rows.append(held)
    return np.concatenate(logs), np.concatenate(rows)


def centred(probabilities: np.ndarray) -> np.ndarray:
    """Return logarithms of probabilities less their mean over the classes.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
        Of the classes.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
        Bounded.
    """
    logs = np.log(np.clip(probabilities, LEAST, 1))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def normalised(logs: np.ndarray) -> np.ndarray:
    """Return probabilities that add up to one from their logarithms up to a constant.

    Parameters
    ----------
    logs : ndarray of shape (n_rows, n_classes)
        Any numbers.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
        Their softmax.
    """
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
