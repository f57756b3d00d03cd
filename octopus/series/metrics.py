"""How good forecasts are: per series and over all of them, the smaller the better but for coverage.

A series for which a measure is undefined (a constant one has no scale) is left out of the mean and counted. Rows
without a finite target are left out; a prediction that is not finite makes what it is part of NaN, for a forecast that
was not made is no better than a bad one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octopus.dataset import Float, Rows


@dataclass(frozen=True, kw_only=True, eq=False)
class Measure:
    """What a measure says.

    Parameters
    ----------
    overall : float
        Over all series; NaN where none has a value.
    by_series : ndarray of shape (n_series,), float64
        NaN where a series has no rows or the measure is undefined for it.
    n_undefined : int
        Series that have rows but no value.
    """

    overall: float
    by_series: Float
    n_undefined: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Scales:
    """How much a series changes from season to season: what errors are measured by.

    Parameters
    ----------
    absolute, squared : ndarray of shape (n_series,), float64
        Means of the absolute and of the squared change; NaN for a series that never changes.
    """

    absolute: Float
    squared: Float


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecasts:
    """What was predicted, and what came.

    Parameters
    ----------
    y, predictions : ndarray of shape (n_rows,), float64
        Target and forecast.
    series : ndarray of shape (n_rows,), int64
        Number of the series of each row.
    """

    y: Float
    predictions: Float
    series: Rows

    def mae(self) -> Measure:
        """Return the mean absolute error over all rows."""
        return _over_rows(np.abs(self.y - self.predictions), self.y, self.series)

    def rmse(self) -> Measure:
        """Return the root of the mean squared error over all rows."""
        found = _over_rows((self.y - self.predictions) ** 2, self.y, self.series)
        return Measure(overall=float(np.sqrt(found.overall)), by_series=np.sqrt(found.by_series))

    def wape(self) -> Measure:
        """Return the sum of absolute errors by that of the target (Kolassa & Schütz 2007, Foresight 6), a share.

        It is undefined where the target is zero throughout.
        """
        return _by_size(np.abs(self.y - self.predictions), self.y, self.series)

    def smape(self) -> Measure:
        """Return the mean over series of the symmetric error in per cent, from 0 to 200, as in M4.

        Makridakis et al. (2020, doi:10.1016/j.ijforecast.2019.04.014). Where target and forecast are both zero there
        is no error.
        """
        sizes = np.abs(self.y) + np.abs(self.predictions)
        shares = 200 * np.abs(self.y - self.predictions) / np.where(sizes == 0, 1, sizes)
        means = _means(shares, self.y, self.series, _n_series(self.series))
        return _averaged(means, np.ones(len(means), dtype=bool), self.y, self.series)

    def mase(self, scales: Scales) -> Measure:
        """Return the mean over series of the absolute scaled error.

        Hyndman and Koehler (2006, doi:10.1016/j.ijforecast.2006.03.001).

        Parameters
        ----------
        scales : Scales
            Of the training rows.
        """
        errors = _means(np.abs(self.y - self.predictions), self.y, self.series, len(scales.absolute))
        return _averaged(errors / scales.absolute, ~np.isnan(scales.absolute), self.y, self.series)

    def rmsse(self, scales: Scales) -> Measure:
        """Return the mean over series of the root mean squared scaled error, all of the same weight.

        Makridakis et al. (2022, M5, doi:10.1016/j.ijforecast.2021.11.013).

        Parameters
        ----------
        scales : Scales
            Of the training rows; M5 takes a season of 1, and of each series the rows from its first sale on.
        """
        squares = _means((self.y - self.predictions) ** 2, self.y, self.series, len(scales.squared))
        return _averaged(np.sqrt(squares / scales.squared), ~np.isnan(scales.squared), self.y, self.series)

    def pinball(self, level: float) -> Measure:
        """Return the quantile loss over all rows (Gneiting 2011, doi:10.1016/j.ijforecast.2009.12.015).

        Parameters
        ----------
        level : float
            Of the quantile that the predictions are, between 0 and 1.
        """
        return _over_rows(_losses(self.y, self.predictions, level), self.y, self.series)


def scales_of(y: Float, periods: Rows, series: Rows, n_series: int, season: int) -> Scales:
    """Return the errors of the seasonal naive forecast of training rows, one period of a season ahead.

    Parameters
    ----------
    y : ndarray of shape (n_rows,), float64
        Target of the training rows; those that are not finite are left out.
    periods, series : ndarray of shape (n_rows,), int64
        Numbers of their periods and series; no series has two rows of one period.
    n_series : int
        How many series there are.
    season : int
        Periods of a season; 1, as in M5, where there is none.

    Returns
    -------
    Scales
        Over the pairs of rows that are a season apart, and so not over gaps. A series that has none, or that repeats
        its season exactly, is measured by its pairs that are one period apart.
    """
    found = _changes(y, periods, series, n_series, season)
    if season == 1:
        return found
    short = _changes(y, periods, series, n_series, 1)
    is_missing = np.isnan(found.absolute)
    return Scales(
        absolute=np.where(is_missing, short.absolute, found.absolute),
        squared=np.where(is_missing, short.squared, found.squared),
    )


def weighted_quantile_loss(y: Float, quantiles: Float, series: Rows, levels: tuple[float, ...]) -> Measure:
    """Return twice the quantile losses by the size of the target, averaged over levels.

    Salinas et al. (2020, doi:10.1016/j.ijforecast.2019.07.001).

    Parameters
    ----------
    y : ndarray of shape (n_rows,), float64
        Target.
    quantiles : ndarray of shape (n_rows, n_levels), float64
        Forecasts of its quantiles.
    series : ndarray of shape (n_rows,), int64
        Number of the series of each row.
    levels : tuple of float
        Of the quantiles, each between 0 and 1.

    Returns
    -------
    Measure
        Over all rows; the median alone gives the WAPE.
    """
    losses = [2 * _losses(y, quantiles[:, number], level) for number, level in enumerate(levels)]
    return _by_size(np.mean(losses, axis=0), y, series)


def coverage(y: Float, lower: Float, upper: Float, series: Rows) -> Measure:
    """Return the share of rows whose target lies in its interval, ends included.

    Parameters
    ----------
    y, lower, upper : ndarray of shape (n_rows,), float64
        Target and ends of the intervals; an end that is NaN holds nothing.
    series : ndarray of shape (n_rows,), int64
        Number of the series of each row.

    Returns
    -------
    Measure
        Over all rows; to be compared with the level of the intervals.
    """
    return _over_rows(((lower <= y) & (y <= upper)).astype(np.float64), y, series)


def _changes(y: Float, periods: Rows, series: Rows, n_series: int, lag: int) -> Scales:
    """Return the mean changes of rows that are ``lag`` periods apart; NaN where there are none, or none changes."""
    kept = np.isfinite(y)
    y, series, number = y[kept], series[kept], periods[kept]
    if not len(y):
        return Scales(absolute=np.full(n_series, np.nan), squared=np.full(n_series, np.nan))
    number = number - number.min()
    keys = series * (int(number.max()) + lag + 1) + number  # a lag before the first is none of the series before
    order = np.argsort(keys)
    keys, y, series = keys[order], y[order], series[order]
    place = np.searchsorted(keys, keys - lag)
    is_pair = keys[place] == keys - lag
    change, of_series = (y - y[place])[is_pair], series[is_pair]
    counts = np.bincount(of_series, minlength=n_series)
    absolute = np.bincount(of_series, weights=np.abs(change), minlength=n_series)
    squared = np.bincount(of_series, weights=change**2, minlength=n_series)
    moved = absolute > 0
    return Scales(absolute=_divided(absolute, counts * moved), squared=_divided(squared, counts * moved))


def _losses(y: Float, quantiles: Float, level: float) -> Float:
    return np.maximum(level * (y - quantiles), (level - 1) * (y - quantiles))


def _over_rows(errors: Float, y: Float, series: Rows) -> Measure:
    kept = np.isfinite(y)
    overall = float(errors[kept].mean()) if kept.any() else float("nan")
    return Measure(overall=overall, by_series=_means(errors, y, series, _n_series(series)))


def _by_size(errors: Float, y: Float, series: Rows) -> Measure:
    kept, n_series = np.isfinite(y), _n_series(series)
    sizes = np.bincount(series[kept], weights=np.abs(y[kept]), minlength=n_series)
    sums = np.bincount(series[kept], weights=errors[kept], minlength=n_series)
    is_scored = np.bincount(series[kept], minlength=n_series) > 0
    total = sizes.sum()
    return Measure(
        overall=float(sums.sum() / total) if total > 0 else float("nan"),
        by_series=_divided(sums, sizes),
        n_undefined=int((is_scored & (sizes == 0)).sum()),
    )


def _averaged(by_series: Float, is_defined: NDArray[np.bool_], y: Float, series: Rows) -> Measure:
    """Return the mean over series that have rows; those for which the measure is undefined are counted."""
    is_scored = np.bincount(series[np.isfinite(y)], minlength=len(by_series)) > 0
    values = by_series[is_scored & is_defined]
    overall = float(values.mean()) if len(values) else float("nan")
    return Measure(overall=overall, by_series=by_series, n_undefined=int((is_scored & ~is_defined).sum()))


def _means(values: Float, y: Float, series: Rows, n_series: int) -> Float:
    """Return the mean of each series over the rows with a target."""
    kept = np.isfinite(y)
    sums = np.bincount(series[kept], weights=values[kept], minlength=n_series)
    return _divided(sums, np.bincount(series[kept], minlength=n_series))


def _divided(sums: NDArray[Any], counts: NDArray[Any]) -> Float:
    ratios: Float = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return ratios


def _n_series(series: Rows) -> int:
    return int(series.max(initial=-1)) + 1
