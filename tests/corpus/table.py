"""The real table that the broken scripts meet, and what the loop knows of it."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
import pandas as pd
from palmerpenguins import load_penguins

from octopus.dataset import Float, Rows
from octopus.frame import Schema
from octopus.records import ColumnProfile, Finding, Level, Profile, TargetProfile

_FEW_LEVELS = 5
#: What texts are of, in this version of pandas: ``str`` since pandas 3, ``object`` before.
TEXT = str(Schema.of(pd.DataFrame({"a": ["b"]})).apply(pd.DataFrame({"a": ["b"]})).dtypes["a"])


@cache
def penguin_table() -> pd.DataFrame:
    """Return 344 penguins: numbers and words with gaps, a number in a text, a date, a name for every row.

    Gorman, Williams & Fraser (2014, doi:10.1371/journal.pone.0090081), CC0, from ``palmerpenguins``. The last three
    columns are made of the others.
    """
    table = load_penguins().drop(columns="species")
    mass = table["body_mass_g"].fillna(4200).astype(int)
    table["mass_text"] = [f"{grams // 1000},{grams % 1000:03d} g" for grams in mass]
    table["seen"] = pd.to_datetime(table["year"].astype(str) + "-11-01") + pd.to_timedelta(np.arange(344) % 40, "D")
    table["ring"] = [f"N{i}A{i % 2 + 1}" for i in range(344)]
    return Schema.of(table).apply(table)


def classes() -> Float:
    """Return the species as class numbers."""
    return np.asarray(load_penguins()["species"].astype("category").cat.codes, dtype=np.float64)


def numbers() -> Float:
    """Return the depth of the bill less 17.5 mm, which is negative for some; 0 where it was not measured."""
    return np.asarray(load_penguins()["bill_depth_mm"].fillna(17.5) - 17.5, dtype=np.float64)


def fitted_rows() -> Rows:
    """Return four fifths of the penguins of two islands; no script has met the third island when it predicts."""
    return np.flatnonzero((penguin_table()["island"] != "Torgersen") & (np.arange(344) % 5 != 0)).astype(np.int64)


def predicted_rows() -> Rows:
    """Return the others."""
    return np.setdiff1d(np.arange(344), fitted_rows()).astype(np.int64)


def penguin_profile() -> Profile:
    """Return what is known of the table."""
    table = penguin_table()
    return Profile(
        n_rows=len(table),
        n_columns=table.shape[1],
        n_sealed=0,
        sealed_reason="an example",
        memory_bytes=int(table.memory_usage(deep=True).sum()),
        columns=tuple(_column(table[name]) for name in table),
        target=TargetProfile(n_missing=0),
    )


def quarantined(profile: Profile, name: str) -> Profile:
    """Return a profile in which a column is quarantined."""
    finding = Finding(
        code="OCT720", columns=(name,), message=f"{name} is the target in another form", evidence="an example",
        confidence="strong", action="quarantined: not used",
    )  # fmt: skip
    columns = tuple(msgspec.structs.replace(c, used=c.used and c.name != name) for c in profile.columns)
    return msgspec.structs.replace(profile, columns=columns, findings=(*profile.findings, finding))


def _column(values: pd.Series) -> ColumnProfile:
    kind = (
        "numeric" if pd.api.types.is_numeric_dtype(values)
        else "datetime" if values.name == "seen"
        else "number_as_text" if values.name == "mass_text"
        else "identifier" if values.name == "ring"
        else "categorical"
    )  # fmt: skip
    counts = values.value_counts() if kind == "categorical" else pd.Series(dtype=int)
    return ColumnProfile(
        name=str(values.name),
        kind=kind,
        dtype=str(values.dtype),
        missing_fraction=float(values.isna().mean()),
        n_unique=values.nunique(),
        used=True,
        levels=tuple(Level(value=str(v), count=int(n)) for v, n in counts.head(_FEW_LEVELS).items()),
    )
