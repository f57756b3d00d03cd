"""Boosted trees of several libraries in one family: those that are installed, one draft each."""

from __future__ import annotations

import msgspec
import pytest

from octopus.families import boosters
from octopus.families.gbm import GradientBoosting
from octopus.protocols import Recipe
from octopus.records import NumericSummary, TargetProfile
from octopus.testing import check_family
from octopus.testing.examples import example_profile, example_task

CATBOOST, XGBOOST = "symmetric trees (CatBoost)", "trees level by level (XGBoost)"


def recipes(task_type: str, scoring: str | None = None, n_rows: int | None = None, minimum: float = 0.0):
    task, profile = example_task(task_type), example_profile(task_type)
    if scoring:
        task = msgspec.structs.replace(task, scoring=scoring)
    if task_type == "regression":
        numeric = NumericSummary(mean=5, std=2, minimum=minimum, median=5, maximum=20)
        profile = msgspec.structs.replace(profile, target=TargetProfile(n_missing=0, numeric=numeric))
    if n_rows:
        profile = msgspec.structs.replace(profile, n_rows=n_rows)
    return {recipe.idea: recipe for recipe in GradientBoosting().recipes(task, profile)}


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosters, "find_spec", lambda _: None)


def test_libraries_that_are_there_have_a_draft_right_after_the_first() -> None:
    assert list(recipes("binary"))[1:3] == [CATBOOST, XGBOOST]
    assert {"catboost", "xgboost"} <= set(GradientBoosting().imports)
    assert [recipes("binary")[idea].answers for idea in (CATBOOST, XGBOOST)] == [(), ()]
    check_family(GradientBoosting())


@pytest.mark.usefixtures("absent")
def test_libraries_that_are_not_there_are_not_spoken_of() -> None:
    assert not {"catboost", "xgboost"} & set(GradientBoosting().imports)
    told = str([msgspec.json.encode(recipe) for recipe in recipes("binary").values()])
    assert "CatBoost" not in told
    assert "XGBoost" not in told
    check_family(GradientBoosting())


def test_a_folder_of_that_name_is_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    class Folder:
        origin = None

    monkeypatch.setattr(boosters, "find_spec", lambda _: Folder())
    assert boosters.installed_imports() == ()


def test_more_values_take_larger_steps() -> None:
    small, large = recipes("binary", n_rows=2000), recipes("binary", n_rows=1_000_000)
    for idea in (CATBOOST, XGBOOST):
        assert '"learning_rate": 0.1' not in small[idea].model
        assert '"learning_rate": 0.1' in large[idea].model


@pytest.mark.parametrize(
    ("scoring", "minimum", "catboost", "xgboost"),
    [
        ("neg_root_mean_squared_error", 0, "", ""),
        ("neg_mean_absolute_error", 0, "MAE", "reg:absoluteerror"),
        ("neg_mean_absolute_percentage_error", 0, "MAPE", ""),
        ("neg_mean_poisson_deviance", 0, "Poisson", "count:poisson"),
        ("neg_mean_poisson_deviance", -1, "", ""),
    ],
)
def test_the_loss_is_the_metric_where_there_is_such_a_loss(
    scoring: str, minimum: float, catboost: str, xgboost: str
) -> None:
    found = recipes("regression", scoring, minimum=minimum)
    assert [_loss(found[idea]) for idea in (CATBOOST, XGBOOST)] == [catboost, xgboost]
    assert not any(found[idea].log_target for idea in (CATBOOST, XGBOOST))


def test_errors_of_logarithms_take_the_logarithm() -> None:
    found = recipes("regression", "neg_root_mean_squared_log_error")
    assert all(found[idea].log_target for idea in (CATBOOST, XGBOOST))


def _loss(recipe: Recipe) -> str:
    _, found, rest = recipe.model.partition('loss="')
    return rest.partition('"')[0] if found else ""
