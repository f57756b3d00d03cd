"""Demands of which nothing was made are named; what only tells of the data is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.goal.costs import place_costs, read_costs
from octopus.goal.metric import read_metric
from octopus.goal.plans import read_capacity, read_horizon
from octopus.goal.target import read_target_words
from octopus.goal.unclear import read_unclear
from octopus.records import TaskType, Understanding

FEATURES = ("age", "sex", "fare", "phone", "zip code")


def _unclear(
    goal: str, task_type: TaskType = "binary", target: str = "survived", *, metric_is_given: bool = False
) -> tuple[Understanding, ...]:
    columns = (target, *FEATURES)
    costs = read_costs(goal, columns) if task_type == "binary" else None
    said = (
        read_target_words(goal, columns).understood,
        None if metric_is_given else read_metric(goal, task_type, columns),
        place_costs(costs, ("no", "yes"), (3, 1))[1] if costs else None,
        read_capacity(goal),
        read_horizon(goal),
    )
    understood = [one for one in said if one is not None]
    return read_unclear(goal, task_type, FEATURES, target, understood, metric_is_given=metric_is_given)


@pytest.mark.parametrize(
    ("goal", "clauses"),
    [
        ("predict survived; a false alarm costs 20", ["a false alarm costs 20"]),
        ("predict survived; do not use column age; a miss costs 5.", ["a miss costs 5"]),
        ("predict survived, low RMSE", ["low RMSE"]),
        ("predict survived; recall matters, precision matters too", ["recall matters", "precision matters too"]),
        ("predict survived; ignore outliers", ["ignore outliers"]),
        ("predict survived without using magic", ["without using magic"]),
        ("predict survived; do not use magic and maximise F1", ["do not use magic"]),
        ("predict survived; never train on weekends", ["never train on weekends"]),
        ("predict survived; the model must be monotone in age", ["the model must be monotone in age"]),
        ("predict survived; precision of at least 90 %", ["precision of at least 90 %"]),
        ("predict survived. Optimise the lift", ["Optimise the lift"]),
        ("predict survived; top-3 accuracy", ["top-3 accuracy"]),
        ("predict survived; train it within 5 minutes", ["train it within 5 minutes"]),
        ("predict survived; don\u2019t  overfit", ["don\u2019t overfit"]),
    ],
)
def test_a_demand_of_which_nothing_was_made_is_named(goal: str, clauses: list[str]) -> None:
    unclear = _unclear(goal)
    assert [one.words for one in unclear] == clauses
    assert all(one.what == "not understood" and one.value == one.words for one in unclear)


@pytest.mark.parametrize(
    "goal",
    [
        "",
        "predict which invoices will be paid late; ranking matters",
        "tell the sex of a penguin from what the field team measured; accuracy matters",
        "a missed fraud costs 50 times a false alarm; do not use column phone",
        "predict which invoices will be paid late; a missed one costs 20 times a false alarm",
        "who will work in the next 2 years? missing one who worked costs 20 times a false alarm",
        "tell the sex of a penguin; missing a female costs 20 times a false alarm",
        "Predict which invoices will be paid late in the next 30 days; we can phone 200 a month. "
        "A missed late payer costs 20 times a false alarm. Do not use age.",
        "we can phone 200 a month, so ranking matters",
        "be good",
        "predict survived; we can learn from last year",
        "predict survived; the boat had at least two decks, and people must pay within 30 days",
        "predict survived, customers who do not pay never come back",
        "predict who survived; each trip was only once",
        "not AUC but accuracy",
        "we don't care about accuracy; rank them",
        "instead of accuracy use balanced accuracy",
        "do not use accuracy; log loss",
        "we do not need to catch every fraud",
        "it does not matter whether a missed fraud costs 50 times a false alarm",
        "Missing a churner costs 500 EUR, a false alarm 10 EUR",
        "missing one costs us 1.500 €, a false alarm costs 25,50 €",
        "catch as many as possible; a missed one costs 20 times a false alarm",
        "rank customers by probability",
        "predict the probability of survival; accuracy",
        "do not use age, sex and zip code, please",
        "do not ignore age",
        "ROC AUC; ranking matters",
    ],
)
def test_what_is_understood_or_asks_nothing_is_not_named(goal: str) -> None:
    assert _unclear(goal) == ()


@pytest.mark.parametrize(
    ("goal", "task_type", "words", "metric"),
    [
        ("accuracy matters, but ranking matters most", "binary", "ranking matters", "roc_auc"),
        ("accuracy and F1", "binary", "accuracy", "accuracy"),
        ("low MAE, low RMSE", "regression", "MAE", "neg_mean_absolute_error"),
    ],
)
def test_a_second_metric_is_named_unless_the_user_chose(
    goal: str, task_type: TaskType, words: str, metric: str
) -> None:
    assert [(one.what, one.value, one.words) for one in _unclear(goal, task_type)] == [
        ("not understood", f"also names {metric}; scoring= says which", words)
    ]
    assert _unclear(goal, task_type, metric_is_given=True) == ()


def test_costs_of_a_task_without_two_errors_are_not_understood() -> None:
    words = "a missed one costs 50 times a false alarm"
    for task_type in ("multiclass", "regression"):
        assert [one.words for one in _unclear(f"predict survived; {words}", task_type)] == [words]  # type: ignore[arg-type]


def test_a_forbidden_target_is_told_apart() -> None:
    (one,) = _unclear("do not use column survived")
    assert (one.words, one.value) == ("do not use column survived", "survived is the target, which no model sees")


@given(goal=st.text(max_size=80))
def test_words_of_any_kind_break_nothing(goal: str) -> None:
    for one in (*_unclear(goal), *_unclear(f"do not use {goal}; metric", metric_is_given=True)):
        assert one.what == "not understood"
