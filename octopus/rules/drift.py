"""Symptom of data that change: the later the rows, the larger the errors."""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from octopus.dataset import Float, Rows
from octopus.protocols import Evidence
from octopus.records import Diagnosis
from octopus.rules.symptom import row_errors, scored_rows, symptom

_MAX_ROWS, _MIN_ROWS = 20_000, 100
#: Stretches of time with as many rows each, and the rank correlation of ten stretches with their order that chance
#: exceeds in one of a hundred (Zar, 1972, doi:10.1080/01621459.1972.10481251, one-sided).
_STRETCHES, _RISING = 10, 0.745
#: Errors of the last fifth over those of the first from which a model for the past is a poorer one for the future.
_LARGER = 1.2
#: Folds from which on their order says something: four fall by chance in one of 24 cases.
_MIN_FOLDS = 4


class Drift:
    """The errors grow with time: what was learned holds less and less.

    Evidence: rows are predicted from earlier ones, the mean out-of-fold errors of ten stretches of time rise with their
    order by a rank correlation above 0.745 (one in a hundred by chance: Zar, 1972, doi:10.1080/01621459.1972.10481251),
    and the last fifth has errors a fifth larger than the first; or four folds or more each score below the one before,
    the last one by more than the standard error of the mean below the first. Fitted rows grow from fold to fold, so by
    themselves errors would shrink. Remedy: recent rows weigh more, ratios to recent values instead of levels, without
    the columns that change.
    """

    code = "OCT611"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if later rows are harder."""
        rows = scored_rows(evidence, _MAX_ROWS)
        if evidence.validation.kind != "time" or evidence.rows.time is None or len(rows) < _MIN_ROWS:
            return None
        stretches = _mean_errors(evidence, rows)
        rises = float(spearmanr(np.arange(_STRETCHES), stretches).statistic) >= _RISING
        first, last = float(stretches[:2].mean()), float(stretches[-2:].mean())
        if rises and last >= _LARGER * first:
            numbers = f"mean error {first:.3g} in the first fifth of the time, {last:.3g} in the last"
        elif _falls(evidence):
            numbers = f"folds in order of time score {', '.join(f'{value:.4g}' for value in evidence.score.folds)}"
        else:
            return None
        return symptom(
            self.code,
            "the data change over time",
            cause=f"what held early in {evidence.task.time or 'time'} holds less later",
            evidence=numbers,
            remedy="let recent rows weigh more; ratios to recent values, not levels; leave out columns that change",
        )


def _mean_errors(evidence: Evidence, rows: Rows) -> Float:
    assert evidence.rows.time is not None
    order = np.argsort(evidence.rows.time[rows], kind="stable")
    parts = np.array_split(row_errors(evidence, rows)[order], _STRETCHES)
    return np.array([part.mean() for part in parts])


def _falls(evidence: Evidence) -> bool:
    """Tell whether each fold scores below the one before, and the last clearly below the first."""
    folds = np.asarray(evidence.score.folds)
    if len(folds) < _MIN_FOLDS or len(folds) != len(evidence.folds):
        return False
    return bool((np.diff(folds) < 0).all() and folds[0] - folds[-1] > (evidence.score.standard_error or 0.0))
