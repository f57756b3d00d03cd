"""Fitted pipeline → proof that it predicts: a clean process, no training data, raw rows as a service gets them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from octopus.dataset import Float
from octopus.frame import write_table
from octopus.protocols import Job, JobResult, Sandbox
from octopus.records import Limits, ReplayCheck, Task

#: Tolerances for the same model on the same rows in another process: threads may sum in another order.
_RTOL, _ATOL = 1e-6, 1e-9
#: A level that no training table holds.
_UNSEEN = "\u2400 unseen"


def predict_rows(
    model: bytes, table: pd.DataFrame, task: Task, workspace: Path, sandbox: Sandbox, limits: Limits
) -> JobResult:
    """Predict a table with a fitted pipeline in a clean process that holds nothing else.

    Parameters
    ----------
    model : bytes
        The fitted pipeline.
    table : DataFrame of shape (n_rows, n_features)
        Rows in canonical shape, columns in any order.
    task : Task
        What is asked.
    workspace : Path
        Where the table may lie until the child has read it.
    sandbox : Sandbox
        Where to run.
    limits : Limits
        What the child may use.

    Returns
    -------
    JobResult
        Predictions of every row, or the outcome that tells why not.
    """
    features = workspace / "replay.arrow"
    write_table(table, features)
    try:
        return sandbox.run(
            Job(
                kind="replay",
                model=model,
                features=features,
                predict_rows=np.arange(len(table), dtype=np.int64),
                n_classes=task.n_classes,
                random_state=task.random_state,
                limits=limits,
            )
        )
    finally:
        features.unlink(missing_ok=True)


def replay_model(
    model: bytes, probe: pd.DataFrame, expected: Float, task: Task, workspace: Path, sandbox: Sandbox, limits: Limits
) -> tuple[ReplayCheck, ...]:
    """Check that a fitted pipeline gives the same predictions elsewhere, and survives the rows of real life.

    Parameters
    ----------
    model : bytes
        The fitted pipeline.
    probe : DataFrame of shape (n_rows, n_features)
        Rows that the fitting child predicted.
    expected : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Its predictions.
    task, workspace, sandbox, limits : Task, Path, Sandbox, Limits
        As for :func:`predict_rows`.

    Returns
    -------
    tuple of ReplayCheck
        Shuffled columns, a single row, unseen categories with missing values; all must have passed.
    """
    order = np.random.default_rng(task.random_state).permutation(probe.shape[1])
    shuffled = predict_rows(model, probe.iloc[:, order], task, workspace, sandbox, limits)
    single = predict_rows(model, probe.iloc[:1], task, workspace, sandbox, limits)
    odd = predict_rows(model, _odd_rows(probe), task, workspace, sandbox, limits)
    return (
        _same("same predictions, columns shuffled", shuffled, expected),
        _same("same prediction for one row alone", single, expected[:1]),
        _ran("unseen categories and missing values", odd),
    )


def _same(name: str, result: JobResult, expected: Float) -> ReplayCheck:
    if result.predictions is None:
        return _ran(name, result)
    difference = float(np.max(np.abs(result.predictions - expected), initial=0.0))
    passed = bool(np.allclose(result.predictions, expected, rtol=_RTOL, atol=_ATOL))
    return ReplayCheck(name=name, passed=passed, detail=f"largest difference {difference:.3g}")


def _ran(name: str, result: JobResult) -> ReplayCheck:
    outcome = result.outcome
    failure = f": {outcome.failure.type}: {outcome.failure.message}"[:300] if outcome.failure else ""
    detail = "" if outcome.status == "ok" else f"{outcome.status} in {outcome.stage}{failure or ': ' + outcome.reason}"
    return ReplayCheck(name=name, passed=outcome.status == "ok", detail=detail)


def _odd_rows(probe: pd.DataFrame) -> pd.DataFrame:
    """Return three rows: every text unseen, everything missing, and both mixed with real values."""
    rows = probe.iloc[[0, 0, 0]].reset_index(drop=True)
    for position, column in enumerate(rows.columns):
        if not pd.api.types.is_numeric_dtype(rows[column].dtype) and not _is_date(rows[column]):
            rows.iloc[0, position] = _UNSEEN
        rows.iloc[1, position] = None
        if position % 2:
            rows.iloc[2, position] = None
    return rows.astype(probe.dtypes.to_dict())


def _is_date(column: pd.Series) -> bool:
    return bool(pd.api.types.is_datetime64_any_dtype(column.dtype))
