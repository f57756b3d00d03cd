"""Pairs, logarithms and stretches of time."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from octopus.blocks.dates import date_parts
from octopus.blocks.shapes import Ratios, SignedLogs, Stretches


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_a_pair_gives_a_bounded_ratio_and_a_difference():
    table = pd.DataFrame({"a": [3.0, 0.0, -1.0, np.nan, 1.0], "b": [1.0, 0.0, 1.0, 2.0, 0.0]}, index=list("vwxyz"))
    pairs = Ratios(["a", "b"]).fit_transform(table)
    assert list(pairs) == ["a", "b", "a against b", "a minus b"]
    np.testing.assert_allclose(pairs["a against b"], [0.5, 0, -1, np.nan, 1])
    np.testing.assert_allclose(pairs["a minus b"], [2, 0, -2, np.nan, 1])
    assert list(Ratios(["a", "b", "c"]).fit_transform(table.assign(c=1))).count("a against c") == 1


@pytest.mark.parametrize("dtype", ["float32", "Int64", "bool"])
def test_numbers_of_any_type_are_paired(dtype):
    table = pd.DataFrame({"a": [1, 0], "b": [0, 1]}).astype(dtype)
    assert Ratios(["a", "b"]).fit_transform(table)["a minus b"].tolist() == [1.0, -1.0]


def test_what_is_too_large_for_a_difference_is_a_gap():
    table = pd.DataFrame({"a": [np.inf, 1.7e308, np.inf, -np.inf], "b": [1.0, -1.7e308, np.inf, np.inf]})
    assert Ratios(["a", "b"]).fit_transform(table).iloc[:, 2:].isna().all(axis=None)
    assert SignedLogs(["a"]).fit_transform(table)["a"].isna().all()


def test_logarithms_keep_sign_order_and_gaps():
    table = pd.DataFrame({"a": [-np.expm1(2), 0.0, np.expm1(3), np.nan], "b": 1})
    logs = SignedLogs(["a"]).fit_transform(table)
    np.testing.assert_allclose(logs["a"], [-2, 0, 3, np.nan])
    assert list(logs) == ["a", "b"]


def test_stretches_between_dates_and_points_on_a_circle():
    dates = pd.DataFrame(
        {"sent": ["2024-01-01", "2024-12-30", None], "due": ["2024-01-31", "2025-01-02", "2024-01-01"]}
    )
    parts = pd.concat([date_parts(dates[name]) for name in dates], axis=1)
    stretched = Stretches(["sent", "due"]).fit_transform(parts)
    np.testing.assert_allclose(stretched["days from sent to due"], [30, 3, np.nan])
    np.testing.assert_allclose(stretched["due days since the first"], [30, 367, 0])
    on_circle = stretched[["sent month sine", "sent month cosine"]].to_numpy()
    np.testing.assert_allclose(np.linalg.norm(on_circle[:2], axis=1), 1)
    months = Stretches(["d"]).fit_transform(date_parts(pd.Series(["2024-12-01", "2024-01-01", "2024-06-01"], name="d")))
    points = months[["d month sine", "d month cosine"]].to_numpy()
    assert np.linalg.norm(points[0] - points[1]) < np.linalg.norm(points[0] - points[2]), "December lies beside January"


def test_the_first_day_is_that_of_fit():
    days = pd.Series(["2024-01-10", "2024-01-20"], name="d")
    fitted = Stretches(["d"]).fit(date_parts(days))
    later = fitted.transform(date_parts(pd.Series(["2024-01-05"], name="d")))
    assert later["d days since the first"].tolist() == [-5.0]
