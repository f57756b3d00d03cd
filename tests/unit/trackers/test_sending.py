"""What the model of a run is told, beside the run itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from octopus.journal import Journal
from octopus.records import HoldoutOpened, HoldoutReport, RunFinished
from octopus.trackers.ledger import Sent
from octopus.trackers.place import Place
from octopus.trackers.sending import Sender
from octopus.trackers.store import Store
from tests.strategies import journal_of, valid


class _Client:
    """Keeps the metrics that it is sent."""

    def __init__(self) -> None:
        self.metrics: list[Any] = []

    def log_batch(self, run_id: str, metrics: Any = (), params: Any = (), tags: Any = ()) -> None:
        """Keep the metrics of a batch."""
        del run_id, params, tags
        self.metrics += metrics

    def search_runs(self, *_: object, **__: object) -> Any:
        """Find nothing."""
        from mlflow.store.entities import PagedList

        return PagedList([], None)

    def delete_run(self, run_id: str) -> None:
        """Refuse: nothing is there twice."""
        raise AssertionError(run_id)

    def log_artifacts(self, *_: object) -> None:
        """Take files."""

    def set_terminated(self, *_: object) -> None:
        """Close a run."""


def test_the_model_has_the_holdout_score_at_the_time_of_the_run(tmp_path: Path) -> None:
    report = HoldoutReport(
        scoring="roc_auc", n_rows=99, score=0.8, ci_low=0.7, ci_high=0.9, validation_score=0.81, n_experiments=1,
        winner=1, beats_baseline="yes", baselines=(),
    )  # fmt: skip
    before = journal_of([valid(1, "linear", [0.8])])
    at = {"at": "2026-01-01T00:01:00.000+00:00", "elapsed_s": 9.0}
    opened, finished = HoldoutOpened(**at, report=report), RunFinished(**at, shipped="all", reason="r")
    journal = Journal(events=(*before.events, opened, finished))
    client = _Client()
    place = Place(client=client, experiment_id="1", run_id="run", identity={"octopus.id": "1"})
    sent = Sent(uri="u", run_id="run", model_id="model", events=len(before))
    sender = Sender(client=client, store=Store(uri="u"), place=place)
    sender.send(journal, tmp_path, True, sent, keep=lambda _: None)
    known = {m.key: (m.value, m.timestamp) for m in client.metrics if m.model_id is None}
    of_model = {m.key: (m.value, m.timestamp) for m in client.metrics if m.model_id == "model"}
    for name, value in (("holdout_score", 0.8), ("holdout_ci_low", 0.7), ("holdout_ci_high", 0.9)):
        assert of_model[name] == known[name], "the same point, so that the run has it once"
        assert of_model[name][0] == value
    assert "score" in of_model
