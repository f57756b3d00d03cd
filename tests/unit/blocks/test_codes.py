"""Levels as codes and as columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from octopus.blocks.codes import LevelCodes, LevelColumns


def test_levels_become_codes_and_gaps_nan():
    table = pd.DataFrame(
        {
            "k": pd.Categorical(["b", None, "a"], categories=["a", "b"]),
            "x": [1.5, np.inf, 1e300],
            "n": pd.array([1, None, 3], dtype="Int64"),
            "flag": [True, False, True],
        }
    )
    codes = LevelCodes().fit(table).transform(table)
    assert codes.dtype == np.float32
    np.testing.assert_array_equal(codes, [[1, 1.5, 1, 1], [np.nan, np.nan, np.nan, 0], [0, np.nan, 3, 1]])
    assert LevelCodes().fit(table[[]]).transform(table[[]]).shape == (3, 0)


def test_columns_of_one_name_are_told_apart():
    table = pd.DataFrame([[1.0, 2.0]], columns=["a", "a"])
    np.testing.assert_array_equal(LevelCodes().fit(table).transform(table), [[1.0, 2.0]])


def test_each_level_gets_a_column_that_no_unseen_one_fills():
    table = pd.DataFrame({"k": pd.Categorical(["b", None, "a"], categories=["a", "b"]), "x": [1.0, 2.0, 3.0]})
    fitted = LevelColumns(["k"]).fit(table)
    columns = fitted.transform(table)
    assert list(columns) == ["x", "k = a", "k = b"]
    np.testing.assert_array_equal(columns[["k = a", "k = b"]], [[0, 1], [0, 0], [1, 0]])
    unseen = pd.DataFrame({"k": pd.Categorical(["z"]), "x": [0.0]})
    np.testing.assert_array_equal(fitted.transform(unseen), [[0, 0, 0]])
