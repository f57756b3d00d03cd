"""The user's present model in a whole run, and intervals from what a run kept."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.dummy import DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from octopus import AutonomousClassifier, AutonomousRegressor
from octopus.errors import InvalidParameter
from octopus.incumbent import is_incumbent
from octopus.journal import FILENAME
from octopus.reporting.card import model_card
from tests.frames import multiclass_frame, regression_frame

_QUICK: dict[str, Any] = {
    "families": ["linear"], "sandbox": "process", "tracker": None, "max_experiments": 2, "cv": 3, "n_jobs": 1,
    "random_state": 0, "time_limit": None,
}  # fmt: skip


class Breaks(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A model that never fits."""

    def fit(self, X: Any, y: Any) -> Breaks:
        raise ValueError("the present model is broken")

    def predict(self, X: Any) -> Any:
        return np.zeros(len(X))


def test_a_present_model_takes_part_and_stands_beside_the_winner(tmp_path: Path) -> None:
    X, y = regression_frame()
    model = AutonomousRegressor(incumbent=DummyRegressor(), run_dir=tmp_path / "run", **_QUICK).fit(X, y)
    first, second = model.journal_.experiments
    assert is_incumbent(first)
    assert first.is_valid
    assert model.best_experiment_.number == second.number
    assert model.holdout_report_ is not None
    rival = {one.name: one for one in model.holdout_report_.baselines}["incumbent"]
    assert rival.difference_low > 0
    assert "It beats the present model" in model.report_
    assert "incumbent" in model_card(model.journal_)
    clone(pickle.loads(pickle.dumps(model)))


def test_one_that_wins_ships_and_predicts_labels(tmp_path: Path) -> None:
    X, y = multiclass_frame()
    present = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    options = {**_QUICK, "max_experiments": 1, "holdout": 0.35}
    model = AutonomousClassifier(incumbent=present, run_dir=tmp_path / "run", **options).fit(X, y)
    assert is_incumbent(model.best_experiment_)
    assert set(model.predict(X[:20])) <= set(y)
    assert "the present model itself" in model.report_
    assert not hasattr(model, "predict_interval")


def test_a_run_carried_on_does_not_score_it_twice(tmp_path: Path) -> None:
    X, y = regression_frame()
    present = make_pipeline(SimpleImputer(), Ridge())
    options = {**_QUICK, "incumbent": present, "run_dir": tmp_path / "run"}
    AutonomousRegressor(**options).fit(X, y)
    journal = tmp_path / "run" / FILENAME
    lines = journal.read_text().splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if '"experiment"' in line[:200] and '"outcome"' in line)
    journal.write_text("".join(lines[: first + 1]))  # as where it was killed after the first experiment
    again = AutonomousRegressor(warm_start=True, **options).fit(X, y)
    assert [is_incumbent(one) for one in again.journal_.experiments] == [True, False]


def test_one_that_fails_is_an_outcome(tmp_path: Path) -> None:
    X, y = regression_frame()
    model = AutonomousRegressor(incumbent=Breaks(), run_dir=tmp_path / "run", **_QUICK).fit(X, y)
    first = model.journal_.experiments[0]
    assert first.score is None
    assert first.diagnoses
    assert "The present model failed" in model.report_


def test_intervals_come_from_the_predictions_of_the_run(tmp_path: Path) -> None:
    X, y = regression_frame()
    present = make_pipeline(SimpleImputer(), Ridge())
    options = {**_QUICK, "max_experiments": 1}
    model = AutonomousRegressor(incumbent=present, run_dir=tmp_path / "run", **options).fit(X, y)
    kept = pickle.loads(pickle.dumps(model))
    shutil.rmtree(tmp_path / "run")
    intervals = kept.predict_interval(X, [0.8, 0.9])
    assert intervals.shape == (len(X), 2, 2)
    assert 0.85 < np.mean((intervals[:, 0, 1] <= y) & (y <= intervals[:, 1, 1])) < 0.97
    assert set(kept.interval_coverage_) == {"0.8", "0.9", "0.95"}
    with pytest.raises(InvalidParameter, match="no share"):
        kept.predict_interval(X, 90)
