"""What CatBoost and XGBoost have in common: levels learned in fit, a number of trees that rows set aside find."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from octopus.blocks.boosting import FEW_ROWS, FIXED_STEPS, held_rows, plain_names
from octopus.blocks.codes import LevelCodes

#: Share of the rows set aside, of every class alike; whole groups where ``fit`` is told groups.
SET_ASIDE = 0.15


class Booster(BaseEstimator):  # type: ignore[misc]
    """Boosted trees of a library that a subclass knows: it has ``grow`` and ``predicted``.

    Parameters
    ----------
    settings : dict
        Parameters by the library's own names; ``learning_rate`` is one of them.
    loss : str or None
        The library's name for it; squared errors or the log loss where None.
    n_estimators : int
        The most trees there may be.
    patience : int
        Trees without a gain before it stops.
    random_state : int or None
        Draws those rows, and what the library draws.
    n_jobs : int or None
        Threads; as the library has it where None.
    """

    def __init__(
        self,
        settings: Mapping[str, object],
        loss: str | None = None,
        n_estimators: int = 1000,
        patience: int = 50,
        random_state: int | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.settings, self.loss, self.n_estimators = settings, loss, n_estimators
        self.patience, self.random_state, self.n_jobs = patience, random_state, n_jobs

    def fit_trees(
        self, X: pd.DataFrame, y: np.ndarray, n_classes: int, weight: np.ndarray | None, groups: np.ndarray | None
    ) -> None:
        """Find the number of trees, then fit; y, class numbers where there are classes, has shape (n_rows,)."""
        table = plain_names(X)
        categories = table.select_dtypes("category")
        self.levels_ = {name: list(categories[name].cat.categories) for name in categories}
        self.is_category_ = [name in self.levels_ for name in table]
        values = self.as_numbers(table)
        weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
        sums = np.bincount(y.astype(int), weight) if n_classes else np.array([np.sum(y * weight)])
        self.n_trees_, self.model_, self.constant_ = 0, None, sums / weight.sum()
        if is_alike(values) or len(np.unique(y)) == 1:
            return
        alike = groups if groups is not None else y if n_classes else np.zeros(len(y))
        held = held_rows(alike, SET_ASIDE, self.random_state, groups is not None)
        if n_classes:
            held &= np.isin(y, y[~held])
        if len(y) < FEW_ROWS or not held.any() or is_alike(values[~held]) or len(np.unique(y[~held])) < 2:
            steps = round(FIXED_STEPS / float(str(self.settings["learning_rate"])))
            self.n_trees_ = min(self.n_estimators, max(1, steps))
        else:
            self.model_, self.n_trees_ = self.grow(self.n_estimators, n_classes, values, y, weight, held)
            # More rows carry proportionally more steps before they overfit: practice, not theory.
            self.n_trees_ = min(self.n_estimators, math.ceil(self.n_trees_ * len(y) / np.sum(~held)))
        self.model_, _ = self.grow(self.n_trees_, n_classes, values, y, weight, np.zeros(len(y), dtype=bool))

    def as_numbers(self, X: pd.DataFrame) -> np.ndarray:
        """Return a table as float32, levels as codes of those learned in fit; a gap or an unknown level is NaN."""
        table = plain_names(X).copy()
        for name, levels in self.levels_.items():
            known = table[name].astype(object).where(table[name].isin(levels))
            table[name] = pd.Categorical(known, categories=levels)
        return LevelCodes().transform(table)

    def grow(
        self, n_trees: int, n_classes: int, values: np.ndarray, y: np.ndarray, weight: np.ndarray, held: np.ndarray
    ) -> tuple[Any, int]:
        """Return a model of the rows that are not set aside, and its number of trees."""
        raise NotImplementedError

    def predicted(self, X: pd.DataFrame) -> np.ndarray:
        """Return shape (n_rows, n_classes), or (n_rows,) for numbers and for the second of two classes."""
        raise NotImplementedError


class BoosterClassifier(ClassifierMixin, Booster):  # type: ignore[misc]
    """Boosted trees for classes.

    Parameters
    ----------
    settings : dict
        Parameters by the library's own names.
    loss : str or None
        The library's name for it; squared errors or the log loss where None.
    n_estimators : int
        The most trees there may be.
    patience : int
        Trees without a gain before it stops.
    random_state : int or None
        Draws those rows, and what the library draws.
    n_jobs : int or None
        Threads.
    """

    def fit(
        self, X: pd.DataFrame, y: np.ndarray, sample_weight: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> BoosterClassifier:
        """Fit; y, sample_weight and groups have shape (n_rows,)."""
        self.classes_, numbers = np.unique(np.asarray(y), return_inverse=True)
        self.fit_trees(X, numbers, len(self.classes_), sample_weight, groups)
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return probabilities of shape (n_rows, n_classes)."""
        found = self.predicted(X)
        if found.ndim == 1:
            found = np.column_stack([1 - found, found])
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the most probable class, shape (n_rows,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class BoosterRegressor(RegressorMixin, Booster):  # type: ignore[misc]
    """Boosted trees for numbers.

    Parameters
    ----------
    settings : dict
        Parameters by the library's own names.
    loss : str or None
        The library's name for it; squared errors or the log loss where None.
    n_estimators : int
        The most trees there may be.
    patience : int
        Trees without a gain before it stops.
    random_state : int or None
        Draws those rows, and what the library draws.
    n_jobs : int or None
        Threads.
    """

    def fit(
        self, X: pd.DataFrame, y: np.ndarray, sample_weight: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> BoosterRegressor:
        """Fit; y, sample_weight and groups have shape (n_rows,)."""
        self.fit_trees(X, np.asarray(y, dtype=np.float64), 0, sample_weight, groups)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return predictions of shape (n_rows,)."""
        return self.predicted(X).reshape(len(X))


def is_alike(values: np.ndarray) -> bool:
    """Tell whether all rows are the same: CatBoost refuses such a table.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        With NaN for gaps.

    Returns
    -------
    bool
        NaN is like NaN.
    """
    return bool(np.all((values == values[:1]) | (np.isnan(values) & np.isnan(values[:1]))))
