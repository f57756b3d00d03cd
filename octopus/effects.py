"""What came of an experiment: its gain over the one that it set out to improve, beyond noise or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from octopus.journal import Journal
from octopus.records import Experiment
from octopus.scoring import gain


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
    """Return how many experiments were finished since the last gain beyond noise.

    Parameters
    ----------
    journal : Journal
        What was done.

    Returns
    -------
    int
        Failures count once something has worked.
    """
    ratio = scored_over_fitted(journal)
    best: Experiment | None = None
    stale = 0
    for experiment in journal.experiments:
        if experiment.score is None or not experiment.is_valid:
            stale += best is not None
            continue
        if best is None or best.score is None:
            best, stale = experiment, 0
            continue
        difference, error = gain(experiment.score, best.score, ratio)
        stale = 0 if difference > error else stale + 1
        if difference > 0:
            best = experiment
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
