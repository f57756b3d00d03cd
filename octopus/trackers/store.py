"""Which MLflow a run goes to: what MLflow's own settings say, else a store beside the runs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from octopus.records import Record

#: The embedded store, in the directory that holds the runs.
DATABASE, ARTIFACTS = "mlflow.db", "mlartifacts"
#: Schemes whose server says itself where artifacts go.
_SERVED = ("http", "https", "databricks", "databricks-uc", "uc")


class Store(Record, frozen=True, kw_only=True):
    """An MLflow store.

    Parameters
    ----------
    uri : str
        Tracking URI; paths in it are absolute.
    artifacts : str
        Where artifacts of new experiments go; empty where a server says.
    """

    uri: str
    artifacts: str = ""

    @property
    def is_served(self) -> bool:
        """Whether a server stands before it."""
        return _scheme(self.uri) in _SERVED

    @property
    def shown(self) -> str:
        """The URI without password and user, for people and files."""
        return without_secrets(self.uri)


def choose_store(runs_dir: Path, environment: Mapping[str, str] = os.environ) -> Store:
    """Return the store for runs in a directory.

    Parameters
    ----------
    runs_dir : Path
        Directory that holds the runs.
    environment : mapping of str to str
        ``MLFLOW_TRACKING_URI`` in it wins, after ``mlflow.set_tracking_uri`` in this process.

    Returns
    -------
    Store
        Nothing is made or opened.
    """
    uri = _set_in_process() or environment.get("MLFLOW_TRACKING_URI", "")
    if not uri:
        return embedded(runs_dir)
    uri = _absolute(uri)
    if _scheme(uri) in _SERVED:
        return Store(uri=uri)
    artifacts = environment.get("MLFLOW_DEFAULT_ARTIFACT_ROOT") or (Path.cwd() / "mlruns").as_uri()
    return Store(uri=uri, artifacts=artifacts)


def embedded(runs_dir: Path) -> Store:
    """Return the store beside the runs.

    Parameters
    ----------
    runs_dir : Path
        Directory that holds the runs.

    Returns
    -------
    Store
        An SQLite file and a directory of artifacts.
    """
    home = Path(os.path.abspath(runs_dir))  # noqa: PTH100  links stay: the path is shown to people
    return Store(uri=_sqlite(home / DATABASE), artifacts=(home / ARTIFACTS).as_uri())


def without_secrets(text: str) -> str:
    """Return a URI, or a text with URIs in it, without users and passwords.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Safe to show.
    """
    return re.sub(r"(?<=://)[^/\s@]+@", "", text)


def _set_in_process() -> str:
    """Return the URI that the user's own code gave to MLflow, if it is loaded at all."""
    tracking = getattr(sys.modules.get("mlflow"), "tracking", None)
    is_set, get = getattr(tracking, "is_tracking_uri_set", None), getattr(tracking, "get_tracking_uri", None)
    return str(get()) if callable(is_set) and callable(get) and is_set() else ""


def _absolute(uri: str) -> str:
    if uri.startswith("sqlite:///"):
        path, _, query = uri.removeprefix("sqlite:///").partition("?")
        return _sqlite(Path.cwd() / path) + (f"?{query}" if query else "")
    if "://" not in uri and _scheme(uri) not in _SERVED:
        return (Path.cwd() / uri.removeprefix("file:")).as_uri()
    return urlunsplit(urlsplit(uri)) if _scheme(uri) in ("http", "https") else uri


def _sqlite(path: Path) -> str:
    return f"sqlite:///{path.as_posix()}"


def _scheme(uri: str) -> str:
    return uri.partition(":")[0].lower()
