"""How to open MLflow's pages on the store of some runs."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from octopus.errors import InvalidParameter
from octopus.journal import FILENAME
from octopus.records import Record
from octopus.trackers.ledger import LEDGER, read_sent
from octopus.trackers.store import Store, choose_store

#: The runs of one experiment, and the list of experiments. The list leads on to what MLflow (3.17) has for language
#: models, where these runs are "no data", so it is named only where no experiment is known.
_RUNS_PAGE = "/#/experiments/{}/runs?workflowType=machine_learning"
_LIST_PAGE = "/#/experiments?workflowType=machine_learning"
#: MLflow's own default port; where it is taken and none was asked for, the system names a free one.
_USUAL_PORT = 5000


class Ui(Record, frozen=True, kw_only=True):
    """MLflow's pages.

    Parameters
    ----------
    url : str
        To open in a browser: on the runs of the experiment that the newest run belongs to.
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
    home = Path(os.path.abspath(runs_dir))  # noqa: PTH100  links stay: the path is shown to people
    store = choose_store(home)
    if store.is_served:
        has_pages = store.uri.lower().startswith(("http://", "https://"))
        url = store.shown.rstrip("/") + _page(home, store) if has_pages else store.shown
        return Ui(url=url, command=(), environment={})
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
    url = f"http://127.0.0.1:{chosen}{_page(home, store)}"
    return Ui(url=url, command=tuple(command), environment=environment)


def _page(home: Path, store: Store) -> str:
    """Return the page of the experiment that the newest run in this store belongs to, else the list."""
    newest_ns, page = -1, _LIST_PAGE
    for ledger in home.glob(f"*/{LEDGER}"):
        sent, journal = read_sent(ledger.parent), ledger.with_name(FILENAME)
        if sent is None or sent.uri != store.shown or not sent.experiment_id or not journal.is_file():
            continue
        written_ns = journal.stat().st_mtime_ns
        if written_ns > newest_ns:
            newest_ns, page = written_ns, _RUNS_PAGE.format(quote(sent.experiment_id, safe=""))
    return page


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
