"""A table of numbers, categories and texts as the matrix that a linear model wants."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import OneHotEncoder, StandardScaler


class Indicators(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Scale numbers with their gaps filled by the mean and marked, one-hot categories, weigh the words of texts.

    Parameters
    ----------
    min_count : int
        Levels with fewer rows share one column; unseen levels join them. Five is the least count that the usual
        approximations for frequencies ask for (Cochran, 1954, doi:10.2307/3001616).
    max_levels : int
        Columns per category at most; the rarest levels share one.
    max_words : int
        Words per text column at most.
    """

    def __init__(self, min_count: int = 5, max_levels: int = 100, max_words: int = 2000) -> None:
        self.min_count, self.max_levels, self.max_words = min_count, max_levels, max_words

    def fit(self, X: pd.DataFrame, y: object = None, sample_weight: np.ndarray | None = None) -> Indicators:  # noqa: ARG002
        """Learn scales, gaps, levels and words; X has shape (n_rows, n_columns), sample_weight (n_rows,)."""
        kinds = [column_kind(dtype) for dtype in X.dtypes]
        self.numbers_, self.categories_, self.texts_ = (
            [i for i, kind in enumerate(kinds) if kind == wanted] for wanted in ("number", "category", "text")
        )
        if self.numbers_:
            numbers = finite(X.iloc[:, self.numbers_])
            self.gaps_ = np.flatnonzero(np.isnan(numbers).any(axis=0))
            numbers[:, np.isnan(numbers).all(axis=0)] = 0.0
            self.scale_ = StandardScaler().fit(numbers, sample_weight=sample_weight)
        self.encode_ = OneHotEncoder(
            min_frequency=self.min_count, max_categories=self.max_levels, handle_unknown="infrequent_if_exist"
        )
        if self.categories_:
            self.encode_.fit(named_levels(X.iloc[:, self.categories_]))
        self.weigh_ = {i: word_weights(X.iloc[:, i], self.max_words) for i in self.texts_}
        # The share of stored values below which scikit-learn's ColumnTransformer keeps a matrix sparse.
        filled = sparse.hstack([sparse.csr_matrix(part) for part in self._parts(X.iloc[:200])])
        self.dense_ = filled.nnz >= 0.3 * max(1, np.prod(filled.shape))
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray | sparse.csr_matrix:
        """Return the matrix of shape (n_rows, n_outputs), dense where few values are zero."""
        parts = self._parts(X)
        if self.dense_:
            return np.hstack([dense(part) for part in parts])
        return sparse.hstack([sparse.csr_matrix(part) for part in parts], format="csr")

    def _parts(self, X: pd.DataFrame) -> list[np.ndarray | sparse.csr_matrix]:
        parts = []
        if self.numbers_:
            numbers = finite(X.iloc[:, self.numbers_])
            parts.append(np.nan_to_num(self.scale_.transform(numbers)))  # a gap is filled with the mean, now zero
            parts.append(np.isnan(numbers[:, self.gaps_]) * 1.0)
        if self.categories_:
            parts.append(self.encode_.transform(named_levels(X.iloc[:, self.categories_])))
        for i, weigh in self.weigh_.items():
            parts.append(weigh.transform(plain_text(X.iloc[:, i])))
        return parts


def dense(matrix: sparse.csr_matrix) -> np.ndarray:
    """Return a matrix without its sparse form.

    Parameters
    ----------
    matrix : ndarray or sparse matrix of shape (n_rows, n_columns)
        The matrix.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
        The same values.
    """
    return np.asarray(matrix.toarray() if sparse.issparse(matrix) else matrix)


def column_kind(dtype: np.dtype | pd.api.extensions.ExtensionDtype) -> str:
    """Return "number", "category" or "text".

    Parameters
    ----------
    dtype : dtype
        Of a column.

    Returns
    -------
    str
        How the column is treated.
    """
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    return "number" if pd.api.types.is_numeric_dtype(dtype) else "text"


def finite(numbers: pd.DataFrame) -> np.ndarray:
    """Return numbers as float64 with NaN for infinities.

    Parameters
    ----------
    numbers : DataFrame of shape (n_rows, n_columns)
        Numbers of any type.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
        The same, finite or NaN.
    """
    values = numbers.to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def named_levels(categories: pd.DataFrame) -> np.ndarray:
    """Return levels as texts, with a name for missing.

    Parameters
    ----------
    categories : DataFrame of shape (n_rows, n_columns)
        Categoricals.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), object
        Texts.
    """
    values = categories.astype(object)
    return values.where(values.notna(), "(missing)").astype(str).to_numpy(dtype=object)


def plain_text(column: pd.Series) -> pd.Series:
    """Return a column as texts, empty where missing.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Texts.

    Returns
    -------
    Series of shape (n_rows,)
        Texts without gaps.
    """
    return column.astype(object).where(column.notna(), "").astype(str)


def word_weights(column: pd.Series, max_words: int) -> TfidfVectorizer:
    """Learn the weights of the words in a column.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Texts.
    max_words : int
        Words to keep, the most frequent ones.

    Returns
    -------
    TfidfVectorizer
        Fitted; with one idle word where the texts hold none twice.
    """
    texts = plain_text(column)
    try:
        return TfidfVectorizer(min_df=2, max_features=max_words, sublinear_tf=True).fit(texts)
    except ValueError:
        return TfidfVectorizer().fit(["nothing"])
