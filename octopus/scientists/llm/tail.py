"""The end of a prompt, which changes: what happened since, what runs, what is wrong with the best, its script."""

from __future__ import annotations

from collections.abc import Callable

from octopus.records import (
    Analysed,
    AnyEvent,
    Diagnosis,
    Experiment,
    ExperimentFinished,
    ProposalRefused,
    Quarantined,
    Released,
    Revalidated,
)
from octopus.scientists.llm.cards import folds_in_words
from octopus.scientists.llm.excerpts import known_source, shown_script
from octopus.scientists.llm.fence import fenced, lines, plain
from octopus.scientists.llm.view import View

#: Events that are told: decisions about columns and folds, looks at the data, refusals.
_CHANGES, _LOOKS, _REFUSALS = 4, 2, 2
#: Experiments after which a refusal is told no more, and a look in short.
_RECENT = 3
#: Characters of what a look printed: the latest, and one before it or many experiments ago.
_OUTPUT, _OLDER_OUTPUT = 800, 100
#: Diagnoses of the best that are told, and the characters of each of their texts.
_SYMPTOMS, _WORDS = 2, 110
#: A plateau and a family that is saturated: the ledger tells that.
_OF_SEARCH = frozenset({"OCT604", "OCT608"})


def tail(view: View) -> str:
    """Return what a step prompt ends with.

    Parameters
    ----------
    view : View
        Of the run.

    Returns
    -------
    str
        Events, running experiment, diagnoses and script of the best, the request.
    """
    best = view.journal.best
    told = [*_changes(view), *_looks(view), *_refusals(view), *_running(view), *_symptoms(view, best)]
    parts = [f"NOW\n{fenced(chr(10).join(told))}"] if told else []
    if best is not None:
        script = shown_script(best.script, view.task, view.profile)
        parts.append(f"SCRIPT of #{best.number}, the highest score:\n```python\n{script}\n```")
    return "\n".join([*parts, _request(view, best)])


def diagnosis_in_words(diagnosis: Diagnosis, source: str, hide: Callable[[str, str], str], at_most: int) -> str:
    """Return a diagnosis on one line, without cells.

    Parameters
    ----------
    diagnosis : Diagnosis
        Of an experiment.
    source : str
        What the reader knows of its script.
    hide : callable
        Takes cells out of texts.
    at_most : int
        Characters of each text.

    Returns
    -------
    str
        Code, title, cause, evidence and remedy.
    """
    title, cause, evidence, remedy = (
        plain(hide(text, source), at_most)
        for text in (diagnosis.title, diagnosis.cause, diagnosis.evidence, diagnosis.remedy)
    )
    seen = f" ({evidence})" if evidence else ""
    return f"{diagnosis.code} {title}: {cause}{seen}. Remedy: {remedy}"


def _changes(view: View) -> list[str]:
    """Return what was decided about columns and folds."""
    events = [e for e in view.journal.events if isinstance(e, Quarantined | Released | Revalidated)]
    return [_change(event, view) for event in events[-_CHANGES:]]


def _change(event: AnyEvent, view: View) -> str:
    if isinstance(event, Revalidated):
        return f"Folds now: {folds_in_words(event.validation)} ({plain(view.hide(event.reason, ''), 120)})"
    assert isinstance(event, Quarantined | Released)
    names = ", ".join(plain(name, 40) for name in event.columns[:6])
    what = "Set aside" if isinstance(event, Quarantined) else "Used again"
    return f"{what}: {names} ({plain(view.hide(event.reason, ''), 120)})"


def _looks(view: View) -> list[str]:
    """Return what was asked of the data and answered."""
    looks = [(i, e) for i, e in enumerate(view.journal.events) if isinstance(e, Analysed)][-_LOOKS:]
    found = []
    for place, event in looks:
        n_since = sum(isinstance(e, ExperimentFinished) for e in view.journal.events[place:])
        room = _OUTPUT if place == looks[-1][0] and n_since <= _RECENT else _OLDER_OUTPUT
        text = event.output if event.outcome.status == "ok" else f"failed: {_why(event)}"
        source = known_source(event.script, view.task, view.profile)
        hidden = lines(view.hide(f"{text}\n", source), room)  # whole: its last word was not cut
        found.append(f"Analysis: {plain(view.hide(event.question, ''), 120)}\n{hidden or '| (nothing was printed)'}")
    return found


def _why(event: Analysed) -> str:
    failure = event.outcome.failure
    return f"{failure.type}: {failure.message}" if failure else event.outcome.reason or event.outcome.status


def _refusals(view: View) -> list[str]:
    """Return what was refused lately."""
    found: list[str] = []
    n_since = 0
    for event in reversed(view.journal.events):
        n_since += isinstance(event, ExperimentFinished)
        if n_since > _RECENT or len(found) == _REFUSALS:
            break
        if isinstance(event, ProposalRefused):
            what = plain(view.hide(event.what, ""), 90)
            found.insert(0, f"Refused ({event.kind}): {what}: {plain(view.hide(event.reason, ''), 160)}")
    return found


def _running(view: View) -> list[str]:
    plan = view.running
    return [f"Running now, result unknown: {plain(plan.family, 20)}: {plain(plan.idea, 120)}"] if plan else []


def _symptoms(view: View, best: Experiment | None) -> list[str]:
    """Return what is wrong with the best, and with the latest where that is another one."""
    if best is None:
        return ["Nothing has worked yet."]
    latest = view.journal.experiments[-1]
    found = [(best, d) for d in _told(best)[:_SYMPTOMS]]
    if latest.number != best.number:
        found += [(latest, d) for d in _told(latest)[:1]]
    return [
        f"#{e.number}: {diagnosis_in_words(d, known_source(e.script, view.task, view.profile), view.hide, _WORDS)}"
        for e, d in found
    ]


def _told(experiment: Experiment) -> list[Diagnosis]:
    """Return the symptoms of an experiment, without those of the search as a whole."""
    return [d for d in experiment.diagnoses if d.kind == "symptom" and d.code not in _OF_SEARCH]


def _request(view: View, best: Experiment | None) -> str:
    started = view.journal.started
    limit = started.budget.max_experiments if started else None
    left = f" {max(0, limit - len(view.journal.experiments))} experiments are left." if limit else ""
    edit = f" An edit changes the script of #{best.number}." if best else ""
    return f"One action now.{edit}{left}"
