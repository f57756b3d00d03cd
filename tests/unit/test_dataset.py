"""Rows keep what belongs to them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.dataset import Dataset
from tests.frames import regression_frame

N_ROWS = 40


def _dataset(**without: None) -> Dataset:
    table = regression_frame()[0].head(N_ROWS)
    rows = np.arange(N_ROWS, dtype=np.int64)
    fields = {
        "table": table,
        "y": rows + 0.5,
        "sample_weight": rows + 100.0,
        "groups": rows // 4,
        "time": np.datetime64("2020-01-01", "ns") + rows * np.timedelta64(1, "D"),
        "row_ids": rows * 3,
    }
    return Dataset(**{**fields, **without})


@given(rows=st.lists(st.integers(0, N_ROWS - 1), max_size=60))
def test_rows_are_taken_with_all_that_belongs_to_them(rows: list[int]) -> None:
    data, picked = _dataset(), np.asarray(rows, dtype=np.int64)
    taken = data.take(picked)
    assert len(taken) == len(rows)
    assert taken.table.index.tolist() == list(range(len(rows)))
    np.testing.assert_array_equal(taken.table.to_numpy(), data.table.to_numpy()[rows])
    for name in ("y", "sample_weight", "groups", "time", "row_ids"):
        np.testing.assert_array_equal(getattr(taken, name), getattr(data, name)[rows])


def test_what_was_taken_apart_is_joined_again() -> None:
    data = _dataset()
    first, second = data.take(np.arange(30)), data.take(np.arange(30, N_ROWS))
    joined = first.joined(second)
    pd.testing.assert_frame_equal(joined.table, data.table)
    for name in ("y", "sample_weight", "groups", "time", "row_ids"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(data, name))


@pytest.mark.parametrize("name", ["sample_weight", "groups", "time"])
@pytest.mark.parametrize("side", ["first", "second", "both"])
def test_what_one_side_does_not_know_is_dropped(name: str, side: str) -> None:
    whole, lacking = _dataset(), _dataset(**{name: None})
    assert getattr(lacking.take(np.arange(3)), name) is None
    pair = {"first": (lacking, whole), "second": (whole, lacking), "both": (lacking, lacking)}[side]
    joined = pair[0].joined(pair[1])
    assert getattr(joined, name) is None
    kept = {"sample_weight", "groups", "time"} - {name}
    assert all(len(getattr(joined, other)) == 2 * N_ROWS for other in kept)


def test_a_dataset_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        _dataset().y = np.zeros(N_ROWS)  # type: ignore[misc]
