"""Symptom of a score that has come as far as it can: perfect, or as good as rows with the same features allow."""

from __future__ import annotations

import numpy as np

from octopus.dataset import Float, Rows
from octopus.protocols import Evidence
from octopus.records import Diagnosis
from octopus.rules.copies import row_numbers
from octopus.rules.mismatch import MetricMismatch
from octopus.rules.symptom import residuals, scored_rows, symptom
from octopus.scoring import best_possible

#: Distance from the best possible value at which nothing is left to gain.
_AT_BEST = 1e-6
#: Share of the rows that must have a copy for the copies to speak for all rows: of prices of computers half have one,
#: and a search that stopped there left 4 % of the error on the other half.
_MOST = 0.9
#: Degrees of freedom within copies; the standard error of a variance from 100 is 14 %.
_MIN_FREEDOM = 100
#: Squared errors over what copies allow: 5 % of a variance are 2.5 % of a deviation, less than folds can tell.
_REACHED = 1.05


class Ceiling:
    """Nothing is left to gain: the score is perfect, or rows with the same features differ in the target as much.

    Evidence: the score is within 1e-6 of the best that the metric can have; or nine tenths of the rows share all
    their features with others, and on those the squared out-of-fold residuals exceed the variance of the target among
    equal rows by at most 5 % (the pure error of a lack-of-fit test: Draper and Smith, Applied Regression Analysis,
    1998, section 2.1; for classes, of indicators), of 100 degrees of freedom or more, and no bend of the predictions
    suits the metric better (OCT605). Remedy: stop, or find columns that tell equal rows apart.
    """

    code = "OCT614"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if no model of these columns could do better."""
        best = best_possible(evidence.scoring)
        if best is not None and evidence.score.mean >= best - _AT_BEST:
            return symptom(
                self.code,
                "nothing is left to gain",
                cause=f"{evidence.task.scoring} is at its best possible value",
                evidence=f"{evidence.score.mean:.6g} of {best:g}",
                remedy="stop; see whether a column knows the answer",
            )
        bound = _pure_error(evidence)
        if bound is None:
            return None
        ours, pure, n_rows = bound
        if pure <= 0 or ours > _REACHED * pure:
            return None
        if MetricMismatch().match(evidence) is not None:  # the same predictions, bent to the metric, would gain
            return None
        return symptom(
            self.code,
            "as good as these columns allow",
            cause="rows that agree in every column differ in the target",
            evidence=f"{n_rows} rows have equals: mean squared residual {ours:.4g}, variance among equals {pure:.4g}",
            remedy="stop, or find columns that tell these rows apart",
        )


def _pure_error(evidence: Evidence) -> tuple[float, float, int] | None:
    """Return the mean squared residual on rows that have copies, the variance within copies, and the number of rows."""
    scored = scored_rows(evidence, len(evidence.rows))
    if not any(column.used for column in evidence.profile.columns) or not len(scored):
        return None
    rows, numbers = row_numbers(evidence, scored)
    sizes = np.bincount(numbers)
    has_copy = sizes[numbers] > 1
    n_rows, freedom = int(has_copy.sum()), int((sizes[sizes > 1] - 1).sum())
    if n_rows < _MOST * len(rows) or freedom < _MIN_FREEDOM:
        return None
    rows, numbers = rows[has_copy], np.unique(numbers[has_copy], return_inverse=True)[1]
    squares = (residuals(evidence, rows) ** 2).sum(axis=1)
    return float(squares.mean()), _variance_within(_targets(evidence, rows), numbers) / freedom, n_rows


def _targets(evidence: Evidence, rows: Rows) -> Float:
    """Return the target, or for classes what the residuals are taken from: indicators."""
    y = evidence.rows.y[rows]
    n_classes = evidence.task.n_classes
    if not n_classes:
        return np.asarray(y[:, None])
    indicators = np.eye(n_classes)[y.astype(np.int64)]
    return indicators[:, 1:] if n_classes == 2 else indicators


def _variance_within(targets: Float, numbers: Rows) -> float:
    """Return the sum of squares around the means of equal rows."""
    sizes = np.bincount(numbers)
    total = 0.0
    for target in targets.T:
        mean = np.bincount(numbers, weights=target) / sizes
        total += float(((target - mean[numbers]) ** 2).sum())
    return total
