"""Symptoms of how a model fits: nothing learned, learned by heart, too little, or another thing in each fold."""

from __future__ import annotations

import numpy as np

from octopus.effects import scored_over_fitted
from octopus.protocols import Evidence
from octopus.records import Diagnosis, Experiment, Score
from octopus.rules.symptom import CLEARLY, share_of_way, symptom
from octopus.scoring import gain

#: Relative overfitting rate (Efron and Tibshirani, 1997, doi:10.1080/01621459.1997.10474007): what was learned and does
#: not hold, over what was learned; 0 for a fit that holds, 1 for one that is worth no more than a constant.
_OVERFIT, _HOLDS = 0.5, 0.1
#: Share of the way from a constant to perfect predictions below which most of it is left.
_MOST_LEFT = 0.5
#: A lag behind another family, as a share of what that one gained over a constant.
_LAG = 0.1
#: Standard deviation of folds over their gain above a constant: at one half, a fold two deviations below the mean
#: is no better than a constant.
_UNSTEADY = 0.5
#: Folds below which a standard deviation says nothing.
_MIN_FOLDS = 3


class NoBetterThanConstant:
    """The experiment does not beat a constant prediction.

    Evidence: the mean score over the folds is within one standard error (corrected for overlapping training sets:
    Nadeau and Bengio, 2003, doi:10.1023/A:1024068626366) of the score of the best constant. Remedy: a simpler model
    with other features, or the signal is not in these columns.
    """

    code = "OCT601"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if nothing was learned."""
        constant = evidence.constant_score
        if constant is None or not evidence.score.folds:
            return None
        score = evidence.score
        error = score.standard_error or 0.0
        if score.mean - constant > error:
            return None
        return symptom(
            self.code,
            "no better than a constant",
            cause="the model found nothing in these columns, or fitted chance instead",
            evidence=f"{score.mean:.4g} ± {error:.2g} against {constant:.4g} for a constant",
            remedy="a simpler model, other features; the columns may not hold the answer",
        )


class Overfit:
    """Much was learned by heart: the score on fitted rows is far above that on others.

    Evidence: more than half of what the model gains over a constant on rows that it was fitted on is lost on others
    (a relative overfitting rate above 0.5; 0 is a fit that holds, 1 one that is worth a constant: Efron and
    Tibshirani, 1997, doi:10.1080/01621459.1997.10474007), and the gap is more than two standard errors of the
    validation score. Remedy: more regularisation, fewer columns, early stopping.
    """

    code = "OCT602"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if most of what was learned does not hold."""
        score, constant = evidence.score, evidence.constant_score
        if score.train is None or constant is None or score.train <= constant:
            return None
        gap, rate = score.train - score.mean, _overfitting_rate(score.train, score.mean, constant)
        if rate <= _OVERFIT or gap <= CLEARLY * (score.standard_error or 0.0):
            return None
        return symptom(
            self.code,
            "learned by heart",
            cause="the model follows chance in the rows that it is fitted on",
            evidence=f"{score.train:.4g} on fitted rows, {score.mean:.4g} ± {score.standard_error or 0.0:.2g} on "
            f"others, {constant:.4g} for a constant: {min(rate, 1.0):.0%} of what was learned does not hold",
            remedy="more regularisation, fewer columns, early stopping",
        )


class Underfit:
    """Too little was learned: the model does no better on the rows that it was fitted on.

    Evidence: the scores on fitted rows and on others differ by a standard error at most, or by a tenth of what was
    learned (a relative overfitting rate of 0.1: Efron and Tibshirani, 1997, doi:10.1080/01621459.1997.10474007), and
    either more than half of the way from a constant to perfect predictions is left on the fitted rows, too, or the
    best experiment of another family is ahead by two standard errors of the paired difference and by a tenth of its
    own gain over a constant. Remedy: more capacity, more features, another family.
    """

    code = "OCT603"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if fitted rows are no easier and better is possible, or has been done."""
        score, constant = evidence.score, evidence.constant_score
        if score.train is None or constant is None:
            return None
        gap, learned = score.train - score.mean, max(0.0, score.train - constant)
        if gap > max(_HOLDS * learned, score.standard_error or 0.0):
            return None
        share = share_of_way(score.train, evidence)
        ahead = _clearly_ahead(evidence, constant)
        if ahead is not None and ahead.score is not None:
            why = f"{ahead.plan.family} (experiment {ahead.number}) has {ahead.score.mean:.4g}"
        elif share is not None and share < _MOST_LEFT:
            why = f"that is {max(0.0, share):.0%} of the way from a constant ({constant:.4g}) to perfect predictions"
        else:
            return None
        return symptom(
            self.code,
            "too little learned",
            cause="the model cannot follow what is in the rows, even in those that it is fitted on",
            evidence=f"{score.train:.4g} on fitted rows, {score.mean:.4g} on others; {why}",
            remedy="more capacity, more features, another family",
        )


class FoldsDisagree:
    """The folds disagree: what was learned depends on which rows were seen.

    Evidence: the standard deviation over the folds is more than half of the mean gain over a constant, so that a
    fold two deviations below the mean is no better than a constant. Remedy: a steadier model: slower learning,
    fewer leaves, more regularisation.
    """

    code = "OCT612"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if the folds vary by more than half of what was gained."""
        folds = np.asarray(evidence.score.folds)
        if evidence.constant_score is None or len(folds) < _MIN_FOLDS:
            return None
        gained, spread = float(folds.mean()) - evidence.constant_score, float(folds.std(ddof=1))
        if gained <= 0 or spread <= _UNSTEADY * gained:
            return None
        return symptom(
            self.code,
            "folds disagree",
            cause="the model depends on which rows it has seen",
            evidence=f"standard deviation {spread:.2g} over {len(folds)} folds, gain over a constant {gained:.2g}",
            remedy="slower learning, fewer leaves, more regularisation",
        )


def _overfitting_rate(train: float, held: float, constant: float) -> float:
    return (train - held) / (train - constant)


def _clearly_ahead(evidence: Evidence, constant: float) -> Experiment | None:
    """Return the best experiment of another family if it is clearly better than this one."""
    others = [e for e in evidence.journal.valid_experiments if e.plan.family != evidence.plan.family]
    best = max(others, key=lambda e: _mean(e.score), default=None)
    if best is None or best.score is None:
        return None
    ahead, error = gain(best.score, evidence.score, scored_over_fitted(evidence.journal))
    return best if ahead > max(CLEARLY * error, _LAG * (best.score.mean - constant), 0.0) else None


def _mean(score: Score | None) -> float:
    return score.mean if score else float("-inf")
