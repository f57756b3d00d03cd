"""A model fitted on a sample of the rows, for tables that are too large for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from octopus.blocks.targets import fitted_knowing


class SampledClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Fit a classifier on a random sample that holds every class.

    Parameters
    ----------
    model : estimator
        The classifier, unfitted.
    n_rows : int
        Rows of the sample.
    random_state : int or None
        Draws the sample.
    """

    def __init__(self, model: BaseEstimator, n_rows: int = 20_000, random_state: int | None = None) -> None:
        self.model, self.n_rows, self.random_state = model, n_rows, random_state

    def fit(
        self, X: pd.DataFrame, y: np.ndarray, sample_weight: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> SampledClassifier:
        """Fit on the sample; y, sample_weight and groups have shape (n_rows,)."""
        y = np.asarray(y)
        order = np.random.default_rng(self.random_state).permutation(len(y))
        self.classes_, first = np.unique(y[order], return_index=True)
        rows = np.sort(np.concatenate([order[first], np.delete(order, first)])[: max(self.n_rows, len(first))])
        told = {"sample_weight": sample_weight, "groups": groups}
        known = {name: None if values is None else np.asarray(values)[rows] for name, values in told.items()}
        self.model_ = fitted_knowing(self.model, chosen_rows(X, rows), y[rows], known)
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return probabilities of shape (n_rows, n_classes)."""
        return np.asarray(self.model_.predict_proba(X))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the most probable class, shape (n_rows,)."""
        return np.asarray(self.model_.predict(X))


class SampledRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Fit a regressor on a random sample.

    Parameters
    ----------
    model : estimator
        The regressor, unfitted.
    n_rows : int
        Rows of the sample.
    random_state : int or None
        Draws the sample.
    """

    def __init__(self, model: BaseEstimator, n_rows: int = 20_000, random_state: int | None = None) -> None:
        self.model, self.n_rows, self.random_state = model, n_rows, random_state

    def fit(
        self, X: pd.DataFrame, y: np.ndarray, sample_weight: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> SampledRegressor:
        """Fit on the sample; y, sample_weight and groups have shape (n_rows,)."""
        y = np.asarray(y)
        rows = np.sort(np.random.default_rng(self.random_state).permutation(len(y))[: self.n_rows])
        told = {"sample_weight": sample_weight, "groups": groups}
        known = {name: None if values is None else np.asarray(values)[rows] for name, values in told.items()}
        self.model_ = fitted_knowing(self.model, chosen_rows(X, rows), y[rows], known)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return predictions of shape (n_rows,)."""
        return np.asarray(self.model_.predict(X))


def chosen_rows(X: pd.DataFrame | np.ndarray, rows: np.ndarray) -> pd.DataFrame | np.ndarray:
    """Return rows of a table or matrix.

    Parameters
    ----------
    X : DataFrame, ndarray or sparse matrix of shape (n_rows, n_columns)
        Where from.
    rows : ndarray of int
        Positions.

    Returns
    -------
    DataFrame, ndarray or sparse matrix
        Of the same kind.
    """
    return X.iloc[rows] if isinstance(X, pd.DataFrame) else X[rows]
