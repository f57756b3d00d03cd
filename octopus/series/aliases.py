"""What users call frequencies → Frequency."""

from __future__ import annotations

import datetime as dt
import re
from numbers import Integral

import numpy as np
import pandas as pd
from pandas.tseries.offsets import BaseOffset

from octopus.errors import InvalidParameter
from octopus.series.frequency import ANCHORS, CLOCK, LETTERS, MONTHS, WEEKDAYS, Frequency, Unit

#: What pandas called its aliases before version 2.2.
_FORMERLY = {
    "M": "ME", "Q": "QE", "Y": "YE", "A": "YE", "AS": "YS", "BM": "BME", "BQ": "BQE", "BY": "BYE", "BA": "BYE",
    "BAS": "BYS", "H": "h", "T": "min", "S": "s", "L": "ms", "U": "us", "d": "D",
}  # fmt: skip
_REMEDY = (
    "Use an alias of pandas such as 'D', 'B', 'W-MON', 'MS', 'QS', 'YS', 'h' or '15min', or 1 where the time column "
    "holds whole numbers."
)


def read_frequency(freq: object) -> Frequency:
    """Read what a user names as frequency.

    Parameters
    ----------
    freq : str, int, timedelta, offset or Frequency
        An alias of pandas, of today or of before 2.2; a number where the time column holds whole numbers.

    Returns
    -------
    Frequency
        With the day and time that the alias itself stands for.

    Raises
    ------
    InvalidParameter
        It names no frequency, or one that has no regular periods (half months, business hours).
    """
    if isinstance(freq, Frequency):
        return freq
    if isinstance(freq, dt.timedelta | np.timedelta64):  # to NumPy the latter is a whole number too
        found = Frequency(unit="clock", step=pd.Timedelta(freq) // pd.Timedelta(1, "us"))
    elif isinstance(freq, Integral) and not isinstance(freq, bool):
        found = Frequency(unit="number", step=int(freq))
    else:
        found = _parse(freq.freqstr if isinstance(freq, BaseOffset) else freq)
    if found.step < 1:
        raise InvalidParameter("freq", freq, "a period lasts longer than nothing", _REMEDY)
    return found


def _parse(freq: object) -> Frequency:
    found = re.fullmatch(r"\s*(\d*)\s*([A-Za-z]*)(?:-([A-Za-z]{3}))?\s*", freq) if isinstance(freq, str) else None
    if found is None or not (found[1] or found[2]):
        raise InvalidParameter("freq", freq, "it names no frequency", _REMEDY)
    step, name, suffix = int(found[1] or 1), _FORMERLY.get(found[2], found[2]), (found[3] or "").upper()
    frequency = _named(step, name, suffix)
    if frequency is None:
        raise InvalidParameter("freq", freq, "it names no frequency of regular periods", _REMEDY)
    return frequency


def _named(step: int, name: str, suffix: str) -> Frequency | None:
    """Return the frequency of an alias in its parts; None where there is none."""
    months = re.fullmatch(r"(B?)([MQY])([SE])", name)
    if months and (suffix in MONTHS if suffix and months[2] != "M" else not suffix):
        length = LETTERS[months[2]]
        is_start = months[3] == "S"
        month = MONTHS.index(suffix) if suffix else 0 if is_start else 11
        phase = (month if is_start else month + 1) % length
        anchor = ANCHORS[(0 if is_start else 1) + (2 if months[1] else 0)]
        return Frequency(unit="month", step=step * length, phase=phase, anchor=anchor)
    if name == "W" and (not suffix or suffix in WEEKDAYS):
        return Frequency(unit="week", step=step, weekday=WEEKDAYS.index(suffix or "SUN"))
    if suffix:
        return None
    if name in CLOCK:
        return Frequency(unit="clock", step=step * CLOCK[name])
    units: dict[str, Unit] = {"B": "business day", "": "number"}
    return Frequency(unit=units[name], step=step) if name in units else None
