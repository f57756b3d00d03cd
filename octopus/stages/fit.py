"""Winner → fitted pipeline: the script once more, on all the rows it may see, with predictions to replay."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from octopus.dataset import Dataset, Float, Rows
from octopus.protocols import Job, JobResult, Sandbox
from octopus.records import Limits, Script, Task

#: Rows that the fitting child predicts, for a replay to reproduce.
_PROBE_ROWS = 50


def fit_script(
    script: Script, task: Task, data: Dataset, features: Path, sandbox: Sandbox, limits: Limits
) -> tuple[JobResult, Rows]:
    """Fit a script on every row and predict some of them.

    Parameters
    ----------
    script : Script
        What to fit.
    task : Task
        What is asked.
    data : Dataset
        The rows, in the order of the table on disk.
    features : Path
        That table.
    sandbox : Sandbox
        Where to run.
    limits : Limits
        What the child may use.

    Returns
    -------
    JobResult
        Fitted pipeline as bytes and its predictions, or the outcome that tells why not.
    ndarray of int64
        Positions of the rows that were predicted.
    """
    probe = probe_rows(data.y, task)
    result = sandbox.run(
        Job(
            kind="fit",
            source=script.source,
            features=features,
            train_rows=np.arange(len(data), dtype=np.int64),
            y=data.y,
            sample_weight=data.sample_weight,
            groups=data.groups,
            time=None if data.time is None else data.time.astype("datetime64[ns]").astype(np.int64),
            predict_rows=probe,
            n_classes=task.n_classes,
            random_state=task.random_state,
            limits=limits,
        )
    )
    return result, probe


def probe_rows(y: Float, task: Task) -> Rows:
    """Return rows spread over the table."""
    rng = np.random.default_rng(task.random_state)
    rows: Rows = np.sort(rng.choice(len(y), size=min(_PROBE_ROWS, len(y)), replace=False)).astype(np.int64)
    return rows
