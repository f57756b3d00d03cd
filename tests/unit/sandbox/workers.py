"""Sessions without walls: real processes on real sockets, forked here in milliseconds."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pandas as pd

from octopus.sandbox.serving import serve


class Doubler:
    """A regressor without a fit: twice the first column."""

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Doubler:
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return 2.0 * X.iloc[:, 0].to_numpy(dtype=np.float64)


class ForkedSession:
    """A process that runs one function with its end of the stream."""

    def __init__(self, run: Callable[[socket.socket], None]) -> None:
        self.requests, theirs = socket.socketpair()
        self.owner = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            with suppress(BaseException):
                self.requests.close()
                run(theirs)
            os._exit(0)
        theirs.close()
        self.is_closed = False

    def hang_up(self) -> None:
        assert os.getpid() == self.owner, "only who started a process may end it"
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def why_ended(self) -> str:
        return "it ended"

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.hang_up()
            os.waitpid(self.pid, 0)
            self.requests.close()

    def forget(self) -> None:
        assert os.getpid() != self.owner
        self.requests.close()


class Starter:
    """Starts sessions and remembers them: the first runs the first function, and so on; the last is repeated."""

    def __init__(self, *runs: Callable[[socket.socket], None]) -> None:
        self.runs = runs
        self.sessions: list[ForkedSession] = []

    def __call__(self) -> ForkedSession:
        run = self.runs[min(len(self.sessions), len(self.runs) - 1)]
        self.sessions.append(ForkedSession(run))
        return self.sessions[-1]

    def __getstate__(self) -> dict[str, object]:
        return {"runs": self.runs, "sessions": []}

    @property
    def pids(self) -> list[int]:
        return [session.pid for session in self.sessions]


class Serving:
    """Serves an estimator, as a confined child does."""

    def __init__(self, estimator: object, n_classes: int = 0) -> None:
        self.estimator, self.n_classes = estimator, n_classes

    def __call__(self, requests: socket.socket) -> None:
        serve(self.estimator, requests, self.n_classes)
