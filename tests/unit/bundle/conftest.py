"""A small proved model of each kind, made as the sandbox makes them: a script's module, pickled by value."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import msgspec
import numpy as np
import pandas as pd
import pytest

from octopus.bundle.contents import BundleContents, Label
from octopus.bundle.probe import probe_rows
from octopus.bundle.write import write_bundle
from octopus.findings.columns import read_column
from octopus.frame import Schema
from octopus.records import Costs, Script, Task, TaskType
from octopus.testing.examples import example_task

SCRIPT = '''"""Hypothesis: size and colour tell it."""
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import {model}
from sklearn.pipeline import make_pipeline


class Features(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        size = X["size"].fillna(0.0).to_numpy()
        return np.column_stack([size, X["colour"].eq("red"), X["late"].fillna(0), X["day"].isna()]).astype(float)


def build_pipeline():
    return make_pipeline(Features(), {model}())
'''


def raw_table(n_rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(10, 3, n_rows).round(2),
            "colour": rng.choice(["red", "blue", "green"], n_rows),
            "late": rng.random(n_rows) < 0.5,
            "day": pd.date_range("2024-01-01", periods=n_rows),
            "note": [f"note {i}" for i in range(n_rows)],
        }
    )


@dataclass
class Made:
    """A model with the rows to replay and what the pipeline gives for them."""

    contents: BundleContents
    pipeline: Any
    rows: pd.DataFrame
    expected: np.ndarray

    def with_(self, **changes: Any) -> BundleContents:
        return BundleContents(**{**vars(self.contents), **changes})


def make(
    task_type: TaskType = "binary",
    labels: tuple[Label, ...] = ("no", "yes"),
    threshold: float | None = None,
    source: str | None = None,
) -> Made:
    table = raw_table()
    schema = Schema.of(table)
    X = schema.apply(table)
    n_classes = 0 if task_type == "regression" else len(labels)
    y = X["size"] if not n_classes else (X["size"].rank() * n_classes / (len(X) + 1)).astype(int)
    name = "LinearRegression" if not n_classes else "LogisticRegression"
    source = (source or SCRIPT).format(model=name)
    module = ModuleType("script_under_test")
    sys.modules[module.__name__] = module
    exec(source, vars(module))
    pipeline = module.build_pipeline().fit(X, y)
    cloudpickle.register_pickle_by_value(module)
    data = cloudpickle.dumps(pipeline)
    cloudpickle.unregister_pickle_by_value(module)
    del sys.modules[module.__name__]
    task: Task = msgspec.structs.replace(
        example_task(task_type),
        classes=tuple(map(str, labels)) if n_classes else (),
        costs=None if threshold is None else Costs(positive=str(labels[1]), false_negative=5, false_positive=1),
    )
    columns = tuple(read_column(str(column), X[column], None).profile for column in X)
    rows = probe_rows(schema, columns, n_rows=12)
    canonical = schema.apply(rows)
    contents = BundleContents(
        pipeline=data,
        script=Script(source=source, author="playbook"),
        schema=schema,
        task=task,
        labels=labels if n_classes else (),
        threshold=threshold,
        columns=columns,
        optional=("note",),
        fitted_on="all",
        experiment=1,
        model_card="# A card\n",
        report="<p>A page</p>",
    )
    predict = pipeline.predict_proba if n_classes else pipeline.predict
    return Made(contents, pipeline, rows, np.asarray(predict(canonical)))


@pytest.fixture(scope="session")
def made() -> Made:
    return make()


@pytest.fixture(scope="session")
def make_model() -> Callable[..., Made]:
    return make


@pytest.fixture
def bundle(made: Made, tmp_path: Path) -> Path:
    write_bundle(tmp_path / "bundle", made.contents)
    return tmp_path / "bundle"
