"""Free text as numbers that trees can split on: words that many rows share, or topics."""

from __future__ import annotations

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

#: Words of a usual text from which on it is prose, whose length may matter; fewer are a name. Trees that predict where
#: an airport lies from its name (RMSE 4.3 by words alone) followed the lengths of names instead (5.0).
PROSE = 6
#: A word, of one letter too: decks and wards have such names.
WORD = r"(?u)\b\w+\b"


class WordColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Tell texts by the words that most rows share: a column for each word, how often a text has it.

    Parameters
    ----------
    columns : list of str
        Texts.
    n_words : int
        Words per column at most, those that stand most often.
    at_most : int
        Words of all columns together at most.
    min_rows : int
        Rows that a word must be in: a word of one row says nothing about another.
    """

    def __init__(self, columns: list[str], n_words: int = 100, at_most: int = 400, min_rows: int = 3) -> None:
        self.columns, self.n_words, self.at_most, self.min_rows = columns, n_words, at_most, min_rows

    def fit(self, X: pd.DataFrame, y: object = None) -> WordColumns:  # noqa: ARG002
        """Learn the words; X has shape (n_rows, n_columns)."""
        self.words_, self.has_length_ = {}, {}
        n_words = max(1, min(self.n_words, self.at_most // len(self.columns)))
        for name in self.columns:
            texts = texts_of(X[name])
            told = texts[texts != ""]
            is_prose = told.str.count(r"\S+").median() >= PROSE
            most = max(self.min_rows, len(told) - 1)  # a word of every text tells nothing
            try:
                words = CountVectorizer(token_pattern=WORD, min_df=self.min_rows, max_df=most, max_features=n_words)
                found = words.fit(told).vocabulary_
            except ValueError:  # no word is in so many rows
                found = {}
            self.words_[name] = sorted(found)
            self.has_length_[name] = bool(is_prose or not found)
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the words of each column, float32, and the length of prose and of texts that share no word."""
        parts = [pd.DataFrame(index=X.index)]
        for name in self.columns:
            texts = texts_of(X[name])
            if self.has_length_[name]:
                parts.append(texts.str.len().astype("float32").to_frame(f"{name} characters"))
            if words := self.words_[name]:
                counts = (
                    CountVectorizer(token_pattern=WORD, vocabulary=words, dtype="float32").transform(texts).toarray()
                )
                parts.append(pd.DataFrame(counts, index=X.index, columns=[f"{name} word {word}" for word in words]))
        return pd.concat(parts, axis=1)


class Topics(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Put topics in the place of texts: directions in which their weighed words vary most.

    Latent semantic analysis (Deerwester et al., 1990,
    doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9).

    Parameters
    ----------
    columns : list of str
        Texts.
    n_topics : int
        Numbers per column at most.
    max_words : int
        Words per column at most, the most frequent ones.
    random_state : int or None
        Begins the search for the directions.
    """

    def __init__(
        self, columns: list[str], n_topics: int = 16, max_words: int = 5000, random_state: int | None = None
    ) -> None:
        self.columns, self.n_topics, self.max_words, self.random_state = columns, n_topics, max_words, random_state

    def fit(self, X: pd.DataFrame, y: object = None) -> Topics:  # noqa: ARG002
        """Learn words and directions; X has shape (n_rows, n_columns)."""
        self.topics_ = {}
        for name in self.columns:
            texts = texts_of(X[name])
            try:
                words = TfidfVectorizer(min_df=2, max_features=self.max_words, sublinear_tf=True).fit(texts)
            except ValueError:  # no word is there twice
                continue
            n_topics = min(self.n_topics, len(words.vocabulary_) - 1)
            if n_topics > 0:
                directions = TruncatedSVD(n_topics, random_state=self.random_state).fit(words.transform(texts))
                self.topics_[name] = (words, directions)
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the table with lengths and topics in the place of the texts."""
        parts = [X.drop(columns=self.columns)]
        for name in self.columns:
            texts = texts_of(X[name])
            parts.append(texts.str.len().astype("float64").to_frame(f"{name} characters"))
            if name in self.topics_:
                words, directions = self.topics_[name]
                topics = pd.DataFrame(directions.transform(words.transform(texts)), index=X.index)
                parts.append(topics.add_prefix(f"{name} topic "))
        return pd.concat(parts, axis=1)


def texts_of(column: pd.Series) -> pd.Series:
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
