"""A script that runs by itself: read a table from a file, fit the pipeline on every row, save it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping

import cloudpickle
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

#: How files write what is true and what is false.
TRUTH = {"true": 1.0, "yes": 1.0, "y": 1.0, "t": 1.0, "1": 1.0, "1.0": 1.0,
         "false": 0.0, "no": 0.0, "n": 0.0, "f": 0.0, "0": 0.0, "0.0": 0.0}  # fmt: skip


def fit_and_save(
    build_pipeline: Callable[[], BaseEstimator], types: Mapping[str, str], target: str, is_classification: bool
) -> None:
    """Fit the pipeline on the table that the command line names, and save it.

    Parameters
    ----------
    build_pipeline : callable
        Returns the unfitted pipeline.
    types : mapping of str to str
        What each column holds: number, boolean, datetime or text.
    target : str
        Column to predict, where the command line names no other.
    is_classification : bool
        Whether the target holds classes.
    """
    parser = argparse.ArgumentParser(description="Fit this pipeline on every row of a table and save it.")
    parser.add_argument("data", help="CSV or Parquet file with the target among its columns")
    parser.add_argument("--target", default=target, help="column to predict (default: %(default)s)")
    parser.add_argument("--sep", default=",", help="what separates the columns of a CSV file")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything that is drawn")
    parser.add_argument("--output", default="pipeline.pkl", help="where to save it (default: %(default)s)")
    asked = parser.parse_args()
    table = read_rows(asked.data, types, asked.target, asked.sep)
    X = pd.DataFrame({name: as_type(table[name], kind) for name, kind in types.items()})
    if is_classification:
        y, classes = pd.factorize(table[asked.target], sort=True)
    else:
        y, classes = pd.to_numeric(table[asked.target]).to_numpy(dtype="float64"), []
    pipeline = build_pipeline()
    seeds = [name for name in pipeline.get_params() if name.rpartition("__")[2] == "random_state"]
    pipeline.set_params(**dict.fromkeys(seeds, asked.seed)).fit(X, y)
    with open(asked.output, "wb") as file:  # noqa: PTH123  a script opens its files in the plainest way
        cloudpickle.dump({"pipeline": pipeline, "classes": list(classes)}, file)
    print(f"fitted on {len(X)} rows, saved in {asked.output}")  # noqa: T201  the script's one line of output


def read_rows(path: str, types: Mapping[str, str], target: str, sep: str) -> pd.DataFrame:
    """Read the rows that have a target; end with a message where columns are missing.

    Parameters
    ----------
    path : str
        CSV or Parquet file.
    types : mapping of str to str
        Columns that are needed; those that hold text are not read as numbers.
    target : str
        Column to predict.
    sep : str
        What separates the columns of a CSV file.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        With index 0 … n_rows - 1.
    """
    texts = {name: str for name, kind in types.items() if kind == "text"}
    is_parquet = path.lower().endswith((".parquet", ".pq"))
    table = pd.read_parquet(path) if is_parquet else pd.read_csv(path, sep=sep, dtype=texts)
    if missing := [name for name in [*types, target] if name not in table.columns]:
        sys.exit(f"{path} lacks the columns {missing}: give a table like the one this script was written for, or --sep")
    return table[table[target].notna()].reset_index(drop=True)


def as_type(column: pd.Series, kind: str) -> pd.Series:
    """Return a column in the type that the pipeline was written for.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        As it was read.
    kind : str
        What it holds: number, boolean, datetime or text.

    Returns
    -------
    Series of shape (n_rows,)
        float64, datetime64 or texts; what cannot be read is missing.
    """
    if kind == "number":
        return pd.to_numeric(column, errors="coerce").astype("float64").replace([np.inf, -np.inf], np.nan)
    if kind == "boolean":
        return column.map(lambda value: TRUTH.get(str(value).strip().lower())).astype("float64")
    if kind == "datetime":
        return pd.to_datetime(column, errors="coerce", utc=True).dt.tz_localize(None)
    return column.astype(object).where(column.notna(), np.nan)
