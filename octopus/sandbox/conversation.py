"""A conversation with one worker, of which nothing that it says is believed.

An answer must have exactly the length that the question makes it have, within the time allowed; descriptors that are
sent along are dropped (``recv`` takes none); a failure is a short record in JSON. Whatever else comes ends it.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Protocol

import numpy as np
import pandas as pd

from octopus.dataset import Float
from octopus.errors import PredictionFailed
from octopus.sandbox import framing
from octopus.sandbox.collector import BadResult, read_failure

#: Seconds for a worker to load the model: libraries that are not imported yet take up to 20 under load.
_READY_WITHIN_S = 120.0
#: What a worker's code never gives back must not become a burden; a new one costs a tenth of a second.
_MAX_REQUESTS = 10_000
_MAX_GROWTH_BYTES = 1 << 30
#: Head and body of a short request go in one piece, which wakes the worker once.
_SHORT_BYTES = 64 << 10


class Session(Protocol):
    """One started process that serves; the sandbox makes them."""

    @property
    def requests(self) -> socket.socket:
        """Our end of a stream; the other is given to :func:`octopus.sandbox.serving.serve`."""

    def hang_up(self) -> None:
        """Order the process to end."""

    def why_ended(self) -> str:
        """Say why the process ended; waits briefly for the supervisor's report."""

    def close(self) -> None:
        """End the process and let go of everything, the stream too."""

    def forget(self) -> None:
        """Close what a forked copy of the owner inherited, and leave the process alone."""


class Broken(Exception):
    """A worker that cannot be used any more; the message says why."""


class Conversation:
    """Puts questions to one worker.

    Parameters
    ----------
    session : Session
        The worker's process, just started.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._socket = session.requests
        self._names: list[str] | None = None
        self._n_requests = 0
        self._bytes_at_start = self._peak_bytes = 0

    def expect_ready(self) -> None:
        """Wait until the model is loaded.

        Raises
        ------
        PredictionFailed
            It cannot be loaded.
        Broken
            The worker does not say that it is.
        """
        nothing = memoryview(bytearray())
        self._read(framing.READY, nothing, time.monotonic() + _READY_WITHIN_S, "load the model", _READY_WITHIN_S)
        self._bytes_at_start = self._peak_bytes

    def can_go_on(self) -> bool:
        """Tell whether the worker is there, says nothing unasked, and is not worn.

        It is worn after many requests, or when it says that it has grown: a lie only gets it replaced.
        """
        grown = self._peak_bytes - self._bytes_at_start
        return self._n_requests < _MAX_REQUESTS and grown <= _MAX_GROWTH_BYTES and self._pending() is None

    def ask(self, table: pd.DataFrame, n_classes: int, within_s: float) -> Float:
        """Have a table predicted.

        Parameters
        ----------
        table : DataFrame of shape (n_rows, n_features)
            In canonical shape.
        n_classes : int
            Number of classes, 0 for regression.
        within_s : float
            Seconds for the answer.

        Returns
        -------
        ndarray of shape (n_rows, n_classes) or (n_rows,), float64
            Any numbers at all.

        Raises
        ------
        PredictionFailed
            The pipeline raised; the worker can go on.
        Broken
            There is no answer, or none that can be one.
        """
        deadline = time.monotonic() + within_s
        answer = np.empty((len(table), n_classes) if n_classes else len(table))
        parts = self._request(table)
        self._n_requests += 1
        try:
            for part in parts:
                self._socket.settimeout(_remaining(deadline))
                self._socket.sendall(part)  # its timeout holds for the whole
        except TimeoutError as error:
            raise Broken(f"it did not take the rows within {within_s:g} s") from error
        except OSError as error:
            raise Broken(self._why_ended()) from error
        self._read(framing.PREDICTED, answer.reshape(-1).view(np.uint8).data, deadline, "predict", within_s)
        return answer

    def interrupt(self) -> None:
        """Order the worker to end, and wake a thread that waits for it: it finds the conversation broken."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._session.hang_up()

    def close(self) -> None:
        """End the worker."""
        self._session.close()

    def forget(self) -> None:
        """Close what a forked copy of the owner inherited."""
        self._session.forget()

    def _request(self, table: pd.DataFrame) -> list[bytes | memoryview]:
        if framing.is_numbers(table):
            head, body = framing.pack_numbers(table)
            names = list(table.columns)
            if names != self._names:
                head = framing.pack_names(names) + head
                self._names = names
        else:
            head, body = framing.pack_table(table)
        return [head + body] if body.nbytes < _SHORT_BYTES else [head, body]

    def _read(self, wanted: bytes, into: memoryview, deadline: float, what: str, within_s: float) -> None:
        try:
            kind, n_bytes, self._peak_bytes = framing.ANSWER.unpack(self._receive(framing.ANSWER.size, deadline))
            if kind == framing.FAILED and n_bytes <= framing.MAX_FAILURE_BYTES:
                failure = read_failure(bytes(self._receive(n_bytes, deadline)))
            elif kind == wanted and n_bytes == into.nbytes:
                failure = None
                self._receive_into(into, deadline)
            else:
                raise Broken(
                    f"it gave an answer of kind {kind!r} and {n_bytes} bytes, {into.nbytes} bytes are expected"
                )
            if self._pending():
                raise Broken("it said more than it was asked")
        except TimeoutError as error:
            raise Broken(f"it did not {what} within {within_s:g} s") from error
        except (EOFError, OSError) as error:
            raise Broken(self._why_ended()) from error
        except BadResult as error:
            raise Broken(f"its failure is no record: {error}") from error
        if failure is not None:
            raise PredictionFailed(failure)

    def _receive(self, n_bytes: int, deadline: float) -> bytearray:
        received = bytearray(n_bytes)
        self._receive_into(memoryview(received), deadline)
        return received

    def _receive_into(self, rest: memoryview, deadline: float) -> None:
        while rest.nbytes:
            self._socket.settimeout(_remaining(deadline))
            n_bytes = self._socket.recv_into(rest)
            if not n_bytes:
                raise EOFError
            rest = rest[n_bytes:]

    def _why_ended(self) -> str:
        try:
            return self._session.why_ended()
        except OSError:  # whoever made the session has closed it
            return "its sandbox was closed"

    def _pending(self) -> bytes | None:
        """Return a byte that waits to be read, no byte where the worker has ended; None if there is silence."""
        try:
            self._socket.settimeout(0.0)
            return self._socket.recv(1)
        except BlockingIOError:
            return None
        except OSError:
            return b""


def _remaining(deadline: float) -> float:
    remaining_s = deadline - time.monotonic()
    if remaining_s <= 0:
        raise TimeoutError
    return remaining_s
