"""A run on the console: everything that was done, and nothing that steers the terminal."""

from __future__ import annotations

import io

import msgspec
from hypothesis import given
from rich.console import Console

from octopus.journal import Journal
from octopus.records import AnyEvent, ExperimentFinished, Finding
from octopus.reporting.console import ConsoleView, number, printable
from tests.strategies import events, failed, journals, profiled, started


def _printed(journal: Journal, width: int = 120) -> str:
    stream = io.StringIO()
    ConsoleView(Console(file=stream, width=width, highlight=False)).replay(journal)
    return stream.getvalue()


@given(journal=journals())
def test_every_finished_experiment_is_listed_in_order(journal: Journal) -> None:
    lines = _printed(journal).splitlines()
    listed = [int(line[:3]) for line in lines if line[:3].strip().isdigit()]
    assert listed == [experiment.number for experiment in journal.experiments]
    for line, experiment in zip(
        (line for line in lines if line[:3].strip().isdigit()), journal.experiments, strict=True
    ):
        shown = number(experiment.score.mean) if experiment.score else experiment.outcome.status
        assert shown in line
        assert len(line) <= 120


@given(journal=journals(max_experiments=2))
def test_a_run_that_did_not_end_says_so(journal: Journal) -> None:
    assert f"did not end; {len(journal.experiments)} experiments are on record" in " ".join(_printed(journal).split())


@given(event=events())
def test_every_event_can_be_shown_and_steers_nothing(event: AnyEvent) -> None:
    printed = _printed(Journal(events=(event,)))
    assert all(character.isprintable() or character == "\n" for character in printed)


def test_markup_and_escapes_in_names_are_shown_as_they_are() -> None:
    event = profiled()
    finding = Finding(
        code="OCT714", message="[bold]x[/bold] \x1b[31m\nis constant", evidence="e", action="unused", overrule="use"
    )
    profile = msgspec.structs.replace(event.profile, findings=(finding,))
    printed = _printed(Journal(events=(started(), msgspec.structs.replace(event, profile=profile))))
    assert "[bold]x[/bold] \N{REPLACEMENT CHARACTER}[31m is constant → unused; use  [OCT714]" in printed


def test_an_experiment_that_failed_shows_its_diagnosis() -> None:
    experiment = failed(1, "gbm", "a", repairable=True)
    printed = _printed(Journal(events=(ExperimentFinished(at="t", elapsed_s=1.0, experiment=experiment),)))
    diagnosis = experiment.diagnoses[0]
    assert f"{experiment.plan.idea}: {diagnosis.title} ({diagnosis.code})" in printed
    assert "error" in printed


def test_numbers_are_as_long_as_they_must_be() -> None:
    shown = [number(value) for value in (0.123456, -0.5, 12.346, 123.46, 12345.6)]
    assert shown == ["0.1235", "-0.5000", "12.35", "123.5", "12,346"]
    assert printable("a\tb\nc") == "a\N{REPLACEMENT CHARACTER}b c"
