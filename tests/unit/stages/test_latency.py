"""The time of a row alone is that of the process that predicts, once it is warm; who gives no answer has none."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

from octopus.dataset import Float
from octopus.errors import SandboxError
from octopus.records import Limits
from octopus.stages import latency
from octopus.stages.latency import _Asked, measure_latency
from octopus.testing.examples import example_task

LIMITS = Limits(wall_s=5.0, memory_bytes=1 << 30)
ROWS = pd.DataFrame({"x": np.arange(50.0)})
#: What it takes to ask.
ASKING_S = 0.0005


class _Timed:
    """A sandbox and its worker, which takes as long as it is told by a clock of its own."""

    def __init__(self, takes_s: Callable[[int], float]) -> None:
        self.takes_s, self.now, self.asked, self.is_open = takes_s, 0.0, [], True

    def perf_counter(self) -> float:
        return self.now

    def open_worker(self, model: bytes, *, n_classes: int, limits: Limits) -> _Timed:
        assert (b"model" in model, n_classes, limits) == (True, 0, LIMITS)
        return self

    def predict(self, table: pd.DataFrame) -> Float:
        self.now += ASKING_S
        if len(table) == 1:
            self.now += self.takes_s(len(self.asked))
            self.asked.append(float(table["x"].iloc[0]))
        return np.zeros(len(table))

    def close(self) -> None:
        self.is_open = False


def _measure(takes_s: Callable[[int], float], monkeypatch: pytest.MonkeyPatch) -> tuple[object, _Timed]:
    sandbox = _Timed(takes_s)
    monkeypatch.setattr(latency, "time", sandbox)
    measured = measure_latency(b"model", ROWS, example_task("regression"), sandbox, LIMITS)
    assert not sandbox.is_open
    return measured, sandbox


def test_the_start_and_the_first_answers_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    measured, sandbox = _measure(lambda n: 9.0 if n == 0 else 0.02 if n <= 5 else 0.002, monkeypatch)
    assert (measured.n_rows, measured.median_ms, measured.p95_ms) == (50, pytest.approx(2.0), pytest.approx(2.0))
    assert sandbox.asked[-50:] == list(ROWS["x"])


def test_the_95th_percentile_sees_the_slow_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    measured, _ = _measure(lambda n: 0.02 if n % 10 == 9 else 0.001, monkeypatch)
    assert measured.median_ms == pytest.approx(1.0)
    assert measured.p95_ms == pytest.approx(20.0)


def test_a_slow_model_is_asked_for_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    measured, sandbox = _measure(lambda n: 3.0, monkeypatch)
    assert measured.median_ms == pytest.approx(3000.0)
    assert len(sandbox.asked) == 3


def test_what_asking_costs_is_taken_off_but_never_more_than_half(monkeypatch: pytest.MonkeyPatch) -> None:
    measured, _ = _measure(lambda n: ASKING_S / 5, monkeypatch)
    assert measured.median_ms == pytest.approx(1000 * (ASKING_S + ASKING_S / 5) / 2)


def test_what_is_asked_loads_the_pipeline_where_it_is_unpickled_and_predicts_a_row_alone() -> None:
    pipeline = DummyRegressor().fit([[0.0]], [1.0])
    asked = pickle.loads(pickle.dumps(_Asked(pickle.dumps(pipeline), "predict")))
    calls: list[int] = []
    asked.pipeline.predict = lambda X: calls.append(len(X))
    assert [len(asked.predict(ROWS.head(n))) for n in (1, 2)] == [1, 2]
    assert calls == [1]


def test_what_gives_no_answer_has_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(n: int) -> float:
        raise SandboxError("it gave no answer")

    assert _measure(refuse, monkeypatch)[0] is None
