"""The target: which task it is, from what, how to overrule; and what is no target."""

from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import sparse

from octopus.blocks.categories import one_spelling
from octopus.errors import InvalidData, InvalidParameter, UnsupportedTask
from octopus.target import MAX_CLASSES, encode, measure, read_target

_MANY = np.arange(100)
_DAY = pd.Timestamp("2024-03-01")


@pytest.mark.parametrize(
    ("y", "task", "classes"),
    [
        (["no", "yes"] * 50, "binary", ["no", "yes"]),
        ([True, False] * 50, "binary", [False, True]),
        ([1, 2] * 50, "binary", [1, 2]),
        ([0.0, 1.0] * 50, "binary", [0, 1]),
        (["a", "b", "c", "a"] * 25, "multiclass", ["a", "b", "c"]),
        (_MANY % 5, "multiclass", [0, 1, 2, 3, 4]),
        (pd.Categorical(["x", "y"] * 50), "binary", ["x", "y"]),
        (pd.array([1, 2] * 50, dtype="Int64"), "binary", [1, 2]),
        (np.array(["b", "a"] * 50, dtype=object), "binary", ["a", "b"]),
        (np.array([1, "a"] * 50, dtype=object), "binary", [1, "a"]),
        (pd.Categorical([2, 1] * 50), "binary", [1, 2]),
        (pd.Categorical([True, False] * 50), "binary", [False, True]),
        (pd.array([True, False] * 50, dtype="boolean"), "binary", [False, True]),
        (pd.array(["b", "a"] * 50, dtype="string"), "binary", ["a", "b"]),
        (pd.array([1, 2] * 50, dtype="int64[pyarrow]"), "binary", [1, 2]),
        (pd.arrays.SparseArray([0, 1] * 50), "binary", [0, 1]),
        (np.array([-1, 1] * 50, dtype="int8"), "binary", [-1, 1]),
        ([2**62, 2**62 + 1] * 50, "binary", [2**62, 2**62 + 1]),
        ([0.0, -0.0, 1.0, 1.0] * 25, "binary", [0, 1]),
        (["nan", "None"] * 50, "binary", ["None", "nan"]),
        (["1", "2", "3", "1"] * 25, "multiclass", ["1", "2", "3"]),
        ([[0], [1]] * 50, "binary", [0, 1]),
        (pd.DataFrame({"y": ["no", "yes"] * 50}), "binary", ["no", "yes"]),
        ([decimal.Decimal("1.5"), decimal.Decimal(2)] * 50, "regression", None),
        (pd.array([0.5, 1.5] * 50, dtype="Float64"), "regression", None),
        (np.linspace(0, 1, 100, dtype="float32"), "regression", None),
        (np.arange(12) % 7, "regression", None),
        (_MANY * 0.5, "regression", None),
        (_MANY, "regression", None),
        (np.array([1.5, 2.5] * 50), "regression", None),
        (np.array([1, 2.5] * 50, dtype=object), "regression", None),
    ],
)
def test_the_task_is_read_from_the_values_and_says_how_to_overrule(
    y: object, task: str, classes: list[object] | None
) -> None:
    target = read_target(y, "auto")
    assert target.type == task
    # Labels cannot be a regression: there is nothing to overrule.
    assert ("task=" in target.reason) == ("labels" not in target.reason)
    if classes is None:
        assert target.classes is None
    else:
        assert target.classes is not None
        assert target.classes.tolist() == classes
        np.testing.assert_array_equal(encode(y, target.classes), target.y)


@pytest.mark.parametrize(
    "y",
    [
        pd.array([0, None, 1, 1] * 5, dtype="Int64"),
        pd.array([False, None, True, True] * 5, dtype="boolean"),
        pd.array(["a", None, "b", "b"] * 5, dtype="string"),
        pd.Categorical(["a", None, "b", "b"] * 5),
        pd.Categorical([0, None, 1, 1] * 5),
        pd.Categorical([False, None, True, True] * 5),
        np.array([False, None, True, True] * 5, dtype=object),
        [0.0, np.nan, 1.0, 1.0] * 5,
    ],
    ids=lambda y: str(getattr(y, "dtype", "list")),
)
def test_missing_targets_of_every_type_are_nan(y: object) -> None:
    target = read_target(y, "auto")
    assert target.type == "binary"
    np.testing.assert_array_equal(target.y, [0.0, np.nan, 1.0, 1.0] * 5)
    assert target.classes is not None
    assert target.classes.tolist() in (["a", "b"], [0, 1])


@given(labels=st.lists(st.text(max_size=4), min_size=2, max_size=6, unique=True), data=st.data())
def test_labels_are_numbered_in_their_order_and_found_again(labels: list[str], data: st.DataObject) -> None:
    assume(one_spelling(pd.Series(labels, dtype=object)).is_unique)
    y = pd.Series(data.draw(st.permutations(labels * 4)), dtype=object)
    target = read_target(y, "auto")
    assert target.classes is not None
    assert target.classes.tolist() == sorted(labels)
    assert [target.classes[int(number)] for number in target.y] == y.tolist()
    np.testing.assert_array_equal(encode(y[:3], target.classes), target.y[:3])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_targets_are_nan_and_do_not_change_the_task(missing: object) -> None:
    target = read_target(np.array(["no", missing, "yes", "no"] * 20, dtype=object), "auto")
    assert target.type == "binary"
    assert np.isnan(target.y[1::4]).all()
    assert not np.isnan(np.delete(target.y, np.s_[1::4])).any()


def test_the_users_word_wins() -> None:
    assert read_target(_MANY % 5, "regression").type == "regression"
    assert read_target(_MANY % 40, "classification").type == "multiclass"
    assert read_target(_MANY % 2, "binary").type == "binary"


@pytest.mark.parametrize(
    ("y", "task", "error", "message"),
    [
        (np.zeros((10, 2)), "auto", UnsupportedTask, "Fit one estimator per column"),
        (pd.DataFrame({"a": [1, 2], "b": [1, 2]}), "auto", UnsupportedTask, "multi-output"),
        (np.array([(True, 2.0)], dtype=[("event", "?"), ("time", "f8")]), "auto", UnsupportedTask, "survival"),
        (sparse.csr_matrix([[1], [0]]), "auto", UnsupportedTask, "toarray"),
        (pd.Series(pd.date_range("2024", periods=9)), "auto", InvalidData, "the target is a date"),
        ([None] * 10, "auto", InvalidData, "every row of y is missing"),
        (["same"] * 10, "auto", InvalidData, "the target is constant"),
        ([2.5] * 10, "auto", InvalidData, "the target is constant"),
        ([1.5, np.inf, 2.0], "auto", InvalidData, "infinity"),
        ([f"name {i}" for i in range(100)], "auto", InvalidData, "that is a name or text"),
        (None, "auto", InvalidData, "requires y to be passed, but the target y is None"),
        ([1j, 2j], "auto", InvalidData, "Complex data not supported"),
        (["no", "yes"], "guessing", InvalidParameter, "it is not a known task"),
        (["no", "yes"], "ranking", UnsupportedTask, "rank by it"),
        (["no", "yes"], "multi-label", UnsupportedTask, "one estimator per label"),
        (["no", "yes"], "survival", UnsupportedTask, "scikit-survival"),
        (["a", "b", "c"] * 9, "binary", InvalidParameter, "the target holds 3 classes"),
        (["a", "b"] * 9, "regression", InvalidParameter, "the target is not numeric"),
        (pd.Series(pd.period_range("2024", periods=9, freq="D")), "auto", InvalidData, "the target is a date"),
        (np.array([dt.date(2024, 3, 1)] * 9, dtype=object), "auto", InvalidData, "the target is a date"),
        (pd.Series(pd.to_timedelta(np.arange(9), unit="D")), "auto", InvalidData, r"y = y.dt.total_seconds\(\)"),
        (pd.Series(pd.to_timedelta(np.arange(9), unit="D")), "regression", InvalidData, "the target is a duration"),
        (np.array([1j, None] * 5, dtype=object), "auto", InvalidData, "Complex data not supported"),
        ([["a"], ["b", "c"]] * 5, "auto", UnsupportedTask, "multi-label"),
        (pd.Series([["a"], ["b"]] * 5), "auto", UnsupportedTask, "multi-label"),
        (5, "auto", UnsupportedTask, "1d array"),
        ([0.0, 1.0, np.inf] * 5, "classification", InvalidData, "infinity"),
        (pd.Categorical(["same"] * 9), "auto", InvalidData, "only one class, 'same', but"),
        ([0.5, 1.5] * 9, "classification", InvalidParameter, "Unknown label type: continuous"),
    ],
)
def test_what_is_no_target_says_what_to_do_instead(y: object, task: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_target(y, task)


def test_a_label_that_was_never_seen_is_named() -> None:
    with pytest.raises(InvalidData, match="labels that were not in the training target: maybe"):
        encode(["no", "maybe"], np.array(["no", "yes"]))


def test_more_classes_than_can_be_told_apart_are_refused() -> None:
    labels = [f"c{i}" for i in range(MAX_CLASSES + 1)] * 3
    with pytest.raises(InvalidData, match="group the labels"):
        read_target(labels, "auto")
    assert read_target(labels[: MAX_CLASSES // 2] * 3, "auto").type == "multiclass"


def test_a_regression_target_is_measured() -> None:
    measured = measure(pd.array([1, None, 3], dtype="Int64"))
    np.testing.assert_array_equal(measured, [1.0, np.nan, 3.0])
    for odd, message in ((["many"], "no number"), ([np.inf], "infinity"), ([1j], "Complex"), ([_DAY], "a date")):
        with pytest.raises(InvalidData, match=message):
            measure(odd)


def test_a_zero_byte_that_ends_a_label_is_part_of_it() -> None:
    target = read_target(pd.Series(["a", "a\0"] * 5, dtype=object), "auto")
    assert target.classes is not None
    assert target.classes.tolist() == ["a", "a\0"]
    assert target.y.tolist() == [0.0, 1.0] * 5


@pytest.mark.parametrize(
    ("y", "task", "classes"),
    [
        (["no"] * 40 + ["yes"] * 30 + ["Yes"] * 20 + ["YES "] * 10, "binary", ["no", "yes"]),
        (["no"] * 40 + ["yes"] * 20 + ["Yes"] * 30, "binary", ["Yes", "no"]),
        (["no"] * 40 + ["yes"] * 20 + ["Yes"] * 20, "binary", ["Yes", "no"]),
        (
            ["new  york"] * 9 + ["New York"] * 10 + ["Rome", " rome"] * 9 + ["Oslo"] * 9,
            "multiclass",
            [" rome", "New York", "Oslo"],
        ),
        (pd.Categorical(["no", "yes", "no", "Yes", "yes"] * 9), "binary", ["no", "yes"]),
        (pd.array(["no", "yes", None, "Yes", "yes"] * 9, dtype="string"), "binary", ["no", "yes"]),
    ],
)
def test_labels_that_differ_in_case_and_blanks_are_one(y: object, task: str, classes: list[str]) -> None:
    target = read_target(y, "auto")
    assert target.type == task
    assert target.classes is not None
    assert target.classes.tolist() == classes
    assert f"{len(target.classes)} labels" in target.reason
    present = pd.Series(y).notna().to_numpy()
    np.testing.assert_array_equal(encode(pd.Series(y)[present], target.classes), target.y[present])
    assert np.isnan(target.y[~present]).all()
    spelled = one_spelling(pd.Series(target.classes[target.y[present].astype(int)]))
    assert spelled.tolist() == one_spelling(pd.Series(y)[present].astype(object)).tolist()


@pytest.mark.parametrize(
    "y",
    [
        ["a", "A", "b", "B"] * 9,
        ["", " ", "b", "B"] * 9,
        ["Yes", "yes"] * 9,
        np.array([1, "1", "one", "One"] * 9, dtype=object),
        [True, False] * 9,
        [1, 2, 3] * 9,
        np.array([True, "true", "True"] * 9, dtype=object),
    ],
    ids=str,
)
def test_letters_numbers_and_what_case_alone_tells_apart_stay_apart(y: object) -> None:
    target = read_target(y, "auto")
    assert target.classes is not None
    assert len(target.classes) == len(set(np.asarray(y).tolist()))
    assert target.respelled == {}
    np.testing.assert_array_equal(encode(y, target.classes), target.y)


def test_a_spelling_that_was_never_seen_is_known_where_it_names_one_label() -> None:
    classes = np.array(["A", "Yes", "no"])
    assert encode([" yes", "NO", "Yes", "A"], classes).tolist() == [1.0, 2.0, 1.0, 0.0]
    for odd, known in (("a", classes), ("YES", np.array(["Yes", "yes"])), (None, classes), (1, np.array(["1", "11"]))):
        with pytest.raises(InvalidData, match="not in the training target"):
            encode(np.array([odd], dtype=object), known)


def test_numbers_in_two_notations_are_measured_as_they_are() -> None:
    assert read_target(["1e3", "1E3", "2e3"] * 9, "regression").y[:3].tolist() == [1000.0, 1000.0, 2000.0]
