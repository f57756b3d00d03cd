"""What one column tells of the target, on rows that had no part in it."""

import numpy as np
import pandas as pd
import pytest

from octopus.dataset import Dataset
from octopus.findings.columns import read_column
from octopus.findings.measure import measure_columns
from octopus.findings.rest import score_together
from octopus.findings.sample import SAMPLE_ROWS, draw_sample
from octopus.findings.signal import bins_of, values_of
from octopus.frame import Schema
from octopus.records import Task


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def task(n_classes, seed=0):
    kind = {0: "regression", 2: "binary"}.get(n_classes, "multiclass")
    return Task(
        goal="", type=kind, type_reason="r", target="y", scoring="s", classes=tuple(map(str, range(n_classes))),
        features=(), random_state=seed,
    )  # fmt: skip


def drawn(columns, y, n_classes, groups=None, seed=0):
    table = pd.DataFrame(columns)
    table = Schema.of(table).apply(table)
    data = Dataset(table=table, y=np.asarray(y, dtype=float), groups=groups, row_ids=np.arange(len(table)))
    return draw_sample(data, task(n_classes, seed))


def measured(columns, y, n_classes, groups=None, seed=0):
    sample = drawn(columns, y, n_classes, groups, seed)
    profiles = [read_column(name, sample.table[name], "use").profile for name in sample.table.columns]
    return {column.name: column.signal for column in measure_columns(profiles, sample)}


def test_from_nothing_to_everything(rng):
    y = rng.integers(0, 2, 1000)
    told = measured({"all": y, "some": y + rng.normal(size=1000), "none": rng.normal(size=1000)}, y, 2)
    assert told["all"] == 1
    assert told["some"] == pytest.approx(0.52, abs=0.08)  # 2 AUC - 1 of two normals one apart
    assert told["none"] < 0.1
    number = rng.normal(size=1000)
    assert measured({"x": number + rng.normal(size=1000)}, number, 0)["x"] == pytest.approx(0.5, abs=0.08)


def test_what_is_not_a_line_and_what_is_missing_tell_too(rng):
    x = rng.normal(size=2000)
    assert measured({"x": x}, x**2, 0)["x"] > 0.8
    y = rng.integers(0, 2, 2000)
    assert measured({"x": np.where(y == 1, np.nan, x)}, y, 2)["x"] > 0.95


def test_a_long_tail_is_seen_by_the_line(rng):
    y = np.exp(2 * rng.normal(size=500))
    assert measured({"x": y * rng.uniform(0.95, 1.05, 500)}, y, 0)["x"] > 0.95


def test_many_labels_tell_nothing_by_heart(rng):
    labels = pd.Series(rng.integers(0, 400, 1000)).map("store {}".format)
    assert measured({"store": labels}, rng.integers(0, 2, 1000), 2)["store"] < 0.12


def test_rows_of_one_group_do_not_tell_of_each_other(rng):
    groups = np.repeat(np.arange(100), 10)
    y = rng.integers(0, 2, 100)[groups]
    name = pd.Series(groups).map("patient {}".format)
    assert measured({"name": name}, y, 2)["name"] > 0.9
    assert measured({"name": name}, y, 2, groups)["name"] < 0.3


def test_many_rows_are_sampled_in_their_order_by_the_seed(rng):
    x = np.arange(3.0 * SAMPLE_ROWS)
    first, again, other = (drawn({"x": x}, x, 0, seed=seed) for seed in (1, 1, 2))
    assert len(first) == SAMPLE_ROWS
    assert (np.diff(first.positions) > 0).all()
    assert (first.positions == again.positions).all()
    assert (first.positions != other.positions).any()


def test_bins_keep_equal_numbers_together(rng):
    numbers = np.where(rng.random(1000) < 0.5, 0.0, rng.normal(size=1000))
    numbers[:10] = np.nan
    bins = bins_of(values_of(pd.Series(numbers), numbers), True)
    assert set(bins[:10]) == {0}
    assert len(set(bins[numbers == 0])) == 1
    assert 4 < len(set(bins)) <= 65
    order = np.argsort(numbers[10:])
    assert (np.diff(bins[10:][order]) >= 0).all()


def test_all_together_tell_more_than_each(rng):
    x = rng.normal(size=(800, 3))
    sample = drawn({f"x{i}": x[:, i] for i in range(3)}, x.sum(axis=1), 0)
    parts = [(bins_of(values_of(sample.table[n], x[:, i]), True), x[:, i]) for i, n in enumerate(sample.table)]
    assert score_together(parts, sample.targets, sample) > 0.95
    assert score_together(parts[:1], sample.targets, sample) < 0.5
    assert score_together([], sample.targets, sample) == 0
