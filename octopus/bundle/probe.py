"""What is known of the columns → rows to replay with, usual and odd ones; no row of the data is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from octopus.frame import Column, Schema
from octopus.records import ColumnProfile

#: A level that no training table holds.
_UNSEEN = "\u2400 unseen"
#: What stands in columns of which no level is known: words, numbers as text, nothing.
_WORDS = ("a few plain words", "1,240.50", "17", "", "2024-03-01")
_MISSING_SHARE = 0.1


def probe_rows(
    schema: Schema, columns: Sequence[ColumnProfile], n_rows: int = 40, random_state: int = 0
) -> pd.DataFrame:
    """Return raw rows such as a service gets.

    Parameters
    ----------
    schema : Schema
        Columns.
    columns : sequence of ColumnProfile
        What is known of them.
    n_rows : int, default=40
        Usual rows; three more have every text unseen, everything missing, and both mixed with usual values.
    random_state : int, default=0
        Draws the values.

    Returns
    -------
    DataFrame of shape (n_rows + 3, n_columns)
        Of Python's own values, as they come out of JSON; dates as dates.
    """
    rng = np.random.default_rng(random_state)
    profiles = {profile.name: profile for profile in columns}
    table = {column.name: _values(column, profiles.get(column.name), n_rows, rng) for column in schema.columns}
    for position, column in enumerate(schema.columns):
        usual = table[column.name][0]
        unseen = _UNSEEN if column.kind == "text" else usual
        table[column.name] += [unseen, None, None if position % 2 else unseen]
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in table.items()})


def _values(column: Column, profile: ColumnProfile | None, n_rows: int, rng: np.random.Generator) -> list[Any]:
    values = _drawn(column, profile, n_rows, rng)
    missing = rng.random(n_rows) < _MISSING_SHARE
    return [None if gone else value for value, gone in zip(values, missing, strict=True)]


def _drawn(column: Column, profile: ColumnProfile | None, n_rows: int, rng: np.random.Generator) -> list[Any]:
    if column.kind == "boolean":
        drawn: list[Any] = (rng.random(n_rows) < 0.5).tolist()
        return drawn
    if column.kind == "number":
        numeric = None if profile is None else profile.numeric
        low, high = (0.0, 1.0) if numeric is None else (numeric.minimum, numeric.maximum)
        fractions = low + (high - low) * rng.random(n_rows)
        numbers: list[Any] = np.where(rng.random(n_rows) < 0.5, fractions, np.round(fractions)).tolist()
        return numbers
    if column.kind == "datetime" or (profile is not None and profile.latest is not None):
        return _dates(column, profile, n_rows, rng)
    levels = [level.value for level in profile.levels] if profile is not None else []
    return [str(value) for value in rng.choice(np.asarray(levels or _WORDS, dtype=object), n_rows)]


def _dates(column: Column, profile: ColumnProfile | None, n_rows: int, rng: np.random.Generator) -> list[Any]:
    earliest = "2024-01-01" if profile is None or profile.earliest is None else profile.earliest
    latest = "2024-12-31" if profile is None or profile.latest is None else profile.latest
    first, last = pd.Timestamp(earliest).timestamp(), pd.Timestamp(latest).timestamp()
    dates = [pd.Timestamp(round(first + (last - first) * share), unit="s") for share in rng.random(n_rows)]
    return dates if column.kind == "datetime" else [date.date().isoformat() for date in dates]
