"""Categories with the levels that were seen in fit, and free text as counts."""

from __future__ import annotations

import pandas as pd
from sklearn.feature_extraction.text import HashingVectorizer

#: Level of values that have none of their own: rare in fit, or unseen.
OTHER = "(other)"


def seen_levels(column: pd.Series, at_least: int = 2) -> list[object]:
    """Return the levels of a column, sorted.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Texts or numbers.
    at_least : int
        Rows that a level must have: one row says nothing about its level.

    Returns
    -------
    list
        Levels, missing values not among them.
    """
    counts = column.value_counts()
    return sorted(counts.index[counts >= at_least].tolist())


def one_spelling(column: pd.Series) -> pd.Series:
    """Write labels that differ in case and blanks alone in one way.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Texts.

    Returns
    -------
    Series of shape (n_rows,), object
        Lower case, single blanks; missing stays missing.
    """
    return column.map(lambda label: " ".join(str(label).casefold().split()), na_action="ignore").astype(object)


def as_levels(column: pd.Series, levels: list[object]) -> pd.Series:
    """Return a column as a categorical with these levels and one for any other value.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Texts or numbers.
    levels : list
        The levels, as :func:`seen_levels` gives them.

    Returns
    -------
    Series of shape (n_rows,), category
        With the same index and name; missing stays missing.
    """
    values = column.astype(object)
    known = values.where(column.isin(levels) | column.isna(), OTHER)
    categories = list(dict.fromkeys([*levels, OTHER]))
    return pd.Series(pd.Categorical(known, categories=categories), index=column.index, name=column.name)


def word_counts(column: pd.Series, n_hashes: int = 32) -> pd.DataFrame:
    """Count characters, words, and words by hash.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Free text.
    n_hashes : int
        Columns that words fall into.

    Returns
    -------
    DataFrame of shape (n_rows, 2 + n_hashes), float32
        Zeros for a missing text.
    """
    text = column.astype(object).where(column.notna(), "").astype(str)
    hashed = HashingVectorizer(n_features=n_hashes, alternate_sign=False, norm=None).transform(text).toarray()
    counts = pd.DataFrame(hashed, index=column.index).add_prefix(f"{column.name} word ")
    counts.insert(0, f"{column.name} characters", text.str.len())
    counts.insert(1, f"{column.name} words", text.str.count(r"\S+"))
    return counts.astype("float32")
