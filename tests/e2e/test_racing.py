"""Refinements that are out of reach of the best, in a whole run: stopped early, no failure, never shipped."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from octopus import AutonomousRegressor
from octopus.records import Experiment

_QUICK: dict[str, Any] = {
    "families": ["linear"], "sandbox": "process", "tracker": None, "n_jobs": 2, "random_state": 0,
    "max_experiments": 4, "cv": 5,
}  # fmt: skip


def _rows() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 4)), columns=list("abcd"))
    return X, (X["a"] + rng.normal(size=200)).to_numpy()


def _stopped(model: AutonomousRegressor) -> list[Experiment]:
    return [e for e in model.journal_.experiments if e.raced is not None]


def test_what_is_out_of_reach_costs_one_fold_and_never_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("octopus.explore.RACE_MARGIN", -1000.0)  # whatever comes is out of reach
    X, y = _rows()
    model = AutonomousRegressor(time_limit=120, run_dir=tmp_path / "run", **_QUICK).fit(X, y)
    first, *others = model.journal_.experiments
    assert first.is_valid
    assert others == _stopped(model)
    for experiment in others:
        assert experiment.score is None
        assert experiment.raced is not None
        assert len(experiment.raced.folds) == 1
        assert (experiment.outcome.status, experiment.diagnoses) == ("ok", ())
    assert model.best_experiment_.number == first.number
    assert set(model.leaderboard_["verdict"]) == {"", "out of reach"}
    assert "out of reach" in model.report_
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


def test_without_a_time_limit_nothing_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("octopus.explore.RACE_MARGIN", -1000.0)
    X, y = _rows()
    model = AutonomousRegressor(time_limit=None, run_dir=tmp_path / "run", **_QUICK).fit(X, y)
    assert not _stopped(model)


def test_ten_seconds_are_a_hurry(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(1500, 4)), columns=list("abcd"))
    y = X["a"] * X["b"] + rng.normal(size=1500)
    model = AutonomousRegressor(
        sandbox="process", tracker=None, n_jobs=2, random_state=0, time_limit=10, run_dir=tmp_path / "run"
    ).fit(X, y)
    validation = model.journal_.validation
    assert validation is not None
    assert validation.n_splits == 3
    assert "time is short" in validation.reason
    assert model.journal_.experiments[0].plan.family == "gbm", "what is strongest alone comes first"
    assert model.holdout_report_ is not None
    assert [fitted.latency is not None for fitted in model.journal_.fits] == [False, True], "what ships is timed"
