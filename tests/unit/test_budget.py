"""What a run may spend: a reserve for the end, a first experiment whatever happens, hard limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from octopus.budget import (
    EXPERIMENT_SHARE,
    FIRST_EXPERIMENT_S,
    UNLIMITED_EXPERIMENT_S,
    experiment_wall_s,
    remaining_s,
    reserve_s,
    spent_out,
)
from octopus.journal import Journal
from octopus.records import Budget
from tests.strategies import journals


def test_the_first_experiment_gets_time_however_small_the_limit() -> None:
    tiny = Budget(time_limit_s=0.001)
    assert spent_out(Journal(), tiny) is None
    assert experiment_wall_s(Journal(), tiny, elapsed_s=50.0) == FIRST_EXPERIMENT_S


@given(journal=journals(), limit=st.floats(1.0, 1000.0))
def test_what_is_left_is_the_limit_less_what_is_spent_and_reserved(journal: Journal, limit: float) -> None:
    left = remaining_s(journal, Budget(time_limit_s=limit))
    assert left == limit - journal.elapsed_s - reserve_s(journal)
    assert remaining_s(journal, Budget()) is None


@given(journal=journals(), limit=st.floats(1.0, 1000.0))
def test_an_experiment_never_gets_more_than_its_share_of_what_is_left(journal: Journal, limit: float) -> None:
    budget = Budget(time_limit_s=limit)
    wall_s = experiment_wall_s(journal, budget, journal.elapsed_s)
    left = remaining_s(journal, budget)
    assert left is not None
    floor = 1.0 if journal.experiments else FIRST_EXPERIMENT_S
    assert wall_s == max(EXPERIMENT_SHARE * left, floor)
    assert experiment_wall_s(journal, Budget(), journal.elapsed_s) == UNLIMITED_EXPERIMENT_S


@given(journal=journals())
def test_the_reserve_grows_with_the_slowest_fit_that_may_have_to_be_repeated(journal: Journal) -> None:
    best = journal.best
    if best is None:
        assert reserve_s(journal) == reserve_s(Journal())
    else:
        # three fits of 3/2 the rows of a fold, where two of three folds ran at a time
        assert reserve_s(journal) == reserve_s(Journal()) + 3 * 1.5 * best.outcome.wall_s * 2 / 3


@given(journal=journals(), n=st.integers(1, 10))
def test_the_number_of_experiments_is_a_hard_limit(journal: Journal, n: int) -> None:
    reason = spent_out(journal, Budget(max_experiments=n))
    assert (reason is not None) == (len(journal.experiments) >= n)


@given(journal=journals())
def test_time_that_is_up_ends_the_search_once_something_was_tried(journal: Journal) -> None:
    reason = spent_out(journal, Budget(time_limit_s=1e-6))
    assert (reason is not None) == bool(journal.experiments)
    assert spent_out(journal, Budget()) is None
