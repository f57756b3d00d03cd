"""What is known of the rows reaches the blocks inside a pipeline, told as the sandbox tells a script's estimator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline, make_union

from octopus.blocks.boosting import EarlyStoppedClassifier, EarlyStoppedRegressor
from octopus.blocks.curves import Curves
from octopus.blocks.decisions import Calibrated
from octopus.blocks.indicators import OneHotLevels, ScaledNumbers
from octopus.blocks.means import TargetMeans
from octopus.blocks.shapes import Ratios
from octopus.blocks.targets import LogTarget, RecentClassifier, RecentRegressor
from octopus.sandbox.estimators import fit, seed

N_ROWS = 400


@pytest.fixture(autouse=True)
def _routing_as_before():
    with sklearn.config_context(enable_metadata_routing=False):
        yield


def rows() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 10)
    effect = rng.normal(size=40)
    table = pd.DataFrame({"k": pd.Categorical([f"l{g}" for g in groups]), "x": rng.normal(size=N_ROWS)})
    return table, effect[groups] + table["x"].to_numpy() + rng.normal(size=N_ROWS)


def told(pipeline, metadata, y=None):
    table, target = rows()
    seed(pipeline, 7, 1)
    fit(pipeline, table, target if y is None else y, metadata)
    return pipeline


def boosted(n_trees=40):
    return make_pipeline(
        Ratios(["x"]), TargetMeans(["k"]), EarlyStoppedRegressor(LGBMRegressor(n_estimators=n_trees, verbose=-1))
    )


def linear(model):
    return make_pipeline(TargetMeans(["k"]), make_union(ScaledNumbers(), OneHotLevels()), model)


GROUPS = np.repeat(np.arange(40), 10)
TIME = np.arange(N_ROWS).astype("datetime64[D]").astype("datetime64[ns]")


def test_groups_reach_target_means_so_that_a_level_that_is_a_group_tells_nothing():
    seen = []
    for metadata in ({}, {"groups": GROUPS}):
        model = told(linear(Ridge()), metadata)
        seen.append(model[-1].coef_[-1])  # numbers: x, k mean 0
    assert seen[0] > 0.3
    assert abs(seen[1]) < 1e-6


def test_groups_reach_the_boosting_so_that_one_group_is_not_set_aside():
    alone = told(boosted(500), {"groups": np.zeros(N_ROWS)})
    split = told(boosted(500), {})
    assert alone[-1].n_trees_ == 50, "a fixed number"
    assert split[-1].n_trees_ != 50


@pytest.mark.parametrize("metadata", [{}, {"groups": GROUPS}, {"time": TIME}], ids=["alone", "groups", "time"])
def test_weights_reach_target_means_and_the_model(metadata):
    table, y = rows()
    weight = np.r_[np.ones(200), np.full(200, 1e-9)]
    spoiled = np.r_[y[:200], 100 - y[200:]]
    for pipeline in (boosted(), linear(Ridge()), linear(LogTarget(Ridge())), linear(make_pipeline(Curves(), Ridge()))):
        fitted = told(pipeline, {"sample_weight": weight, **metadata}, spoiled)
        means = fitted.named_steps["targetmeans"].transform(table)["k mean 0"]
        assert np.abs(means[:200]).max() < 10
        assert np.abs(fitted.predict(table)[:200]).max() < 30, fitted


@pytest.mark.parametrize(
    "model",
    [Ridge(), make_pipeline(Curves(), Ridge()), EarlyStoppedRegressor(LGBMRegressor(n_estimators=40, verbose=-1))],
    ids=["line", "pipeline", "boosting"],
)
def test_time_reaches_what_weighs_recent_rows(model):
    table, _ = rows()
    x = table["x"].to_numpy()
    y = 5 + np.where(np.arange(N_ROWS) < 300, -x, x)
    for around in (RecentRegressor(model, half_life=0.1), LogTarget(RecentRegressor(model, half_life=0.1))):
        late = told(linear(around), {"time": TIME}, y).predict(table)
        assert np.corrcoef(late, x)[0, 1] > 0.5


def test_all_of_it_reaches_a_classifier_inside_others():
    table, y = rows()
    classes = (y > 0).astype(float)
    inner = EarlyStoppedClassifier(LGBMClassifier(n_estimators=15, verbose=-1))
    for model in (inner, LogisticRegression()):
        pipeline = make_pipeline(TargetMeans(["k"], n_classes=2), ScaledNumbers(), Calibrated(RecentClassifier(model)))
        metadata = {"sample_weight": np.ones(N_ROWS), "groups": GROUPS, "time": TIME}
        assert told(pipeline, metadata, classes).predict_proba(table).shape == (N_ROWS, 2)
