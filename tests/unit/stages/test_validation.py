"""Plans and folds: what the plan says is what the folds are."""

from dataclasses import replace

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, KFold, PredefinedSplit, ShuffleSplit, StratifiedKFold, TimeSeriesSplit

from octopus.dataset import Dataset
from octopus.errors import InvalidData, InvalidParameter
from octopus.records import Profile, RevalidateProposal, TargetProfile, Task, ValidationPlan
from octopus.stages.validation import make_folds, plan_again, plan_validation


def task(n_classes=2, seed=0, **roles):
    kind = {0: "regression", 2: "binary"}.get(n_classes, "multiclass")
    return Task(
        goal="",
        type=kind,
        type_reason="",
        target="y",
        scoring="s",
        classes=tuple(f"c{i}" for i in range(n_classes)),
        features=("x",),
        random_state=seed,
        **roles,
    )


def profile(n_groups=None):
    return Profile(
        n_rows=1,
        n_columns=1,
        n_sealed=0,
        sealed_reason="",
        memory_bytes=1,
        columns=(),
        target=TargetProfile(n_missing=0),
        n_groups=n_groups,
    )


def dataset(n, seed=0, n_classes=2, **parts):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n).astype(float) if n_classes else rng.normal(size=n)
    if n_classes and n >= 2 * n_classes:
        y[: 2 * n_classes] = np.tile(np.arange(n_classes), 2)
    return Dataset(table=pd.DataFrame({"x": rng.normal(size=n)}), y=y, row_ids=np.arange(n), **parts)


def folds_of(asked, train, cv="auto", sealed_any=True, n_groups=None):
    plan = plan_validation(asked, profile(n_groups), train, sealed_any, cv)
    folds = make_folds(plan, asked, train, cv)
    assert len(folds) == plan.n_splits * plan.n_repeats
    for fold in folds:
        assert not set(fold.train_rows) & set(fold.valid_rows)
        assert len(fold.train_rows)
        assert len(fold.valid_rows)
        if plan.kind != "custom" and train.groups is not None:
            assert not set(train.groups[fold.train_rows]) & set(train.groups[fold.valid_rows])
        if asked.is_classification:
            assert len(set(train.y[fold.train_rows])) > 1
    return plan, folds


def times_scored(folds, n):
    return np.bincount(np.concatenate([fold.valid_rows for fold in folds]), minlength=n)


def same(first, second):
    return len(first) == len(second) and all(
        np.array_equal(a.train_rows, b.train_rows) and np.array_equal(a.valid_rows, b.valid_rows)
        for a, b in zip(first, second, strict=True)
    )


# ------------------------------------------------------------------ automatic


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(20, 400),
    n_classes=st.sampled_from([0, 2, 3]),
    n_groups=st.sampled_from([0, 10, 40, 300]),
    entities=st.booleans(),
    sealed_any=st.booleans(),
)
def test_folds_are_disjoint_whole_and_complete(seed, n, n_classes, n_groups, entities, sealed_any):
    groups = np.random.default_rng(seed).integers(0, n_groups, n) if n_groups else None
    train = dataset(n, seed, n_classes, groups=groups)
    known = n_groups if groups is not None and entities else None
    asked = task(n_classes, seed)
    plan, folds = folds_of(asked, train, sealed_any=sealed_any, n_groups=known)
    if plan.n_splits > 1:
        assert (times_scored(folds, n) == plan.n_repeats).all()
    assert plan.kind == ("group" if known else "stratified" if n_classes else "random")
    assert same(folds, make_folds(plan, asked, train, "auto"))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(30, 300),
    n_dates=st.integers(8, 300),
    n_groups=st.sampled_from([0, 20, 200]),
)
def test_time_folds_never_look_ahead(seed, n, n_dates, n_groups):
    rng = np.random.default_rng(seed)
    time = np.datetime64("2020-01-01", "ns") + rng.integers(0, n_dates, n) * np.timedelta64(1, "D")
    groups = rng.integers(0, n_groups, n) if n_groups else None
    train = dataset(n, seed, 0, time=time, groups=groups)
    plan, folds = folds_of(task(0, time="date"), train, n_groups=n_groups or None)
    if plan.kind != "time":
        assert n_groups  # few groups that all last to the end
        return
    assert plan.column == "date"
    last = time if groups is None else pd.Series(time).groupby(groups).transform("max").to_numpy()
    for fold in folds:
        assert last[fold.train_rows].max() < last[fold.valid_rows].min()
    assert times_scored(folds, n).max() == 1


def test_five_stratified_folds():
    train = dataset(1000)
    train = replace(train, y=(np.arange(1000) % 10 == 0).astype(float))
    plan, folds = folds_of(task(), train)
    assert (plan.kind, plan.n_splits, plan.n_repeats, plan.column) == ("stratified", 5, 1, None)
    assert {int(train.y[fold.valid_rows].sum()) for fold in folds} == {20}


@pytest.mark.parametrize("n", [200, 999])
def test_few_rows_and_nothing_sealed_are_repeated(n):
    plan, folds = folds_of(task(), dataset(n), sealed_any=False)
    assert (plan.n_splits, plan.n_repeats) == (5, 3)
    assert not same(folds[:5], folds[5:10])
    assert f"{n} rows are few and none are sealed" in plan.reason
    assert folds_of(task(), dataset(n), sealed_any=True)[0].n_repeats == 1


def test_a_thousand_rows_are_not_repeated():
    assert folds_of(task(), dataset(1000), sealed_any=False)[0].n_repeats == 1


@pytest.mark.parametrize("kind", ["stratified", "random", "group", "time"])
def test_many_rows_are_split_once(kind):
    n = 100_010
    groups = np.arange(n) // 4 if kind == "group" else None
    time = np.datetime64("2020-01-01", "ns") + np.arange(n) * np.timedelta64(1, "m") if kind == "time" else None
    train = dataset(n, 0, 0 if kind == "random" else 2, groups=groups, time=time)
    plan, folds = folds_of(task(0 if kind == "random" else 2), train, n_groups=n // 4 if kind == "group" else None)
    assert (plan.kind, plan.n_splits) == (kind, 1)
    assert len(folds[0].valid_rows) == pytest.approx(n / 5, rel=0.02)
    assert len(folds[0].valid_rows) + len(folds[0].train_rows) == n
    if kind == "time":
        assert folds[0].valid_rows.max() == n - 1


@pytest.mark.parametrize(("rare", "n_splits"), [(2, 2), (3, 3), (4, 4), (9, 5)])
def test_a_rare_class_lowers_the_number_of_splits(rare, n_splits):
    train = replace(dataset(300), y=(np.arange(300) < rare).astype(float))
    assert folds_of(task(), train)[0].n_splits == n_splits


def test_a_single_row_of_a_class_still_leaves_one_split():
    train = replace(dataset(300), y=(np.arange(300) < 1).astype(float))
    plan, folds = folds_of(task(), train)
    assert plan.n_splits == 1
    assert 0 in folds[0].train_rows


def test_few_groups_lower_the_number_of_splits():
    train = dataset(300, groups=np.arange(300) % 3)
    plan, _ = folds_of(task(group="site"), train, n_groups=3)
    assert (plan.kind, plan.n_splits, plan.column) == ("group", 3, "site")


@pytest.mark.parametrize("n_classes", [0, 2])
def test_large_groups_are_spread_over_the_folds(n_classes):
    groups = np.r_[np.repeat(np.arange(5), 50), np.repeat(np.arange(5, 30), 2)]
    _, folds = folds_of(task(n_classes), dataset(300, 0, n_classes, groups=groups), n_groups=30)
    assert all(50 <= len(fold.valid_rows) < 100 for fold in folds)  # one of the large ones in each


def test_many_entities_are_split_too():
    train = dataset(24_000, groups=np.arange(24_000) // 4)
    plan, folds = folds_of(task(), train, n_groups=6000)
    assert plan.kind == "group"
    assert (times_scored(folds, 24_000) == 1).all()


def test_copies_stay_together_under_the_usual_name():
    train = dataset(300, groups=np.r_[np.arange(250), np.arange(50)])
    plan, _ = folds_of(task(), train)
    assert plan.kind == "stratified"
    assert "copies of a row stay together" in plan.reason


def test_a_time_of_one_date_falls_back_with_its_reason():
    train = dataset(300, time=np.full(300, np.datetime64("2020-01-01", "ns")))
    plan, _ = folds_of(task(time="date"), train)
    assert plan.kind == "stratified"
    assert "time splits cannot be had" in plan.reason


def test_early_rows_of_one_class_lower_the_time_splits():
    time = np.datetime64("2020-01-01", "ns") + np.arange(300) * np.timedelta64(1, "D")
    train = replace(dataset(300, time=time), y=((np.arange(300) > 80) & (np.arange(300) % 2 == 0)).astype(float))
    plan, _ = folds_of(task(time="date"), train)
    assert plan.kind == "time"
    assert plan.n_splits < 5


@pytest.mark.parametrize("n", [2, 3, 5, 9])
def test_a_handful_of_rows_is_split(n):
    assert folds_of(task(0), dataset(n, n_classes=0), sealed_any=False)[0].n_splits >= 1
    if n > 3:
        folds_of(task(2), dataset(n), sealed_any=False)


def test_what_cannot_be_split_says_so():
    with pytest.raises(InvalidData, match="n_samples=1"):
        plan_validation(task(0), profile(), dataset(1, n_classes=0), False, "auto")
    with pytest.raises(InvalidData, match="group"):
        plan_validation(task(0), profile(1), dataset(30, n_classes=0, groups=np.zeros(30, dtype=int)), False, "auto")


def test_the_seed_makes_the_folds():
    train = dataset(300)
    assert not same(folds_of(task(seed=1), train)[1], folds_of(task(seed=2), train)[1])
    folds_of(task(seed=2**32 - 1), dataset(100), sealed_any=False)


# ------------------------------------------------------------------ the user's choice


@pytest.mark.parametrize("cv", [2, 3, 10, np.int64(7)])
def test_a_number_of_splits_is_obeyed(cv):
    plan, folds = folds_of(task(), dataset(200), cv=cv, sealed_any=False)
    assert (plan.kind, plan.n_splits, plan.n_repeats) == ("stratified", cv, 1)
    assert (times_scored(folds, 200) == 1).all()


@pytest.mark.parametrize(
    "cv", [KFold(4), StratifiedKFold(3), TimeSeriesSplit(5), ShuffleSplit(6), KFold(5, shuffle=True)], ids=str
)
def test_a_splitter_is_obeyed_and_repeatable(cv):
    train = dataset(200)
    plan, folds = folds_of(task(), train, cv=cv)
    assert (plan.kind, plan.n_splits) == ("custom", cv.get_n_splits())
    assert same(folds, make_folds(plan, task(), train, cv))
    assert getattr(cv, "random_state", None) is None  # the user's own object is left alone


def test_a_group_splitter_gets_the_groups():
    train = dataset(200, groups=np.arange(200) // 10)
    _, folds = folds_of(task(), train, cv=GroupKFold(4))
    for fold in folds:
        assert not set(train.groups[fold.train_rows]) & set(train.groups[fold.valid_rows])
    with pytest.raises(InvalidParameter, match="groups"):
        folds_of(task(), dataset(200), cv=GroupKFold(4))


@pytest.mark.parametrize("mask", [False, True])
def test_listed_splits_are_positions_of_the_users_rows(mask):
    whole = dataset(200)
    train = whole.take(np.flatnonzero(np.arange(200) % 5 != 0))  # every fifth row is sealed
    splits = [(np.arange(100), np.arange(100, 200)), (np.arange(100, 200), np.arange(100))]
    if mask:
        splits = [tuple(np.isin(np.arange(200), side) for side in pair) for pair in splits]
    _, folds = folds_of(task(), train, cv=splits)
    assert set(train.row_ids[folds[0].train_rows]) == {i for i in range(100) if i % 5}
    assert set(train.row_ids[folds[0].valid_rows]) == {i for i in range(100, 200) if i % 5}


def test_a_predefined_split_speaks_of_the_users_rows():
    train = dataset(200).take(np.flatnonzero(np.arange(200) % 5 != 0))
    _, folds = folds_of(task(), train, cv=PredefinedSplit(np.where(np.arange(200) < 100, 0, -1)))
    assert set(train.row_ids[folds[0].valid_rows]) == {i for i in range(100) if i % 5}


@pytest.mark.parametrize(
    "cv",
    [
        0, 1, -3, True, 2.5, "foo", "5", b"auto", {}, [], 201, object(), [1, 2], [([0, 1],)], [("a", "b")],
        [([0, 1, 2, 3], [3, 4])], [(list(range(50)), [60, 60])], [([-1, 2, 3], [4])], [([0.5, 1.5], [4])],
        [(list(range(50)), [5000])], ((a, b) for a, b in [([0, 1], [2])]), KFold(500),
    ],
    ids=lambda cv: type(cv).__name__,
)  # fmt: skip
def test_what_is_no_cv_says_what_why_and_what_to_do(cv):
    with pytest.raises(InvalidParameter) as error:
        plan_validation(task(), profile(), dataset(200), True, cv)
    assert error.value.parameter == "cv"
    assert error.value.why
    assert error.value.remedy


def test_more_splits_than_groups_says_so():
    with pytest.raises(InvalidParameter, match="group splits"):
        plan_validation(task(), profile(4), dataset(200, groups=np.arange(200) % 4), True, 6)


def test_splits_that_lose_their_rows_to_the_holdout_say_so():
    train = dataset(200).take(np.arange(100, 200))
    with pytest.raises(InvalidParameter, match="no test row left once sealed rows are taken out"):
        plan_validation(task(), profile(), train, True, [(np.arange(100, 200), np.arange(100))])


def test_a_split_that_fits_on_one_class_says_so():
    train = dataset(200)
    ones = np.flatnonzero(train.y == 1)
    with pytest.raises(InvalidParameter, match="single class"):
        plan_validation(task(), profile(), train, True, [(ones, np.flatnonzero(train.y == 0))])


def test_a_plan_is_json():
    plan, _ = folds_of(task(), dataset(200))
    assert msgspec.json.decode(msgspec.json.encode(plan), type=type(plan)) == plan


def revalidate(kind, column=None, **changes):
    return RevalidateProposal(kind=kind, column=column, reason="r", **changes)


NOW = ValidationPlan(kind="stratified", n_splits=5, reason="r")


def test_other_folds_keep_together_what_was_together_before():
    train = dataset(60)
    pairs, firms = np.arange(60) // 2, np.arange(60) % 7
    train = replace(train, table=train.table.assign(pair=pairs), groups=firms)
    with pytest.raises(InvalidData, match="cannot be had"):  # pairs link every firm with the next
        plan_again(revalidate("group", "pair"), NOW, task(), train)
    firms = np.arange(60) // 10
    train = replace(train, groups=firms)
    plan = plan_again(revalidate("group", "pair"), NOW, task(), train)
    for fold in make_folds(plan, task(), train, "auto"):
        assert not set(firms[fold.train_rows]) & set(firms[fold.valid_rows])


def test_folds_by_a_column_that_groups_nothing_or_holds_no_dates_are_refused():
    train = dataset(40)
    train = replace(train, table=train.table.assign(row=np.arange(40), word="a b"))
    with pytest.raises(InvalidData, match="groups nothing"):
        plan_again(revalidate("group", "row"), NOW, task(), train)
    with pytest.raises(InvalidData):
        plan_again(revalidate("time", "word"), NOW, task(), train)


def test_folds_in_the_order_of_a_column_of_dates():
    train = dataset(60)
    days = pd.date_range("2024-01-01", periods=60)[::-1]
    train = replace(train, table=train.table.assign(day=days))
    plan = plan_again(revalidate("time", "day", n_splits=3), NOW, task(), train)
    assert (plan.kind, plan.column, plan.n_splits) == ("time", "day", 3)
    for fold in make_folds(plan, task(), train, "auto"):
        assert days[fold.train_rows].max() < days[fold.valid_rows].min()


def test_a_number_of_splits_that_the_user_gave_is_kept():
    asked = msgspec.structs.replace(NOW, n_splits=3, is_asked=True)
    plan = plan_again(revalidate("stratified", n_splits=8), asked, task(), dataset(60))
    assert (plan.n_splits, plan.is_asked) == (3, True)
    assert folds_of(task(), dataset(60), cv=4)[0].is_asked
    assert not folds_of(task(), dataset(60))[0].is_asked


@pytest.mark.parametrize(("n", "n_splits"), [(10_000, 5), (10_001, 3), (100_000, 3), (100_001, 1)])
def test_the_more_rows_the_fewer_folds_do(n, n_splits):
    plan, _ = folds_of(task(), dataset(n))
    assert plan.n_splits == n_splits
    assert ("are many" in plan.reason) is (n_splits < 5)


@pytest.mark.parametrize(
    ("n", "hurried", "n_splits"), [(900, True, 5), (1500, True, 3), (1500, False, 5), (20_000, False, 3)]
)
def test_three_folds_do_where_rows_are_many_or_some_and_time_is_short(n, hurried, n_splits):
    plan = plan_validation(task(), profile(), dataset(n), True, "auto", hurried=hurried)
    assert plan.n_splits == n_splits
    assert ("time is short" in plan.reason) == (hurried and n_splits == 3)
    assert plan_validation(task(), profile(), dataset(n), True, 4, hurried=hurried).n_splits == 4, "as asked for"
