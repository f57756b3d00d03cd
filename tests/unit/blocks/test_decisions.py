"""Odds that are shifted or bent by predictions for rows that the model was not fitted on."""

from __future__ import annotations

import warnings
from functools import partial
from typing import ClassVar

import cloudpickle
import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from octopus.blocks.boosting import EarlyStoppedClassifier
from octopus.blocks.curves import Curves
from octopus.blocks.decisions import Calibrated, TunedDecision, centred, log_odds, normalised

WRAPPERS = {
    "TunedDecision": partial(TunedDecision, metric=partial(f1_score, average="macro")),
    "Calibrated": Calibrated,
}
every_wrapper = pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=list(WRAPPERS))


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def rare(n_rows: int = 3000, seed: int = 0, share: float = 0.06) -> tuple[np.ndarray, np.ndarray]:
    """Return a table and two classes, one of them rare."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 4))
    signal = 1.2 * X[:, 0] + X[:, 1] + rng.logistic(size=n_rows)
    return X, (signal > np.quantile(signal, 1 - share)).astype(float)


def several(n_rows: int = 900, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a table and three classes of unequal size."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 3))
    signal = X[:, 0] + rng.logistic(scale=0.6, size=n_rows)
    return X, np.digitize(signal, [0.8, 1.8]).astype(float)


class Remembering(ClassifierMixin, BaseEstimator):
    """A classifier that keeps the groups of every fit."""

    seen: ClassVar[list[set[int]]] = []

    def fit(self, X, y, groups=None):
        self.classes_ = np.unique(y)
        Remembering.seen.append(set(np.asarray(groups).tolist()))
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def test_f1_of_a_rare_class_is_better_and_rows_keep_their_order():
    X, y = rare()
    fresh, y_fresh = rare(seed=1)
    plain = LogisticRegression().fit(X, y)
    tuned = TunedDecision(LogisticRegression(), f1_score, random_state=0).fit(X, y)
    assert f1_score(y_fresh, tuned.predict(fresh)) > f1_score(y_fresh, plain.predict(fresh)) + 0.05
    order = np.argsort(plain.predict_proba(fresh)[:, 1], kind="stable")
    assert (np.diff(tuned.predict_proba(fresh)[order, 1]) >= 0).all()
    assert tuned.shifts_[0] == 0 < tuned.shifts_[1], "the rare class is chosen more often"


def test_several_classes_are_shifted_each():
    X, y = several()
    fresh, y_fresh = several(3000, seed=1)
    plain = LogisticRegression().fit(X, y)
    tuned = TunedDecision(LogisticRegression(), balanced_accuracy_score, random_state=0).fit(X, y)
    before, after = (balanced_accuracy_score(y_fresh, m.predict(fresh)) for m in (plain, tuned))
    assert after > before + 0.02


def test_accuracy_of_right_probabilities_asks_for_no_shift():
    X, y = rare(share=0.5)
    tuned = TunedDecision(LogisticRegression(), accuracy_score, random_state=0).fit(X, y)
    assert np.abs(tuned.shifts_).max() < 0.5


def test_an_overconfident_model_is_bent_back():
    X, y = rare(1200, share=0.4)
    fresh, y_fresh = rare(3000, seed=1, share=0.4)
    sure = RandomForestClassifier(20, max_features=None, random_state=0)  # leaves of one row: 0 and 1 are frequent
    plain = log_loss(y_fresh, clone(sure).fit(X, y).predict_proba(fresh))
    bent = log_loss(y_fresh, Calibrated(sure, random_state=0).fit(X, y).predict_proba(fresh))
    assert bent < plain - 0.05


def test_a_calibrated_model_stays_as_it_is():
    X, y = several()
    fresh, y_fresh = several(3000, seed=1)
    plain = log_loss(y_fresh, LogisticRegression().fit(X, y).predict_proba(fresh))
    bent = log_loss(y_fresh, Calibrated(LogisticRegression(), random_state=0).fit(X, y).predict_proba(fresh))
    assert abs(bent - plain) < 0.01


@every_wrapper
@pytest.mark.parametrize("data", [rare, several])
def test_probabilities_clone_pickle_and_seed(wrap, data):
    X, y = data(600)
    model = wrap(RandomForestClassifier(5, max_depth=4, random_state=0), random_state=2)
    first, second = (clone(model).fit(X, y) for _ in range(2))
    probabilities = first.predict_proba(X)
    np.testing.assert_array_equal(second.predict_proba(X), probabilities)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(first.classes_[np.argmax(probabilities, axis=1)], first.predict(X))
    np.testing.assert_allclose(first.predict_proba(X[[7]])[0], probabilities[7], rtol=1e-9)
    loaded = cloudpickle.loads(cloudpickle.dumps(first))
    np.testing.assert_array_equal(loaded.predict_proba(X), probabilities)


@every_wrapper
def test_groups_stay_together_and_reach_the_model(wrap):
    X, y = several(300)
    groups = np.arange(300) // 10
    Remembering.seen.clear()
    wrap(Remembering(), random_state=0).fit(X, y, groups=groups)
    *parts, everything = Remembering.seen
    assert everything == set(range(30))
    left_out = [everything - part for part in parts]
    assert sum(len(part) for part in left_out) == 30, "no group is split between parts"


@every_wrapper
@pytest.mark.parametrize(
    "model",
    [LogisticRegression(), make_pipeline(Curves(), LogisticRegression(C=0.1, max_iter=500))],
    ids=["line", "pipeline"],
)
def test_weights_reach_the_model_and_the_choice(wrap, model):
    X, y = rare(800, share=0.3)
    ignored = np.r_[np.ones(500), np.full(300, 1e-9)]
    flipped = np.r_[y[:500], 1 - y[500:]]
    weighted = wrap(model, random_state=0).fit(X, flipped, sample_weight=ignored).predict_proba(X)
    right = wrap(model, random_state=0).fit(X, y).predict_proba(X)
    wrong = wrap(model, random_state=0).fit(X, flipped).predict_proba(X)
    assert np.abs(weighted - right).mean() < 0.5 * np.abs(wrong - right).mean()


@every_wrapper
def test_a_class_of_a_single_row_is_no_error(wrap):
    X, y = several(200)
    y[0] = 3
    fitted = wrap(DecisionTreeClassifier(max_depth=3, random_state=0), random_state=0).fit(X, y)
    assert fitted.predict_proba(X).shape == (200, 4)


@every_wrapper
def test_early_stopping_inside_is_told_groups(wrap):
    X, y = rare(400, share=0.3)
    booster = EarlyStoppedClassifier(LGBMClassifier(n_estimators=20, n_jobs=1), random_state=0)
    fitted = wrap(booster, random_state=0).fit(X, y, groups=np.zeros(400))
    assert fitted.model_.n_trees_ == 20, "a single group cannot be set aside"
    assert fitted.predict_proba(X).shape == (400, 2)


def test_no_row_is_predicted_by_a_model_that_was_fitted_on_it():
    X, _ = rare(400, share=0.5)
    noise = np.random.default_rng(5).integers(0, 2, 400).astype(float)
    logs, rows = log_odds(DecisionTreeClassifier(random_state=0), X, noise, {}, 4, 0)
    assert sorted(rows) == list(range(400))
    assert np.mean(np.argmax(logs, axis=1) == noise[rows]) < 0.6
    assert np.mean(DecisionTreeClassifier(random_state=0).fit(X, noise).predict(X) == noise) == 1


def test_logarithms_of_probabilities_are_bounded_and_go_back():
    probabilities = np.array([[1.0, 0.0], [0.25, 0.75]])
    logs = centred(probabilities)
    assert np.isfinite(logs).all()
    np.testing.assert_allclose(logs.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(normalised(logs), probabilities, atol=1e-5)
    np.testing.assert_allclose(normalised(np.array([[1000.0, 1000.0]])), [[0.5, 0.5]])
