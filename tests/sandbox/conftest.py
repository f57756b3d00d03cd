"""Tables and jobs for the tests of the sandbox."""

import textwrap

import numpy as np
import pandas as pd
import pytest

from octopus.frame import write_table
from octopus.protocols import Job
from octopus.records import Limits
from octopus.sandbox import levels

N_ROWS = 120
TRAIN = np.arange(0, 80)
VALID = np.arange(80, N_ROWS)


def make_table():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(size=N_ROWS), "b": rng.normal(size=N_ROWS), "c": ["x", "y", "z"] * 40})


@pytest.fixture
def table():
    return make_table()


@pytest.fixture
def features(tmp_path, table):
    path = tmp_path / "features.arrow"
    write_table(table, path)
    return path


IMPORTS = ("pandas", "sklearn.pipeline", "sklearn.linear_model")


@pytest.fixture(
    scope="module",
    params=[*(pytest.param(level, marks=pytest.mark.slow) for level in ("process", "standard")), "strict"],
)
def sandbox(request):
    opened = getattr(levels, f"open_{request.param}")(imports=IMPORTS, environment={"GIVEN": "yes"})
    yield opened
    opened.close()


@pytest.fixture
def make_job(features):
    def make(source=None, *, kind="fold", n_classes=2, y=None, wall_s=60.0, memory_bytes=4 << 30, limits=None, **other):
        fixed = {"wall_s": wall_s, "memory_bytes": memory_bytes, **(limits or {})}
        if kind != "replay":
            other.setdefault("train_rows", TRAIN)
            rows = other["train_rows"]
            other["y"] = (rows % max(n_classes, 2)).astype(float) if y is None else np.asarray(y, dtype=float)
        return Job(
            kind=kind,
            features=features,
            source=None if source is None else textwrap.dedent(source),
            predict_rows=other.pop("predict_rows", VALID),
            n_classes=n_classes,
            random_state=other.pop("random_state", 7),
            limits=Limits(**fixed),
            **other,
        )

    return make


LOGISTIC = """
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    def build_pipeline():
        encode = make_column_transformer((StandardScaler(), ["a", "b"]), (OneHotEncoder(), ["c"]))
        return make_pipeline(encode, LogisticRegression())
"""

#: A script whose ``fit`` runs the lines that a test puts in.
HOSTILE = '''
"""Hypothesis: none."""
import os, signal, subprocess, sys, time
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

OUTPUTS = os.path.join(os.path.dirname(os.getcwd()), "outputs")

def leave_result(array):
    np.save(os.path.join(OUTPUTS, "pred.npy"), array)
    with open(os.path.join(OUTPUTS, "result.json"), "w") as f:
        f.write('{{"kind": "fold", "shape": [40, 2], "estimator": "x"}}')

class Model(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
{body}
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)

    def predict(self, X):
        return np.zeros(len(X))

def build_pipeline():
    return Model()
'''


@pytest.fixture
def hostile():
    def make(body):
        return HOSTILE.format(body=textwrap.indent(textwrap.dedent(body), " " * 8))

    return make


@pytest.fixture
def logistic():
    return LOGISTIC
