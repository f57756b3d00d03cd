"""The worker's side of ``predict``: runs confined, answers one request after the other until nobody asks any more."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.sandbox import estimators, framing
from octopus.sandbox.estimators import Estimator
from octopus.sandbox.failure import describe

#: What functions of a pickled pipeline say that they were compiled from, see :mod:`octopus.sandbox.pickling`.
_SCRIPT = Path("script.py")


def serve(estimator: Estimator, requests: socket.socket, n_classes: int) -> None:
    """Answer requests until the other end is closed.

    Parameters
    ----------
    estimator : Estimator
        Fitted.
    requests : socket
        Stream to the user's process.
    n_classes : int
        Number of classes, 0 for regression.
    """
    with suppress(ConnectionError):  # the user's process ended meanwhile
        _answer(requests, framing.READY, b"")
        _answer_all(estimator, requests, n_classes)


def refuse(requests: socket.socket, error: BaseException) -> None:
    """Answer with a failure; also in place of the first message, where the pipeline cannot be loaded.

    Parameters
    ----------
    requests : socket
        Stream to the user's process.
    error : BaseException
        What was raised.
    """
    _answer(requests, framing.FAILED, msgspec.json.encode(describe(error, _SCRIPT)))


def _answer_all(estimator: Estimator, requests: socket.socket, n_classes: int) -> None:
    names = framing.unpack_names(bytearray(b"[]"))
    while (head := _receive(requests, framing.REQUEST.size)) is not None:
        kind, n_rows, n_bytes = framing.REQUEST.unpack(head)
        body = _receive(requests, n_bytes)
        if body is None:
            return
        if kind == framing.NAMES:
            names = framing.unpack_names(body)
            continue
        try:
            numbers = kind == framing.NUMBERS
            table = framing.unpack_numbers(body, n_rows, names) if numbers else framing.unpack_table(body)
            predicted = _predict(estimator, table, n_classes)
        except BaseException as error:  # noqa: BLE001  # whatever the pipeline raised becomes a record
            refuse(requests, error)
        else:
            _answer(requests, framing.PREDICTED, predicted.tobytes())


def _predict(estimator: Estimator, table: pd.DataFrame, n_classes: int) -> NDArray[np.float64]:
    predicted = np.asarray(estimators.predict(estimator, table, n_classes), dtype=np.float64)
    expected = (len(table), n_classes) if n_classes else (len(table),)
    if predicted.shape != expected:
        raise ValueError(f"predictions have shape {predicted.shape}, {expected} is expected")
    return predicted


def _answer(requests: socket.socket, kind: bytes, body: bytes) -> None:
    requests.sendall(framing.ANSWER.pack(kind, len(body), _peak_bytes()) + body)


def _receive(requests: socket.socket, n_bytes: int) -> bytearray | None:
    """Return so many bytes; None where the other end closed before."""
    received = bytearray(n_bytes)
    rest = memoryview(received)
    while rest.nbytes:
        n = requests.recv_into(rest)
        if not n:
            return None
        rest = rest[n:]
    return received


def _peak_bytes() -> int:
    """Return the largest resident memory of this process so far; 0 where the system does not tell."""
    if os.name != "posix":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes on macOS, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
