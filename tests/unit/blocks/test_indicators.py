"""Scaled numbers, one-hot levels and weighed words."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.pipeline import make_union

from octopus.blocks.curves import Curves
from octopus.blocks.indicators import OneHotLevels, ScaledNumbers, WeighedWords
from tests.unit.blocks.tables import odd_rows, read_table


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def dense(matrix) -> np.ndarray:
    return matrix.toarray() if sparse.issparse(matrix) else np.asarray(matrix)


def test_side_by_side_they_survive_what_fit_has_not_seen():
    table = read_table().assign(gone=np.nan)
    union = make_union(ScaledNumbers(), OneHotLevels(), WeighedWords()).fit(table)
    matrix = dense(union.transform(table))
    assert np.isfinite(matrix).all()
    odd = dense(union.transform(odd_rows().assign(gone=3.0)))
    assert odd.shape == (3, matrix.shape[1])
    assert np.isfinite(odd).all()


def test_numbers_have_mean_zero_and_deviation_one_and_gaps_are_marked():
    X = pd.DataFrame({"a": [1.0, 3.0, np.nan, np.inf], "b": [2, 4, 6, 8], "void": [np.nan] * 4})
    matrix = ScaledNumbers().fit(X).transform(X)
    np.testing.assert_allclose(matrix[:, 0], [-1, 1, 0, 0])
    np.testing.assert_allclose([matrix[:, 1].mean(), matrix[:, 1].std()], [0, 1], atol=1e-12)
    np.testing.assert_array_equal(matrix[:, 2], np.zeros(4))
    np.testing.assert_array_equal(matrix[:, 3:], [[0, 1], [0, 1], [1, 1], [1, 1]])


def test_a_weight_of_two_is_the_row_twice():
    X = pd.DataFrame({"a": [1.0, 3.0, np.nan, 3.0]})
    weighted = ScaledNumbers().fit(X, sample_weight=np.array([2.0, 1.0, 5.0, 1.0])).transform(X)
    repeated = ScaledNumbers().fit(pd.DataFrame({"a": [1.0, 1.0, 3.0, 3.0, np.nan]})).transform(X)
    np.testing.assert_allclose(weighted, repeated)
    np.testing.assert_allclose(weighted[2], [0.0, 1.0])
    ignored = ScaledNumbers().fit(X, sample_weight=np.array([1.0, 1.0, 1.0, 1e-12])).transform(X)
    np.testing.assert_allclose(ignored, ScaledNumbers().fit(X[:3]).transform(X), atol=1e-9)


def levels(n_rows: int) -> pd.DataFrame:
    return pd.DataFrame({"k": pd.Categorical([f"l{i % 50:02d}" for i in range(n_rows)])})


def test_every_level_has_a_column_and_the_rest_one_together():
    table = pd.DataFrame({"k": pd.Categorical(["a"] * 6 + ["b"] * 5 + ["rare"] + [None] * 2)})
    matrix = OneHotLevels().fit(table).transform(table)
    np.testing.assert_array_equal(matrix.sum(axis=0), [6, 5, 3])
    np.testing.assert_array_equal(matrix.sum(axis=1), np.ones(14))
    gaps = pd.DataFrame({"k": pd.Categorical(["a"] * 6 + [None] * 5)})
    assert OneHotLevels().fit(gaps).transform(gaps).shape == (11, 3), "gaps that are many are a level of their own"


def test_only_the_most_frequent_levels_have_columns():
    table = pd.DataFrame({"k": pd.Categorical(["a"] * 9 + ["b"] * 8 + ["c"] * 7)})
    matrix = OneHotLevels(max_levels=2).fit(table).transform(table)
    np.testing.assert_array_equal(matrix.sum(axis=0), [9, 8, 7])


@pytest.mark.parametrize("n_rows", [1, 2, 300])
def test_many_levels_stay_sparse_where_there_is_no_room(n_rows, monkeypatch):
    monkeypatch.setattr("octopus.blocks.indicators.DENSE_VALUES", 100)
    table = levels(300)
    fitted = OneHotLevels().fit(table)
    matrix = fitted.transform(table.iloc[:n_rows])
    assert sparse.issparse(matrix)
    assert matrix.shape == (n_rows, 51)
    np.testing.assert_array_equal(matrix.toarray()[:, :50], np.eye(50)[np.arange(n_rows) % 50])
    assert Curves().fit(matrix).transform(matrix).shape == (n_rows, 51)


def test_weights_decide_which_levels_are_rare_whatever_their_scale():
    table = pd.DataFrame({"k": pd.Categorical(["a"] * 6 + ["b"] * 3 + ["c"] * 6)})
    assert OneHotLevels().fit(table).transform(table).shape[1] == 3
    twice = np.r_[np.ones(6), np.full(3, 2.0), np.ones(6)]
    assert OneHotLevels().fit(table, sample_weight=twice).transform(table).shape[1] == 4
    ignored = np.r_[np.ones(6), np.ones(3), np.full(6, 1e-9)]
    assert OneHotLevels().fit(table, sample_weight=ignored).transform(table).shape[1] == 2
    shares = np.full(15, 1 / 15)  # they add up to one
    assert OneHotLevels().fit(table, sample_weight=shares).transform(table).shape[1] == 3


def test_words_are_weighed_by_how_rare_they_are():
    table = pd.DataFrame({"t": pd.Series(["red red fox", "red dog", "red dog", None], dtype=object)})
    fitted = WeighedWords().fit(table)
    assert sorted(fitted.weights_[0].vocabulary_) == ["dog", "red"]
    matrix = fitted.transform(table).toarray()
    assert matrix[1, fitted.weights_[0].vocabulary_["dog"]] > matrix[1, fitted.weights_[0].vocabulary_["red"]]
    np.testing.assert_array_equal(matrix[3], [0, 0])
    assert WeighedWords(max_words=1).fit(table).transform(table).shape == (4, 1)


def test_texts_without_a_repeated_word_are_no_error():
    table = pd.DataFrame({"t": pd.Series([f"w{i}" for i in range(8)], dtype=object), "void": pd.Series([None] * 8)})
    matrix = WeighedWords().fit(table).transform(table)
    assert matrix.shape == (8, 2)
    assert matrix.nnz == 0
