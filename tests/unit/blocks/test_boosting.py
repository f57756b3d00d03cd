"""Boosting that finds its number of trees."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import clone

from octopus.blocks.boosting import EarlyStoppedClassifier, EarlyStoppedRegressor, held_rows


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def boosting_table(n_rows: int):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(n_rows, 3)), columns=['a"[]{}:,', "b", "b2"])
    return table, (table.iloc[:, 0] > 0).to_numpy(dtype=float)


def test_early_stopping_finds_a_number_and_fits_every_row():
    table, y = boosting_table(600)
    model = EarlyStoppedClassifier(LGBMClassifier(n_estimators=2000, n_jobs=1), patience=10, random_state=0)
    fitted = clone(model).fit(table, y)
    assert 1 <= fitted.n_trees_ < 2000
    assert fitted.model_.n_estimators == fitted.n_trees_
    assert np.mean(fitted.predict(table) == y) > 0.95
    np.testing.assert_allclose(fitted.predict_proba(table).sum(axis=1), 1)


@pytest.mark.parametrize("n_rows", [1, 2, 12, 150])
def test_few_rows_get_a_fixed_number_of_trees(n_rows):
    table, y = boosting_table(n_rows)
    fitted = EarlyStoppedRegressor(LGBMRegressor(learning_rate=0.05, n_jobs=1)).fit(table, y)
    assert fitted.n_trees_ == 100
    assert fitted.predict(table).shape == (n_rows,)


def test_a_class_that_lives_in_few_groups_is_no_error():
    table, y = boosting_table(600)
    groups = np.repeat(np.arange(6), 100)
    y[groups == 0] = 2
    for seed in range(4):
        model = EarlyStoppedClassifier(LGBMClassifier(n_estimators=30, n_jobs=1), random_state=seed)
        assert model.fit(table, y, groups=groups).predict_proba(table).shape == (600, 3)
    one = EarlyStoppedClassifier(LGBMClassifier(n_estimators=30, n_jobs=1)).fit(table, y, groups=np.zeros(600))
    assert one.n_trees_ == 30


def test_rows_set_aside_are_stratified_or_whole_groups():
    labels = np.r_[np.zeros(900), np.ones(100), [2.0]]
    held = held_rows(labels, 0.15, 0, whole=False)
    assert (held[:900].sum(), held[900:1000].sum(), held[1000]) == (135, 15, False)
    groups = np.repeat(np.arange(40), 25)
    held = held_rows(groups, 0.15, 0, whole=True)
    assert held.sum() == 150
    assert all(held[groups == g].all() or not held[groups == g].any() for g in range(40))
    assert not held_rows(np.zeros(50), 0.15, 0, whole=True).any()
