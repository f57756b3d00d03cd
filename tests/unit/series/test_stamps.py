"""Time columns: read as meant, written back as they were, and refused without a value being told."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.errors import InvalidData
from octopus.series.aliases import read_frequency
from octopus.series.stamps import learn_form, read_stamps, write_stamps


def column(values, **options):
    return pd.Series(values, name="when", **options)


def read(values):
    whole = column(values)
    return [str(stamp) for stamp in read_stamps(whole, learn_form(whole))]


COLUMNS = {
    "days": pd.date_range("2023-12-30", periods=5, freq="D"),
    "nanoseconds": pd.date_range("2023-12-30", periods=5, freq="D").as_unit("ns"),
    "seconds": pd.date_range("2023-12-30", periods=5, freq="h").as_unit("s"),
    "days of a zone": pd.date_range("2024-03-29", periods=5, freq="D", tz="Europe/Berlin"),
    "hours of a zone": pd.date_range("2024-10-26 22:00", periods=8, freq="h", tz="Europe/Berlin"),
    "utc": pd.date_range("2024-10-26 22:00", periods=8, freq="h", tz="UTC"),
    "dates": [dt.date(2024, 2, 28), dt.date(2024, 2, 29), dt.date(2024, 3, 1)],
    "objects": pd.Series(pd.date_range("2024-02-28", periods=2), dtype=object),
    "months": pd.period_range("2023-11", periods=4, freq="M"),
    "weeks": pd.period_range("2020-12-20", periods=4, freq="W-SUN"),
    "years": [2019, 2020, 2021],
    "years as floats": [2019.0, 2020.0, 2021.0],
    "years as text": ["2019", "2020", "2021"],
    "months as numbers": [202311, 202312, 202401],
    "days as numbers": [20240228, 20240229, 20240301],
    "days as text": ["20240228", "20240229", "20240301"],
    "iso": ["2024-02-28", "2024-02-29", "2024-03-01"],
    "iso with time": ["2024-02-28 23:00:00", "2024-02-29 00:00:00"],
    "one offset": ["2024-02-28T23:00:00+05:30", "2024-02-29T00:00:00+05:30"],
    "zulu": ["2024-02-28T23:00:00Z", "2024-02-29T00:00:00Z"],
    "european": ["30/12/2023", "31/12/2023", "01/01/2024"],
    "american": ["12/30/2023", "12/31/2023", "01/01/2024"],
    "points": ["01.02.2024", "02.02.2024"],
    "months as text": ["2023-11", "2023-12", "2024-01"],
    "names of months": ["Nov 2023", "Dec 2023", "Jan 2024"],
    "quarters": ["2023Q4", "2024Q1"],
    "quarters with a dash": ["2023-Q4", "2024-Q1"],
    "weeks as text": ["2020-W52", "2020-W53", "2021-W01"],
    "numbers": [1, 2, 5],
    "small numbers": np.array([1, 2, 5], dtype=np.int16),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_written_as_it_was_and_each_row_is_read_for_itself(name):
    whole = column(COLUMNS[name])
    form = learn_form(whole)
    stamps = read_stamps(whole, form)
    written = write_stamps(stamps, form)
    pd.testing.assert_series_equal(written, whole, check_names=False)
    for row in range(len(whole)):
        alone = whole.iloc[[row]]
        assert read_stamps(alone, form)[0] == stamps[row]


@given(
    days=st.lists(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)), min_size=2, max_size=30, unique=True),
    pattern=st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%G-W%V"]),
)
def test_text_in_one_format_is_read_as_its_dates(days, pattern):
    stamps = pd.DatetimeIndex(days).as_unit("us")
    whole = column(stamps.strftime(pattern))
    form = learn_form(whole)
    found = read_stamps(whole, form)
    expected = stamps - pd.to_timedelta(stamps.day_of_week, unit="D") if pattern == "%G-W%V" else stamps
    assert (found == expected).all()
    assert write_stamps(found, form).tolist() == whole.tolist()


def test_months_with_their_first_day_first_are_no_days_of_january():
    assert read(["01/01/2024", "01/02/2024", "01/03/2024"])[1] == "2024-02-01 00:00:00"
    assert read(["01/01/2024", "02/01/2024", "03/01/2024"])[1] == "2024-02-01 00:00:00"
    assert "day first" in learn_form(column(["01/01/2024", "01/02/2024"])).notes[0]


def test_days_of_one_zone_keep_their_clock_and_hours_are_in_utc():
    assert read(COLUMNS["days of a zone"])[2:4] == ["2024-03-31 00:00:00", "2024-04-01 00:00:00"]
    hours = read_stamps(column(COLUMNS["hours of a zone"]), learn_form(column(COLUMNS["hours of a zone"])))
    assert (np.diff(hours) == np.timedelta64(1, "h")).all()  # the hour that comes twice too
    assert "UTC" in learn_form(column(COLUMNS["hours of a zone"])).notes[0]


@pytest.mark.parametrize("as_text", [True, False])
def test_mixed_zones_are_told(as_text):
    days = ["2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00"]
    hours = ["2024-03-31T01:00:00+01:00", "2024-03-31T03:00:00+02:00"]
    for values, expected, clock in (
        (days, ["2024-03-31 00:00:00", "2024-04-01 00:00:00"], "wall"),
        (hours, ["2024-03-31 00:00:00", "2024-03-31 01:00:00"], "utc"),
    ):
        whole = column(values if as_text else [dt.datetime.fromisoformat(value) for value in values], dtype=object)
        form = learn_form(whole)
        assert form.clock == clock
        assert "several zones" in form.notes[0]
        stamps = read_stamps(whole, form)
        assert [str(stamp) for stamp in stamps] == expected
        assert (read_stamps(write_stamps(stamps, form), form) == stamps).all()


def test_a_midnight_that_a_clock_leaves_out_is_written_as_the_hour_after():
    form = learn_form(column(pd.date_range("2018-10-01", periods=5, freq="D", tz="America/Sao_Paulo")))
    written = write_stamps(pd.DatetimeIndex(["2018-11-04", "2018-11-05"]), form)
    assert [stamp.hour for stamp in written] == [1, 0]


def test_dates_of_another_type_are_read_by_the_form_of_text():
    form = learn_form(column(["31/12/2023", "01/01/2024"]))
    assert str(read_stamps(column(pd.to_datetime(["2024-02-01"])), form)[0]) == "2024-02-01 00:00:00"
    zone = learn_form(column(COLUMNS["days of a zone"]))
    assert str(read_stamps(column(["2024-07-01"]), zone)[0]) == "2024-07-01 00:00:00"
    assert str(read_stamps(column(["2024-07-01T00:00:00+02:00"]), zone)[0]) == "2024-07-01 00:00:00"


def test_whole_numbers_asked_for_are_no_years():
    years = column([2019, 2020])
    assert learn_form(years).format == "%Y"
    form = learn_form(years, read_frequency(1))
    assert form.kind == "number"
    assert read_stamps(years, form).tolist() == [2019, 2020]


def test_texts_in_several_formats_are_told():
    whole = column(["2024-01-02", "Mar 4, 2024", "05.06.2024"])
    form = learn_form(whole)
    assert "several formats" in form.notes[-1]
    assert [str(stamp.date()) for stamp in read_stamps(whole, form)] == ["2024-01-02", "2024-03-04", "2024-06-05"]


@pytest.mark.parametrize(
    "values",
    [
        [f"2024-01-{day:02d}" for day in range(1, 29)],
        list(pd.date_range("2024-01-01", periods=28, freq="D")),
        list(range(2000, 2028)),
        list(range(28)),
        list(pd.period_range("2024-01", periods=28, freq="M")),
    ],
    ids=["text", "datetimes", "years", "numbers", "periods"],
)
def test_what_is_no_time_is_named_by_three_rows_and_no_value(values):
    form = learn_form(column(values))
    bad = None if not isinstance(values[0], str) else "secret"
    spoilt = column([bad if row in (3, 9, 20, 25) else value for row, value in enumerate(values)])
    with pytest.raises(InvalidData, match=r"'when': 4 of 28 values .* row 3, 9, 20 \(") as error:
        read_stamps(spoilt, form)
    assert "secret" not in str(error.value)
    with pytest.raises(InvalidData, match="4 of 28"):
        read_stamps(spoilt, learn_form(spoilt))


@pytest.mark.parametrize("values", [["a", "b"], [True, False], [pd.Timedelta("1D")], [None, None]])
def test_what_holds_no_times_says_so(values):
    with pytest.raises(InvalidData, match="when"):
        read_stamps(column(values), learn_form(column(values)))
