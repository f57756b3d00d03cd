"""Intervals from errors out of fold."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict, train_test_split

from octopus.errors import InvalidParameter
from octopus.intervals import MAX_POINTS, FoldErrors, errors_of
from octopus.predictions import PredictionStore
from tests.frames import cars_frame, regression_frame


def test_the_width_is_the_error_of_the_corrected_rank() -> None:
    errors = FoldErrors.of(np.zeros(19), np.arange(1.0, 20.0))
    assert errors is not None
    assert errors.half_width(0.9) == 18.0  # ceil(0.9 * 20)
    assert errors.half_width(0.95) == 19.0
    assert errors.half_width(0.96) == math.inf


def test_rows_that_were_never_predicted_do_not_count() -> None:
    errors = FoldErrors.of([np.nan, 0.0, 0.0], [100.0, 1.0, -2.0])
    assert errors is not None
    assert errors.n_rows == 2
    assert errors.points.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("predictions", "y"), [([np.nan], [1.0]), ([1.0, 2.0], [1.0]), ([[0.5, 0.5]], [1.0])])
def test_what_does_not_fit_gives_nothing(predictions: list[float], y: list[float]) -> None:
    assert FoldErrors.of(predictions, y) is None


@pytest.mark.parametrize("n_rows", [2_001, 3_999, 100_000])
def test_of_many_rows_few_points_are_kept_and_no_interval_gets_narrower(n_rows: int) -> None:
    y = np.random.default_rng(0).permutation(np.arange(1.0, n_rows + 1))
    errors = FoldErrors.of(np.zeros(n_rows), y)
    assert errors is not None
    assert len(errors.points) == MAX_POINTS
    for level in (0.01, 0.5, 0.8, 0.9, 0.95, 0.999):
        exact = math.ceil(level * (n_rows + 1))
        assert exact <= errors.half_width(level) <= exact + math.ceil(n_rows / MAX_POINTS)


def test_one_level_gives_two_columns_and_several_a_layer_each() -> None:
    errors = FoldErrors.of(np.zeros(99), np.arange(99.0))
    assert errors is not None
    one, several = errors.around(np.ones(4), 0.9), errors.around(np.ones(4), [0.5, 0.9])
    assert one.shape == (4, 2)
    assert several.shape == (4, 2, 2)
    np.testing.assert_array_equal(one, several[:, :, 1])


@pytest.mark.parametrize("level", [0, 1, 90, -0.1, math.nan, "much", [], [[0.5]], [0.5, 2.0]])
def test_a_level_that_is_no_share_is_refused(level: object) -> None:
    errors = FoldErrors.of(np.zeros(9), np.arange(9.0))
    assert errors is not None
    with pytest.raises(InvalidParameter, match="no share"):
        errors.around(np.ones(1), level)  # type: ignore[arg-type]


def test_they_are_read_from_the_run_and_pickle(tmp_path: Path) -> None:
    PredictionStore(tmp_path / "predictions").save(2, np.array([1.0, np.nan, 3.0]))
    y = np.array([1.5, 2.0, 2.0])
    assert errors_of(tmp_path, 1, y) is None
    errors = errors_of(tmp_path, 2, y)
    assert errors is not None
    assert pickle.loads(pickle.dumps(errors)).points.tolist() == [0.5, 1.0]


@pytest.mark.parametrize("frame", [regression_frame, cars_frame])
def test_intervals_hold_what_they_promise_on_real_rows(frame: object) -> None:
    X, y = frame()  # type: ignore[operator]
    X = X.select_dtypes("number").fillna(0.0)
    held: dict[str, list[float]] = {}
    for seed in range(40):
        X_train, X_new, y_train, y_new = train_test_split(X, y, test_size=0.3, random_state=seed)
        folds = KFold(5, shuffle=True, random_state=seed)
        errors = FoldErrors.of(cross_val_predict(Ridge(), X_train, y_train, cv=folds), y_train)
        assert errors is not None
        fitted = Ridge().fit(X_train, y_train)
        for level, share in errors.coverage(fitted.predict(X_new), y_new.to_numpy(dtype=float)).items():
            held.setdefault(level, []).append(share)
    means = {level: float(np.mean(shares)) for level, shares in held.items()}
    print(getattr(frame, "__name__", ""), means)
    for level, mean in means.items():
        assert abs(mean - float(level)) < 0.025, means
