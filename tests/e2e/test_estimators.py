"""The estimators as people call them: tasks, targets, weights, groups, their own holdout, files and processes."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from octopus import AutonomousClassifier, AutonomousEstimator, AutonomousRegressor, proof, read_journal
from octopus.errors import InterruptedSearch, InvalidData, InvalidParameter, ReplayWarning
from octopus.explore import Exploration
from octopus.protocols import JobResult
from octopus.records import ExperimentFinished, Fitted, HoldoutOpened, Outcome, RunFinished
from tests.frames import binary_frame

_QUICK = {"families": ["linear"], "sandbox": "process", "max_experiments": 1, "random_state": 0, "n_jobs": 1}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> AutonomousEstimator:
    X, y = binary_frame()
    run_dir = tmp_path_factory.mktemp("runs") / "run"
    return AutonomousEstimator(sandbox="process", max_experiments=2, random_state=0, run_dir=run_dir).fit(X, y)


def test_what_ships_was_fitted_replayed_scored_refitted_and_replayed_in_this_order(fitted: AutonomousEstimator) -> None:
    events = [type(event) for event in fitted.journal_.events if not isinstance(event, ExperimentFinished)]
    assert events[-4:] == [Fitted, HoldoutOpened, Fitted, RunFinished]
    scored, refitted = fitted.journal_.fits
    assert (scored.model.fitted_on, refitted.model.fitted_on) == ("train", "all")
    assert all(check.passed for check in (*scored.checks, *refitted.checks))
    assert fitted.journal_.finished is not None
    assert fitted.journal_.finished.shipped == "all"


def test_the_attributes_of_a_fitted_estimator(fitted: AutonomousEstimator) -> None:
    X, y = binary_frame()
    assert fitted.task_.type == "binary"
    assert list(fitted.classes_) == sorted(y.unique())
    assert fitted.n_features_in_ == X.shape[1]
    assert list(fitted.feature_names_in_) == list(X.columns)
    assert fitted.best_score_ == fitted.leaderboard_["score"].max()
    assert fitted.scientist_ == "playbook"
    assert fitted.profile_.n_rows + fitted.profile_.n_sealed == len(X)
    assert is_classifier(fitted)
    assert fitted.holdout_report_ is not None
    assert fitted.score(X, y) == pytest.approx(roc_auc_score(y, fitted.predict_proba(X)[:, 1]))


@pytest.mark.parametrize("dump", [pickle.dump, joblib.dump])
def test_a_fitted_estimator_predicts_in_a_fresh_process_after_its_run_directory_is_gone(
    dump: object, tmp_path: Path
) -> None:
    X, y = binary_frame()
    run_dir = tmp_path / "run"
    estimator = AutonomousEstimator(run_dir=run_dir, **_QUICK).fit(X, y)
    expected = estimator.predict_proba(X)
    with (tmp_path / "model.pkl").open("wb") as file:
        dump(estimator, file)
    X.to_pickle(tmp_path / "X.pkl")
    shutil.rmtree(run_dir)
    code = (
        "import joblib, numpy as np, pandas as pd; "
        "model = joblib.load('model.pkl'); "
        "np.save('p.npy', model.predict_proba(pd.read_pickle('X.pkl'))); "
        "import octopus.sandbox.levels as levels; assert not levels._open, 'predicting starts no sandbox'"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
    np.testing.assert_allclose(np.load(tmp_path / "p.npy"), expected, rtol=1e-9)


def test_the_same_seed_gives_the_same_journal_but_for_times(tmp_path: Path) -> None:
    X, y = binary_frame()
    journals = []
    for name in ("first", "second"):
        estimator = AutonomousClassifier(
            sandbox="process", max_experiments=3, time_limit=None, random_state=7, run_dir=tmp_path / name
        )
        journals.append(estimator.fit(X, y).journal_)
    first, second = journals
    assert [e.script for e in first.experiments] == [e.script for e in second.experiments]
    assert [e.score for e in first.experiments] == [e.score for e in second.experiments]
    assert first.holdout == second.holdout


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(lambda y: y.map({0: "setosa", 1: "versicolor", 2: "virginica"}), id="strings"),
        pytest.param(lambda y: y > 0, id="booleans"),
        pytest.param(lambda y: y * 10 - 7, id="numbers"),
        pytest.param(lambda y: pd.Categorical(y.map({0: "b", 1: "a", 2: "c"})), id="categorical"),
        pytest.param(lambda y: y.map({0: "x", 1: "y", 2: "z"}).to_numpy(dtype=object), id="objects"),
    ],
)
def test_labels_of_every_type_come_back_as_they_were(labels: object) -> None:
    iris = load_iris(as_frame=True)
    y = labels(iris.target)
    estimator = AutonomousEstimator(**_QUICK).fit(iris.data, y)
    predicted = estimator.predict(iris.data)
    assert set(predicted.tolist()) <= set(np.asarray(y).tolist())
    assert np.mean(predicted == np.asarray(y)) > 0.9
    assert estimator.predict_proba(iris.data).shape == (150, len(estimator.classes_))


def test_arrays_lists_and_frames_are_taken(tmp_path: Path) -> None:
    X, y = load_diabetes(return_X_y=True)
    estimator = AutonomousRegressor(**_QUICK).fit(X.tolist(), list(y))
    assert not hasattr(estimator, "feature_names_in_")
    assert not hasattr(AutonomousEstimator(**_QUICK, task="regression"), "predict_proba")
    assert is_regressor(estimator)
    assert estimator.predict(X).shape == y.shape
    assert estimator.score(X, y) < 0, "greater is better, so an error is negative"


def test_a_column_that_the_goal_forbids_is_not_used(tmp_path: Path) -> None:
    X, y = binary_frame()
    forbidden = str(X.columns[0])
    estimator = AutonomousEstimator(f"do not use column {forbidden}", **_QUICK).fit(X, y)
    assert estimator.task_.ignored == (forbidden,)
    assert repr(forbidden) not in estimator.best_experiment_.script.source
    shuffled = X.assign(**{forbidden: X[forbidden].sample(frac=1, random_state=0).to_numpy()})
    np.testing.assert_array_equal(estimator.predict_proba(shuffled), estimator.predict_proba(X))


def test_weights_change_the_model_and_rows_of_weight_zero_are_as_if_they_were_not_there() -> None:
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    kept = np.arange(len(y)) % 3 > 0
    weighted = AutonomousRegressor(**_QUICK, holdout=None).fit(X, y, sample_weight=kept.astype(float))
    without = AutonomousRegressor(**_QUICK, holdout=None).fit(X[kept], y[kept])
    np.testing.assert_allclose(weighted.predict(X), without.predict(X), rtol=1e-6)
    heavy = AutonomousRegressor(**_QUICK, holdout=None).fit(X, y, sample_weight=np.where(y > y.median(), 100.0, 1.0))
    assert heavy.predict(X).mean() > weighted.predict(X).mean() + 20
    assert any(f.code == "OCT702" for f in weighted.profile_.findings)


def test_groups_are_whole_in_folds_and_in_the_holdout(tmp_path: Path) -> None:
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    groups = np.arange(len(y)) // 6
    estimator = AutonomousRegressor(**_QUICK).fit(X, y, groups=groups)
    report = estimator.holdout_report_
    assert report is not None
    assert report.n_groups is not None
    assert report.n_rows == report.n_groups * 6 or report.n_rows in range(report.n_groups * 6 - 4, report.n_groups * 6)
    assert estimator.journal_.validation is not None
    assert estimator.journal_.validation.kind == "group"


def test_the_users_own_holdout_is_what_the_winner_is_proved_on() -> None:
    X, y = (part.sample(frac=1, random_state=0) for part in binary_frame())
    estimator = AutonomousClassifier(**_QUICK, refit="train").fit(
        X[:-100], y[:-100], X_holdout=X[-100:], y_holdout=y[-100:]
    )
    report = estimator.holdout_report_
    assert report is not None
    assert report.n_rows == 100
    assert report.score == pytest.approx(roc_auc_score(y[-100:], estimator.predict_proba(X[-100:])[:, 1]))
    assert estimator.journal_.finished is not None
    assert estimator.journal_.finished.shipped == "train"


def test_rows_without_a_target_are_left_out_with_a_finding() -> None:
    X, y = binary_frame()
    estimator = AutonomousClassifier(**_QUICK).fit(X, y.where(np.arange(len(y)) >= 10))
    assert estimator.profile_.n_rows + estimator.profile_.n_sealed == len(y) - 10
    assert [f for f in estimator.profile_.findings if f.code == "OCT701"]


@pytest.mark.parametrize(
    ("cv", "n_folds"),
    [(3, 3), (KFold(4), 4), ([(np.arange(100), np.arange(100, 150)), (np.arange(50, 150), np.arange(50))], 2)],
)
def test_cv_is_obeyed(cv: object, n_folds: int) -> None:
    X, y = load_iris(return_X_y=True, as_frame=True)
    y = (y == 1).sample(frac=1, random_state=0).reset_index(drop=True)
    estimator = AutonomousClassifier(**_QUICK, holdout=None, cv=cv).fit(X, y)
    score = estimator.best_experiment_.score
    assert score is not None
    assert len(score.folds) == n_folds


def test_it_lives_in_pipelines_searches_and_cross_validation() -> None:
    X, y = load_iris(return_X_y=True, as_frame=True)
    pipeline = make_pipeline(FunctionTransformer(), AutonomousClassifier(**_QUICK, holdout=None, cv=2))
    scores = cross_val_score(pipeline, X, y, cv=2)
    assert (scores > -0.5).all(), "neg_log_loss of a good model"
    search = GridSearchCV(AutonomousClassifier(**_QUICK, holdout=None), {"cv": [2, 3]}, cv=2).fit(X, y)
    assert -log_loss(y, search.predict_proba(X)) > -0.5
    assert clone(search.best_estimator_).get_params() == search.best_estimator_.get_params()


def test_before_fit_it_says_so() -> None:
    estimator = AutonomousClassifier(**_QUICK)
    with pytest.raises(NotFittedError):
        estimator.predict([[0.0]])
    for attribute in ("journal_", "leaderboard_", "best_score_", "profile_", "holdout_report_"):
        assert not hasattr(estimator, attribute)


def test_predict_refuses_other_columns_and_other_kinds_of_values(fitted: AutonomousEstimator) -> None:
    X, _ = binary_frame()
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(X.rename(columns={X.columns[0]: "other"}))
    numeric = next(c.name for c in fitted.schema_.columns if c.kind == "number")
    with pytest.raises(InvalidData, match="held numbers when the model was fitted and holds 'many' now"):
        fitted.predict(X.assign(**{numeric: "many"}))


def test_a_metric_of_another_task_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    X, y = binary_frame()
    with pytest.raises(InvalidParameter, match="regression metric"):
        AutonomousEstimator(**{**_QUICK, "scoring": "r2", "run_dir": tmp_path / "run"}).fit(X, y)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("fit_on_frame", [True, False])
def test_arrays_and_frames_are_interchangeable_by_position(fit_on_frame: bool) -> None:
    X, y = load_iris(return_X_y=True, as_frame=True)
    estimator = AutonomousClassifier(**_QUICK, columns={} if fit_on_frame else {"x0": "ignore"})
    estimator.fit(X if fit_on_frame else X.to_numpy(), y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # scikit-learn's own, that names come on one side only
        np.testing.assert_array_equal(estimator.predict_proba(X), estimator.predict_proba(X.to_numpy()))


def test_what_is_refused_leaves_no_directory_behind(tmp_path: Path) -> None:
    X, y = load_iris(return_X_y=True)
    estimator = AutonomousClassifier(**_QUICK, cv=1, run_dir=tmp_path / "run")
    with pytest.raises(InvalidParameter, match="cv=1"):
        estimator.fit(X, y)
    assert not (tmp_path / "run").exists()
    estimator.set_params(cv=2).fit(X, y)
    assert (tmp_path / "run" / "estimator.pkl").exists()


def _interrupt_once(function: Callable[..., object]) -> Callable[..., object]:
    """Return a function whose first call is ended by Ctrl-C."""
    calls: list[object] = []

    def interrupted(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return function(*arguments)

    return interrupted


@pytest.mark.parametrize(
    ("step", "words", "is_scored"),
    [
        ("_first_that_replays", "before the holdout was opened: the winner ships unproved", False),
        ("_open_holdout", "in the proof: the fit on the other rows ships, unproved", False),
        ("_refit", "in the proof: the scored fit ships", True),
    ],
)
def test_ctrl_c_at_any_step_of_the_proof_keeps_the_winner_and_says_what_is_proved(
    step: str, words: str, is_scored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = binary_frame()
    monkeypatch.setattr(proof, step, _interrupt_once(getattr(proof, step)))
    with pytest.warns(InterruptedSearch):
        estimator = AutonomousClassifier(**_QUICK).fit(X, y)
    assert estimator.journal_.interrupted
    assert estimator.journal_.finished is not None
    assert estimator.journal_.finished.reason == f"interrupted {words}"
    assert (estimator.holdout_report_ is not None) == is_scored
    assert estimator.predict(X.head()).shape == (5,)


def test_a_second_ctrl_c_ends_the_fit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    X, y = binary_frame()
    monkeypatch.setattr(Exploration, "explore", _raise_interrupt_after(Exploration.explore))
    monkeypatch.setattr(proof, "_first_that_replays", _interrupt_once(proof._first_that_replays))
    with pytest.raises(KeyboardInterrupt):
        AutonomousClassifier(**_QUICK, run_dir=tmp_path / "run").fit(X, y)
    assert len(read_journal(tmp_path / "run").valid_experiments) == 1


def _raise_interrupt_after(function: Callable[..., object]) -> Callable[..., object]:
    def interrupted(*arguments: object) -> object:
        function(*arguments)
        raise KeyboardInterrupt

    return interrupted


def test_a_winner_that_cannot_predict_the_sealed_rows_is_said_to_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = binary_frame()
    outcome = Outcome(status="memory", stage="predict", reason="it held too much")
    monkeypatch.setattr(proof, "_predict", lambda *_: JobResult(outcome=outcome))
    with pytest.warns(ReplayWarning, match="could not predict the sealed rows"):
        estimator = AutonomousClassifier(**_QUICK).fit(X, y)
    assert estimator.holdout_report_ is None
    assert estimator.journal_.finished is not None
    assert (
        "could not predict the sealed rows (memory in predict: it held too much)" in estimator.journal_.finished.reason
    )


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "a", True])
def test_what_is_no_seed_is_refused(seed: object) -> None:
    X, y = binary_frame()
    with pytest.raises(InvalidParameter, match="random_state"):
        AutonomousClassifier(**{**_QUICK, "random_state": seed}).fit(X, y)


def test_columns_that_are_missing_or_doubled_are_typed_errors_in_predict(fitted: AutonomousEstimator) -> None:
    X, _ = binary_frame()
    with pytest.raises(InvalidData, match="feature names should match"):
        fitted.predict(X.iloc[:, 1:])
    with pytest.raises(InvalidData, match="columns of one name"):
        fitted.predict(pd.concat([X, X.iloc[:, :1]], axis=1))


def test_lists_of_mixed_types_keep_their_numbers_and_gaps(fitted: AutonomousEstimator) -> None:
    X, _ = binary_frame()
    rows = X.head(20).astype(object).to_numpy()
    rows[3, 0] = None
    as_frame = pd.DataFrame(rows, columns=X.columns)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # scikit-learn's own, that names come on one side only
        np.testing.assert_array_equal(fitted.predict_proba(rows.tolist()), fitted.predict_proba(as_frame))
