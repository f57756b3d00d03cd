"""A run on the console: everything that was done, and nothing that steers the terminal."""

from __future__ import annotations

import io

import msgspec
from hypothesis import given
from rich.console import Console

from octopus.journal import Journal
from octopus.records import (
    AnyEvent,
    Baseline,
    Costs,
    Decision,
    ExperimentFinished,
    FamilyVerdict,
    Finding,
    Fitted,
    HoldoutOpened,
    HoldoutReport,
    Level,
    ModelFile,
    NotBlended,
    ReplayCheck,
    RunFinished,
    SearchStopped,
    TargetProfile,
    Understanding,
)
from octopus.reporting.console import ConsoleView, number, printable
from tests.led import led
from tests.strategies import events, failed, journal_of, journals, profiled, raced, started, valid


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
        code="OCT714",
        message="[bold]x[/bold] \x1b[31m\nis constant",
        evidence="e",
        confidence="certain",
        action="unused",
        overrule="use",
    )
    profile = msgspec.structs.replace(event.profile, findings=(finding,))
    printed = _printed(Journal(events=(started(), msgspec.structs.replace(event, profile=profile))))
    assert "[bold]x[/bold] \N{REPLACEMENT CHARACTER}[31m is constant → unused; use  [OCT714]" in printed


def test_what_an_experiment_brought_stands_before_what_it_expected() -> None:
    first, second = valid(1, "linear", (0.70, 0.71)), valid(2, "gbm", (0.80, 0.81))
    shown = _flat(*(ExperimentFinished(at="t", elapsed_s=1.0, experiment=e) for e in (first, second)))
    assert f"against #1: gain · expected {second.plan.expected}" in shown


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


def _flat(*shown: AnyEvent) -> str:
    """Return what these events print, with the wrapping taken out."""
    return " ".join(_printed(Journal(events=shown)).split())


def test_the_beginning_says_what_was_asked_and_what_was_found() -> None:
    understood = (
        Understanding(what="scoring", value="roc_auc", words="ranking matters"),
        Understanding(what="ignore", value="note", words="do not use note"),
    )
    task = msgspec.structs.replace(started().task, target="late", scoring="roc_auc", understood=understood)
    shown = _flat(msgspec.structs.replace(started(), task=task))
    assert 'target late · binary (an example) · roc_auc ("ranking matters") · without note ("do not use note")' in shown

    target = TargetProfile(n_missing=0, levels=(Level(value="no", count=776), Level(value="yes", count=224)))
    verdicts = (
        FamilyVerdict(family="linear", applies=True, reason=""),
        FamilyVerdict(family="tabpfn", applies=False, reason="weights not on this machine"),
    )
    findings = (
        Finding(code="OCT714", message="a is constant", evidence="e", confidence="certain", action="unused"),
        Finding(
            code="OCT715",
            message="b names every row",
            evidence="e",
            confidence="strong",
            action="unused",
            overrule="columns={'b': 'use'}",
        ),
    )
    profile = msgspec.structs.replace(
        profiled().profile, n_rows=800, n_sealed=200, target=target, n_groups=31, findings=findings, families=verdicts
    )
    shown = _flat(started(), msgspec.structs.replace(profiled(), profile=profile))
    for expected in (
        "1,000 rows × 3 columns · no 77.6%, yes 22.4% · 31 groups",
        "200 rows (random rows), opened once at the end",
        "a is constant → unused [OCT714]",
        "b names every row → unused; columns={'b': 'use'} [OCT715, strong evidence]",
        "5 folds, stratified: r",
        "playbook · sandbox level process",
        "tabpfn takes no part: weights not on this machine",
    ):
        assert expected in shown
    assert "linear takes no part" not in shown


def test_nothing_sealed_is_said_with_its_reason() -> None:
    profile = msgspec.structs.replace(profiled().profile, n_sealed=0, sealed_reason="too few rows for a holdout")
    shown = _flat(started(), msgspec.structs.replace(profiled(), profile=profile))
    assert "Sealed too few rows for a holdout" in shown
    assert "opened once" not in shown


def test_the_end_says_what_was_proved_and_what_ships() -> None:
    report = HoldoutReport(
        scoring="roc_auc", n_rows=3655, score=0.851, ci_low=0.829, ci_high=0.871, validation_score=0.849,
        n_experiments=9, winner=3, beats_baseline="undecided",
        baselines=(Baseline(name="plain baseline", score=0.84, difference_low=-0.01, difference_high=0.02),),
    )  # fmt: skip
    model = ModelFile(path="model.pkl", sha256="0", size_bytes=1, fitted_on="train")
    good, bad = (
        ReplayCheck(name="one row", passed=True),
        ReplayCheck(name="shuffled columns", passed=False, detail="0.3 off"),
    )
    at = {"at": "t", "elapsed_s": 48.4}
    shown = _flat(
        SearchStopped(**at, decision=Decision(action="stop", reason="no gain beyond noise"), winner=3),
        Fitted(**at, experiment=3, model=model, checks=(good, good)),
        HoldoutOpened(**at, report=report),
        Fitted(**at, experiment=3, model=msgspec.structs.replace(model, fitted_on="all"), checks=(good, bad)),
        RunFinished(**at, shipped="train", reason="the refit did not replay"),
    )
    for expected in (
        "no gain beyond noise · 48 s",
        "#3 on the rows outside the holdout: 2 checks passed in a clean process",
        "0.8510 (95 % 0.8290 … 0.8710, 3,655 rows) · validation said 0.8490 ·",
        "plain baseline 0.8400 → better: undecided",
        "#3 on every row failed: shuffled columns (0.3 off)",
        "Ships the refit did not replay",
    ):
        assert expected in shown
    assert "Unfinished" not in shown


def _stopped(**changes: object) -> tuple[AnyEvent, ...]:
    """Return a run whose only experiment has secondary metrics, a threshold and costs, stopped."""
    experiment = valid(1, "linear", [0.5, 0.5])
    others = {"accuracy": 0.8123, "neg_brier_score": -0.1234, "f1": 0.5, "fourth": 0.25}
    experiment = msgspec.structs.replace(experiment, score=msgspec.structs.replace(experiment.score, others=others))
    costs = Costs(positive="late", false_negative=5.0, false_positive=1.0)
    task = msgspec.structs.replace(started().task, costs=costs)
    at = {"at": "t", "elapsed_s": 1.0}
    return (
        msgspec.structs.replace(started(), task=task),
        ExperimentFinished(**at, experiment=msgspec.structs.replace(experiment, **changes)),
        SearchStopped(**at, decision=Decision(action="stop", reason="r"), winner=1),
    )


def test_the_best_is_shown_with_its_other_metrics_and_its_threshold() -> None:
    best = "Best #1: accuracy 0.8123 · neg_brier_score -0.1234 · f1 0.5000"
    assert f"{best} · says late from a probability of 0.1250 on, where that costs least" in _flat(
        *_stopped(threshold=0.125)
    )
    assert f"{best} · never says late: that costs least" in _flat(*_stopped(threshold=1.0000001))
    assert f"{best} Unfinished" in _flat(*_stopped()), "the leaderboard has the others"
    assert "Best" not in _flat(*_stopped(score=valid(1, "linear", [0.5]).score))


def test_what_puts_the_score_of_the_best_in_doubt_is_shown_the_gravest_first() -> None:
    doubt = failed(1, "linear", "f", repairable=True).diagnoses[0]
    drift = msgspec.structs.replace(doubt, code="OCT611", title="later rows differ", evidence="folds fall")
    good = msgspec.structs.replace(doubt, code="OCT615", title="too good to be believed", evidence="0.999; x" * 60)
    weak = msgspec.structs.replace(doubt, code="OCT602", title="overfits", evidence="gap")
    shown = _flat(*_stopped(diagnoses=(weak, drift, good)))
    assert "Doubts too good to be believed: 0.999; x" in shown
    assert "… [OCT615] later rows differ: folds fall [OCT611]" in shown
    assert "gap" not in shown
    assert "Doubts" not in _flat(*_stopped(diagnoses=(weak,)))


@given(journal=journals(ended=True))
def test_a_run_that_ended_does_not_say_that_it_did_not(journal: Journal) -> None:
    assert ("did not end" in _printed(journal)) == (journal.finished is None)


@given(journal=journals(ended=True))
def test_while_it_runs_it_looks_as_it_does_afterwards(journal: Journal) -> None:
    stream = io.StringIO()
    view = ConsoleView(Console(file=stream, width=120, highlight=False))
    for event in journal.events:
        view(event)
    assert _printed(journal).startswith(stream.getvalue())


def test_a_narrow_terminal_loses_no_number_and_no_word_of_a_finding() -> None:
    finding = Finding(
        code="OCT714",
        message=" ".join(f"word{i}" for i in range(60)),
        evidence="e",
        confidence="certain",
        action="unused",
    )
    profile = msgspec.structs.replace(profiled().profile, findings=(finding,))
    events_ = (started(), msgspec.structs.replace(profiled(), profile=profile))
    printed = " ".join(_printed(Journal(events=events_), width=20).split())
    assert " ".join(f"word{i}" for i in range(60)) in printed


def test_an_address_is_never_broken() -> None:
    stream = io.StringIO()
    address = "http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning"
    ConsoleView(Console(file=stream, width=60, highlight=False)).line("MLflow", f"open {address} and look")
    assert address in stream.getvalue()


def test_a_run_that_a_model_led_tells_its_story() -> None:
    lines = [" ".join(line.split()) for line in _printed(led(), width=160).splitlines()]
    for expected in (
        "2 gbm model: the reminder tells it 0.9800 ± 0.0100 1.0 s",
        "Columns day not used any more: it is written after the bill is paid · #2 counts no more",
        "3 gbm model: ratios: t (OCT301) error 1.0 s",
        "mends #3: guards against zero",
        "analysis How many rows has a customer? → customer 17 has 240 rows / the rest has three each 1.0 s",
        "Columns colour used again: it is known on the day of the bill",
        "the model wanted release: day — refused: its values still mirror the target",
        "Model 3 calls in a row failed: no answer in 60 s; the playbook goes on",
        "6 forest h 0.7650 ± 0.0100 1.0 s",
    ):
        assert expected in lines, expected
    shown = _flat(*led().events)
    assert "a customer stands on both sides · 2 experiments scored again · the best is #4, 0.8150 ± 0.0100" in shown
    took = "Model openai:gpt-5 (gpt-5-2026-01) · 8 calls (step 6, fix 1, reask 1) · 2 without a usable reply ·"
    assert shown.count(took) == 1


def test_what_a_model_took_is_said_once_also_where_the_run_was_killed() -> None:
    for n_events in range(4, len(led())):
        killed = _printed(Journal(events=led().events[:n_events]))
        assert killed.count("· 8,000 tokens" if n_events > 19 else "tokens in") == 1, n_events


def test_where_no_model_was_asked_none_is_named() -> None:
    assert "Model" not in _flat(started(), profiled(), ExperimentFinished(
        at="t", elapsed_s=1.0, experiment=valid(1, "linear", (0.7, 0.71))
    ))  # fmt: skip


def test_an_event_that_is_newer_than_this_console_is_passed_over() -> None:
    class Unheard(Fitted, frozen=True, kw_only=True, tag="unheard"):
        """What another version writes."""

    model = ModelFile(path="model.pkl", sha256="0", size_bytes=1, fitted_on="train")
    ConsoleView(Console(file=io.StringIO()))(Unheard(at="t", elapsed_s=1.0, experiment=1, model=model, checks=()))


def test_what_was_stopped_in_a_race_is_no_failure_and_a_blend_that_gains_nothing_is_told() -> None:
    best, behind = valid(1, "linear", (0.8,) * 5), raced(2, "linear", (0.5,))
    unblended = NotBlended(at="t", elapsed_s=9.0, members=(), reason="0.6 × #1 + 0.4 × #3 is +0.001 beside #1 alone")
    shown = _flat(*journal_of([best, behind]).events, unblended)
    assert "idea 2: out of reach of the best" in shown
    assert "0.5, 1 fold" in shown
    assert "no blend: 0.6 × #1 + 0.4 × #3 is +0.001 beside #1 alone" in shown
