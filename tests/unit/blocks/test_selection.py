"""Columns are chosen by the rows that are fitted, never by those that are scored."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_selection import SelectPercentile
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from octopus.blocks.selection import telling_columns, told_of_classes, told_of_values
from octopus.blocks.shapes import Ratios


def _table(n_rows: int = 80, n_columns: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(rng.normal(size=(n_rows, n_columns)), columns=[f"c{i}" for i in range(n_columns)])


@pytest.mark.parametrize("y_of", [lambda x: (x > 0).astype("int64"), lambda x: 3 * x], ids=["classes", "values"])
def test_what_tells_most_is_chosen_in_the_order_given(y_of) -> None:
    table = _table()
    y = y_of(table["c7"].to_numpy() + table["c3"].to_numpy())
    table.loc[::9, "c7"] = np.nan
    table["c1"] = 5.0
    assert telling_columns(table, y, list(table), 2) == ["c3", "c7"]
    assert telling_columns(table, None, ["c9", "c2"], 2) == ["c9", "c2"]


def test_ratios_choose_anew_in_every_fit() -> None:
    table = _table()
    first = Ratios(list(table), at_most=2).fit(table, 2 * table["c0"].to_numpy() + table["c1"].to_numpy())
    second = Ratios(list(table), at_most=2).fit(table, 2 * table["c5"].to_numpy() + table["c6"].to_numpy())
    assert (first.pairs_, second.pairs_) == ([("c0", "c1")], [("c5", "c6")])
    about = Ratios(list(table), at_most=1, about="c2").fit(table, table["c8"].to_numpy())
    assert about.pairs_ == [("c2", "c8")]


@pytest.mark.parametrize("told", [told_of_classes, told_of_values])
def test_a_column_that_never_changes_tells_nothing_and_warns_of_nothing(told) -> None:
    X, y = np.ones((20, 2)), np.arange(20) % 2
    X[:, 1] = y
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = told(X, y)
    assert scores[0] == 0.0
    assert np.isfinite(scores[1])
    assert scores[1] > 1e6


def test_chance_is_not_taken_for_signal() -> None:
    rng = np.random.default_rng(1)
    means = []
    for _ in range(10):
        X, y = rng.normal(size=(60, 300)), rng.permutation(np.arange(60) % 2)
        model = make_pipeline(SelectPercentile(told_of_classes, percentile=10), LogisticRegression())
        means.append(cross_val_score(model, X, y, scoring="roc_auc").mean())
    assert abs(np.mean(means) - 0.5) < 0.08
