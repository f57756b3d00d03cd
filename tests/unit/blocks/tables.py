"""A table as ``Features`` gives it: numbers with gaps, levels, texts and parts of dates."""

from __future__ import annotations

import numpy as np
import pandas as pd

LEVELS = ["a", "b", "c", "(other)"]


def read_table(n_rows: int = 240, seed: int = 0) -> pd.DataFrame:
    """Return a table of every kind of column."""
    rng = np.random.default_rng(seed)
    size = rng.normal(50, 10, n_rows)
    size[::9] = np.nan
    kind = rng.choice(LEVELS[:3], n_rows).astype(object)
    kind[::7] = None
    many = np.array([f"m{i}" for i in range(40)])[rng.integers(0, 40, n_rows)]
    table = pd.DataFrame(
        {
            "size": size,
            "width": rng.gamma(2, 3, n_rows),
            "flag": rng.choice([0.0, 1.0], n_rows).astype("float32"),
            "kind": pd.Categorical(kind, categories=LEVELS),
            "many": pd.Categorical(many),
            "note": pd.Series(rng.choice(["late again", "called twice", "", "paid in time"], n_rows), dtype=object),
        },
        index=rng.permutation(n_rows) + 1000,
    )
    for date in ("sent", "due"):
        moments = pd.Series(pd.date_range("2023-01-01", periods=n_rows, freq="31h")).mask(rng.random(n_rows) < 0.1)
        parts = {"days": (moments - pd.Timestamp(0)) / pd.Timedelta(days=1), "month": moments.dt.month}
        parts |= {"weekday": moments.dt.day_of_week, "hour": moments.dt.hour}
        for part, values in parts.items():
            table[f"{date} {part}"] = values.to_numpy(dtype="float64")
    table.loc[table.index[-1], "note"] = None
    return table


def odd_rows() -> pd.DataFrame:
    """Return three rows as no fit has seen them: infinite, all gaps, all new."""
    odd = read_table(3, seed=9)
    odd.loc[odd.index[0], ["size", "width"]] = [np.inf, -np.inf]
    odd.iloc[1, :3] = np.nan
    odd["kind"] = pd.Categorical([None, "(other)", None], categories=LEVELS)
    odd["many"] = pd.Categorical(["new", None, "newer"])
    odd["note"] = pd.Series([None, "words never seen", "12"], index=odd.index, dtype=object)
    odd.iloc[2, 6:] = np.nan
    return odd


def target(table: pd.DataFrame, n_classes: int = 2, seed: int = 1) -> np.ndarray:
    """Return a target that the size and the kind tell of; numbers where there are no classes."""
    rng = np.random.default_rng(seed)
    signal = table["size"].fillna(50).to_numpy() / 10 + (table["kind"] == "a").to_numpy() * 1.5
    signal = signal + rng.normal(0, 0.7, len(table))
    if not n_classes:
        return np.exp(signal / 3)
    edges = np.quantile(signal, np.arange(1, n_classes) / n_classes)
    return np.digitize(signal, edges).astype(float)
