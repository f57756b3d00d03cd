"""Symptoms that come from the target's own shape: a rare class, a long tail."""

from __future__ import annotations

import numpy as np

from octopus.dataset import Float
from octopus.protocols import Evidence
from octopus.records import Diagnosis
from octopus.rules.symptom import symptom

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
#: Rows below which a third moment says nothing.
_MIN_ROWS = 3


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
        return symptom(
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
        if len(y) < _MIN_ROWS or y.min() <= -1:
            return None
        of_target, of_residuals = _skewness(y), _skewness(y - evidence.predictions[scored])
        if min(of_target, of_residuals) <= _HIGH_SKEW:
            return None
        return symptom(
            self.code,
            "the target is skewed",
            cause="a few large values rule the fit",
            evidence=f"skewness {of_target:.2g} of the target, {of_residuals:.2g} of the residuals",
            remedy="fit the logarithm of the target, or a loss that minds the tail less",
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
