"""Horizons and capacities."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.goal.plans import find_no_time, read_capacity, read_horizon
from octopus.testing.examples import example_task


@pytest.mark.parametrize(
    ("goal", "horizon"),
    [
        ("sales in the next 14 days", "14 days"),
        ("predict the next two weeks", "2 weeks"),
        ("churn within the next month", "1 month"),
        ("sales of the coming quarter", "1 quarter"),
        ("two weeks ahead", "2 weeks"),
        ("3 months in advance", "3 months"),
        ("tomorrow\u2019s sales", "1 day"),
        ("the day after tomorrow", "2 days"),
        ("the next 1,5 hours", "1.5 hours"),
        ("the next 10 working days", "10 days"),
        ("not today but the next 3 days", "3 days"),
    ],
)
def test_how_far_ahead_the_goal_looks(goal: str, horizon: str) -> None:
    understood = read_horizon(goal)
    assert understood is not None
    assert (understood.what, understood.value) == ("horizon", horizon)
    assert understood.words in goal


@pytest.mark.parametrize(
    "goal",
    [
        "", "the next customer", "last 14 days", "within 30 days", "who will churn next", "next to nothing for days",
        "over the past month, not the next month", "we do not look at the next 14 days", "next day delivery", "14 days",
    ],
)  # fmt: skip
def test_no_horizon_is_invented(goal: str) -> None:
    assert read_horizon(goal) is None


@pytest.mark.parametrize(
    ("goal", "capacity"),
    [
        ("we can phone 200 a month, so ranking matters", "200 a month"),
        ("we can only call the top 50 customers per week", "50 a week"),
        ("we have capacity for 30 inspections a day", "30 a day"),
        ("the team can review 1,000 cases each month", "1000 a month"),
        ("we can handle 1.000 cases a month", "1000 a month"),
        ("able to contact 2 000 people per month", "2000 a month"),
        ("we can phone ten a day", "10 a day"),
        ("room for 12 patients", "12"),
        ("we can visit at most 15 shops", "15"),
    ],
)
def test_how_many_cases_can_be_handled(goal: str, capacity: str) -> None:
    understood = read_capacity(goal)
    assert understood is not None
    assert (understood.what, understood.value) == ("capacity", capacity)
    assert understood.words in goal


@pytest.mark.parametrize(
    "goal",
    [
        "", "I can check 5% of them", "we can spend 200 dollars", "budget of 500 dollars", "budget of 500 €",
        "we can't phone 200 a month", "200 people live there", "we can offer 20 euros off", "we can wait 5 days",
        "we can test 3 models", "it can process 10 MB", "we can phone 0 a month", "they can call 112 minutes long",
    ],
)  # fmt: skip
def test_no_capacity_is_invented(goal: str) -> None:
    assert read_capacity(goal) is None


def test_the_finding_says_from_which_words_and_how_to_name_the_time() -> None:
    horizon = read_horizon("who churns in the next 14 days")
    assert horizon is not None
    task = msgspec.structs.replace(example_task("binary"), understood=(horizon,))
    assert find_no_time(example_task("binary")) == ()
    assert find_no_time(msgspec.structs.replace(task, time="day")) == ()
    (finding,) = find_no_time(task)
    assert finding.confidence == "weak", "it is noted, never acted upon alone"
    assert '"next 14 days"' in finding.message
    assert "'time'" in finding.overrule


@given(goal=st.text(max_size=80))
def test_words_of_any_kind_break_nothing(goal: str) -> None:
    read_horizon(goal)
    read_capacity(f"we can phone {goal}")
