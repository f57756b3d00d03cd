"""CatBoost and XGBoost as blocks: levels, gaps, early stopping, and tables with nothing to split on."""

from __future__ import annotations

import warnings

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from octopus.blocks.boosters import is_alike
from octopus.blocks.catboosting import CatBoostedClassifier, CatBoostedRegressor
from octopus.blocks.xgboosting import XGBoostedClassifier, XGBoostedRegressor

CLASSIFIERS = (CatBoostedClassifier, XGBoostedClassifier)
REGRESSORS = (CatBoostedRegressor, XGBoostedRegressor)
SETTINGS = {
    CatBoostedClassifier: {"learning_rate": 0.1, "depth": 4},
    CatBoostedRegressor: {"learning_rate": 0.1, "depth": 4},
    XGBoostedClassifier: {"learning_rate": 0.1, "max_depth": 4},
    XGBoostedRegressor: {"learning_rate": 0.1, "max_depth": 4},
}
classifiers = pytest.mark.parametrize("kind", CLASSIFIERS, ids=lambda k: k.__name__)
regressors = pytest.mark.parametrize("kind", REGRESSORS, ids=lambda k: k.__name__)
both = pytest.mark.parametrize("kind", [*CLASSIFIERS, *REGRESSORS], ids=lambda k: k.__name__)


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def rows(n_rows: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """Return a table with levels, gaps and an odd name, and classes that a level and a number decide."""
    rng = np.random.default_rng(0)
    city = rng.choice(["ulm", "köln", "bonn", "rare"], n_rows, p=[0.4, 0.3, 0.28, 0.02]).astype(object)
    x = rng.normal(size=n_rows)
    y = ((x + (city == "ulm") - (city == "bonn")) > 0).astype(float)
    city[::13] = None
    x[::11] = np.nan
    levels = pd.Categorical(city, categories=["bonn", "köln", "rare", "ulm", "(other)"])
    return pd.DataFrame({'a"[]{}:,': x, "city": levels, "n": rng.integers(0, 9, n_rows)}), y


def model(kind, n_estimators: int = 60, **settings):
    return kind(SETTINGS[kind] | settings, n_estimators=n_estimators, patience=10, random_state=0, n_jobs=1)


def told(fitted, table):
    return fitted.predict_proba(table) if hasattr(fitted, "predict_proba") else fitted.predict(table)


@both
def test_it_learns_levels_and_finds_a_number_of_trees(kind):
    table, y = rows()
    fitted = clone(model(kind, 500)).fit(table, y)
    assert 1 <= fitted.n_trees_ < 500
    found = told(fitted, table)
    score = found[:, 1] if found.ndim == 2 else found
    known = table["city"].notna() & table.iloc[:, 0].notna()
    assert np.corrcoef(score[known], y[known])[0, 1] > 0.8


@both
def test_the_same_rows_get_the_same_prediction_whatever_stands_beside_them(kind):
    table, y = rows()
    fitted = model(kind).fit(table, y)
    whole = told(fitted, table)
    for row in (0, 11, 13, 200):
        np.testing.assert_allclose(told(fitted, table.iloc[[row]])[0], whole[row], rtol=1e-6)
    np.testing.assert_array_equal(told(cloudpickle.loads(cloudpickle.dumps(fitted)), table), whole)
    np.testing.assert_array_equal(told(model(kind).fit(table, y), table), whole)
    reordered = table.assign(city=table["city"].cat.reorder_categories(["(other)", "ulm", "rare", "köln", "bonn"]))
    np.testing.assert_array_equal(told(fitted, reordered), whole)


@both
def test_a_level_that_fit_never_saw_is_a_gap(kind):
    table, y = rows()
    fitted = model(kind).fit(table, y)
    strange, gap = table.iloc[:3].copy(), table.iloc[:3].copy()
    strange["city"] = pd.Categorical(["mars"] * 3)
    gap["city"] = pd.Categorical([None] * 3, categories=table["city"].cat.categories)
    np.testing.assert_array_equal(told(fitted, strange), told(fitted, gap))


@both
def test_numbers_too_large_to_hold_are_gaps(kind):
    table, y = rows()
    table.iloc[5, 0], table.iloc[6, 0] = np.inf, -1e300
    assert np.isfinite(told(model(kind).fit(table, y), table)).all()


@classifiers
def test_classes_keep_their_labels_and_probabilities_add_up(kind):
    table, y = rows()
    y = np.where(table["n"] > 6, 2.0, y) * 2 + 1
    fitted = model(kind).fit(table, y)
    assert fitted.classes_.tolist() == [1.0, 3.0, 5.0]
    assert set(fitted.predict(table)) == {1.0, 3.0, 5.0}
    np.testing.assert_allclose(fitted.predict_proba(table).sum(axis=1), 1)


@both
@pytest.mark.parametrize("n_rows", [1, 2, 12, 150])
def test_few_rows_get_a_fixed_number_of_trees(kind, n_rows):
    table, y = rows(n_rows)
    fitted = model(kind).fit(table, y)
    assert fitted.n_trees_ in (0, 50)
    assert len(told(fitted, table)) == n_rows
    assert np.isfinite(told(fitted, table)).all()


@both
def test_a_table_that_says_nothing_gives_the_weighted_mean(kind):
    y = np.r_[np.zeros(200), np.ones(100)]
    weight = np.r_[np.ones(200), np.full(100, 2.0)]
    table = pd.DataFrame({"a": np.ones(300), "b": pd.Categorical([None] * 300, categories=["x"])})
    found = told(model(kind).fit(table, y, sample_weight=weight), table)
    np.testing.assert_allclose(found, 0.5)


@classifiers
def test_one_class_and_a_class_in_few_groups_are_no_errors(kind):
    table, y = rows()
    assert told(model(kind).fit(table, np.zeros(400)), table).tolist() == [[1.0]] * 400
    groups = np.repeat(np.arange(4), 100)
    y[groups == 0] = 2
    assert told(model(kind).fit(table, y, groups=groups), table).shape == (400, 3)


@regressors
def test_one_value_is_no_error(kind):
    table, _ = rows()
    np.testing.assert_allclose(told(model(kind).fit(table, np.full(400, 7.0)), table), 7.0, rtol=1e-5)


@both
def test_weights_and_groups_are_heeded(kind):
    table, y = rows()
    weight = np.r_[np.ones(200), np.full(200, 1e-9)]
    spoiled = np.r_[y[:200], 1 - y[200:]]
    found = told(model(kind).fit(table, spoiled, sample_weight=weight), table)
    score = found[:, 1] if found.ndim == 2 else found
    assert np.corrcoef(score, y)[0, 1] > 0.6
    alone = model(kind).fit(table, y, groups=np.zeros(400))
    assert alone.n_trees_ == 50, "a fixed number: one group cannot be set aside"


@pytest.mark.parametrize(
    ("kind", "loss"),
    [
        (CatBoostedRegressor, "MAE"), (CatBoostedRegressor, "MAPE"), (CatBoostedRegressor, "Poisson"),
        (XGBoostedRegressor, "reg:absoluteerror"), (XGBoostedRegressor, "count:poisson"),
    ],
)  # fmt: skip
def test_losses_predict_on_the_scale_of_the_target(kind, loss):
    table, y = rows()
    target = 10 + 5 * y
    fitted = model(kind, 200).set_params(loss=loss).fit(table, target)
    assert np.mean(np.abs(fitted.predict(table) - target)) < 1.5


def test_alike_rows_are_told_with_gaps():
    assert is_alike(np.array([[1.0, np.nan], [1.0, np.nan]]))
    assert not is_alike(np.array([[1.0, np.nan], [1.0, 2.0]]))
