"""MLflow as the tracker of a fit: it registers the run and starts a follower where none runs; that is all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import psutil

from octopus.journal import FILENAME
from octopus.trackers.launch import launch
from octopus.trackers.ledger import read_sent
from octopus.trackers.patience import Patience
from octopus.trackers.spool import Registration, spool_of
from octopus.trackers.store import Store, choose_store
from octopus.trackers.track import TrackReport, track
from octopus.trackers.ui import Ui, ui_command

#: With the value "none" nothing is tracked, whatever a fit asks for.
SWITCH = "OCTOPUS_TRACKER"


class MlflowTracker:
    """Leaves runs in MLflow by a process of its own, which can neither slow nor stop a fit.

    Runs go where MLflow's own settings say (``MLFLOW_TRACKING_URI``, ``mlflow.set_tracking_uri``,
    ``MLFLOW_EXPERIMENT_NAME``, ``mlflow.set_experiment``, an active run, under which they nest), else to a store
    ``mlflow.db`` in the directory that holds the runs. ``OCTOPUS_TRACKER=none`` in the environment turns it off.

    Parameters
    ----------
    patience : Patience or None, default=None
        How long the follower waits for what.
    """

    def __init__(self, patience: Patience | None = None) -> None:
        self.patience = patience

    def start(self, run_dir: str | os.PathLike[str]) -> str | None:
        """Register a run whose directory exists; call it before or after the first event is written.

        Parameters
        ----------
        run_dir : path-like
            The run.

        Returns
        -------
        str or None
            A warning, where the run cannot be tracked; it never raises.
        """
        if _is_off():
            return None
        path = _absolute(run_dir)
        store, patience = choose_store(path.parent), self.patience or Patience()
        spool = spool_of(store)
        try:
            spool.put(_registration(path))
            if not spool.has_follower():
                arguments = [msgspec.json.encode(one).decode() for one in (store, patience)]
                launch(spool.path, str(spool.path), *arguments)
        except (OSError, subprocess.SubprocessError, psutil.Error) as error:
            return f"this run is not followed into MLflow ({error}). `octopus track {path}` sends it."
        return None

    def finish(self, run_dir: str | os.PathLike[str]) -> str | None:
        """Say that a fit is over, its model written or its error raised; nothing is waited for.

        Parameters
        ----------
        run_dir : path-like
            The run.

        Returns
        -------
        str or None
            A warning, where something is left to send and it is known why; it never raises.
        """
        if _is_off():
            return None
        path = _absolute(run_dir)
        store, patience = choose_store(path.parent), self.patience or Patience()
        spool = spool_of(store)
        try:
            registration = spool.find(_key(path))
            if registration is not None:
                spool.put(msgspec.structs.replace(registration, is_over=True))
            return _leftover(path, store, patience)
        except OSError:
            return None

    def track(self, run_dir: str | os.PathLike[str], follow: bool = False) -> TrackReport:
        """Send what of a run is not in MLflow yet: :func:`octopus.trackers.track.track`."""
        return track(run_dir, follow)

    def ui(self, runs_dir: str | os.PathLike[str], port: int | None = None) -> Ui:
        """Return how to open MLflow's pages on some runs: :func:`octopus.trackers.ui.ui_command`."""
        return ui_command(runs_dir, port)


def _leftover(path: Path, store: Store, patience: Patience) -> str | None:
    sent = read_sent(path)
    if sent is None:
        return None
    why = sent.why
    if not why and store.is_served and sent.waiting_since is not None:
        silent_s = time.time() - sent.waiting_since
        why = f"no answer for {silent_s:.0f} s" if silent_s > patience.silence_s else ""
    n_entries = (path / FILENAME).read_bytes().count(b"\n") + 1
    n_left = n_entries - min(sent.events, n_entries - 1) - (sent.is_closed and sent.events == n_entries - 1)
    if not why or not n_left:
        return None
    return f"{n_left} of {n_entries} entries of this run are not in MLflow at {store.shown} ({why}). " \
           f"`octopus track {path}` sends them."  # fmt: skip


def _registration(path: Path) -> Registration:
    environment = os.environ
    return Registration(
        run_dir=os.fspath(path),
        experiment=environment.get("MLFLOW_EXPERIMENT_NAME", ""),
        experiment_id=environment.get("MLFLOW_EXPERIMENT_ID", ""),
        parent_run_id=_active_run() or environment.get("MLFLOW_RUN_ID", ""),
        process_id=os.getpid(),
        process_began=psutil.Process().create_time(),
    )


def _key(path: Path) -> str:
    return Registration(run_dir=os.fspath(path), process_id=0, process_began=0.0).key


def _active_run() -> str:
    """Return the run that the user's own code has open in MLflow, if MLflow is loaded at all."""
    active_run = getattr(sys.modules.get("mlflow"), "active_run", None)
    run = active_run() if callable(active_run) else None
    return str(run.info.run_id) if run is not None else ""


def _absolute(run_dir: str | os.PathLike[str]) -> Path:
    return Path(os.path.abspath(run_dir))  # noqa: PTH100  links stay: the path is shown to people


def _is_off() -> bool:
    return os.environ.get(SWITCH, "").strip().lower() == "none"
