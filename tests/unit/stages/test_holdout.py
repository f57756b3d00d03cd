"""The seal: split first, opened once, whole groups, the latest rows where time matters."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

from octopus.dataset import Dataset
from octopus.errors import HoldoutError, InvalidParameter
from octopus.records import Task
from octopus.stages.holdout import SealedHoldout, seal_holdout


def task(classes=("no", "yes"), seed=0, ignored=()):
    kind = {0: "regression", 2: "binary"}.get(len(classes), "multiclass")
    return Task(
        goal="",
        type=kind,
        type_reason="",
        target="y",
        scoring="s",
        classes=classes,
        features=("x",),
        ignored=ignored,
        random_state=seed,
    )


REGRESSION = ()


def dataset(n=500, seed=0, positive=0.3, **columns):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), **columns})
    y = (rng.random(n) < positive).astype(float)
    return Dataset(table=table, y=y, row_ids=np.arange(n))


def days(order):
    return pd.Series(pd.Timestamp("2021-01-01") + pd.to_timedelta(order, unit="D")).astype("datetime64[ns]")


def codes(sealed):
    return [finding.code for finding in sealed.findings]


# ------------------------------------------------------------------ the seal


def test_it_opens_once():
    sealed = seal_holdout(dataset(), task(), {}, 0.2)
    assert len(sealed.holdout.open()) == sealed.holdout.n_rows == 100
    with pytest.raises(HoldoutError, match="opened before"):
        sealed.holdout.open()


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_it_can_be_neither_copied_nor_pickled(duplicate):
    holdout = SealedHoldout(dataset())
    with pytest.raises(HoldoutError, match="copied or pickled"):
        duplicate(holdout)


def test_its_repr_shows_no_data():
    data = dataset(secret=pd.Series(["Rosebud"] * 500).astype("str"))
    holdout = SealedHoldout(data)
    assert repr(holdout) == "SealedHoldout(n_rows=500, sealed)"
    holdout.open()
    assert repr(holdout) == "SealedHoldout(n_rows=500, opened)"


# ------------------------------------------------------------------ random


def test_classes_keep_their_shares_and_every_row_is_on_one_side():
    data = dataset(1000, positive=0.1)
    sealed = seal_holdout(data, task(), {}, 0.2)
    rows = sealed.holdout.open()
    assert sorted([*sealed.train.row_ids, *rows.row_ids]) == list(range(1000))
    assert np.all(np.diff(sealed.train.row_ids) > 0)
    assert rows.y.mean() == pytest.approx(data.y.mean(), abs=0.01)
    np.testing.assert_array_equal(rows.table["x"], data.table["x"].iloc[rows.row_ids])
    assert sealed.reason == "random rows, stratified by class"
    assert (sealed.group, sealed.time, sealed.n_groups, sealed.train.groups) == (None, None, None, None)


def test_the_seed_makes_the_split():
    def sealed_rows(seed):
        return list(seal_holdout(dataset(), task(seed=seed), {}, 0.2).holdout.open().row_ids)

    assert sealed_rows(1) == sealed_rows(1) != sealed_rows(2)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.4])
def test_the_share_is_the_one_asked_for(share):
    sealed = seal_holdout(dataset(1000), task(REGRESSION), {}, share)
    assert sealed.holdout.n_rows == pytest.approx(1000 * share, abs=2)


@pytest.mark.parametrize("nothing", [None, 0, 0.0])
def test_nothing_is_sealed_where_the_user_says_so(nothing):
    sealed = seal_holdout(dataset(), task(), {}, nothing)
    assert sealed.holdout is None
    assert len(sealed.train) == 500
    assert "as asked for" in sealed.reason


def test_nothing_is_sealed_below_fifty_rows():
    assert seal_holdout(dataset(250), task(), {}, 0.2).holdout.n_rows == 50
    small = seal_holdout(dataset(240), task(), {}, 0.2)
    assert small.holdout is None
    assert "48 rows, below 50 rows" in small.reason


def test_nothing_is_sealed_below_five_rows_of_a_class():
    data = dataset(500)
    rare = Dataset(table=data.table, y=(np.arange(500) < 20).astype(float), row_ids=data.row_ids)
    sealed = seal_holdout(rare, task(), {}, 0.2)
    assert sealed.holdout is None
    assert "4 rows of class 'yes', below 5" in sealed.reason


# ------------------------------------------------------------------ groups


def test_whole_groups_of_a_found_entity():
    customer = np.random.default_rng(3).integers(0, 120, 600).astype(float)
    sealed = seal_holdout(dataset(600, customer_id=customer), task(), {}, 0.2)
    rows = sealed.holdout.open()
    assert sealed.group == "customer_id"
    assert codes(sealed) == ["OCT704"]
    assert not set(sealed.train.groups) & set(rows.groups)
    assert not set(sealed.train.table["customer_id"]) & set(rows.table["customer_id"])
    assert sealed.n_groups == len(set(sealed.train.groups))
    assert len(rows) == pytest.approx(120, abs=10)


def test_groups_of_the_user_come_before_found_ones():
    data = dataset(600, customer_id=np.random.default_rng(3).integers(0, 120, 600).astype(float))
    groups = np.repeat(np.arange(60), 10) * 7
    data = Dataset(table=data.table, y=data.y, row_ids=data.row_ids, groups=groups)
    sealed = seal_holdout(data, task(), {}, 0.2)
    assert sealed.group is None
    assert sealed.n_groups == 48
    assert not set(groups[sealed.train.row_ids]) & set(groups[sealed.holdout.open().row_ids])


def test_a_column_with_the_role_is_the_group():
    shop = np.random.default_rng(0).integers(0, 10, 600).astype(float)
    sealed = seal_holdout(dataset(600, shop=shop), task(REGRESSION), {"shop": "group"}, 0.2)
    assert sealed.group == "shop"
    assert not set(sealed.train.table["shop"]) & set(sealed.holdout.open().table["shop"])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n_groups=st.integers(5, 300), share=st.sampled_from([0.1, 0.2, 0.33]))
def test_no_group_is_ever_on_both_sides(seed, n_groups, share):
    data = dataset(600, seed)
    groups = np.random.default_rng(seed).geometric(3 / n_groups, 600) % n_groups
    data = Dataset(table=data.table, y=data.y, row_ids=data.row_ids, groups=groups)
    sealed = seal_holdout(data, task(seed=seed), {}, share)
    if sealed.holdout is not None:
        rows = sealed.holdout.open()
        assert not set(sealed.train.groups) & set(rows.groups)
        assert len(rows) >= 50
        assert min((rows.y == 0).sum(), (rows.y == 1).sum()) >= 5
        assert len(rows) + len(sealed.train) == 600


# ------------------------------------------------------------------ time


def test_the_latest_rows_where_time_matters():
    data = dataset(600, date=days(np.random.default_rng(0).permutation(600)))
    sealed = seal_holdout(data, task(), {}, 0.2)
    rows = sealed.holdout.open()
    assert sealed.time == "date"
    assert sealed.reason == "the latest rows by date"
    assert rows.time.min() > sealed.train.time.max()
    assert len(rows) == 120


def test_rows_of_one_date_go_together():
    data = dataset(600, date=days(np.arange(600) // 25))
    sealed = seal_holdout(data, task(), {}, 0.2)
    assert sealed.holdout.open().time.min() > sealed.train.time.max()


def test_groups_are_ordered_by_their_last_date():
    rng = np.random.default_rng(0)
    customer = np.repeat(np.arange(150), 4)
    when = customer + rng.integers(0, 40, 600)
    order = np.argsort(when, kind="stable")
    data = dataset(600, customer_id=customer[order].astype(float), date=days(when[order]))
    sealed = seal_holdout(data, task(), {}, 0.2)
    rows = sealed.holdout.open()
    assert not set(sealed.train.groups) & set(rows.groups)
    last_of_train = pd.Series(sealed.train.time).groupby(sealed.train.groups).max()
    last_of_sealed = pd.Series(rows.time).groupby(rows.groups).max()
    assert last_of_train.max() < last_of_sealed.min()


def test_a_late_block_of_one_class_is_no_holdout():
    data = dataset(600, date=days(np.arange(600)))
    y = np.where(np.arange(600) < 400, data.y, 0.0)
    sealed = seal_holdout(Dataset(table=data.table, y=y, row_ids=data.row_ids), task(), {}, 0.2)
    assert sealed.holdout is not None
    assert sealed.holdout.open().y.sum() >= 5
    assert sealed.reason.startswith("random rows")
    assert "the latest rows do not serve" in sealed.reason


def test_most_rows_on_the_last_date_are_no_holdout():
    data = dataset(600, date=days(np.minimum(np.arange(600), 120)))
    sealed = seal_holdout(data, task(), {}, 0.2)
    assert sealed.holdout.n_rows == pytest.approx(120, abs=2)
    assert "share a last date" in sealed.reason


def test_a_time_that_cannot_be_read_says_so():
    with pytest.raises(InvalidParameter, match="read as a time"):
        seal_holdout(dataset(note=pd.Series(["soon"] * 500).astype("str")), task(), {"note": "time"}, 0.2)


# ------------------------------------------------------------------ copies


def test_copies_never_straddle():
    data = dataset(500)
    again = np.concatenate([np.arange(500), np.random.default_rng(0).choice(500, 100, replace=False)])
    table = data.table.iloc[again].reset_index(drop=True)
    doubled = Dataset(table=table, y=data.y[again], row_ids=np.arange(600))
    sealed = seal_holdout(doubled, task(), {}, 0.2)
    assert codes(sealed) == ["OCT706"]
    assert sealed.findings[0].message.startswith("100 rows")
    assert (sealed.group, sealed.n_groups) == (None, None)
    assert not set(sealed.train.table["x"]) & set(sealed.holdout.open().table["x"])


def test_copies_and_entities_are_both_whole():
    rng = np.random.default_rng(0)
    customer = rng.integers(0, 120, 600).astype(float)
    data = dataset(600, customer_id=customer)
    table = pd.concat([data.table, data.table.iloc[:10].assign(customer_id=np.arange(10.0) + 100)], ignore_index=True)
    both = Dataset(table=table, y=np.r_[data.y, data.y[:10]], row_ids=np.arange(610))
    sealed = seal_holdout(both, task(), {}, 0.2)
    held = sealed.holdout.open()
    assert codes(sealed) == ["OCT704", "OCT706"]
    assert not set(sealed.train.table["customer_id"]) & set(held.table["customer_id"])
    assert not set(sealed.train.table["x"]) & set(held.table["x"])


def test_coincidences_of_a_coarse_table_are_noted_only():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({c: rng.integers(0, 3, 600).astype(float) for c in "abc"})
    data = Dataset(table=table, y=rng.integers(0, 2, 600).astype(float), row_ids=np.arange(600))
    sealed = seal_holdout(data, task(), {}, 0.2)
    assert sealed.train.groups is None
    assert sealed.findings[0].action.startswith("noted")
    assert sealed.holdout.n_rows == 120


# ------------------------------------------------------------------ the user's own holdout


def test_a_given_holdout_is_sealed_as_it_is():
    data, own = dataset(500), dataset(30, seed=9)
    sealed = seal_holdout(data, task(), {}, 0.2, given=own)
    assert len(sealed.train) == 500
    assert sealed.findings == ()
    np.testing.assert_array_equal(sealed.holdout.open().table["x"], own.table["x"])


def test_training_rows_in_a_given_holdout_are_found():
    data = dataset(500)
    sealed = seal_holdout(data, task(), {}, 0.2, given=data.take(np.arange(40, 70)))
    assert codes(sealed) == ["OCT707"]
    assert sealed.findings[0].message.startswith("30 rows")


def test_groups_of_a_given_holdout_have_the_training_rows_numbers():
    customer = np.random.default_rng(3).integers(0, 100, 500).astype(float)
    data = dataset(500, customer_id=customer)
    own = dataset(4, seed=9, customer_id=np.array([customer[7], 1000.0, 1000.0, np.nan]))
    sealed = seal_holdout(data, task(), {}, 0.2, given=own)
    groups = sealed.holdout.open().groups
    assert groups[0] == sealed.train.groups[7]
    assert groups[1] == groups[2]
    assert len(set(groups)) == 3
    assert not set(groups[1:]) & set(sealed.train.groups)


# ------------------------------------------------------------------ clean data


@pytest.mark.parametrize("load", [load_breast_cancer, load_diabetes])
def test_clean_data_are_split_at_random(load):
    bunch = load(as_frame=True)
    y = bunch.target.to_numpy(float)
    classes = ("0", "1") if load is load_breast_cancer else ()
    data = Dataset(table=bunch.data.astype(float), y=y, row_ids=np.arange(len(y)))
    sealed = seal_holdout(data, task(classes), {}, 0.2)
    assert (sealed.group, sealed.time, sealed.findings) == (None, None, ())
    assert sealed.reason.startswith("random rows")


def test_iris_is_too_small_and_has_one_copy():
    bunch = load_iris(as_frame=True)
    data = Dataset(table=bunch.data.astype(float), y=bunch.target.to_numpy(float), row_ids=np.arange(150))
    sealed = seal_holdout(data, task(("a", "b", "c")), {}, 0.2)
    assert sealed.holdout is None
    assert codes(sealed) == ["OCT706"]
    assert sealed.findings[0].message.startswith("1 row has")
