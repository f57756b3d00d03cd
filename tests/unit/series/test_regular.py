"""What is irregular in series: each kind is counted, and a regular panel has none."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.series.regular import find_irregularities, number_series


def panel(n_series=3, n=12):
    series = np.repeat(np.arange(n_series), n)
    periods = np.tile(np.arange(100, 100 + n), n_series)
    return pd.DataFrame({"series": series, "period": periods, "y": np.arange(n_series * n) % 7 + 0.5})


def found_in(table, n_needed=5):
    columns = (table["period"].to_numpy(), table["series"].to_numpy(), table["y"].to_numpy())
    return {one.kind: (one.n, one.series) for one in find_irregularities(*columns, n_needed)}


def test_a_regular_panel_has_nothing_irregular():
    assert found_in(panel()) == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda table: table.drop([14, 15, 30]), {"gaps": (3, (1, 2))}),
        (lambda table: pd.concat([table, table.iloc[[35]]]), {"duplicates": (1, (2,))}),
        (lambda table: table.iloc[[1, 0, *range(2, 36)]], {"disorder": (1, (0,))}),
        (lambda table: table.drop([12, 13]), {"late start": (1, (1,))}),
        (lambda table: table.drop([34, 35]), {"early end": (1, (2,))}),
        (lambda table: table.drop(range(4, 12)), {"early end": (1, (0,)), "short": (1, (0,))}),
        (lambda table: table.assign(y=table["y"].where(table["series"] != 1, 4.0)), {"constant": (1, (1,))}),
        (lambda table: table.assign(y=table["y"].where(table.index != 5)), {"not finite": (1, (0,))}),
        (lambda table: table.assign(y=table["y"].where(table.index != 5, np.inf)), {"not finite": (1, (0,))}),
        (
            lambda table: table.drop(range(1, 12)),
            {"early end": (1, (0,)), "short": (1, (0,))},
        ),  # one row is no constant
    ],
)
def test_each_kind_is_counted(change, expected):
    assert found_in(change(panel())) == expected


@given(seed=st.integers(0, 2**31))
def test_order_changes_nothing_but_disorder(seed):
    table = panel().drop([3, 4, 20])
    shuffled = table.iloc[np.random.default_rng(seed).permutation(len(table))]
    found = found_in(shuffled)
    found.pop("disorder", None)
    assert found == found_in(table)


def test_sentences_count_and_tell_no_value():
    columns = panel().drop([14, 15])
    (one,) = find_irregularities(*(columns[name].to_numpy() for name in ("period", "series", "y")), 5)
    assert one.sentence == "2 periods between the first and the last row of a series have none (1 of 3 series)."


def test_series_are_numbered_as_they_come_and_a_missing_name_is_one():
    table = pd.DataFrame({"shop": ["b", None, "a", "b", None], "item": pd.Categorical([1, 1, 1, 2, 1])})
    assert number_series(table, ["shop", "item"]).tolist() == [0, 1, 2, 3, 1]
    assert number_series(table, ["shop"]).tolist() == [0, 1, 2, 0, 1]
    assert number_series(table, []).tolist() == [0] * 5
    table["item"] = [1, 1, 1, 2, 2]
    assert number_series(table, ["shop", "item"]).tolist() == [0, 1, 2, 3, 4]
