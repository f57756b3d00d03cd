"""The one door to MLflow: it is imported, opened and asked here, and what it raises is made ours."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from octopus.errors import StoreRefused, StoreUnreachable, TrackingError
from octopus.trackers.entries import clip
from octopus.trackers.patience import Patience
from octopus.trackers.store import Store, without_secrets

#: Answers that stay the same however often one asks (mlflow.protos.databricks_pb2.ErrorCode).
_FINAL = {
    "INVALID_PARAMETER_VALUE", "BAD_REQUEST", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS",
    "PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED",
}  # fmt: skip
#: What the chains of messages of requests, urllib3 and SQLAlchemy mean, most telling first.
_MEANINGS = (
    ("Connection refused", "connection refused"),
    ("Failed to resolve", "its host is unknown"),
    ("Name or service not known", "its host is unknown"),
    ("timed out", "no answer in time"),
    ("error responses", "it answers with server errors"),
    ("database is locked", "its database is locked by another process"),
)
#: How often MLflow itself repeats a request.
_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
#: A reason is a line, not a page.
_REASON_LENGTH = 200


@contextmanager
def mlflow_settings(store: Store, patience: Patience) -> Iterator[None]:
    """Set MLflow's environment for as long as the block lasts: bounded requests, no telemetry, no printed addresses.

    What the user set for requests wins, but for creates (:func:`asked_once`).

    Parameters
    ----------
    store : Store
        Where runs go.
    patience : Patience
        Bounds on requests.

    Yields
    ------
    None
        With the settings in place.
    """
    wanted = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_LOGGING_LEVEL": "ERROR",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": _given("MLFLOW_HTTP_REQUEST_TIMEOUT", patience.request_s),
        _RETRIES: _given(_RETRIES, patience.retries),
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": _given("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", 1),
    }
    if store.artifacts:  # else MLflow makes ./mlruns wherever the process happens to stand
        wanted["_MLFLOW_SERVER_ARTIFACT_ROOT"] = store.artifacts
    with _environment(wanted):
        yield


@contextmanager
def asked_once() -> Iterator[None]:
    """Let MLflow make each request of the block once: for those that create.

    MLflow repeats a POST that was not answered in time like any other request (``allowed_methods`` in
    mlflow.utils.request_utils); a server that carries out both has made two of what was to be one.

    Yields
    ------
    None
        For the request.
    """
    with _environment({_RETRIES: "0"}):
        yield


def open_client(store: Store) -> Any:
    """Return a client of a store; nothing is asked yet.

    Parameters
    ----------
    store : Store
        The store; an embedded one is made, readable for its owner alone.

    Returns
    -------
    mlflow.MlflowClient
        Typed loosely: MLflow's own types are.

    Raises
    ------
    TrackingError
        MLflow cannot be imported, or the store cannot be made.
    """
    with asking(store):
        _make_private(store)
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)


@contextmanager
def asking(store: Store) -> Iterator[None]:
    """Make of whatever MLflow raises in the block an error of ours.

    Parameters
    ----------
    store : Store
        Who is asked.

    Yields
    ------
    None
        For the requests.

    Raises
    ------
    StoreUnreachable
        Trying again may help.
    StoreRefused
        It does not.
    """
    try:
        yield
    except TrackingError:
        raise
    except Exception as error:  # boundary: MLflow, SQLAlchemy, requests and plug-ins of MLflow raise what they like
        refused = StoreRefused if is_final(error) else StoreUnreachable
        raise refused(store.shown, _reason(error)) from error


def is_final(error: Exception) -> bool:
    """Return whether the answer stays the same however often one asks.

    Parameters
    ----------
    error : Exception
        As MLflow raises it.

    Returns
    -------
    bool
        False where trying again may help.
    """
    return getattr(error, "error_code", "") in _FINAL or isinstance(error, ImportError)


def is_missing(error: TrackingError) -> bool:
    """Return whether a store said that what it was asked for does not exist.

    Parameters
    ----------
    error : TrackingError
        As :func:`asking` raises it.

    Returns
    -------
    bool
        False for every other reason.
    """
    return getattr(error.__cause__, "error_code", "") == "RESOURCE_DOES_NOT_EXIST"


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _given(name: str, otherwise: int) -> str:
    return os.environ.get(name) or str(otherwise)


def _reason(error: Exception) -> str:
    text = str(error) or type(error).__name__
    meaning = next((meaning for sign, meaning in _MEANINGS if sign in text), None)
    return meaning or clip(without_secrets(text.strip().splitlines()[0]), _REASON_LENGTH)


def _make_private(store: Store) -> None:
    """Make database and artifacts of a store on this disk: scripts and what they print may quote the data."""
    if store.is_served or not store.uri.startswith("sqlite:///"):
        return
    database = Path(store.uri.removeprefix("sqlite:///").partition("?")[0])
    if database.exists():
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    database.touch(mode=0o600)
    if store.artifacts.startswith("file:"):
        Path(unquote(urlsplit(store.artifacts).path)).mkdir(parents=True, exist_ok=True, mode=0o700)
