"""Symptom rules: it ran, and the predictions show what is wrong."""

from __future__ import annotations

import numpy as np

from octopus.dataset import Float
from octopus.protocols import Evidence
from octopus.records import Diagnosis

#: Share of the rarest class below which weights or thresholds matter more than the model. He and Garcia (2009,
#: doi:10.1109/TKDE.2008.239) speak of 1:10 to 1:100; 5 % is 1:19.
_RARE = 0.05
#: Share below which a class that is never predicted counts as passed over.
_SMALL_CLASS = 0.3
#: Metrics that look at predicted classes, so at thresholds; suffixes like ``_macro`` are cut off.
_THRESHOLD_METRICS = frozenset(
    {"accuracy", "balanced_accuracy", "f1", "precision", "recall", "jaccard", "matthews_corrcoef"}
)
#: Skewness that is called high: Bulmer, Principles of Statistics (1979).
_HIGH_SKEW = 1.0
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
        return _symptom(
            self.code,
            "no better than a constant",
            cause="the model found nothing in these columns, or fitted chance instead",
            evidence=f"{score.mean:.4g} ± {error:.2g} against {constant:.4g} for a constant",
            remedy="a simpler model, other features; the columns may not hold the answer",
        )


class RareClass:
    """A rare class is passed over although the metric asks for predicted classes.

    Evidence: the metric looks at classes (accuracy, F1 …), and the rarest class has less than 5 % of the rows, or
    less than 30 % and is predicted for no row. Remedy: class weights, or a threshold from out-of-fold predictions.
    """

    code = "OCT606"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if a class is rare and the metric depends on a threshold."""
        if not evidence.task.is_classification or not _has_threshold(evidence.task.scoring):
            return None
        counts = np.bincount(evidence.rows.y.astype(np.int64), minlength=evidence.task.n_classes)
        rarest = int(np.argmin(counts))
        share = counts[rarest] / counts.sum()
        scored = np.isfinite(evidence.predictions).all(axis=1)
        chosen = evidence.predictions[scored].argmax(axis=1)
        n_chosen = int(np.sum(chosen == rarest))
        if share >= _RARE and (share >= _SMALL_CLASS or n_chosen > 0):
            return None
        label = evidence.task.classes[rarest]
        return _symptom(
            self.code,
            "a rare class is passed over",
            cause=f"{evidence.task.scoring} looks at predicted classes, and class {label!r} is rare",
            evidence=f"class {label!r}: {share:.1%} of the rows, predicted for {n_chosen} of {len(chosen)}",
            remedy="class weights, or a threshold chosen on out-of-fold predictions",
        )


class SkewedTarget:
    """A skewed target, and errors that gather in its tail.

    Evidence: the target's skewness is above 1, and so is that of the residuals. Remedy: fit the logarithm (all values
    above -1), or a loss that minds the tail less.
    """

    code = "OCT607"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if target and residuals are skewed to the right."""
        if evidence.task.is_classification:
            return None
        scored = np.isfinite(evidence.predictions)
        y = evidence.rows.y[scored]
        if len(y) < _MIN_FOLDS or y.min() <= -1:
            return None
        of_target, of_residuals = _skewness(y), _skewness(y - evidence.predictions[scored])
        if min(of_target, of_residuals) <= _HIGH_SKEW:
            return None
        return _symptom(
            self.code,
            "the target is skewed",
            cause="a few large values rule the fit",
            evidence=f"skewness {of_target:.2g} of the target, {of_residuals:.2g} of the residuals",
            remedy="fit the logarithm of the target, or a loss that minds the tail less",
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
        return _symptom(
            self.code,
            "folds disagree",
            cause="the model depends on which rows it has seen",
            evidence=f"standard deviation {spread:.2g} over {len(folds)} folds, gain over a constant {gained:.2g}",
            remedy="slower learning, fewer leaves, more regularisation",
        )


def _symptom(code: str, title: str, *, cause: str, evidence: str, remedy: str) -> Diagnosis:
    return Diagnosis(
        code=code,
        title=title,
        kind="symptom",
        cause=cause,
        evidence=evidence,
        remedy=remedy,
        repairable=True,
        fingerprint=code,
    )


def _has_threshold(scoring: str) -> bool:
    name = scoring
    for suffix in ("_micro", "_macro", "_weighted", "_samples"):
        name = name.removesuffix(suffix)
    return name in _THRESHOLD_METRICS


def _skewness(values: Float) -> float:
    """Return the third standardised moment; 0 for constants."""
    centred = values - values.mean()
    deviation = float(np.sqrt(np.mean(centred**2)))
    return float(np.mean(centred**3)) / deviation**3 if deviation > 0 else 0.0
