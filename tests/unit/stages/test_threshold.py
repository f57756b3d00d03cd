"""The probability from which on acting costs least."""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.dataset import Dataset, Float
from octopus.records import Costs, Task
from octopus.stages.threshold import choose_threshold
from octopus.testing.examples import example_task


def _task(false_negative: float, false_positive: float, positive: str = "yes") -> Task:
    costs = Costs(positive=positive, false_negative=false_negative, false_positive=false_positive)
    return msgspec.structs.replace(example_task("binary"), classes=("no", "yes"), costs=costs)


def _rows(y: list[int], weight: list[float] | None = None) -> Dataset:
    n_rows = len(y)
    return Dataset(
        table=pd.DataFrame(index=range(n_rows)),
        y=np.asarray(y, dtype=np.float64),
        sample_weight=None if weight is None else np.asarray(weight),
        row_ids=np.arange(n_rows, dtype=np.int64),
    )


def _two(probability: list[float]) -> Float:
    yes = np.asarray(probability, dtype=np.float64)
    return np.column_stack([1 - yes, yes])


def _cost(task: Task, y: np.ndarray, probability: np.ndarray, weight: np.ndarray, threshold: float) -> float:
    assert task.costs is not None
    acts = probability >= threshold
    missed, alarmed = (y == 1) & ~acts, (y == 0) & acts
    return float(np.sum(weight * (task.costs.false_negative * missed + task.costs.false_positive * alarmed)))


def test_without_costs_or_without_predictions_there_is_none() -> None:
    assert choose_threshold(example_task("binary"), _rows([0, 1]), _two([0.2, 0.8])) is None
    assert choose_threshold(_task(1, 1), _rows([0, 1]), None) is None


@pytest.mark.parametrize(
    ("costs", "y", "probability", "threshold"),
    [
        pytest.param((1, 1), [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], 0.25, id="the middle of the gap"),
        pytest.param((1, 1), [0, 0, 1, 1], [0.1, 0.4, 0.8, 0.9], 0.5, id="the calibrated one where it lies in the gap"),
        pytest.param((3, 1), [0, 0, 1, 1], [0.1, 0.4, 0.8, 0.9], 0.6, id="the middle where it does not"),
        pytest.param((3, 1), [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], 0.25, id="a miss is dearer"),
        pytest.param((1, 3), [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], 0.75, id="a false alarm is dearer"),
        pytest.param((50, 1), [0, 1, 0, 0], [0.1, 0.3, 0.5, 0.6], 0.2, id="one miss is worth two alarms"),
        pytest.param((1, 50), [1, 1, 0, 1], [0.1, 0.3, 0.5, 0.7], 0.6, id="one alarm is worth two misses"),
        pytest.param((1, 1), [1, 1, 1, 1], [0.2, 0.4, 0.6, 0.8], 0.1, id="always to act"),
        pytest.param((1, 1), [0, 0, 0, 0], [0.2, 0.4, 0.6, 0.8], 0.9, id="never to act"),
        pytest.param((1, 1), [1, 0, 1, 0], [0.2, 0.4, 0.6, 0.8], 0.5, id="of several the nearest to the calibrated"),
        pytest.param((1, 1), [1, 1], [0.0, 0.0], 0.0, id="always to act at probability zero"),
    ],
)
def test_where_acting_costs_least(
    costs: tuple[float, float], y: list[int], probability: list[float], threshold: float
) -> None:
    assert choose_threshold(_task(*costs), _rows(y), _two(probability)) == pytest.approx(threshold)


def test_never_to_act_is_above_every_probability() -> None:
    threshold = choose_threshold(_task(1, 1), _rows([0, 0]), _two([1.0, 1.0]))
    assert threshold is not None
    assert threshold > 1.0


def test_weights_count_and_rows_that_no_fold_scored_do_not() -> None:
    y, probability = [0, 1, 0, 1, 0], [0.1, 0.3, 0.5, 0.7, 0.9]
    assert choose_threshold(_task(1, 1), _rows(y), _two(probability)) == pytest.approx(0.6)
    assert choose_threshold(_task(1, 1), _rows(y, [1, 9, 1, 9, 1]), _two(probability)) == pytest.approx(0.2)
    unscored = [*probability, np.nan]
    assert choose_threshold(_task(1, 1), _rows([*y, 1]), _two(unscored)) == pytest.approx(0.6)


def test_the_positive_class_may_be_the_first() -> None:
    flipped = choose_threshold(_task(3, 1, "no"), _rows([1, 1, 0, 0]), _two([0.9, 0.8, 0.2, 0.1]))
    assert flipped == pytest.approx(0.25), "a probability of no"


@given(
    rows=st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1), st.floats(0.1, 10)), min_size=1, max_size=30),
    false_negative=st.floats(0.01, 1000),
    false_positive=st.floats(0.01, 1000),
)
def test_no_other_threshold_costs_less(
    rows: list[tuple[int, float, float]], false_negative: float, false_positive: float
) -> None:
    task = _task(false_negative, false_positive)
    y, probability, weight = (np.asarray(column) for column in zip(*rows, strict=True))
    threshold = choose_threshold(task, _rows(y.tolist(), weight.tolist()), _two(probability.tolist()))
    assert threshold is not None
    chosen = _cost(task, y, probability, weight, threshold)
    others = [_cost(task, y, probability, weight, float(t)) for t in [0.0, *probability, 1.1]]
    assert chosen <= min(others) * (1 + 1e-6)
