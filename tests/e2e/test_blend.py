"""A blend from the search to what ships: proved, pickled, exported, and read back."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import octopus
from octopus import AutonomousClassifier, AutonomousRegressor, read_journal
from octopus.records import Experiment, NotBlended
from octopus.reporting.card import model_card

_QUICK: dict[str, Any] = {
    "families": ["linear", "forest"], "sandbox": "process", "tracker": None, "cv": 3, "n_jobs": 2, "random_state": 0,
    "time_limit": None,
}  # fmt: skip


def _both(n_rows: int = 500) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows whose answer is half a line and half a corner: a job for two kinds of models."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n_rows, 8)), columns=list("abcdefgh"))
    corner = np.where((X["a"] > 0) & (X["b"] > 0), 3.0, 0.0)
    return X, (0.5 * X.sum(axis=1) + corner + rng.normal(scale=0.3, size=n_rows)).to_numpy()


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> AutonomousRegressor:
    X, y = _both()
    return AutonomousRegressor(run_dir=tmp_path_factory.mktemp("blend") / "run", **_QUICK).fit(X, y)


def _blend(model: Any) -> Experiment:
    last: Experiment = model.journal_.experiments[-1]
    assert last.decision.action == "blend", [e.plan.idea for e in model.journal_.experiments]
    return last


def test_what_is_better_together_wins_and_is_proved(fitted: AutonomousRegressor) -> None:
    blend = _blend(fitted)
    alone = max(e.score.mean for e in fitted.journal_.experiments[:-1] if e.score)
    assert blend.score is not None
    assert blend.score.mean > alone
    assert fitted.best_experiment_.number == blend.number
    assert {e.plan.family for e in fitted.journal_.experiments for m in blend.members if m.number == e.number} == {
        "linear",
        "forest",
    }
    proof = fitted.holdout_report_
    assert proof is not None
    assert proof.ci_low is not None
    assert proof.ci_high is not None
    error = math.hypot(blend.score.standard_error or 0.0, (proof.ci_high - proof.ci_low) / 3.92)  # 95 %
    assert abs(proof.score - blend.score.mean) < 4 * error
    assert fitted.interval_coverage_


def test_what_ships_is_the_average_of_its_members(fitted: AutonomousRegressor) -> None:
    X, _ = _both()
    blend = _blend(fitted)
    told = [member.predict(X) for member in fitted._pipeline.members_]
    weights = [member.weight for member in blend.members]
    np.testing.assert_allclose(fitted.predict(X), np.average(told, axis=0, weights=weights))
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    np.testing.assert_allclose(fitted.predict(X.iloc[[7]]), fitted.predict(X)[[7]])


def test_it_reads_as_what_it_is(fitted: AutonomousRegressor, tmp_path: Path) -> None:
    blend = _blend(fitted)
    n_members = len(blend.members)
    assert f"a blend of {n_members} models" in fitted.report_.lower()
    assert blend.plan.idea in model_card(fitted.journal_)
    board = fitted.leaderboard_
    assert board.iloc[0]["family"] == "blend"
    compile(blend.script.source, "blend", "exec")
    assert blend.script.source.count("class ") < 40


@pytest.mark.slow
def test_its_bundle_answers_as_it_does(fitted: AutonomousRegressor, tmp_path: Path) -> None:
    X, _ = _both()
    fitted.export(tmp_path / "bundle")
    loaded = octopus.load(tmp_path / "bundle")
    np.testing.assert_allclose(loaded.predict(X), fitted.predict(X))


def test_the_script_of_a_blend_starts_alone(fitted: AutonomousRegressor) -> None:
    """What the report shows can be run by whoever reads it: no part of the library is needed."""
    X, y = _both()
    scope: dict[str, Any] = {"__name__": "blend"}
    source = _blend(fitted).script.source
    assert "octopus" not in source.split('"""')[2]
    exec(compile(source, "blend", "exec"), scope)
    pipeline = scope["build_pipeline"]().fit(X, y)
    assert np.corrcoef(pipeline.predict(X), y)[0, 1] > 0.8


@pytest.mark.slow
def test_classes_are_blended_by_their_probabilities(tmp_path: Path) -> None:
    X, y = _both(800)
    labels = np.where(y > np.median(y), "high", "low")
    model = AutonomousClassifier(scoring="neg_log_loss", run_dir=tmp_path / "run", **_QUICK).fit(X, labels)
    blend = _blend(model)
    told = model.predict_proba(X)
    np.testing.assert_allclose(told.sum(axis=1), 1.0)
    members = [member.predict_proba(X) for member in model._pipeline.members_]
    np.testing.assert_allclose(told, np.average(members, axis=0, weights=[m.weight for m in blend.members]))
    assert set(model.predict(X)) == {"high", "low"}


def test_a_run_of_few_experiments_has_no_room_for_one_more(tmp_path: Path) -> None:
    X, y = _both()
    model = AutonomousRegressor(run_dir=tmp_path / "run", max_experiments=2, **_QUICK).fit(X, y)
    assert [e.decision.action for e in model.journal_.experiments] == ["draft", "draft"]


def test_where_nothing_is_gained_the_journal_says_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc"))
    y = X.sum(axis=1) + rng.normal(scale=0.1, size=300)
    model = AutonomousRegressor(run_dir=tmp_path / "run", **_QUICK).fit(X, y)
    events = read_journal(tmp_path / "run").events
    assert model.best_experiment_.decision.action != "blend"
    assert not any(e.decision.action == "blend" for e in model.journal_.experiments)
    assert sum(isinstance(event, NotBlended) for event in events) <= 1
