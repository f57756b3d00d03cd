"""What was done beside experiments, and what that made of them, in one line each: on the console and on the page."""

from __future__ import annotations

from typing import Literal

from octopus.journal import Journal
from octopus.records import (
    Analysed,
    Experiment,
    NotBlended,
    ProposalRefused,
    Quarantined,
    Released,
    Revalidated,
)
from octopus.reporting.sentences import score_words, validation_words
from octopus.reporting.words import count, cut, listed

#: Lines of what an analysis printed, and letters, that are told in one line.
_LINES, _OUTPUT = 2, 160

Standing = Literal["counts", "failed", "out of reach", "set aside", "not scored again"]


def mended(experiment: Experiment) -> int | None:
    """Return the number of the failed experiment that this one mends.

    Parameters
    ----------
    experiment : Experiment
        A finished one.

    Returns
    -------
    int or None
        None where it mends nothing.
    """
    return experiment.decision.parent if experiment.decision.action == "repair" else None


def mending_words(experiment: Experiment) -> str:
    """Return what an experiment mends, and how.

    Parameters
    ----------
    experiment : Experiment
        A finished one.

    Returns
    -------
    str
        As in "mends #4: guards against zero"; empty where it mends nothing.
    """
    broken = mended(experiment)
    return "" if broken is None else f"mends #{broken}: {experiment.decision.reason}"


def standing(experiment: Experiment, journal: Journal) -> Standing:
    """Return whether an experiment is among those that are compared, and why not.

    Parameters
    ----------
    experiment : Experiment
        One of the journal's.
    journal : Journal
        With what came later.

    Returns
    -------
    {"counts", "failed", "out of reach", "set aside", "not scored again"}
        Out of reach: stopped when its first folds were far behind the best. Set aside: it reads a column that is not
        used any more.
    """
    if experiment.outcome.status != "ok":
        return "failed"
    if experiment.number in journal.set_aside:
        return "set aside"
    if experiment.is_valid:
        return "counts"
    if experiment.raced is not None:
        return "out of reach"
    changed = any(isinstance(event, Revalidated) for event in journal.events)
    return "not scored again" if changed else "failed"


def tried_words(journal: Journal) -> str:
    """Return how many experiments there are, and how many of them do not count.

    Parameters
    ----------
    journal : Journal
        Of a run.

    Returns
    -------
    str
        As in "9 experiments, 1 of them without a score, 2 set aside".
    """
    found = [standing(experiment, journal) for experiment in journal.experiments]
    parts = [
        (found.count("failed"), "of them without a score"),
        (found.count("out of reach"), "stopped early, out of reach"),
        (found.count("set aside"), "set aside since"),
        (found.count("not scored again"), "not scored again on other folds"),
    ]
    return ", ".join([count(len(found), "experiment"), *(f"{n} {words}" for n, words in parts if n)])


def analysis_words(event: Analysed) -> str:
    """Return what was looked at, and the beginning of what it showed.

    Parameters
    ----------
    event : Analysed
        The look.

    Returns
    -------
    str
        One line.
    """
    lines = [line.strip() for line in event.output.splitlines() if line.strip()][:_LINES]
    shown = cut(" / ".join(lines), _OUTPUT) or event.outcome.reason or event.outcome.status
    return f"{event.question} → {shown}"


def quarantine_words(event: Quarantined) -> str:
    """Return which columns are not used any more, why, and which experiments count no more.

    Parameters
    ----------
    event : Quarantined
        The step.

    Returns
    -------
    str
        One line.
    """
    aside = listed([f"#{number}" for number in event.set_aside], 12)
    verb = "counts" if len(event.set_aside) == 1 else "count"
    words = f"{listed(event.columns)} not used any more: {event.reason}"
    return f"{words} · {aside} {verb} no more" if aside else words


def release_words(event: Released) -> str:
    """Return which columns are used again, and why.

    Parameters
    ----------
    event : Released
        The step.

    Returns
    -------
    str
        One line.
    """
    return f"{listed(event.columns)} used again: {event.reason}"


def folds_words(event: Revalidated, journal: Journal) -> str:
    """Return by which folds candidates are compared from then on, why, and what that changed.

    Parameters
    ----------
    event : Revalidated
        The step.
    journal : Journal
        As it was then, with the step.

    Returns
    -------
    str
        One line.
    """
    n_scored = sum(one.score is not None for one in event.rescored)
    why = "" if event.reason == event.validation.reason else f" · {event.reason}"
    again = f"{count(n_scored, 'experiment')} scored again"
    best = journal.best
    now = f"the best is #{best.number}, {score_words(best)}" if best else "none of them has a score now"
    return f"from now on {validation_words(event.validation)}{why} · {again} · {now}"


def unblended_words(event: NotBlended) -> str:
    """Return why no blend ships.

    Parameters
    ----------
    event : NotBlended
        The step.

    Returns
    -------
    str
        One line.
    """
    return f"no blend: {event.reason}"


def refusal_words(event: ProposalRefused) -> str:
    """Return what was wanted, and why it was refused.

    Parameters
    ----------
    event : ProposalRefused
        The step.

    Returns
    -------
    str
        One line.
    """
    what = event.what if event.kind in event.what else f"{event.kind}: {event.what}" if event.what else event.kind
    return f"the model wanted {what} — refused: {event.reason}"
