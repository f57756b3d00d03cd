"""The user's own functions: told of everything, never able to break a run."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.records import AnyEvent
from octopus.reporting.callbacks import Callbacks
from tests.strategies import events, started


def test_each_is_told_of_each_event_in_order() -> None:
    told: list[tuple[str, AnyEvent]] = []
    callbacks = Callbacks([lambda event: told.append(("first", event)), lambda event: told.append(("second", event))])
    event = started()
    callbacks(event)
    callbacks(event)
    assert [name for name, _ in told] == ["first", "second"] * 2
    assert all(seen is event for _, seen in told)
    assert callbacks.asked_to_stop() == ""
    assert callbacks.problems == []


@pytest.mark.parametrize(("answer", "stops"), [(True, True), (False, False), (None, False), (1, False), ("yes", False)])
def test_only_true_asks_for_a_stop(answer: object, stops: bool) -> None:
    callbacks = Callbacks([lambda _: answer])  # type: ignore[list-item, return-value]
    callbacks(started())
    assert bool(callbacks.asked_to_stop()) == stops


def test_what_compares_to_many_values_is_no_request_and_no_error() -> None:
    callbacks = Callbacks([lambda _: np.array([True, False])])  # type: ignore[list-item, return-value]
    callbacks(started())
    assert callbacks.asked_to_stop() == ""
    assert callbacks.problems == []


def test_a_request_stands_whatever_is_answered_later() -> None:
    answers = iter([True, False, None])
    callbacks = Callbacks([lambda _: next(answers)])
    for _ in range(3):
        callbacks(started())
    assert callbacks.asked_to_stop() == "stopped by a callback"


def test_one_that_raises_is_logged_and_dropped_and_the_others_are_still_told(caplog: pytest.LogCaptureFixture) -> None:
    calls = {"bad": 0, "good": 0}

    def bad(_: AnyEvent) -> None:
        calls["bad"] += 1
        raise ZeroDivisionError("no such luck")

    def good(_: AnyEvent) -> None:
        calls["good"] += 1

    callbacks = Callbacks([bad, good])
    with caplog.at_level(logging.ERROR, logger="octopus"):
        callbacks(started())
        callbacks(started())
    assert calls == {"bad": 1, "good": 2}
    assert len(callbacks.problems) == 1
    assert "bad raised ZeroDivisionError: no such luck" in callbacks.problems[0]
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info is not None


def test_ctrl_c_in_a_callback_is_ctrl_c() -> None:
    def interrupted(_: AnyEvent) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Callbacks([interrupted])(started())


@given(told=st.lists(events(), max_size=5), fails_at=st.integers(0, 6))
def test_whatever_happens_in_it_nothing_is_raised(told: list[AnyEvent], fails_at: int) -> None:
    seen: list[AnyEvent] = []

    def failing(event: AnyEvent) -> None:
        seen.append(event)
        if len(seen) > fails_at:
            raise RuntimeError

    callbacks = Callbacks([failing])
    for event in told:
        callbacks(event)
    assert len(seen) == min(len(told), fails_at + 1)
    assert len(callbacks.problems) == (len(told) > fails_at)
