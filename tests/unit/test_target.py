"""The target: which task it is, from what, how to overrule; and what is no target."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from octopus.errors import InvalidData, InvalidParameter, UnsupportedTask
from octopus.target import encode, read_target

_MANY = np.arange(100)


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
    assert "task=" in target.reason
    if classes is None:
        assert target.classes is None
    else:
        assert target.classes is not None
        assert target.classes.tolist() == classes
        np.testing.assert_array_equal(encode(y, target.classes), target.y)


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
        ([0.5, 1.5] * 9, "classification", InvalidParameter, "Unknown label type: continuous"),
    ],
)
def test_what_is_no_target_says_what_to_do_instead(y: object, task: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_target(y, task)


def test_a_label_that_was_never_seen_is_named() -> None:
    with pytest.raises(InvalidData, match="labels that were not in the training target: maybe"):
        encode(["no", "maybe"], np.array(["no", "yes"]))
