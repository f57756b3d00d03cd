"""The rows of a replay are such as a service gets, and none of them is one of the data's."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from octopus.bundle.probe import probe_rows
from octopus.bundle.templates.cold import plain
from octopus.frame import Schema
from tests.unit.bundle.conftest import Made, raw_table


def test_they_have_every_kind_of_value(made: Made) -> None:
    schema, columns = made.contents.schema, made.contents.columns
    rows = probe_rows(schema, columns, n_rows=60)
    assert rows.shape == (63, 5)
    usual = schema.apply(rows.head(60))
    raw = raw_table()
    assert usual["size"].between(raw["size"].min() - 1, raw["size"].max() + 1).sum() > 40
    assert set(usual["colour"].dropna()) == {"red", "blue", "green"}
    assert usual["day"].dropna().between("2024-01-01", "2024-03-31").all()
    assert set(usual["late"].dropna()) == {0.0, 1.0}
    assert 0 < usual.isna().to_numpy().mean() < 0.3
    assert not set(usual["note"].dropna()) & set(raw["note"])
    unseen, missing, mixed = (rows.iloc[i] for i in (-3, -2, -1))
    assert unseen["colour"] not in set(raw["colour"])
    assert missing.isna().all()
    assert 0 < mixed.isna().sum() < 5


def test_they_are_the_same_each_time(made: Made) -> None:
    again = [probe_rows(made.contents.schema, made.contents.columns) for _ in range(2)]
    pd.testing.assert_frame_equal(*again)
    other = probe_rows(made.contents.schema, made.contents.columns, random_state=1)
    assert not other.equals(again[0])


def test_they_can_be_made_where_nothing_is_known(made: Made) -> None:
    rows = probe_rows(made.contents.schema, ())
    assert made.contents.schema.apply(rows).shape == rows.shape


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (pd.Timestamp("2024-03-01 12:00", tz="Europe/Berlin"), "2024-03-01T12:00:00+01:00"),
        (pd.Period("2024-03", "M"), "2024-03-01T00:00:00"),
        (pd.Timedelta("1h"), 3600.0),
        (pd.NaT, None),
        (float("nan"), None),
        (True, True),
        (2**60, 2**60),
        (complex(1, 2), "(1+2j)"),
    ],
)
def test_rows_are_written_as_json_has_them(value: object, written: object) -> None:
    rows = plain(pd.DataFrame({"a": pd.Series([value], dtype=object)}))
    assert json.loads(json.dumps(rows, allow_nan=False)) == [{"a": written}]


def test_columns_of_numbers_and_dates_are_written_too() -> None:
    table = pd.DataFrame({"n": [1, 2], "f": [0.1, None], "d": pd.to_datetime(["2024-03-01", None])})
    rows = json.loads(json.dumps(plain(table)))
    expected = Schema.of(table).apply(table)
    pd.testing.assert_frame_equal(Schema.of(table).apply(pd.DataFrame(rows)), expected)
