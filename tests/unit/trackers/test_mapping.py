"""Journal → entries: complete, within MLflow's limits, and the same however far the run was when it was first sent."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils import validation

from octopus.journal import Journal
from octopus.records import (
    AnyEvent,
    Decision,
    Experiment,
    ExperimentFinished,
    Failure,
    Frame,
    Outcome,
    RunFinished,
    SearchStopped,
    Usage,
)
from octopus.trackers.entries import KEY_LENGTH, PARAM_LENGTH, TAG_LENGTH, Entry, legal_key, make_params
from octopus.trackers.mapping import closing, entries_of, experiment_name
from octopus.trackers.tags import identity
from tests.strategies import events, failed, journal_of, journals, raced, started, valid


def _every(journal: Journal) -> list[Entry]:
    return [*entries_of(journal), closing(journal)]


def _anything() -> st.SearchStrategy[Journal]:
    """Return journals with whatever the types of their records allow, NUL and lone signs of Unicode among it."""
    return st.lists(events(), min_size=1, max_size=4).map(lambda drawn: Journal(events=(started(), *drawn)))


@given(st.one_of(journals(), journals(ended=True), _anything()))
def test_mlflow_accepts_whatever_a_journal_says(journal: Journal) -> None:
    for entry in _every(journal):
        for name, value in entry.params.items():
            validation._validate_param(name, value)
            assert len(value) <= PARAM_LENGTH
        for name, value in entry.tags.items():
            validation._validate_tag(name, value)
            assert len(value) <= TAG_LENGTH
        for point in entry.points:
            validation._validate_metric(point.name, point.value, point.at_ms, point.step)
        for text in (entry.name, *entry.params.values(), *entry.tags.values(), *entry.texts.values()):
            assert "\x00" not in text.encode("utf-8").decode()
        assert len(entry.points) <= validation.MAX_METRICS_PER_BATCH


@given(journals(ended=True), st.data())
def test_what_was_sent_early_is_what_is_sent_late(journal: Journal, data: st.DataObject) -> None:
    n_events = data.draw(st.integers(0, len(journal)))
    assert entries_of(journal)[:n_events] == entries_of(Journal(events=journal.events[:n_events]))


@given(journals(ended=True))
def test_every_event_is_one_entry_and_every_experiment_a_nested_run(journal: Journal) -> None:
    entries = entries_of(journal)
    assert len(entries) == len(journal)
    nested = [entry.experiment for entry in entries if entry.experiment is not None]
    assert nested == [experiment.number for experiment in journal.experiments]


@given(st.text())
def test_a_name_is_legal_and_stays_what_it_is(text: str) -> None:
    key = legal_key(text)
    validation._validate_metric_name(key)
    assert len(key) <= KEY_LENGTH
    assert legal_key(key) == key


def test_a_crash_is_a_failed_run_that_says_why() -> None:
    failure = Failure(
        type="ValueError",
        message="could not convert '1,240.50 €'",
        frames=(Frame(line=7, function="fit", code="float(value)"),),
    )
    outcome = Outcome(status="error", stage="fit", wall_s=2.0, failure=failure, stderr_tail="Traceback …")
    experiment = msgspec.structs.replace(failed(1, "linear", "x", True), outcome=outcome)
    entry = entries_of(_timed(experiment))[-1]
    assert (entry.status, entry.tags["outcome"], entry.tags["diagnosis"]) == ("FAILED", "error", "OCT301 t")
    assert "line 7, in fit: float(value)" in entry.texts["failure.txt"]
    assert "ValueError: could not convert '1,240.50 €'" in entry.texts["failure.txt"]
    assert entry.texts["script.py"] == "script 1"
    assert entry.texts["stderr.txt"] == "Traceback …"
    assert "score" not in {point.name for point in entry.points}


def test_an_experiment_has_its_folds_as_steps_and_its_own_times() -> None:
    experiment = msgspec.structs.replace(
        valid(2, "gbm", [0.5, 0.75], wall_s=3.0), usage=Usage(requests=1, input_tokens=10, cost_usd=0.5)
    )
    entry = entries_of(_timed(experiment))[-1]
    assert (entry.name, entry.status) == ("02 gbm 0.625: idea 2", "FINISHED")
    assert entry.end_ms is not None
    assert entry.end_ms - entry.start_ms == 3000
    values = {point.name: point.value for point in entry.points if point.name != "fold_score"}
    assert {"score": 0.625, "roc_auc": 0.625, "wall_s": 3.0, "tokens_input": 10.0, "cost_usd": 0.5}.items() <= (
        values.items()
    )
    assert [(p.step, p.value) for p in entry.points if p.name == "fold_score"] == [(1, 0.5), (2, 0.75)]


def test_the_score_of_a_run_is_the_best_so_far() -> None:
    tried = [valid(1, "linear", [0.7]), failed(2, "gbm", "x", False), valid(3, "gbm", [0.6]), valid(4, "gbm", [0.8])]
    points = [(p.step, p.value) for p in closing(journal_of(tried)).points if p.name == "score"]
    assert points == [(1, 0.7), (4, 0.8)]


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ((), "KILLED"),
        ((None, "nothing worked"), "FAILED"),
        ((None, "interrupted"), "KILLED"),
        ((1, "enough", "all"), "FINISHED"),
    ],
)
def test_a_run_ends_in_mlflow_as_it_ended(ending: tuple[object, ...], status: str) -> None:
    lines: list[AnyEvent] = []
    if ending:
        decision = Decision(action="stop", reason=str(ending[1]))
        lines.append(SearchStopped(at="t", elapsed_s=1.0, decision=decision, winner=ending[0]))  # type: ignore[arg-type]
    if len(ending) == 3:
        lines.append(RunFinished(at="t", elapsed_s=1.0, shipped="all", reason="r"))
    journal = Journal(events=(*journal_of([valid(1, "linear", [0.7])]).events, *lines))
    assert closing(journal).status == status


def test_text_that_the_data_brought_is_shown_not_rendered() -> None:
    goal = "[click](http://evil) <img src=x> **loud** | # head"
    task = msgspec.structs.replace(started().task, goal=goal)
    note = closing(Journal(events=(msgspec.structs.replace(started(), task=task),))).tags["mlflow.note.content"]
    assert "\\[click\\](http://evil) \\<img src=x\\> \\*\\*loud\\*\\* \\| \\# head" in note


def test_runs_on_one_target_are_together_and_two_runs_of_one_name_are_two() -> None:
    one = Journal(events=(started(),))
    other = Journal(events=(msgspec.structs.replace(started(), at="later"),))
    assert experiment_name(one) == experiment_name(other) == "octopus/y"
    assert identity(one) != identity(other)
    assert identity(one) == identity(journal_of([valid(1, "linear", [0.7])]))


def test_of_two_names_that_mlflow_cannot_tell_apart_the_first_counts() -> None:
    assert make_params({"a:b": 1, "a;b": 2, "none": None, "empty": ""}) == {"a_b": "1"}


def _timed(experiment: Experiment) -> Journal:
    event = ExperimentFinished(at="2026-01-01T00:01:00.000+00:00", elapsed_s=9.0, experiment=experiment)
    return Journal(events=(started(), event))


def test_what_was_stopped_in_a_race_is_no_failed_run_and_shows_the_folds_that_ran() -> None:
    journal = journal_of([valid(1, "linear", (0.8,) * 5), raced(2, "linear", (0.5, 0.4))])
    entry = entries_of(journal)[-1]
    assert (entry.status, "out of reach" in entry.name, "failure.txt" in entry.texts) == ("FINISHED", True, False)
    assert [point.value for point in entry.points if point.name == "fold_score"] == [0.5, 0.4]
