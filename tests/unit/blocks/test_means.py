"""Means of the target in the place of levels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from octopus.blocks.means import TargetMeans


def many_levels(n_rows: int = 2000, n_levels: int = 100, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Return levels that differ in their mean, and the target."""
    rng = np.random.default_rng(seed)
    effect = rng.normal(size=n_levels)
    level = rng.integers(0, n_levels, n_rows)
    table = pd.DataFrame({"k": pd.Categorical([f"l{i}" for i in level]), "x": rng.normal(size=n_rows)})
    return table, effect[level] + rng.normal(size=n_rows)


def test_a_level_is_drawn_towards_the_mean_of_all():
    table = pd.DataFrame({"k": ["a"] * 3 + ["b"] + [None] * 2, "x": range(6)}, index=range(6, 12))
    y = np.array([1.0, 2.0, 3.0, 10.0, 0.0, 2.0])
    fitted = TargetMeans(["k"], smoothing=2.0).fit(table, y)
    means = fitted.transform(table)
    assert list(means) == ["x", "k mean 0"]
    np.testing.assert_allclose(means["k mean 0"], [12 / 5] * 3 + [16 / 3] + [8 / 4] * 2)
    unseen = pd.DataFrame({"k": ["new"], "x": [0]})
    assert fitted.transform(unseen)["k mean 0"].tolist() == [3.0]


def test_levels_tell_what_they_tell_on_rows_not_seen():
    table, y = many_levels()
    means = TargetMeans(["k"], random_state=0).fit_transform(table, y)["k mean 0"]
    assert 0.5 < np.corrcoef(means, y)[0, 1] < 0.75, "that of the true effects is 0.71"


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_levels_of_one_row_tell_nothing_of_it(seed, grouped):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"k": [f"l{i}" for i in range(300)]})
    y = rng.normal(size=300)
    groups = rng.integers(0, 30, 300) if grouped else None
    means = TargetMeans(["k"], random_state=seed).fit_transform(table, y, groups=groups)["k mean 0"]
    np.testing.assert_allclose(means, np.full(300, y.mean()))


@pytest.mark.parametrize("n_rows_of_a_level", [2, 4, 20])
def test_noise_stays_noise(n_rows_of_a_level):
    told, own = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        levels = rng.permutation(np.repeat(np.arange(1000 // n_rows_of_a_level), n_rows_of_a_level))
        table, y = pd.DataFrame({"k": levels}), rng.normal(size=1000)
        block = TargetMeans(["k"], random_state=seed)
        told.append(np.corrcoef(block.fit_transform(table, y)["k mean 0"], y)[0, 1])
        own.append(np.corrcoef(block.transform(table)["k mean 0"], y)[0, 1])
    assert abs(np.mean(told)) < 0.05
    assert np.mean(own) > 0.2, "with its own target a row would tell"


def test_groups_stay_in_one_part():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 10)
    effect = rng.normal(size=60)
    y = effect[groups] + rng.normal(0, 0.1, 600)
    table = pd.DataFrame({"k": [f"l{g}" for g in groups]})  # a level is a group
    leaky = TargetMeans(["k"], random_state=0).fit_transform(table, y)["k mean 0"]
    whole = TargetMeans(["k"], random_state=0).fit_transform(table, y, groups=groups)["k mean 0"]
    assert np.corrcoef(leaky, y)[0, 1] > 0.9
    np.testing.assert_allclose(whole, np.full(600, y.mean()))


def test_each_of_several_classes_has_a_column():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"k": rng.choice(list("abc"), 300), "m": rng.choice(list("de"), 300)})
    y = rng.integers(0, 3, 300).astype(float)
    means = TargetMeans(["k", "m"], n_classes=4, random_state=0).fit_transform(table, y)
    assert list(means) == [f"{name} mean {k}" for name in "km" for k in range(4)]
    np.testing.assert_allclose(means.filter(like="k mean").sum(axis=1), 1)
    assert (means["k mean 3"] == 0).all(), "a class that no row has"
    two = TargetMeans(["k"], n_classes=2, random_state=0).fit_transform(table, (y > 0).astype(float))
    assert list(two) == ["m", "k mean 0"]


def test_a_weight_of_two_is_the_row_twice_and_of_nothing_no_row():
    table, y = many_levels(300, 10)
    weight = np.random.default_rng(1).integers(1, 3, 300).astype(float)
    rows = np.repeat(np.arange(300), weight.astype(int))
    weighted = TargetMeans(["k"]).fit(table, y, sample_weight=weight).transform(table)
    pd.testing.assert_frame_equal(weighted, TargetMeans(["k"]).fit(table.iloc[rows], y[rows]).transform(table))
    ignored = np.r_[np.ones(200), np.full(100, 1e-12)]
    most = TargetMeans(["k"]).fit(table, y, sample_weight=ignored).transform(table)
    pd.testing.assert_frame_equal(most, TargetMeans(["k"]).fit(table.iloc[:200], y[:200]).transform(table))


def test_weights_that_add_up_to_one_do_not_drown_in_the_mean_of_all():
    table, y = many_levels(300, 10)
    shares = TargetMeans(["k"]).fit(table, y, sample_weight=np.full(300, 1 / 300)).transform(table)
    pd.testing.assert_frame_equal(shares, TargetMeans(["k"]).fit(table, y).transform(table))


def test_the_seed_decides_the_parts_and_nothing_else():
    table, y = many_levels(400, 20)
    block = TargetMeans(["k"], random_state=3)
    first, second = (clone(block).fit_transform(table, y) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    other = clone(block).set_params(random_state=4)
    assert not np.allclose(other.fit_transform(table, y)["k mean 0"], first["k mean 0"])
    pd.testing.assert_frame_equal(other.transform(table), clone(block).fit(table, y).transform(table))


@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_few_rows_and_groups_are_no_error(n_rows):
    table, y = many_levels(n_rows, 2)
    assert TargetMeans(["k"]).fit_transform(table, y).notna().all(axis=None)
    one_group = TargetMeans(["k"]).fit_transform(table, y, groups=np.zeros(n_rows))
    np.testing.assert_allclose(one_group["k mean 0"], y.mean())
