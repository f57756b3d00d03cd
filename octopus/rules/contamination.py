"""Symptom of a split that lets rows be recognised: those whose twin was fitted on are predicted much better."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from octopus.dataset import Float, Rows
from octopus.protocols import Evidence
from octopus.records import Diagnosis
from octopus.rules.copies import measured_columns, row_numbers
from octopus.rules.symptom import row_errors, scored_rows, symptom

#: Cells to a standard deviation in which near-identical numbers fall together: three digits.
_CELLS = 1000.0
#: Probability that a row with a twin has the smaller error, from which rows are recognised: two in three, between a
#: medium effect (0.64) and a large one (0.71; Ruscio, 2008, doi:10.1037/1082-989X.13.1.19). Forests and boosted trees
#: on the diabetes table with half of the rows twice reach 0.71 and 0.72, a logistic regression on rows that are alike
#: by nature (women's health insurance, Olson, 1998) 0.64.
_SMALLER = 0.67
#: Standard errors from one half; chance gives four once in 30,000 comparisons, and about ten are made.
_SURE = 4.0
#: Rows on either side below which they are not compared.
_MIN_ROWS = 20
#: Columns beside the measured one that must agree: fewer agree by chance.
_MIN_COLUMNS = 3
#: Columns that may name a unit: so many are looked at, on many rows one, for names take long to number.
_UNITS, _MANY_ROWS = 8, 20_000
#: Rows of a unit on average: fewer name rows, more describe them.
_FEW, _MANY = 1.5, 50.0


class ContaminatedSplit:
    """Rows are predicted much better where a twin of theirs was fitted on: the folds share what they should not.

    Evidence: out-of-fold errors of rows whose twin is among the fitted rows are smaller than those of the others with
    a probability above 0.67 (between a medium and a large effect: Ruscio, 2008, doi:10.1037/1082-989X.13.1.19) that is
    four standard errors from one half (Mann-Whitney), with 20 rows or more on either side. Twins agree in every used
    column, numbers to a thousandth of their standard deviation, one of them with a value for every five rows or more;
    or they share the group, or a name that 1.5 to 50 rows bear. Remedy: keep twins in one fold (groups), and score
    again whatever was scored before.
    """

    code = "OCT610"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if having a twin among the fitted rows explains how good predictions are."""
        scored = scored_rows(evidence, len(evidence.rows))
        if not evidence.folds or len(scored) < 2 * _MIN_ROWS:
            return None
        for what, rows, units in _twins(evidence, scored):
            errors, has_twin = row_errors(evidence, rows), _has_twin(evidence, rows, units)
            chance = _smaller(errors, has_twin)
            if chance is None:
                continue
            with_twin, without = np.median(errors[has_twin]), np.median(errors[~has_twin])
            return symptom(
                self.code,
                "the folds share rows of one origin",
                cause=f"rows are recognised, not predicted: {what} stand on both sides of a split",
                evidence=f"median error {with_twin:.3g} of {int(has_twin.sum())} rows with a twin among the fitted "
                f"ones, {without:.3g} of {int((~has_twin).sum())} others; smaller with probability {chance:.2f}",
                remedy="keep them in one fold (groups=), and score again what was scored before",
            )
        return None


def _twins(evidence: Evidence, scored: Rows) -> Iterator[tuple[str, Rows, Rows]]:
    """Yield in words what may be shared, rows, and the number of each row's unit."""
    if evidence.rows.groups is not None and evidence.validation.kind == "custom":  # our own splits keep groups whole
        yield f"rows of one {evidence.task.group or 'group'}", scored, evidence.rows.groups[scored]
    n_used = sum(column.used for column in evidence.profile.columns)
    if measured_columns(evidence) and n_used > _MIN_COLUMNS:
        yield "near-identical rows", *row_numbers(evidence, scored, cells_per_deviation=_CELLS)
    n_rows = len(scored)
    named = [
        c.name
        for c in evidence.profile.columns
        if c.kind in ("categorical", "identifier", "text") and _FEW <= n_rows / max(1, c.n_unique) <= _MANY
    ]
    for name in named[: _UNITS if n_rows <= _MANY_ROWS else 1]:
        if name in evidence.rows.table:
            values = evidence.rows.table[name].iloc[scored]
            units = np.asarray(pd.factorize(values)[0], dtype=np.int64)
            yield f"rows of one {name}", scored[units >= 0], units[units >= 0]


def _has_twin(evidence: Evidence, rows: Rows, units: Rows) -> NDArray[np.bool_]:
    """Tell of each row whether any fold that scored it was fitted on another row of its unit."""
    n_rows = len(evidence.rows)
    unit_of = np.full(n_rows, -1, dtype=np.int64)
    unit_of[rows] = np.unique(units, return_inverse=True)[1]
    found = np.zeros(n_rows, dtype=bool)
    for fold in evidence.folds:
        fitted = unit_of[fold.train_rows]
        is_fitted = np.zeros(int(unit_of.max()) + 2, dtype=bool)  # the last is for rows that have no number
        is_fitted[fitted[fitted >= 0]] = True
        found[fold.valid_rows] |= is_fitted[unit_of[fold.valid_rows]]
    return np.asarray(found[rows])


def _smaller(errors: Float, has_twin: NDArray[np.bool_]) -> float | None:
    """Return the probability that a row with a twin has the smaller error, if that is high and no chance."""
    n_with = int(has_twin.sum())
    n_without = len(errors) - n_with
    if min(n_with, n_without) < _MIN_ROWS:
        return None
    ranks = rankdata(errors)
    larger = (ranks[has_twin].sum() - n_with * (n_with + 1) / 2) / (n_with * n_without)
    chance = 1.0 - float(larger)
    error = np.sqrt((n_with + n_without + 1) / (12 * n_with * n_without))
    return chance if chance >= _SMALLER and chance - 0.5 >= _SURE * error else None
