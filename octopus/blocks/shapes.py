"""Columns beside one another: ratios and differences, logarithms of long tails, stretches between dates."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from octopus.blocks.selection import telling_columns

#: A number beyond this is no measurement, and sums or differences of such numbers may not be finite.
LARGEST_NUMBER = 1e150


class Ratios(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Add the ratio and the difference of each pair of the columns that tell most of the target in the rows fitted.

    Parameters
    ----------
    columns : list of str
        Numbers.
    at_most : int
        How many of them are paired: four make six pairs.
    about : str or None
        A column that is paired with each of the others, which are then not paired with one another.
    """

    def __init__(self, columns: list[str], at_most: int = 4, about: str | None = None) -> None:
        self.columns, self.at_most, self.about = columns, at_most, about

    def fit(self, X: pd.DataFrame, y: np.ndarray | None = None) -> Ratios:
        """Choose the columns; X has shape (n_rows, n_columns), y (n_rows,), of no use where none is left out."""
        chosen = telling_columns(X, y, [name for name in self.columns if name != self.about], self.at_most)
        self.pairs_ = list(combinations(chosen, 2)) if self.about is None else [(self.about, name) for name in chosen]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the table with a ratio, bounded between -1 and 1, and a difference for each pair."""
        numbers = {name: finite_numbers(X[name]) for pair in self.pairs_ for name in pair}
        added = {}
        for first, second in self.pairs_:
            a, b = numbers[first], numbers[second]
            size = np.abs(a) + np.abs(b)
            # (a - b) / (|a| + |b|) tells what a / b tells of two positive numbers, and never flies off.
            added[f"{first} against {second}"] = np.divide(a - b, size, out=np.zeros_like(a), where=size != 0)
            added[f"{first} minus {second}"] = a - b
        return pd.concat([X, pd.DataFrame(added, index=X.index)], axis=1)


class SignedLogs(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Put log(1 + |x|), with the sign of x, in the place of columns with long tails.

    Parameters
    ----------
    columns : list of str
        Numbers.
    """

    def __init__(self, columns: list[str]) -> None:
        self.columns = columns

    def fit(self, X: pd.DataFrame, y: object = None) -> SignedLogs:  # noqa: ARG002
        """Learn nothing: a number's logarithm is its own; X has shape (n_rows, n_columns)."""
        self.n_columns_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the table with logarithms in the place of the columns."""
        table = X.copy()
        for name in self.columns:
            numbers = finite_numbers(X[name])
            table[name] = np.sign(numbers) * np.log1p(np.abs(numbers))
        return table


class Stretches(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Add days between dates, days since the first, and months, weekdays and hours as points on a circle.

    Parameters
    ----------
    columns : list of str
        Dates that were split into parts.
    """

    def __init__(self, columns: list[str]) -> None:
        self.columns = columns

    def fit(self, X: pd.DataFrame, y: object = None) -> Stretches:  # noqa: ARG002
        """Learn the first day of each column; X has shape (n_rows, n_columns)."""
        self.first_ = {name: X[f"{name} days"].min() for name in self.columns}
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the table with what was added."""
        added = {}
        for first, second in combinations(self.columns, 2):
            added[f"days from {first} to {second}"] = X[f"{second} days"] - X[f"{first} days"]
        for name in self.columns:
            added[f"{name} days since the first"] = X[f"{name} days"] - self.first_[name]
            for part, period in (("month", 12), ("weekday", 7), ("hour", 24)):
                angle = 2 * np.pi * X[f"{name} {part}"] / period
                added[f"{name} {part} sine"], added[f"{name} {part} cosine"] = np.sin(angle), np.cos(angle)
        return pd.concat([X, pd.DataFrame(added, index=X.index)], axis=1)


def finite_numbers(column: pd.Series) -> np.ndarray:
    """Return a column as numbers whose differences are finite.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Numbers.

    Returns
    -------
    ndarray of shape (n_rows,), float64
        NaN for a gap and for what is beyond 1e150 either way, infinity among it.
    """
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.abs(values) < LARGEST_NUMBER, values, np.nan)
