"""OCT609: the errors depend on a column that is named; what chance or a wrong scale explains is not."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from sklearn.linear_model import LogisticRegression, Ridge

from octopus.rules.residuals import ResidualStructure
from tests.frames import r_frame, weighted_frame
from tests.unit.rules.symptom_cases import evidence, fitted

RULE = ResidualStructure()
N = 1000


def _rng():
    return np.random.default_rng(0)


def _case(table, missed, **more):
    """Return evidence of a number that is missed by so much."""
    return evidence("regression", "r2", missed, np.zeros(len(missed)), table=table, **more)


def named(diagnosis):
    """Return the columns that evidence names, in order."""
    return re.findall(r"(?:^|, )([^,]+?) \([\d.]+%\)", diagnosis.evidence.split(" by ", 1)[1])


SHAPES = {
    "line": lambda x: x,
    "valley": lambda x: x**2,
    "step": lambda x: x > 1,
    "wave": lambda x: np.sin(3 * x),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_over_a_number_is_seen(shape):
    rng = _rng()
    table = pd.DataFrame({f"x{i}": rng.normal(size=N) for i in range(10)} | {"how far (km)": rng.normal(size=N)})
    missed = SHAPES[shape](table["how far (km)"]) + rng.normal(0, 1.5, N)
    found = RULE.match(_case(table, missed))
    assert found
    assert named(found) == ["how far (km)"]
    assert "how far (km)" in found.cause
    assert "1 of 11 looked at" in found.evidence


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_left_alone_whatever_its_spread(seed):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({f"x{i}": rng.normal(size=N) for i in range(20)} | {"c": rng.choice(list("abcdefgh"), N)})
    spread = np.exp(table["x0"])  # the errors' size depends on x0, their mean on nothing
    assert RULE.match(_case(table, rng.normal(0, 1, N) * spread)) is None


def test_levels_missing_values_and_dates():
    rng = _rng()
    colour = rng.choice(["red", "blue", "green"], N)
    gaps = np.where(rng.random(N) < 0.3, np.nan, rng.normal(size=N))
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 365, N), "D")
    table = pd.DataFrame({"colour": colour, "gaps": gaps, "day": day, "other": rng.normal(size=N)})
    noise = rng.normal(size=N)
    assert named(RULE.match(_case(table, (colour == "red") + noise))) == ["colour"]
    assert named(RULE.match(_case(table, np.isnan(gaps) + noise))) == ["gaps"]
    assert named(RULE.match(_case(table, day.day_of_year / 200 + noise)))[0] == "day"
    both = named(RULE.match(_case(table, 2 * (colour == "red") + np.isnan(gaps) + noise)))
    assert both == ["colour", "gaps"], "the one that explains more comes first"


def test_a_column_that_is_not_used_is_not_looked_at():
    rng = _rng()
    table = pd.DataFrame({"x": rng.normal(size=N), "note": rng.normal(size=N)})
    assert RULE.match(_case(table, table["x"] + rng.normal(size=N)))
    assert RULE.match(_case(table, table["x"] + rng.normal(size=N), unused=["x"])) is None


def test_rare_levels_and_few_rows_say_nothing():
    rng = _rng()
    name = rng.permutation([f"name {i}" for i in range(N // 5)] * 5)
    table = pd.DataFrame({"name": name})
    by_name = dict(zip(sorted(set(name)), rng.normal(0, 2, N // 5), strict=True))
    assert RULE.match(_case(table, np.array([by_name[one] for one in name]))) is None
    few = pd.DataFrame({"x": rng.normal(size=150)})
    assert RULE.match(_case(few, few["x"] * 5)) is None


def test_an_effect_must_be_worth_it():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"x": rng.normal(size=100_000)})
    assert RULE.match(_case(table, 0.05 * table["x"] + rng.normal(size=100_000))) is None, "0.25 % of the variance"
    found = RULE.match(_case(table, 0.2 * table["x"] + rng.normal(size=100_000)))
    assert 0.02 < float(re.search(r"\(([\d.]+)%\)", found.evidence)[1]) / 100 < 0.06, "4 % of the variance"


def test_time_and_groups_are_looked_at_beside_the_columns():
    rng = _rng()
    table = pd.DataFrame({"x": rng.normal(size=N)})
    time = np.datetime64("2024-01-01", "ns") + np.arange(N) * np.timedelta64(1, "D")
    found = RULE.match(_case(table, np.arange(N) / 400 + rng.normal(size=N), time=time, time_name="when", kind="time"))
    assert named(found) == ["when"]
    groups = np.repeat(np.arange(10), 100)
    missed = rng.normal(size=10)[groups] + rng.normal(size=N)
    shared = {"groups": groups, "group": "shop"}
    assert named(RULE.match(_case(table, missed, **shared))) == ["shop"]
    assert RULE.match(_case(table, missed, **shared, kind="group")) is None, "each fold's groups are new to its model"


def test_probabilities_that_are_off_alike_are_no_structure():
    rng = _rng()
    table = pd.DataFrame({"x": rng.normal(size=4000), "z": rng.normal(size=4000)})
    true = 1 / (1 + np.exp(-2 * table["x"].to_numpy()))
    y = (rng.random(4000) < true).astype(float)
    for p in (true, true**2, np.sqrt(true)):
        assert RULE.match(evidence(y=y, predictions=np.column_stack([1 - p, p]), table=table)) is None
    blind = 1 / (1 + np.exp(-2 * table["z"].to_numpy()))
    found = RULE.match(evidence(y=y, predictions=np.column_stack([1 - blind, blind]), table=table))
    assert named(found) == ["x"]


def test_many_classes():
    rng = _rng()
    table = pd.DataFrame({"x": rng.normal(size=2000)})
    y = np.where(table["x"] > 0.5, rng.integers(0, 2, 2000), rng.integers(0, 6, 2000))
    assert named(RULE.match(evidence("multiclass", "neg_log_loss", y, np.full((2000, 6), 1 / 6), table=table))) == ["x"]


def test_a_line_misses_what_bends_in_the_price_of_diamonds_and_trees_do_not():
    table = r_frame("ggplot2", "diamonds").sample(4000, random_state=0)
    X, y = table.drop(columns="price"), table["price"].to_numpy(dtype=float)
    found = RULE.match(fitted(X, y, Ridge(), "neg_root_mean_squared_error"))
    assert set(named(found)) <= {"x", "y", "carat", "clarity"}
    assert not RULE.match(fitted(X, y, LGBMRegressor(verbose=-1, n_jobs=1), "neg_root_mean_squared_error"))


def test_balanced_weights_shift_probabilities_and_that_is_no_structure():
    table, y, _ = weighted_frame()
    hours = fitted(table, y.to_numpy(), LogisticRegression(max_iter=1000, class_weight={0: 1, 1: 4}), "roc_auc")
    found = RULE.match(hours)
    assert found is None or set(named(found)) <= {"whrswk"}, "only the hours, whose effect has a step at full time"
