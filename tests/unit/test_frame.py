"""One shape for every table, whatever it came in."""

from __future__ import annotations

import datetime as dt
import decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.frame import Column, Schema, SchemaError, read_table, write_table

_KINDS: dict[str, tuple[object, str, list[object]]] = {
    "whole numbers": ([1, 2, 3], "number", [1.0, 2.0, 3.0]),
    "small numbers": (np.array([1, 2, 3], dtype="int8"), "number", [1.0, 2.0, 3.0]),
    "infinities": ([1.0, np.inf, -np.inf], "number", [1.0, None, None]),
    "nullable numbers": (pd.array([1, None, 3], dtype="Int64"), "number", [1.0, None, 3.0]),
    "decimals": ([decimal.Decimal("1.5"), None, decimal.Decimal(2)], "number", [1.5, None, 2.0]),
    "objects that are numbers": (np.array([1, 2.5, None], dtype=object), "number", [1.0, 2.5, None]),
    "sparse numbers": (pd.arrays.SparseArray([0.0, 0.0, 1.0]), "number", [0.0, 0.0, 1.0]),
    "durations": (pd.to_timedelta(["1D", None, "2h"]), "number", [86400.0, None, 7200.0]),
    "nothing": ([None, None, None], "number", [None, None, None]),
    "booleans": ([True, False, True], "boolean", [1.0, 0.0, 1.0]),
    "booleans with gaps": ([True, None, False], "boolean", [1.0, None, 0.0]),
    "nullable booleans": (pd.array([True, None, False], dtype="boolean"), "boolean", [1.0, None, 0.0]),
    "words": (["a", None, "b"], "text", ["a", None, "b"]),
    "string type": (pd.array(["a", None, "b"], dtype="string"), "text", ["a", None, "b"]),
    "categories": (pd.Categorical(["x", None, "y"]), "text", ["x", None, "y"]),
    "categories of numbers": (pd.Categorical([1.0, 2.0, 1.0]), "text", ["1", "2", "1"]),
    "numbers and words": ([1, "a", 2.0], "text", ["1", "a", "2"]),
    "bytes": ([b"a", None, b"\xff"], "text", ["a", None, "\N{REPLACEMENT CHARACTER}"]),
    "long identifiers": ([2**60, 2**60 + 1, 5], "text", [str(2**60), str(2**60 + 1), "5"]),
    "lists": ([[1], None, [2]], "text", ["[1]", None, "[2]"]),
}
_DAY = pd.Timestamp("2024-03-01")
_DATES: dict[str, tuple[object, list[object]]] = {
    "dates": ([_DAY, None, _DAY], [_DAY, None, _DAY]),
    "python dates": ([dt.date(2024, 3, 1), None, dt.date(2024, 3, 1)], [_DAY, None, _DAY]),
    "zones": (pd.to_datetime([_DAY, None, _DAY]).tz_localize("Europe/Berlin"), [_DAY - pd.Timedelta("1h"), None] * 2),
    "periods": (pd.period_range("2024-03", periods=3, freq="M"), [_DAY, pd.Timestamp("2024-04-01"), None]),
    "far future": (pd.array(np.array(["3000-01-01", "2024-03-01", "NaT"], dtype="datetime64[s]")), [None, _DAY, None]),
}


@pytest.mark.parametrize(("values", "kind", "expected"), _KINDS.values(), ids=_KINDS)
def test_values_of_every_type_become_one_of_four_kinds(values: object, kind: str, expected: list[object]) -> None:
    table = pd.DataFrame({"column": values})
    schema = Schema.of(table)
    assert schema.columns[0].kind == kind
    canonical = schema.apply(table)["column"]
    assert [None if pd.isna(value) else value for value in canonical] == expected
    assert canonical.dtype in (np.float64, np.float32) or kind == "text"


@pytest.mark.parametrize(("values", "expected"), _DATES.values(), ids=_DATES)
def test_dates_of_every_type_become_utc_nanoseconds(values: object, expected: list[object]) -> None:
    table = pd.DataFrame({"column": values})
    canonical = Schema.of(table).apply(table)["column"]
    assert canonical.dtype == "datetime64[ns]"
    known = [(got, want) for got, want in zip(canonical, expected, strict=False) if want is not None]
    assert all(got == want for got, want in known)
    assert canonical.isna().sum() >= pd.Series(expected[:1]).isna().sum()


def _tables() -> st.SearchStrategy[pd.DataFrame]:
    number = st.none() | st.floats(allow_nan=True, allow_infinity=True)
    text = st.none() | st.text(max_size=8)
    boolean = st.none() | st.booleans()
    date = st.none() | st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01"))
    whole = st.integers(-(2**62), 2**62)
    columns = [st.lists(kind, min_size=4, max_size=4) for kind in (number, text, boolean, date, whole)]
    return st.dictionaries(st.text(max_size=6), st.one_of(columns), min_size=1, max_size=5).map(pd.DataFrame)


@given(table=_tables())
def test_the_shape_is_a_fixed_point_and_survives_disk_and_json(
    table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> None:
    schema = Schema.of(table)
    canonical = schema.apply(table)
    pd.testing.assert_frame_equal(schema.apply(canonical), canonical)
    assert Schema.from_json(schema.to_json()) == schema
    path = tmp_path_factory.mktemp("table") / "table.arrow"
    for part in (canonical, canonical.iloc[:0]):
        write_table(part, path)
        pd.testing.assert_frame_equal(read_table(path), part.reset_index(drop=True))


def test_columns_may_come_in_any_order_with_others_between_and_as_text() -> None:
    table = pd.DataFrame({"size": [1.5, 2.0], "is_new": [True, False], "day": [_DAY, _DAY]})
    schema = Schema.of(table)
    served = pd.DataFrame({"more": [0], "day": ["2024-03-01"], "is_new": ["yes"], "size": [" 3 "]})
    row = schema.apply(served).iloc[0]
    assert (row["size"], row["is_new"], row["day"]) == (3.0, 1.0, _DAY)
    assert list(schema.apply(served).columns) == ["size", "is_new", "day"]


def test_gaps_are_gaps_in_every_kind() -> None:
    table = pd.DataFrame({"size": [1.5], "is_new": [True], "day": [_DAY], "name": ["a"]})
    blank = pd.DataFrame({name: [None] for name in table.columns})
    assert Schema.of(table).apply(blank).isna().all(axis=None)


@pytest.mark.parametrize(
    ("served", "message"),
    [
        ({"size": [1.0]}, r"the table lacks 2 of 3 columns: 'is_new', 'day'"),
        ({"size": ["many"], "is_new": [True], "day": [_DAY]}, "column 'size' held numbers .* and holds 'many' now"),
        ({"size": [1.0], "is_new": ["maybe"], "day": [_DAY]}, "column 'is_new' held true or false .* 'maybe' now"),
        ({"size": [1.0], "is_new": [True], "day": ["soon"]}, "column 'day' held dates .* 'soon' now"),
        ({"size": [1.0], "is_new": [True], "day": [17.5]}, "column 'day' held dates .* holds '17.5' now .* such as 2024-03-01"),
    ],
)
def test_what_does_not_fit_is_named(served: dict[str, list[object]], message: str) -> None:
    schema = Schema.of(pd.DataFrame({"size": [1.5], "is_new": [True], "day": [_DAY]}))
    with pytest.raises(SchemaError, match=message):
        schema.apply(pd.DataFrame(served))


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(SchemaError, match="more than one column named 'a'"):
        Schema.of(pd.DataFrame([[1, 2]], columns=["a", "a"]))


@pytest.mark.parametrize("values", [np.array([1j, 2]), np.array([1j, None], dtype=object)])
def test_complex_numbers_are_refused(values: np.ndarray) -> None:
    with pytest.raises(SchemaError, match="Complex data not supported: column 'z'"):
        Schema.of(pd.DataFrame({"z": values}))


def test_arrays_get_names_and_numbers_for_names_become_text() -> None:
    assert Schema.of(np.zeros((2, 3))).names == ("x0", "x1", "x2")
    assert Schema.of(pd.DataFrame(np.zeros((2, 2)))).names == ("0", "1")


def test_a_schema_of_another_format_is_refused() -> None:
    with pytest.raises(SchemaError, match="schema of format 9"):
        Schema.from_json('{"format": 9, "columns": []}')


def test_numbers_are_mapped_from_disk_not_copied(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": np.arange(5.0)})
    write_table(table, tmp_path / "t.arrow")
    stored = read_table(tmp_path / "t.arrow")
    assert not stored["a"].to_numpy().flags.writeable
    copy = stored.iloc[[0, 1]]
    assert copy["a"].to_numpy().flags.owndata or copy["a"].to_numpy().base is not None
    assert Schema.of(stored).subset(["a"]).columns == (Column(name="a", kind="number", dtype="float64"),)
