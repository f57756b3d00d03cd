"""The used columns as numbers and bins on the drawn rows, each with what it tells of the target by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import numpy as np

from octopus.blocks.categories import one_spelling
from octopus.dataset import Float, Rows
from octopus.findings.sample import Sample
from octopus.findings.signal import bins_of, line_signal, numbers_of, signal_of, values_of
from octopus.records import ColumnProfile


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A used column on the drawn rows.

    Parameters
    ----------
    profile : ColumnProfile
        What is recorded, with its signal.
    numbers : ndarray of shape (n_rows,) or None
        The column as numbers, NaN where missing; None for labels.
    values : ndarray of shape (n_rows,), int64
        Number of each row's value; 0 where missing.
    bins : ndarray of shape (n_rows,), int64
        Bin of each row; 0 where missing.
    """

    profile: ColumnProfile
    numbers: Float | None
    values: Rows
    bins: Rows

    @property
    def name(self) -> str:
        """The column's name."""
        return self.profile.name

    @property
    def signal(self) -> float:
        """What the column tells of the target, from 0 to 1."""
        return self.profile.signal or 0.0


def measure_columns(profiles: Iterable[ColumnProfile], sample: Sample) -> tuple[Measured, ...]:
    """Measure every column that is used, as scripts will read it.

    Parameters
    ----------
    profiles : iterable of ColumnProfile
        Every column.
    sample : Sample
        The rows.

    Returns
    -------
    tuple of Measured
        Those in use, in their order.
    """
    return tuple(_measure(profile, sample) for profile in profiles if profile.used)


def _measure(profile: ColumnProfile, sample: Sample) -> Measured:
    column = sample.table[profile.name]
    if profile.respelled:
        column = one_spelling(column)
    numbers = numbers_of(column, profile)
    if numbers is not None and profile.missing_codes:
        numbers = np.where(np.isin(numbers, profile.missing_codes), np.nan, numbers)
    values = values_of(column, numbers)
    bins = bins_of(values, numbers is not None)
    line = 0.0 if numbers is None else line_signal(numbers, sample)
    signal = round(max(signal_of(bins, sample), line), 4)
    return Measured(profile=msgspec.structs.replace(profile, signal=signal), numbers=numbers, values=values, bins=bins)
