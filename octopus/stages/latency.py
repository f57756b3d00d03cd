"""Fitted pipeline → how long a row alone takes it: asked one by one, by a clock that no script can set."""

from __future__ import annotations

import pickle
import time
from contextlib import suppress

import numpy as np
import pandas as pd

from octopus.dataset import Float
from octopus.errors import OctopusError
from octopus.protocols import Sandbox, Worker
from octopus.records import Latency, Limits, Task

#: First answers are slower: libraries load what they need when it is needed.
_WARM_UP = 5
#: Seconds after which no further row is asked; a model that takes longer for one is asked for two.
_ENOUGH_S = 0.3


class _Asked:
    """A pipeline that predicts a row alone, and of two rows nothing: what asking costs by itself.

    It is made of bytes and loads them where it is unpickled, in the sandbox.

    Parameters
    ----------
    model : bytes
        The fitted pipeline.
    method : str
        What is called.
    """

    def __init__(self, model: bytes, method: str) -> None:
        self.model, self.method = model, method

    def __setstate__(self, state: tuple[bytes, str]) -> None:
        model, self.method = state
        self.pipeline = pickle.loads(model)  # noqa: S301  # in the sandbox only

    def __getstate__(self) -> tuple[bytes, str]:
        return self.model, self.method

    def predict(self, X: pd.DataFrame) -> Float:
        """Predict one row; say nothing of it, for the replay has looked at it."""
        if len(X) == 1:
            getattr(self.pipeline, self.method, self.pipeline.predict)(X)  # not every classifier has probabilities
        return np.zeros(len(X))


def measure_latency(model: bytes, rows: pd.DataFrame, task: Task, sandbox: Sandbox, limits: Limits) -> Latency | None:
    """Measure how long a fitted pipeline takes for a row alone, in a process of the sandbox that is kept.

    The process is started and warmed up first. The clock is in this process, out of reach of a script that a model
    wrote; what it takes to ask, measured before that, is taken off, though never more than half of the time.

    Parameters
    ----------
    model : bytes
        The fitted pipeline.
    rows : DataFrame of shape (n_rows, n_features)
        Rows to ask for, in canonical shape.
    task : Task
        What is asked.
    sandbox : Sandbox
        Where to run.
    limits : Limits
        What the process may use; ``wall_s`` bounds one row.

    Returns
    -------
    Latency or None
        Median and 95th percentile, in milliseconds; None where the pipeline gives no answer.
    """
    asked = pickle.dumps(_Asked(model, "predict_proba" if task.is_classification else "predict"))
    worker = sandbox.open_worker(asked, n_classes=0, limits=limits)
    try:
        took, asking = _ask(worker, rows)
    finally:
        worker.close()
    if not len(took):
        return None
    alone = np.maximum(took - np.median(asking), took / 2)
    median, p95 = np.percentile(1000 * alone, [50, 95])
    return Latency(n_rows=len(alone), median_ms=float(median), p95_ms=float(p95))


def _ask(worker: Worker, rows: pd.DataFrame) -> tuple[Float, Float]:
    """Return the seconds for each row, and for asking and nothing else; nothing where no answer came."""
    took: list[float] = []
    asking: list[float] = []
    with suppress(OctopusError):  # what the pipeline raised, or a process that gave no answer
        worker.predict(rows.iloc[[0]])  # starts the process
        asking += [_seconds(worker, rows.iloc[[0, 0]]) for _ in range(2 * _WARM_UP)]
        begun = time.perf_counter()
        for at in (*range(min(_WARM_UP, len(rows))), *range(len(rows))):
            took.append(_seconds(worker, rows.iloc[[at]]))
            if len(took) > 1 and time.perf_counter() - begun > _ENOUGH_S:
                break
    warm = min(_WARM_UP, len(took) // 2)
    return np.array(took[warm:]), np.array(asking[_WARM_UP:])


def _seconds(worker: Worker, table: pd.DataFrame) -> float:
    begun = time.perf_counter()
    worker.predict(table)
    return time.perf_counter() - begun
