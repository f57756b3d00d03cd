"""A run in the log: what an application asks for, and no more."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, given, settings

from octopus.journal import Journal
from octopus.records import AnyEvent, Decision, ExperimentFinished, RunFinished, SearchStopped
from octopus.reporting.log import log_event
from tests.led import led
from tests.strategies import events, failed, journals, started, valid


def test_a_run_leaves_a_line_for_start_experiments_stop_and_end(caplog: pytest.LogCaptureFixture) -> None:
    at = {"at": "t", "elapsed_s": 3.0}
    with caplog.at_level(logging.INFO, logger="octopus"):
        log_event(started())
        log_event(ExperimentFinished(**at, experiment=valid(1, "linear", [0.5, 0.75])))
        log_event(ExperimentFinished(**at, experiment=failed(2, "gbm", "a", repairable=False)))
        log_event(SearchStopped(**at, decision=Decision(action="stop", reason="enough"), winner=1))
        log_event(RunFinished(**at, shipped="all", reason="refitted"))
    assert [record.levelname for record in caplog.records] == ["INFO"] * 5
    assert [record.name for record in caplog.records] == ["octopus"] * 5
    assert caplog.messages == [
        "run r: y by accuracy, playbook leads",
        "experiment 1, linear, idea 1: 0.625",
        "experiment 2, gbm, idea 2: error",
        "stopped after 3.0 s: enough",
        "finished after 3.0 s: refitted",
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event=events())
def test_any_event_can_be_logged(event: AnyEvent, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="octopus"):
        log_event(event)
        assert all(record.getMessage() for record in caplog.records)


@given(journal=journals(ended=True))
def test_nothing_is_printed_where_nobody_listens(journal: Journal) -> None:
    handlers = logging.getLogger("octopus").handlers
    assert all(isinstance(handler, logging.NullHandler) for handler in handlers)
    for event in journal.events:
        log_event(event)


def test_what_a_model_did_is_logged_and_nothing_of_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="octopus"):
        for event in led().events:
            log_event(event)
    assert "analysis: How many rows has a customer? → customer 17 has 240 rows / the rest has three each" in (
        caplog.messages
    )
    assert "the model takes no further part: 3 calls in a row failed: no answer in 60 s" in caplog.messages
    assert "from now on 4 folds, group: rows of a customer are alike" in caplog.messages
    asked = [record for record in caplog.records if record.getMessage().startswith("asked ")]
    assert {record.levelname for record in asked} == {"DEBUG"}
    assert len(asked) == 8
    assert not any(
        "You lead" in message or "ACTION" in message for message in caplog.messages if "no ACTION" not in message
    )
