"""The rows to come, for the user to fill and for ``predict``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from octopus.series.frequency import Frequency
from octopus.series.regular import number_series
from octopus.series.stamps import StampForm, read_stamps, write_stamps


def make_future(
    table: pd.DataFrame,
    time: str,
    series: Sequence[str],
    frequency: Frequency,
    form: StampForm,
    horizon: int,
    after: Literal["all", "each"] = "all",
) -> pd.DataFrame:
    """Return a row for each of the next periods of each series.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        The history: time, series and covariates.
    time : str
        Its time column.
    series : sequence of str
        Columns whose values together name a series.
    frequency : Frequency
        Of the series, as it was found for this table.
    form : StampForm
        Of the time column.
    horizon : int
        Periods to come.
    after : {"all", "each"}, default="all"
        What they follow: the last period of all series, or that of each series.

    Returns
    -------
    DataFrame of shape (n_series * horizon, n_columns)
        The user's columns in their order; series in the order in which they come first, each in the order of time.
        Times are written as in the table; covariates are missing.
    """
    numbers = number_series(table, series)
    periods = pd.Series(frequency.periods_of(read_stamps(table[time], form)))
    last = periods.groupby(numbers).max().to_numpy(dtype=np.int64)
    if after == "all":
        last = np.full(len(last), last.max(initial=0))
    steps = np.arange(1, horizon + 1)
    first_rows = np.repeat(np.unique(numbers, return_index=True)[1], horizon)
    times = write_stamps(frequency.stamps_of((last[:, None] + steps).ravel()), form)
    future = table.iloc[:0].reset_index(drop=True).reindex(range(len(first_rows)))
    for name in series:
        future[name] = table[name].iloc[first_rows].reset_index(drop=True)
    return future.assign(**{time: times})
