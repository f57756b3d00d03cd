"""Text: dates are read as what they are."""

import numpy as np
import pandas as pd

from octopus.findings.text import parse_dates


def text(values):
    return pd.Series(list(values)).astype("str")


def test_dates_are_read_with_the_day_first_where_values_say_so():
    read = parse_dates(text(["01/02/2020", "25/12/2020", "nonsense"]))
    assert list(read[:2]) == [np.datetime64("2020-02-01", "ns"), np.datetime64("2020-12-25", "ns")]
    assert np.isnat(read[2])
