"""Dates as numbers."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from octopus.blocks.dates import date_parts, is_day_first


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_dates_are_read_one_by_one():
    column = pd.Series(["31.12.2024", "2024-01-02", "2024-03-04T10:00:00Z", "junk", None], name="d")
    assert is_day_first(column)
    parts = date_parts(column, day_first=True)
    assert parts.loc[0].tolist() == [20088.0, 2024.0, 12.0, 31.0, 1.0, 0.0]
    assert parts.loc[1, ["d month", "d day"]].tolist() == [1.0, 2.0]
    assert parts.loc[2, "d hour"] == 10.0
    assert parts.loc[[3, 4]].isna().all(axis=None)
    for row in range(5):
        pd.testing.assert_frame_equal(date_parts(column.iloc[[row]], day_first=True), parts.iloc[[row]])
    assert not is_day_first(pd.Series(["12/31/2024", "01/02/2024"]))


def test_dates_from_numbers_from_dates_and_from_nothing():
    assert date_parts(pd.Series([20240102.0, 3.0, np.nan], name="n"))["n day"].tolist()[0] == 2.0
    assert date_parts(pd.Series(pd.to_datetime(["2024-05-06", None]), name="n"))["n month"].tolist()[0] == 5.0
    nothing = date_parts(pd.Series([None, None], name="n", dtype=object))
    assert nothing.isna().all(axis=None)
    assert (nothing.dtypes == "float64").all()
