"""What a run did beside its experiments → its description, files and tags, and what that means for nested runs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from octopus.records import (
    Analysed,
    AnyEvent,
    Experiment,
    ExperimentFinished,
    ModelRetired,
    NotBlended,
    ProposalRefused,
    Quarantined,
    Released,
    Rescored,
    Revalidated,
    ValidationPlan,
)
from octopus.trackers.attempts import name_of
from octopus.trackers.entries import Entry, clip, make_points, make_tags, storable
from octopus.trackers.notes import plain
from octopus.trackers.tags import NOTE_TAG
from octopus.trackers.times import written_ms

StoryEvent = Analysed | Quarantined | Released | Revalidated | ProposalRefused | ModelRetired | NotBlended

#: Longest line, and longest telling: the description has room for more than this.
_LINE, _STORY = 400, 2000


def note_of_story(events: Sequence[AnyEvent]) -> str:
    """Return what was done beside experiments, in order.

    Parameters
    ----------
    events : sequence of AnyEvent
        Of a journal, from its beginning.

    Returns
    -------
    str
        Markdown; empty where there is nothing to tell.
    """
    lines: list[str] = []
    last = 0
    for event in events:
        if isinstance(event, ExperimentFinished):
            last = event.experiment.number
        elif isinstance(event, StoryEvent):
            when = f"after \\#{last}: " if last else ""
            lines.append(f"- {when}{clip(_told(event), _LINE)}")
    shown: list[str] = []
    left = _STORY
    for line in lines:
        left -= len(line)
        if left < 0:
            break
        shown.append(line)
    rest = len(lines) - len(shown)
    more = [f"- and {rest} more, which the journal has"] if rest else []
    return "\n".join(["**Story**\n", *shown, *more]) if lines else ""


def entry_of_story(event: StoryEvent, events: Sequence[AnyEvent], described: str, of_run: Entry) -> Entry:
    """Return what a step that is no experiment leaves in MLflow.

    Parameters
    ----------
    event : StoryEvent
        The step.
    events : sequence of AnyEvent
        Of the journal, to this step.
    described : str
        What the description says so far.
    of_run : Entry
        Without content.

    Returns
    -------
    Entry
        Of the run itself, with what becomes of nested runs.
    """
    number = sum(isinstance(one, type(event)) for one in events)
    note = "\n\n".join(part for part in (described, note_of_story(events)) if part)
    tags: dict[str, object] = {NOTE_TAG: note}
    texts: dict[str, str] = {}
    also: tuple[Entry, ...] = ()
    if isinstance(event, Analysed):
        texts = {f"analysis_{number:02d}.txt": storable(_analysis(event))}
    elif isinstance(event, ModelRetired):
        tags["language_model_retired"] = event.retirement.reason
    elif isinstance(event, Quarantined):
        why = f"{', '.join(event.columns)} not used since: {event.reason}"
        tried = {e.experiment.number: e.experiment for e in events if isinstance(e, ExperimentFinished)}
        gone = [tried[one] for one in event.set_aside if one in tried]
        also = tuple(_nested(one, of_run, {"set_aside": why}, "set aside" if one.is_valid else "") for one in gone)
    elif isinstance(event, Revalidated):
        tags |= {"validation_now": _folds(event.validation), "validation_reason": event.reason}
        also = _on_other_folds(event, events, number, of_run)
    return msgspec.structs.replace(of_run, tags=make_tags(tags), texts=texts, also=also)


def _told(event: StoryEvent) -> str:
    match event:
        case Analysed():
            first = next((line for line in event.output.splitlines() if line.strip()), event.outcome.status)
            return f"analysis: {plain(event.question)} → {plain(first)}"
        case Quarantined():
            aside = ", ".join(f"\\#{number}" for number in event.set_aside)
            return f"not used any more: {plain(', '.join(event.columns))}: {plain(event.reason)}" + (
                f"; {aside} count no more" if aside else ""
            )
        case Released():
            return f"used again: {plain(', '.join(event.columns))}: {plain(event.reason)}"
        case Revalidated():
            n_scored = sum(one.score is not None for one in event.rescored)
            return f"other folds: {plain(_folds(event.validation))}: {plain(event.reason)}; {n_scored} scored again"
        case ProposalRefused():
            return f"refused: {event.kind}, {plain(event.what)}: {plain(event.reason)}"
        case NotBlended():
            return f"no blend: {plain(event.reason)}"
        case ModelRetired():
            return f"the language model took no further part: {plain(event.retirement.reason)}"


def _analysis(event: Analysed) -> str:
    parts = [event.question, event.output or f"{event.outcome.status}: {event.outcome.reason}", event.script.source]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _folds(plan: ValidationPlan) -> str:
    repeats = f" × {plan.n_repeats}" if plan.n_repeats > 1 else ""
    return f"{plan.kind}{f' by {plan.column}' if plan.column else ''}, {plan.n_splits} folds{repeats}"


def _on_other_folds(event: Revalidated, events: Sequence[AnyEvent], number: int, of_run: Entry) -> tuple[Entry, ...]:
    """Return the new scores, as one more step of each nested run's, and who has none."""
    by_number = {one.number: one for one in event.rescored}
    aside = {n for one in events if isinstance(one, Quarantined) for n in one.set_aside}
    tried = [e.experiment for e in events if isinstance(e, ExperimentFinished) and e.experiment.number not in aside]
    folds = _folds(event.validation)
    found = []
    for experiment in tried:
        again = by_number.get(experiment.number)
        if again is not None and again.score is not None:
            found.append(_rescored(experiment, again, number, of_run, folds, written_ms(event)))
        elif again is not None or experiment.is_valid:
            why = f"no score on other folds: {folds}"
            found.append(_nested(experiment, of_run, {"set_aside": why}, "set aside"))
    return tuple(found)


def _rescored(experiment: Experiment, again: Rescored, number: int, of_run: Entry, folds: str, at_ms: int) -> Entry:
    score = again.score
    assert score is not None
    values: dict[str, float | None] = {
        "score": score.mean,
        "standard_error": score.standard_error,
        score.scoring: score.mean,
    }
    points = tuple(msgspec.structs.replace(point, step=number) for point in make_points(values, at_ms))
    tags: dict[str, object] = {"scored_again": folds, "threshold": again.threshold}
    scored = msgspec.structs.replace(experiment, score=score, outcome=again.outcome)
    return msgspec.structs.replace(_nested(scored, of_run, tags), points=points)


def _nested(experiment: Experiment, of_run: Entry, tags: dict[str, object], came: str = "") -> Entry:
    return Entry(
        experiment=experiment.number,
        name=name_of(experiment, came),
        start_ms=of_run.start_ms,
        tags=make_tags(tags),
    )
