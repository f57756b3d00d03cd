"""What a model may not bring about, whatever it proposes: a run without a model, or a score by a column set aside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from octopus import AutonomousClassifier
from octopus.backends.scripted import Scripted, ScriptedBackend
from octopus.explore import run_script
from octopus.journal import Journal
from octopus.records import Outcome, ProposalRefused, Quarantined, Revalidated
from octopus.stages.run import Trial
from tests.e2e.test_led import experiment, small_frame


def _lead(replies: list[Scripted], tmp_path: Path, *, suspect: bool = False, **parameters: object) -> Journal:
    X, y = small_frame()
    if suspect:  # tells much, by itself, and is no copy
        noise = np.random.default_rng(0).normal(size=len(X))
        X = X.assign(visits=(y == "yes") * 2.6 + noise)
    model = AutonomousClassifier(
        backend=ScriptedBackend(replies), families=["linear"], run_dir=tmp_path / "run", random_state=0, n_jobs=2,
        columns={"visits": "numeric"} if suspect else None, **parameters,
    )  # fmt: skip
    return model.fit(X, y).journal_


def _refusal(journal: Journal) -> str:
    return next(event.reason for event in journal.events if isinstance(event, ProposalRefused))


def test_a_quarantine_that_leaves_nothing_and_no_room_is_refused(tmp_path: Path) -> None:
    wish = "ACTION: quarantine\nCOLUMNS: visits\nREASON: they are counted afterwards"
    journal = _lead([wish], tmp_path, suspect=True, max_experiments=2)
    assert "no room for another" in _refusal(journal)
    assert not any(isinstance(event, Quarantined) for event in journal.events)
    assert journal.valid_experiments


def test_folds_on_which_nothing_can_be_scored_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_slow_on_ten_folds(script, task, bench, wall_s, rival=None):
        if len(bench.folds) > 5:
            return Trial(outcome=Outcome(status="timeout", stage="fit"))
        return run_script(script, task, bench, wall_s, rival)

    monkeypatch.setattr("octopus.explore.run_script", too_slow_on_ten_folds)
    wish = "ACTION: revalidate\nSPLIT: stratified\nSPLITS: 10\nREASON: steadier"
    journal = _lead([wish], tmp_path, max_experiments=2)
    assert "no candidate could be scored" in _refusal(journal)
    assert not any(isinstance(event, Revalidated) for event in journal.events)
    assert [e.is_valid for e in journal.experiments] == [True, True]


def test_a_script_without_its_guard_still_earns_nothing_by_a_column_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_guard: Callable[..., str] = lambda source, columns: source  # noqa: E731
    monkeypatch.setattr("octopus.scientists.llm.scientist.guarded", no_guard)
    reading = 'UNKNOWN: income · "we learn the income only afterwards"'
    peeks = experiment("whatever there is", 'assert "inc" + "ome" not in X.columns')
    goal = "find the women who work; we learn the income only afterwards"
    journal = _lead([reading, peeks], tmp_path, goal=goal, max_experiments=2)
    assert any(isinstance(event, Quarantined) for event in journal.events)
    tried = journal.experiments[1]
    assert tried.script.author == "model"
    assert tried.is_valid, tried.outcome
