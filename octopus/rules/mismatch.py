"""Symptom of a model that fits one thing and is scored on another: the same predictions, bent a little, score better.

Each bend (a threshold, a shift, a temperature) is chosen on four fifths of the out-of-fold predictions and measured on
the last: what is only chance does not pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octopus.dataset import Float, Rows
from octopus.protocols import Evidence
from octopus.records import Diagnosis
from octopus.rules.decisions import METRICS, counts_of_decisions, metric_of_counts
from octopus.rules.symptom import CLEARLY, scored_rows, symptom
from octopus.scoring import gain, summarise

_MAX_ROWS, _MIN_ROWS = 20_000, 100
#: As many as validation makes of most tables; the parts' scores are compared as those of folds are.
_N_PARTS = 5
#: Part of what is missing to perfect predictions that must be gained: less is not worth an experiment.
_WORTH = 0.02
#: Area under the curve from which a ranking is called acceptable: Hosmer, Lemeshow and Sturdivant, Applied Logistic
#: Regression (2013), section 5.2.4.
_RANKING = 0.7
#: Temperatures around 1 (Guo et al., 2017, arXiv 1706.04599): a third to three times as sure.
_TEMPERATURES = (1.0, *np.geomspace(1 / 3, 3.0, 12))
#: Smallest probability in a logarithm, that of float64 as scikit-learn has it.
_TINY = float(np.finfo(np.float64).eps)
_MEDIANS = frozenset({"neg_mean_absolute_error", "neg_median_absolute_error", "d2_absolute_error_score"})
_MEANS = frozenset({"neg_mean_squared_error", "neg_root_mean_squared_error", "r2"})
_LOGARITHMS = frozenset({"neg_log_loss", "d2_log_loss_score"})
_SQUARES = frozenset({"neg_brier_score", "d2_brier_score"})


@dataclass(frozen=True, kw_only=True)
class _Bent:
    """Scores of the parts as predicted and after the bend that the other parts chose, and what perfect ones have."""

    plain: Float
    bent: Float
    best: float
    how: str
    remedy: str


class MetricMismatch:
    """The model fits one thing and the metric asks for another.

    Evidence: the same out-of-fold predictions score better once they are bent: by another threshold or the classes'
    odds where the metric looks at predicted classes, by a shift to the residuals' median or mean where it counts
    distances or squares, by a temperature (Guo et al., 2017, arXiv 1706.04599) where it looks at probabilities. The
    bend is chosen on four fifths of the rows and measured on the last; the gain must exceed two standard errors
    (paired; Nadeau and Bengio, 2003, doi:10.1023/A:1024068626366) and 2 % of what is missing to perfect predictions.
    For classes the ranking must be acceptable, an area under the curve of 0.7 (Hosmer, Lemeshow and Sturdivant, Applied
    Logistic Regression, 2013). Remedy: a loss, a target transform, a threshold or a calibration that fits the metric.
    """

    code = "OCT605"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if a simple bend makes the same predictions better."""
        scored = scored_rows(evidence, _MAX_ROWS)
        bend = _bend_for(evidence)
        if bend is None or len(scored) < _MIN_ROWS or not _ranks_well(evidence):
            return None
        parts = np.random.default_rng(evidence.task.random_state).permutation(len(scored)) % _N_PARTS
        found = bend(evidence, scored, parts)
        plain, bent = (summarise("", tuple(values), 0.0) for values in (found.plain, found.bent))
        gained, error = gain(bent, plain, 1 / (_N_PARTS - 1))
        if gained <= max(CLEARLY * error, _WORTH * (found.best - plain.mean)):
            return None
        ranking = _ranking(evidence)
        fine = f", while the ranking is fine (roc_auc {ranking:.3g})" if ranking is not None else ""
        return symptom(
            self.code,
            "the metric asks for something else",
            cause=f"what the model fits is not what {evidence.task.scoring} looks at{fine}",
            evidence=f"{found.how}: {bent.mean:.4g} instead of {plain.mean:.4g}, a gain of {gained:.2g} ± {error:.1g} "
            "on rows that had no part in choosing it",
            remedy=found.remedy,
        )


def _bend_for(evidence: Evidence) -> Callable[[Evidence, Rows, Rows], _Bent] | None:
    name = evidence.task.scoring
    if not evidence.task.is_classification:
        return _shifted if name in _MEDIANS | _MEANS else None
    if name in METRICS:
        return _decided
    return _calibrated if name in _LOGARITHMS | _SQUARES else None


def _ranking(evidence: Evidence) -> float | None:
    others = evidence.score.others
    return others.get("roc_auc", others.get("roc_auc_ovr"))


def _ranks_well(evidence: Evidence) -> bool:
    ranking = _ranking(evidence)
    return ranking is None or ranking >= _RANKING


def _decided(evidence: Evidence, rows: Rows, parts: Rows) -> _Bent:
    """Move the threshold between two classes, or the odds of many."""
    counts, words = counts_of_decisions(evidence, rows, parts, _N_PARTS)
    metric, positive = evidence.task.scoring, _positive_class(evidence)
    elsewhere = metric_of_counts(metric, counts.sum(axis=1, keepdims=True) - counts, positive)
    here = metric_of_counts(metric, counts, positive)
    chosen = elsewhere.argmax(axis=0)
    usual = int(np.bincount(chosen).argmax())
    return _Bent(
        plain=here[0],
        bent=here[chosen, np.arange(_N_PARTS)],
        best=1.0,
        how=f"{metric} with {words[usual]}",
        remedy=f"decide where {metric} is best on out-of-fold predictions, or weigh the classes",
    )


def _positive_class(evidence: Evidence) -> int:
    """Return which class number scikit-learn's metrics take for the positive one: that of label 1, else the second."""
    classes = evidence.scoring.classes
    if classes is None or classes.dtype.kind not in "biuf" or not (classes == 1).any():
        return 1
    return int(np.flatnonzero(classes == 1)[0])


def _calibrated(evidence: Evidence, rows: Rows, parts: Rows) -> _Bent:
    """Make all probabilities surer or less sure by one temperature."""
    n_classes = evidence.task.n_classes
    step = 1 + len(rows) * n_classes // (2 * _MAX_ROWS)  # many classes: as many numbers, fewer rows
    rows, parts = rows[::step], parts[::step]
    y = evidence.rows.y[rows].astype(np.int64)
    logs = np.log(np.clip(evidence.predictions[rows], _TINY, 1.0))
    is_log = evidence.task.scoring in _LOGARITHMS
    scores = np.array([_part_means(_sureness(logs / t, y, is_log), parts) for t in _TEMPERATURES])
    sizes = np.bincount(parts, minlength=_N_PARTS)
    elsewhere = (scores * sizes).sum(axis=1, keepdims=True) - scores * sizes
    chosen = elsewhere.argmax(axis=0)
    temperature = float(np.median(np.asarray(_TEMPERATURES)[chosen]))
    name = "neg_log_loss" if is_log else "neg_brier_score"
    surer = "less sure" if temperature > 1 else "surer"
    return _Bent(
        plain=scores[0],
        bent=scores[chosen, np.arange(_N_PARTS)],
        best=0.0,
        how=f"{name} of probabilities made {surer} (temperature {temperature:.2g})",
        remedy="calibrate the probabilities on rows not fitted, or stop learning earlier",
    )


def _sureness(logits: Float, y: Rows, is_log: bool) -> Float:
    """Return minus the log loss or minus the squared distance of each row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    raised = np.exp(shifted)
    total = raised.sum(axis=1)
    at = np.arange(len(y)), y
    if is_log:
        return np.asarray(shifted[at] - np.log(total))
    probabilities = raised / total[:, None]
    distance = (probabilities**2).sum(axis=1) - 2 * probabilities[at] + 1
    return np.asarray(-distance / (2 if probabilities.shape[1] == 2 else 1))  # scikit-learn halves it for two classes


def _shifted(evidence: Evidence, rows: Rows, parts: Rows) -> _Bent:
    """Add the centre of the residuals that the metric asks for."""
    missed = evidence.rows.y[rows] - evidence.predictions[rows]
    is_median = evidence.task.scoring in _MEDIANS
    centre, error = (np.median, np.abs) if is_median else (np.mean, np.square)
    shifts = np.array([centre(missed[parts != part]) for part in range(_N_PARTS)])
    name = "median" if is_median else "mean"
    loss = "neg_mean_absolute_error" if is_median else "neg_mean_squared_error"
    return _Bent(
        plain=-_part_means(error(missed), parts),
        bent=-_part_means(error(missed - shifts[parts]), parts),
        best=0.0,
        how=f"{loss} of predictions shifted by {shifts.mean():.4g}, the {name} of the residuals",
        remedy=f"fit the {name}: a loss of {'distances' if is_median else 'squares'}, or a transform of the target "
        f"that keeps its {name}",
    )


def _part_means(values: NDArray[np.float64], parts: Rows) -> Float:
    sums = np.bincount(parts, weights=values, minlength=_N_PARTS)
    return np.asarray(sums / np.bincount(parts, minlength=_N_PARTS))
