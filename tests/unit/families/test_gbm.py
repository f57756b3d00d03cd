"""Boosted trees of several libraries in one family: those that are installed, one draft each."""

from __future__ import annotations

import re

import msgspec
import pytest

from octopus.families import boosters
from octopus.families.gbm import GradientBoosting
from octopus.journal import Journal
from octopus.protocols import Recipe
from octopus.records import Budget, NumericSummary, TargetProfile
from octopus.scientists.playbook.ways import Way, stock_shelf
from octopus.testing import check_family
from octopus.testing.examples import example_profile, example_task
from tests.strategies import journal_of, started
from tests.unit.scientists.journals import Run, column, draft, improve, profile, task, weak

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
    assert list(recipes("binary"))[1:3] == [XGBOOST, CATBOOST]
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


def drafted() -> Run:
    return Run().drafted(0.9, 0.87, 0.88)


@pytest.mark.parametrize("code", [None, "OCT602", "OCT608"])
def test_other_libraries_come_before_variations_whichever_family_is_best(code: str | None) -> None:
    run = drafted()
    for score in (0.85, 0.86):
        run.step(improve(code, 1), score)
    assert run.ideas[3:] == [f"gbm: {XGBOOST}", f"gbm: {CATBOOST}"]
    again = run.propose(improve(code, 1))
    assert again.plan.idea not in (CATBOOST, XGBOOST)


def test_rows_in_question_come_before_other_libraries() -> None:
    run = Run(known=profile(column("size", signal=0.9), column("width"), findings=(weak("OCT721", "size"),)))
    run.drafted(0.9, 0.87, 0.88)
    assert "without size" in run.propose(improve("OCT615", 1)).plan.idea


def test_a_family_that_met_a_limit_gets_no_library_that_takes_longer() -> None:
    run = Run().drafted(0.9, 0.87)
    run.step(draft(), "OCT201")
    assert run.ideas[2].startswith("gbm")
    assert run.propose(improve(None, 1)).plan.family != "gbm"


def test_a_turn_that_gains_does_not_bring_the_drafts_again() -> None:
    run = Run().drafted(0.8, 0.84, 0.86)
    for score in (0.85, 0.85, 0.9):
        run.step(improve(None, 3), score)
    assert run.propose(improve(None, 6)).plan.idea.split(" + ")[0] not in (CATBOOST, XGBOOST)


def test_random_cuts_come_first_for_classes_on_some_thousand_rows() -> None:
    assert list(recipes("binary", n_rows=5000))[3:5] == ["random cuts", "slower learning, fewer leaves"]
    assert list(recipes("binary", n_rows=500))[3:5] == ["slower learning, fewer leaves", "effects that add up"]


def test_some_rows_are_averaged_over_before_anything_else_very_few_never_and_many_later() -> None:
    found = {}
    for n_rows in (300, 500, 20_000):
        run = Run(known=profile(n_rows=n_rows)).drafted(0.8, 0.84, 0.86)
        for score in (0.85, 0.87):  # XGBoost, CatBoost
            run.step(improve(None, 3), score)
        run.until_stopped(lambda _: improve(None, 5), lambda _: 0.85)
        found[n_rows] = [idea.endswith(" + averaged over five") for idea in run.ideas[5:]]
    assert found[500][0]
    assert not any(found[300])
    assert not found[20_000][0]
    assert any(found[20_000])


@pytest.mark.parametrize(
    ("base", "block"), [(CATBOOST, "CatBoosted"), (XGBOOST, "XGBoosted"), ("more leaves", "Early")]
)
def test_whatever_library_is_best_is_averaged(base: str, block: str) -> None:
    run = Run()
    shelf = stock_shelf([GradientBoosting()], run.task, run.profile, run.journal)
    found = shelf.composed(Way(family="gbm", base=base, turns=("averaged over five",)))
    assert found is not None
    assert found[0].model.startswith(f"CommitteeClassifier({block}")


def test_small_levels_count_where_there_are_levels() -> None:
    run_of = GradientBoosting().recipes
    some = run_of(task(), profile(column("shop", "categorical", levels=20)))
    few = run_of(task(), profile(column("shop", "categorical", levels=3)))
    assert "min_data_per_group=5" in next(r for r in some if r.idea == "small levels count").model
    assert "small levels count" not in [r.idea for r in few]


def test_many_classes_get_fewer_trees() -> None:
    asked = msgspec.structs.replace(task("neg_log_loss", "multiclass"), classes=tuple("abcdefgh"))
    found = {r.idea: r.model for r in GradientBoosting().recipes(asked, profile(n_rows=300))}
    assert all(found[idea].endswith("n_estimators=300)") for idea in (CATBOOST, XGBOOST))
    assert '"border_count": 64' in found[CATBOOST]


def _timed(run: Run, wall_s: float, time_limit_s: float | None) -> Run:
    """Say how long every experiment took, and how much time there is for all."""
    took = [
        msgspec.structs.replace(e, outcome=msgspec.structs.replace(e.outcome, wall_s=wall_s))
        for e in run.journal.experiments
    ]
    _, *events = journal_of(took).events
    run.journal = Journal(events=(started(Budget(time_limit_s=time_limit_s)), *events))
    return run


@pytest.mark.parametrize(
    ("wall_s", "time_limit_s", "is_tried"),
    [(2.0, 60.0, True), (5.0, 60.0, False), (5.0, 300.0, True), (5.0, None, True)],
)
def test_an_average_is_tried_where_one_of_it_says_that_there_is_time(
    wall_s: float, time_limit_s: float | None, is_tried: bool
) -> None:
    run = drafted()
    for score in (0.85, 0.86):  # the other libraries
        run.step(improve(None, 3), score)
    asked = _timed(run, wall_s, time_limit_s).propose(improve(None, 3))
    assert asked.plan.idea.endswith("averaged over five") is is_tried


@pytest.mark.parametrize(("time_limit_s", "first"), [(10.0, XGBOOST), (60.0, "native categories, early stopping")])
def test_where_time_is_short_the_quickest_library_is_drafted_first(time_limit_s: float, first: str) -> None:
    run = Run(families=[GradientBoosting()])
    run.journal = Journal(events=(started(Budget(time_limit_s=time_limit_s)),))
    assert run.propose(draft()).plan.idea == first


def test_in_a_hurry_lightgbm_is_drafted_after_the_other_libraries_and_before_turns_of_the_quickest() -> None:
    run = Run()
    run.journal = Journal(events=(started(Budget(time_limit_s=10.0)),))
    run.drafted(0.8, 0.82, 0.9)
    for _ in range(3):
        run.step(improve(None, 3), 0.85)
    ideas = [idea for idea in run.ideas if idea.startswith("gbm")]
    assert ideas[:2] == [f"gbm: {XGBOOST}", f"gbm: {CATBOOST}"]
    assert "gbm: native categories, early stopping" in ideas[2:4]
    assert not any(" + " in idea for idea in ideas[:3])


@pytest.mark.parametrize(
    ("n_rows", "n_classes", "n_trees", "rate"),
    [
        (1_000, 5, 2000, 0.05),
        (20_000, 2, 2000, 0.05),
        (20_000, 5, 400, 0.05),
        (20_000, 10, 200, 0.075),
        (200_000, 26, 128, 0.115),
    ],
)
def test_classes_on_many_rows_get_fewer_trees_in_larger_steps(n_rows, n_classes, n_trees, rate) -> None:
    classes = tuple(f"c{i}" for i in range(n_classes))
    asked = msgspec.structs.replace(task("neg_log_loss", "multiclass" if n_classes > 2 else "binary"), classes=classes)
    known = msgspec.structs.replace(profile(n_rows=n_rows), n_columns=10)
    draft = GradientBoosting().recipes(asked, known)[0].model
    assert f"n_estimators={n_trees}," in draft
    assert float(re.search(r"learning_rate=([\d.]+)", draft)[1]) == pytest.approx(rate)


def test_slower_libraries_get_fewer_trees_still() -> None:
    asked = msgspec.structs.replace(task("neg_log_loss", "multiclass"), classes=tuple("abcdefghij"))
    known = msgspec.structs.replace(profile(n_rows=15_000), n_columns=10)
    found = {recipe.idea: recipe.model for recipe in GradientBoosting().recipes(asked, known)}
    assert found[XGBOOST].endswith("n_estimators=266)")
    assert '"learning_rate": 0.11' in found[XGBOOST]
    assert found[CATBOOST].endswith("n_estimators=128)")
    assert '"learning_rate": 0.23' in found[CATBOOST]
