"""Words for what the two errors cost, and the class that they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.goal.costs import DEFAULT_RATIO, CostWords, place_costs, read_costs


def _ratio(goal: str, columns: tuple[str, ...] = ()) -> float | None:
    """Return how many false alarms a miss is worth."""
    said = read_costs(goal, columns)
    return None if said is None else said.false_negative / said.false_positive


@pytest.mark.parametrize(
    ("goal", "ratio"),
    [
        ("a missed fraud costs 50 times a false alarm", 50),
        ("A missed fraud costs 50 times as much as a false alarm.", 50),
        ("missing a positive costs ten times a false alarm", 10),
        ("missing one who worked costs 20 times a false alarm", 20),
        ("failing to spot a leak in the pipe costs 3 times a false alarm", 3),
        ("false negatives cost 10 times more than false positives", 10),
        ("an undetected leak costs about 20 times as much as a needless visit", 20),
        ("a missed machine failure costs 100 times an unnecessary inspection", 100),
        ("one missed tumour is worth 100 false alarms", 100),
        ("ten false alarms for each missed fraud", 10),
        ("20 false alarms per missed fraud are fine", 20),
        ("we\u2019d rather have ten false alarms than miss one fraud", 10),
        ("a miss is five times as expensive as a false alarm", 5),
        ("a false alarm costs twice as much as a miss", 1 / 2),
        ("false positives are 3x worse than false negatives", 1 / 3),
        ("Missing a churner costs 500 EUR, a false alarm 10 EUR", 50),
        ("missing one costs us 1.500 €, a false alarm costs 25,50 €", 1500 / 25.5),
        ("a missed default costs 1.500,00 EUR and a false positive 12,50 EUR", 120),
        ("a missed default costs 1,500.00 EUR and a false positive 12.50 EUR", 120),
        ("a false positive costs $10, a false negative costs $1k", 100),
        ("a false negative costs 10k euros and a false positive costs 2k euros", 5),
        ("false alarms cost 5 euros, misses cost 50 euros", 10),
        ("each wrong alarm costs 10, each missed failure 1000", 100),
        ("a missed late invoice costs 40 €; a phone call in vain costs 4 €", 10),
    ],
)
def test_a_ratio_that_is_stated(goal: str, ratio: float) -> None:
    said = read_costs(goal)
    assert said is not None
    assert said.is_stated
    assert said.false_negative / said.false_positive == pytest.approx(ratio)
    assert said.words in goal.replace("\u2019", "'")


@pytest.mark.parametrize(
    ("goal", "miss_is_dearer"),
    [
        ("catch as many late payers as possible", True),
        ("catch as many as possible", True),
        ("false alarms are cheap", True),
        ("false alarms are not expensive", True),
        ("false alarms cost next to nothing", True),
        ("do not miss any fraud", True),
        ("we cannot afford to miss a sick patient", True),
        ("catch every fraud", True),
        ("high recall", True),
        ("better safe than sorry", True),
        ("a missed tumour is fatal", True),
        ("false alarms are expensive", False),
        ("false alarms aren\u2019t cheap", False),
        ("avoid false alarms", False),
        ("precision matters", False),
        ("only call when you are sure", False),
        ("better to miss one than to phone in vain", False),
    ],
)
def test_words_without_a_number_take_the_usual_ratio(goal: str, miss_is_dearer: bool) -> None:
    said = read_costs(goal)
    assert said is not None
    assert not said.is_stated
    expected = (DEFAULT_RATIO, 1.0) if miss_is_dearer else (1.0, DEFAULT_RATIO)
    assert (said.false_negative, said.false_positive) == expected


@pytest.mark.parametrize(
    "goal",
    [
        "",
        "predict which invoices will be paid late",
        "predict missed payments; a missed one costs 5",
        "missing values are common; false alarms cost 3",
        "we do not need to catch every fraud",
        "do not care about recall",
        "it does not matter whether a missed fraud costs 50 times a false alarm",
        "recall matters, precision matters too",
        "missing a fraud is bad, and false alarms are bad too",
        "a missed fraud costs 0 €, a false alarm costs 0 €",
        "predict whether a flight is missed",
        "a false alarm costs 10",
        "the precision-recall curve",
    ],
)
def test_nothing_is_invented(goal: str) -> None:
    assert read_costs(goal) is None


@pytest.mark.parametrize(
    ("goal", "columns"),
    [
        ("missed payments are bad for the customer", ("missed_payment", "age")),
        ("predict product recall; recall matters", ("Recall",)),
        ("predict false alarms; false alarms are expensive", ("false_alarm",)),
    ],
)
def test_a_column_of_that_name_is_no_word_for_costs(goal: str, columns: tuple[str, ...]) -> None:
    assert _ratio(goal) is not None
    assert _ratio(goal, columns) is None


def test_a_column_that_is_missed_is_what_is_missed() -> None:
    assert _ratio("a missed late payment costs 50 times a false alarm", ("late_payment",)) == 50


def _said(noun: str, *, is_stated: bool = True) -> CostWords:
    return CostWords(false_negative=5.0, false_positive=1.0, noun=noun, words="w", is_stated=is_stated)


@pytest.mark.parametrize(
    ("noun", "classes", "counts", "positive", "why"),
    [
        ("fraud", ("fraud", "ok"), (900, 100), "fraud", "names"),
        ("frauds", ("legit", "fraudulent"), (900, 100), "fraudulent", "names"),
        ("late payers", ("late", "on time"), (900, 100), "late", "names"),
        ("", ("no", "yes"), (10, 90), "yes", "means yes"),
        ("", ("Y", "N"), (10, 90), "Y", "means yes"),
        ("churner", ("False", "True"), (10, 90), "True", "means yes"),
        ("", ("1.0", "0.0"), (10, 90), "1.0", "means yes"),
        ("", ("-1", "1"), (10, 90), "1", "means yes"),
        ("", ("a", "b"), (10, 90), "a", "rarer"),
        ("", ("a", "b"), (90, 10), "b", "rarer"),
        ("", ("a", "b"), (50, 50), "b", "second"),
        ("a b", ("a", "b"), (50, 50), "b", "second"),
    ],
)
def test_the_class_to_catch(
    noun: str, classes: tuple[str, str], counts: tuple[int, int], positive: str, why: str
) -> None:
    costs, understood = place_costs(_said(noun), classes, counts)
    assert (costs.positive, costs.false_negative, costs.false_positive) == (positive, 5.0, 1.0)
    assert (understood.what, understood.words) == ("costs", "w")
    assert why in understood.value
    assert "5 : 1" in understood.value


def test_a_ratio_that_nobody_stated_is_said_to_be_taken() -> None:
    _, stated = place_costs(_said("x"), ("a", "b"), (1, 2))
    _, taken = place_costs(_said("x", is_stated=False), ("a", "b"), (1, 2))
    assert "gives no number" in taken.value
    assert "gives no number" not in stated.value


_WORDS = st.sampled_from(
    ["miss", "missed", "fraud", "false", "alarm", "alarms", "costs", "50", "times", "1.500", "€", "is", "a", "not",
     "cheap", "than", "rather", "catch", "as", "many", ",", ";", "recall", "matters", "in vain"]
)  # fmt: skip


@given(words=st.lists(_WORDS, max_size=12))
def test_whatever_is_said_the_costs_are_positive_and_their_words_are_the_users(words: list[str]) -> None:
    goal = " ".join(words)
    said = read_costs(goal)
    if said is not None:
        assert said.false_negative > 0
        assert said.false_positive > 0
        assert said.words
        assert said.words in goal
