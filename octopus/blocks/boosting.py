"""Gradient boosting that finds its number of trees on rows set aside, then fits on all of them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from lightgbm import early_stopping
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils.validation import has_fit_parameter

#: Rows below which 15 % set aside (30 rows) would stop by chance: the number of trees is fixed instead.
FEW_ROWS = 200
#: Trees times learning rate where nothing can be set aside: half of LightGBM's own default (100 trees at 0.1),
#: for few rows overfit early.
FIXED_STEPS = 5.0
#: Silent, and the same trees on every run: left to itself LightGBM chooses its memory layout by a stopwatch.
STEADY = {"verbose": -1, "deterministic": True, "force_col_wise": True}


class EarlyStoppedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Stop adding trees when rows set aside no longer gain, then fit all rows with as many.

    Parameters
    ----------
    model : LGBMClassifier
        Unfitted; its ``n_estimators`` is the most there may be.
    patience : int
        Trees without a gain before it stops.
    fraction : float
        Share of the rows set aside, of every class alike; whole groups where ``fit`` is told groups.
    random_state : int or None
        Draws those rows.
    """

    def __init__(
        self, model: BaseEstimator, patience: int = 50, fraction: float = 0.15, random_state: int | None = None
    ) -> None:
        self.model, self.patience, self.fraction, self.random_state = model, patience, fraction, random_state

    def fit(
        self, X: pd.DataFrame, y: np.ndarray, sample_weight: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> EarlyStoppedClassifier:
        """Fit; y, sample_weight and groups have shape (n_rows,)."""
        X, y = plain_names(X), np.asarray(y)
        held = held_rows(y if groups is None else groups, self.fraction, self.random_state, groups is not None)
        held &= np.isin(y, y[~held])
        self.n_trees_ = best_trees(self.model, X, y, sample_weight, held, self.patience)
        self.model_ = clone(self.model).set_params(n_estimators=self.n_trees_, **STEADY)
        self.model_.fit(X, y, sample_weight=sample_weight)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return probabilities of shape (n_rows, n_classes)."""
        return np.asarray(self.model_.predict_proba(plain_names(X)))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the most probable class, shape (n_rows,)."""
        return np.asarray(self.model_.predict(plain_names(X)))


class EarlyStoppedRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Stop adding trees when rows set aside no longer gain, then fit all rows with as many.

    Parameters
    ----------
    model : LGBMRegressor
        Unfitted; its ``n_estimators`` is the most there may be.
    patience : int
        Trees without a gain before it stops.
    fraction : float
        Share of the rows set aside; whole groups where ``fit`` is told groups.
    random_state : int or None
        Draws those rows.
    """

    def __init__(
        self, model: BaseEstimator, patience: int = 50, fraction: float = 0.15, random_state: int | None = None
    ) -> None:
        self.model, self.patience, self.fraction, self.random_state = model, patience, fraction, random_state

    def fit(
        self, X: pd.DataFrame, y: np.ndarray, sample_weight: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> EarlyStoppedRegressor:
        """Fit; y, sample_weight and groups have shape (n_rows,)."""
        X, y = plain_names(X), np.asarray(y)
        alike = np.zeros(len(y)) if groups is None else groups
        held = held_rows(alike, self.fraction, self.random_state, groups is not None)
        self.n_trees_ = best_trees(self.model, X, y, sample_weight, held, self.patience)
        self.model_ = clone(self.model).set_params(n_estimators=self.n_trees_, **STEADY)
        self.model_.fit(X, y, sample_weight=sample_weight)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return predictions of shape (n_rows,)."""
        return np.asarray(self.model_.predict(plain_names(X)))


def plain_names(X: pd.DataFrame | np.ndarray) -> pd.DataFrame:
    """Name columns by their position: LightGBM refuses some characters in names.

    Parameters
    ----------
    X : DataFrame or matrix of shape (n_rows, n_columns)
        The features.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        The same values.
    """
    table = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X)
    return table.set_axis([f"f{i}" for i in range(table.shape[1])], axis=1)


def held_rows(labels: np.ndarray, fraction: float, random_state: int | None, whole: bool) -> np.ndarray:
    """Mark rows to set aside: the same share of every label, or labels as a whole.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        Classes, or groups.
    fraction : float
        Share of the rows.
    random_state : int or None
        Draws them.
    whole : bool
        Whether all rows of a label stay together.

    Returns
    -------
    ndarray of shape (n_rows,), bool
        Never all rows of the table; none where there is one group only.
    """
    _, labels = np.unique(labels, return_inverse=True)
    order = np.random.default_rng(random_state).permutation(len(labels))
    sizes = np.bincount(labels)
    if whole:
        shuffled = np.random.default_rng(random_state).permutation(len(sizes))
        chosen = shuffled[np.cumsum(sizes[shuffled]) <= fraction * len(labels)]
        return np.isin(labels, chosen)
    ranks = pd.Series(labels[order]).groupby(labels[order]).cumcount().to_numpy()
    held = np.zeros(len(labels), dtype=bool)
    held[order] = ranks < np.floor(fraction * sizes[labels[order]])
    return held


def best_trees(
    model: BaseEstimator,
    X: pd.DataFrame,
    y: np.ndarray,
    sample_weight: np.ndarray | None,
    held: np.ndarray,
    patience: int,
) -> int:
    """Find how many trees all rows deserve.

    Parameters
    ----------
    model : LGBMModel
        Unfitted.
    X, y, sample_weight : DataFrame, ndarray, ndarray or None
        All rows.
    held : ndarray of shape (n_rows,), bool
        Rows set aside.
    patience : int
        Trees without a gain before it stops.

    Returns
    -------
    int
        The best number on the rows set aside, times all rows over the others: more rows carry proportionally more
        steps before they overfit. That is practice, not theory; it moves the number by a sixth.
    """
    if len(y) < FEW_ROWS or not held.any() or len(np.unique(y[~held])) < 2:
        return int(min(model.n_estimators, max(1, round(FIXED_STEPS / model.learning_rate))))
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
    probe = clone(model).set_params(**STEADY)
    if has_fit_parameter(probe, "eval_X"):
        judged = {"eval_X": X[held], "eval_y": y[held]}
    else:  # LightGBM before 4.7
        judged = {"eval_set": [(X[held], y[held])]}
    probe.fit(
        X[~held],
        y[~held],
        sample_weight=weight[~held],
        eval_sample_weight=[weight[held]],
        callbacks=[early_stopping(patience, verbose=False)],
        **judged,
    )
    best = probe.best_iteration_ or model.n_estimators
    return int(min(model.n_estimators, math.ceil(best * len(y) / np.sum(~held))))
