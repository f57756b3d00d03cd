"""Measures of forecasts, against their definitions worked out by hand and series by series."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.series.metrics import Forecasts, coverage, scales_of, weighted_quantile_loss


def panel(seed, n_series=5, n=30, horizon=6):
    rng = np.random.default_rng(seed)
    order = rng.permutation(n_series * n)
    periods, series = np.tile(np.arange(n), n_series)[order] - 7, np.repeat(np.arange(n_series), n)[order]
    y = rng.normal(size=n_series * n).cumsum() + 50
    scored = np.repeat(np.arange(n_series), horizon)
    forecasts = Forecasts(y=rng.normal(50, 5, len(scored)), predictions=rng.normal(50, 5, len(scored)), series=scored)
    return y, periods, series, forecasts


@given(seed=st.integers(0, 2**31), season=st.integers(1, 12), gaps=st.booleans())
def test_scales_are_those_of_pairs_a_season_apart(seed, season, gaps):
    y, periods, series, _ = panel(seed)
    kept = np.random.default_rng(seed).random(len(y)) > (0.3 if gaps else 0)
    y, periods, series = y[kept], periods[kept], series[kept]
    scales = scales_of(y, periods, series, 5, season)
    for number in range(5):
        mine = dict(zip(periods[series == number].tolist(), y[series == number].tolist(), strict=True))
        for lag in (season, 1):
            changes = [mine[period] - mine[period - lag] for period in mine if period - lag in mine]
            if changes:
                break
        assert scales.absolute[number] == pytest.approx(np.mean(np.abs(changes)))
        assert scales.squared[number] == pytest.approx(np.mean(np.square(changes)))


def test_mase_of_the_seasonal_naive_forecast_within_sample_is_one():
    y = np.array([1.0, 5.0, 3.0, 2.0, 7.0, 3.5, 1.0, 9.0, 4.0])
    periods, series = np.arange(9), np.zeros(9, dtype=np.int64)
    scales = scales_of(y, periods, series, 1, 3)
    naive = Forecasts(y=y[3:], predictions=y[:-3], series=series[3:])
    assert naive.mase(scales).overall == pytest.approx(1)
    assert naive.rmsse(scales).overall == pytest.approx(1)


def test_scales_fall_back_to_a_lag_of_one_and_then_to_none():
    y = np.r_[[1.0, 2.0, 4.0], [5.0, 5.0, 5.0], [1.0, 2.0, 1.0, 2.0], [3.0], [np.nan, 4.0, 6.0]]
    series = np.repeat(np.arange(5), [3, 3, 4, 1, 3])
    periods = np.concatenate([np.arange(n) for n in (3, 3, 4, 1, 3)])
    scales = scales_of(y, periods, series, 6, 2)
    # Pairs two apart; constant; its season exactly; one row; pairs one apart; no row.
    np.testing.assert_allclose(scales.absolute, [3, np.nan, 1, np.nan, 2, np.nan])
    np.testing.assert_allclose(scales.squared, [9, np.nan, 1, np.nan, 4, np.nan])
    forecasts = Forecasts(
        y=np.array([7.0, 5.0, 3.0]), predictions=np.array([4.0, 5.0, 5.0]), series=np.array([0, 1, 2])
    )
    measure = forecasts.mase(scales)
    assert (measure.overall, measure.n_undefined) == (pytest.approx((1 + 2) / 2), 1)
    assert np.isnan(measure.by_series[1])


def test_no_pair_leaps_from_one_series_to_the_next():
    scales = scales_of(np.array([1.0, 100.0]), np.array([0, 1]), np.array([0, 1]), 2, 1)
    assert np.isnan(scales.absolute).all()


def test_measures_by_hand():
    forecasts = Forecasts(
        y=np.array([10.0, 0.0, 20.0, 30.0]),
        predictions=np.array([12.0, 0.0, 10.0, 30.0]),
        series=np.array([0, 0, 1, 1]),
    )
    for measure, overall, by_series in (
        (forecasts.mae(), 3, [1, 5]),
        (forecasts.rmse(), np.sqrt(26), [np.sqrt(2), np.sqrt(50)]),
        (forecasts.wape(), 12 / 60, [0.2, 0.2]),
        (forecasts.smape(), 200 * (2 / 22 / 2 + 10 / 30 / 2) / 2, [200 * 2 / 22 / 2, 200 * 10 / 30 / 2]),
        (forecasts.pinball(0.9), (0.1 * 2 + 0.9 * 10) / 4, [0.1, 4.5]),
    ):
        assert measure.overall == pytest.approx(overall)
        np.testing.assert_allclose(measure.by_series, by_series)
        assert measure.n_undefined == 0


@given(seed=st.integers(0, 2**31))
def test_the_median_alone_gives_half_the_absolute_error_and_the_wape(seed):
    forecasts = panel(seed)[3]
    assert forecasts.pinball(0.5).overall == pytest.approx(forecasts.mae().overall / 2)
    loss = weighted_quantile_loss(forecasts.y, forecasts.predictions[:, None], forecasts.series, (0.5,))
    assert loss.overall == pytest.approx(forecasts.wape().overall)
    np.testing.assert_allclose(loss.by_series, forecasts.wape().by_series)


def test_the_true_quantile_has_the_least_loss():
    y = np.random.default_rng(0).normal(size=20_000)
    series = np.zeros(len(y), dtype=np.int64)
    losses = [
        Forecasts(y=y, predictions=np.full(len(y), at), series=series).pinball(0.9).overall for at in (1, 1.2816, 1.6)
    ]
    assert np.argmin(losses) == 1


def test_coverage_counts_the_ends_and_nothing_that_is_missing():
    y = np.array([1.0, 2.0, 3.0, 4.0, np.nan])
    lower, upper = np.array([1.0, 0.0, 0.0, np.nan, 0.0]), np.array([2.0, 1.0, 3.0, 9.0, 9.0])
    found = coverage(y, lower, upper, np.array([0, 0, 1, 1, 1]))
    assert found.overall == 0.5
    assert found.by_series.tolist() == [0.5, 0.5]


def test_a_missing_target_is_left_out_and_a_missing_prediction_is_not():
    y, predictions = np.array([1.0, np.nan, 3.0]), np.array([2.0, 5.0, 5.0])
    forecasts = Forecasts(y=y, predictions=predictions, series=np.array([0, 0, 1]))
    scales = scales_of(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]), 2, 1)
    assert forecasts.mae().overall == 1.5
    assert forecasts.mase(scales).overall == 1.5
    failed = Forecasts(y=y, predictions=np.array([2.0, 5.0, np.nan]), series=np.array([0, 0, 1]))
    for measure in (
        failed.mae(),
        failed.rmse(),
        failed.wape(),
        failed.smape(),
        failed.mase(scales),
        failed.rmsse(scales),
    ):
        assert np.isnan(measure.overall)


def test_what_is_undefined_everywhere_is_nan():
    zero = Forecasts(y=np.zeros(3), predictions=np.ones(3), series=np.array([0, 0, 2]))
    assert np.isnan(zero.wape().overall)
    assert zero.wape().n_undefined == 2  # the series between has no rows
    assert zero.smape().overall == 200
    nothing = Forecasts(y=np.array([]), predictions=np.array([]), series=np.array([], dtype=np.int64))
    assert np.isnan(nothing.mae().overall)
    assert np.isnan(nothing.smape().overall)
