"""Kinds of columns: what is found, and what is left alone."""

import math

import msgspec
import numpy as np
import pandas as pd
import pytest

from octopus.findings.columns import read_column, summarise_numbers

RNG = np.random.default_rng(0)


def text(values):
    return pd.Series(list(values)).astype("str")


def kind(name, column, role=None):
    return read_column(name, column, role).profile.kind


@pytest.mark.parametrize(
    "values",
    [
        [f"{v:,.2f} €" for v in RNG.lognormal(7, 1, 100)],
        [f"{v}%" for v in range(100)],
        [f"${v}" for v in range(100)],
        ["1.234,56", "12.345,00", "7,5", "1.000"],
        [f" {v} kg" for v in range(40, 90)],
        ["(1,200)", "300", "-15", "1e5"],
        ["1 240,50", "3 000", "12"],
        [*map(str, range(98)), "n/a", "?", "-"],
    ],
)
def test_numbers_as_text_are_found(values):
    assert kind("amount", text(values)) == "number_as_text"


@pytest.mark.parametrize(
    "values",
    [
        ["01234", "10115", "04109", "80331"] * 10,  # postal codes
        ["1st", "2nd", "3rd"] * 10,
        ["12A", "14B", "3C", "7D"] * 10,
        ["5 kg", "7 lb", "9 kg", "11 lb"] * 10,  # another unit is another scale
        ["10-20", "20-30", "30-40"] * 10,
        ["yes", "no"] * 10,
        ["C85", "B42", "E101"] * 10,
    ],
)
def test_labels_with_digits_are_no_numbers(values):
    assert kind("label", text(values)) == "categorical"


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%S", "%d %b %Y", "%b %d, %Y", "%Y-%m"]
)
def test_dates_as_text_are_found(form):
    days = pd.date_range("2019-12-28", periods=80, freq="11D")
    profile = read_column("when", text(days.strftime(form)), None).profile
    assert profile.kind == "datetime"
    month = "%Y-%m" if form != "%m/%d/%Y" else "%Y"
    assert profile.earliest is not None
    assert profile.earliest.startswith(days[0].strftime(month))


def test_a_date_column_has_its_span():
    column = pd.Series(pd.to_datetime(["2020-01-02", None, "2021-03-04"])).astype("datetime64[ns]")
    profile = read_column("when", column, None).profile
    assert (profile.kind, profile.earliest, profile.latest) == (
        "datetime",
        "2020-01-02T00:00:00",
        "2021-03-04T00:00:00",
    )


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("invoice_no", text(f"INV-{i:05d}" for i in range(200))),
        ("x", text(f"{i:08x}-9ab1" for i in range(200))),
        ("PassengerId", pd.Series(np.arange(1.0, 201.0))),
        ("row", pd.Series(RNG.permutation(np.arange(200.0)))),
        ("customer_id", pd.Series(RNG.choice(10**7, 200, replace=False).astype(float))),
        ("counter", pd.Series(np.sort(RNG.choice(250, 200, replace=False)).astype(float))),  # a fifth is sealed
    ],
)
def test_identifiers_are_found_and_unused(name, column):
    profile = read_column(name, column, None).profile
    assert profile.kind == "identifier"
    assert not profile.used
    overruled = read_column(name, column, "use").profile
    assert overruled.used
    assert overruled.kind != "identifier"


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("weight", pd.Series(RNG.normal(size=200))),  # unique in every row, and a measurement
        ("id", pd.Series(RNG.normal(size=200))),
        ("income", pd.Series(RNG.choice(10**7, 200, replace=False).astype(float))),
        ("n_rooms", pd.Series(RNG.integers(1, 9, 200).astype(float))),
        ("customer_id", pd.Series(RNG.integers(0, 50, 200).astype(float))),  # repeats
        ("count", pd.Series(np.arange(10.0))),  # too few rows to tell
    ],
)
def test_measurements_are_no_identifiers(name, column):
    profile = read_column(name, column, None).profile
    assert profile.kind == "numeric"
    assert profile.used


def test_prose_and_names_of_people_and_places_are_text():
    prose = text(f"the customer called {i} times about order {i * 7}" for i in range(100))
    people = text(f"{chr(65 + i % 26)}nna {chr(97 + i // 26)}mith{chr(97 + i % 26)}" for i in range(100))
    assert kind("note", prose) == "text"
    assert kind("name", people) == "text"
    assert kind("city", text(["New York", "San Diego", "Rome"] * 30)) == "categorical"
    places = text(f"{'New ' * (i % 3 == 0)}{chr(65 + i % 26)}{chr(97 + i // 26)}ville" for i in range(100))
    assert kind("place", places) == "text"
    assert kind("place", pd.concat([places] * 4, ignore_index=True)) == "categorical"
    assert kind("place", places.iloc[:99]) == "categorical", "no word is in enough of them"


def test_constant_empty_and_flag():
    assert kind("a", pd.Series([1.0] * 5)) == "constant"
    assert kind("a", pd.Series([np.nan] * 5)) == "empty"
    assert kind("a", pd.Series([1.0, np.nan, 1.0])) == "boolean"  # its gaps say something
    assert kind("a", pd.Series([0, 1, np.nan], dtype="float32")) == "boolean"
    assert kind("a", text([]).reindex(range(3))) == "empty"


@pytest.mark.parametrize("role", ["use", "categorical", "numeric", "text"])
def test_an_empty_column_is_never_used(role):
    assert not read_column("a", pd.Series([np.nan] * 5), role).profile.used


def test_roles_overrule():
    zips = pd.Series([10115.0, 4109.0] * 20)
    assert kind("zip", zips, "categorical") == "categorical"
    assert [level.value for level in read_column("zip", zips, "categorical").profile.levels] == ["10115", "4109"]
    assert kind("size", text(["5", "7"] * 20), "numeric") == "number_as_text"
    assert kind("year", pd.Series([2001.0, 2002.0] * 20), "time") == "numeric"
    assert not read_column("a", zips, "ignore").profile.used


def test_levels_are_the_most_frequent_and_at_most_twenty():
    values = [f"l{i}" for i in range(40) for _ in range(40 - i)]
    profile = read_column("c", text(values), None).profile
    assert [level.value for level in profile.levels] == [f"l{i}" for i in range(20)]
    assert profile.levels[0].count == 40
    assert profile.n_unique == 40


def test_missing_values_are_counted_apart():
    profile = read_column("c", pd.Series([1.5, np.nan, 2.5, np.nan]), None).profile
    assert (profile.missing_fraction, profile.n_unique) == (0.5, 2)


def test_summary_is_the_one_of_the_numbers():
    values = np.array([1.0, 2.0, 3.0, 10.0, np.nan])
    summary = summarise_numbers(values)
    assert (summary.mean, summary.median, summary.minimum, summary.maximum) == (4.0, 2.5, 1.0, 10.0)
    assert summary.std == pytest.approx(np.std([1, 2, 3, 10]))
    assert summary.skew == pytest.approx(1.018, abs=1e-3)


@pytest.mark.parametrize("values", [[1e308, -1e308, 1e308], [5.0, 5.0], [np.inf, 1.0], []])
def test_no_summary_holds_what_json_does_not(values):
    summary = summarise_numbers(np.array(values, dtype=float))
    if summary is not None:
        numbers = [v for v in msgspec.structs.astuple(summary) if v is not None]
        assert all(math.isfinite(v) for v in numbers)


def test_object_and_str_columns_are_read_alike():
    values = ["1,200 €", "3 €", "7.50 €", None] * 10
    new, old = pd.Series(values).astype("str"), pd.Series(values, dtype=object)
    new[pd.isna(pd.Series(values))] = np.nan
    read = [msgspec.structs.replace(read_column("a", c, None).profile, dtype="") for c in (new, old)]
    assert read[0] == read[1]
    assert read[0].kind == "number_as_text"
