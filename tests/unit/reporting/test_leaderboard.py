"""The experiments as a table."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given

from octopus.journal import Journal
from octopus.records import Costs, Experiment
from octopus.reporting.leaderboard import leaderboard
from tests.led import led
from tests.strategies import failed, journal_of, journals, started, valid


def _with_others(experiment: Experiment, **others: float) -> Experiment:
    return msgspec.structs.replace(experiment, score=msgspec.structs.replace(experiment.score, others=others))


def test_the_best_comes_first_with_its_other_metrics_and_the_failed_last() -> None:
    tried = [
        failed(1, "gbm", "a", repairable=True),
        _with_others(valid(2, "linear", [0.5, 0.5]), accuracy=0.4, f1=0.3),
        _with_others(valid(3, "forest", [0.75, 0.75]), accuracy=0.6),
    ]
    board = leaderboard(journal_of(tried))
    assert board["experiment"].tolist() == [3, 2, 1]
    assert board["accuracy"].tolist()[:2] == [0.6, 0.4]
    assert np.isnan(board["accuracy"][2])
    assert np.isnan(board["f1"][0])
    assert board["f1"][1] == 0.3
    assert board["diagnosis"].tolist() == ["", "", "OCT301"]
    assert board.columns.tolist() == [
        "experiment", "family", "idea", "score", "standard_error", "accuracy", "f1", "expected", "gain", "verdict",
        "wall_s", "diagnosis",
    ]  # fmt: skip


def test_it_says_what_was_expected_and_what_came() -> None:
    tried = [valid(1, "linear", [0.5, 0.5]), valid(2, "gbm", [0.75, 0.75])]
    board = leaderboard(journal_of(tried)).set_index("experiment")
    assert board["expected"].tolist() == ["e", "e"]
    assert board["gain"][2] == pytest.approx(0.25)
    assert board["verdict"][2] == "gain"
    assert np.isnan(board["gain"][1]), "there was nothing before it"
    assert board["verdict"][1] == ""


def test_thresholds_stand_there_where_errors_have_costs() -> None:
    tried = [
        msgspec.structs.replace(valid(1, "linear", [0.5]), threshold=0.125),
        failed(2, "gbm", "a", repairable=False),
    ]
    journal = journal_of(tried)
    assert "threshold" not in leaderboard(journal)
    costs = Costs(positive="class 1", false_negative=5.0, false_positive=1.0)
    first = msgspec.structs.replace(started(), task=msgspec.structs.replace(started().task, costs=costs))
    board = leaderboard(Journal(events=(first, *journal.events[1:])))
    assert board["threshold"][0] == 0.125
    assert np.isnan(board["threshold"][1])


@given(journal=journals(ended=True))
def test_every_experiment_has_its_row(journal: Journal) -> None:
    board = leaderboard(journal)
    assert len(board) == len(journal.experiments)
    if len(board):
        assert set(board["experiment"]) == {experiment.number for experiment in journal.experiments}
        scores = board["score"].dropna()
        assert scores.is_monotonic_decreasing
        assert scores.index.tolist() == list(range(len(scores)))


def test_where_a_model_took_part_it_says_who_wrote_a_script_and_what_that_took() -> None:
    board = leaderboard(led()).set_index("experiment")
    assert board["author"].to_dict() == {1: "playbook", 6: "playbook"} | dict.fromkeys((2, 3, 4, 5), "model")
    assert (board["tokens"][4], board["cost_usd"][4], board["tokens"][1]) == (1100, 0.002, 0)
    assert not {"author", "tokens", "cost_usd"} & set(leaderboard(journal_of([valid(1, "linear", [0.5])])).columns)


def test_what_counts_no_more_has_no_score_and_cannot_come_first() -> None:
    board = leaderboard(led())
    assert board["experiment"].tolist()[:2] == [4, 6]
    aside = board.set_index("experiment").loc[2]
    assert np.isnan(aside["score"])
    assert aside["verdict"] == "set aside"
    quarantined_alone = Journal(events=led().events[:7])
    assert leaderboard(quarantined_alone)["experiment"].tolist() == [1, 2]
