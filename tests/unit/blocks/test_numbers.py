"""Numbers out of text."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from octopus.blocks.numbers import decimal_mark, parsed_number, without_codes


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,240.50 €", 1240.5),
        ("€ 7", 7.0),
        ("12%", 0.12),
        ("(300)", -300.0),
        ("300-", -300.0),
        ("-$5", -5.0),
        ("−2", -2.0),
        ("3 kg", 3.0),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("1 000 000", 1e6),
        ("1'200", 1200.0),
        ("abc", np.nan),
        ("", np.nan),
        (None, np.nan),
        ("1e999", np.nan),
    ],
)
def test_parsed_number(text, number):
    np.testing.assert_allclose(parsed_number(pd.Series([text], dtype=object)), [number])


def test_decimal_comma_is_learned_from_the_column():
    german = pd.Series(["1.234,56 €", "12,5", "1.000.000", "7"])
    english = pd.Series(["1,234.56", "1,000", "12.5"])
    assert (decimal_mark(german), decimal_mark(english)) == (",", ".")
    assert parsed_number(german, ",").tolist() == [1234.56, 12.5, 1e6, 7.0]
    assert parsed_number(english).tolist() == [1234.56, 1000.0, 12.5]
    assert decimal_mark(pd.Series([1.5, np.nan])) == "."
    assert parsed_number(pd.Series([1.5, np.inf])).isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["980 €", "2.418 €", "1.000 €", "1.234.567 €"], [980.0, 2418.0, 1000.0, 1234567.0]),
        (["2.418 kg", "0.980 kg", "1.000 kg"], [2.418, 0.98, 1.0]),
        (["2.418", "1.5", "3"], [2.418, 1.5, 3.0]),
        (["2,418", "980", "1,000"], [2418.0, 980.0, 1000.0]),
    ],
)
def test_thousands_are_told_from_three_decimals_by_the_numbers_beside_them(texts, numbers):
    column = pd.Series(texts)
    assert parsed_number(column, decimal_mark(column)).tolist() == numbers


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "Int64"])
def test_codes_for_missing_become_gaps(dtype):
    table = pd.DataFrame({"a": [1, -999, 3, 98], "b": [-1, 2, 3, 4], "c": [1, 2, 3, 4]}).astype(dtype)
    read = without_codes(table, {"a": [-999, 98], "b": [-1]})
    assert list(read) == ["a", "b"]
    assert read.isna().to_numpy().tolist() == [[False, True], [True, False], [False, False], [True, False]]
    assert table.loc[1, "a"] == -999
    assert without_codes(table, {}).shape == (4, 0) or without_codes(table, {}).empty


def test_codes_in_a_column_of_texts_become_gaps_as_well():
    column = pd.Series(["1,5", "-999", "999", None, "99,0"])
    assert parsed_number(column, ",", [-999, 99]).tolist()[::2] == [1.5, 999.0, pytest.approx(np.nan, nan_ok=True)]
    assert parsed_number(column, ",", [-999, 99]).isna().tolist() == [False, True, False, True, True]
    assert parsed_number(pd.Series([-999, 4]), codes=[-999]).isna().tolist() == [True, False]
