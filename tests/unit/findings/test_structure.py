"""Groups and time: planted ones are found, ordinary columns are not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from octopus.findings.structure import (
    find_entity,
    find_time,
    last_times,
    number_groups,
    read_time,
)

RNG = np.random.default_rng(1)
N = 600


def table(**columns):
    return pd.DataFrame({"x": RNG.normal(size=N), **columns})


def text(values):
    return pd.Series(list(values)).astype("str")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("customer_id", RNG.integers(0, 100, N).astype(float)),
        ("PatientNo", text(f"P{i}" for i in RNG.integers(0, 12, N))),
        ("userid", text(f"u-{i}" for i in RNG.integers(0, 200, N))),
        ("Subject", RNG.integers(300, 320, N).astype(float)),
        ("store_id", RNG.integers(0, 90, N).astype(float)),
        (
            "customer",
            text(f"{a}{b.lower()} Ltd" for a, b in RNG.choice(list("ABCDEFGH"), (N, 2))),
        ),
    ],
)
def test_a_planted_entity_is_found(name, column):
    found = find_entity(table(**{name: column}), {})
    assert found is not None
    assert found[0] == name
    assert found[1].message.startswith(name)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("store", text(RNG.choice(["north", "south", "web"], N))),
        ("store_id", RNG.integers(0, 10, N).astype(float)),  # the same ten shops tomorrow
        ("client", text(RNG.choice(["ios", "android", "web"], N))),
        ("subject", text(RNG.choice([f"{a}{b}" for a in "abcde" for b in "xyz"], N))),  # of a school
        ("num_customer", RNG.integers(0, 100, N).astype(float)),
        ("customers", RNG.integers(0, 100, N).astype(float)),
        ("customer_age", RNG.integers(18, 80, N).astype(float)),
        ("customer_id", np.arange(N, dtype=float)),  # every row its own
        ("customer_id", np.where(RNG.random(N) < 0.7, 0, RNG.integers(0, 100, N)).astype(float)),  # one has most rows
        ("customer_id", RNG.normal(size=N).repeat(2)[:N]),  # fractions name nobody
        ("product_id", RNG.integers(0, 100, N).astype(float)),
    ],
)
def test_ordinary_columns_are_no_entity(name, column):
    assert find_entity(table(**{name: column}), {}) is None


def test_a_role_overrules_the_entity():
    data = table(customer_id=RNG.integers(0, 100, N).astype(float))
    assert find_entity(data, {"customer_id": "use"}) is None
    assert find_entity(data, {"x": "use"}) is not None


def test_the_coarser_of_two_entities_is_taken():
    customer = RNG.integers(0, 60, N)
    data = table(account_id=(customer * 3 + RNG.integers(0, 3, N)).astype(float), customer_id=customer.astype(float))
    assert find_entity(data, {})[0] == "customer_id"


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_diabetes])
def test_clean_data_have_neither_group_nor_time(load):
    data = load(as_frame=True).data.astype(float)
    assert find_entity(data, {}) is None
    assert find_time(data, {}) is None


def days(order):
    return pd.Series(pd.Timestamp("2021-01-01") + pd.to_timedelta(order, unit="D")).astype("datetime64[ns]")


def test_stored_order_makes_time_whatever_the_name():
    assert find_time(table(z=days(np.sort(RNG.integers(0, 300, N)))), {})[0] == "z"
    assert find_time(table(z=days(np.sort(RNG.integers(0, 300, N))[::-1])), {})[0] == "z"
    assert find_time(table(z=days(np.sort(RNG.integers(0, 300, N)) + RNG.integers(0, 20, N))), {})[0] == "z"
    assert find_time(table(z=days(RNG.integers(0, 300, N))), {}) is None


@pytest.mark.parametrize("name", ["date", "order_date", "timestamp", "created_at", "invoiceDate", "month"])
def test_a_name_makes_time_without_order(name):
    assert find_time(table(**{name: days(RNG.integers(0, 300, N))}), {})[0] == name


@pytest.mark.parametrize("name", ["birth_date", "date_of_birth", "Date Egg", "update"])
def test_other_names_do_not(name):
    assert find_time(table(**{name: days(RNG.integers(0, 300, N))}), {}) is None


def test_few_dates_many_gaps_and_numbers_are_no_time():
    assert find_time(table(date=days(RNG.integers(0, 5, N))), {}) is None
    assert find_time(table(date=days(RNG.integers(0, 300, N)).where(RNG.random(N) < 0.8)), {}) is None
    assert find_time(table(date=np.arange(N, dtype=float)), {}) is None


def test_text_dates_are_time_and_roles_overrule():
    data = table(day=text(days(np.arange(N)).dt.strftime("%d/%m/%Y")))
    assert find_time(data, {})[0] == "day"
    assert find_time(data, {"day": "datetime"}) is None


def test_what_happened_comes_before_what_is_due():
    start = np.sort(RNG.integers(0, 300, N))
    assert find_time(table(due_date=days(start + 30), sent=days(start)), {})[0] == "sent"


def test_times_out_of_numbers_keep_their_order():
    years = read_time(pd.Series([2001.0, 1999.0, np.nan]))
    assert years[0] > years[1]
    assert years[2] == years[1]  # what lacks a time counts as the earliest
    assert read_time(pd.Series([20240131.0, 20231231.0]))[0] == np.datetime64("2024-01-31", "ns")
    seconds = read_time(pd.Series([1.6e9, 1.7e9]))
    milliseconds = read_time(pd.Series([1.6e12, 1.7e12]))
    assert list(seconds) == list(milliseconds)


def test_rows_without_a_name_are_groups_of_their_own():
    groups = number_groups(pd.Series([3.0, np.nan, 3.0, np.nan, 5.0]))
    assert groups[0] == groups[2]
    assert len(set(groups)) == 4


def test_last_times_are_the_groups():
    times = np.array(["2020-01-01", "2020-05-01", "2020-03-01"], dtype="datetime64[ns]")
    assert list(last_times(np.array([7, 7, 1]), times)) == [times[1], times[1], times[2]]
