"""Journal → entries: one per event, and one that closes the run. A pure function: the same journal, the same entries.

In MLflow the run is a parent run, each experiment a run nested in it. ``score`` is the validation score of both: of an
experiment its own, of the run the best so far, with the number of the experiment as the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

import msgspec

from octopus.journal import Journal
from octopus.records import (
    AnyEvent,
    ExperimentFinished,
    Fitted,
    HoldoutOpened,
    HoldoutReport,
    ModelCall,
    ModelCalled,
    Profiled,
    RunFinished,
    RunStarted,
    SearchStopped,
)
from octopus.trackers.attempts import entry_of_experiment
from octopus.trackers.calls import entry_of_call
from octopus.trackers.entries import (
    EXPERIMENT_LENGTH,
    NAME_LENGTH,
    TAG_LENGTH,
    Entry,
    RunStatus,
    clip,
    make_curve,
    make_params,
    make_points,
    make_tags,
    storable,
)
from octopus.trackers.notes import note_of_data, note_of_end, note_of_run
from octopus.trackers.story import StoryEvent, entry_of_story, note_of_story
from octopus.trackers.tags import NOTE_TAG, RUN_TAG, identity
from octopus.trackers.times import as_json, milliseconds, written_ms


def experiment_name(journal: Journal) -> str:
    """Return the name of the MLflow experiment that a run belongs to where the user names none.

    Parameters
    ----------
    journal : Journal
        Of the run.

    Returns
    -------
    str
        ``octopus/TARGET``: runs on the same target are comparable.
    """
    target = journal.task.target if journal.task else "run"
    return clip(storable(f"octopus/{target}"), EXPERIMENT_LENGTH)


def run_name(journal: Journal) -> str:
    """Return the name of the run.

    Parameters
    ----------
    journal : Journal
        Of the run.

    Returns
    -------
    str
        At most so long as MLflow shows.
    """
    return clip(storable(journal.started.run), NAME_LENGTH) if journal.started else "run"


def start_ms(journal: Journal) -> int:
    """Return when ``fit`` was entered.

    Parameters
    ----------
    journal : Journal
        Of the run.

    Returns
    -------
    int
        Milliseconds since 1970.
    """
    started = journal.started
    return max(0, written_ms(started) - milliseconds(started.elapsed_s)) if started else 0


def entries_of(journal: Journal) -> tuple[Entry, ...]:
    """Return an entry for each event, in order.

    Parameters
    ----------
    journal : Journal
        Of a run, finished or not.

    Returns
    -------
    tuple of Entry
        As many as there are events.
    """
    of_run = Entry(experiment=None, name=run_name(journal), start_ms=start_ms(journal))
    asked = note_of_run(journal.started) if journal.started else ""
    entries: list[Entry] = []
    calls: list[ModelCall] = []
    for at, event in enumerate(journal.events, start=1):
        if isinstance(event, ModelCalled):
            calls.append(event.call)
            entries.append(entry_of_call(calls, identity(journal), of_run, written_ms(event)))
        elif isinstance(event, StoryEvent):
            entries.append(entry_of_story(event, journal.events[:at], asked, of_run))
        else:
            entries.append(_entry(event, of_run))
    return tuple(entries)


def closing(journal: Journal) -> Entry:
    """Return what is added when a run is over, however it ended.

    Parameters
    ----------
    journal : Journal
        To which nothing is added any more.

    Returns
    -------
    Entry
        With the status and the history of the best score.
    """
    began_ms = start_ms(journal)
    end_ms = max([began_ms, *(written_ms(event) for event in journal.events[-1:])])
    values = {"experiments": float(len(journal.experiments)), "wall_s": journal.elapsed_s}
    return Entry(
        experiment=None,
        name=run_name(journal),
        start_ms=began_ms,
        end_ms=end_ms,
        status=_status(journal),
        tags=make_tags({NOTE_TAG: _whole_note(journal)}),
        points=(*make_curve("score", _improvements(journal), end_ms), *make_points(values, end_ms)),
    )


@singledispatch
def _entry(event: AnyEvent, of_run: Entry) -> Entry:
    """Return an entry that says nothing: an event that is not shown here is in the journal, which goes along."""
    del event
    return of_run


@_entry.register
def _(event: RunStarted, of_run: Entry) -> Entry:
    task = event.task
    params = {
        "target": task.target,
        "task": task.type,
        "scoring": task.scoring,
        "scientist": event.scientist,
        "sandbox": event.sandbox.level,
        "n_jobs": event.n_jobs,
        "random_state": task.random_state,
        "group": task.group,
        "time": task.time,
        **{f"budget.{key}": value for key, value in msgspec.structs.asdict(event.budget).items()},
    }
    tags = {
        RUN_TAG: event.run,
        "goal": task.goal,
        "understood": "; ".join(f"{one.what}: {one.value} ({one.words})" for one in task.understood),
        "versions": ", ".join(f"{package} {version}" for package, version in event.versions.items()),
        "data_sha256": event.data_sha256,
        NOTE_TAG: note_of_run(event),
    }
    texts = {"task.json": as_json(task)}
    return msgspec.structs.replace(of_run, params=make_params(params), tags=make_tags(tags), texts=texts)


@_entry.register
def _(event: Profiled, of_run: Entry) -> Entry:
    profile, validation = event.profile, event.validation
    repeats = f" × {validation.n_repeats}" if validation.n_repeats > 1 else ""
    params = {
        "rows": profile.n_rows,
        "columns": profile.n_columns,
        "rows_sealed": profile.n_sealed,
        "validation": f"{validation.kind}, {validation.n_splits} folds{repeats}",
    }
    findings = "; ".join(f"{one.code} {one.message}" for one in profile.findings)
    tags = {"findings": findings, "validation_reason": validation.reason}
    texts = {"profile.json": as_json(profile), "findings.md": storable(note_of_data(profile, validation))}
    return msgspec.structs.replace(of_run, params=make_params(params), tags=make_tags(tags), texts=texts)


@_entry.register
def _(event: ExperimentFinished, of_run: Entry) -> Entry:
    del of_run
    return entry_of_experiment(event.experiment, written_ms(event))


@_entry.register
def _(event: SearchStopped, of_run: Entry) -> Entry:
    tags = make_tags({"stopped": event.decision.reason, "winner": event.winner})
    return msgspec.structs.replace(of_run, tags=tags)


@_entry.register
def _(event: HoldoutOpened, of_run: Entry) -> Entry:
    report = event.report
    tags = make_tags({"better_than_baseline": report.beats_baseline})
    texts = {"holdout.json": as_json(report)}
    points = make_points(_proved(report), written_ms(event))
    return msgspec.structs.replace(of_run, points=points, tags=tags, texts=texts)


@_entry.register
def _(event: Fitted, of_run: Entry) -> Entry:
    failed = [check.name for check in event.checks if not check.passed]
    said = f"experiment {event.experiment}, {len(event.checks) - len(failed)} of {len(event.checks)} checks passed"
    fitted = f"fitted_on_{event.model.fitted_on}"
    tags = {fitted: said + (f"; not: {', '.join(failed)}" if failed else "")}
    values = {"model_bytes": event.model.size_bytes} | ({"row_ms": event.latency.median_ms} if event.latency else {})
    points = make_points(values, written_ms(event))
    return msgspec.structs.replace(of_run, tags=make_tags(tags), points=points)


@_entry.register
def _(event: RunFinished, of_run: Entry) -> Entry:
    tags = make_tags({"ships": f"fitted on {event.shipped}", "ships_because": event.reason})
    return msgspec.structs.replace(of_run, tags=tags)


def _proved(report: HoldoutReport) -> dict[str, float | None]:
    return {
        "holdout_score": report.score,
        "holdout_ci_low": report.ci_low,
        "holdout_ci_high": report.ci_high,
        "holdout_gap": report.gap,
        "holdout_rows": report.n_rows,
        "validation_score": report.validation_score,
        **{f"baseline/{one.name}": one.score for one in report.baselines},
    }


def _status(journal: Journal) -> RunStatus:
    if journal.finished is not None:
        return "FINISHED"
    stopped = journal.stopped
    return "FAILED" if stopped is not None and stopped.winner is None and not journal.interrupted else "KILLED"


def _improvements(journal: Journal) -> Iterator[tuple[int, float]]:
    best = float("-inf")
    for experiment in journal.valid_experiments:
        assert experiment.score is not None
        if experiment.score.mean > best:
            best = experiment.score.mean
            yield experiment.number, best


def _whole_note(journal: Journal) -> str:
    asked = note_of_run(journal.started) if journal.started else ""
    seen = note_of_data(journal.profile, journal.validation) if journal.profile and journal.validation else ""
    parts = (note_of_end(journal), asked, note_of_story(journal.events), seen)
    return clip("\n\n".join(part for part in parts if part), TAG_LENGTH)
