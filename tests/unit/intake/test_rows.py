"""What is handed to ``fit``: read as it is meant, or refused with what, why and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from octopus.errors import InvalidData, InvalidParameter, UnsupportedTask
from octopus.intake.rows import Intake, data_hash, read_input
from octopus.intake.table import check_table

X = pd.DataFrame({"age": [30.0, 40, 50, 60, 70, 80], "city": list("abcabc"), "zip code": [1, 2, 3, 4, 5, 6]})
Y = pd.Series(["no", "yes"] * 3, name="late")
SIZES = pd.Series([0.5, 1.5, 2.5, 3.5, 4.5, 5.5], name="size")


def read(table: object = X, y: object = Y, **changes: Any) -> Intake:
    """Call with defaults."""
    given: dict[str, Any] = {
        "groups": None, "sample_weight": None, "holdout": None, "task": "auto", "goal": "", "columns": {}, **changes
    }  # fmt: skip
    return read_input(table, y, **given)


def test_a_plain_table_is_taken_as_it_is() -> None:
    intake = read()
    assert intake.target_name == "late"
    assert intake.schema.names == ("age", "city", "zip code")
    assert intake.data.y.tolist() == [0.0, 1.0] * 3
    assert intake.data.row_ids.tolist() == [0, 1, 2, 3, 4, 5]
    assert intake.findings == ()


def test_rows_are_matched_by_position_whatever_the_index() -> None:
    intake = read(X.set_index(np.arange(6)[::-1]), Y)
    assert intake.data.table["age"].tolist() == X["age"].tolist()
    assert intake.data.table.index.tolist() == list(range(6))


def test_rows_without_target_or_weight_are_left_out_with_a_finding() -> None:
    y = Y.where(np.arange(6) != 2)
    intake = read(y=y, sample_weight=[1, 0, 1, 1, 1, 2.0])
    assert intake.data.row_ids.tolist() == [0, 3, 4, 5]
    assert intake.data.sample_weight is not None
    assert intake.data.sample_weight.tolist() == [1, 1, 1, 2]
    assert intake.data.table["age"].tolist() == [30, 60, 70, 80]
    found = {finding.code: finding for finding in intake.findings}
    assert set(found) == {"OCT701", "OCT702"}
    assert "1 of 5 rows" in found["OCT701"].message
    assert found["OCT702"].evidence == "1 of 6 weights are zero"


def test_a_target_in_several_spellings_is_read_as_one_with_a_finding() -> None:
    y = pd.Series(["no", "yes", "Yes", "yes", "no ", "no"], name="late")
    intake = read(y=y, holdout=(X, ["YES", "No", "yes", "no", "no", "yes "]))
    assert intake.target.type == "binary"
    assert intake.data.y.tolist() == [0.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    assert intake.holdout is not None
    assert intake.holdout.y.tolist() == [1.0, 0.0, 1.0, 0.0, 0.0, 1.0]
    (found,) = intake.findings
    assert (found.code, found.columns, found.action) == ("OCT718", ("late",), "read as one label")
    assert found.message == "the target late writes 2 labels in more than one way (such as 'no ' for 'no')"
    assert found.evidence == "4 spellings of 2 labels"
    assert found.overrule == "give them names that differ in more than case and blanks"


@pytest.mark.parametrize("y", [["a", "A", "b"] * 2, ["Yes", "yes"] * 3], ids=["letters", "case alone"])
def test_labels_that_look_alike_and_stay_apart_are_noted(y: list[str]) -> None:
    intake = read(y=y)
    assert intake.target.classes is not None
    assert intake.target.classes.tolist() == sorted(set(y))
    (found,) = intake.findings
    assert (found.code, found.columns, found.action) == ("OCT718", ("y",), "noted")
    assert found.overrule == "write them alike before fit"


def test_infinities_are_missing_with_a_finding() -> None:
    intake = read(X.assign(age=[np.inf, 1, 2, 3, 4, -np.inf]))
    assert intake.data.table["age"].isna().sum() == 2
    assert [(f.code, f.columns) for f in intake.findings] == [("OCT703", ("age",))]
    assert "2 rows" in intake.findings[0].message


@pytest.mark.parametrize(
    "values",
    [
        np.array([np.inf, 1, 2, 3, 4, 5], dtype="float32"),
        np.array([np.inf, None, 2, 3, 4, 5], dtype=object),
        pd.array([np.inf, None, 2, 3, 4, 5], dtype="Float64"),
        pd.arrays.SparseArray([np.inf, 0, 2.0, 3, 4, 5]),
    ],
    ids=lambda values: str(values.dtype),
)
def test_infinities_of_every_type_are_found(values: object) -> None:
    intake = read(X.assign(age=values))
    assert [finding.code for finding in intake.findings] == ["OCT703"]
    assert np.isnan(intake.data.table["age"][0])
    assert read(X.assign(age=values), columns={"age": "ignore"}).findings == ()


def test_columns_that_the_user_or_the_goal_forbids_are_gone() -> None:
    intake = read(columns={"city": "ignore"}, goal="do not use zip code")
    assert intake.schema.names == ("age",)
    assert intake.ignored == ("city", "zip code")
    assert [u.value for u in intake.understood] == ["zip code"]
    assert read(columns={"zip code": "use"}, goal="do not use zip code").ignored == (), "an explicit word wins"


def test_groups_are_numbered() -> None:
    intake = read(groups=["x", "y", "x", "z", "z", "y"])
    assert intake.data.groups is not None
    assert intake.data.groups.tolist() == [0, 1, 0, 2, 2, 1]


@pytest.mark.parametrize(
    "groups",
    [
        pd.Categorical(list("aabbcc")),
        pd.Series(list("aabbcc"), index=range(6, 0, -1)),
        pd.Series(pd.to_datetime(["2024-01-01"] * 2 + ["2024-01-02"] * 2 + ["2024-01-03"] * 2)),
        np.array([7, 7, 5, 5, 6, 6]),
        pd.array([7, 7, 5, 5, 6, 6], dtype="Int64"),
        ("x", "x", "y", "y", "z", "z"),
    ],
    ids=lambda groups: f"{type(groups).__name__} {getattr(groups, 'dtype', '')}",
)
def test_groups_of_any_type_are_taken_by_position(groups: object) -> None:
    intake = read(groups=groups)
    assert intake.data.groups is not None
    assert intake.data.groups.tolist() == [0, 0, 1, 1, 2, 2]


@given(
    labels=st.lists(st.sampled_from(["no", "yes", None]), min_size=8, max_size=20),
    data=st.data(),
)
def test_every_row_keeps_its_own_label_weight_and_group(labels: list[str | None], data: st.DataObject) -> None:
    n_rows = len(labels)
    weight = data.draw(st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=n_rows, max_size=n_rows))
    kept = [row for row in range(n_rows) if weight[row] > 0 and labels[row] is not None]
    assume({labels[row] for row in kept} == {"no", "yes"})
    index = data.draw(st.permutations(range(n_rows)))
    table = pd.DataFrame({"row": np.arange(n_rows, dtype="float64")}, index=index)
    intake = read(table, pd.Series(labels, dtype=object), sample_weight=weight, groups=np.arange(n_rows) + 100)
    taken = intake.data
    assert taken.row_ids.tolist() == taken.table["row"].tolist() == kept
    assert taken.y.tolist() == [float(labels[row] == "yes") for row in kept]
    assert taken.sample_weight is not None
    assert taken.sample_weight.tolist() == [weight[row] for row in kept]
    assert taken.groups is not None
    assert taken.groups.tolist() == kept
    assert taken.table.index.tolist() == list(range(len(kept)))


def test_the_users_holdout_is_read_by_the_same_schema_and_labels() -> None:
    held = pd.DataFrame({"zip code": [9, 8], "city": ["z", None], "age": ["35", "45"]})
    intake = read(holdout=(held, ["yes", None]))
    assert intake.holdout is not None
    assert len(intake.holdout) == 1
    assert intake.holdout.y.tolist() == [1.0]
    assert intake.holdout.row_ids.tolist() == [0]
    assert intake.holdout.table.iloc[0].tolist() == [35.0, "z", 9.0]


def test_names_that_are_numbers_become_text() -> None:
    assert read(X.set_axis([0, 1, 2], axis=1)).schema.names == ("0", "1", "2")


def test_a_column_vector_is_taken_with_scikit_learns_warning() -> None:
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        assert read(y=np.array([[0], [1]] * 3)).data.y.tolist() == [0, 1] * 3


@pytest.mark.parametrize(
    ("table", "y", "changes", "error", "message"),
    [
        (X.iloc[:0], Y.iloc[:0], {}, InvalidData, r"0 sample\(s\)"),
        (X.iloc[:1], Y.iloc[:1], {}, InvalidData, r"1 sample\(s\)"),
        (X[[]], Y, {}, InvalidData, r"0 feature\(s\)"),
        (X["age"], Y, {}, InvalidData, "Pass X.to_frame"),
        ([1, 2, 3, 4, 5, 6], Y, {}, InvalidData, "Expected 2D array, got 1D array instead"),
        (sparse.csr_matrix(np.eye(6)), Y, {}, UnsupportedTask, "sparse"),
        (np.eye(6) * 1j, Y, {}, InvalidData, "Complex data not supported"),
        (X.set_axis(["a", "a", "b"], axis=1), Y, {}, InvalidData, "more than one column named 'a'"),
        (X, Y.iloc[:5], {}, InvalidData, "X has 6 rows and y has 5"),
        (X, None, {}, InvalidData, "requires y to be passed"),
        (X, "age", {}, InvalidData, r"Pass y=X\['age'\] and X without it"),
        (X, "late", {}, InvalidData, "Pass the target's values"),
        (X, [None] * 6, {}, InvalidData, "every row of y is missing"),
        (X, ["no"] * 6, {}, InvalidData, "the target is constant"),
        (X, Y, {"sample_weight": [1, 1, 1, 1, 1]}, InvalidData, "sample_weight has 5"),
        (X, Y, {"sample_weight": [-1, 1, 1, 1, 1, 1]}, InvalidData, "negative"),
        (X, Y, {"sample_weight": np.ones((6, 2))}, InvalidData, "Sample weights must be 1D"),
        (X, Y, {"sample_weight": np.zeros(6)}, InvalidData, "zero in every row"),
        (X, Y, {"sample_weight": [np.nan, 1, 1, 1, 1, 1]}, InvalidData, "missing"),
        (X, Y, {"sample_weight": [np.inf, 1, 1, 1, 1, 1]}, InvalidData, "infinite"),
        (X, Y, {"sample_weight": list("abcdef")}, InvalidData, "sample_weight cannot be read as numbers"),
        (X, Y, {"sample_weight": [1j] * 6}, InvalidData, "sample_weight cannot be read as numbers"),
        (X, Y, {"sample_weight": 0}, InvalidData, "zero in every row"),
        (X, Y, {"sample_weight": [1, 0, 1, 0, 1, 0]}, InvalidData, "the target is constant"),
        (X, Y, {"sample_weight": [1, 0, 0, 0, 0, 0]}, InvalidData, "the target is constant"),
        (X, Y, {"groups": np.ones((6, 2))}, InvalidData, "groups is an array of 2 dimensions"),
        (X, Y, {"groups": [[1], [2]] * 3}, InvalidData, "groups is an array of 2 dimensions"),
        (X, Y, {"groups": "city"}, InvalidData, "groups is an array of 0 dimensions"),
        (X, Y, {"groups": [1, 1, 1, 1, 1, 2], "sample_weight": [1, 1, 1, 1, 1, 0]}, InvalidData, "one group only"),
        (X, Y, {"groups": [1, 2, 3]}, InvalidData, "groups has 3"),
        (X, Y, {"groups": [1, 1, 1, 1, 1, 1]}, InvalidData, "one group only"),
        (X, Y, {"groups": [1, 2, None, 1, 2, 3]}, InvalidData, "groups is missing in 1 rows"),
        (X, Y, {"holdout": (None, Y)}, InvalidParameter, "X_holdout=None: the other one was given"),
        (X, Y, {"holdout": (X, Y[:3])}, InvalidData, "y_holdout has 3"),
        (X, Y, {"holdout": (X[:0], Y[:0])}, InvalidData, r"0 sample\(s\)"),
        (X, Y, {"holdout": (X, [None] * 6)}, InvalidData, "y_holdout has no value at all"),
        (X, Y, {"holdout": (X.assign(age="old"), Y)}, InvalidData, "X_holdout: column 'age' held numbers"),
        (X, SIZES, {"holdout": (X, ["a"] * 6)}, InvalidData, "y holds what is no number"),
        (X, SIZES, {"holdout": (X, [np.inf] * 6)}, InvalidData, "infinity"),
        (X, SIZES, {"holdout": (X, pd.date_range("2024", periods=6))}, InvalidData, "a date"),
        (X, Y, {"holdout": (X, None)}, InvalidParameter, "y_holdout=None: the other one was given"),
        (X, Y, {"holdout": (X[["age"]], Y)}, InvalidData, "X_holdout: the table lacks 2 of 3 columns"),
        (X, Y, {"holdout": (X, ["maybe"] * 6)}, InvalidData, "labels that were not in the training target"),
        (X, Y, {"columns": {"aeg": "use"}}, InvalidParameter, "Did you mean 'age'"),
        (X, Y, {"columns": {"age": "numerical"}}, InvalidParameter, "'numerical' is no role of a column"),
        (X, Y, {"columns": {"age": "time", "city": "time"}}, InvalidParameter, "two time columns"),
        (X, Y, {"columns": dict.fromkeys(X, "ignore")}, InvalidParameter, "every column is ignored"),
        (X, Y, {"goal": "do not use age, city and zip code"}, InvalidParameter, "every column is ignored"),
        (X, Y, {"columns": {"age": None}}, InvalidParameter, "None is no role of a column"),
        (X, Y, {"columns": {"age": ["use"]}}, InvalidParameter, "no role of a column"),
        (X, Y, {"columns": {"age": "group", "city": "group"}}, InvalidParameter, "two group columns"),
        (X.set_axis([0, 1, 2], axis=1), Y, {"columns": {0: "ignore"}}, InvalidParameter, "Did you mean '0'"),
        (X.set_axis([1, "1", 2], axis=1), Y, {}, InvalidData, "more than one column named '1'"),
        (X.assign(age=[1j] * 6), Y, {}, InvalidData, "Complex data not supported: column 'age'"),
        (np.zeros((6, 2, 2)), Y, {}, InvalidData, "dim 3"),
        ([[1, 2], [3]] * 3, Y, {}, InvalidData, "X cannot be used"),
        (None, Y, {}, InvalidData, "X cannot be used"),
        ("data.csv", Y, {}, InvalidData, "X cannot be used"),
        (sparse.eye_array(6).tocsr(), Y, {}, UnsupportedTask, r"Pass X.toarray\(\)"),
        (X, 3, {}, InvalidData, "y has 0"),
        (X, [["a"], ["b", "c"]] * 3, {}, UnsupportedTask, "multi-label"),
        (X, np.zeros((6, 2)), {}, UnsupportedTask, "one estimator per column"),
        (X, [None, None, None, None, None, "yes"], {}, InvalidData, "the target is constant"),
        (X, Y, {"task": "clusters"}, InvalidParameter, "it is not a known task"),
    ],
)
def test_bad_input_says_what_is_wrong(
    table: object, y: object, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        read(table, y, **changes)
    assert isinstance(caught.value, ValueError)


def test_the_hash_changes_with_every_cell_name_and_label() -> None:
    whole = data_hash(read().data)
    assert whole == data_hash(read(X.copy(), Y.copy()).data)
    assert whole != data_hash(read(X.assign(age=X["age"] + 1)).data)
    assert whole != data_hash(read(X.rename(columns={"age": "years"})).data)
    assert whole != data_hash(read(y=Y[::-1]).data)
    assert whole != data_hash(read(sample_weight=[1, 2, 1, 2, 1, 2]).data)
    assert whole != data_hash(read(groups=[1, 1, 2, 2, 3, 3]).data)
    assert data_hash(read(groups=[1, 1, 2, 2, 3, 3]).data) != data_hash(read(groups=[1, 1, 2, 2, 2, 3]).data)


def test_tables_of_other_libraries_are_taken() -> None:
    import pyarrow as pa

    assert check_table(pa.table({"a": [1, 2]}))["a"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (X.to_numpy(), ("x0", "x1", "x2")),
        (X.to_numpy().tolist(), ("x0", "x1", "x2")),
        (np.eye(6), tuple(f"x{i}" for i in range(6))),
        (
            X.set_axis(pd.MultiIndex.from_tuples([("a", "b"), ("a", "c"), ("d", "")]), axis=1),
            ("('a', 'b')", "('a', 'c')", "('d', '')"),
        ),
    ],
)
def test_arrays_and_other_names_are_taken(table: object, names: tuple[str, ...]) -> None:
    intake = read(table)
    assert intake.schema.names == names
    assert len(intake.data) == 6


def test_a_single_row_is_enough_to_predict() -> None:
    assert check_table(X.iloc[:1]).shape == (1, 3)
    with pytest.raises(InvalidData, match=r"0 sample\(s\)"):
        check_table(X.iloc[:0])


def test_what_was_given_is_left_as_it_was() -> None:
    table, labels = X.set_axis([0, 1, 2], axis=1), Y.copy()
    before = table.copy(deep=True)
    read(table, labels, sample_weight=[1, 0, 1, 1, 1, 1])
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_series_equal(labels, Y)
