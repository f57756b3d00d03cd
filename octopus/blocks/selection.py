"""Which columns tell most of the target, by the rows that are fitted and no others."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from sklearn.feature_selection import f_classif, f_regression


def told_of_classes(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how far the classes' means of each column lie apart, over its spread (F of a one-way analysis).

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_columns)
        Numbers without gaps.
    y : ndarray of shape (n_rows,)
        Classes.

    Returns
    -------
    ndarray of shape (n_columns,)
        0 for a column that never changes.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a column may be constant in the rows of a fold
        return np.asarray(np.nan_to_num(f_classif(X, y)[0], posinf=np.finfo("float64").max))


def told_of_values(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how well a straight line in each column fits the target (F of its slope).

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_columns)
        Numbers without gaps.
    y : ndarray of shape (n_rows,)
        The target.

    Returns
    -------
    ndarray of shape (n_columns,)
        0 for a column that never changes.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return np.asarray(np.nan_to_num(f_regression(X, y)[0], posinf=np.finfo("float64").max))


def telling_columns(X: pd.DataFrame, y: np.ndarray | None, columns: list[str], at_most: int) -> list[str]:
    """Return the columns of numbers that tell most of the target.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        The table.
    y : ndarray of shape (n_rows,) or None
        Classes as whole numbers, or values; None where there is nothing to choose.
    columns : list of str
        To choose from.
    at_most : int
        How many.

    Returns
    -------
    list of str
        In the order in which they are given.
    """
    if len(columns) <= at_most:
        return list(columns)
    ranked = X[columns].rank().astype("float64")  # long tails and outliers count by their place
    numbers = ranked.fillna(ranked.mean()).fillna(0.0).to_numpy()
    y = np.asarray(y)
    told = told_of_classes if y.dtype.kind in "iub" else told_of_values
    best = np.argsort(-told(numbers, y), kind="stable")[:at_most]
    return [columns[i] for i in np.sort(best)]
