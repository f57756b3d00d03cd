"""What is handed to ``fit``: read as it is meant, or refused with what, why and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from octopus.errors import InvalidData, InvalidParameter, UnsupportedTask
from octopus.intake import Intake, check_table, data_hash, read_input

X = pd.DataFrame({"age": [30.0, 40, 50, 60, 70, 80], "city": list("abcabc"), "zip code": [1, 2, 3, 4, 5, 6]})
Y = pd.Series(["no", "yes"] * 3, name="late")


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


def test_infinities_are_missing_with_a_finding() -> None:
    intake = read(X.assign(age=[np.inf, 1, 2, 3, 4, -np.inf]))
    assert intake.data.table["age"].isna().sum() == 2
    assert [(f.code, f.columns) for f in intake.findings] == [("OCT703", ("age",))]


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


def test_the_users_holdout_is_read_by_the_same_schema_and_labels() -> None:
    held = pd.DataFrame({"zip code": [9, 8], "city": ["z", None], "age": ["35", "45"]})
    intake = read(holdout=(held, ["yes", None]))
    assert intake.holdout is not None
    assert len(intake.holdout) == 1
    assert intake.holdout.y.tolist() == [1.0]
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
        (X, Y, {"groups": [1, 2, 3]}, InvalidData, "groups has 3"),
        (X, Y, {"groups": [1, 1, 1, 1, 1, 1]}, InvalidData, "one group only"),
        (X, Y, {"groups": [1, 2, None, 1, 2, 3]}, InvalidData, "groups is missing in 1 rows"),
        (X, Y, {"holdout": (X, None)}, InvalidParameter, "y_holdout=None: the other one was given"),
        (X, Y, {"holdout": (X[["age"]], Y)}, InvalidData, "X_holdout: the table lacks 2 of 3 columns"),
        (X, Y, {"holdout": (X, ["maybe"] * 6)}, InvalidData, "labels that were not in the training target"),
        (X, Y, {"columns": {"aeg": "use"}}, InvalidParameter, "Did you mean 'age'"),
        (X, Y, {"columns": {"age": "numerical"}}, InvalidParameter, "'numerical' is no role of a column"),
        (X, Y, {"columns": {"age": "time", "city": "time"}}, InvalidParameter, "two time columns"),
        (X, Y, {"columns": dict.fromkeys(X, "ignore")}, InvalidParameter, "every column is ignored"),
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


def test_tables_of_other_libraries_are_taken() -> None:
    import pyarrow as pa

    assert check_table(pa.table({"a": [1, 2]}))["a"].tolist() == [1, 2]
