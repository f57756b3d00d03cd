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
    "decimals that are not finite": (
        [decimal.Decimal("NaN"), decimal.Decimal("Infinity"), decimal.Decimal(1)],
        "number",
        [None, None, 1.0],
    ),
    "half precision": (np.array([1, 2, np.nan], dtype="float16"), "number", [1.0, 2.0, None]),
    "nullable infinities": (pd.array([1.5, None, np.inf], dtype="Float64"), "number", [1.5, None, None]),
    "arrow numbers": (pd.array([1, None, 3], dtype="int64[pyarrow]"), "number", [1.0, None, 3.0]),
    "arrow durations": (
        pd.array([pd.Timedelta("1h"), None, None], dtype="duration[us][pyarrow]"),
        "number",
        [3600.0, None, None],
    ),
    "python durations": (np.array([dt.timedelta(1), None, None], dtype=object), "number", [86400.0, None, None]),
    "durations": (pd.to_timedelta(["1D", None, "2h"]), "number", [86400.0, None, 7200.0]),
    "nothing": ([None, None, None], "number", [None, None, None]),
    "booleans": ([True, False, True], "boolean", [1.0, 0.0, 1.0]),
    "booleans with gaps": ([True, None, False], "boolean", [1.0, None, 0.0]),
    "nullable booleans": (pd.array([True, None, False], dtype="boolean"), "boolean", [1.0, None, 0.0]),
    "sparse booleans": (pd.arrays.SparseArray([True, False, False]), "boolean", [1.0, 0.0, 0.0]),
    "arrow booleans": (pd.array([True, None, False], dtype="bool[pyarrow]"), "boolean", [1.0, None, 0.0]),
    "objects that are booleans": (np.array([True, pd.NA, False], dtype=object), "boolean", [1.0, None, 0.0]),
    "words": (["a", None, "b"], "text", ["a", None, "b"]),
    "string type": (pd.array(["a", None, "b"], dtype="string"), "text", ["a", None, "b"]),
    "categories": (pd.Categorical(["x", None, "y"]), "text", ["x", None, "y"]),
    "categories of nothing": (pd.Categorical([None, None, None]), "text", [None, None, None]),
    "categories of intervals": (pd.cut(pd.Series([0.5, 1.5, None]), [0, 1, 2]), "text", ["(0, 1]", "(1, 2]", None]),
    "arrow categories": (pd.Series(["a", None, "a"]).astype("category"), "text", ["a", None, "a"]),
    "times of day": ([dt.time(1, 2), None, dt.time(3)], "text", ["01:02:00", None, "03:00:00"]),
    "numbers and booleans": (np.array([1, True, None], dtype=object), "text", ["1", "True", None]),
    "nullable long identifiers": (pd.array([2**60, None, 5], dtype="Int64"), "text", [str(2**60), None, "5"]),
    "unsigned long identifiers": (np.array([2**64 - 1, 1, 2], dtype="uint64"), "text", [str(2**64 - 1), "1", "2"]),
    "identifiers beyond 64 bits": (np.array([2**70, 1, None], dtype=object), "text", [str(2**70), "1", None]),
    "text of digits and infinity": (["inf", "1", "2"], "text", ["inf", "1", "2"]),
    "text with a zero byte": (["a\x00b", "", None], "text", ["a\x00b", "", None]),
    "half a surrogate pair": (pd.Series(["\ud800", "ä", None], dtype=object), "text", ["?", "ä", None]),
    "categories of numbers": (pd.Categorical([1.0, 2.0, 1.0]), "text", ["1", "2", "1"]),
    "numbers and words": ([1, "a", 2.0], "text", ["1", "a", "2"]),
    "bytes": ([b"a", None, b"\xff"], "text", ["a", None, "\N{REPLACEMENT CHARACTER}"]),
    "long identifiers": ([2**60, 2**60 + 1, 5], "text", [str(2**60), str(2**60 + 1), "5"]),
    "lists": ([[1], None, [2]], "text", ["[1]", None, "[2]"]),
}
_DAY = pd.Timestamp("2024-03-01")
_DAY_IN_BERLIN = _DAY - pd.Timedelta("1h")
_DATES: dict[str, tuple[object, list[object]]] = {
    "dates": ([_DAY, None, _DAY], [_DAY, None, _DAY]),
    "python dates": ([dt.date(2024, 3, 1), None, dt.date(2024, 3, 1)], [_DAY, None, _DAY]),
    "zones": (pd.to_datetime([_DAY, None, _DAY]).tz_localize("Europe/Berlin"), [_DAY_IN_BERLIN, None, _DAY_IN_BERLIN]),
    "periods": (pd.period_range("2024-03", periods=3, freq="M"), [_DAY, *pd.to_datetime(["2024-04-01", "2024-05-01"])]),
    "dates and times": ([_DAY.to_pydatetime(), None, dt.date(2024, 3, 1)], [_DAY, None, _DAY]),
    "several zones": (
        np.array([_DAY.tz_localize("UTC"), None, _DAY.tz_localize("Asia/Tokyo")], dtype=object),
        [_DAY, None, _DAY - pd.Timedelta("9h")],
    ),
    "objects that are periods": (np.array([pd.Period("2024-03"), None], dtype=object), [_DAY, None]),
    "arrow dates": (pd.array([_DAY, None], dtype="timestamp[us][pyarrow]"), [_DAY, None]),
    "python's last day": (
        np.array([dt.datetime(9999, 12, 31, tzinfo=dt.UTC), _DAY.tz_localize("UTC")], dtype=object),
        [None, _DAY],
    ),
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
    assert [None if pd.isna(value) else value for value in canonical] == expected


@pytest.mark.parametrize("values", [v for v, *_ in (*_KINDS.values(), *_DATES.values())], ids=[*_KINDS, *_DATES])
def test_a_row_alone_is_what_it_is_among_others(values: object) -> None:
    table = pd.DataFrame({"column": values})
    before = table.copy(deep=True)
    schema = Schema.of(table)
    together = schema.apply(table)
    for row in range(len(table)):
        alone = schema.apply(table.iloc[[row]])
        pd.testing.assert_frame_equal(alone, together.iloc[[row]].reset_index(drop=True))
    pd.testing.assert_frame_equal(table, before)


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


def test_dates_as_text_may_be_of_several_lengths_and_zones() -> None:
    schema = Schema.of(pd.DataFrame({"day": [_DAY]}))
    given = ["2024-03-01", "2024-03-01T12:00:00.5Z", "2024-03-01 12:00+02:00", "", None]
    noon = _DAY + pd.Timedelta("12h")
    read = schema.apply(pd.DataFrame({"day": given}))["day"]
    assert read[:3].tolist() == [_DAY, noon + pd.Timedelta("0.5s"), noon - pd.Timedelta("2h")]
    assert read[3:].isna().all()


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ([1.5], pd.Categorical([1, None, 3]), [1.0, None, 3.0]),
        ([1.5], pd.Categorical(["1", None, "3"]), [1.0, None, 3.0]),
        ([1.5], [True, False, True], [1.0, 0.0, 1.0]),
        ([1.5], ["inf", "", " "], [None, None, None]),
        ([1.5], pd.array([None, None, 2], dtype="Float64"), [None, None, 2.0]),
        ([1.5], pd.Series([2**2000, None, 1], dtype=object), [None, None, 1.0]),
        (np.array([1.5], dtype="float32"), [1e300, 1.0, None], [None, 1.0, None]),
        ([True], ["Yes", "", "f"], [1.0, None, 0.0]),
        ([True], [1, 0, None], [1.0, 0.0, None]),
        ([True], pd.Categorical(["yes", None, "no"]), [1.0, None, 0.0]),
        ([True], [b"yes", None, b"no"], [1.0, None, 0.0]),
        ([_DAY], pd.Categorical([_DAY, None, _DAY]), [_DAY, None, _DAY]),
        ([_DAY], [None, None, np.nan], [None, None, None]),
        (["a"], [1.0, 2.5, None], ["1", "2.5", None]),
        (["a"], pd.array([1, None, 3], dtype="Int64"), ["1", None, "3"]),
    ],
)
def test_other_types_are_taken_where_they_mean_the_same(kind: object, given: object, expected: list[object]) -> None:
    schema = Schema.of(pd.DataFrame({"column": kind}))
    read = schema.apply(pd.DataFrame({"column": given}))["column"]
    assert [None if pd.isna(value) else value for value in read] == expected
    assert read.dtype == schema.apply(pd.DataFrame({"column": kind}))["column"].dtype


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
        (
            {"size": [1.0], "is_new": [True], "day": [17.5]},
            "column 'day' held dates .* holds '17.5' now .* such as 2024-03-01",
        ),
        ({"size": [_DAY], "is_new": [True], "day": [_DAY]}, "column 'size' held numbers .* holds '2024-03-01"),
        ({"size": [pd.Period("2024")], "is_new": [True], "day": [_DAY]}, "column 'size' held numbers .* '2024' now"),
        ({"size": [1j], "is_new": [True], "day": [_DAY]}, "column 'size' held numbers .* holds '1j' now"),
        ({"size": ["1,000"], "is_new": [True], "day": [_DAY]}, "column 'size' held numbers .* holds '1,000' now"),
        ({"size": [1.0], "is_new": [5], "day": [_DAY]}, "column 'is_new' held true or false .* holds '5' now"),
        ({"size": [1.0], "is_new": [0.5], "day": [_DAY]}, "column 'is_new' held true or false .* holds '0.5' now"),
        ({"size": [1.0], "is_new": [True], "day": ["03/04/2024"]}, "column 'day' held dates .* '03/04/2024' now"),
        ({"size": [1.0], "is_new": [True], "day": [pd.Timedelta("1D")]}, "column 'day' held dates .* '1 days"),
    ],
)
def test_what_does_not_fit_is_named(served: dict[str, list[object]], message: str) -> None:
    schema = Schema.of(pd.DataFrame({"size": [1.5], "is_new": [True], "day": [_DAY]}))
    with pytest.raises(SchemaError, match=message):
        schema.apply(pd.DataFrame(served))


@pytest.mark.parametrize("names", [["a", "a"], [1, "1"], [None, "None"]])
def test_two_columns_of_one_name_are_refused(names: list[object]) -> None:
    table = pd.DataFrame([[1, 2]], columns=pd.Index(names, dtype=object))
    with pytest.raises(SchemaError, match=f"more than one column named '{names[1]}'"):
        Schema.of(table)


@pytest.mark.parametrize("table", [np.zeros(3), np.zeros((2, 2, 2)), "table.csv", None])
def test_what_is_no_table_is_refused(table: object) -> None:
    with pytest.raises(SchemaError, match=r"a table has rows and columns; got an array of [013] dimension"):
        Schema.of(table)


def test_names_and_values_of_any_script_survive_disk_and_json(tmp_path: Path) -> None:
    names = ["a\nb", "😀", "", "'; import os #", "a.b", "日本", "tab\there"]
    table = pd.DataFrame({name: [name, None, "x" * 10_000] for name in names})
    schema = Schema.of(table)
    canonical = schema.apply(table)
    write_table(canonical, tmp_path / "t.arrow")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.arrow"), canonical)
    assert Schema.from_json(schema.to_json()) == schema
    assert schema.names == tuple(names)


@pytest.mark.parametrize("n_rows", [0, 3])
def test_a_table_without_columns_keeps_its_rows(n_rows: int, tmp_path: Path) -> None:
    table = pd.DataFrame(index=range(n_rows))
    write_table(Schema.of(table).apply(table), tmp_path / "t.arrow")
    assert read_table(tmp_path / "t.arrow").shape == (n_rows, 0)


def test_a_table_of_any_index_gets_the_plain_one() -> None:
    table = pd.DataFrame({"a": ["x", "y"]}, index=pd.MultiIndex.from_tuples([(1, 2), (1, 2)]))
    pd.testing.assert_index_equal(Schema.of(table).apply(table).index, pd.RangeIndex(2))


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
