"""Symptom of predictions that are the same for every row."""

from __future__ import annotations

import numpy as np

from octopus.dataset import Float
from octopus.protocols import Evidence
from octopus.records import Diagnosis
from octopus.rules.symptom import scored_rows, symptom

#: Difference of two predictions that are the same but for rounding.
_EQUAL = 1e-12
#: Share of the rows with one prediction that is suspicious where nothing was learned either.
_MOST = 0.99
#: Rows that are looked at: of more a sample says the same.
_ROWS = 20_000
_FEW = 2


class ConstantPredictions:
    """The model predicts the same for every row, or for nearly every row and learned nothing.

    Evidence: out-of-fold predictions differ by no more than 1e-12 within every fold; or more than 99 % of them are one
    value and the mean score is not above that of the best constant. Remedy: look for features that never reach the
    model, or a penalty that leaves nothing.
    """

    code = "OCT616"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if rows are not told apart."""
        rows = scored_rows(evidence, _ROWS)
        if len(rows) < _FEW or not any(column.used for column in evidence.profile.columns):
            return None
        share = _share_of_one(evidence.predictions[rows])
        if not _is_one_per_fold(evidence) and (share <= _MOST or not _learned_nothing(evidence)):
            return None
        return symptom(
            self.code,
            "the same prediction for every row",
            cause="the features do not reach the model, or are all alike when they do, or it is held back too hard",
            evidence=f"{share:.1%} of {len(rows)} rows have the same prediction",
            remedy="print in an analysis what the steps before the model give; look for columns that are all filled "
            "with one value, too strong a penalty, or a transform that failed quietly",
        )


def _share_of_one(predictions: Float) -> float:
    """Return the share of the rows that have the most frequent prediction."""
    table = predictions.reshape(len(predictions), -1)
    scale = np.maximum(np.abs(table).max(axis=0), 1.0) * _EQUAL
    _, counts = np.unique(np.round(table / scale), axis=0, return_counts=True)
    return float(counts.max() / len(table))


def _is_one_per_fold(evidence: Evidence) -> bool:
    """Tell whether each fold's model predicts one value: of a constant every fold has its own."""
    parts = [evidence.predictions[fold.valid_rows] for fold in evidence.folds] or [evidence.predictions]
    told = [part[np.isfinite(part.reshape(len(part), -1)).all(axis=1)] for part in parts if len(part)]
    told = [part for part in told if len(part)]
    if not told or max(len(part) for part in told) < _FEW:
        return False
    return all(bool(np.all(np.ptp(part.reshape(len(part), -1), axis=0) <= _EQUAL)) for part in told)


def _learned_nothing(evidence: Evidence) -> bool:
    constant = evidence.constant_score
    return constant is not None and evidence.score.mean <= constant
