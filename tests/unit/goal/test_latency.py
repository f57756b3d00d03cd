"""How soon a prediction must be there, by the goal's words; what tells of the rows is no limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.goal.latency import read_latency
from octopus.goal.unclear import read_unclear

_VOCABULARY = (
    "predictions", "must", "be", "per", "row", "each", "a", "within", "5", "ms", "latency", "not", "(", "time", "<",
    "0.1", "s", "never", "if", "99%", "of", "90000", "take", "second",
)  # fmt: skip


@pytest.mark.parametrize(
    ("goal", "limit_ms", "words"),
    [
        ("predict churn; predictions within 50 ms", 50.0, "predictions within 50 ms"),
        ("at most 10 milliseconds per row", 10.0, "at most 10 milliseconds per row"),
        ("no more than ten ms for each request", 10.0, "no more than ten ms for each request"),
        ("don\u2019t take longer than 50 ms per prediction", 50.0, "don't take longer than 50 ms per prediction"),
        ("answer in under 0.1 s", 100.0, "answer in under 0.1 s"),
        ("it must respond in under a second", 1000.0, "respond in under a second"),
        ("latency below 20ms, ranking matters", 20.0, "latency below 20ms"),
        ("latency: 20 ms", 20.0, "latency: 20 ms"),
        ("max latency 20 ms", 20.0, "max latency 20 ms"),
        ("latency budget of 20 ms", 20.0, "latency budget of 20 ms"),
        ("with sub-50 ms predictions", 50.0, "sub-50 ms predictions"),
        ("each prediction may take 1,5 ms", 1.5, "each prediction may take 1,5 ms"),
        ("predictions should not take more than half a second", 500.0,
         "predictions should not take more than half a second"),
        ("predict in real time (< 100 ms)", 100.0, "predict in real time (< 100 ms"),
        ("a model that answers within 20 ms", 20.0, "answers within 20 ms"),
        ("useful only if predictions arrive within 30 ms", 30.0, "predictions arrive within 30 ms"),
        ("we have 500 µs per request", 0.5, "have 500 µs per request"),
    ],
)  # fmt: skip
def test_a_limit_for_one_row_is_understood(goal: str, limit_ms: float, words: str) -> None:
    read = read_latency(goal)
    assert read is not None
    limit, understood = read
    assert (limit.ms, limit.of) == (pytest.approx(limit_ms), "median")
    assert (understood.what, understood.words) == ("latency", words)
    assert understood.value == f"at most {limit_ms:g} ms for one row, by the median of rows asked alone"


@pytest.mark.parametrize(
    "goal",
    [
        "p95 latency < 30 ms", "99% of predictions within 30 ms", "latency must never exceed 30 ms",
        "always answer within 30 ms", "predictions within 30 ms in the worst case", "latency below 30 ms (p99)",
    ],
)  # fmt: skip
def test_a_limit_for_nearly_every_row_is_one_for_the_95th_percentile(goal: str) -> None:
    read = read_latency(goal)
    assert read is not None
    assert (read[0].ms, read[0].of) == (30.0, "p95")
    assert "95th percentile" in read[1].value


@pytest.mark.parametrize(
    "goal",
    [
        "", "predict who pays within 30 days", "sell within 2 weeks", "predict failures within 10 seconds",
        "predict whether a request is answered within 2 seconds", "predict if latency is below 20 ms",
        "which servers respond in under 1 s", "the chance that an answer comes within 5 s",
        "the latency does not need to be below 20 ms", "latency below 20 ms is not needed", "predictions within 5 %",
        "answer within 60 seconds", "train within 50 s", "score 1,000,000 rows in under 10 s", "scores under 50",
        "predict response within 30 days", "predictions for the next 10 s", "low latency", "latency below 0 ms",
        "predictions for 5 shops", "predict in 3 classes",
    ],
)  # fmt: skip
def test_no_limit_is_invented(goal: str) -> None:
    assert read_latency(goal) is None


def test_where_a_column_holds_times_the_words_are_about_it() -> None:
    assert read_latency("latency below 20 ms", ("latency_ms", "host")) is None
    assert read_latency("response time below 20 ms", ("time_to_respond",)) is None
    assert read_latency("prediction within 20 ms", ("prediction",)) is None
    assert read_latency("latency below 20 ms", ("host", "bytes")) is not None


@pytest.mark.parametrize(
    ("goal", "not_understood"),
    [
        ("predict late; answer in under 0.1 s", []),
        ("predict late; p95 latency < 30 ms", []),
        ("predict late; it needs a low latency", ["it needs a low latency"]),
        ("predict late, within 20 ms", ["within 20 ms"]),
        ("predict late; answer within 60 seconds", ["answer within 60 seconds"]),
    ],
)
def test_what_is_no_limit_and_is_demanded_is_named(goal: str, not_understood: list[str]) -> None:
    read = read_latency(goal)
    understood = () if read is None else (read[1],)
    unclear = read_unclear(goal, "binary", ("host",), "late", understood, metric_is_given=False)
    assert [one.words for one in unclear] == not_understood


@given(st.lists(st.sampled_from(_VOCABULARY)))
def test_any_order_of_the_words_is_read_or_not_and_never_fails(words: list[str]) -> None:
    read = read_latency(" ".join(words))
    assert read is None or 0 < read[0].ms <= 10_000


def test_a_long_goal_comes_to_an_end() -> None:
    assert read_latency("each row must be returned for a single request at the one time " * 300) is None
