"""Symptoms of a search that no longer moves: gains within noise, a family that says the same each time."""

from __future__ import annotations

from octopus.effects import attempts_of, scored_over_fitted, stale_scores
from octopus.protocols import Evidence
from octopus.records import Diagnosis, Score
from octopus.rules.symptom import symptom
from octopus.scoring import gain

#: Experiments without a gain beyond noise that make a plateau: MLE-STAR (arXiv 2506.15692) finds most of the gain in
#: the first two refinements of an idea, so the third without one is no accident.
_PLATEAU = 3
#: Experiments of a family that say the same: with two, one may be a poor variation of the other.
_SAME = 3


class Plateau:
    """Several experiments in a row have brought nothing beyond noise.

    Evidence: this is at least the third finished experiment since the best score rose by more than the standard error
    of the difference, paired fold by fold (Nadeau and Bengio, 2003, doi:10.1023/A:1024068626366); most of the gain of
    an idea comes with its first two refinements (MLE-STAR, arXiv 2506.15692). Remedy: an idea of another kind, or stop.
    """

    code = "OCT604"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if this experiment is one too many without a gain."""
        attempts = [*attempts_of(evidence.journal), (evidence.plan.family, evidence.score)]
        stale = stale_scores(attempts, scored_over_fitted(evidence.journal))
        best = evidence.journal.best
        if stale < _PLATEAU or best is None or best.score is None:
            return None
        return symptom(
            self.code,
            "a plateau",
            cause="what is tried differs from what was tried by less than the folds can tell",
            evidence=f"{stale} experiments without a gain beyond noise; this one {evidence.score.mean:.4g}, the best "
            f"before it {best.score.mean:.4g} (experiment {best.number})",
            remedy="an idea of another kind: other features, another family; else stop",
        )


class FamilySaturated:
    """Variations of one family say the same.

    Evidence: three or more experiments of the family, this one among them, are within the standard error of their
    difference from its best, paired fold by fold (Nadeau and Bengio, 2003, doi:10.1023/A:1024068626366). Remedy:
    another family, or other features.
    """

    code = "OCT608"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if the family's experiments cannot be told from one another."""
        family = evidence.plan.family
        before = [e.score for e in evidence.journal.valid_experiments if e.plan.family == family and e.score]
        scores = [*before, evidence.score]
        best = max(scores, key=lambda score: score.mean)
        ratio = scored_over_fitted(evidence.journal)
        same = [score for score in scores if _is_within_noise(score, best, ratio)]
        if len(same) < _SAME or same[-1] is not evidence.score:
            return None
        low, high = min(score.mean for score in same), max(score.mean for score in same)
        return symptom(
            self.code,
            f"{family} is saturated",
            cause=f"variations of {family} differ by less than the folds can tell",
            evidence=f"{len(same)} of {len(scores)} experiments between {low:.4g} and {high:.4g}, within noise",
            remedy="another family, or features that none of these has seen",
        )


def _is_within_noise(score: Score, best: Score, ratio: float) -> bool:
    behind, error = gain(best, score, ratio)
    return behind <= error
