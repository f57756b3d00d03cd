"""What a linear model wants of a table: scaled numbers, one-hot categories, weighed words.

Each block takes the columns of its type out of the table and returns a matrix; scikit-learn's union puts them side by
side.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler

from octopus.blocks.means import rows_worth

#: Share of values other than zero from which on a matrix is kept dense: that of scikit-learn's ColumnTransformer.
DENSE_FROM = 0.3
#: Values up to which a matrix is kept dense all the same: 80 MB, and solvers are exact on dense matrices.
DENSE_VALUES = 10_000_000


class ScaledNumbers(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Scale numbers to mean 0 and deviation 1, fill their gaps with the mean and mark them."""

    def fit(self, X: pd.DataFrame, y: object = None, sample_weight: np.ndarray | None = None) -> ScaledNumbers:  # noqa: ARG002
        """Learn scales and where gaps are; X has shape (n_rows, n_columns), sample_weight (n_rows,)."""
        numbers = finite(X)
        self.gaps_ = np.flatnonzero(np.isnan(numbers).any(axis=0))
        numbers[:, np.isnan(numbers).all(axis=0)] = 0.0
        self.scale_ = StandardScaler().fit(numbers, sample_weight=sample_weight) if numbers.shape[1] else None
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return numbers and marks of gaps, shape (n_rows, n_numbers + n_columns_with_gaps)."""
        numbers = finite(X)
        if self.scale_ is None:
            return numbers
        filled = np.nan_to_num(self.scale_.transform(numbers))  # a gap is filled with the mean, now zero
        return np.hstack([filled, np.isnan(numbers[:, self.gaps_])])


class OneHotLevels(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """One column for each level of each category, and one for the rare, the unseen and the missing together.

    Parameters
    ----------
    min_count : float
        Levels with less weight (rows, where they weigh one) share a column. Five is the least count that the usual
        approximations for frequencies ask for (Cochran, 1954, doi:10.2307/3001616).
    max_levels : int
        Columns per category at most; the rarest levels share one.
    """

    def __init__(self, min_count: float = 5, max_levels: int = 100) -> None:
        self.min_count, self.max_levels = min_count, max_levels

    def fit(self, X: pd.DataFrame, y: object = None, sample_weight: np.ndarray | None = None) -> OneHotLevels:  # noqa: ARG002
        """Learn levels; X has shape (n_rows, n_columns), sample_weight (n_rows,)."""
        categories = named_levels(X)
        weight = pd.Series(rows_worth(sample_weight, len(categories)), index=categories.index)
        self.levels_ = []
        for column in (categories[i] for i in categories):
            counts = weight.groupby(column).sum()
            counts = counts[counts >= self.min_count].sort_index().sort_values(ascending=False, kind="stable")
            self.levels_.append(pd.Index(sorted(counts.index[: self.max_levels])))
        n_columns = sum(len(levels) + 1 for levels in self.levels_)
        share = len(self.levels_) / max(1, n_columns)
        self.dense_ = share >= DENSE_FROM or (n_columns < self.max_levels and len(X) * n_columns <= DENSE_VALUES)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray | sparse.csr_matrix:
        """Return zeros and ones of shape (n_rows, n_levels), dense where few or where there is room."""
        categories = named_levels(X)
        places, n_columns = [], 0
        for levels, (_, column) in zip(self.levels_, categories.items(), strict=True):
            found = levels.get_indexer(column)
            places.append(n_columns + np.where(found < 0, len(levels), found))
            n_columns += len(levels) + 1
        rows = np.tile(np.arange(len(X)), len(places))
        ones = sparse.csr_matrix((np.ones(len(rows)), (rows, np.concatenate([[], *places]))), shape=(len(X), n_columns))
        return ones.toarray() if self.dense_ else ones


class WeighedWords(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Words of texts, weighed by how rare they are (tf-idf).

    Parameters
    ----------
    max_words : int
        Words per text column at most, the most frequent ones.
    """

    def __init__(self, max_words: int = 2000) -> None:
        self.max_words = max_words

    def fit(self, X: pd.DataFrame, y: object = None) -> WeighedWords:  # noqa: ARG002
        """Learn words; X has shape (n_rows, n_columns)."""
        self.weights_ = [word_weights(texts, self.max_words) for texts in plain_texts(X)]
        return self

    def transform(self, X: pd.DataFrame) -> sparse.csr_matrix:
        """Return weights of shape (n_rows, n_words)."""
        texts = plain_texts(X)
        return sparse.hstack([w.transform(t) for w, t in zip(self.weights_, texts, strict=True)], format="csr")


def finite(X: pd.DataFrame) -> np.ndarray:
    """Return the columns of numbers as float64 with NaN for infinities.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        A table.

    Returns
    -------
    ndarray of shape (n_rows, n_numbers)
        Finite or NaN.
    """
    values = X.select_dtypes(["number", "bool"]).to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def named_levels(X: pd.DataFrame) -> pd.DataFrame:
    """Return the categorical columns as texts, with a name for missing.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        A table.

    Returns
    -------
    DataFrame of shape (n_rows, n_categories), object
        Texts; columns are named by their position.
    """
    categories = X.select_dtypes("category").astype(object)
    named = categories.where(categories.notna(), "(missing)").astype(str).astype(object)
    return named.set_axis(range(named.shape[1]), axis=1).reset_index(drop=True)


def plain_texts(X: pd.DataFrame) -> list[pd.Series]:
    """Return the columns of texts, empty where missing.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        A table.

    Returns
    -------
    list of Series of shape (n_rows,)
        Texts without gaps.
    """
    texts = X.select_dtypes(exclude=["number", "bool", "category"])
    return [
        texts.iloc[:, i].astype(object).where(texts.iloc[:, i].notna(), "").astype(str) for i in range(texts.shape[1])
    ]


def word_weights(texts: pd.Series, max_words: int) -> TfidfVectorizer:
    """Learn the weights of the words in texts.

    Parameters
    ----------
    texts : Series of shape (n_rows,)
        Texts without gaps.
    max_words : int
        Words to keep, the most frequent ones.

    Returns
    -------
    TfidfVectorizer
        Fitted; with one idle word where the texts hold none twice.
    """
    try:
        return TfidfVectorizer(min_df=2, max_features=max_words, sublinear_tf=True).fit(texts)
    except ValueError:
        return TfidfVectorizer().fit(["nothing"])
