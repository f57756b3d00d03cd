"""The question of a run: what the arguments and the goal's words ask for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import fbeta_score, make_scorer

from octopus.errors import InvalidParameter
from octopus.intake.rows import read_input
from octopus.question import ask, read_seed
from octopus.records import LatencyLimit
from octopus.reporting.sentences import goal_words
from octopus.search import Question

N_ROWS = 40
TABLE = pd.DataFrame({
    "amount": np.arange(N_ROWS) * 1.5,
    "terms": ["30 days", "60 days"] * (N_ROWS // 2),
    "accuracy": np.arange(N_ROWS) % 7 + 0.5,
})  # fmt: skip
LATE = pd.Series((["yes"] + ["no"] * 3) * (N_ROWS // 4), name="paid_late")
GRADES = pd.Series(["a", "b", "c", "d"] * (N_ROWS // 4), name="grade")
PRICE = pd.Series(np.arange(N_ROWS) * 0.7, name="price")


def _ask(goal: str, y: pd.Series = LATE, scoring: Any = None, columns: dict[str, str] | None = None) -> Question:
    intake = read_input(
        TABLE, y, groups=None, sample_weight=None, holdout=None, task="auto", goal=goal, columns=columns or {}
    )
    return ask(intake, goal, scoring, 0)


def _understood(question: Question) -> dict[str, tuple[str, str]]:
    return {u.what: (u.value, u.words) for u in question.task.understood}


def test_without_words_the_usual_metric_and_nothing_else() -> None:
    for y, scoring in ((LATE, "roc_auc"), (GRADES, "neg_log_loss"), (PRICE, "neg_root_mean_squared_error")):
        task = _ask("", y).task
        assert task.scoring == scoring
        assert task.understood == ()
        assert task.costs is None


def test_everything_that_is_understood_stands_there_with_its_words() -> None:
    goal = (
        "Predict which invoices will be paid late in the next 30 days; we can phone 200 a month. "
        "A missed late payer costs 20 times a false alarm. Do not use accuracy."
    )
    question = _ask(goal)
    assert _understood(question) == {
        "target": ("paid_late", "which invoices will be paid late in the next 30 days"),
        "scoring": ("roc_auc", "can phone 200 a month"),
        "costs": (
            "missed yes to false alarm 20 : 1; yes is the class that means yes; sets the threshold, not the metric",
            "A missed late payer costs 20 times a false alarm",
        ),
        "capacity": ("200 a month", "can phone 200 a month"),
        "horizon": ("30 days", "next 30 days"),
        "ignore": ("accuracy", "Do not use … accuracy"),
    }
    costs = question.task.costs
    assert costs is not None
    assert (costs.positive, costs.false_negative, costs.false_positive) == ("yes", 20.0, 1.0)
    assert question.task.features == ("amount", "terms")


@pytest.mark.parametrize(
    ("y", "scoring"), [(LATE, "roc_auc"), (GRADES, "roc_auc_ovr"), (PRICE, "neg_root_mean_squared_error")]
)
def test_who_can_see_to_some_cases_wants_the_best_ones_first(y: pd.Series, scoring: str) -> None:
    question = _ask("we can visit 30 a week", y)
    assert question.task.scoring == scoring
    assert _understood(question)["capacity"] == ("30 a week", "can visit 30 a week")


def test_how_soon_a_prediction_must_be_there_is_part_of_the_task() -> None:
    task = _ask("which invoices will be paid late; p95 latency < 30 ms").task
    assert task.latency == LatencyLimit(ms=30.0, of="p95")
    assert [one.words for one in task.understood if one.what == "latency"] == ["latency < 30 ms"]
    assert not any(one.what == "not understood" for one in task.understood)
    assert _ask("which invoices will be paid within 30 days").task.latency is None


def test_a_metric_that_is_named_wins_over_a_plan() -> None:
    question = _ask("we can visit 30 a week; low log loss")
    assert _understood(question)["scoring"] == ("neg_log_loss", "log loss")


@pytest.mark.parametrize("scoring", ["f1", make_scorer(fbeta_score, beta=2), lambda estimator, X, y: 0.5])
def test_the_users_metric_wins_over_every_word_and_costs_stay(scoring: Any) -> None:
    question = _ask("ranking matters; false alarms are cheap; we can visit 30 a week", scoring=scoring)
    assert question.task.scoring in ("f1", "fbeta_score", "<lambda>")
    assert "scoring" not in _understood(question)
    assert question.task.costs is not None


def test_costs_change_no_metric() -> None:
    assert _ask("a missed one costs 50 times a false alarm").task.scoring == "roc_auc"
    question = _ask("F1 counts; false alarms are expensive")
    assert question.task.scoring == "f1"
    assert question.task.costs is not None
    assert question.task.costs.false_positive > question.task.costs.false_negative


@pytest.mark.parametrize("y", [GRADES, PRICE])
def test_only_a_yes_or_no_decision_has_two_errors(y: pd.Series) -> None:
    question = _ask("a missed one costs 50 times a false alarm", y)
    assert question.task.costs is None
    assert "costs" not in _understood(question)


def test_the_class_to_catch_is_a_class_of_the_task_whatever_its_type() -> None:
    for y in (LATE == "yes", (LATE == "yes").astype(int), (LATE == "yes").map({True: 1.0, False: 0.0})):
        question = _ask("false alarms are cheap", y.rename("late"))
        assert question.task.costs is not None
        assert question.task.costs.positive == question.task.classes[1]


def test_a_column_named_like_a_metric_asks_for_none() -> None:
    assert _ask("predict paid late from accuracy and amount").task.scoring == "roc_auc"


def test_words_for_another_target_are_not_words_for_this_one() -> None:
    assert "target" not in _understood(_ask("predict the amount"))


def test_a_role_that_the_user_gave_wins_over_the_goal() -> None:
    question = _ask("do not use terms", columns={"terms": "use"})
    assert question.task.ignored == ()
    assert "ignore" not in _understood(question)


def test_a_metric_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="regression metric"):
        _ask("", scoring="r2")


def test_a_forbidden_column_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="Did you mean 'amount'"):
        _ask("do not use column amuont")


def test_what_was_not_understood_stands_on_the_goals_line() -> None:
    task = _ask("predict paid late; a false alarm costs 20; log loss matters, but ranking matters most").task
    assert task.scoring == "neg_log_loss"
    line = goal_words(task)
    assert 'not understood: "a false alarm costs 20"' in line
    assert 'not understood: "ranking matters" (also names roc_auc; scoring= says which)' in line
    assert "not understood" not in goal_words(_ask("log loss matters, but ranking matters most", scoring="f1").task)


def test_seeds() -> None:
    assert read_seed(7) == 7
    assert read_seed(np.int64(7)) == 7  # type: ignore[arg-type]
    assert read_seed(np.random.RandomState(0)) == read_seed(np.random.RandomState(0))
    assert 0 <= read_seed(None) < 2**32
    with pytest.raises(InvalidParameter, match="it seeds nothing"):
        read_seed(-1)
