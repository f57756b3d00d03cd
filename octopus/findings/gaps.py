"""Whether the gaps of a column tell the target: what is filled in only once the answer is known.

A refund's date stands in refunded orders alone. The values that it then holds need not tell anything, so gaps are
looked at for themselves: against each class or, of a number that is often the same (zero hours, no cost), against
that number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from octopus.dataset import Float, Rows
from octopus.findings.likeness import MIN_AGREEMENT, MIN_ROWS, agreement
from octopus.findings.sample import Sample
from octopus.findings.signal import signal_of

#: Rows with a value and rows without one: fewer are chance or few enough to be looked at by eye.
_MIN_ROWS = 20
#: Share of the rows with (or without) a value that hold one answer; a slip in fifty is a slip.
_MIN_PURE = 0.98
#: Chance that as many rows hold one answer without a reason, over all that is looked at.
_MAX_CHANCE = 1e-6
#: 2 AUC - 1, or R², of the gaps alone from which they mirror the target: an AUC of 0.8.
_MIRRORS = 0.6
#: A number that repeats in this share of the rows is an answer of its own.
_OFTEN = 0.05


@dataclass(frozen=True, kw_only=True)
class GapSignal:
    """What the gaps of a column tell of the target.

    Parameters
    ----------
    signal : float
        What they tell alone, as :func:`octopus.findings.signal.signal_of` gives it.
    is_one_sided : bool
        Whether nearly all rows with a value, or nearly all without, hold one answer, beyond chance.
    is_the_answer : bool
        Whether a value is there for one answer and for no other.
    """

    signal: float = 0.0
    is_one_sided: bool = False
    is_the_answer: bool = False

    @property
    def mirrors(self) -> bool:
        """Whether gaps mirror the target."""
        return self.is_one_sided or self.signal >= _MIRRORS


def what_gaps_tell(bins: Rows, sample: Sample) -> GapSignal:
    """Return what the gaps of a column tell of the target.

    Parameters
    ----------
    bins : ndarray of shape (n_rows,), int64
        Bins of the column, 0 where missing.
    sample : Sample
        The rows.

    Returns
    -------
    GapSignal
        Nothing where fewer than 20 rows have a value or have none.
    """
    has_value: NDArray[np.bool_] = bins > 0
    n_filled = int(has_value.sum())
    answers = _answers(sample)
    if min(n_filled, len(bins) - n_filled) < _MIN_ROWS or len(bins) < MIN_ROWS or not answers.shape[1]:
        return GapSignal()
    return GapSignal(
        signal=max(signal_of(has_value.astype(np.int64), sample, targets) for targets in (sample.targets, answers)),
        is_one_sided=any(_is_one_answer(side, answer) for side in (has_value, ~has_value) for answer in answers.T),
        is_the_answer=any(agreement(has_value + 1, answer.astype(np.int64)) >= MIN_AGREEMENT for answer in answers.T),
    )


def _answers(sample: Sample) -> Float:
    """Return a column of zeros and ones for each class, or for the number that repeats most and for all others."""
    if sample.targets.shape[1] != 1:
        return sample.targets
    is_it = sample.targets[:, 0]
    if not sample.is_classification:
        values, counts = np.unique(sample.y, return_counts=True)
        if counts.max() < max(_MIN_ROWS, _OFTEN * len(sample)):
            return np.empty((len(sample), 0))
        is_it = (sample.y == values[counts.argmax()]).astype(np.float64)
    return np.column_stack([is_it, 1 - is_it])


def _is_one_answer(side: NDArray[np.bool_], answer: Float) -> bool:
    n_rows, share = int(side.sum()), float(answer.mean())
    n_others = n_rows - int(answer[side].sum())
    return n_others <= (1 - _MIN_PURE) * n_rows and float(binom.cdf(n_others, n_rows, 1 - share)) <= _MAX_CHANCE
