"""Dirt: planted dirt is found and named with at most one value of it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from octopus.findings.columns import read_column
from octopus.findings.copies import are_coincidences, find_copies
from octopus.findings.dirt import find_in_column, find_over_columns

RNG = np.random.default_rng(2)
N = 400


def text(values):
    return pd.Series(list(values)).astype("str")


def findings(name, column, role=None):
    return {f.code: f for f in find_in_column(read_column(name, column, role), role)}


def test_numbers_and_dates_as_text_say_what_is_done():
    amounts = findings("amount", text(f"{v:,.2f} €" for v in RNG.lognormal(7, 1, N)))
    assert list(amounts) == ["OCT711"]
    assert amounts["OCT711"].message.startswith("amount holds numbers as text (")
    assert amounts["OCT711"].action == "read as numbers"
    assert amounts["OCT711"].message.count("€") == 1
    dates = findings("due", text(pd.date_range("2020-01-01", periods=N).strftime("%d.%m.%Y")))
    assert dates["OCT712"].action == "read as dates"
    assert findings("due", pd.Series(pd.date_range("2020-01-01", periods=N))) == {}


def test_an_identifier_is_named_without_a_value():
    found = findings("invoice_no", text(f"INV-{i:05d}" for i in range(N)))["OCT713"]
    assert "INV" not in found.message + found.evidence
    assert found.overrule == "columns={'invoice_no': 'use'} or --use invoice_no"
    assert findings("invoice_no", text(f"INV-{i:05d}" for i in range(N)), "ignore") == {}


def test_constants_empties_and_gaps_are_told_together():
    gaps = np.where(RNG.random(N) < 0.8, np.nan, RNG.normal(size=N))
    columns = {"a": np.ones(N), "b": np.ones(N), "c": np.full(N, np.nan), "d": gaps, "e": RNG.normal(size=N)}
    profiles = [read_column(name, pd.Series(values), None).profile for name, values in columns.items()]
    found = {f.code: f.columns for f in find_over_columns(profiles, ())}
    assert found == {"OCT714": ("a", "b"), "OCT715": ("c",), "OCT716": ("d",)}
    assert "OCT715" not in {f.code for f in find_over_columns(profiles, {"c"})}


def test_many_constant_columns_make_one_short_sentence():
    profiles = [read_column(f"k{i}", pd.Series(np.ones(5)), None).profile for i in range(500)]
    (found,) = find_over_columns(profiles, ())
    assert len(found.columns) == 500
    assert "495 more columns" in found.message
    assert len(found.message) < 200


def frame(n=N):
    return pd.DataFrame({"x": RNG.normal(size=n), "y": RNG.normal(size=n), "c": text(RNG.choice(list("abc"), n))})


def test_planted_copies_are_found_whatever_the_row_number_says():
    clean = frame()
    clean.loc[3, "x"] = np.nan
    data = pd.concat([clean, clean.iloc[[3, 3, 7]]], ignore_index=True)
    data["row_id"] = np.arange(float(len(data)))
    copies = find_copies(data, ())
    assert copies[3] == copies[N] == copies[N + 1] >= 0
    assert copies[7] == copies[N + 2] >= 0
    assert copies[3] != copies[7]
    assert (copies >= 0).sum() == 5
    assert not are_coincidences(data, copies, ())


def test_ignored_columns_do_not_tell_copies_apart():
    data = pd.concat([frame(50)] * 2, ignore_index=True)
    data["noise"] = RNG.normal(size=100)
    assert (find_copies(data, ()) < 0).all()
    assert (find_copies(data, {"noise"}) >= 0).all()


def test_rows_of_a_coarse_table_coincide():
    coarse = pd.DataFrame({name: RNG.integers(0, 3, N).astype(float) for name in "abc"})
    assert are_coincidences(coarse, find_copies(coarse, ()), ())
    finer = pd.DataFrame({name: RNG.integers(0, 6, N).astype(float) for name in "abc"})
    assert are_coincidences(finer, find_copies(finer, ()), ())
    sparse = pd.DataFrame({f"w{i}": (RNG.random(N) < 0.02).astype(float) for i in range(40)})
    assert are_coincidences(sparse, find_copies(sparse, ()), ())


def test_oversampled_rows_are_copies():
    data = pd.concat([frame(100)] * 5, ignore_index=True)
    assert not are_coincidences(data, find_copies(data, ()), ())


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_diabetes])
def test_clean_data_are_clean(load):
    data = load(as_frame=True).data.astype(float)
    profiles = [read_column(name, data[name], None) for name in data]
    assert [f.code for r in profiles for f in find_in_column(r, None)] == []
    assert find_over_columns([r.profile for r in profiles], ()) == ()
    assert all(r.profile.used for r in profiles)
