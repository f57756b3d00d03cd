"""Metrics of every make, from the search to a fresh process: names, ``make_scorer`` objects, functions."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import (
    average_precision_score,
    fbeta_score,
    log_loss,
    make_scorer,
    mean_absolute_error,
    mean_pinball_loss,
)

from octopus import AutonomousClassifier, AutonomousRegressor
from tests.frames import binary_frame, multiclass_frame, regression_frame

_QUICK = {"families": ["linear"], "sandbox": "process", "max_experiments": 1, "random_state": 0, "n_jobs": 1}


def negative_error(estimator: Any, X: pd.DataFrame, y: np.ndarray) -> float:
    """Return minus the mean absolute error."""
    return -float(mean_absolute_error(y, estimator.predict(X)))


def younger_counts_more(estimator: Any, X: pd.DataFrame, y: np.ndarray) -> float:
    """Return a share of right answers that looks at the rows: those of the young count ten times."""
    weight = np.where(X["agew"] < 40, 10.0, 1.0)
    return float(np.average(estimator.predict(X) == y, weights=weight))


def _local() -> Callable[..., float]:
    """Return a function that pickle cannot find by its name."""
    quantile = 0.9

    def pinball(estimator: Any, X: pd.DataFrame, y: np.ndarray) -> float:
        return -float(mean_pinball_loss(y, estimator.predict(X), alpha=quantile))

    return pinball


@pytest.mark.parametrize(
    ("scoring", "name"),
    [
        pytest.param("neg_mean_absolute_error", "neg_mean_absolute_error", id="name"),
        pytest.param(
            make_scorer(mean_absolute_error, greater_is_better=False), "mean_absolute_error", id="make_scorer"
        ),
        pytest.param(
            make_scorer(mean_pinball_loss, greater_is_better=False, alpha=0.9), "mean_pinball_loss", id="with arguments"
        ),
        pytest.param(negative_error, "negative_error", id="function"),
        pytest.param(lambda estimator, X, y: 2 * negative_error(estimator, X, y) / 2, "<lambda>", id="lambda"),
        pytest.param(_local(), "pinball", id="closure"),
    ],
)
def test_a_metric_of_numbers_leads_the_search_and_survives_a_pickle(scoring: Any, name: str) -> None:
    X, y = regression_frame()
    estimator = AutonomousRegressor(**_QUICK, scoring=scoring).fit(X, y)
    by_hand = negative_error if name in ("neg_mean_absolute_error", "mean_absolute_error", "<lambda>") else scoring
    assert estimator.task_.scoring == name
    assert estimator.score(X, y) == pytest.approx(by_hand(estimator, X, y.to_numpy()))
    assert estimator.leaderboard_["score"][0] == estimator.best_score_ < 0
    assert estimator.holdout_report_ is not None
    assert estimator.holdout_report_.scoring == name
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))
    assert again.score(X, y) == estimator.score(X, y)
    assert clone(again).scoring is not None


@pytest.mark.parametrize(
    "scoring",
    [
        pytest.param(make_scorer(fbeta_score, beta=2, pos_label="yes"), id="labels of the user's own"),
        pytest.param(
            make_scorer(average_precision_score, response_method="predict_proba", pos_label="yes"), id="probabilities"
        ),
        pytest.param(younger_counts_more, id="looks at the rows"),
    ],
)
def test_a_metric_of_classes_gets_the_users_labels_probabilities_and_rows(scoring: Any) -> None:
    X, y = binary_frame()
    estimator = AutonomousClassifier(**_QUICK, scoring=scoring).fit(X, y)
    assert estimator.score(X, y) == pytest.approx(scoring(estimator, X, y))
    assert 0.3 < estimator.best_score_ <= 1
    assert estimator.holdout_report_ is not None
    assert estimator.holdout_report_.ci_low <= estimator.holdout_report_.score <= estimator.holdout_report_.ci_high


def test_a_metric_of_many_classes() -> None:
    X, y = multiclass_frame()
    scoring = make_scorer(log_loss, greater_is_better=False, response_method="predict_proba")
    estimator = AutonomousClassifier(**_QUICK, scoring=scoring).fit(X, y)
    assert estimator.score(X, y) == pytest.approx(-log_loss(y, estimator.predict_proba(X)))


def test_a_fitted_estimator_with_a_function_for_its_metric_works_in_a_fresh_process(tmp_path: Path) -> None:
    X, y = regression_frame()
    estimator = AutonomousRegressor(**_QUICK, scoring=_local()).fit(X, y)
    (tmp_path / "model.pkl").write_bytes(cloudpickle.dumps(estimator))
    pd.concat([X, y], axis=1).to_pickle(tmp_path / "rows.pkl")
    code = (
        "import pickle, pandas as pd; rows = pd.read_pickle('rows.pkl'); y = rows.pop('progress'); "
        "print(pickle.load(open('model.pkl', 'rb')).score(rows, y))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=120
    ).stdout
    assert float(printed) == pytest.approx(estimator.score(X, y))


def test_the_constant_to_beat_is_the_one_that_the_metric_likes_best() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"noise": rng.normal(size=400)})
    y = pd.Series(np.where(rng.random(400) < 0.3, "Yes", "no"))
    y[y == "Yes"] = np.where(rng.random((y == "Yes").sum()) < 0.3, "yes ", "Yes")
    scoring = make_scorer(fbeta_score, beta=2, pos_label="Yes")
    estimator = AutonomousClassifier(**_QUICK, scoring=scoring).fit(X, y)
    assert estimator.classes_.tolist() == ["Yes", "no"]
    assert estimator.task_.type == "binary"
    assert [f.columns for f in estimator.profile_.findings if f.code == "OCT718"] == [("y",)]
    report, (experiment,) = estimator.holdout_report_, estimator.journal_.experiments
    assert report is not None
    constant = next(baseline for baseline in report.baselines if baseline.name == "constant")
    assert constant.score > 0.5, "of calling nobody it would be 0"
    assert "no better than a constant" in {diagnosis.title for diagnosis in experiment.diagnoses}
