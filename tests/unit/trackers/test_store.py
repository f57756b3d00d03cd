"""Which MLflow a run goes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from octopus.trackers.store import choose_store, without_secrets


def test_without_settings_the_store_lies_beside_the_runs(tmp_path: Path) -> None:
    store = choose_store(tmp_path / "runs", {})
    assert store.uri == f"sqlite:///{tmp_path.as_posix()}/runs/mlflow.db"
    assert store.artifacts == (tmp_path / "runs" / "mlartifacts").as_uri()
    assert not store.is_served
    assert not list(tmp_path.iterdir())


def test_mlflows_own_settings_win(tmp_path: Path) -> None:
    store = choose_store(tmp_path, {"MLFLOW_TRACKING_URI": "https://user:secret@host:1/mlflow"})
    assert (store.is_served, store.artifacts) == (True, "")
    assert store.uri == "https://user:secret@host:1/mlflow"
    assert store.shown == "https://host:1/mlflow"


@pytest.mark.parametrize(
    ("given", "kept"), [("sqlite:///my.db", "sqlite:///{}/my.db"), ("sqlite:////abs/my.db", "sqlite:////abs/my.db")]
)
def test_a_path_is_that_of_the_fitting_process(
    given: str, kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = choose_store(tmp_path / "elsewhere", {"MLFLOW_TRACKING_URI": given})
    assert store.uri == kept.format(tmp_path.as_posix())
    assert store.artifacts == (tmp_path / "mlruns").as_uri()


def test_what_the_users_code_told_mlflow_wins_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://environment")
    mlflow.set_tracking_uri("http://code")
    try:
        assert choose_store(tmp_path).uri == "http://code"
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


def test_no_secret_is_shown() -> None:
    assert without_secrets("API request to http://me:word@host/api failed") == "API request to http://host/api failed"
