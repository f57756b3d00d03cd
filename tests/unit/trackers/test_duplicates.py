"""Which of two runs in MLflow that stand for the same stays."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest
from mlflow.entities import Metric, Run, RunData, RunInfo, RunTag
from mlflow.exceptions import MlflowException
from mlflow.protos import databricks_pb2

from octopus.trackers.client import asked_once
from octopus.trackers.duplicates import parent_of, remove, sort_out


def _run(run_id: str, parent: str = "", number: str = "", status: str = "RUNNING", score: float | None = None) -> Run:
    tags = [RunTag("mlflow.parentRunId", parent)] if parent else []
    tags += [RunTag("octopus.experiment", number)] if number else []
    metrics = [] if score is None else [Metric("score", score, 1, 0)]
    info = RunInfo(
        run_id=run_id, experiment_id="1", user_id="me", status=status, start_time=1, end_time=None,
        lifecycle_stage="active",
    )  # fmt: skip
    return Run(info, RunData(metrics=metrics, params=[], tags=tags))


PARENT = _run("p", status="FINISHED", score=1.0)


@pytest.mark.parametrize("ended", ["FINISHED", "FAILED"])
def test_of_two_runs_of_an_experiment_the_ended_one_stays(ended: str) -> None:
    done, other = _run("a", "p", "2", status=ended), _run("b", "p", "2", score=1.0)
    for runs in ([PARENT, done, other], [other, done, PARENT]):
        nested, twice = sort_out(runs, "p")
        assert (nested, twice) == ({2: done}, ("b",))


def test_of_two_open_ones_the_one_that_holds_more_stays() -> None:
    empty, full = _run("b", "p", "2"), _run("a", "p", "2", score=1.0)
    assert sort_out([PARENT, full, empty], "p") == ({2: full}, ("b",))


def test_of_three_two_go() -> None:
    runs = [PARENT, _run("a", "p", "1", "FINISHED"), *(_run(one, "p", "2") for one in "bcd")]
    nested, twice = sort_out(runs, "p")
    assert {number: run.info.run_id for number, run in nested.items()} == {1: "a", 2: "d"}
    assert sorted(twice) == ["b", "c"]


@pytest.mark.parametrize(
    "others",
    [
        [_run("q", status="FINISHED")],
        [_run("q", score=0.5)],
        [_run("q"), _run("a", parent="q", number="1")],
        [_run("a", parent="somebody's", number="1"), _run("b", parent="p", number="not ours")],
    ],
    ids=["ended", "written to", "with a run nested in it", "not nested by us"],
)
def test_what_may_be_somebodys_stays(others: Sequence[Run]) -> None:
    assert sort_out([PARENT, *others], "p") == ({}, ())


def test_a_parent_that_nobody_ever_wrote_to_goes() -> None:
    assert sort_out([_run("q", parent="the user's own"), PARENT, _run("r")], "p") == ({}, ("q", "r"))


def test_the_parent_is_the_one_with_what_was_done() -> None:
    bare, open_one = _run("z"), _run("a")
    assert parent_of([bare, PARENT, open_one]) is PARENT
    assert parent_of([bare, open_one, _run("n", parent="a", number="1")]) is open_one
    assert parent_of([_run("n", parent="a", number="1")]) is None


def test_what_may_not_be_deleted_stays_and_a_server_that_fails_is_told() -> None:
    def delete(one: str) -> None:
        codes: dict[str, Any] = {"forbidden": databricks_pb2.PERMISSION_DENIED, "late": databricks_pb2.INTERNAL_ERROR}
        if one in codes:
            raise MlflowException("no", error_code=codes[one])

    assert remove(delete, ["a", "forbidden", "b"]) == ("a", "b")
    with pytest.raises(MlflowException):
        remove(delete, ["late"])


@pytest.mark.parametrize("before", [None, "7"])
def test_creates_are_asked_once_whatever_the_user_set(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    if before is not None:
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", before)
    with asked_once():
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
    assert os.environ.get("MLFLOW_HTTP_REQUEST_MAX_RETRIES") == before
