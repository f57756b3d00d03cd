"""The user's side of ``predict`` where a model wrote the script: a confined process that is started once and stays.

A worker that dies, hangs or talks nonsense is ended, and the question is put once more to a fresh one. One that
answers that its pipeline raised has answered: it lives on.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from octopus.dataset import Float
from octopus.errors import PredictionFailed, SandboxError
from octopus.frame import write_table
from octopus.protocols import Job, JobResult
from octopus.records import Limits
from octopus.sandbox.collector import BadResult, checked
from octopus.sandbox.conversation import Broken, Conversation, Session

__all__ = ["ConfinedWorker", "ReplayWorker", "Session"]

#: Seconds for an answer where nothing else is said.
_REQUEST_S = 3600.0
#: Numbers in one request, 128 MB of float64: what each side holds of a large table at a time.
_MAX_CELLS = 1 << 24
#: A question is put again once: code that ends its process by one question does so by the next.
_ATTEMPTS = 2
_CLOSED = "the worker was closed while it predicted"
_READ_IT = "A model wrote the pipeline; its script is best_experiment_.script.source."


class ConfinedWorker:
    """Predicts in one confined process, which is started at the first request and kept.

    Several threads may ask at a time; they are answered one by one. A copy, pickled or forked, starts its own process.

    Parameters
    ----------
    start : callable
        Starts a process that serves the model.
    n_classes : int
        Number of classes, 0 for regression: fixes the shape of the predictions.
    request_s : float
        Seconds for an answer.
    """

    def __init__(self, start: Callable[[], Session], *, n_classes: int, request_s: float = _REQUEST_S) -> None:
        self._start = start
        self._n_classes = n_classes
        self._request_s = request_s
        self._seats: dict[int, _Seat] = {}

    def __getstate__(self) -> dict[str, object]:
        return {"start": self._start, "n_classes": self._n_classes, "request_s": self._request_s}

    def __setstate__(self, state: Mapping[str, object]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # a copy starts anew

    def predict(self, table: pd.DataFrame) -> Float:
        """Predict the rows of a table; a large one goes in several requests.

        Parameters
        ----------
        table : DataFrame of shape (n_rows, n_features)
            In canonical shape.

        Returns
        -------
        ndarray of shape (n_rows, n_classes) or (n_rows,), float64
            Finite; probabilities that sum to 1.

        Raises
        ------
        PredictionFailed
            The pipeline raised.
        SandboxError
            What it predicted cannot be, or two processes in a row did not answer.
        """
        if not len(table):
            return np.empty((0, self._n_classes) if self._n_classes else 0)
        step = max(1, _MAX_CELLS // max(1, table.shape[1]))
        if len(table) <= step:
            return self._ask(table)
        return np.concatenate([self._ask(table.iloc[i : i + step]) for i in range(0, len(table), step)])

    def close(self) -> None:
        """End the process; a request that is running fails, and a later one starts anew."""
        seat = self._seats.pop(os.getpid(), None)
        if seat is not None:
            seat.close()

    def _ask(self, table: pd.DataFrame) -> Float:
        values = self._seat().ask(table, self._n_classes, self._request_s)
        try:
            return checked(values, self._n_classes)
        except BadResult as error:
            raise SandboxError(
                f"the pipeline's predictions cannot be used: {error}. Give it rows such as those it was fitted on, or "
                f"fit again. {_READ_IT}"
            ) from error

    def _seat(self) -> _Seat:
        """Return the one of this process; a forked copy begins by letting go of what it inherited."""
        pid = os.getpid()
        seat = self._seats.get(pid)
        if seat is not None:
            return seat
        for other in [owner for owner in self._seats if owner != pid]:
            inherited = self._seats.pop(other, None)
            if inherited is not None:
                inherited.close()
        made = _Seat(self._start)
        seat = self._seats.setdefault(pid, made)  # another thread may have been first
        if seat is made:
            weakref.finalize(self, seat.close)
        return seat


class _Seat:
    """Where the workers of one process of the user's sit, one after the other."""

    def __init__(self, start: Callable[[], Session]) -> None:
        self._start = start
        self._owner = os.getpid()
        self._turn = threading.Lock()
        self._talk: Conversation | None = None
        self._is_closed = False

    def ask(self, table: pd.DataFrame, n_classes: int, within_s: float) -> Float:
        with self._turn:
            if self._talk is not None and not self._talk.can_go_on():
                self._vacate()
            reasons: list[str] = []
            while len(reasons) < _ATTEMPTS:
                try:
                    return self._put(table, n_classes, within_s)
                except Broken as error:
                    reasons.append(str(error))
            raise SandboxError(
                f"the process that predicts gave no answer: {'; started anew: '.join(reasons)}. Predict fewer rows at "
                f"a time, or fit again. {_READ_IT}"
            )

    def close(self) -> None:
        """End the worker, also while a thread waits for its answer."""
        if os.getpid() != self._owner:  # without the lock, which another thread may have held at the fork
            talk, self._talk = self._talk, None
            if talk is not None:
                talk.forget()
            return
        self._is_closed = True
        talk = self._talk
        if talk is not None:
            talk.interrupt()
        with self._turn:
            self._vacate()

    def _put(self, table: pd.DataFrame, n_classes: int, within_s: float) -> Float:
        """Put a question to the worker that is there, or to a fresh one; who did not come to an answer leaves."""
        try:
            return self._taken().ask(table, n_classes, within_s)
        except PredictionFailed:
            raise
        except BaseException:  # what it may yet say must not be taken for the next answer
            self._vacate()
            raise

    def _taken(self) -> Conversation:
        """Return the worker that sits here, after starting one where none does."""
        if self._talk is None and not self._is_closed:
            talk = self._talk = Conversation(self._start())
            try:
                talk.expect_ready()
            except PredictionFailed:  # another would not load the model either
                self._vacate()
                raise
        if self._talk is None or self._is_closed:
            raise SandboxError(_CLOSED)
        return self._talk

    def _vacate(self) -> None:
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.close()


class ReplayWorker:
    """Predicts in a fresh child for each table, where none can be kept that is talked to.

    Parameters
    ----------
    run : callable
        Runs a job.
    model : bytes
        The fitted pipeline.
    n_classes : int
        Number of classes, 0 for regression.
    limits : Limits
        What each child may use.
    """

    def __init__(self, run: Callable[[Job], JobResult], model: bytes, n_classes: int, limits: Limits) -> None:
        self._run, self._model, self._n_classes, self._limits = run, model, n_classes, limits

    def predict(self, table: pd.DataFrame) -> Float:
        """Predict the rows of a table.

        Parameters
        ----------
        table : DataFrame of shape (n_rows, n_features)
            In canonical shape.

        Returns
        -------
        ndarray of shape (n_rows, n_classes) or (n_rows,), float64
            Finite; probabilities that sum to 1.

        Raises
        ------
        PredictionFailed
            The pipeline raised.
        SandboxError
            The child did not come to its end.
        """
        with tempfile.TemporaryDirectory(prefix="octopus-") as folder:
            features = Path(folder) / "features.arrow"
            write_table(table, features)
            job = Job(
                kind="replay",
                features=features,
                predict_rows=np.arange(len(table)),
                n_classes=self._n_classes,
                random_state=0,
                limits=self._limits,
                model=self._model,
            )
            result = self._run(job)
        if result.predictions is not None:
            return result.predictions
        if result.outcome.failure is not None:
            raise PredictionFailed(result.outcome.failure)
        raise SandboxError(f"the pipeline did not predict: {result.outcome.status}. {result.outcome.reason} {_READ_IT}")

    def close(self) -> None:
        """Do nothing: no child is kept."""
