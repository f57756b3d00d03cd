"""How MLflow's pages are opened."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from octopus.errors import InvalidParameter
from octopus.trackers.ledger import Sent, open_ledger
from octopus.trackers.store import embedded
from octopus.trackers.ui import ui_command


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a directory of runs with a store."""
    (tmp_path / "mlflow.db").touch()
    return tmp_path


def _tracked(run_dir: Path, uri: str, experiment_id: str, written_at: float) -> None:
    run_dir.mkdir()
    (run_dir / "journal.jsonl").touch()
    os.utime(run_dir / "journal.jsonl", (written_at, written_at))
    with open_ledger(run_dir, create=True) as ledger:
        assert ledger is not None
        ledger.write(Sent(uri=uri, experiment_id=experiment_id))


def test_the_store_is_served_on_this_machine_only(runs: Path) -> None:
    ui = ui_command(runs)
    assert ui.url.startswith("http://127.0.0.1:")
    assert ui.url.endswith("/#/experiments?workflowType=machine_learning"), "the list, where no run is known"
    assert ui.command[ui.command.index("--backend-store-uri") + 1] == f"sqlite:///{runs.as_posix()}/mlflow.db"
    assert ui.command[ui.command.index("--host") + 1] == "127.0.0.1"
    assert ui.environment["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_a_port_that_is_taken_is_refused_where_it_was_asked_for(runs: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidParameter, match=f"port={port}: it cannot be used"):
            ui_command(runs, port)
        assert not ui_command(runs).url.startswith(f"http://127.0.0.1:{port}/")


def test_a_number_that_is_no_port_is_refused(runs: Path) -> None:
    with pytest.raises(InvalidParameter, match="it is no port"):
        ui_command(runs, 70000)


def test_without_a_store_it_says_where_one_comes_from(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match="octopus track RUN"):
        ui_command(tmp_path)


def test_a_server_needs_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:word@host")
    ui = ui_command(tmp_path)
    assert (ui.url, ui.command) == ("https://host/#/experiments?workflowType=machine_learning", ())
    _tracked(tmp_path / "sales-1", "https://host", "7", written_at=1.0)
    assert ui_command(tmp_path).url == "https://host/#/experiments/7/runs?workflowType=machine_learning"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://host/behind/")
    assert ui_command(tmp_path).url == "https://host/behind/#/experiments?workflowType=machine_learning"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "databricks://mine")
    assert ui_command(tmp_path).url == "databricks://mine", "no page that we know"


def test_it_opens_on_the_runs_of_the_newest_run(runs: Path) -> None:
    """MLflow's list of experiments leads to its pages for language models, which know nothing of these runs."""
    here = embedded(runs).shown
    _tracked(runs / "older", here, "3", written_at=1.0)
    _tracked(runs / "newer", here, "12", written_at=3.0)
    _tracked(runs / "old-but-sent-again", here, "4", written_at=2.0)
    _tracked(runs / "elsewhere", "https://host", "5", written_at=4.0)
    _tracked(runs / "never-answered", here, "", written_at=5.0)
    (runs / "no-run").mkdir()
    (runs / "no-run" / "tracking.json").write_text("{")
    assert ui_command(runs).url.endswith("/#/experiments/12/runs?workflowType=machine_learning")
