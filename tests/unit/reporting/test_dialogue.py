"""What a language model took and did, in words and numbers."""

from __future__ import annotations

import msgspec
import pytest

from octopus.journal import Journal
from octopus.records import ModelCalled, Outcome, Quarantined, Revalidated, Usage
from octopus.reporting.calls import asked_words, calls_words, dollars, tallies, usage_words
from octopus.reporting.dialogue import analysis_words, folds_words, mending_words, refusal_words, standing, tried_words
from tests.led import called, led
from tests.strategies import journal_of, raced, valid


def test_calls_are_counted_by_what_they_were_for() -> None:
    found = {tally.kind: (tally.n_calls, tally.n_failed, tally.n_unusable) for tally in tallies(led().calls)}
    assert found == {"step": (6, 1, 1), "fix": (1, 0, 0), "reask": (1, 0, 0)}
    assert sum((tally.usage for tally in tallies(led().calls)), Usage()) == led().usage


def test_what_is_asked_more_than_once_a_call_is_a_retry() -> None:
    usage = Usage(requests=3)
    assert tallies([called("goal", "", "", usage=usage), called("goal", "", "")])[0].n_retries == 2


def test_the_line_of_a_run_says_who_how_often_and_what_it_took() -> None:
    assert asked_words(led()) == "openai:gpt-5 (gpt-5-2026-01)"
    assert calls_words(led().calls) == (
        "8 calls (step 6, fix 1, reask 1) · 2 without a usable reply · "
        "8,000 tokens in (80.0% cached), 800 out · $0.0160 · 19 s"
    )


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(), "0 tokens in, 0 out"),
        (Usage(input_tokens=10, output_tokens=2, is_estimated=True), "10 tokens in, 2 out, estimated"),
        (Usage(input_tokens=10, cached_tokens=4, cost_usd=12.5), "10 tokens in (40.0% cached), 0 out · $12.50"),
    ],
)
def test_tokens_are_said_with_what_is_known_of_them(usage: Usage, words: str) -> None:
    assert usage_words(usage) == words


def test_less_than_a_dollar_is_said_to_a_hundredth_of_a_cent() -> None:
    assert (dollars(0.00123), dollars(1234.5)) == ("$0.0012", "$1,234.50")


def test_an_experiment_counts_until_its_column_is_quarantined_or_the_folds_change() -> None:
    journal = led()
    found = {e.number: standing(e, journal) for e in journal.experiments}
    assert found == {1: "counts", 2: "set aside", 3: "failed", 4: "counts", 5: "counts", 6: "counts"}
    assert tried_words(journal) == "6 experiments, 1 of them without a score, 1 set aside since"


def test_what_was_not_scored_again_is_no_failure() -> None:
    before = journal_of([valid(1, "linear", [0.7]), valid(2, "gbm", [0.8])])
    folds = next(event for event in led().events if isinstance(event, Revalidated))
    journal = Journal(events=(*before.events, folds))  # it scores the first one again
    assert [standing(e, journal) for e in journal.experiments] == ["counts", "not scored again"]
    assert tried_words(journal).endswith("1 not scored again on other folds")


def test_a_failed_experiment_stays_failed_when_its_column_goes() -> None:
    journal = led()
    aside = Quarantined(at="t", elapsed_s=1.0, columns=("a",), reason="r", set_aside=(3,))
    journal = journal.with_event(aside)
    assert standing(journal.experiments[2], journal) == "failed"


def test_a_fix_says_what_it_mends() -> None:
    assert [mending_words(e) for e in led().experiments][3] == "mends #3: guards against zero"
    assert mending_words(led().experiments[0]) == ""


def test_folds_are_told_with_their_column() -> None:
    journal = Journal(events=led().events[:16])
    event = journal.events[-1]
    assert isinstance(event, Revalidated)
    plan = msgspec.structs.replace(event.validation, column="island", reason="r", n_repeats=2)
    event = msgspec.structs.replace(event, validation=plan, reason="r")
    assert folds_words(event, Journal(events=(*journal.events[:-1], event))) == (
        "from now on 4 folds × 2, group by island: r · 2 experiments scored again · the best is #4, 0.8150 ± 0.0100"
    )


def test_a_model_that_is_called_as_its_backend_is_named_once() -> None:
    calls = [called("step", "", "", backend=backend, model=model) for backend, model in (
        ("scripted", "scripted"), ("openai:gpt-5", "gpt-5"), ("openai:mini", "mini-1"), ("openai:mini", "mini-1"),
    )]  # fmt: skip
    events = [ModelCalled(at="t", elapsed_s=1.0, call=call) for call in calls]
    assert asked_words(Journal(events=tuple(events))) == "scripted, openai:gpt-5, openai:mini (mini-1)"


def test_an_analysis_is_told_by_its_first_lines_or_by_its_end() -> None:
    event = next(event for event in led().events if type(event).__name__ == "Analysed")
    assert analysis_words(event) == (
        "How many rows has a customer? → customer 17 has 240 rows / the rest has three each"
    )
    broken = Outcome(status="timeout", stage="fit", reason="it took more than 30 s")
    ended = msgspec.structs.replace(event, output="\n \n", outcome=broken)
    assert analysis_words(ended) == "How many rows has a customer? → it took more than 30 s"


def test_a_refusal_says_what_was_wanted() -> None:
    event = next(event for event in led().events if type(event).__name__ == "ProposalRefused")
    assert refusal_words(event) == "the model wanted release: day — refused: its values still mirror the target"


def test_what_was_stopped_in_a_race_is_out_of_reach() -> None:
    journal = journal_of([valid(1, "linear", (0.8,) * 5), raced(2, "linear", (0.5, 0.4))])
    assert [standing(e, journal) for e in journal.experiments] == ["counts", "out of reach"]
    assert tried_words(journal) == "2 experiments, 1 stopped early, out of reach"
