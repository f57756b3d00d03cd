"""Codes for missing values: read as missing where nothing else is likely, noted where it is."""

import numpy as np
import pandas as pd
import pytest

from octopus.findings.codes import read_codes
from octopus.findings.columns import read_column

N = 400


@pytest.fixture
def rng():
    return np.random.default_rng(2)


def read(values, role=None):
    return read_codes(read_column("age", pd.Series(values, dtype="float64"), role), role)


def coded(rng, codes, rest, n_coded=20):
    values = rng.uniform(*rest, N)
    values[:n_coded] = np.resize(codes, n_coded)
    return values


@pytest.mark.parametrize(
    ("code", "rest"),
    [
        (-999, (0, 90)), (9999, (0, 300)), (999, (18, 95)), (99, (0, 9)), (-99, (0, 40)), (-99, (0, 5000)),
        (-9, (0, 300)), (-999, (-30, 40)), (-888, (0, 1)),
    ],
)  # fmt: skip
def test_a_code_is_read_as_missing(rng, code, rest):
    profile, found = read(coded(rng, [code], rest))
    assert profile.missing_codes == (code,)
    assert rest[0] <= profile.numeric.minimum <= profile.numeric.maximum <= rest[1]
    assert (found.code, found.action) == ("OCT717", "read as missing")
    assert str(code) in found.message
    assert "20 rows" in found.evidence
    assert found.overrule == "columns={'age': 'use'} or --use age"


def test_several_codes_of_one_column(rng):
    assert read(coded(rng, [98, 99], (0, 12)))[0].missing_codes == (98, 99)
    assert read(coded(rng, [-999, 9999], (0, 12)))[0].missing_codes == (-999, 9999)


def test_a_grade_of_five_with_a_code():
    values = np.resize([1.0, 2.0, 3.0, 4.0, 5.0, 99.0], N)
    assert read(values)[0].missing_codes == (99,)


def test_what_may_be_a_bound_is_noted(rng):
    for code, rest in ((99999, (0, 41000)), (99, (0, 40)), (-1, (0, 0.9))):
        profile, found = read(coded(rng, [code], rest))
        assert profile.missing_codes == ()
        assert (found.action, found.confidence) == ("noted", "weak")
        assert profile.numeric.minimum == min(code, profile.numeric.minimum)


def test_the_user_overrules(rng):
    values = coded(rng, [-999], (0, 90))
    profile, found = read(values, "use")
    assert profile.missing_codes == ()
    assert profile.numeric.minimum == -999
    assert found.action == "noted"
    assert read(values, "ignore")[1] is None


def test_ordinary_extremes_are_no_codes(rng):
    ages = rng.integers(0, 100, N).astype(float)
    ages[:20] = 99
    assert read(ages)[1] is None
    once = rng.uniform(0, 90, N)
    once[0] = -999
    assert read(once)[1] is None  # one outlier is no code
    far = rng.uniform(0, 1, N)
    far[:20] = 50
    assert read(far)[1] is None  # far, but no code
    assert read(np.resize([-1.0, 0.0, 1.0], N))[1] is None  # a direction
    assert read(np.resize([-2.0, -1.0, 0.0, 1.0, 2.0], N))[1] is None  # a rating
    losses = rng.normal(0, 60, N)
    losses[:20] = -99
    assert read(losses)[1] is None  # one loss among others
