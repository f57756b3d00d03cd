"""A run on the console: a view of the journal, the same while it runs and afterwards."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from rich.console import Console
from rich.status import Status
from rich.text import Text

from octopus.effects import effect_of
from octopus.journal import Journal
from octopus.records import (
    Analysed,
    AnyEvent,
    Experiment,
    ExperimentFinished,
    Fitted,
    HoldoutOpened,
    HoldoutReport,
    ModelRetired,
    NotBlended,
    Plan,
    Profiled,
    ProposalRefused,
    Quarantined,
    Released,
    Revalidated,
    RunFinished,
    RunStarted,
    SearchStopped,
    Task,
)
from octopus.reporting.calls import asked_words, calls_words
from octopus.reporting.dialogue import (
    analysis_words,
    folds_words,
    mending_words,
    quarantine_words,
    refusal_words,
    release_words,
    unblended_words,
)
from octopus.reporting.sentences import (
    data_words,
    effect_words,
    finding_words,
    goal_words,
    held_words,
    score_words,
    sealed_words,
    threshold_words,
    validation_words,
)
from octopus.reporting.words import cut, milliseconds, number, printable

#: Width of the labels in the left column.
_LABEL = 11
#: Columns of the table of experiments that do not stretch.
_FAMILY, _SCORE, _TIME = 8, 20, 8
_MIN_WIDTH = 80
#: Symptoms of the best that put its score in doubt, and how much of the evidence is shown.
_DOUBTS, _EVIDENCE_SHOWN = ("OCT615", "OCT610", "OCT611"), 160
#: Characters of the reason why a model takes no further part; ``octopus show --json`` has all of it.
_REASON = 240
#: Secondary metrics of the best on its line; the leaderboard has all of them.
_OTHERS_SHOWN = 3
#: Where the hypothesis begins: after the number and the family.
_INDENT = 3 + 2 + _FAMILY + 2


class ConsoleView:
    """Prints events as they come.

    Parameters
    ----------
    console : rich.console.Console or None
        Where to; None for standard output.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console if console is not None else Console(highlight=False)
        self._journal = Journal()
        self._lead = "unknown"
        self._status: Status | None = None

    def announce(self, plan: Plan) -> None:
        """Show what is being tried, and what is left of the time, until the next event; on a terminal only."""
        self.close()
        if not self.console.is_terminal:
            return
        journal = self._journal
        limit_s = journal.started.budget.time_limit_s if journal.started else None
        spent = f"{journal.elapsed_s:.0f} s" + (f" of {limit_s:.0f} s" if limit_s else "")
        doing = f"{len(journal.experiments) + 1}  {plan.family}  {cut(printable(plan.hypothesis), 80)} · {spent}"
        self._status = self.console.status(Text(doing))
        self._status.start()

    def close(self) -> None:
        """Take away what is shown of an experiment under way."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def __call__(self, event: AnyEvent) -> None:
        """Print one event."""
        self.close()
        self._journal = self._journal.with_event(event)
        printers: dict[type, Callable[..., None]] = {
            RunStarted: self._started,
            Profiled: self._profiled,
            ExperimentFinished: self._experiment,
            Analysed: self._analysis,
            Quarantined: self._quarantine,
            Released: self._release,
            Revalidated: self._folds,
            ProposalRefused: self._refusal,
            ModelRetired: self._retirement,
            NotBlended: self._no_blend,
            SearchStopped: self._stopped,
            HoldoutOpened: self._holdout,
            Fitted: self._fitted,
            RunFinished: self._finished,
        }
        if printer := printers.get(type(event)):  # calls of a model are counted; what is newer than this is not shown
            printer(event)

    def replay(self, journal: Journal) -> None:
        """Print a whole journal, and whether the run ended."""
        for event in journal.events:
            self(event)
        if journal.finished is None:
            n_done = len(journal.experiments)
            if journal.stopped is None:
                self._model()
            self._line("Unfinished", f"the run did not end; {n_done} experiments are on record")

    def line(self, label: str, text: str, room: int = _LABEL) -> None:
        """Print a labelled line of the same look, with this much room for the label."""
        self._line(label, text, room)

    def _started(self, event: RunStarted) -> None:
        self._line("Goal", goal_words(event.task))
        self._lead = f"{event.scientist} · sandbox level {event.sandbox.level}"

    def _profiled(self, event: Profiled) -> None:
        profile = event.profile
        self._line("Data", data_words(profile))
        self._line("Sealed", sealed_words(profile))
        for at, finding in enumerate(profile.findings):
            self._line("" if at else "Findings", finding_words(finding))
        self._line("Validation", validation_words(event.validation))
        self._line("Scientist", self._lead)
        for verdict in profile.families:
            if not verdict.applies:
                self._line("", f"{verdict.family} takes no part: {verdict.reason}")

    def _experiment(self, event: ExperimentFinished) -> None:
        experiment = event.experiment
        if len(self._journal.experiments) == 1:
            task = self._journal.task
            self.console.print()
            self._row("#", "family", "hypothesis", task.scoring if task else "score", "time", "bold")
        style = "" if experiment.is_valid else "dim" if experiment.raced else "red"
        time, score = f"{experiment.outcome.wall_s:.1f} s", score_words(experiment)
        self._row(str(experiment.number), experiment.plan.family, _idea(experiment), score, time, style)
        if mending := mending_words(experiment):
            self._under(mending)
        if effect := effect_of(experiment, self._journal):
            self._under(f"{effect_words(effect)} · expected {experiment.plan.expected}")

    def _analysis(self, event: Analysed) -> None:
        status = "" if event.outcome.status == "ok" else event.outcome.status
        self._row("", "analysis", analysis_words(event), status, f"{event.outcome.wall_s:.1f} s", "cyan")

    def _quarantine(self, event: Quarantined) -> None:
        self._line("Columns", quarantine_words(event))

    def _release(self, event: Released) -> None:
        self._line("Columns", release_words(event))

    def _folds(self, event: Revalidated) -> None:
        self._line("Validation", folds_words(event, self._journal))

    def _refusal(self, event: ProposalRefused) -> None:
        self._under(refusal_words(event))

    def _no_blend(self, event: NotBlended) -> None:
        self._under(unblended_words(event))

    def _retirement(self, event: ModelRetired) -> None:
        self._line("Model", f"{cut(event.retirement.reason, _REASON).rstrip('.')}; the playbook goes on")

    def _model(self) -> None:
        """Say what a language model took, where one was asked."""
        if calls := self._journal.calls:
            self._line("Model", f"{asked_words(self._journal)} · {calls_words(calls)}")

    def _stopped(self, event: SearchStopped) -> None:
        self.console.print()
        self._line("Stopped", f"{event.decision.reason} · {event.elapsed_s:.0f} s")
        self._model()
        winner = next((e for e in self._journal.experiments if e.number == event.winner), None)
        if winner is None:
            return
        if beside := _beside(winner, self._journal.task):
            self._line("Best", f"#{winner.number}: {beside}")
        for at, doubt in enumerate(_doubts(winner)):
            self._line("" if at else "Doubts", doubt)

    def _holdout(self, event: HoldoutOpened) -> None:
        self._line("Holdout", _report(event.report))

    def _fitted(self, event: Fitted) -> None:
        failed = [check for check in event.checks if not check.passed]
        where = "every row" if event.model.fitted_on == "all" else "the rows outside the holdout"
        if failed:
            self._line("Replay", f"#{event.experiment} on {where} failed: {failed[0].name} ({failed[0].detail})")
        else:
            passed = f"{len(event.checks)} checks passed in a clean process"
            self._line("Replay", f"#{event.experiment} on {where}: {passed}{self._row_time(event)}")

    def _row_time(self, event: Fitted) -> str:
        """Return how long a row alone took, and whether that is more than the goal allows."""
        if event.latency is None:
            return ""
        limit = self._journal.task.latency if self._journal.task else None
        if limit is None or limit.is_kept(event.latency):
            return f" · {milliseconds(event.latency.median_ms)} for a row alone"
        return f" · {held_words(limit, event.latency)} for a row alone, above the goal's {limit.ms:g} ms"

    def _finished(self, event: RunFinished) -> None:
        self._line("Ships", event.reason)

    def _line(self, label: str, text: str, label_room: int = _LABEL) -> None:
        """Print text beside a label, wrapped under itself."""
        room = max(_MIN_WIDTH, self.console.width) - label_room
        for at, part in enumerate(_wrapped(printable(text), room, self.console)):
            head = Text(f"{label if not at else '':<{label_room}}", style="bold cyan")
            self.console.print(head + part, soft_wrap=True)

    def _row(self, number: str, family: str, idea: str, score: str, time: str, style: str) -> None:
        room = max(_MIN_WIDTH, self.console.width) - (_INDENT + _SCORE + _TIME)
        shown = _shortened(idea, room)
        row = f"{number:>3}  {printable(family)[:_FAMILY]:<{_FAMILY}}  {shown:<{room}}{score:>{_SCORE}}{time:>{_TIME}}"
        self.console.print(Text(row, style=style), soft_wrap=True)

    def _under(self, text: str) -> None:
        """Print a remark under a row, on one line."""
        room = max(_MIN_WIDTH, self.console.width) - _INDENT
        self.console.print(Text(f"{'':{_INDENT}}{_shortened(text, room)}", style="dim"), soft_wrap=True)


def _wrapped(text: str, room: int, console: Console) -> list[Text]:
    """Break text between words, never within one: an address or a path that is broken cannot be used."""
    if all(len(word) <= room for word in text.split()):
        return list(Text(text).wrap(console, room))
    return [Text(part) for part in textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)]


def _shortened(text: str, room: int) -> str:
    return cut(printable(text), room)


def _idea(experiment: Experiment) -> str:
    """Return what was supposed, or why it failed; where it is not the playbook's, who wrote it."""
    codes = ", ".join(d.code for d in experiment.diagnoses)
    author = "" if experiment.script.author == "playbook" else f"{experiment.script.author}: "
    if experiment.is_valid:
        return author + experiment.plan.hypothesis + (f" ({codes})" if codes else "")
    if experiment.raced is not None:
        return f"{author}{experiment.plan.idea}: out of reach of the best"
    title = experiment.diagnoses[0].title if experiment.diagnoses else experiment.outcome.reason
    return f"{author}{experiment.plan.idea}: {title} ({codes or experiment.outcome.status})"


def _beside(experiment: Experiment, task: Task | None) -> str:
    """Return what there is to say of an experiment beside its score: other metrics, and when it says yes."""
    others = {} if experiment.score is None else experiment.score.others
    parts = [f"{name} {number(value)}" for name, value in list(others.items())[:_OTHERS_SHOWN]]
    if task is not None and (decides := threshold_words(experiment, task)):
        parts.append(decides)
    return " · ".join(parts)


def _doubts(experiment: Experiment) -> list[str]:
    """Return why the score of an experiment may not hold, the gravest first."""
    grave = sorted((d for d in experiment.diagnoses if d.code in _DOUBTS), key=lambda d: _DOUBTS.index(d.code))
    return [f"{d.title}: {_shortened(d.evidence, _EVIDENCE_SHOWN)} [{d.code}]" for d in grave]


def _report(report: HoldoutReport) -> str:
    parts = [
        f"{number(report.score)} (95 % {number(report.ci_low)} … {number(report.ci_high)}, {report.n_rows:,} rows)",
        f"validation said {number(report.validation_score)}",
        *(f"{baseline.name} {number(baseline.score)}" for baseline in report.baselines),
    ]
    return " · ".join(parts) + f" → better: {report.beats_baseline}"
