"""OCT610 and OCT611: what is wrong with the folds themselves, or with time."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import KNeighborsRegressor

from octopus.dataset import Fold
from octopus.rules.contamination import ContaminatedSplit
from octopus.rules.copies import row_numbers
from octopus.rules.drift import Drift
from tests.frames import r_frame, regression_frame, weighted_frame
from tests.unit.rules.symptom_cases import evidence, fitted, five_folds

TWINS, LATER = ContaminatedSplit(), Drift()


def _copied(jitter=1e-5):
    """Return the diabetes table with 200 of its rows twice, and the number of each row's patient."""
    table, y = regression_frame()
    rng = np.random.default_rng(0)
    patient = np.concatenate([np.arange(len(table)), rng.choice(len(table), 200, replace=False)])
    X = table.iloc[patient].reset_index(drop=True)
    return X + rng.normal(0, jitter, X.shape), y.to_numpy(dtype=float)[patient], patient


def _whole(groups):
    return tuple(Fold(train_rows=a, valid_rows=b) for a, b in GroupKFold(5).split(groups, groups=groups))


# ------------------------------------------------------------------ twins


@pytest.mark.parametrize(
    "model", [KNeighborsRegressor(1), RandomForestRegressor(random_state=0), LGBMRegressor(verbose=-1, n_jobs=1)]
)
def test_models_with_a_memory_recognise_near_copies(model):
    X, y, patient = _copied()
    found = TWINS.match(fitted(X, y, model, "r2"))
    assert found
    assert "near-identical rows" in found.cause
    assert "of 316 rows with a twin" in found.evidence
    assert not TWINS.match(fitted(X, y, model, "r2", splits=_whole(patient))), "copies are in one fold"
    table, target = regression_frame()
    assert not TWINS.match(fitted(table, target.to_numpy(dtype=float), model, "r2")), "no row has a copy"


def test_a_model_without_a_memory_does_not():
    X, y, _ = _copied()
    assert not TWINS.match(fitted(X, y, Ridge(), "r2"))


def test_rows_that_are_alike_by_nature_are_no_twins():
    table, y, _ = weighted_frame()
    assert not TWINS.match(fitted(table, y.to_numpy(), LogisticRegression(max_iter=1000), "neg_log_loss"))


def _patients():
    """Return visits: every second patient comes once, the others four times, and each has a level of its own."""
    rng = np.random.default_rng(0)
    patient = np.concatenate([np.arange(200), np.repeat(np.arange(200, 400), 4)])
    X = pd.DataFrame({"patient": [f"P{i:03}" for i in patient], "dose": rng.normal(size=len(patient))})
    y = rng.normal(0, 5, 400)[patient] + X["dose"].to_numpy() + rng.normal(0, 0.5, len(patient))
    return X, y, patient


@pytest.mark.parametrize("kind", ["categorical", "text"])
def test_a_name_that_few_rows_bear_may_be_recognised(kind):
    X, y, patient = _patients()

    def shown(case):
        columns = [msgspec.structs.replace(c, kind=kind) if c.name == "patient" else c for c in case.profile.columns]
        return replace(case, profile=msgspec.structs.replace(case.profile, columns=tuple(columns)))

    model = Ridge(alpha=0.1)
    found = TWINS.match(shown(fitted(X, y, model, "r2")))
    assert found
    assert "rows of one patient" in found.cause
    assert not TWINS.match(shown(fitted(X, y, model, "r2", splits=_whole(patient))))


def test_splits_of_ones_own_may_share_groups():
    _, y, patient = _patients()
    level = pd.DataFrame({"level": np.random.default_rng(1).normal(size=400)[patient]})
    case = fitted(level, y, KNeighborsRegressor(1), "r2", groups=patient, group="patient", kind="custom")
    found = TWINS.match(case)
    assert found
    assert "rows of one patient" in found.cause
    whole = fitted(
        level, y, KNeighborsRegressor(1), "r2", groups=patient, group="patient", kind="custom", splits=_whole(patient)
    )
    assert not TWINS.match(whole)


def test_of_many_rows_copies_stay_together():
    rng = np.random.default_rng(0)
    n_rows = 30_000
    table = pd.DataFrame(
        {"a": rng.normal(size=n_rows), "b": rng.choice(list("xyz"), n_rows), "c": rng.normal(size=n_rows)}
    )
    table.loc[n_rows // 2 :, ["a", "b", "c"]] = table.loc[: n_rows // 2 - 1, ["a", "b", "c"]].to_numpy()
    table = table.astype({"a": float, "c": float})
    case = evidence("regression", "r2", np.zeros(n_rows), np.zeros(n_rows), table=table)
    kept, numbers = row_numbers(case, np.arange(n_rows))
    assert 8_000 < len(kept) < 12_000
    assert (np.bincount(numbers) == 2).all(), "each with its one copy"
    assert set(kept[kept < n_rows // 2] + n_rows // 2) == set(kept[kept >= n_rows // 2])


def test_equal_rows_have_equal_numbers_and_missing_equals_missing():
    table = pd.DataFrame({"a": [1.0, np.nan, 1.0, np.nan, -0.0, 0.0], "b": ["x", "y", "x", "y", None, None]})
    case = evidence("regression", "r2", np.zeros(6), np.zeros(6), table=table)
    _, numbers = row_numbers(case, np.arange(6))
    assert list(numbers) == [0, 1, 0, 1, 2, 2]


# ------------------------------------------------------------------ time


def _over_time(error, folds=(0.8, 0.8, 0.8, 0.8), kind="time", **more):
    n_rows = len(error)
    time = np.datetime64("2024-01-01", "ns") + np.arange(n_rows) * np.timedelta64(1, "D")
    more.setdefault("splits", five_folds(n_rows)[: len(folds)])
    return evidence("regression", "r2", error, np.zeros(n_rows), folds, 0.0, time=time, kind=kind, **more)


def _errors(growth, n_rows=1000):
    return np.random.default_rng(0).normal(size=n_rows) * np.linspace(1, growth, n_rows)


@pytest.mark.parametrize(
    ("growth", "kind", "fires"),
    [(2.0, "time", True), (1.0, "time", False), (0.5, "time", False), (2.0, "random", False)],
)
def test_errors_that_grow_with_time(growth, kind, fires):
    assert (LATER.match(_over_time(_errors(growth), kind=kind)) is not None) is fires


@pytest.mark.parametrize(
    ("folds", "fires"),
    [
        ((0.9, 0.8, 0.7, 0.6), True),
        ((0.9, 0.8, 0.85, 0.6), False),  # not each below the one before
        ((0.9, 0.8, 0.7), False),  # too few
        ((0.6, 0.7, 0.8, 0.9), False),  # the better, the more rows there are
    ],
)
def test_folds_that_fall_in_order_of_time(folds, fires):
    assert (LATER.match(_over_time(_errors(1.0), folds=folds)) is not None) is fires


def test_folds_whose_order_is_not_known_say_nothing():
    splits = five_folds(1000)
    assert LATER.match(_over_time(_errors(1.0), folds=(0.9, 0.8, 0.7, 0.6), splits=splits)) is None


def test_unemployment_leaves_the_level_that_a_line_has_learned():
    table = r_frame("ggplot2", "economics")
    n_rows = len(table)
    time = pd.to_datetime(table["date"]).to_numpy("datetime64[ns]")
    blocks = np.array_split(np.arange(n_rows), 6)
    splits = tuple(Fold(train_rows=np.concatenate(blocks[:i]), valid_rows=blocks[i]) for i in range(1, 6))
    case = {"splits": splits, "time": time, "time_name": "date", "kind": "time"}
    X = table[["pce", "pop", "psavert"]]
    drifting = fitted(X, table["pce"].to_numpy(dtype=float), KNeighborsRegressor(5), "neg_mean_absolute_error", **case)
    found = LATER.match(drifting)
    assert found
    assert "what held early in date" in found.cause
    steady = fitted(X, table["pce"].to_numpy(dtype=float), Ridge(alpha=1e-6), "neg_mean_absolute_error", **case)
    assert not LATER.match(steady)
