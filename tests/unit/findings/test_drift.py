"""Columns that change over time, where time matters."""

import numpy as np
import pandas as pd
import pytest

from octopus.dataset import Dataset
from octopus.findings.columns import read_column
from octopus.findings.drift import find_drift
from octopus.findings.measure import measure_columns
from octopus.findings.sample import draw_sample
from octopus.frame import Schema
from octopus.records import Task

N = 800
TIME = (pd.Timestamp("2023-01-01") + pd.to_timedelta(np.arange(N), unit="D")).to_numpy(dtype="datetime64[ns]")
TASK = Task(
    goal="", type="regression", type_reason="r", target="y", scoring="s", classes=(), features=(), random_state=0
)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def drift(columns, time=TIME, roles=None):
    table = pd.DataFrame(columns)
    table = Schema.of(table).apply(table)
    data = Dataset(table=table, y=np.random.default_rng(0).normal(size=N), time=time, row_ids=np.arange(N))
    sample = draw_sample(data, TASK)
    profiles = [read_column(name, table[name], None).profile for name in table.columns]
    return {f.columns[0]: f for f in find_drift(measure_columns(profiles, sample), sample, roles or {})}


def test_a_shift_is_found_and_told(rng):
    late = np.arange(N) >= 600
    found = drift(
        {
            "price": rng.normal(size=N) + 3.0 * late,
            "sensor": np.where(late, np.nan, rng.normal(size=N)),
            "store": pd.Series(np.where(late, "new", "old")).str.cat(pd.Series(rng.integers(0, 3, N)).astype(str)),
            "steady": rng.normal(size=N),
        }
    )
    assert set(found) == {"price", "sensor", "store"}
    assert {(f.code, f.confidence) for f in found.values()} == {("OCT726", "weak")}
    assert found["sensor"].evidence.endswith("missing in 0% of the earlier and 100% of the latest rows")
    assert "median" in found["price"].evidence
    assert "100% of the latest rows hold labels that no earlier row has" in found["store"].evidence


def test_what_changes_by_its_nature_is_left_aside(rng):
    columns = {"date": TIME, "counter": np.arange(N) + 0.5, "sched_month": np.floor(np.arange(N) / 31.0)}
    assert drift({**columns, "x": rng.normal(size=N)}) == {}


def test_nothing_is_said_without_time_or_of_a_column_with_a_role(rng):
    price = rng.normal(size=N) + 3.0 * (np.arange(N) >= 600)
    assert drift({"price": price}, time=None) == {}
    assert drift({"price": price}, roles={"price": "use"}) == {}


def test_a_small_shift_is_not_strong(rng):
    assert drift({"price": rng.normal(size=N) + 0.5 * (np.arange(N) >= 600)}) == {}
