"""A time column as the user has it → stamps without a zone, and back into the same form.

What is learned from the column is a :class:`StampForm`: later rows are read by it, so that one row alone gives what it
gives among others. Where there are zones, times are those of the clock on the wall if that always shows the same time,
for a day is a day there also when clocks change; times within days are in UTC, where no hour comes twice.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.api import guess_datetime_format

from octopus.blocks.dates import is_day_first, moments
from octopus.errors import InvalidData
from octopus.series.frequency import Frequency, Stamps

Column: TypeAlias = "pd.Series[Any]"

#: Whole numbers that stand for years, months and days, unless a step of whole numbers is asked for.
_NUMBERS = {"%Y": (1500, 2200), "%Y%m": (150001, 220012), "%Y%m%d": (15000101, 22001231)}
#: What pandas does not guess.
_FORMATS = (
    "%Y-%m", "%Y/%m", "%m/%Y", "%Y%m%d", "%Y%m", "%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%Y-Q%q", "%YQ%q", "%Y Q%q",
    "%G-W%V",
)  # fmt: skip
_OFFSET = r"\s*(Z|[+-]\d{2}:?\d{2})$"
#: Rows that a message names.
_NAMED_ROWS = 3


@dataclass(frozen=True, kw_only=True)
class StampForm:
    """How a time column is written.

    Parameters
    ----------
    kind : {"datetime", "date", "period", "text", "number"}
        Numbers such as 2024, 202412 and 20241231 are text of another type; other numbers are those of periods.
    dtype : str
        Of pandas.
    format : str or None
        Of text; None where texts are in several.
    day_first : bool, default=False
        How text in several formats has 01/02/2024.
    zone : str or None
        Name or offset of the only zone.
    clock : {"none", "wall", "utc"}
        Which times of zones are used; "none" where there are no zones.
    notes : tuple of str
        What was done that its reader may not expect, one sentence each.
    """

    kind: Literal["datetime", "date", "period", "text", "number"]
    dtype: str
    format: str | None = None
    day_first: bool = False
    zone: str | None = None
    clock: Literal["none", "wall", "utc"] = "none"
    notes: tuple[str, ...] = ()


def learn_form(column: Column, frequency: Frequency | None = None) -> StampForm:
    """Find out how a time column is written.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Datetimes, dates, periods, text, years, numbers such as 202412 or 20241231, or whole numbers of periods.
    frequency : Frequency or None
        What is asked for: whole numbers are no years where it is one of whole numbers.

    Returns
    -------
    StampForm
        By which :func:`read_stamps` reads this column and later ones.

    Raises
    ------
    InvalidData
        The column is no time.
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return learn_form(column.astype(dtype.categories.dtype), frequency)
    if isinstance(dtype, pd.PeriodDtype):
        return StampForm(kind="period", dtype=str(dtype))
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return _with_clock(StampForm(kind="datetime", dtype=str(dtype), zone=_zone_of(column)), column)
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype):
        raise InvalidData(f"column {column.name!r} holds {dtype} values, which are no times. Name another time column.")
    if pd.api.types.is_numeric_dtype(dtype):
        return _form_of_numbers(column, frequency)
    kinds = {type(value) for value in column.dropna()}
    if kinds and all(issubclass(kind, dt.datetime) for kind in kinds):
        return _with_clock(StampForm(kind="datetime", dtype="object", zone=_zone_of(column)), column)
    if kinds == {dt.date}:
        return StampForm(kind="date", dtype="object")
    if kinds == {pd.Period}:
        return StampForm(kind="period", dtype=str(pd.PeriodIndex(column.dropna()).dtype))
    return _with_clock(_form_of_texts(column), column)


def read_stamps(column: Column, form: StampForm) -> Stamps:
    """Read a time column.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Written in this form.
    form : StampForm
        From :func:`learn_form`, of this column or of an earlier one.

    Returns
    -------
    Index of shape (n_rows,)
        Stamps without a zone, to the microsecond; the first day of a period; whole numbers where the form is those.

    Raises
    ------
    InvalidData
        A value is missing or no time; the message names at most three rows, by position, and no value.
    """
    if form.kind == "number":
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        _refuse(column, ~np.isfinite(numbers) | (numbers != np.floor(numbers)), "no whole number")
        whole: Stamps = pd.Index(pd.to_numeric(column).to_numpy(dtype=np.int64))
        return whole
    read = _read(column, form)
    _refuse(column, read.isna().to_numpy(), "missing or no time in the form of the column")
    return pd.DatetimeIndex(read.astype("datetime64[us]"))


def write_stamps(stamps: Stamps, form: StampForm) -> Column:
    """Write stamps in the form of a time column.

    Parameters
    ----------
    stamps : Index of shape (n,)
        As :func:`read_stamps` gives them.
    form : StampForm
        Of the column.

    Returns
    -------
    Series of shape (n,)
        What :func:`read_stamps` reads as the same stamps. Where several zones were there, it is in none, or in UTC.
    """
    if not isinstance(stamps, pd.DatetimeIndex):
        return _typed(pd.Series(stamps), form)
    if form.kind == "text":
        return _texts(stamps, form)
    if form.kind == "date":
        return pd.Series(stamps.date, dtype=object)
    if form.kind == "period":
        return pd.Series(stamps.astype(form.dtype))
    if form.clock == "utc":
        stamps = stamps.tz_localize("UTC").tz_convert(form.zone or "UTC")
    elif form.zone is not None:  # midnight that a clock change leaves out is the hour after
        stamps = stamps.tz_localize(form.zone, nonexistent="shift_forward", ambiguous=np.ones(len(stamps), dtype=bool))
    return _typed(pd.Series(stamps), form)


def _read(column: Column, form: StampForm) -> Column:
    """Return the column as datetimes without a zone, NaT where there is none; datetimes fit every form."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        if form.clock == "utc":
            return pd.to_datetime(column, utc=True).dt.tz_localize(None)
        has_name = form.kind == "datetime" and form.zone and isinstance(column.dtype, pd.DatetimeTZDtype)
        return (column.dt.tz_convert(form.zone) if has_name else column).dt.tz_localize(None)
    if form.kind == "period":
        return pd.Series(pd.PeriodIndex(column, dtype=form.dtype).to_timestamp())
    if form.kind == "text":
        codes, distinct = pd.factorize(column)
        parsed = _parse(pd.Series(distinct), form).to_numpy(dtype="datetime64[us]")
        return pd.Series(np.append(parsed, np.datetime64("NaT", "us"))[codes])  # -1 where a value is missing
    if column.map(lambda value: isinstance(value, str)).any():
        return _parse(column, replace(form, format=None))
    if form.clock == "wall":
        column = column.map(_without_zone, na_action="ignore")
    return pd.to_datetime(column, errors="coerce", utc=True).dt.tz_localize(None)


def _parse(texts: Column, form: StampForm) -> Column:
    texts = texts.astype(object).map(_text, na_action="ignore")
    if form.clock == "wall":
        texts = texts.astype("str").str.replace(_OFFSET, "", regex=True)
    if form.format is None:
        return moments(texts, form.day_first)
    if "%q" in form.format:
        pattern = form.format.replace("%Y", r"(\d{4})").replace("%q", "([1-4])")
        parts = texts.astype("str").str.extract(f"^{pattern}$").astype("float64")
        months = parts[0] * 12 + (parts[1] - 1) * 3
        return pd.to_datetime({"year": months // 12, "month": months % 12 + 1, "day": 1}, errors="coerce")
    if form.format == "%G-W%V":
        return pd.to_datetime(texts + "-1", format="%G-W%V-%u", errors="coerce")
    pattern = form.format.removesuffix("%z").rstrip() if form.clock == "wall" else form.format
    return pd.to_datetime(texts, format=pattern, errors="coerce", utc=True).dt.tz_localize(None)


def _texts(stamps: pd.DatetimeIndex, form: StampForm) -> Column:
    is_days = bool((stamps == stamps.normalize()).all())
    pattern = form.format or ("%Y-%m-%d" if is_days else "%Y-%m-%dT%H:%M:%S")
    if "%q" in pattern:
        return _typed(pd.Series(stamps.to_period("Q").strftime(pattern)), form)
    suffix = {"none": "", "wall": form.zone or "", "utc": "+00:00"}[form.clock]
    return _typed(pd.Series(stamps.strftime(pattern.removesuffix("%z"))) + suffix, form)


def _typed(values: Column, form: StampForm) -> Column:
    typed: Column = values.astype(pd.api.types.pandas_dtype(form.dtype))
    return typed


def _form_of_numbers(column: Column, frequency: Frequency | None) -> StampForm:
    form = StampForm(kind="text", dtype=str(column.dtype))
    known = column.dropna()
    for pattern, (first, last) in _NUMBERS.items() if frequency is None or frequency.unit != "number" else ():
        written = replace(form, format=pattern, notes=(f"Whole numbers are read as dates ({pattern}).",))
        if len(known) and known.between(first, last).all() and _parse(known, written).notna().all():
            return written
    return replace(form, kind="number")


def _form_of_texts(column: Column) -> StampForm:
    texts = column.dropna().drop_duplicates().astype(str).str.strip()
    day_first = is_day_first(texts)
    notes: tuple[str, ...] = ()
    if not day_first and _has_one_first_number(texts):
        day_first, notes = True, ("Dates are read with the day first, for the first number is always the same.",)
    guessed = guess_datetime_format(texts.iloc[0], dayfirst=day_first) if len(texts) else None
    formats = [pattern for pattern in (guessed, *_FORMATS) if pattern]
    form = StampForm(kind="text", dtype=str(column.dtype), day_first=day_first, notes=notes)
    shares: list[float] = []
    while len(shares) < len(formats) and 1.0 not in shares:
        shares.append(float(_parse(texts, replace(form, format=formats[len(shares)])).notna().mean()))
    mixed = 0.0 if 1.0 in shares else float(_parse(texts, form).notna().mean())
    if max(mixed, *shares) < 0.5:
        raise InvalidData(
            f"column {column.name!r} holds text that is no time. Name another time column, or write its times like "
            "2024-12-31."
        )
    if mixed > max(shares):
        several = "Times are written in several formats; each is read for itself."
        return replace(form, notes=(*notes, several))
    return replace(form, format=formats[int(np.argmax(shares))])


def _has_one_first_number(texts: Column) -> bool:
    """Tell whether months would all be the same one, were they first: then they are days, always the first, say."""
    numbers = texts.astype(str).str.extract(r"^(\d{1,2})[/-](\d{1,2})[/-]\d{2,4}")
    is_month = numbers[1].astype("float64").max() <= 12
    return bool(is_month and len(numbers[0].unique()) == 1 and len(numbers[1].unique()) > 1)


def _with_clock(form: StampForm, column: Column) -> StampForm:
    """Return the form with the clock to use, and what that means."""
    if form.kind == "text":
        if not (form.format or "").endswith("%z"):
            return form
        offsets = column.drop_duplicates().astype("str").str.strip().str.extract(_OFFSET)[0].dropna().unique()
        form = replace(form, zone=str(offsets[0]) if len(offsets) == 1 else None)
    elif form.zone is None and not _are_aware(column):
        return form
    wall = _read(column, replace(form, clock="wall"))
    is_daily = len((wall - wall.dt.normalize()).dropna().unique()) <= 1
    if is_daily or (form.kind == "text" and form.zone is not None):  # one offset never changes
        several = () if form.zone else ("Times are in several zones; each is read as its own clock shows it.",)
        return replace(form, clock="wall", notes=(*form.notes, *several))
    zones = f"in {form.zone}" if form.zone else "in several zones"
    return replace(form, clock="utc", notes=(*form.notes, f"Times are {zones}; they are read in UTC."))


def _are_aware(column: Column) -> bool:
    return column.dtype == object and any(value.tzinfo is not None for value in column.dropna())


def _zone_of(column: Column) -> str | None:
    """Return the only zone of datetimes, if there is one."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return str(column.dtype.tz)
    if column.dtype != object:
        return None
    zones = {str(value.tzinfo) if value.tzinfo else None for value in column.dropna()}
    return zones.pop() if len(zones) == 1 else None


def _text(value: object) -> str:
    """Return what is written; numbers that stand for dates may have become floats where some are missing."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _without_zone(moment: dt.date) -> dt.date:
    return moment.replace(tzinfo=None) if isinstance(moment, dt.datetime) else moment


def _refuse(column: Column, is_bad: NDArray[np.bool_], why: str) -> None:
    rows = np.flatnonzero(is_bad)
    if not len(rows):
        return
    named = ", ".join(str(row) for row in rows[:_NAMED_ROWS])
    raise InvalidData(
        f"column {column.name!r}: {len(rows):,} of {len(column):,} values are {why}, such as in row {named} (counted "
        "from 0). Correct these rows or drop them."
    )
