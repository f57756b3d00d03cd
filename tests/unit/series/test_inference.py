"""The frequency that stamps have: found in spite of gaps, copies and order, and refused where there is none."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.errors import InvalidData, InvalidParameter
from octopus.series.aliases import read_frequency
from octopus.series.inference import infer_frequency, settle_frequency

ALIASES = [
    "D", "B", "W-MON", "W-SUN", "MS", "ME", "BMS", "BME", "QS", "QE", "QS-FEB", "YS", "YE", "YE-MAR", "h", "15min",
    "min", "s", "2D", "3h", "2W-TUE", "2MS", "BQE",
]  # fmt: skip


def one_series(stamps):
    return np.zeros(len(stamps), dtype=np.int64)


def infer(stamps):
    return infer_frequency(stamps, one_series(stamps))


def in_utc(start, zone, freq, n=400):
    return pd.date_range(start, periods=n, freq=freq, tz=zone).tz_convert("UTC").tz_localize(None)


@given(
    alias=st.sampled_from(ALIASES),
    seed=st.integers(0, 2**31),
    n_series=st.integers(1, 4),
    gaps=st.sampled_from([0.0, 0.1, 0.3]),
)
def test_frequencies_are_found_in_shuffled_panels_with_gaps_and_copies(alias, seed, n_series, gaps):
    rng = np.random.default_rng(seed)
    grid = pd.date_range("2003-03-05", periods=150, freq=alias)
    rows = [(stamp, number) for number in range(n_series) for stamp in grid[rng.integers(0, 50) :]]
    rows = [row for row in rows if rng.random() >= gaps]
    rows += rows[:5]
    order = rng.permutation(len(rows))
    stamps = pd.DatetimeIndex([rows[i][0] for i in order])
    series = np.array([rows[i][1] for i in order], dtype=np.int64)
    frequency = infer_frequency(stamps, series)
    assert frequency.alias == alias
    assert frequency.is_on_grid(stamps).all()
    assert frequency.stamps_of(frequency.periods_of(grid)).equals(grid.as_unit("us"))


@pytest.mark.parametrize(
    ("stamps", "alias"),
    [
        (["2024-01-01", "2024-01-02"], "D"),
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"], "D"),  # no weekend was passed over
        (["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"], "B"),
        (["2024-01-01", "2024-01-08"], "W-MON"),
        (["2024-01-31", "2024-02-29"], "ME"),
        (["2024-01-01", "2024-02-01", "2024-04-01"], "MS"),
        (["2023-06-30", "2024-06-30"], "YE-JUN"),
        ([f"2024-01-{day:02d}" for day in (4, 5, 6, 9, 10, 11, 12, 15)], "D"),  # the 6th is a Saturday
        (["2020-12-21", "2020-12-28", "2021-01-04"], "W-MON"),
    ],
)
def test_a_few_stamps_are_enough(stamps, alias):
    assert infer(pd.DatetimeIndex(stamps)).alias == alias


@pytest.mark.parametrize(
    ("shift", "alias", "grid"),
    [
        ("6h", "D", "D"), ("14D", "MS", "MS"), ("29D", "MS", "MS"), ("7min", "15min", "15min"), ("30min", "h", "h"),
        ("7min30s", "15min", "15min"), ("2h", "W-MON", "W-MON"), ("17h", "B", "B"), ("23h59min", "ME", "ME"),
    ],
)  # fmt: skip
def test_the_time_of_day_and_the_day_of_the_month_are_kept(shift, alias, grid):
    stamps = pd.date_range("2021-03-01", periods=60, freq=grid) + pd.Timedelta(shift)
    if shift == "29D":  # the 30th, and the end of February
        ends = pd.date_range("2021-03-31", periods=60, freq="ME")
        stamps = pd.DatetimeIndex([end.replace(day=min(30, end.day)) for end in ends])
    frequency = infer(stamps)
    assert frequency.alias == alias
    following = frequency.stamps_of(frequency.periods_of(stamps[:40])[-1] + np.arange(1, 21))
    assert following.equals(stamps[40:].as_unit("us"))


@pytest.mark.parametrize("zone", ["Europe/London", "Europe/Berlin", "America/New_York", "Australia/Sydney"])
@pytest.mark.parametrize(("freq", "n"), [("D", 400), ("W-MON", 90), ("MS", 40), ("h", 9000)])
def test_days_of_a_zone_in_utc_are_days_though_the_clock_changes(zone, freq, n):
    stamps = in_utc("2020-01-01", zone, freq, n)
    frequency = infer(stamps)
    assert frequency.alias[0] == ("M" if freq == "MS" else freq[0])
    assert (np.diff(frequency.periods_of(stamps)) == 1).all()


def test_local_hours_with_one_missing_and_one_twice_are_hours():
    stamps = pd.date_range("2024-03-01", "2024-11-30", freq="h", tz="Europe/Berlin").tz_localize(None)
    assert infer(stamps).alias == "h"


def test_whole_numbers_have_a_step():
    assert infer(pd.Index([3, 1, 2, 5, 2])).alias == "1"
    tens = infer(pd.Index([15, 5, 25, 45, 55]))
    assert tens.alias == "10"
    assert tens.stamps_of(tens.periods_of(pd.Index([25]))).tolist() == [25]


@pytest.mark.parametrize("n", [1, 3])
def test_series_of_one_row_tell_nothing(n):
    stamps = pd.DatetimeIndex(["2024-01-01"] * n)
    with pytest.raises(InvalidData, match="no series has rows at two times"):
        infer_frequency(stamps, np.arange(n))


def test_irregular_stamps_are_refused_with_what_was_seen():
    rng = np.random.default_rng(0)
    seconds = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 100 * 86_400, 100), unit="s")
    with pytest.raises(InvalidData, match=r"1% of the 99 steps are.*Pass freq='h'"):
        infer(pd.DatetimeIndex(seconds))
    hours = pd.date_range("2024-01-01", periods=2000, freq="h")
    trading = hours[(hours.day_of_week < 5) & (hours.hour >= 9) & (hours.hour < 17)]
    with pytest.raises(InvalidData, match="Pass freq='h'"):
        infer(trading)
    assert settle_frequency(read_frequency("h"), trading, one_series(trading)).alias == "h"


def test_one_event_a_month_is_no_monthly_series_unless_the_user_says_so():
    days = np.random.default_rng(0).integers(0, 28, 40)
    stamps = pd.date_range("2020-01-01", periods=40, freq="MS") + pd.to_timedelta(days, unit="D")
    with pytest.raises(InvalidData, match="Pass freq='MS'"):
        infer(stamps)
    periods = settle_frequency(read_frequency("MS"), stamps, one_series(stamps)).periods_of(stamps)
    assert (np.diff(periods) == 1).all()


def test_unnamed_series_are_hinted_at():
    days = pd.date_range("2024-01-01", periods=50, freq="D")
    apart = days.append(days + pd.Timedelta(hours=5))
    with pytest.raises(InvalidData, match="columns of the series"):
        infer(apart)
    assert infer_frequency(apart, np.repeat([0, 1], 50)).alias == "D"


@pytest.mark.parametrize(
    ("asked", "stamps", "alias"),
    [
        ("M", pd.date_range("2020", periods=9, freq="MS"), "MS"),
        ("W", pd.date_range("2020", periods=9, freq="W-MON"), "W-MON"),
        ("QE", pd.date_range("2020-02-01", periods=9, freq="QS-FEB"), "QS-FEB"),
        ("YS", pd.date_range("2020", periods=9, freq="YE"), "YE"),
        ("BME", pd.date_range("2020-06-30", periods=2, freq="D")[:1], "BME"),
        ("D", pd.date_range("2020", periods=30, freq="B"), "D"),
        (
            "15min",
            pd.date_range("2020", periods=99, freq="15min") + pd.to_timedelta([1, -2, 0] * 33, unit="s"),
            "15min",
        ),
        ("D", pd.date_range("2020-01-01 23:40", periods=40, freq="D") + pd.to_timedelta([0, 40] * 20, unit="min"), "D"),
    ],
    ids=str,
)
def test_what_is_asked_for_is_brought_to_the_stamps(asked, stamps, alias):
    frequency = settle_frequency(read_frequency(asked), pd.DatetimeIndex(stamps), one_series(stamps))
    assert frequency.alias == alias
    assert len(np.unique(frequency.periods_of(pd.DatetimeIndex(stamps)))) == len(stamps)


@pytest.mark.parametrize(
    ("asked", "seen", "use"),
    [("D", "h", "'h'"), ("MS", "D", "'D'"), ("YS", "QS", "'QS'"), ("W", "B", "'B'"), ("h", "15min", "'15min'")],
)
def test_too_coarse_a_frequency_says_which_fits(asked, seen, use):
    stamps = pd.date_range("2020-01-01", periods=200, freq=seen)
    with pytest.raises(InvalidData, match=f"too coarse.*Use freq={use}"):
        settle_frequency(read_frequency(asked), stamps, one_series(stamps))


@pytest.mark.parametrize(
    ("asked", "seen", "use"),
    [("D", "W-MON", "'W-MON'"), ("MS", "QS", "'QS'"), ("W", "ME", "'ME'"), ("15min", "h", "'h'"), ("D", "YS", "'YS'")],
)
def test_too_fine_a_frequency_says_which_fits(asked, seen, use):
    stamps = pd.date_range("2020-01-01", periods=30, freq=seen)
    with pytest.raises(InvalidParameter, match=f"periods apart.*Use freq={use}"):
        settle_frequency(read_frequency(asked), stamps, one_series(stamps))


def test_dates_and_whole_numbers_are_not_taken_for_each_other():
    with pytest.raises(InvalidParameter, match="holds dates"):
        settle_frequency(read_frequency(1), pd.date_range("2020", periods=9, freq="D"), np.zeros(9, dtype=np.int64))
    with pytest.raises(InvalidParameter, match="holds whole numbers"):
        settle_frequency(read_frequency("D"), pd.Index(range(9)), np.zeros(9, dtype=np.int64))
    with pytest.raises(InvalidParameter, match="5 such periods apart"):
        settle_frequency(read_frequency(1), pd.Index(range(0, 45, 5)), np.zeros(9, dtype=np.int64))
