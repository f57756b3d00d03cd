"""Costs and plans in plain words, from the goal to what the shipped estimator predicts."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from octopus import AutonomousClassifier, AutonomousEstimator
from octopus.records import Costs
from tests.frames import binary_frame, multiclass_frame

_QUICK = {"families": ["linear"], "sandbox": "process", "max_experiments": 1, "random_state": 0, "n_jobs": 1}


@pytest.fixture(scope="module")
def costly() -> AutonomousEstimator:
    X, y = binary_frame()
    goal = "who will work in the next 2 years? missing one who worked costs 20 times a false alarm"
    return AutonomousEstimator(goal, **_QUICK).fit(X, y)


def test_predict_goes_by_the_threshold_and_the_probabilities_stay_as_they_are(costly: AutonomousEstimator) -> None:
    X, _ = binary_frame()
    assert costly.task_.costs == Costs(positive="yes", false_negative=20.0, false_positive=1.0)
    threshold = costly.threshold_
    assert threshold is not None
    assert threshold == costly.best_experiment_.threshold
    assert 0 < threshold < 0.3, "a miss is dear, so it acts early"
    probability = costly.predict_proba(X)[:, list(costly.classes_).index("yes")]
    np.testing.assert_array_equal(costly.predict(X) == "yes", probability >= threshold)
    assert ((probability >= threshold) != (probability >= 0.5)).any(), "the costs decide about some rows"


def test_what_is_predicted_costs_less_than_the_most_probable_class(costly: AutonomousEstimator) -> None:
    X, y = binary_frame()
    probability = costly.predict_proba(X)[:, 1]

    def cost(says_yes: np.ndarray) -> float:
        return float(np.mean(20 * ((y == "yes") & ~says_yes) + ((y == "no") & says_yes)))

    assert cost(costly.predict(X) == "yes") < cost(probability >= 0.5)


def test_the_threshold_is_on_the_leaderboard_and_survives_a_pickle(costly: AutonomousEstimator) -> None:
    X, _ = binary_frame()
    assert costly.leaderboard_["threshold"][0] == costly.threshold_
    again = pickle.loads(pickle.dumps(costly))
    assert again.threshold_ == costly.threshold_
    np.testing.assert_array_equal(again.predict(X), costly.predict(X))


def test_costs_change_neither_the_metric_nor_the_score(costly: AutonomousEstimator) -> None:
    X, y = binary_frame()
    plain = AutonomousEstimator(**_QUICK).fit(X, y)
    assert costly.task_.scoring == plain.task_.scoring == "roc_auc"
    assert costly.best_score_ == plain.best_score_
    np.testing.assert_array_equal(costly.predict_proba(X), plain.predict_proba(X))
    assert plain.threshold_ is None
    assert "threshold" not in plain.leaderboard_
    np.testing.assert_array_equal(plain.predict(X), plain.classes_[plain.predict_proba(X).argmax(axis=1)])


def test_a_goal_that_looks_ahead_in_a_table_without_times_gets_a_finding(costly: AutonomousEstimator) -> None:
    (finding,) = [finding for finding in costly.profile_.findings if finding.code == "OCT719"]
    assert '"next 2 years"' in finding.message
    assert {u.what for u in costly.task_.understood} >= {"horizon", "costs"}


def test_three_classes_have_no_threshold() -> None:
    X, y = multiclass_frame()
    estimator = AutonomousClassifier("a missed one costs 5 times a false alarm", **_QUICK).fit(X, y)
    assert estimator.task_.costs is None
    assert estimator.threshold_ is None
