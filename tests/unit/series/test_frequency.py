"""Numbers of periods: every stamp has one, and the number says which stamp it was."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.errors import InvalidParameter
from octopus.series.aliases import read_frequency
from octopus.series.frequency import Frequency

ALIASES = [
    "D", "B", "W-MON", "W-SUN", "MS", "ME", "BMS", "BME", "QS", "QE", "QS-FEB", "QE-NOV", "YS", "YE", "YS-APR",
    "YE-MAR", "h", "15min", "min", "s", "3h", "BQS", "BYE",
]  # fmt: skip


@given(alias=st.sampled_from(ALIASES), start=st.dates(), n=st.integers(1, 300))
def test_stamps_of_pandas_are_numbered_one_by_one_and_found_again(alias, start, n):
    if not 1700 < start.year < 2200:
        return
    stamps = pd.date_range(start, periods=n, freq=alias)
    frequency = read_frequency(alias)
    periods = frequency.periods_of(stamps)
    assert (np.diff(periods) == 1).all()
    assert frequency.stamps_of(periods).equals(stamps.as_unit("us"))
    assert frequency.is_on_grid(stamps).all()


@given(alias=st.sampled_from(ALIASES), periods=st.lists(st.integers(-2000, 2000), max_size=20))
def test_numbers_are_those_of_their_own_stamps(alias, periods):
    frequency = read_frequency(alias)
    numbers = np.array(periods, dtype=np.int64)
    assert (frequency.periods_of(frequency.stamps_of(numbers)) == numbers).all()


@pytest.mark.parametrize("alias", ["MS", "ME", "BME"])
def test_every_day_of_a_month_is_in_it(alias):
    days = pd.date_range("2023-12-01", "2024-03-31", freq="D") + pd.Timedelta(hours=23)
    periods = read_frequency(alias).periods_of(days)
    assert (periods - periods[0] == (days.year - 2023) * 12 + days.month - 12).all()


def test_weeks_and_years_are_those_of_the_calendar():
    week = read_frequency("W")
    week_53 = pd.DatetimeIndex(["2020-12-27", "2020-12-28", "2021-01-03", "2021-01-04"])
    assert np.diff(week.periods_of(week_53)).tolist() == [1, 0, 1]
    leap = pd.DatetimeIndex(["2024-02-28", "2024-02-29", "2024-03-01"])
    assert np.diff(read_frequency("D").periods_of(leap)).tolist() == [1, 1]
    assert str(read_frequency("ME").stamps_of(read_frequency("ME").periods_of(leap[:1]))[0].date()) == "2024-02-29"
    fiscal = read_frequency("YE-MAR")
    assert np.diff(fiscal.periods_of(pd.DatetimeIndex(["2023-04-01", "2024-03-31", "2024-04-01"]))).tolist() == [0, 1]


def test_a_weekend_is_in_the_business_day_that_follows_and_off_the_grid():
    days = pd.date_range("2024-05-17", "2024-05-20", freq="D")
    frequency = read_frequency("B")
    assert np.diff(frequency.periods_of(days)).tolist() == [1, 0, 0]
    assert frequency.is_on_grid(days).tolist() == [True, False, False, True]


def test_the_31st_is_the_last_day_of_a_shorter_month():
    frequency = Frequency(unit="month", shift_us=30 * 86_400_000_000 + 3_600_000_000)
    months = frequency.periods_of(pd.DatetimeIndex(["2024-01-15", "2024-02-15", "2024-04-15"]))
    assert [str(stamp) for stamp in frequency.stamps_of(months)] == [
        "2024-01-31 01:00:00", "2024-02-29 01:00:00", "2024-04-30 01:00:00"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("freq", "alias", "seasons"),
    [
        ("h", "h", (24, 168)), ("H", "h", (24, 168)), ("60min", "h", (24, 168)), ("T", "min", (60, 1440)),
        ("15min", "15min", (96, 672)), ("15T", "15min", (96, 672)), ("6h", "6h", (4, 28)), ("S", "s", (60, 3600)),
        ("D", "D", (7, 365)), ("24h", "D", (7, 365)), ("2D", "2D", (182,)), ("7min", "7min", (1440,)),
        ("W", "W-SUN", (52,)), ("W-mon", "W-MON", (52,)), ("2W", "2W-SUN", (26,)),
        ("B", "B", (5,)), ("M", "ME", (12,)), ("MS", "MS", (12,)), ("BM", "BME", (12,)), ("12MS", "YS", (1,)),
        ("Q", "QE", (4,)), ("Q-NOV", "QE-NOV", (4,)), ("QS-FEB", "QS-FEB", (4,)), ("3MS", "QS", (4,)),
        ("A", "YE", (1,)), ("Y", "YE", (1,)), ("A-JUN", "YE-JUN", (1,)), ("AS-APR", "YS-APR", (1,)),
        ("5MS", "5MS", (1,)),
        (1, "1", (1,)), (np.int64(3), "3", (1,)), ("1", "1", (1,)), (pd.Timedelta("15min"), "15min", (96, 672)),
        (np.timedelta64(1, "h"), "h", (24, 168)), (pd.offsets.QuarterEnd(startingMonth=2), "QE-NOV", (4,)),
    ],
)  # fmt: skip
def test_aliases_old_and_new_are_read(freq, alias, seasons):
    found = read_frequency(freq)
    assert found.alias == alias
    assert found.seasons == seasons
    assert read_frequency(found.alias).alias == alias
    assert read_frequency(found) is found


@pytest.mark.parametrize(
    "freq", ["", "X", "daily", "W-FOO", "SME", "bh", "D-MON", "0D", 0, -1, True, None, 2.5, "-1D", "ME-JAN", object(),
             pd.offsets.CustomBusinessDay()],
)  # fmt: skip
def test_what_is_no_frequency_says_what_to_use(freq):
    with pytest.raises(InvalidParameter, match="freq") as error:
        read_frequency(freq)
    assert "'W-MON'" in error.value.remedy


def test_whole_numbers_are_their_own_stamps():
    frequency = read_frequency(5)
    assert frequency.periods_of(pd.Index([-5, 0, 4, 10])).tolist() == [-1, 0, 0, 2]
    assert frequency.stamps_of(np.array([-1, 2])).tolist() == [-5, 10]
    assert frequency.is_on_grid(pd.Index([4, 5])).tolist() == [False, True]
