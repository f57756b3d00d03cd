"""How much a prompt for the next step grows with the experiments before it."""

from __future__ import annotations

import itertools
import statistics

import msgspec

from benchmarks.token_count import prompt_tokens, texts
from octopus.journal import Journal
from octopus.protocols import Family
from octopus.records import Analysed, AnyEvent, ExperimentFinished, ModelCalled, ProposalRefused, SearchStopped
from octopus.registry import FAMILIES, load
from octopus.scientists.llm.prompt import step_prompt
from octopus.scientists.llm.view import View

#: Prompts after so many experiments are compared, each the mean of so many from there on: the ledger is shortened every
#: few steps, and on which of them that falls is chance.
EARLY, LATE, WINDOW = 10, 50, 10


def growth(journal: Journal) -> dict[str, float | int]:
    """Return the tokens of a prompt for the next step early and late, and by how much the late ones are longer."""
    early, late = (
        [len(prompt_tokens(texts(step_prompt(view_of(extended(journal, n)))))) for n in range(start, start + WINDOW)]
        for start in (EARLY, LATE)
    )
    return {
        f"prompt_tokens_{EARLY}": early[0],
        f"prompt_tokens_{LATE}": late[0],
        f"mean_from_{EARLY}": statistics.mean(early),
        f"mean_from_{LATE}": statistics.mean(late),
        "longest": max(early + late),
        "growth": round(statistics.mean(late) / statistics.mean(early) - 1, 4),
    }


def extended(journal: Journal, n_experiments: int) -> Journal:
    """Return a journal with so many experiments: cut, or what happened in it repeated with ideas of their own."""
    left_out = (ModelCalled, SearchStopped)
    happened = [event for event in journal.events if not isinstance(event, left_out)]
    happened = happened[: 1 + max(i for i, event in enumerate(happened) if isinstance(event, ExperimentFinished))]
    again = [event for event in happened if isinstance(event, ExperimentFinished | Analysed | ProposalRefused)]
    events: list[AnyEvent] = []
    n = 0
    for event in itertools.chain(happened, itertools.cycle(again)):
        if isinstance(event, ExperimentFinished):
            n += 1
            if n > n_experiments:
                break
            events.append(_numbered(event, n))
        else:
            events.append(event)
    return Journal(events=tuple(events))


def view_of(journal: Journal) -> View:
    """Return what a prompt for the next step of a journal is made from."""
    started, profile, task = journal.started, journal.profile, journal.task
    assert started is not None
    assert profile is not None
    assert task is not None
    return View(
        task=task,
        profile=profile,
        validation=journal.validation,
        journal=journal,
        families=tuple(_family(verdict.family) for verdict in profile.families if verdict.applies),
        versions=started.versions,
        privacy="summary",
        hide=lambda text, source: text,  # noqa: ARG005
        descriptions={},
        running=None,
    )


def _family(name: str) -> Family:
    return load(FAMILIES, name)()  # type: ignore[no-any-return, operator]


def _numbered(event: ExperimentFinished, number: int) -> ExperimentFinished:
    """Return an experiment under another number; a repeated one has an idea, a script and parents of its own."""
    experiment = event.experiment
    if number == experiment.number:
        return event
    shift = number - experiment.number
    replace = msgspec.structs.replace
    parent, decided = experiment.plan.parent, experiment.decision.parent
    return replace(
        event,
        experiment=replace(
            experiment,
            number=number,
            plan=replace(
                experiment.plan,
                idea=f"{experiment.plan.idea}, form {number}",
                parent=None if parent is None else parent + shift,
            ),
            decision=replace(experiment.decision, parent=None if decided is None else decided + shift),
            script=replace(experiment.script, source=f"{experiment.script.source}\n# {number}\n"),
        ),
    )
