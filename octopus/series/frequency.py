"""Frequency: the calendar by which the periods of a time series are numbered.

Everything after works on the numbers, whole ones: a gap is a number that is missing, a month later is one more, and
neither month ends nor clock changes matter any longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.dataset import Rows

#: Stamps without a zone (DatetimeIndex), or whole numbers where the time column holds numbers of periods.
Stamps: TypeAlias = "pd.Index[Any]"
Unit = Literal["number", "clock", "week", "business day", "month"]
Anchor = Literal["start", "end", "business start", "business end"]

DAY = 86_400_000_000
#: Microseconds of what a clock counts, the longest first.
CLOCK = {"D": DAY, "h": DAY // 24, "min": 60_000_000, "s": 1_000_000, "ms": 1000, "us": 1}
ANCHORS: tuple[Anchor, ...] = ("start", "end", "business start", "business end")
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
#: Months of pandas' letters.
LETTERS = {"M": 1, "Q": 3, "Y": 12}
#: A season shorter than this is none, unless it is the day's or the week's: four quarters of an hour say nothing.
_MIN_SEASON = 24


@dataclass(frozen=True, kw_only=True)
class Frequency:
    """A calendar of periods.

    Parameters
    ----------
    unit : {"number", "clock", "week", "business day", "month"}
        What a period is counted in.
    step : int, default=1
        Units that a period lasts; of a clock microseconds.
    phase : int, default=0
        Unit that period 0 begins with: April for a year of that begin, say.
    anchor : {"start", "end", "business start", "business end"}, default="start"
        Day that stands for a period of months.
    weekday : int, default=6
        Day that a week ends with and that stands for it, as pandas has it; Monday is 0.
    lead_us : int, default=0
        Microseconds that a stamp may come before its period: midnights of London in UTC are an hour early in summer.
    shift_us : int, default=0
        Microseconds from the day, or moment, that stands for a period to the stamps: six hours for readings at six.
    """

    unit: Unit
    step: int = 1
    phase: int = 0
    anchor: Anchor = "start"
    weekday: int = 6
    lead_us: int = 0
    shift_us: int = 0

    @property
    def alias(self) -> str:
        """The name of the frequency: pandas' alias, or the step of whole numbers."""
        if self.unit == "number":
            return str(self.step)
        if self.unit == "week":
            return _times(self.step, f"W-{WEEKDAYS[self.weekday]}")
        if self.unit == "business day":
            return _times(self.step, "B")
        if self.unit == "month":
            return self._alias_of_months()
        name = next(name for name, length in CLOCK.items() if self.step % length == 0)
        return _times(self.step // CLOCK[name], name)

    @property
    def seasons(self) -> tuple[int, ...]:
        """Periods after which what is seen may come again, by the field's convention, the shortest first; at least one.

        Those of Hyndman and Athanasopoulos (2021, Forecasting: principles and practice, section 12.1).
        """
        if self.unit == "month":
            return (max(1, 12 // self.step),) if 12 % self.step == 0 else (1,)
        if self.unit == "clock" and self.step < DAY:
            return self._seasons_of_a_clock()
        if self.unit == "clock":
            days = self.step // DAY
            return (7, 365) if days == 1 else (max(1, 365 // days),)
        return (max(1, {"week": 52, "business day": 5}.get(self.unit, 1) // self.step),)

    def periods_of(self, stamps: Stamps) -> Rows:
        """Return the number of the period that each stamp is in.

        Parameters
        ----------
        stamps : Index of shape (n,)
            Stamps without a zone and without gaps, or whole numbers.

        Returns
        -------
        ndarray of shape (n,), int64
            A Saturday is in the business day that follows, as in pandas.
        """
        return (self.units_of(as_integers(stamps)) - self.phase) // self.step

    def stamps_of(self, periods: Rows) -> Stamps:
        """Return the stamps that stand for periods.

        Parameters
        ----------
        periods : ndarray of shape (n,), int64
            Numbers of periods.

        Returns
        -------
        Index of shape (n,)
            Stamps without a zone, or whole numbers.
        """
        numbers = np.asarray(periods, dtype=np.int64)
        if self.unit == "number":
            return pd.Index(numbers * self.step + self.phase)
        moments = self.anchors_of(numbers) + self.shift_us
        if self.unit == "month":  # the 31st is the 30th where a month has no more days
            after = _first_days((numbers + 1) * self.step + self.phase)
            moments = np.minimum(moments, (after - 1) * DAY + self.shift_us % DAY)
        return pd.DatetimeIndex(moments.view("datetime64[us]"))

    def is_on_grid(self, stamps: Stamps) -> NDArray[np.bool_]:
        """Return which stamps are those that stand for their periods.

        Parameters
        ----------
        stamps : Index of shape (n,)
            Stamps without a zone, or whole numbers.

        Returns
        -------
        ndarray of shape (n,), bool
            False for the second of a month, say, where months are known by their first.
        """
        on_grid: NDArray[np.bool_] = as_integers(stamps) == as_integers(self.stamps_of(self.periods_of(stamps)))
        return on_grid

    def units_of(self, integers: Rows) -> Rows:
        """Return the unit that each moment is in.

        Parameters
        ----------
        integers : ndarray of shape (n,), int64
            Microseconds since 1970, or whole numbers.

        Returns
        -------
        ndarray of shape (n,), int64
            Numbers of units, from 1970 on.
        """
        if self.unit == "number":
            return integers
        moments = integers + self.lead_us
        if self.unit == "clock":
            return moments
        days = moments // DAY
        if self.unit == "week":
            return (days + 9 - self.weekday) // 7  # 1970 began with a Thursday
        if self.unit == "business day":
            return (days + 3) // 7 * 5 + np.minimum((days + 3) % 7, 5)
        return days.view("datetime64[D]").astype("datetime64[M]").astype(np.int64)

    def anchors_of(self, periods: Rows) -> Rows:
        """Return the moments that stand for periods, before the shift to the stamps.

        Parameters
        ----------
        periods : ndarray of shape (n,), int64
            Numbers of periods.

        Returns
        -------
        ndarray of shape (n,), int64
            Microseconds since 1970, or whole numbers.
        """
        units = periods * self.step + self.phase
        if self.unit in ("number", "clock"):
            return units
        if self.unit == "week":
            return (units * 7 + self.weekday - 3) * DAY
        if self.unit == "business day":
            return (units // 5 * 7 + units % 5 - 3) * DAY
        days = _first_days(units) if "start" in self.anchor else _first_days(units + self.step) - 1
        if "business" in self.anchor:
            roll: Literal["forward", "backward"] = "forward" if "start" in self.anchor else "backward"
            days = np.busday_offset(days.view("datetime64[D]"), 0, roll=roll).astype(np.int64)
        return days * DAY

    def _alias_of_months(self) -> str:
        letter = "Y" if self.step % 12 == 0 else "Q" if self.step % 3 == 0 else "M"
        is_start = "start" in self.anchor
        name = f"{'B' if 'business' in self.anchor else ''}{letter}{'S' if is_start else 'E'}"
        if letter == "Q":  # pandas names quarters by January to March, or by October to December
            month = self.phase % 3 if is_start else (self.phase - 1) % 3 + 9
        else:
            month = self.phase % 12 if is_start else (self.phase - 1) % 12
        usual = 0 if is_start else 11
        suffix = "" if letter == "M" or month == usual else f"-{MONTHS[month]}"
        return _times(self.step // LETTERS[letter], name + suffix)

    def _seasons_of_a_clock(self) -> tuple[int, ...]:
        found = [
            length // self.step
            for length, least in (*((CLOCK[name], _MIN_SEASON) for name in ("s", "min", "h")), (DAY, 2), (7 * DAY, 2))
            if length % self.step == 0 and length // self.step >= least
        ]
        return tuple(found[:2]) or (1,)


def as_integers(stamps: Stamps) -> Rows:
    """Return stamps as microseconds since 1970, and whole numbers as they are.

    Parameters
    ----------
    stamps : Index of shape (n,)
        Stamps without a zone, or whole numbers.

    Returns
    -------
    ndarray of shape (n,), int64
        What is finer than a microsecond is cut off.
    """
    if isinstance(stamps, pd.DatetimeIndex):
        return stamps.as_unit("us").asi8
    return stamps.to_numpy(dtype=np.int64)


def _first_days(months: Rows) -> Rows:
    """Return the first days of months, in days since 1970."""
    return months.view("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _times(step: int, name: str) -> str:
    return name if step == 1 else f"{step}{name}"
