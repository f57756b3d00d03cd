"""Rolling origins: what was known then, and what came after (Tashman 2000, doi:10.1016/S0169-2070(00)00065-0).

An origin is one for all series: nothing later is learned from, of whatever series, for what happens to one at a time
tells about the others.
"""

from __future__ import annotations

import numpy as np

from octopus.dataset import Fold, Rows
from octopus.errors import InvalidData, InvalidParameter

#: One window is the luck of one season; each more costs a fit.
_MAX_WINDOWS = 3
#: The share of series that may have too short a history in the first window: one of thousands is no reason for fewer.
_SHORT_SHARE = 0.1


def split_last(periods: Rows, series: Rows, horizon: int) -> Fold:
    """Part the last ``horizon`` periods from those before: the holdout.

    Parameters
    ----------
    periods : ndarray of shape (n_rows,), int64
        Number of the period of each row.
    series : ndarray of shape (n_rows,), int64
        Number of the series of each row.
    horizon : int
        Periods to forecast, at least 1.

    Returns
    -------
    Fold
        Positions of the rows before and of those in the window. Series without a row on either side are left out of
        the window.

    Raises
    ------
    InvalidData
        There is less history before the window than the window is long.
    """
    return roll_origins(periods, series, horizon, 1)[0]


def count_windows(periods: Rows, series: Rows, horizon: int, season: int) -> int:
    """Return how many windows the histories are long enough for.

    Parameters
    ----------
    periods : ndarray of shape (n_rows,), int64
        Number of the period of each row.
    series : ndarray of shape (n_rows,), int64
        Number of the series of each row.
    horizon : int
        Periods to forecast, at least 1.
    season : int
        Periods of a season; 1 where there is none.

    Returns
    -------
    int
        As many as leave two seasons and two horizons before the first origin, 1 to 3; where even one window leaves no
        series so much, as many as leave two horizons, or one. A tenth of the series may have less.
    """
    last = int(periods.max())
    firsts = np.full(int(series.max()) + 1, last + 1, dtype=np.int64)
    np.minimum.at(firsts, series, periods)
    lengths = last + 1 - firsts[np.unique(series[periods > last - horizon])]  # of those that can be scored
    for enough in (max(2 * season, 2 * horizon), 2 * horizon, horizon):
        useful = lengths[lengths >= enough + horizon]
        if len(useful):
            shortest = int(np.quantile(useful, _SHORT_SHARE, method="lower"))
            return min(_MAX_WINDOWS, (shortest - enough) // horizon)
    return 1


def roll_origins(periods: Rows, series: Rows, horizon: int, n_windows: int) -> tuple[Fold, ...]:
    """Make windows of ``horizon`` periods that follow each other up to the last period.

    Parameters
    ----------
    periods : ndarray of shape (n_rows,), int64
        Number of the period of each row.
    series : ndarray of shape (n_rows,), int64
        Number of the series of each row.
    horizon : int
        Periods to forecast, at least 1.
    n_windows : int
        How many, at least 1.

    Returns
    -------
    tuple of Fold
        The earliest first. Each trains on every row up to its origin. A series without a row in the window, or
        without one before it, is not scored there; a window without any row to score is left out.

    Raises
    ------
    InvalidParameter
        A number is below 1, or there is too little history for so many windows, but enough for one.
    InvalidData
        The history is too short for one window, or no series goes on in any.
    """
    for name, value in (("horizon", horizon), ("cv", n_windows)):
        if value < 1:
            raise InvalidParameter(name, value, "it is below 1", "Use a whole number from 1 on.")
    last, n_periods = int(periods.max()), int(periods.max() - periods.min()) + 1
    if n_periods < 2 * horizon:
        raise InvalidData(
            f"the rows span {n_periods:,} periods, and a horizon of {horizon:,} needs {2 * horizon:,}: as many to "
            "learn from as to be scored. Give a longer history or a shorter horizon."
        )
    if n_periods < (n_windows + 1) * horizon:
        most = n_periods // horizon - 1
        why = f"{n_windows} windows of {horizon:,} periods leave less than a horizon of {n_periods:,} to learn from"
        raise InvalidParameter("cv", n_windows, why, f"Use {most} or fewer, or a shorter horizon.")
    origins = (last - horizon * number for number in range(n_windows, 0, -1))
    folds = tuple(fold for origin in origins if len((fold := _fold(periods, series, horizon, origin)).valid_rows))
    if not folds:
        raise InvalidData(
            "no series has rows both before and in the last periods. Check the time column and the columns that name "
            "the series."
        )
    return folds


def _fold(periods: Rows, series: Rows, horizon: int, origin: int) -> Fold:
    is_known = periods <= origin
    is_next = (periods > origin) & (periods <= origin + horizon)
    has_history = np.zeros(int(series.max()) + 1, dtype=bool)
    has_history[series[is_known]] = True
    return Fold(train_rows=np.flatnonzero(is_known), valid_rows=np.flatnonzero(is_next & has_history[series]))
