"""What a forest wants of a table: numbers alone, a category as the codes of its levels; and levels as columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

#: Numbers beyond this have no float32, in which forests are grown.
LARGEST = float(np.finfo("float32").max)


class LevelCodes(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Write each category as the codes of its levels; a gap, and a number too large to hold, is NaN."""

    def fit(self, X: pd.DataFrame, y: object = None) -> LevelCodes:  # noqa: ARG002
        """Learn nothing: the levels are in the table; X has shape (n_rows, n_columns)."""
        self.n_columns_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return float32 of shape (n_rows, n_columns)."""
        columns = [X.iloc[:, i] for i in range(X.shape[1])]
        codes = np.empty(X.shape, dtype="float32")
        for i, column in enumerate(columns):
            is_category = isinstance(column.dtype, pd.CategoricalDtype)
            values = column.cat.codes if is_category else column
            numbers = values.to_numpy(dtype="float64", na_value=np.nan)
            if is_category:
                numbers[numbers < 0] = np.nan  # a gap has the code -1
            codes[:, i] = np.where(np.abs(numbers) <= LARGEST, numbers, np.nan)
        return codes


class LevelColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Put a column of zeros and ones for each level in the place of categories with few levels.

    Parameters
    ----------
    columns : list of str
        The categories.
    """

    def __init__(self, columns: list[str]) -> None:
        self.columns = columns

    def fit(self, X: pd.DataFrame, y: object = None) -> LevelColumns:  # noqa: ARG002
        """Learn the levels; X has shape (n_rows, n_columns)."""
        self.levels_ = {name: list(X[name].cat.categories) for name in self.columns}
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the table with the levels in the place of the categories; a gap has none."""
        flags = {f"{c} = {level}": (X[c] == level).astype("float32") for c, ls in self.levels_.items() for level in ls}
        return pd.concat([X.drop(columns=self.columns), pd.DataFrame(flags, index=X.index)], axis=1)
