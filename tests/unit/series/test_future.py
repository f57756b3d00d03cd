"""The future frame: the next periods of every series, in the user's own columns and form."""

import numpy as np
import pandas as pd
import pytest

from octopus.series.future import make_future
from octopus.series.inference import infer_frequency
from octopus.series.regular import number_series
from octopus.series.stamps import learn_form, read_stamps


def future_of(table, horizon, series=(), after="all"):
    form = learn_form(table["when"])
    frequency = infer_frequency(read_stamps(table["when"], form), number_series(table, series))
    return make_future(table, "when", series, frequency, form, horizon, after)


@pytest.mark.parametrize(
    ("times", "following"),
    [
        (["2023-11-30", "2023-12-31", "2024-01-31"], ["2024-02-29", "2024-03-31"]),
        (["30/12/2023", "31/12/2023", "01/01/2024"], ["02/01/2024", "03/01/2024"]),
        (["2020Q3", "2020Q4", "2021Q1"], ["2021Q2", "2021Q3"]),
        (["2020-W51", "2020-W52"], ["2020-W53", "2021-W01"]),
        ([2020, 2021, 2022], [2023, 2024]),
        ([202311, 202312], [202401, 202402]),
        ([4, 5, 6], [7, 8]),
        (["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-12"], ["2024-01-15", "2024-01-16"]),
        (["2024-01-01T06:00:00Z", "2024-01-02T06:00:00Z"], ["2024-01-03T06:00:00Z", "2024-01-04T06:00:00Z"]),
        (
            list(pd.date_range("2024-03-29", periods=2, freq="D", tz="Europe/Berlin")),
            list(pd.date_range("2024-03-31", periods=2, freq="D", tz="Europe/Berlin")),
        ),
        (
            list(pd.date_range("2024-03-31 00:00", periods=2, freq="h", tz="Europe/Berlin")),
            list(pd.date_range("2024-03-31 03:00", periods=2, freq="h", tz="Europe/Berlin")),
        ),
        (list(pd.period_range("2023-11", periods=2, freq="M")), list(pd.period_range("2024-01", periods=2, freq="M"))),
    ],
    ids=str,
)
def test_what_follows_is_written_as_what_was(times, following):
    table = pd.DataFrame({"when": times})
    future = future_of(table, 2)
    assert future["when"].tolist() == following
    assert future["when"].dtype == table["when"].dtype


def shops():
    days = pd.date_range("2024-01-01", periods=10, freq="D")
    return pd.DataFrame(
        {
            "price": np.arange(17.0),
            "shop": pd.Categorical(["b"] * 10 + ["a"] * 7),
            "when": [*days, *days[:7]],
            "open": [True] * 17,
            "n": range(17),
            "town": ["Köln"] * 10 + [None] * 7,
        }
    )


def test_columns_keep_their_order_and_covariates_are_missing():
    table = shops()
    future = future_of(table, 3, ["shop", "town"])
    assert list(future.columns) == list(table.columns)
    assert future["shop"].tolist() == ["b"] * 3 + ["a"] * 3
    assert future["shop"].dtype == table["shop"].dtype
    assert future["town"].isna().tolist() == [False] * 3 + [True] * 3
    assert future[["price", "open", "n"]].isna().all(axis=None)
    assert future.index.tolist() == list(range(6))


@pytest.mark.parametrize(("after", "second"), [("all", 11), ("each", 8)])
def test_series_go_on_after_the_last_of_all_or_after_their_own(after, second):
    future = future_of(shops(), 3, ["shop"], after)
    assert [stamp.day for stamp in future["when"]] == [11, 12, 13, *range(second, second + 3)]


def test_order_of_rows_does_not_matter_but_for_that_of_series():
    table = shops()
    shuffled = table.sample(frac=1, random_state=3)
    keys = ["shop", "when"]
    first, second = (future_of(one, 4, ["shop"]).astype({"shop": str}).sort_values(keys) for one in (table, shuffled))
    pd.testing.assert_frame_equal(first[keys].reset_index(drop=True), second[keys].reset_index(drop=True))
