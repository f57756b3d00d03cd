"""Local search: numbers near the best, told in words that a journal gives back, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from octopus.families.gbm import GradientBoosting
from octopus.protocols import Recipe, Tunable
from octopus.scientists.playbook.moves import _worth, stock_shelf
from octopus.scientists.playbook.tuning import is_tuned, next_idea, numbers_of, tuned_part, tuned_turn
from octopus.scientists.playbook.turn import turned
from octopus.scientists.playbook.ways import Way
from octopus.testing.examples import example_profile, example_task
from tests.strategies import failed, raced, valid
from tests.unit.scientists.journals import DRAFT, FAMILIES, Run, improve

RECIPES = {
    recipe.idea: recipe for recipe in GradientBoosting().recipes(example_task("binary"), example_profile("binary"))
}
DRAFTED = RECIPES["native categories, early stopping"]


def _retold(recipe: Recipe, idea: str) -> Recipe:
    retold = turned(recipe, tuned_turn(idea))
    assert retold is not None
    return retold


def _next(recipe: Recipe, *tried: tuple[dict[str, float], float], seed: int = 0) -> str:
    idea = next_idea(recipe, tried, seed)
    assert idea is not None
    return idea


@pytest.mark.parametrize("recipe", [r for r in RECIPES.values() if r.tunable], ids=lambda recipe: recipe.idea)
def test_numbers_are_put_where_those_of_the_recipe_were(recipe: Recipe) -> None:
    before = numbers_of(recipe)
    assert {"learning_rate"} < set(before), "and at least one that says how large trees are"
    idea = _next(recipe, (before, 0.8))
    after = _retold(recipe, idea)
    assert is_tuned(idea)
    assert numbers_of(after) == dict(tuned_turn(idea).numbers) != before
    assert after.idea == f"{recipe.idea} + {idea}"
    compile(after.model, "<model>", "eval")
    for one in recipe.tunable:
        if one.name in before:
            assert one.low * 0.95 <= numbers_of(after)[one.name] <= one.high * 1.05
            assert before[one.name] / 3.2 <= numbers_of(after)[one.name] <= before[one.name] * 3.2


def test_the_same_seed_after_the_same_trials_says_the_same() -> None:
    tried = [(numbers_of(DRAFTED), 0.8)]
    assert _next(DRAFTED, *tried) == _next(DRAFTED, *tried)
    assert _next(DRAFTED, *tried) != _next(DRAFTED, *tried, seed=1)


def test_it_finds_what_is_better_near_by() -> None:
    def worth(numbers: dict[str, float]) -> float:
        return -((np.log(numbers["learning_rate"] / 0.02)) ** 2) - np.log(numbers["num_leaves"] / 15) ** 2

    best, tried = DRAFTED, [(numbers_of(DRAFTED), worth(numbers_of(DRAFTED)))]
    for seed in range(20):
        recipe = _retold(DRAFTED, _next(best, *tried, seed=seed))
        tried.append((numbers_of(recipe), worth(numbers_of(recipe))))
        best = recipe if tried[-1][1] == max(value for _, value in tried) else best
    first, last = tried[0][1], max(value for _, value in tried)
    assert last > first / 4, "the distance to the best is halved at least"


def test_what_has_no_numbers_is_not_tuned() -> None:
    assert next_idea(RECIPES["fewer trees on a sample"], [], 0) is None


@pytest.mark.parametrize(
    "text", ["tuned to perfection", "tuned to a b", "tuned to a 1,b 2", "tuned to", "tuned to a 1 !"]
)
def test_words_of_someone_else_are_no_numbers(text: str) -> None:
    assert not is_tuned(text)
    assert tuned_part(f"{text} + ratios") == ""


def test_a_run_tunes_its_best_between_variations_and_reads_it_back() -> None:
    run = Run().drafted(0.8, 0.85, 0.9)
    run.until_stopped(lambda _: improve(None, 3), lambda _: 0.88)
    shelf = stock_shelf(FAMILIES, run.task, run.profile, run.journal)
    tuned = [plan for plan in run.plans if "tuned to" in plan.idea]
    assert len(tuned) == 20
    assert len({plan.idea for plan in tuned}) == 20
    first, second = (run.plans.index(plan) for plan in tuned[:2])
    assert second - first > 1, "others have their turn"
    for plan in tuned:
        way = shelf.way_of(plan)
        assert way.base == DRAFTED.idea
        assert way.untuned.turns == ()
        assert [is_tuned(turn) for turn in way.turns] == [True]
    assert "Optuna" in tuned[0].hypothesis


def test_what_is_tuned_can_take_turns_and_be_tuned_again() -> None:
    run = Run().drafted(0.8, 0.85, 0.86)
    while "tuned to" not in run.plans[-1].idea:
        run.step(improve(None, 3), 0.85)
    best = len(run.plans)
    run.step(DRAFT, 0.8)
    run.until_stopped(lambda _: improve(None, best), lambda _: 0.84)
    later = [plan.idea for plan in run.plans[best:]]
    kept = run.plans[best - 1].idea.split(" + ")[1]
    assert any(idea.endswith(f"{kept} + ratios and differences") for idea in later)
    assert all(idea.count("tuned to") <= 1 for idea in later)


def test_another_recipe_keeps_the_turns_and_has_numbers_of_its_own() -> None:
    way = Way(family="gbm", base="a", turns=("ratios", "tuned to depth 3, learning_rate 0.1"))
    assert way.with_base("b") == Way(family="gbm", base="b", turns=("ratios",))
    assert tuned_turn("tuned to depth 3, learning_rate 0.1").numbers == {"depth": 3.0, "learning_rate": 0.1}


def _of(model: str, *tunable: Tunable) -> Recipe:
    return Recipe(idea="i", hypothesis="h", expected="e", encoding="native", model=model, tunable=tunable)


@pytest.mark.parametrize(
    ("model", "tunable"),
    [
        ("M(n=1_000)", Tunable(name="n", low=1, high=1e9, is_whole=True)),  # not read as one
        ("M(n=2)", Tunable(name="n", low=2.2, high=2.8, is_whole=True)),  # no whole number between
        ('M({"a.b": 2})', Tunable(name="a.b", low=0, high=9)),  # no name that an idea could tell
        ("M(n=100)", Tunable(name="n", low=1, high=20)),  # far outside
        ("M(n=b)", Tunable(name="n", low=1, high=20)),
    ],
)
def test_numbers_that_cannot_be_told_are_left_alone(model: str, tunable: Tunable) -> None:
    assert next_idea(_of(model, tunable), [], 0) is None


def test_large_whole_numbers_stay_whole_and_within_their_bounds() -> None:
    recipe = _of("M(n=1700000, m=250)", Tunable(name="n", low=1, high=1e9, is_whole=True),
                 Tunable(name="m", low=2, high=255, is_whole=True))  # fmt: skip
    for seed in (*range(8), 2**32, 2**32 + 1):
        idea = _next(recipe, (numbers_of(recipe), 0.5), seed=seed)
        assert is_tuned(idea)
        again = _retold(recipe, idea)
        assert numbers_of(again)["m"] <= 255
        assert "." not in again.model
        assert "e" not in again.model.removeprefix("M")


def test_what_a_race_stopped_is_as_much_worse_as_it_was_on_its_folds() -> None:
    best = valid(3, "gbm", (0.95, 0.94, 0.96, 0.70, 0.72))
    stopped = raced(4, "gbm", (0.93, 0.922, 0.939))
    assert best.score is not None
    assert _worth(stopped, best) == pytest.approx(best.score.mean - (0.02 + 0.018 + 0.021) / 3)
    assert _worth(best, best) == best.score.mean
    assert _worth(failed(5, "gbm", "a", True), best) is None
