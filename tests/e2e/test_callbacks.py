"""Callbacks in a whole run: told of everything, able to end the search, unable to break it."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path

import pytest
from sklearn.base import clone

from octopus import AutonomousClassifier, read_journal
from octopus.errors import OctopusWarning
from octopus.records import AnyEvent, ExperimentFinished, RunFinished, RunStarted
from tests.frames import binary_frame

_QUICK = {"sandbox": "process", "random_state": 0, "n_jobs": 1}


class Locked:
    """Counts events; does not pickle, and does not need to."""

    def __init__(self) -> None:
        self.lock, self.n_events = threading.Lock(), 0

    def __call__(self, event: AnyEvent) -> None:
        with self.lock:
            self.n_events += 1


def remember_nothing(event: AnyEvent) -> None:
    """Do nothing, under a name that pickles."""


def test_the_search_ends_where_a_callback_asks_for_it_and_the_best_is_proved_as_usual(tmp_path: Path) -> None:
    X, y = binary_frame()
    told: list[AnyEvent] = []
    on_disk: list[int] = []

    def watch(event: AnyEvent) -> bool:
        told.append(event)
        on_disk.append(len(read_journal(tmp_path / "run")))
        return isinstance(event, ExperimentFinished) and event.experiment.number == 2

    estimator = AutonomousClassifier(callbacks=[watch], max_experiments=5, run_dir=tmp_path / "run", **_QUICK)
    estimator.fit(X, y)
    journal = estimator.journal_
    assert len(journal.experiments) == 2
    assert journal.stopped is not None
    assert journal.stopped.decision.reason == "stopped by a callback"
    assert not journal.interrupted
    assert journal.holdout is not None
    assert tuple(told) == journal.events
    assert isinstance(told[0], RunStarted)
    assert isinstance(told[-1], RunFinished)
    assert on_disk == list(range(1, len(told) + 1)), "an event is on disk before it is told"


def test_a_stop_that_is_asked_for_at_once_leaves_the_first_experiment_its_run() -> None:
    X, y = binary_frame()
    estimator = AutonomousClassifier(callbacks=[lambda _: True], max_experiments=5, **_QUICK).fit(X, y)
    assert len(estimator.journal_.experiments) == 1
    assert estimator.predict(X.head()).shape == (5,)


def test_one_that_raises_loses_nothing_and_is_warned_of_once() -> None:
    X, y = binary_frame()
    seen: list[AnyEvent] = []

    def bad(event: AnyEvent) -> None:
        raise ZeroDivisionError("no such luck")

    estimator = AutonomousClassifier(callbacks=[bad, seen.append], max_experiments=1, families=["linear"], **_QUICK)
    with pytest.warns(OctopusWarning, match="bad raised ZeroDivisionError: no such luck") as caught:
        estimator.fit(X, y)
    assert len([w for w in caught if issubclass(w.category, OctopusWarning)]) == 1
    assert tuple(seen) == estimator.journal_.events
    assert estimator.journal_.finished is not None


def test_an_estimator_pickles_whatever_its_callbacks_are() -> None:
    X, y = binary_frame()
    locked, prefix = Locked(), "a"
    estimator = AutonomousClassifier(callbacks=[locked], max_experiments=1, families=["linear"], **_QUICK).fit(X, y)
    assert locked.n_events == len(estimator.journal_)
    again = pickle.loads(pickle.dumps(estimator))
    assert again.callbacks is None, "a lock does not pickle: it is left out"
    assert (again.predict(X) == estimator.predict(X)).all()
    assert estimator.callbacks == [locked], "the estimator itself keeps it"
    kept = pickle.loads(pickle.dumps(estimator.set_params(callbacks=[remember_nothing])))
    assert kept.callbacks == [remember_nothing]
    by_value = pickle.loads(pickle.dumps(estimator.set_params(callbacks=[lambda _: prefix == "a"])))
    assert by_value.callbacks[0](None) is True
    with (estimator.run_dir_ / "estimator.pkl").open("rb") as file:
        assert pickle.load(file).callbacks is None


def test_a_clone_has_them_too() -> None:
    callbacks = [remember_nothing, lambda _: None]
    estimator = AutonomousClassifier(callbacks=callbacks)
    assert estimator.callbacks is callbacks
    assert clone(estimator).callbacks == callbacks
