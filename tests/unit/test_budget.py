"""What a run may spend: the first experiment always runs, the final fits are paid for in advance."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.budget import (
    EXPERIMENT_SHARE,
    FIRST_EXPERIMENT_S,
    OF_THE_BEST,
    UNLIMITED_EXPERIMENT_S,
    blend_fit_s,
    experiment_wall_s,
    final_fit_s,
    n_resamples,
    remaining_s,
    reserve_s,
    spent_out,
    unaffordable,
    worthwhile_threads,
)
from octopus.journal import Journal
from octopus.records import Budget, Experiment, ModelCall, ModelCalled, NotBlended, Usage
from tests.strategies import blend_of, failed, journal_of, journals, started, valid

FOLDS = (0.8,) * 5
#: Replays and writing, and 500 resamples of 250 sealed rows for winner, constant and baseline.
DRAW_S = 1.5e-3 + 5e-7 * 250
OVERHEAD_S = 6.0 + 500 * 3 * DRAW_S
WHEN: dict[str, Any] = {"at": "2026-01-01T00:00:00Z", "elapsed_s": 31.0}
LIMITS = st.one_of(st.none(), st.floats(0.0, 500.0))


def _spending(number: int, **usage: float) -> Experiment:
    return msgspec.structs.replace(valid(number, "linear", FOLDS), usage=Usage(**usage))


def test_the_reserve_holds_both_fits_of_the_best_which_is_the_plain_one_too_and_six_seconds() -> None:
    journal = journal_of([valid(1, "linear", FOLDS, wall_s=40.0)])
    per_fold_s = 40.0 / 3  # five folds on two cores, three rounds, took 40 s
    per_fit_s = per_fold_s * 5 / 4  # a final fit sees a quarter more rows
    assert reserve_s(journal, Budget()) == pytest.approx(OVERHEAD_S + 2 * per_fit_s)


def test_the_reserve_is_that_of_the_best_not_of_the_slowest() -> None:
    slow, best = valid(1, "linear", (0.7,) * 5, wall_s=400.0), valid(2, "gbm", FOLDS, wall_s=4.0)
    assert reserve_s(journal_of([slow, best]), Budget()) == pytest.approx(OVERHEAD_S + 3 * 4.0 / 3 * 5 / 4)


def test_the_reserve_holds_late_a_companion_of_another_family_that_is_no_dearer_than_the_best() -> None:
    linear, dear, best = (
        valid(1, "linear", (0.7,) * 5, wall_s=4.0),
        valid(2, "forest", (0.75,) * 5, wall_s=400.0),
        valid(3, "gbm", FOLDS, wall_s=8.0),
    )
    fit_s = 1 / 3 * 5 / 4
    tried = [linear, dear, best]  # 412 s of it
    alone, together = OVERHEAD_S + fit_s * (2 * 8.0 + 4.0), OVERHEAD_S + fit_s * (2 * (8.0 + 4.0) + 4.0)
    assert reserve_s(journal_of(tried), Budget()) == pytest.approx(alone)
    assert _within(1000.0, *tried) == pytest.approx(alone)
    assert _within(800.0, *tried) == pytest.approx(together)


def _within(limit_s: float, *tried: Experiment) -> float:
    return reserve_s(journal_of(tried), Budget(time_limit_s=limit_s))


def test_of_a_short_limit_a_quarter_is_kept_and_fewer_resamples_are_paid_for() -> None:
    one = valid(1, "linear", FOLDS, wall_s=0.3)
    fits_s = 2 * 0.3 / 3 * 5 / 4
    assert _within(10.0, one) == pytest.approx(2.5 + 200 * 3 * DRAW_S + fits_s)
    assert _within(20.0, one) == pytest.approx(5.0 + 500 * 3 * DRAW_S + fits_s)
    assert _within(60.0, one) == pytest.approx(OVERHEAD_S + fits_s)
    assert [n_resamples(250, limit_s) for limit_s in (10.0, 15.0, 16.0, None)] == [200, 200, 500, 500]


def test_of_a_short_limit_room_for_a_companion_is_kept_from_the_beginning() -> None:
    one, two = valid(1, "linear", (0.7,) * 5, wall_s=0.3), valid(2, "gbm", FOLDS, wall_s=0.6)
    both_s = 2 * (0.3 + 0.6) / 3 * 5 / 4 + 0.3 / 3 * 5 / 4  # and the line once more, as the plain one
    assert _within(10.0, one, two) == pytest.approx(2.5 + 200 * 3 * DRAW_S + both_s)


def test_numbers_are_resampled_quicker_than_classes() -> None:
    begun = started()
    task = msgspec.structs.replace(begun.task, type="regression", classes=())
    numbers = Journal(events=(msgspec.structs.replace(begun, task=task), *journal_of([]).events[1:]))
    assert reserve_s(numbers, Budget()) == pytest.approx(6.0 + 500 * 3 * (DRAW_S - 1e-3))


def test_of_a_short_limit_an_untried_family_takes_as_much_as_the_dearest() -> None:
    journal = journal_of([valid(1, "linear", (0.7,) * 5, wall_s=0.1), valid(2, "gbm", FOLDS, wall_s=2.4)])
    short, longer = Budget(time_limit_s=10.0), Budget(time_limit_s=16.0)
    left_s = remaining_s(journal, short)
    assert left_s is not None
    assert 0.1 < left_s < 2.4
    assert spent_out(journal, short) is not None
    assert spent_out(journal, longer) is None


def test_a_blend_takes_as_long_as_its_members_together() -> None:
    one, two = valid(1, "linear", (0.7,) * 5, wall_s=4.0), valid(2, "gbm", FOLDS, wall_s=8.0)
    both = blend_of(3, {2: 0.75, 1: 0.25}, (0.9,) * 5)
    journal = journal_of([one, two, both])
    assert final_fit_s(both, journal) == pytest.approx((4.0 + 8.0) / 3 * 5 / 4)
    assert reserve_s(journal, Budget()) == pytest.approx(
        OVERHEAD_S + 2 * final_fit_s(both, journal) + final_fit_s(one, journal)
    )


def test_the_members_of_a_blend_share_what_is_left() -> None:
    journal = journal_of([valid(1, "linear", (0.7,) * 5, wall_s=4.0), valid(2, "gbm", FOLDS, wall_s=8.0)])
    assert blend_fit_s(journal, Budget(), 20.0) is None
    left_s = 100.0 - 20.0 - OVERHEAD_S - 4.0 / 3 * 5 / 4
    assert blend_fit_s(journal, Budget(time_limit_s=100.0), 20.0) == pytest.approx(left_s / 2)
    assert blend_fit_s(journal, Budget(time_limit_s=100.0), 99.0) == 0.0


def test_without_a_model_only_the_overhead_is_reserved() -> None:
    assert reserve_s(Journal(), Budget()) == 6.0
    assert reserve_s(journal_of([failed(1, "linear", "a", True, wall_s=30.0)]), Budget()) == pytest.approx(OVERHEAD_S)


def test_what_remains_is_the_limit_less_time_and_reserve() -> None:
    journal = journal_of([valid(1, "linear", FOLDS, wall_s=4.0)])
    left = remaining_s(journal, Budget(time_limit_s=100.0))
    assert left == pytest.approx(100.0 - 4.1 - reserve_s(journal, Budget()))
    assert remaining_s(journal, Budget()) is None


@given(limit_s=st.floats(0.0, 500.0), elapsed_s=st.floats(0.0, 1000.0))
def test_the_first_experiment_gets_its_time_however_late_it_is(limit_s: float, elapsed_s: float) -> None:
    wall_s = experiment_wall_s(Journal(), Budget(time_limit_s=limit_s), elapsed_s)
    assert wall_s >= FIRST_EXPERIMENT_S
    assert spent_out(Journal(), Budget(time_limit_s=limit_s, max_experiments=1, max_tokens=0, max_cost_usd=0.0)) is None


@given(journal=journals(), limit_s=st.floats(50.0, 500.0))
def test_an_experiment_gets_half_of_what_is_left_or_the_time_of_the_best(journal: Journal, limit_s: float) -> None:
    wall_s = experiment_wall_s(journal, Budget(time_limit_s=limit_s), journal.elapsed_s)
    least_s = 1.0 if journal.experiments else FIRST_EXPERIMENT_S
    left_s = remaining_s(journal, Budget(time_limit_s=limit_s))
    assert left_s is not None
    best_s = journal.best.outcome.wall_s if journal.best else 0.0
    assert wall_s == pytest.approx(max(least_s, EXPERIMENT_SHARE * left_s, min(left_s, OF_THE_BEST * best_s)))


def test_without_a_limit_a_hang_still_ends() -> None:
    assert experiment_wall_s(Journal(), Budget(), 1e6) == UNLIMITED_EXPERIMENT_S


@given(journal=journals(), max_experiments=st.integers(1, 8), limit_s=LIMITS)
def test_the_number_of_experiments_is_a_hard_limit(
    journal: Journal, max_experiments: int, limit_s: float | None
) -> None:
    reason = spent_out(journal, Budget(max_experiments=max_experiments, time_limit_s=limit_s))
    if len(journal.experiments) >= max_experiments:
        assert reason == f"all {max_experiments} experiments are spent"
    elif limit_s is None:
        assert reason is None


@given(journal=journals(), limit_s=st.floats(15.1, 200.0))
def test_time_is_spent_once_an_experiment_like_the_cheapest_does_not_fit(journal: Journal, limit_s: float) -> None:
    budget = Budget(time_limit_s=limit_s)
    left_s = remaining_s(journal, budget)
    assert left_s is not None
    next_s = min((e.outcome.wall_s for e in journal.valid_experiments), default=0.0)
    expected = bool(journal.experiments) and left_s <= next_s
    assert (spent_out(journal, budget) is not None) == expected


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        (Budget(max_tokens=0, max_cost_usd=0.0), None),
        (Budget(time_limit_s=5.0), "2 s of 5 s are spent, the rest is kept for the final fits"),
        (Budget(), None),
    ],
)
def test_time_ends_a_run_and_tokens_and_money_do_not(budget: Budget, reason: str | None) -> None:
    tried = [_spending(1, input_tokens=120, output_tokens=30, cost_usd=0.015)]
    tried += [_spending(2, input_tokens=100, output_tokens=50, cost_usd=0.015)]
    assert spent_out(journal_of(tried), budget) == reason


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        (Budget(), None),
        (Budget(max_tokens=400), None),
        (Budget(max_tokens=399), "300 of 399 tokens are spent, and the next call may take 100"),
        (Budget(max_cost_usd=0.04), None),
        (Budget(max_cost_usd=0.039), "$0.0300 of $0.0390 are spent, and the next call may cost $0.0100"),
    ],
)
def test_a_call_is_made_where_it_fits_at_its_dearest(budget: Budget, reason: str | None) -> None:
    spent = Usage(input_tokens=220, output_tokens=80, cost_usd=0.03)
    assert unaffordable(budget, spent, Usage(input_tokens=60, output_tokens=40, cost_usd=0.01)) == reason


def test_threads_are_as_many_as_the_table_keeps_busy() -> None:
    assert worthwhile_threads(5_000, 10, 8) == 1
    assert worthwhile_threads(200_000, 10, 8) == 2
    assert worthwhile_threads(1_000_000, 50, 8) == 8
    assert worthwhile_threads(0, 0, 1) == 1


def test_what_is_cheaper_than_the_best_is_tried_where_the_best_would_not_fit_again() -> None:
    cheap, dear = valid(1, "linear", (0.7,) * 5, wall_s=1.0), valid(2, "forest", FOLDS, wall_s=30.0)
    both = [cheap, dear]
    budget = Budget(time_limit_s=31.0 + reserve_s(journal_of(both), Budget()) + 10.0)
    assert spent_out(journal_of(both, families=("linear", "forest")), budget) is None
    tight = Budget(time_limit_s=31.0 + reserve_s(journal_of(both), Budget()) + 0.9)
    reason = spent_out(journal_of(both, families=("linear", "forest")), tight)
    assert reason is not None
    assert "another experiment takes 1 s" in reason


def test_a_model_improves_the_best_or_begins_another_family() -> None:
    call = ModelCall(
        kind="step", backend="openai:any", model="any", messages=(), reply="", status="ok", usage=Usage(), wall_s=0.1
    )
    asked = ModelCalled(**WHEN, call=call)
    both = [valid(1, "linear", (0.7,) * 5, wall_s=1.0), valid(2, "forest", FOLDS, wall_s=30.0)]
    budget = Budget(time_limit_s=31.0 + reserve_s(journal_of(both), Budget()) + 10.0)
    for families, is_over in ((("linear", "forest"), True), (("linear", "forest", "gbm"), False)):
        journal = journal_of(both, families=families)
        led = Journal(events=(*journal.events, asked))
        assert (spent_out(led, budget) is not None) == is_over


def test_what_ships_with_the_best_is_waited_for_until_a_blend_was_refused() -> None:
    tried = [valid(1, "linear", (0.7,) * 5, wall_s=10.0), valid(2, "forest", FOLDS, wall_s=12.0)]
    journal, budget = journal_of(tried), Budget(time_limit_s=40.0)
    refused = Journal(events=(*journal.events, NotBlended(**WHEN, members=(), reason="no gain")))
    assert reserve_s(journal, budget) - reserve_s(refused, budget) == pytest.approx(2 * final_fit_s(tried[0], journal))


def test_the_interval_of_a_large_holdout_is_paid_for_in_advance() -> None:
    journal = journal_of([])
    assert journal.profile is not None
    sealed = msgspec.structs.replace(journal.events[1], profile=msgspec.structs.replace(journal.profile, n_sealed=4454))
    longer = Journal(events=(journal.events[0], sealed))
    assert reserve_s(longer, Budget()) - 6.0 == pytest.approx(449 * 3 * (1.5e-3 + 5e-7 * 4454))
