"""Dates as numbers that a model can use."""

from __future__ import annotations

import pandas as pd


def is_day_first(column: pd.Series) -> bool:
    """Tell whether dates written with slashes, points or dashes begin with the day.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Texts, or dates.

    Returns
    -------
    bool
        True where a first number above 12, or the points of 31.12.2024, say so more often than a second number
        above 12 denies it.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        return False
    text = column.dropna().astype(str)
    numbers = text.str.extract(r"^\s*(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}").astype("float64")
    pointed = text.str.contains(r"^\s*\d{1,2}\.\d{1,2}\.\d", regex=True)
    return bool(((numbers[0] > 12) | pointed).sum() > (numbers[1] > 12).sum())


def moments(column: pd.Series, day_first: bool = False) -> pd.Series:
    """Read a column as points in time.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Dates, texts in any mixture of formats, or numbers such as 20241231.
    day_first : bool
        How to read 01/02/2024.

    Returns
    -------
    Series of shape (n_rows,), datetime64
        UTC without a zone; NaT where there is no date. Each value is read for itself, so that one row alone gives
        what it gives among others.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    if pd.api.types.is_numeric_dtype(column.dtype):
        text = column.map("{:.0f}".format, na_action="ignore").astype(object)
        return pd.to_datetime(text, format="%Y%m%d", errors="coerce")
    text = column.astype(object).where(column.notna(), "").astype(str)
    # pandas reads 2024-01-02 as the first of February where days come first.
    begins_with_year = text.str.contains(r"^\s*\d{4}", regex=True)
    iso = timestamps(text.where(begins_with_year), day_first=False)
    return iso.fillna(timestamps(text.where(~begins_with_year), day_first))


def timestamps(text: pd.Series, day_first: bool) -> pd.Series:
    """Parse texts one by one, whatever their formats.

    Parameters
    ----------
    text : Series of shape (n_rows,)
        Texts.
    day_first : bool
        How to read 01/02/2024.

    Returns
    -------
    Series of shape (n_rows,), datetime64
        UTC without a zone; NaT where it is no date.
    """
    read = pd.to_datetime(text, format="mixed", dayfirst=day_first, errors="coerce", utc=True)
    return read.dt.tz_localize(None)


def date_parts(column: pd.Series, day_first: bool = False) -> pd.DataFrame:
    """Split dates into days elapsed, year, month, day, weekday and hour.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Dates, or what :func:`moments` reads.
    day_first : bool
        How to read 01/02/2024.

    Returns
    -------
    DataFrame of shape (n_rows, 6), float64
        NaN where there is no date. Days count from 1970-01-01, weekdays from Monday = 0.
    """
    moment = moments(column, day_first)
    parts = {
        "days": (moment - pd.Timestamp(0)) / pd.Timedelta(days=1),
        "year": moment.dt.year,
        "month": moment.dt.month,
        "day": moment.dt.day,
        "weekday": moment.dt.day_of_week,
        "hour": moment.dt.hour,
    }
    return pd.DataFrame({f"{column.name} {part}": values for part, values in parts.items()}, dtype="float64")
