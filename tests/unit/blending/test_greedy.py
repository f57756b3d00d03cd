"""Greedy selection by any measure: what it finds, and what it may not take."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression

from octopus.blending.greedy import greedy_shares

FREE = [1.0] * 12


def squares(errors: np.ndarray):
    """Return minus the mean square of mixed errors, of shape (n_candidates, n_rows)."""
    return lambda shares: -float(np.mean((shares @ errors) ** 2))


def test_shares_come_near_to_the_known_optimum():
    """For independent errors the best shares are in proportion to one over their variances."""
    rng = np.random.default_rng(0)
    deviations = np.array([1.0, 1.2, 1.5])
    errors = rng.normal(size=(3, 200_000)) * deviations[:, None]
    best = deviations**-2 / np.sum(deviations**-2)
    shares = greedy_shares(squares(errors), ["a", "b", "c"], FREE, None)
    assert_allclose(shares, best, atol=0.04)


def test_it_is_as_good_as_least_squares_with_weights_of_zero_and_more():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=400)
    predictions = truth + rng.normal(size=(4, 400)) * np.array([[1.0], [1.1], [1.3], [0.9]]) + rng.normal(size=400)
    errors = predictions - truth
    measure = squares(errors)
    others, last = predictions[:3], predictions[3]
    inner = LinearRegression(positive=True, fit_intercept=False).fit((others - last).T, truth - last).coef_
    optimum = np.append(inner, 1 - inner.sum())
    assert optimum.min() >= 0
    found = measure(greedy_shares(measure, list("abcd"), FREE, None))
    assert found <= measure(optimum)
    assert_allclose(found, measure(optimum), rtol=2e-3)


@given(st.integers(0, 10_000), st.integers(1, 9), st.one_of(st.none(), st.floats(0.5, 6.0)))
def test_what_always_holds(seed, n, max_cost_s):
    rng = np.random.default_rng(seed)
    errors = rng.normal(size=(n, 30)) * rng.uniform(0.5, 2.0, n)[:, None]
    families = [str(f) for f in rng.integers(0, 3, n)]
    costs = list(rng.uniform(0.1, 3.0, n))
    measure = squares(errors)
    shares = greedy_shares(measure, families, costs, max_cost_s)
    affordable = [i for i in range(n) if max_cost_s is None or costs[i] <= max_cost_s]
    if shares is None:
        assert not affordable
        return
    assert_allclose(shares.sum(), 1)
    members = np.flatnonzero(shares)
    assert 1 <= len(members) <= 5
    assert shares[members].min() >= 0.05
    assert max_cost_s is None or sum(costs[i] for i in members) <= max_cost_s
    for family in set(families):
        of_family = [i for i in affordable if families[i] == family]
        best = sorted(of_family, key=lambda i: -measure(np.eye(n)[i]))[:3]
        assert {i for i in members if families[i] == family} <= set(best)
    assert_array_equal(shares, greedy_shares(measure, families, costs, max_cost_s))


@given(st.integers(0, 10_000))
def test_a_mixture_is_no_worse_than_the_best_alone_but_for_what_small_shares_gave(seed):
    errors = np.random.default_rng(seed).normal(size=(5, 50))
    measure = squares(errors)
    shares = greedy_shares(measure, list("abcde"), FREE, None)
    assert measure(shares) >= max(measure(unit) for unit in np.eye(5)) - 1e-12


def test_of_equals_no_second_one_comes_in():
    errors = np.random.default_rng(0).normal(size=50)
    shares = greedy_shares(squares(np.stack([errors] * 3)), list("abc"), FREE, None)
    assert_array_equal(shares, [1, 0, 0])


def test_what_is_useless_gets_nothing():
    rng = np.random.default_rng(0)
    good = rng.normal(size=(2, 2000))
    useless = rng.normal(size=(3, 2000)) * 20
    shares = greedy_shares(squares(np.concatenate([useless, good])), list("abcde"), FREE, None)
    assert_array_equal(shares[:3], 0)
    assert_allclose(shares[3:], 0.5, atol=0.06)


def test_a_member_too_dear_beside_the_best_stays_out_and_a_cheap_one_comes_in():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(3, 1000)) * np.array([[1.0], [1.05], [1.4]])
    everyone = greedy_shares(squares(errors), list("abc"), [1.0, 5.0, 1.0], None)
    assert np.all(everyone > 0)
    cheap = greedy_shares(squares(errors), list("abc"), [1.0, 5.0, 1.0], 3.0)
    assert_array_equal(cheap > 0, [True, False, True])
    assert_array_equal(greedy_shares(squares(errors), list("abc"), [9.0, 9.0, 1.0], 3.0), [0, 0, 1])
    assert greedy_shares(squares(errors), list("abc"), [9.0, 9.0, np.nan], 3.0) is None


def test_what_cannot_be_measured_takes_no_part():
    errors = np.random.default_rng(0).normal(size=(3, 500))
    inner = squares(errors)
    shares = greedy_shares(lambda s: None if s[0] > 0 else inner(s), list("abc"), FREE, None)
    assert shares[0] == 0
    assert np.all(shares[1:] > 0)
    assert greedy_shares(lambda _: None, list("abc"), FREE, None) is None


def test_a_small_improvement_of_a_strong_model_is_found():
    """A partner whose best share is a tenth gives nothing at one half: the strong one has to come again and again."""
    rng = np.random.default_rng(0)
    errors = np.stack([rng.normal(size=100_000), 3 * rng.normal(size=100_000)])
    assert -np.mean(errors[0] ** 2) > squares(errors)(np.array([0.5, 0.5]))
    shares = greedy_shares(squares(errors), list("ab"), FREE, None)
    assert shares[1] == pytest.approx(0.1, abs=0.03)
