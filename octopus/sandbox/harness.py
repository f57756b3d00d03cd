"""What a confined child does: load, build, fit, predict, save; a marker for each stage, a record of a failure."""

from __future__ import annotations

import importlib
import os
import pickle
import random
import socket
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import cast

import joblib
import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.frame import read_table
from octopus.sandbox import estimators
from octopus.sandbox.estimators import Estimator
from octopus.sandbox.failure import describe
from octopus.sandbox.jobdir import FAILURE, MODEL, PREDICTIONS, RESULT, SEEN, JobDirectory, JobSpec

_METADATA = ("sample_weight", "groups", "time")


def thread_limiter() -> Callable[[int], None]:
    """Find the numeric libraries that are loaded, which takes some 40 ms, and return what sets their threads."""
    from threadpoolctl import ThreadpoolController

    controller = ThreadpoolController()

    def limit(n_threads: int) -> None:
        controller.limit(limits=n_threads)

    return limit


def attempt(directory: JobDirectory, spec: JobSpec, requests: socket.socket | None) -> int:
    """Do one job and return the exit status of the child; whatever the script raises becomes a record.

    Parameters
    ----------
    directory : JobDirectory
        Of the job.
    spec : JobSpec
        What to do.
    requests : socket or None
        Where the rows to predict come from, for a job that serves.
    """
    try:
        _do(directory, spec, requests)
    except BaseException as error:  # noqa: BLE001  # whatever the script raised becomes a record
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # the script may have used up all descriptors
        (directory.outputs / FAILURE).write_bytes(msgspec.json.encode(describe(error, directory.script)))
        traceback.print_exc()
        return 1
    return 0


def _do(directory: JobDirectory, spec: JobSpec, requests: socket.socket | None) -> None:
    directory.mark("load")
    _settle(spec)
    # Threads, unless the script names another backend: worker processes cost two seconds and import everything anew.
    with joblib.parallel_config(backend="threading"):
        if requests is None:
            _steps(directory, spec)
        else:
            _serve(directory, spec, requests)
    directory.mark("done")


def _serve(directory: JobDirectory, spec: JobSpec, requests: socket.socket) -> None:
    from octopus.sandbox.serving import refuse, serve

    try:
        estimator = _load(directory)
    except BaseException as error:
        refuse(requests, error)
        raise
    directory.mark("predict")
    serve(estimator, requests, spec.n_classes)


def _load(directory: JobDirectory) -> Estimator:
    return cast("Estimator", pickle.loads((directory.inputs / MODEL).read_bytes()))  # noqa: S301  # confined


def _steps(directory: JobDirectory, spec: JobSpec) -> None:
    table = read_table(Path(spec.features))
    if spec.kind == "analysis":
        _analyse(table, directory, spec)
        return
    module = None if spec.kind == "replay" else _import_script(directory)
    if module is None:
        estimator = _load(directory)
    else:
        directory.mark("build")
        estimator = _build(module, spec)
        directory.mark("fit")
        _fit(estimator, table, directory, spec)
    directory.mark("predict")
    predicted = _predict(estimator, table, directory, spec, "predict_rows")
    seen = None if directory.array("seen_rows") is None else _predict(estimator, table, directory, spec, "seen_rows")
    directory.mark("save")
    _save_array(directory.outputs / PREDICTIONS, predicted)
    if seen is not None:
        _save_array(directory.outputs / SEEN, seen)
    if spec.kind == "fit" and module is not None:
        _save_model(directory.outputs / MODEL, estimator, module)
    result = {"kind": spec.kind, "shape": list(predicted.shape), "estimator": type(estimator).__name__}
    (directory.outputs / RESULT).write_bytes(msgspec.json.encode(result))


def _analyse(table: pd.DataFrame, directory: JobDirectory, spec: JobSpec) -> None:
    """Show the rows with their labels to the script's ``analyse``; what it prints is the result."""
    module = _import_script(directory)
    labels = directory.array("y")
    assert labels is not None, "an analysis has labels"
    y = pd.Series(labels.astype(np.int64 if spec.n_classes else np.float64), name="y")
    directory.mark("fit")
    # Printed tables are cut in the middle where they are wide: what comes back is bounded, so the rest is not missed.
    with pd.option_context("display.width", 160, "display.max_columns", 20, "display.max_rows", 40):
        module.analyse(_take(table, directory.array("train_rows")), y)
    sys.stdout.flush()


def _settle(spec: JobSpec) -> None:
    """Fix what is global to the process: seeds and filters of warnings."""
    random.seed(spec.random_state)
    np.random.seed(spec.random_state)  # noqa: NPY002  # scripts may draw from the global generator
    # Every n_jobs is set, also where scikit-learn no longer listens to it.
    warnings.filterwarnings("ignore", message="'n_jobs' has no effect", category=FutureWarning)


def _import_script(directory: JobDirectory) -> ModuleType:
    """Import the script by its name, so that processes that it starts can import it too.

    What is known of the other directories of ``sys.path`` is kept: those in which the user works cannot be listed here.
    """
    sys.path.insert(0, str(directory.script.parent))
    return importlib.import_module(directory.script.stem)


def _build(module: ModuleType, spec: JobSpec) -> Estimator:
    estimator = module.build_pipeline()
    if not (hasattr(estimator, "fit") and hasattr(estimator, "predict")):
        raise TypeError(
            f"build_pipeline returned {type(estimator).__name__}, which lacks fit or predict: "
            "a scikit-learn compatible estimator is needed. Return an unfitted pipeline."
        )
    estimators.seed(estimator, spec.random_state, spec.limits.n_threads)
    return cast("Estimator", estimator)


def _fit(estimator: Estimator, table: pd.DataFrame, directory: JobDirectory, spec: JobSpec) -> None:
    y = directory.array("y")
    assert y is not None, "a job that fits has labels"
    metadata = {name: values for name in _METADATA if (values := directory.array(name)) is not None}
    if "time" in metadata:
        metadata["time"] = metadata["time"].astype("datetime64[ns]")
    target = y.astype(np.int64 if spec.n_classes else np.float64)
    estimators.fit(estimator, _take(table, directory.array("train_rows")), target, metadata)


def _predict(
    estimator: Estimator, table: pd.DataFrame, directory: JobDirectory, spec: JobSpec, rows: str
) -> NDArray[np.float64]:
    """Predict the rows of one name by themselves: no row's prediction may depend on who is asked about beside it."""
    return estimators.predict(estimator, _take(table, directory.array(rows)), spec.n_classes)


def _take(table: pd.DataFrame, rows: NDArray[np.generic] | None) -> pd.DataFrame:
    assert rows is not None, "every job says which rows it predicts, and one that fits which rows it fits on"
    return table.iloc[rows.astype(np.int64)].reset_index(drop=True)


def _save_array(path: Path, predicted: NDArray[np.float64]) -> None:
    np.save(path, np.ascontiguousarray(predicted), allow_pickle=False)


def _save_model(path: Path, estimator: Estimator, module: ModuleType) -> None:
    from octopus.sandbox.pickling import dump

    with path.open("wb") as file:
        dump(estimator, module, file)
