"""What came of an experiment: its gain over the one that it set out to improve, beyond noise or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from octopus.journal import Journal
from octopus.records import Experiment, Score
from octopus.scoring import gain

#: Refinements without a gain beyond noise before the search stops. MLE-STAR (arXiv 2506.15692) finds most of the gain
#: in the first two refinements of an idea: four leave as many for a second idea.
PATIENCE = 4


@dataclass(frozen=True, kw_only=True)
class Effect:
    """The effect of an experiment beside the one that its plan expected.

    Parameters
    ----------
    reference : int
        Number of the experiment that it is compared with.
    difference : float
        Its score minus that of the reference: above zero where it is better.
    standard_error : float
        Of the difference, paired fold by fold.
    verdict : {"gain", "no gain", "loss"}
        A gain or a loss is larger than its standard error.
    """

    reference: int
    difference: float
    standard_error: float
    verdict: Literal["gain", "no gain", "loss"]


def effect_of(experiment: Experiment, journal: Journal) -> Effect | None:
    """Return what an experiment brought.

    Parameters
    ----------
    experiment : Experiment
        One of the journal.
    journal : Journal
        What was done; what came after the experiment does not count.

    Returns
    -------
    Effect or None
        Against the experiment that its plan set out from, where that one has a score, else against the best before it;
        None where there is nothing to compare.
    """
    reference = _reference(experiment, journal)
    if experiment.score is None or reference is None or reference.score is None:
        return None
    difference, error = gain(experiment.score, reference.score, scored_over_fitted(journal))
    verdict: Literal["gain", "no gain", "loss"] = "no gain"
    if abs(difference) > error:
        verdict = "gain" if difference > 0 else "loss"
    return Effect(reference=reference.number, difference=difference, standard_error=error, verdict=verdict)


def stale_experiments(journal: Journal) -> int:
    """Return how many experiments on known ground were finished since the last gain beyond noise.

    Parameters
    ----------
    journal : Journal
        What was done.

    Returns
    -------
    int
        As :func:`stale_scores` counts.
    """
    return stale_scores(attempts_of(journal), scored_over_fitted(journal))


def has_failed(experiment: Experiment) -> bool:
    """Return whether a script did not work; one that worked and was not scored on other folds has not failed."""
    return experiment.outcome.status != "ok"


def attempts_of(journal: Journal) -> list[tuple[str, Score | None]]:
    """Return family and score of each experiment, in the order in which they finished; None without one.

    A model's script that failed and was mended afterwards is left out: the idea counts once, by what came of it last.
    """
    repairs = (e for e in journal.experiments if e.decision.action == "repair" and journal.is_led)
    mended = {e.decision.parent for e in repairs}
    counted = [e for e in journal.experiments if e.script.author == "playbook" or e.number not in mended]
    counted = [
        e for e in counted if e.is_valid or e.raced or has_failed(e)
    ]  # what was not scored on other folds tells nothing
    return [(e.plan.family, e.score if e.is_valid else None) for e in counted]


def stale_scores(attempts: Sequence[tuple[str, Score | None]], test_over_train: float) -> int:
    """Return how many scores on known ground came since the last gain beyond noise.

    Parameters
    ----------
    attempts : sequence of tuple of str and Score or None
        Family and score, in the order in which experiments finished; None for a failure.
    test_over_train : float
        Scored rows over fitted rows, for the standard error of a difference.

    Returns
    -------
    int
        Failures count once something has worked. The first experiment of a family never counts: it shows where the
        family stands, not that there is nothing more to gain.
    """
    best: Score | None = None
    stale = 0
    known: set[str] = set()
    for family, score in attempts:
        is_refinement = family in known
        known.add(family)
        if score is None:
            stale += best is not None and is_refinement
            continue
        if best is None:
            best, stale = score, 0
            continue
        difference, error = gain(score, best, test_over_train)
        stale = 0 if difference > error else stale + is_refinement
        if difference > 0:
            best = score
    return stale


def scored_over_fitted(journal: Journal) -> float:
    """Return the scored rows over the fitted rows of a fold.

    Parameters
    ----------
    journal : Journal
        With the validation plan.

    Returns
    -------
    float
        One over the number of splits less one; a quarter, that of five folds, where there is no plan yet.
    """
    plan = journal.validation
    return 1.0 / max(1, plan.n_splits - 1) if plan else 0.25


def _reference(experiment: Experiment, journal: Journal) -> Experiment | None:
    before = [e for e in journal.valid_experiments if e.number < experiment.number]
    parent = next((e for e in before if e.number == experiment.plan.parent), None)
    if parent is not None:
        return parent
    return max(before, key=lambda e: (e.score.mean if e.score else float("-inf"), -e.number), default=None)
