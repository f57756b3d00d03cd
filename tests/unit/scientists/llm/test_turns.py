"""Whose turn it is: read from the journal alone."""

from __future__ import annotations

import msgspec
import pytest

from octopus.journal import Journal
from octopus.records import Experiment, ModelCall, ModelCalled, Plan, ProposalRefused, Script
from octopus.scientists.llm.turns import is_models_turn, is_models_turn_after, was_refused
from tests.strategies import asked, failed, journal_of, valid

BOTH = ("linear", "gbm")
DRAFTS = [valid(1, "linear", (0.8,) * 5), valid(2, "gbm", (0.9,) * 5)]


def _stale(n: int) -> list[Experiment]:
    return [*DRAFTS, *(valid(3 + i, "gbm", (0.5,) * 5) for i in range(n))]


def _journal(tried: list[Experiment]) -> Journal:
    return asked(journal_of(tried, families=BOTH))


@pytest.mark.parametrize(
    ("stale", "is_models"), [(0, True), (1, True), (2, False), (3, False), (4, True), (5, False), (9, False)]
)
def test_the_model_has_two_turns_after_a_gain_the_playbook_two_and_the_model_the_last_word(
    stale: int, is_models: bool
) -> None:
    assert is_models_turn(_journal(_stale(stale))) is is_models


def test_a_gain_starts_it_anew() -> None:
    assert is_models_turn(_journal([*_stale(3), valid(6, "gbm", (0.99,) * 5)]))


def test_every_family_is_drafted_first_and_something_must_work() -> None:
    assert not is_models_turn(_journal([]))
    assert not is_models_turn(_journal(DRAFTS[:1]))
    crashed = [failed(1, "linear", "a", repairable=False), failed(2, "gbm", "b", repairable=False)]
    assert not is_models_turn(_journal(crashed))


def test_after_a_refusal_the_playbook_goes_on() -> None:
    journal = _journal(_stale(0))
    refused = ProposalRefused(at="t", elapsed_s=9.0, kind="stop", what="w", reason="r")
    call = ModelCall(kind="step", backend="b", model="m", messages=(), reply="r", status="ok")
    journal = journal.with_event(refused).with_event(ModelCalled(at="t", elapsed_s=9.0, call=call))
    assert was_refused(journal)
    assert not is_models_turn(journal)
    assert is_models_turn(journal.with_event(_journal([valid(3, "gbm", (0.99,) * 5)]).events[-1]))


def test_thinking_ahead_waits_for_the_first_of_a_family() -> None:
    plan = Plan(family="gbm", idea="i", hypothesis="h", expected="e")
    assert not is_models_turn_after(plan, _journal(DRAFTS[:1]))
    assert is_models_turn_after(plan, _journal(_stale(0)))
    assert not is_models_turn_after(plan, _journal(_stale(1)))  # the playbook's turn, unless it gains
    other = msgspec.structs.replace(plan, family="other")
    assert not is_models_turn_after(other, _journal(_stale(0)))


def test_what_was_set_aside_is_drafted_again_by_the_playbook() -> None:
    from octopus.records import Quarantined

    journal = _journal(_stale(0)).with_event(
        Quarantined(at="t", elapsed_s=9.0, columns=("a",), reason="r", set_aside=(1, 2))
    )
    assert not is_models_turn(journal)


def test_failures_that_were_mended_count_once() -> None:
    from octopus.records import Decision

    script = Script(source="s3", author="model")
    crash = msgspec.structs.replace(failed(3, "gbm", "a", repairable=False), script=script)
    repair = Decision(action="repair", reason="r", parent=3)
    mended = msgspec.structs.replace(valid(4, "gbm", (0.5,) * 5), script=script, decision=repair)
    assert is_models_turn(_journal([*DRAFTS, crash, mended]))
