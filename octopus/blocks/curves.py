"""Bends and products of measured columns: what a straight line cannot say by itself."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin


class Curves(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Let each measured column bend at its quartiles (linear splines; Friedman, 1991, doi:10.1214/aos/1176347963).

    Parameters
    ----------
    max_columns : int
        Columns that may bend.
    """

    def __init__(self, max_columns: int = 30) -> None:
        self.max_columns = max_columns

    def fit(self, X: np.ndarray, y: object = None, sample_weight: np.ndarray | None = None) -> Curves:  # noqa: ARG002
        """Learn which columns are measurements and where their quartiles lie; X has shape (n_rows, n_columns)."""
        weight = np.ones(X.shape[0]) if sample_weight is None else np.asarray(sample_weight)
        self.columns_ = measured_columns(X, weight, self.max_columns)
        values = some_columns(X, self.columns_)
        # The only quantile that takes weights: a value that is there, so that a weight of 2 is the row twice.
        self.knots_ = np.quantile(values, [0.25, 0.5, 0.75], axis=0, weights=weight, method="inverted_cdf")
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the columns and, beside them, their parts above each quartile."""
        values = some_columns(X, self.columns_)
        return beside(X, [np.maximum(values - knot, 0) for knot in self.knots_])


class Products(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Multiply measured columns in pairs.

    Parameters
    ----------
    max_columns : int
        Columns to pair; twelve make 66 pairs.
    """

    def __init__(self, max_columns: int = 12) -> None:
        self.max_columns = max_columns

    def fit(self, X: np.ndarray, y: object = None, sample_weight: np.ndarray | None = None) -> Products:  # noqa: ARG002
        """Learn which columns are measurements; X has shape (n_rows, n_columns)."""
        weight = np.ones(X.shape[0]) if sample_weight is None else np.asarray(sample_weight)
        self.columns_ = measured_columns(X, weight, self.max_columns)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the columns and, beside them, the product of each pair."""
        values = some_columns(X, self.columns_)
        pairs = combinations(range(len(self.columns_)), 2)
        return beside(X, [values[:, [a]] * values[:, [b]] for a, b in pairs])


def measured_columns(X: np.ndarray, weight: np.ndarray, at_most: int) -> list[int]:
    """Find the columns that hold measurements: mostly not zero and of more than ten values.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_columns)
        Scaled numbers and indicators.
    weight : ndarray of shape (n_rows,)
        Of the rows.
    at_most : int
        How many to return.

    Returns
    -------
    list of int
        Positions, the first ones.
    """
    filled = np.asarray((X != 0).astype("float64").T @ weight).ravel() / weight.sum()
    candidates = np.flatnonzero(filled > 0.5).tolist()
    return [i for i in candidates if len(np.unique(some_columns(X, [i]))) > 10][:at_most]


def some_columns(X: sparse.csr_matrix, columns: list[int]) -> np.ndarray:
    """Return columns as a dense matrix.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_columns)
        Where from.
    columns : list of int
        Positions.

    Returns
    -------
    ndarray of shape (n_rows, len(columns))
        Their values.
    """
    return np.asarray(X[:, columns].toarray() if sparse.issparse(X) else X[:, columns])


def beside(X: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
    """Put further columns beside a matrix, sparse where it is sparse.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_columns)
        The matrix.
    parts : list of ndarray of shape (n_rows, n_more)
        What to add.

    Returns
    -------
    ndarray or sparse matrix
        All columns.
    """
    return sparse.hstack([X, *parts], format="csr") if sparse.issparse(X) else np.hstack([X, *parts])
