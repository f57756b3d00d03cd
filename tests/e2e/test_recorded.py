"""A recorded run: a language model led it once, its replies are played again, everything else happens anew.

``benchmarks/recorded/cars`` is the journal of that run. Prompts are found again with measured numbers masked; what was
found and which experiment gained is asserted of the run that happens now. Networks take no part: their training ends
elsewhere where a processor rounds differently, and with it what the next prompt says.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from octopus import AutonomousRegressor, read_journal
from octopus.effects import effect_of, scored_over_fitted
from octopus.journal import Journal
from octopus.records import Analysed, Experiment
from octopus.scoring import gain
from octopus.trackers.client import open_client
from octopus.trackers.mlflow import MlflowTracker
from octopus.trackers.store import embedded
from tests.frames import cars_frame

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
RECORDED = Path(__file__).parents[2] / "benchmarks" / "recorded" / "cars"
GOAL = "estimate how many miles a car goes on a gallon from what its maker says about it"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> AutonomousRegressor:
    X, y = cars_frame()
    run_dir = tmp_path_factory.mktemp("runs") / "cars"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(run_dir.parent))
        return AutonomousRegressor(
            GOAL, backend=f"replay:{RECORDED}", families=["linear", "forest", "gbm"], run_dir=run_dir, random_state=0,
            n_jobs=2, time_limit=None,
        ).fit(X, y)  # fmt: skip


@pytest.fixture(scope="module")
def journal(model: AutonomousRegressor) -> Journal:
    return model.journal_


def _by(author: str, journal: Journal) -> list[Experiment]:
    return [e for e in journal.experiments if e.script.author == author]


def test_every_question_was_recorded(journal: Journal) -> None:
    assert not journal.retirement
    recorded = read_journal(RECORDED)
    assert [(c.kind, c.reply) for c in journal.calls] == [(c.kind, c.reply) for c in recorded.calls]


def test_it_drafts_by_the_playbook_and_then_looks_at_the_data(journal: Journal) -> None:
    assert [e.script.author for e in journal.experiments[:3]] == ["playbook"] * 3
    look = next(e for e in journal.events if isinstance(e, Analysed))
    assert look.outcome.status == "ok"
    assert look.output.strip()


def test_a_crash_is_diagnosed_and_mended_by_an_edit(journal: Journal) -> None:
    mended = next(e for e in journal.experiments if e.decision.action == "repair" and e.script.author == "model")
    crashed = journal.experiments[mended.plan.parent - 1]
    assert crashed.outcome.status == "error"
    assert crashed.diagnoses[0].code.startswith("OCT")
    assert mended.plan.hypothesis == crashed.plan.hypothesis
    fix = next(call for call in journal.calls if call.kind == "fix")
    assert "SEARCH" in fix.reply
    assert crashed.diagnoses[0].code in fix.messages[-1].text


def test_an_idea_of_the_models_beats_the_playbooks_best_beyond_noise(journal: Journal) -> None:
    ours = max(_by("playbook", journal), key=lambda e: e.score.mean if e.score else float("-inf"))
    best = journal.best
    assert best is not None
    assert best.script.author == "model"
    assert best.score is not None
    assert ours.score is not None
    difference, error = gain(best.score, ours.score, scored_over_fitted(journal))
    assert difference > error > 0
    gains = [effect for e in _by("model", journal) if (effect := effect_of(e, journal)) and effect.verdict == "gain"]
    assert gains


def test_it_stops_with_the_models_reason(journal: Journal) -> None:
    assert journal.stopped is not None
    assert journal.stopped.decision.action == "stop"
    assert journal.stopped.decision.reason in " ".join(journal.calls[-1].reply.split())


def test_the_report_tells_the_story(model: AutonomousRegressor) -> None:
    page = model.report_
    look = next(e for e in model.journal_.events if isinstance(e, Analysed))
    assert "Language model" in page
    assert look.question[:40] in page
    assert "mends #" in page


def test_mlflow_tells_the_story(model: AutonomousRegressor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    run_dir = model.run_dir_
    report = MlflowTracker().track(run_dir, False)
    client = open_client(embedded(run_dir.parent))
    assert report.n_entries >= len(model.journal_.events)
    experiment = next(e for e in client.search_experiments() if e.name.startswith("octopus/"))
    runs = client.search_runs([experiment.experiment_id])
    parent = next(r for r in runs if "mlflow.parentRunId" not in r.data.tags)
    assert parent.data.metrics["calls"] == len(model.journal_.calls)
    assert parent.data.metrics["tokens_input"] == model.journal_.usage.input_tokens
    traces = client.search_traces(locations=[experiment.experiment_id])
    assert len(traces) == len(model.journal_.calls)
    names = " ".join(r.info.run_name for r in runs)
    assert "model" in names or any("author" in r.data.params or "author" in r.data.tags for r in runs)
