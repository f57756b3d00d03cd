"""Models fitted several times, each without another part of the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from octopus.blocks.committees import CommitteeClassifier, CommitteeRegressor, dealt_out
from octopus.scientists.llm.library import OFFERED

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(100, 3)), columns=list("abc"))
Y = X["a"].to_numpy() + RNG.normal(scale=0.3, size=100)


class Remembers(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Predicts its seed and keeps what it was told."""

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: np.ndarray, sample_weight: np.ndarray | None = None, groups=None) -> Remembers:
        self.index_, self.y_, self.weight_, self.groups_ = X.index.to_numpy(), y, sample_weight, groups
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return np.full(len(X), float(self.random_state or 0))


@given(
    labels=st.lists(st.integers(0, 5), min_size=1, max_size=60),
    n_parts=st.integers(2, 6),
    seed=st.integers(0, 9),
    whole=st.booleans(),
)
def test_parts_are_even_and_labels_split_alike_or_not_at_all(labels, n_parts, seed, whole):
    labels = np.asarray(labels)
    dealt = dealt_out(labels, n_parts, seed, whole)
    assert ((dealt >= 0) & (dealt < n_parts)).all()
    counts = np.array([np.bincount(dealt[labels == label], minlength=n_parts) for label in np.unique(labels)])
    if whole:
        assert ((counts > 0).sum(axis=1) == 1).all()
    else:
        assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()
        assert np.ptp(np.bincount(dealt, minlength=n_parts)) <= 1
    np.testing.assert_array_equal(dealt, dealt_out(labels, n_parts, seed, whole))


def test_each_member_goes_without_another_fifth_and_every_row_is_left_out_once():
    members = CommitteeRegressor(Remembers(), random_state=3).fit(X, Y).members_
    missing = [np.setdiff1d(np.arange(100), member.index_) for member in members]
    assert [len(one) for one in missing] == [20] * 5
    assert set(np.concatenate(missing)) == set(range(100))
    assert [member.random_state for member in members] == [3, 4, 5, 6, 7]
    for member in members:
        np.testing.assert_array_equal(member.y_, Y[member.index_])


def test_the_highest_seed_is_one_of_a_member():
    members = CommitteeRegressor(Remembers(), random_state=2**32 - 1).fit(X, Y).members_
    assert [member.random_state for member in members] == [2**32 - 1, 0, 1, 2, 3]


def test_weights_and_groups_go_with_their_rows_and_groups_stay_together():
    weight, groups = RNG.random(100), np.repeat(np.arange(20), 5)
    members = CommitteeRegressor(Remembers(), random_state=0).fit(X, Y, sample_weight=weight, groups=groups).members_
    for member in members:
        np.testing.assert_array_equal(member.weight_, weight[member.index_])
        np.testing.assert_array_equal(member.groups_, groups[member.index_])
        assert not set(member.groups_) & (set(groups) - set(member.groups_))
        assert len(member.index_) == 5 * len(set(member.groups_))


def test_it_predicts_the_average_of_its_members():
    fitted = CommitteeRegressor(DecisionTreeRegressor(), random_state=0).fit(X, Y)
    np.testing.assert_allclose(fitted.predict(X), np.mean([m.predict(X) for m in fitted.members_], axis=0))
    labels = np.where(Y > 0, "yes", "no")
    classes = CommitteeClassifier(DecisionTreeClassifier(), random_state=0).fit(X, labels)
    told = np.mean([m.predict_proba(X) for m in classes.members_], axis=0)
    np.testing.assert_allclose(classes.predict_proba(X), told)
    np.testing.assert_array_equal(classes.predict(X), np.array(["no", "yes"])[told.argmax(axis=1)])


def test_it_is_steadier_than_one_of_its_members():
    def errors(model):
        rng = np.random.default_rng(1)
        off = []
        for _ in range(10):
            table = rng.normal(size=(80, 4))
            fitted = clone(model).fit(table, table[:, 0] + rng.normal(size=80))
            new = rng.normal(size=(200, 4))
            off.append(np.mean((fitted.predict(new) - new[:, 0]) ** 2))
        return np.mean(off)

    tree = DecisionTreeRegressor(random_state=0)
    assert errors(CommitteeRegressor(tree, random_state=0)) < 0.8 * errors(tree)


def test_every_member_knows_every_class_also_one_of_a_single_row():
    y = np.zeros(40)
    y[3], y[10:20] = 2, 1
    fitted = CommitteeClassifier(LogisticRegression(), random_state=0).fit(RNG.normal(size=(40, 2)), y)
    assert all(list(member.classes_) == [0, 1, 2] for member in fitted.members_)
    assert fitted.predict_proba(np.zeros((3, 2))).shape == (3, 3)
    together = np.repeat([0, 1], 20)
    one_group_each = CommitteeClassifier(DummyClassifier(), random_state=0).fit(X[:40], together, groups=together)
    assert all(list(member.classes_) == [0, 1] for member in one_group_each.members_)


@pytest.mark.parametrize("n_rows", [1, 2, 4])
def test_fewer_rows_than_members_are_no_error(n_rows):
    fitted = CommitteeRegressor(Ridge(), random_state=0).fit(X[:n_rows], Y[:n_rows])
    assert np.isfinite(fitted.predict(X)).all()


def test_the_same_seed_draws_the_same_members():
    model = CommitteeRegressor(DecisionTreeRegressor(max_features=1), random_state=5)
    first, second = (clone(model).fit(X, Y).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, clone(model).set_params(random_state=6).fit(X, Y).predict(X))


def test_no_prompt_shows_it():
    assert not any("Committee" in name for name in OFFERED)
