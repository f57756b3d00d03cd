"""How sure a difference is: against textbook errors, with groups and with time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from octopus.blending.evidence import error_correlation, error_over_rows
from octopus.dataset import Dataset, Float, Rows
from octopus.scoring import Scoring, make_scoring

SQUARED = make_scoring("neg_mean_squared_error", "regression", None)
AREA = make_scoring("roc_auc", "binary", np.array(["no", "yes"]))
N = 4000


def _rows(y: Float, groups: Rows | None = None, time: np.ndarray | None = None) -> Dataset:
    table = pd.DataFrame({"x": np.zeros(len(y))})
    return Dataset(table=table, y=y, row_ids=np.arange(len(y), dtype=np.int64), groups=groups, time=time)


def _error(one: Float, other: Float, train: Dataset, scoring: Scoring = SQUARED) -> float:
    error = error_over_rows(one, other, train, scoring)
    assert error is not None
    return error


def test_of_a_mean_it_is_the_usual_standard_error() -> None:
    rng = np.random.default_rng(0)
    y, one, other = rng.normal(size=(3, N))
    difference = (other - y) ** 2 - (one - y) ** 2
    assert _error(one, other, _rows(y)) == pytest.approx(difference.std() / np.sqrt(N), rel=0.5)


def test_of_areas_it_is_as_wide_as_scores_of_other_rows_spread() -> None:
    def drawn(seed: int, n: int) -> tuple[Float, Float, Float]:
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, n).astype(float)
        one, other = (1 / (1 + np.exp(-(y + scale * rng.normal(size=n)))) for scale in (1.0, 1.2))
        return y, np.column_stack([1 - one, one]), np.column_stack([1 - other, other])

    seen = []
    for seed in range(100):
        y, one, other = drawn(seed, 500)
        a, b = AREA.score(y, one), AREA.score(y, other)
        assert a is not None
        assert b is not None
        seen.append(a - b)
    y, one, other = drawn(1000, 500)
    assert _error(one, other, _rows(y), AREA) == pytest.approx(np.std(seen), rel=0.5)


def test_the_same_predictions_differ_by_nothing_for_sure() -> None:
    y = np.random.default_rng(0).normal(size=N)
    assert _error(y + 1.0, y + 1.0, _rows(y)) == 0.0


@pytest.mark.parametrize("kind", ["groups", "time"])
def test_rows_that_go_together_count_as_one(kind: str) -> None:
    rng = np.random.default_rng(0)
    block = np.repeat(np.arange(40), N // 40)
    y = rng.normal(size=N)
    one, other = y + rng.normal(size=40)[block], y + rng.normal(size=40)[block]
    order = rng.permutation(N)
    y, one, other, block = y[order], one[order], other[order], block[order]
    together = _rows(y, groups=block) if kind == "groups" else _rows(y, time=block.astype("datetime64[D]"))
    assert _error(one, other, together) > 4 * _error(one, other, _rows(y)), "√100 for 40 blocks of 100 rows"


def test_of_many_rows_a_part_says_it_for_all() -> None:
    rng = np.random.default_rng(0)
    y, one, other = rng.normal(size=(3, 100_000))
    difference = (other - y) ** 2 - (one - y) ** 2
    assert _error(one, other, _rows(y)) == pytest.approx(difference.std() / np.sqrt(100_000), rel=0.5)


def test_a_part_of_many_rows_that_go_together_says_no_less() -> None:
    rng = np.random.default_rng(0)
    n, groups = 60_000, np.repeat(np.arange(200), 300)
    y = rng.normal(size=n)
    one, other = y + rng.normal(size=200)[groups], y + rng.normal(size=200)[groups]
    by_group = ((other - y) ** 2 - (one - y) ** 2).reshape(200, 300).mean(axis=1)
    assert _error(one, other, _rows(y, groups=groups)) == pytest.approx(by_group.std() / np.sqrt(200), rel=0.5)


def test_rows_that_no_fold_scored_are_left_out() -> None:
    rng = np.random.default_rng(0)
    y, one, other = rng.normal(size=(3, N))
    gaps = one.copy()
    gaps[1::2] = np.nan
    assert _error(gaps, other, _rows(y)) == _error(one[::2], other[::2], _rows(y[::2]))


def test_where_it_cannot_be_known_nothing_is_said() -> None:
    y = np.zeros(50)
    y[0] = 1.0
    told = np.column_stack([1 - y, y])
    assert error_over_rows(told, told, _rows(y), AREA) is None, "without the only one of a class there is no area"
    assert error_over_rows(y, y, _rows(y, groups=np.zeros(50, dtype=np.int64)), SQUARED) is None
    assert error_over_rows(np.full(50, np.nan), y, _rows(y), SQUARED) is None


def test_errors_are_alike_as_far_as_they_have_the_same_in_them() -> None:
    rng = np.random.default_rng(0)
    y, shared, one, other = rng.normal(size=(4, N))
    alike = error_correlation(y + shared + one, y + shared + other, _rows(y))
    assert alike == pytest.approx(0.5, abs=0.05)
    assert error_correlation(y + one, y - one, _rows(y)) == pytest.approx(-1.0)
    gaps = y + one
    gaps[::3] = np.nan
    assert error_correlation(gaps, y + other, _rows(y)) == pytest.approx(0.0, abs=0.1)


def test_errors_of_classes_are_what_the_true_one_lacks() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, N).astype(float)
    right, other = rng.uniform(size=(2, N))
    one = np.where(y[:, None] == [0, 1], right[:, None], 1 - right[:, None])
    assert error_correlation(one, one, _rows(y)) == pytest.approx(1.0)
    two = np.where(y[:, None] == [0, 1], other[:, None], 1 - other[:, None])
    assert error_correlation(one, two, _rows(y)) == pytest.approx(0.0, abs=0.1)


def test_errors_that_never_change_are_like_no_others() -> None:
    y = np.random.default_rng(0).normal(size=N)
    assert error_correlation(y + 1.0, y + y, _rows(y)) is None
    assert error_correlation(np.full(N, np.nan), y, _rows(y)) is None
