"""How to open MLflow's pages on the store of some runs."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from octopus.errors import InvalidParameter
from octopus.records import Record
from octopus.trackers.store import choose_store

#: The list of experiments with their runs; the bare address opens on what MLflow has for language models.
_RUNS_PAGE = "/#/experiments?workflowType=machine_learning"
#: MLflow's own default port; where it is taken and none was asked for, the system names a free one.
_USUAL_PORT = 5000


class Ui(Record, frozen=True, kw_only=True):
    """MLflow's pages.

    Parameters
    ----------
    url : str
        To open in a browser.
    command : tuple of str
        Command line that serves them; empty where a server does already.
    environment : mapping of str to str
        To be added to the environment of the command.
    """

    url: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


def ui_command(runs_dir: str | os.PathLike[str], port: int | None = None) -> Ui:
    """Return how to open MLflow's pages on the store of the runs in a directory.

    Parameters
    ----------
    runs_dir : path-like
        Directory that holds the runs.
    port : int or None, default=None
        Port on this machine; None for 5000, or a free one where that is taken.

    Returns
    -------
    Ui
        Nothing is started.

    Raises
    ------
    InvalidParameter
        Something listens on the port already, or there is no store yet.
    """
    store = choose_store(Path(os.path.abspath(runs_dir)))  # noqa: PTH100  links stay: the path is shown to people
    if store.is_served:
        return Ui(url=store.shown, command=(), environment={})
    database = store.uri.removeprefix("sqlite:///").partition("?")[0]
    if store.uri.startswith("sqlite:///") and not Path(database).is_file():
        raise InvalidParameter(
            "runs_dir", os.fspath(runs_dir), f"there is no MLflow store at {store.shown}",
            "Name the directory that holds the runs, or send one there first: octopus track RUN.",
        )  # fmt: skip
    chosen = _free_port(port)
    command = [
        sys.executable, "-m", "mlflow", "server",
        "--backend-store-uri", store.uri,
        "--default-artifact-root", store.artifacts,
        "--host", "127.0.0.1",
        "--port", str(chosen),
        "--workers", "1",
    ]  # fmt: skip
    environment = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # evaluations of language models: a process of 250 MB
    }
    return Ui(url=f"http://127.0.0.1:{chosen}{_RUNS_PAGE}", command=tuple(command), environment=environment)


def _free_port(asked: int | None) -> int:
    port = _USUAL_PORT if asked is None else asked
    try:
        return _bind(port)
    except OSError as error:
        if asked is None:
            return _bind(0)
        raise InvalidParameter(
            "port", asked, f"it cannot be used ({error.strerror or error})", "Give another one, or None for a free one."
        ) from error
    except OverflowError as error:
        raise InvalidParameter("port", asked, "it is no port", "Give a number from 1 to 65535.") from error


def _bind(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        if os.name == "posix":  # a port whose last connection is closing is free
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind(("127.0.0.1", port))
        return int(trial.getsockname()[1])
