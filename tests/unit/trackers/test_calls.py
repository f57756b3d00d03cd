"""A language model's part in a run, on its way to MLflow: totals, traces, and what it did beside experiments."""

from __future__ import annotations

import json

import msgspec
import pytest
from mlflow.entities import Span
from mlflow.exceptions import MlflowException, RestException
from mlflow.protos import databricks_pb2

from octopus.journal import Journal
from octopus.records import Message, ModelCalled
from octopus.trackers.entries import Entry, Trace
from octopus.trackers.mapping import closing, entries_of
from octopus.trackers.story import note_of_story
from octopus.trackers.traces import NO_TRACES, _span, _why_none
from tests.led import led


def _traces(journal: Journal) -> list[Trace]:
    return [trace for entry in entries_of(journal) for trace in entry.traces]


def _nested(journal: Journal, number: int) -> list[Entry]:
    return [other for entry in entries_of(journal) for other in entry.also if other.experiment == number]


def test_what_calls_took_grows_with_the_number_of_the_call() -> None:
    points = [point for entry in entries_of(led()) for point in entry.points]
    assert [(p.step, p.value) for p in points if p.name == "tokens_input" and p.step] == [
        (number, 1000.0 * number) for number in range(1, 9)
    ]
    assert [(p.step, p.value) for p in points if p.name == "tokens_cached.fix"] == [(5, 800.0)]
    assert [(p.step, p.value) for p in points if p.name == "calls.step"][-1] == (8, 6.0)
    assert [p.value for p in points if p.name == "calls_failed"] == [0.0] * 7 + [1.0]
    assert [p.value for p in points if p.name == "cost_usd" and p.step][-1] == pytest.approx(0.016)


def test_the_run_of_an_experiment_has_what_its_script_took() -> None:
    by_number = {entry.experiment: entry for entry in entries_of(led()) if entry.experiment}
    took = {p.name: p.value for p in by_number[4].points}
    assert (took["tokens_input"], took["tokens_output"], took["cost_usd"]) == (1000.0, 100.0, 0.002)
    assert (by_number[4].params["author"], by_number[4].params["mends"]) == ("model", "3")
    assert "tokens_input" not in {p.name for p in by_number[1].points}, "the playbook took none"


def test_a_trace_is_the_same_however_far_the_run_was_and_another_for_another_run() -> None:
    journal = led()
    early = _traces(Journal(events=journal.events[:9]))
    assert early == _traces(journal)[: len(early)]
    ids = [trace.id for trace in _traces(journal)]
    assert len(set(ids)) == len(journal.calls) == 8
    other = msgspec.structs.replace(journal.events[0], at="later")
    assert not {trace.id for trace in _traces(Journal(events=(other, *journal.events[1:])))} & set(ids)


def test_a_trace_says_what_was_asked_and_what_came() -> None:
    journal = led()
    unusable = next(trace for trace in _traces(journal) if trace.tags["octopus.status"] == "unusable")
    assert (unusable.name, unusable.problem, unusable.reply) == ("03 step", "no ACTION", "Let me see …")
    assert unusable.end_ms - unusable.start_ms == 2500
    assert unusable.tags["octopus.kind"] == "step"
    failed = _traces(journal)[-1]
    assert (failed.shown_reply, failed.shown_request) == ("no answer in 60 s", "step: 5 linear 0.71")


def test_mlflow_reads_a_span_as_it_was_meant() -> None:
    odd = Message(role="user", text='"quoted" \x00 \ud800 ☃\n<b>')
    journal = led()
    event = next(event for event in journal.events if isinstance(event, ModelCalled))
    call = msgspec.structs.replace(event.call, messages=(odd,))
    lines = (journal.events[0], msgspec.structs.replace(event, call=call))
    span = Span.from_dict(_span(_traces(Journal(events=lines))[0]))
    assert span.inputs["messages"] == [{"role": "user", "content": '"quoted" � ? ☃\n<b>'}]
    assert span.outputs["choices"][0]["message"]["content"] == "ACTION: experiment\nFAMILY: gbm"
    assert span.attributes["mlflow.chat.tokenUsage"] == {
        "input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100, "cache_read_input_tokens": 800,
    }  # fmt: skip
    assert (span.span_type, span.model_name) == ("CHAT_MODEL", "gpt-5-2026-01")
    assert span.end_time_ns is not None
    assert span.end_time_ns - span.start_time_ns == 2_500_000_000
    json.dumps(span.to_dict()).encode("utf-8")


def test_the_description_tells_what_was_done_beside_experiments_in_order() -> None:
    note = closing(led()).tags["mlflow.note.content"]
    told = [line for line in note.splitlines() if line.startswith("- after")]
    assert [line.split(": ")[1] for line in told] == [
        "not used any more", "analysis", "other folds", "refused", "used again",
        "the language model took no further part",
    ]  # fmt: skip
    assert "How many rows has a customer? → customer 17 has 240 rows" in note
    assert note_of_story(()) == ""


def test_a_story_without_end_keeps_its_beginning() -> None:
    journal = led()
    many = note_of_story(journal.events * 40)
    assert len(many) < 3000
    assert many.splitlines()[-1].startswith("- and ")


def test_nested_runs_say_that_they_count_no_more_and_have_their_new_scores() -> None:
    journal = led()
    (aside,) = _nested(journal, 2)
    assert aside.name == "02 gbm set aside: the reminder"
    assert aside.tags == {"set_aside": "day not used since: it is written after the bill is paid"}
    (again,) = _nested(journal, 4)
    assert {(p.name, p.step, round(p.value, 3)) for p in again.points} >= {("score", 1, 0.815), ("roc_auc", 1, 0.815)}
    assert again.name == "04 gbm 0.815: ratios"
    assert again.tags["scored_again"] == "group by customer, 4 folds"
    assert _nested(journal, 3) == [], "it never had a score"
    assert _nested(journal, 6) == [], "it came later"


def test_an_analysis_is_a_file_with_its_question_its_output_and_its_script() -> None:
    (text,) = (text for entry in entries_of(led()) for path, text in entry.texts.items() if "analysis" in path)
    assert text.startswith("How many rows has a customer?\n\ncustomer 17 has 240 rows\n")
    assert text.endswith("print(len(X))\n")


def test_a_server_that_refuses_in_words_of_its_own_is_not_asked_again() -> None:
    assert _why_none(RestException({"detail": "not supported by FileStore"})) == (
        "it refused some: not supported by FileStore"
    )
    assert _why_none(RestException({"error_code": "INTERNAL_ERROR", "message": "locked"})) == ""


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (databricks_pb2.ENDPOINT_NOT_FOUND, NO_TRACES),
        (databricks_pb2.NOT_IMPLEMENTED, NO_TRACES),
        (databricks_pb2.INVALID_PARAMETER_VALUE, "it refused some: INVALID_PARAMETER_VALUE"),
        (databricks_pb2.TEMPORARILY_UNAVAILABLE, ""),
        (databricks_pb2.INTERNAL_ERROR, ""),
    ],
)
def test_only_a_store_that_may_take_them_later_is_asked_again(code: int, why: str) -> None:
    assert _why_none(MlflowException("no", error_code=code)) == why
