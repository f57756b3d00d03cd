"""Rolling origins: nothing later is ever learned from, and what is scored is the horizon."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.errors import InvalidData, InvalidParameter
from octopus.series.origins import count_windows, roll_origins, split_last


def one_series(n):
    return np.arange(1000, 1000 + n), np.zeros(n, dtype=np.int64)


def shuffled_panel(seed, n_series, n):
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n, n_series)
    rows = [(period, number) for number in range(n_series) for period in range(starts[number], n)]
    rows = [row for row in rows if rng.random() > 0.2] + [(0, 0), (n - 1, 0)]
    periods, series = np.array(rows, dtype=np.int64)[rng.permutation(len(rows))].T
    return periods - 50, series


@given(
    seed=st.integers(0, 2**31),
    n_series=st.integers(1, 6),
    n=st.integers(20, 60),
    horizon=st.integers(1, 5),
    n_windows=st.integers(1, 3),
)
def test_no_row_of_any_series_is_known_before_its_time(seed, n_series, n, horizon, n_windows):
    periods, series = shuffled_panel(seed, n_series, n)
    folds = roll_origins(periods, series, horizon, n_windows)
    assert 1 <= len(folds) <= n_windows
    last = [periods[fold.train_rows].max() for fold in folds]
    assert last == sorted(last)
    for fold in folds:
        scored = periods[fold.valid_rows]
        assert periods[fold.train_rows].max() < scored.min()
        assert scored.max() - scored.min() < horizon
        assert set(series[fold.valid_rows]) <= set(series[fold.train_rows])
        assert len(np.unique(fold.valid_rows)) == len(fold.valid_rows)
    assert len(np.unique(np.concatenate([fold.valid_rows for fold in folds]))) == sum(len(f.valid_rows) for f in folds)
    assert periods[folds[-1].valid_rows].max() == periods.max()


def test_the_holdout_is_the_last_horizon_and_windows_follow_each_other():
    periods, series = one_series(30)
    held = split_last(periods, series, 4)
    assert held.valid_rows.tolist() == [26, 27, 28, 29]
    assert held.train_rows.tolist() == list(range(26))
    folds = roll_origins(periods[:26], series[:26], 4, 3)
    assert [fold.valid_rows.tolist() for fold in folds] == [[14, 15, 16, 17], [18, 19, 20, 21], [22, 23, 24, 25]]


def test_an_ended_series_is_learned_from_and_a_new_one_is_not_scored():
    periods = np.r_[np.arange(20), np.arange(15), [18, 19]]
    series = np.repeat([0, 1, 2], [20, 15, 2])
    fold = split_last(periods, series, 3)
    assert set(series[fold.valid_rows]) == {0}
    assert set(series[fold.train_rows]) == {0, 1}


@pytest.mark.parametrize(
    ("n", "horizon", "season", "n_windows"),
    [
        (144, 12, 12, 3), (60, 12, 12, 3), (59, 12, 12, 2), (48, 12, 12, 2), (36, 12, 12, 1), (35, 12, 12, 1),
        (24, 12, 12, 1), (60, 6, 52, 3), (60, 6, 24, 2), (20, 4, 1, 3), (13, 4, 1, 1), (8, 4, 1, 1), (16, 4, 52, 2),
    ],
)  # fmt: skip
def test_windows_leave_two_seasons_and_two_horizons(n, horizon, season, n_windows):
    assert count_windows(*one_series(n), horizon, season) == n_windows
    assert len(roll_origins(*one_series(n), horizon, n_windows)) == n_windows


def test_one_short_series_of_many_is_no_reason_for_fewer_windows():
    starts = [0] * 29 + [37]
    periods = np.concatenate([np.arange(start, 60) for start in starts])
    series = np.repeat(np.arange(30), [60 - start for start in starts])
    assert count_windows(periods, series, 6, 1) == 3
    assert count_windows(periods[series > 27], series[series > 27], 6, 1) == 1
    ended = np.r_[np.arange(60), np.arange(5)], np.repeat([0, 1], [60, 5])  # it is never scored
    assert count_windows(*ended, 6, 1) == 3


def test_too_short_a_history_says_so():
    with pytest.raises(InvalidData, match="span 7 periods, and a horizon of 4 needs 8"):
        split_last(*one_series(7), 4)
    with pytest.raises(InvalidParameter, match=r"cv=3.*Use 2 or fewer"):
        roll_origins(*one_series(12), 4, 3)
    with pytest.raises(InvalidParameter, match="horizon=0"):
        split_last(*one_series(7), 0)
    with pytest.raises(InvalidData, match="no series has rows both before and in"):
        split_last(np.arange(20), np.arange(20), 4)
