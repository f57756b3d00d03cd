"""Bundle → proof that it predicts: a cold, clean process without octopus, without the training data, with raw rows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import psutil
from numpy.typing import ArrayLike

from octopus.bundle.contents import MANIFEST
from octopus.bundle.verify import verify
from octopus.bundle.write import template_source
from octopus.dataset import Float
from octopus.protocols import Program, ProgramResult
from octopus.records import Limits, Outcome, Record, ReplayCheck

#: Tolerances for the same model on the same rows in another process: threads may sum in another order.
_RTOL, _ATOL = 1e-6, 1e-9
#: Most seconds for the process: an import of everything on a busy machine took 60.
_WALL_S = 300.0
#: Passed on: language, time zone, where programs and libraries are, what Windows needs to start a process.
_PASSED_ON = (
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "TZ",
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
    "WINDIR",
)
_TAIL = 600
_PROGRAM, _RESULTS = "cold.py", "results.json"
#: Forty rows of a thousand classes, in each of five ways, are 4 MB.
_MAX_RESULT_BYTES = 64 << 20
_COLD = "loads and predicts without octopus"


#: Runs a program; what it does is an outcome.
Run = Callable[[Program], ProgramResult]


class _Results(Record, frozen=True, kw_only=True):
    """What the replay writes; a pipeline that a model wrote may have written anything."""

    shuffled: list[Any]
    alone: list[tuple[int, list[Any]]]
    without: list[Any]
    labels: list[Any]
    served: list[Any] | None


def replay(
    directory: Path, rows: pd.DataFrame, expected: ArrayLike, run: Run, wall_s: float = _WALL_S
) -> tuple[ReplayCheck, ...]:
    """Replay a copy of a bundle in a fresh interpreter that cannot import octopus.

    Parameters
    ----------
    directory : Path
        Where the bundle lies.
    rows : DataFrame of shape (n_rows, n_columns)
        Raw rows, such as :func:`octopus.bundle.probe.probe_rows` makes: with unseen categories and missing values.
    expected : array-like of shape (n_rows, n_classes) or (n_rows,)
        Probabilities or values that the proved pipeline gave for them.
    run : callable
        Runs the program: :func:`plainly`, or a sandbox where a model wrote the pipeline.
    wall_s : float, default=300
        Most seconds for the process.

    Returns
    -------
    tuple of ReplayCheck
        Shuffled columns, single rows, rows without the columns that are optional, and the service; where the process
        failed, one check that tells how.

    Raises
    ------
    BundleError
        It is no bundle, or is damaged.
    """
    manifest = verify(directory)
    truth = np.asarray(expected, dtype=np.float64)
    with tempfile.TemporaryDirectory(prefix="octopus-replay-") as name:
        there = Path(name).resolve() / "there"
        there.mkdir()
        copy = there / "bundle"
        copy.mkdir()
        for file in (MANIFEST, *manifest.files):
            shutil.copyfile(Path(directory) / file, copy / file)
        rows.to_pickle(there / "rows.pkl")
        problem, results = _replayed(there, wall_s, run)
    if results is None:
        return (ReplayCheck(name=_COLD, passed=False, detail=problem),)
    return _compared(results, truth, has_labels=bool(manifest.task.n_classes))


def plainly(program: Program) -> ProgramResult:
    """Run a program in a process of its own with the user's rights: for what our own code wrote.

    Parameters
    ----------
    program : Program
        What to run.

    Returns
    -------
    ProgramResult
        What it left, or the outcome that tells why not.
    """
    command = [sys.executable, *program.arguments]
    wall_s = program.limits.wall_s
    try:
        ended = subprocess.run(  # noqa: S603  our own interpreter and program
            command, cwd=program.folder, env=dict(program.environment), stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", timeout=wall_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return ProgramResult(outcome=Outcome(status="timeout", stage="start", reason=f"no end after {wall_s:g} s"))
    left = program.folder / program.result
    if ended.returncode or not left.is_file():
        reason = f"exit status {ended.returncode}"
        return ProgramResult(
            outcome=Outcome(status="no_result", stage="start", reason=reason, stderr_tail=ended.stderr[-_TAIL:])
        )
    return ProgramResult(outcome=Outcome(status="ok", stage="done"), result=left.read_bytes())


def _replayed(there: Path, wall_s: float, run: Run) -> tuple[str, _Results | None]:
    """Run the replay in a directory that holds the bundle and the rows; return what went wrong, or the results."""
    (there / _PROGRAM).write_text(template_source("cold"), encoding="utf-8")
    paths = [str(Path(path).resolve()) for path in sys.path if path and Path(path).is_dir()]
    given = [str(there / name) for name in (_PROGRAM, "bundle", "rows.pkl", _RESULTS)]
    came = run(
        Program(
            arguments=("-I", *given, *paths),
            folder=there,
            result=_RESULTS,
            max_bytes=_MAX_RESULT_BYTES,
            environment=_environment(there),
            limits=Limits(wall_s=wall_s, memory_bytes=psutil.virtual_memory().available),
        )
    )
    if came.result is None:
        why = came.outcome.reason or came.outcome.status
        return f"{why}: {_last_words(came.outcome.stderr_tail)}" if came.outcome.stderr_tail else why, None
    try:
        return "", msgspec.json.decode(came.result, type=_Results)
    except msgspec.DecodeError as error:
        return f"its results cannot be read: {error}", None


def _environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    places = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TMP", "TEMP", "MPLCONFIGDIR"), str(home))
    return {**kept, **places, "OMP_WAIT_POLICY": "passive"}


def _last_words(stream: str) -> str:
    lines = [line for line in stream.strip().splitlines() if line.strip()]
    return lines[-1][-_TAIL:] if lines else "nothing was printed"


def _compared(results: _Results, expected: Float, has_labels: bool) -> tuple[ReplayCheck, ...]:
    served = results.served if has_labels else results.labels
    numbers = [number for number, _ in results.alone]
    alone = [predicted[0] if predicted else None for _, predicted in results.alone]
    if not all(0 <= number < len(expected) for number in numbers):
        return (ReplayCheck(name=_COLD, passed=False, detail="its results are of rows that were not given"),)
    return (
        ReplayCheck(name=_COLD, passed=True),
        _same("same predictions, columns shuffled", results.shuffled, expected),
        _same("same prediction for one row alone", alone, expected[numbers]),
        _same("same predictions without the optional columns", results.without, expected),
        _same("same predictions from the service", served, expected),
    )


def _same(name: str, given: object, expected: Float) -> ReplayCheck:
    try:
        predictions = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):  # words, or rows of different lengths
        return ReplayCheck(name=name, passed=False, detail="no table of numbers")
    if predictions.shape != expected.shape:
        return ReplayCheck(name=name, passed=False, detail=f"shape {predictions.shape}, expected {expected.shape}")
    difference = float(np.max(np.abs(predictions - expected), initial=0.0))
    passed = bool(np.allclose(predictions, expected, rtol=_RTOL, atol=_ATOL))
    return ReplayCheck(name=name, passed=passed, detail=f"largest difference {difference:.3g}")
