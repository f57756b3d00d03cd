"""A replay finds the pipelines that predict differently elsewhere, or not at all."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from octopus.dataset import Float
from octopus.frame import Schema, read_table
from octopus.protocols import Job, JobResult
from octopus.records import Failure, Limits, Outcome, ReplayCheck, Task, TaskType
from octopus.stages.replay import predict_rows, replay_model
from octopus.testing.examples import example_task
from tests.frames import mixed_frame, multiclass_frame, regression_frame

LIMITS = Limits(wall_s=60.0, memory_bytes=1 << 30)


class _InProcess:
    """A sandbox without walls: what it loads was made by this file."""

    level = "process"

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.tables: list[pd.DataFrame] = []

    def run(self, job: Job) -> JobResult:
        self.jobs.append(job)
        table = read_table(job.features)
        self.tables.append(table)
        assert job.model is not None
        model = pickle.loads(job.model)
        rows = table.iloc[job.predict_rows]
        try:
            predictions = model.predict_proba(rows) if job.n_classes else model.predict(rows)
        except (ValueError, KeyError) as error:
            failure = Failure(type=type(error).__name__, message=str(error))
            return JobResult(outcome=Outcome(status="error", stage="predict", failure=failure))
        return JobResult(outcome=Outcome(status="ok", stage="done"), predictions=predictions)

    def close(self) -> None:
        """Nothing is kept."""


class _Unusual(ClassifierMixin, BaseEstimator):
    """A classifier that does something to its rows before it predicts them."""

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> _Unusual:
        self.model_ = make_pipeline(StandardScaler(), LogisticRegression()).fit(X.to_numpy(), y)
        self.classes_ = self.model_.classes_
        return self


class _ByPosition(_Unusual):
    def predict_proba(self, X: pd.DataFrame) -> Float:
        return self.model_.predict_proba(X.fillna(0.0).to_numpy())


class _ByBatch(_Unusual):
    def predict_proba(self, X: pd.DataFrame) -> Float:
        in_order = X[sorted(X, key=list(multiclass_frame()[0]).index)].fillna(0.0)
        usual = self.model_[0].mean_
        return self.model_.predict_proba((in_order - in_order.mean()).to_numpy() + usual)


def _penguins(handle_unknown: str) -> tuple[Pipeline, pd.DataFrame]:
    X, y = mixed_frame()
    table = Schema.of(X).apply(X)
    numbers = table.select_dtypes("number").columns.tolist()
    words = [name for name in table if name not in numbers]
    prepared = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown=handle_unknown, sparse_output=False), words),
    )
    return make_pipeline(prepared, LogisticRegression()).fit(table, y), table.iloc[::7].reset_index(drop=True)


def _replay(
    model: BaseEstimator, probe: pd.DataFrame, expected: Float, workspace: Path, task_type: TaskType = "multiclass"
) -> tuple[ReplayCheck, ReplayCheck, ReplayCheck, _InProcess]:
    sandbox = _InProcess()
    task = example_task(task_type)
    shuffled, single, odd = replay_model(pickle.dumps(model), probe, expected, task, workspace, sandbox, LIMITS)
    return shuffled, single, odd, sandbox


def test_a_sound_pipeline_passes_every_check(tmp_path: Path) -> None:
    model, probe = _penguins("ignore")
    *checks, _ = _replay(model, probe, model.predict_proba(probe), tmp_path)
    assert [check.passed for check in checks] == [True, True, True]
    assert len({check.name for check in checks}) == 3


def test_a_sound_regression_passes_every_check(tmp_path: Path) -> None:
    X, y = regression_frame()
    model = make_pipeline(SimpleImputer(keep_empty_features=True), LinearRegression()).fit(X, y)
    named = make_pipeline(make_column_transformer((model[0], list(X))), LinearRegression()).fit(X, y)
    *checks, _ = _replay(named, X.head(20), named.predict(X.head(20)), tmp_path, "regression")
    assert [check.passed for check in checks] == [True, True, True]


def test_a_pipeline_that_reads_columns_by_position_is_found(tmp_path: Path) -> None:
    X, y = multiclass_frame()
    model = _ByPosition().fit(X, y)
    shuffled, single, odd, sandbox = _replay(model, X.head(30), model.predict_proba(X.head(30)), tmp_path)
    assert (shuffled.passed, single.passed, odd.passed) == (False, True, True)
    assert "largest difference" in shuffled.detail
    assert list(sandbox.tables[0]) != list(X)
    assert sorted(sandbox.tables[0]) == sorted(X)


def test_a_pipeline_that_looks_at_the_other_rows_is_found(tmp_path: Path) -> None:
    X, y = multiclass_frame()
    model = _ByBatch().fit(X, y)
    shuffled, single, odd, sandbox = _replay(model, X.head(30), model.predict_proba(X.head(30)), tmp_path)
    assert (shuffled.passed, single.passed, odd.passed) == (True, False, True)
    assert len(sandbox.tables[1]) == 1


def test_a_pipeline_that_stumbles_over_an_unseen_category_is_found(tmp_path: Path) -> None:
    model, probe = _penguins("error")
    shuffled, single, odd, _ = _replay(model, probe, model.predict_proba(probe), tmp_path)
    assert (shuffled.passed, single.passed, odd.passed) == (True, True, False)
    assert "error in predict: ValueError: Found unknown categories" in odd.detail


@pytest.mark.parametrize(("error", "passed"), [(1e-12, True), (1e-3, False)])
def test_predictions_must_be_those_of_the_fitting_child(error: float, passed: bool, tmp_path: Path) -> None:
    model, probe = _penguins("ignore")
    shuffled, single, odd, _ = _replay(model, probe, model.predict_proba(probe) + error, tmp_path)
    assert (shuffled.passed, single.passed, odd.passed) == (passed, passed, True)


def test_the_rows_of_real_life_are_unseen_and_missing(tmp_path: Path) -> None:
    X, y = mixed_frame()
    X = X.assign(seen=pd.Timestamp("2008-11-06"))
    table = Schema.of(X).apply(X)
    numbers = make_column_transformer((SimpleImputer(), ["body_mass_g"]))
    model = make_pipeline(numbers, LogisticRegression()).fit(table, y)
    *_, sandbox = _replay(model, table, model.predict_proba(table), tmp_path)
    odd = sandbox.tables[2]
    pd.testing.assert_series_equal(odd.dtypes, table.dtypes)
    assert not set(odd.loc[0, ["island", "sex"]]) & (set(table["island"]) | set(table["sex"]))
    assert odd.loc[0, "body_mass_g"] == table.loc[0, "body_mass_g"]
    assert odd.loc[0, "seen"] == pd.Timestamp("2008-11-06")
    assert odd.loc[1].isna().all()
    assert 0 < odd.loc[2].isna().sum() < odd.shape[1]


def test_a_replay_holds_nothing_but_model_and_rows(tmp_path: Path) -> None:
    model, probe = _penguins("ignore")
    *_, sandbox = _replay(model, probe, model.predict_proba(probe), tmp_path)
    for job in sandbox.jobs:
        assert (job.kind, job.source, job.limits) == ("replay", None, LIMITS)
        assert (job.train_rows, job.y, job.sample_weight, job.groups, job.time) == (None,) * 5
    assert not list(tmp_path.iterdir()), "the tables are gone"


def test_every_row_is_predicted(tmp_path: Path) -> None:
    model, probe = _penguins("ignore")
    task: Task = example_task("multiclass")
    result = predict_rows(pickle.dumps(model), probe, task, tmp_path, _InProcess(), LIMITS)
    np.testing.assert_allclose(result.predictions, model.predict_proba(probe))


class _Refuses(_InProcess):
    def run(self, job: Job) -> JobResult:
        assert job.features.exists()
        raise KeyboardInterrupt


def test_an_interrupted_replay_leaves_no_table_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        predict_rows(b"", multiclass_frame()[0], example_task("multiclass"), tmp_path, _Refuses(), LIMITS)
    assert not list(tmp_path.iterdir())
