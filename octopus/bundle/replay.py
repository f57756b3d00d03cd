"""Bundle → proof that it predicts: a cold, clean process without octopus, without the training data, with raw rows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from octopus.bundle.contents import MANIFEST
from octopus.bundle.verify import verify
from octopus.bundle.write import template_source
from octopus.dataset import Float
from octopus.records import ReplayCheck

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
_COLD = "loads and predicts without octopus"


def replay(
    directory: Path, rows: pd.DataFrame, expected: ArrayLike, wall_s: float = _WALL_S
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
        there = Path(name)
        copy = there / "bundle"
        copy.mkdir()
        for file in (MANIFEST, *manifest.files):
            shutil.copyfile(Path(directory) / file, copy / file)
        rows.to_pickle(there / "rows.pkl")
        problem, results = _run(there, wall_s)
    if problem:
        return (ReplayCheck(name=_COLD, passed=False, detail=problem),)
    return _compared(results, truth, has_labels=bool(manifest.task.n_classes))


def _run(there: Path, wall_s: float) -> tuple[str, dict[str, Any]]:
    """Run the replay in a directory that holds the bundle and the rows; return what went wrong, or the results."""
    program, results = there / "cold.py", there / "results.json"
    program.write_text(template_source("cold"), encoding="utf-8")
    paths = [str(Path(path).resolve()) for path in sys.path if path and Path(path).is_dir()]
    command = [sys.executable, "-I", str(program), str(there / "bundle"), str(there / "rows.pkl"), str(results), *paths]
    try:
        ended = subprocess.run(  # noqa: S603  our own interpreter and program
            command, cwd=there, env=_environment(there), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=wall_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"no end after {wall_s:g} s", {}
    if ended.returncode or not results.is_file():
        return f"exit status {ended.returncode}: {_last_words(ended.stderr)}", {}
    decoded: dict[str, Any] = json.loads(results.read_text(encoding="utf-8"))
    return "", decoded


def _environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    places = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TMP", "TEMP", "MPLCONFIGDIR"), str(home))
    return {**kept, **places, "OMP_WAIT_POLICY": "passive"}


def _last_words(stream: str) -> str:
    lines = [line for line in stream.strip().splitlines() if line.strip()]
    return lines[-1][-_TAIL:] if lines else "nothing was printed"


def _compared(results: Mapping[str, Any], expected: Float, has_labels: bool) -> tuple[ReplayCheck, ...]:
    served = results["served"] if has_labels else results["labels"]
    numbers = [number for number, _ in results["alone"]]
    alone = np.asarray([predicted[0] for _, predicted in results["alone"]], dtype=np.float64)
    return (
        ReplayCheck(name=_COLD, passed=True),
        _same("same predictions, columns shuffled", results["shuffled"], expected),
        _same("same prediction for one row alone", alone, expected[numbers]),
        _same("same predictions without the optional columns", results["without"], expected),
        _same("same predictions from the service", served, expected),
    )


def _same(name: str, given: ArrayLike, expected: Float) -> ReplayCheck:
    predictions = np.asarray(given, dtype=np.float64)
    if predictions.shape != expected.shape:
        return ReplayCheck(name=name, passed=False, detail=f"shape {predictions.shape}, expected {expected.shape}")
    difference = float(np.max(np.abs(predictions - expected), initial=0.0))
    passed = bool(np.allclose(predictions, expected, rtol=_RTOL, atol=_ATOL))
    return ReplayCheck(name=name, passed=passed, detail=f"largest difference {difference:.3g}")
