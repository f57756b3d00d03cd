"""A script with its last lines runs alone: it reads a file, fits on every row, saves, and the pipeline predicts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from octopus.blocks.standalone import with_main

SOURCE = '''"""Hypothesis: the amount in its type."""
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTree{kind}


class Features(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        out = X[["amount", "paid"]].astype("float64")
        out["zip"] = X["zip"].str.len()
        out["day"] = X["day"].dt.day
        return out


def as_type(X):
    raise AssertionError("the script's own function is not the one that the last lines call")


def build_pipeline():
    return make_pipeline(Features(), DecisionTree{kind}())
'''
TYPES = {"amount": "number", "paid": "boolean", "zip": "text", "day": "datetime"}


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "zip": ["01234", "99", "5", "00007"] * 10,
            "amount": ["1.5", "n/a", "inf", "4"] * 10,
            "paid": ["True", "no", "", "yes"] * 10,
            "day": ["2024-03-01", "2024-03-02", "", "2024-03-09"] * 10,
            "late": ["b", "a", None, "b"] * 10,
            "sum": np.arange(40.0),
        }
    )


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, script.name, *arguments], cwd=script.parent, capture_output=True, text=True, check=False
    )


def typed(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "amount": [1.5, np.nan, np.nan, 4.0] * 10,
            "paid": [1.0, 0.0, np.nan, 1.0] * 10,
            "zip": table["zip"].astype(object),
            "day": pd.to_datetime(table["day"].replace("", None)),
        }
    )


@pytest.mark.parametrize(("target", "kind", "end"), [("late", "Classifier", "csv"), ("sum", "Regressor", "parquet")])
def test_it_fits_saves_and_predicts(table: pd.DataFrame, target: str, kind: str, end: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(with_main(SOURCE.format(kind=kind), TYPES, target, kind == "Classifier"))
    if end == "csv":
        table.to_csv(tmp_path / "data.csv", index=False)
    else:
        table.to_parquet(tmp_path / "data.parquet")
    done = run(tmp_path / "script.py", f"data.{end}", "--output", "model.pkl")
    assert done.returncode == 0, done.stderr
    kept = table[table[target].notna()]
    assert done.stdout == f"fitted on {len(kept)} rows, saved in model.pkl\n"
    with (tmp_path / "model.pkl").open("rb") as file:
        saved = cloudpickle.load(file)
    predicted = saved["pipeline"].predict(typed(table).loc[kept.index])
    if kind == "Classifier":
        assert saved["classes"] == ["a", "b"]
        assert [saved["classes"][i] for i in predicted] == kept[target].tolist()
    else:
        assert len(predicted) == len(kept)


def test_another_target_can_be_named_and_missing_columns_are_said(table: pd.DataFrame, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(with_main(SOURCE.format(kind="Classifier"), TYPES, 'l"ate', is_classification=True))
    table.rename(columns={"zip": "post code"}).to_csv(tmp_path / "data.csv", index=False)
    done = run(script, "data.csv")
    assert done.returncode == 1
    assert "data.csv lacks the columns ['zip', 'l\"ate']" in done.stderr
    table.to_csv(tmp_path / "data.csv", index=False, sep=";")
    assert run(script, "data.csv", "--sep", ";", "--target", "late").returncode == 0


def test_it_does_nothing_where_it_is_imported() -> None:
    namespace: dict[str, object] = {"__name__": "script"}
    exec(with_main(SOURCE.format(kind="Regressor"), TYPES, "sum", is_classification=False), namespace)
    assert "fit_and_save" not in namespace
    assert "argparse" not in namespace
