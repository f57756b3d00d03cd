"""How MLflow's pages are opened."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from octopus.errors import InvalidParameter
from octopus.trackers.ui import ui_command


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a directory of runs with a store."""
    (tmp_path / "mlflow.db").touch()
    return tmp_path


def test_the_store_is_served_on_this_machine_only(runs: Path) -> None:
    ui = ui_command(runs)
    assert ui.url.startswith("http://127.0.0.1:")
    assert ui.url.endswith("/#/experiments?workflowType=machine_learning"), (
        "the runs, not what MLflow has for language models"
    )
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
    assert (ui_command(tmp_path).url, ui_command(tmp_path).command) == ("https://host", ())
