"""Models around a logarithm, and models that late rows weigh more in."""

from __future__ import annotations

import warnings

import cloudpickle
import numpy as np
import pytest
from lightgbm import LGBMRegressor
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline

from octopus.blocks.boosting import EarlyStoppedRegressor
from octopus.blocks.curves import Curves
from octopus.blocks.targets import LogTarget, RecentClassifier, RecentRegressor, fitted_knowing, recency


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def days(*numbers: float) -> np.ndarray:
    return np.array([np.datetime64("2024-01-01") + np.timedelta64(int(n), "D") for n in numbers], "datetime64[ns]")


def test_log_target_weighs_and_bounds():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = np.expm1(2 + X[:, 0])
    model = LogTarget(Ridge(alpha=1e-6)).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, rtol=0.2)
    assert np.isfinite(model.predict(np.full((1, 2), 1e6))).all()
    weight = rng.integers(1, 3, 300).astype(float)
    rows = np.repeat(np.arange(300), weight.astype(int))
    noisy = y * np.exp(rng.normal(size=300))
    weighted = LogTarget(Ridge()).fit(X, noisy, sample_weight=weight).predict(X)
    np.testing.assert_allclose(weighted, LogTarget(Ridge()).fit(X[rows], noisy[rows]).predict(X))


@pytest.mark.parametrize("least", [-1.0, -5.0])
def test_log_target_steps_aside_where_there_is_no_logarithm(least):
    X = np.arange(50.0)[:, None]
    y = np.linspace(least, 9.0, 50)
    model = LogTarget(Ridge()).fit(X, y)
    assert not model.logged_
    np.testing.assert_allclose(model.predict(X), Ridge().fit(X, y).predict(X))
    assert LogTarget(Ridge()).fit(X, y + 5).logged_


def test_weights_fall_by_half_with_every_half_life():
    weight = recency(None, days(0, 50, 75, 100), 0.25)
    np.testing.assert_allclose(weight, [1 / 16, 1 / 4, 1 / 2, 1])
    np.testing.assert_allclose(recency(np.array([2.0, 1, 1, 3]), days(0, 50, 75, 100), 0.25), [1 / 8, 1 / 4, 1 / 2, 3])


def test_a_row_without_a_time_is_as_old_as_the_oldest():
    times = days(0, 100, 50)
    times[2] = np.datetime64("NaT")
    np.testing.assert_allclose(recency(None, times, 0.5), [1 / 4, 1, 1 / 4])


@pytest.mark.parametrize("times", [None, days(3, 3, 3), np.full(3, np.datetime64("NaT", "ns"))])
def test_where_no_time_passes_all_rows_weigh_as_they_did(times):
    given = np.array([1.0, 2.0, 3.0])
    assert recency(None, times, 0.25) is None
    assert recency(given, times, 0.25) is given


MODELS = {
    "line": Ridge(),
    "bends": make_pipeline(Curves(), Ridge()),
    "boosting": EarlyStoppedRegressor(LGBMRegressor(n_estimators=50, n_jobs=1, verbose=-1), random_state=0),
    "logarithm": LogTarget(Ridge()),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_late_rows_rule_whatever_the_model(model):
    """The target turns its sign half way: a model of recent rows follows the second half."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 1))
    sign = np.where(np.arange(400) < 300, -1.0, 1.0)
    y = 5 + sign * X[:, 0]
    told = {"time": days(*range(400))}
    recent = clone(RecentRegressor(model, half_life=0.1)).fit(X, y, **told)
    late = np.corrcoef(recent.predict(X), X[:, 0])[0, 1]
    alike = np.corrcoef(clone(RecentRegressor(model)).fit(X, y).predict(X), X[:, 0])[0, 1]
    assert late > 0.5
    assert alike < -0.5
    loaded = cloudpickle.loads(cloudpickle.dumps(recent))
    np.testing.assert_array_equal(loaded.predict(X), recent.predict(X))


def test_late_rows_rule_classes_too():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 1))
    y = np.where(np.arange(400) < 300, X[:, 0] < 0, X[:, 0] > 0).astype(float)
    recent = RecentClassifier(LogisticRegression(), half_life=0.1).fit(X, y, time=days(*range(400)))
    assert recent.classes_.tolist() == [0.0, 1.0]
    np.testing.assert_allclose(recent.predict_proba(X).sum(axis=1), 1)
    assert np.mean(recent.predict(X[300:]) == y[300:]) > 0.9
    heavy = np.where(np.arange(400) < 300, 1e9, 1.0)
    early = RecentClassifier(LogisticRegression(), half_life=0.1).fit(X, y, heavy, time=days(*range(400)))
    assert np.mean(early.predict(X[:300]) == y[:300]) > 0.9, "weights that rows have already still count"


def test_a_model_is_told_only_what_its_fit_declares():
    X, y = np.arange(20.0)[:, None], np.arange(20.0)
    told = {"sample_weight": np.ones(20), "groups": np.arange(20) // 5, "time": None}
    for model in (Ridge(), KNeighborsRegressor(), DummyRegressor(), make_pipeline(Curves(), KNeighborsRegressor())):
        assert fitted_knowing(model, X, y, told).predict(X).shape == (20,)
