"""Stamps → the frequency that explains them, or a refusal that says what was seen.

The most frequent step between the stamps of one series names the candidates, for gaps only make steps longer. A
candidate explains the stamps where no period of a series holds two of them, most of the periods hold one, and most
stamps of a series are at the same place in their periods.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from octopus.dataset import Rows
from octopus.errors import InvalidData, InvalidParameter
from octopus.series.frequency import ANCHORS, CLOCK, DAY, Frequency, Stamps, as_integers

#: A third of the periods may be missing: half leaves room for the luck of short series, and beyond it the frequency
#: would be more of a guess than an observation.
_MAX_MISSING = 0.5
#: Stamps that need not be where the others are: a fifth of the Mondays may be holidays.
_MIN_ON_GRID = 0.8
#: Days in UTC begin an hour earlier in summer.
_CLOCK_CHANGE = CLOCK["h"]
#: Where more than half of the steps are longer than so many periods, three quarters of the rows would be missing.
_LONG_STEP = 3
#: Below this number of steps, their common divisor is chance.
_MIN_STEPS = 4
_SHORTEST_MONTH = 28
#: From long to short, days: what to name where nothing fits.
_NEAREST = {"YS": 365.0, "QS": 90.0, "MS": 28.0, "W": 7.0} | {name: length / DAY for name, length in CLOCK.items()}


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """The distinct stamps of each series in order, as whole numbers."""

    integers: Rows
    series: Rows
    is_numbers: bool

    @classmethod
    def of(cls, stamps: Stamps, series: Rows) -> _Seen:
        integers = as_integers(stamps)
        order = np.lexsort((integers, series))
        integers, series = integers[order], series[order]
        is_copy = (np.diff(integers, prepend=-1) == 0) & (np.diff(series, prepend=-1) == 0)
        is_numbers = not isinstance(stamps, pd.DatetimeIndex)
        return cls(integers=integers[~is_copy], series=series[~is_copy], is_numbers=is_numbers)

    def steps(self, values: Rows) -> Rows:
        """Return the differences of values that follow each other in one series."""
        differences: Rows = np.diff(values)[self.series[1:] == self.series[:-1]]
        return differences

    def stamps(self) -> Stamps:
        return pd.Index(self.integers) if self.is_numbers else pd.DatetimeIndex(self.integers.view("datetime64[us]"))


def infer_frequency(stamps: Stamps, series: Rows) -> Frequency:
    """Find the frequency that all series have.

    Parameters
    ----------
    stamps : Index of shape (n_rows,)
        Stamps without a zone, or whole numbers, in any order.
    series : ndarray of shape (n_rows,), int64
        Number of the series that each row is of.

    Returns
    -------
    Frequency
        Its stamps are those that were seen: the same weekday, day of the month and time of day.

    Raises
    ------
    InvalidData
        No frequency explains the stamps; the message says what was seen and what to pass.
    """
    seen = _Seen.of(stamps, series)
    steps = seen.steps(seen.integers)
    if not len(steps):
        raise InvalidData(
            "the frequency of the time column cannot be told: no series has rows at two times. Pass freq, such as "
            "freq='D', and check the columns that name the series."
        )
    found = _explanation(seen, steps)
    if found is None:
        most = _most(steps)
        word = Frequency(unit="number" if seen.is_numbers else "clock", step=most).alias
        raise InvalidData(
            f"no frequency explains the time column: the most frequent step between rows of one series is {word}, "
            f"which {np.mean(steps == most):.0%} of the {len(steps):,} steps are, and more than half of its periods "
            f"are missing or most rows are not at its times. Pass freq={_nearest(seen, steps)} if that is what the "
            "rows are meant to be, bring them to regular times, or name the columns of the series."
        )
    return found


def settle_frequency(asked: Frequency, stamps: Stamps, series: Rows) -> Frequency:
    """Bring a frequency that was asked for to the stamps that there are.

    Parameters
    ----------
    asked : Frequency
        Unit and step are kept.
    stamps : Index of shape (n_rows,)
        Stamps without a zone, or whole numbers, in any order.
    series : ndarray of shape (n_rows,), int64
        Number of the series that each row is of.

    Returns
    -------
    Frequency
        With the day and time of most stamps: ``"M"`` and stamps on the first give months that are known by it.

    Raises
    ------
    InvalidParameter
        The frequency is much finer than the stamps, or is one of dates for numbers or the other way round.
    InvalidData
        It is coarser: a series has several stamps in one period.
    """
    seen = _Seen.of(stamps, series)
    if (asked.unit == "number") != seen.is_numbers:
        holds, use = ("whole numbers", "a number such as 1") if seen.is_numbers else ("dates", "an alias such as 'D'")
        raise InvalidParameter("freq", asked.alias, f"the time column holds {holds}", f"Use {use}, or None.")
    found = _fitted(asked, seen)
    if found is None:
        crowded = int((seen.steps(asked.periods_of(seen.stamps())) == 0).sum())
        raise InvalidData(
            f"freq={asked.alias!r} is too coarse for the time column: {crowded:,} rows share their period with an "
            f"earlier row of the same series. Use {_alternative(seen)}, add the rows of a period up first, or name the "
            "columns that tell series apart."
        )
    steps = seen.steps(found.periods_of(seen.stamps()))
    if len(steps) >= _MIN_STEPS and (np.gcd.reduce(steps) > 1 or np.mean(steps > _LONG_STEP) > 0.5):
        why = f"most rows of a series are {int(np.median(steps))} such periods apart"
        raise InvalidParameter(
            "freq", asked.alias, why, f"Use {_alternative(seen)}, or add the rows of the periods without one."
        )
    return found


def _explanation(seen: _Seen, steps: Rows) -> Frequency | None:
    """Return the first candidate that explains the stamps."""
    for candidate in _candidates(seen, steps):
        fitted = _fitted(candidate, seen)
        if fitted is not None and _explains(fitted, seen):
            return fitted
    return None


def _candidates(seen: _Seen, steps: Rows) -> Iterator[Frequency]:
    """Yield the frequencies that the most frequent step may be of, the coarsest first."""
    most = _most(steps)
    if seen.is_numbers:
        yield Frequency(unit="number", step=most)
        yield Frequency(unit="number", step=int(np.gcd.reduce(steps)))
        return
    if most >= _SHORTEST_MONTH * DAY:
        months = seen.steps(Frequency(unit="month").periods_of(seen.stamps()))
        yield Frequency(unit="month", step=max(1, _most(months)))
    if most % (7 * DAY) == 0:
        yield Frequency(unit="week", step=most // (7 * DAY))
    if most == DAY and (steps >= 3 * DAY).any():  # a weekend was passed over
        yield Frequency(unit="business day")
    yield Frequency(unit="clock", step=most)


def _explains(frequency: Frequency, seen: _Seen) -> bool:
    periods = frequency.periods_of(seen.stamps())
    n_series = len(np.unique(seen.series))
    n_expected = int(seen.steps(periods).sum()) + n_series
    # One row on a weekend, and days are no business days.
    least = 1.0 if frequency.unit == "business day" else _MIN_ON_GRID
    late = pd.Series(seen.integers - as_integers(frequency.stamps_of(periods)))
    usual = late.groupby(seen.series).transform("median")  # one shop may be read at six and another at eight
    is_regular = (late - usual).abs() <= _tolerance_us(frequency)
    return len(periods) >= (1 - _MAX_MISSING) * n_expected and float(is_regular.mean()) >= least


def _fitted(frequency: Frequency, seen: _Seen) -> Frequency | None:
    """Return the frequency with the day and time of most stamps; None where periods hold several stamps."""
    half = min(frequency.step, DAY) // 2 if frequency.unit == "clock" else DAY // 2
    # Only where stamps come too early for their periods is the nearest period the better one.
    for lead_us in (0, half) if frequency.unit != "number" else (0,):
        variants = list(_variants(replace(frequency, lead_us=lead_us), seen))
        best = max(variants, key=lambda variant: _share_on_grid(variant, seen))
        if not (seen.steps(best.periods_of(seen.stamps())) == 0).any():
            return best
    return None


def _variants(frequency: Frequency, seen: _Seen) -> Iterator[Frequency]:
    """Yield the frequency with the days that may stand for its periods, the one asked for first."""
    if frequency.unit == "month":
        for anchor in dict.fromkeys((frequency.anchor, *ANCHORS)):
            yield _shifted(_phased(replace(frequency, anchor=anchor), seen), seen, most_us=DAY)
        yield _shifted(_phased(replace(frequency, anchor="start"), seen), seen, most_us=31 * DAY)
        return
    if frequency.unit == "week":
        days = Frequency(unit="clock", step=DAY, lead_us=frequency.lead_us).periods_of(seen.stamps())
        frequency = replace(frequency, weekday=_most((days + 3) % 7))
    yield _shifted(_phased(frequency, seen), seen, most_us=DAY)


def _phased(frequency: Frequency, seen: _Seen) -> Frequency:
    """Return the frequency with periods that begin where most stamps are."""
    if frequency.unit == "clock":  # hours begin with the hour, and readings five minutes later are shifted by them
        return frequency
    is_end = frequency.unit == "month" and "end" in frequency.anchor
    return replace(frequency, phase=_most((frequency.units_of(seen.integers) + is_end) % frequency.step))


def _shifted(frequency: Frequency, seen: _Seen, most_us: int) -> Frequency:
    """Return the frequency with stamps as far after the anchors as most are, by less than ``most_us``."""
    if frequency.unit == "number":
        return frequency
    late = seen.integers - frequency.anchors_of(frequency.periods_of(seen.stamps()))
    shift_us = _most(late)
    if frequency.unit != "clock" and abs(shift_us) >= most_us:
        shift_us = _most(late % DAY)
    return replace(frequency, shift_us=shift_us)


def _share_on_grid(frequency: Frequency, seen: _Seen) -> float:
    late = seen.integers - as_integers(frequency.stamps_of(frequency.periods_of(seen.stamps())))
    return float(np.mean(np.abs(late) <= _tolerance_us(frequency)))


def _tolerance_us(frequency: Frequency) -> int:
    is_short = frequency.unit == "number" or (frequency.unit == "clock" and frequency.step < DAY)
    return 0 if is_short else _CLOCK_CHANGE


def _most(values: Rows) -> int:
    """Return the most frequent value, the smallest of several."""
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[counts.argmax()])


def _nearest(seen: _Seen, steps: Rows) -> str:
    """Return what freq may be where nothing fits: the longest period that is no longer than most steps."""
    if seen.is_numbers:
        return "1"
    days = float(np.median(steps)) / DAY
    return repr(next((name for name, length in _NEAREST.items() if length <= days * 1.01), "us"))


def _alternative(seen: _Seen) -> str:
    steps = seen.steps(seen.integers)
    found = _explanation(seen, steps) if len(steps) else None
    return "another freq" if found is None else f"freq={found.step if seen.is_numbers else repr(found.alias)}"
