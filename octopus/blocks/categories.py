"""Categories with the levels that were seen in fit."""

from __future__ import annotations

import pandas as pd

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
