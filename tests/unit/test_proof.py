"""Who is fitted next where a pipeline is slower than the goal allows."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from octopus import proof
from octopus.errors import NoValidExperiment
from octopus.records import Budget, Experiment, Latency, LatencyLimit, Task
from octopus.testing.examples import example_task
from tests.strategies import valid

TASK = msgspec.structs.replace(example_task("regression"), latency=LatencyLimit(ms=20.0))


def _experiment(number: int, score: float, wall_s: float) -> Experiment:
    found = valid(number, "gbm", (score, score))
    return msgspec.structs.replace(found, outcome=msgspec.structs.replace(found.outcome, wall_s=wall_s))


#: The better the slower, to score and to predict.
TRIED = [_experiment(number, 1.0 - number / 10, 10.0 - number) for number in range(1, 7)]


def _ship(
    took_ms: dict[int, float | None], monkeypatch: pytest.MonkeyPatch, *, task: Task = TASK, elapsed_s: float = 0.0
) -> tuple[int, list[int]]:
    """Return which experiment ships and which were fitted; an experiment without a time does not replay."""
    fitted: list[int] = []

    def fit_and_replay(court: object, data: object, experiment: Experiment, fitted_on: str) -> proof.Shipped | None:
        fitted.append(experiment.number)
        took = took_ms[experiment.number]
        if took is None:
            return None
        latency = Latency(n_rows=50, median_ms=took, p95_ms=2 * took)
        return proof.Shipped(model=b"", sha256="", experiment=experiment, fitted_on="train", latency=latency)

    monkeypatch.setattr(proof, "_fit_and_replay", fit_and_replay)
    run = SimpleNamespace(journal=SimpleNamespace(candidates=TRIED), elapsed_s=lambda: elapsed_s)
    sealed = SimpleNamespace(train=None)
    court = proof._Court(task=task, sealed=sealed, bench=None, budget=Budget(time_limit_s=60.0), run=run)
    return proof._first_that_replays(court, "train").experiment.number, fitted


def test_without_a_limit_the_best_ships_however_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    task = msgspec.structs.replace(TASK, latency=None)
    assert _ship(dict.fromkeys(range(1, 7), 900.0), monkeypatch, task=task) == (1, [1])


def test_the_best_that_keeps_the_limit_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    took = {1: 50.0, 2: None, 3: 30.0, 4: 19.0, 5: 1.0, 6: 1.0}
    assert _ship(took, monkeypatch) == (4, [1, 2, 3, 4])


def test_a_limit_for_the_95th_percentile_is_held_against_that(monkeypatch: pytest.MonkeyPatch) -> None:
    task = msgspec.structs.replace(TASK, latency=LatencyLimit(ms=20.0, of="p95"))
    assert _ship({1: 19.0, 2: 9.0}, monkeypatch, task=task) == (2, [1, 2])


def test_where_none_keeps_it_the_quickest_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    took = {1: 50.0, 2: 40.0, 3: 30.0, 4: 31.0, 5: None, 6: 45.0}
    assert _ship(took, monkeypatch) == (3, [1, 2, 3, 4, 5, 6])


def test_once_the_time_is_up_three_more_are_tried_the_quickest_to_score_first(monkeypatch: pytest.MonkeyPatch) -> None:
    took = {1: 50.0, 2: 40.0, 3: 30.0, 4: 35.0, 5: 25.0, 6: 28.0}
    assert _ship(took, monkeypatch, elapsed_s=61.0) == (5, [1, 6, 5, 4])
    assert _ship({**took, 6: 5.0}, monkeypatch, elapsed_s=61.0) == (6, [1, 6])


def test_what_does_not_replay_is_passed_over_to_the_last_also_after_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoValidExperiment):
        _ship(dict.fromkeys(range(1, 7)), monkeypatch, elapsed_s=61.0)
