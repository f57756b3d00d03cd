"""Categories with many levels as means of the target, each row's taken from other rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin


class TargetMeans(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Put the mean of the target in the place of each level, drawn towards the mean of all the less rows it has.

    Micci-Barreca (2001, doi:10.1145/507533.507538); in ``fit_transform`` a row's mean comes from the other parts of
    the rows, for its own target would tell the answer.

    Parameters
    ----------
    columns : list of str
        The categories.
    n_classes : int
        Classes of the target: above 2 each has a column of its own; 0 for a number.
    smoothing : float
        Rows that the mean of all counts for.
    n_parts : int
        Parts of the rows.
    random_state : int or None
        Draws the parts.
    """

    def __init__(
        self,
        columns: list[str],
        n_classes: int = 0,
        smoothing: float = 10.0,
        n_parts: int = 5,
        random_state: int | None = None,
    ) -> None:
        self.columns, self.n_classes, self.smoothing = columns, n_classes, smoothing
        self.n_parts, self.random_state = n_parts, random_state

    def fit(
        self,
        X: pd.DataFrame,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,  # noqa: ARG002  named here so that fit_transform is told
    ) -> TargetMeans:
        """Learn the means of all rows; y and sample_weight have shape (n_rows,)."""
        targets = self._targets(y)
        weight = rows_worth(sample_weight, len(targets))
        self.mean_ = np.average(targets, axis=0, weights=weight)
        self.means_ = {name: level_means(X[name], targets, weight, self.mean_, self.smoothing) for name in self.columns}
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the table with means in the place of the categories; unseen levels have the mean of all."""
        return self._replaced(X, {name: self._looked_up(X[name], self.means_[name]) for name in self.columns})

    def fit_transform(
        self,
        X: pd.DataFrame,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,
    ) -> pd.DataFrame:
        """Fit, and return the table with means of other rows; groups stay in one part."""
        self.fit(X, y, sample_weight)
        targets = self._targets(y)
        weight = rows_worth(sample_weight, len(targets))
        rng = np.random.default_rng(self.random_state)
        _, units = np.unique(np.arange(len(targets)) if groups is None else groups, return_inverse=True)
        part = (rng.permutation(units.max() + 1) % self.n_parts)[units]
        found = {name: np.tile(self.mean_, (len(targets), 1)) for name in self.columns}
        for k in range(self.n_parts):
            held, others = np.flatnonzero(part == k), np.flatnonzero(part != k)
            if not len(held) or not len(others):
                continue
            for name in self.columns:
                # Drawn towards the same mean in every part: that of the others would tell which part a row is in, and
                # so a little of its target.
                means = level_means(X[name].iloc[others], targets[others], weight[others], self.mean_, self.smoothing)
                found[name][held] = self._looked_up(X[name].iloc[held], means)
        return self._replaced(X, found)

    def _targets(self, y: np.ndarray) -> np.ndarray:
        y = np.asarray(y, dtype="float64")
        return (y[:, None] == np.arange(self.n_classes)) * 1.0 if self.n_classes > 2 else y[:, None]

    def _looked_up(self, column: pd.Series, means: pd.DataFrame) -> np.ndarray:
        found = means.reindex(level_names(column)).to_numpy()
        return np.where(np.isnan(found), self.mean_, found)

    def _replaced(self, X: pd.DataFrame, found: dict[str, np.ndarray]) -> pd.DataFrame:
        means = {f"{name} mean {k}": values[:, k] for name, values in found.items() for k in range(values.shape[1])}
        return pd.concat([X.drop(columns=self.columns), pd.DataFrame(means, index=X.index)], axis=1)


def rows_worth(sample_weight: np.ndarray | None, n_rows: int) -> np.ndarray:
    """Return how many rows each row counts for.

    Parameters
    ----------
    sample_weight : ndarray of shape (n_rows,) or None
        Weights of the rows.
    n_rows : int
        How many there are.

    Returns
    -------
    ndarray of shape (n_rows,)
        The weights: a row of weight 2 is the row twice. Where no weight reaches one, such as where they add up to one,
        their ratio to the largest.
    """
    if sample_weight is None:
        return np.ones(n_rows)
    weight = np.asarray(sample_weight, dtype="float64")
    largest = weight.max(initial=0.0)
    return weight / largest if 0 < largest < 1 else weight


def level_means(
    column: pd.Series, targets: np.ndarray, weight: np.ndarray, mean: np.ndarray, smoothing: float
) -> pd.DataFrame:
    """Return the smoothed mean of the targets for each level.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Levels.
    targets : ndarray of shape (n_rows, n_targets)
        What to average.
    weight : ndarray of shape (n_rows,)
        Of the rows.
    mean : ndarray of shape (n_targets,)
        Of all rows.
    smoothing : float
        Rows that it counts for.

    Returns
    -------
    DataFrame of shape (n_levels, n_targets)
        By level.
    """
    levels = level_names(column)
    total = pd.DataFrame(targets * weight[:, None]).groupby(levels).sum()
    count = pd.Series(weight).groupby(levels).sum()
    return (total + smoothing * mean).div(count + smoothing, axis=0)


def level_names(column: pd.Series) -> np.ndarray:
    """Return levels as texts, with a name for missing.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        A category.

    Returns
    -------
    ndarray of shape (n_rows,), object
        Texts.
    """
    values = column.astype(object)
    return values.where(values.notna(), "(missing)").astype(str).to_numpy(dtype=object)
