"""A library is silent unless it is asked to speak."""

from __future__ import annotations

import subprocess
import sys

_FIT = """
import logging, sys, warnings
{setup}
from sklearn.datasets import load_diabetes
from octopus import AutonomousRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True)
AutonomousRegressor(sandbox="process", max_experiments=3, random_state=0, n_jobs=2, run_dir={run_dir!r}).fit(X, y)
"""


def _fit(setup: str, run_dir: object) -> subprocess.CompletedProcess[str]:
    code = _FIT.format(setup=setup, run_dir=str(run_dir))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=True)


def test_nothing_is_printed_to_either_stream(tmp_path: object) -> None:
    finished = _fit("", f"{tmp_path}/run")
    assert finished.stdout == ""
    assert finished.stderr == ""


def test_an_application_that_listens_hears_what_was_done(tmp_path: object) -> None:
    finished = _fit("logging.basicConfig(level=logging.INFO, stream=sys.stderr)", f"{tmp_path}/run")
    lines = [line for line in finished.stderr.splitlines() if line.startswith("INFO:octopus:")]
    assert lines[0] == "INFO:octopus:run run: target by neg_root_mean_squared_error, playbook leads"
    assert [line.split(",")[0] for line in lines[1:4]] == [f"INFO:octopus:experiment {i}" for i in (1, 2, 3)]
    assert lines[4].startswith("INFO:octopus:stopped after ")
    assert lines[-1].startswith("INFO:octopus:finished after ")
    assert finished.stdout == ""
