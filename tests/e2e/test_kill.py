"""``kill -9`` and Ctrl-C in the middle of a run: nothing finished is lost, nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pandas as pd
import psutil
import pytest
from sklearn.base import clone

from octopus import AutonomousEstimator, read_journal
from octopus.errors import InterruptedSearch, JournalError, RunDirectoryError
from octopus.journal import Journal
from octopus.records import SearchStopped
from tests.frames import binary_frame

ROOT = Path(__file__).parents[2]
PENGUINS = ROOT / "examples" / "penguins_raw.csv"
#: Enough for a loaded machine; the tests go on as soon as what they wait for is there.
_PATIENCE_S = 120.0


def _start(run_dir: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "octopus", "fit", str(PENGUINS), "--target", "Sex", "--sandbox", "process",
         "--run-dir", str(run_dir), "--time-limit", "200", *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=run_dir.parent, start_new_session=True,
    )  # fmt: skip


def _journal(run_dir: Path) -> Journal:
    try:
        return read_journal(run_dir)
    except (RunDirectoryError, JournalError):
        return Journal()


def _wait_for_experiments(process: subprocess.Popen[str], run_dir: Path, n: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while len(_journal(run_dir).experiments) < n:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "no experiment came to its end"
        time.sleep(0.02)


def _interrupt_at_the_start(run_dir: Path) -> tuple[int, str]:
    """Press Ctrl-C as soon as the data is profiled, before an experiment can have ended."""
    process = _start(run_dir)
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while _journal(run_dir).profile is None:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "the data was not profiled"
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=_PATIENCE_S)
    finally:
        process.kill()
    return process.returncode, output


def _wait_until_dead(pids: set[int]) -> set[int]:
    deadline = time.monotonic() + _PATIENCE_S
    while (alive := {p for p in pids if _is_alive(p)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_after_kill_9_show_lists_every_finished_experiment_and_no_process_is_left(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    process = _start(run_dir)
    try:
        _wait_for_experiments(process, run_dir, 2)
        below = {child.pid for child in psutil.Process(process.pid).children(recursive=True)}
        assert below, "scripts run in processes of their own"
    finally:
        process.kill()
        process.communicate()
    finished = read_journal(run_dir).experiments
    assert len(finished) >= 2
    shown = subprocess.run(
        [sys.executable, "-m", "octopus", "show", str(run_dir)], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split()[:2] for line in shown.splitlines() if line[:3].strip().isdigit()]
    assert rows == [[str(e.number), e.plan.family] for e in finished]
    assert "did not end" in shown
    assert _wait_until_dead(below) == set()


def test_ctrl_c_returns_the_best_model_so_far(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    process = _start(run_dir)
    try:
        _wait_for_experiments(process, run_dir, 1)
        os.kill(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=_PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 3, output
    journal = read_journal(run_dir)
    assert journal.stopped is not None
    assert journal.stopped.decision.reason == "interrupted"
    assert journal.finished is not None
    predicted = subprocess.run(
        [sys.executable, "-m", "octopus", "predict", str(run_dir), str(PENGUINS), "-o", str(tmp_path / "p.csv")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert predicted.returncode == 0, predicted.stderr
    assert (tmp_path / "p.csv").read_text().splitlines()[1].startswith(("MALE", "FEMALE"))


def test_ctrl_c_before_the_first_model_says_how_to_go_on_and_the_run_goes_on(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    code, output = _interrupt_at_the_start(run_dir)
    assert code == 130, output
    assert "--resume --run-dir" in " ".join(output.split())
    assert "no experiment produced" not in output
    assert read_journal(run_dir).best is None
    resumed = _start(run_dir, "--resume", "--max-experiments", "1", "--family", "linear")
    output, _ = resumed.communicate(timeout=_PATIENCE_S)
    assert resumed.returncode == 0, output
    journal = read_journal(run_dir)
    assert len(journal.experiments) == 1
    assert journal.finished is not None
    assert not journal.interrupted
    assert "note: interrupted" not in output


def test_a_search_that_was_interrupted_without_a_model_is_carried_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one process, so that the interrupt comes while a script runs."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    X, y = binary_frame()
    estimator = AutonomousEstimator(
        run_dir=tmp_path / "run", sandbox="process", families=["linear"], max_experiments=1, warm_start=True,
        tracker=None, verbose=0,
    )  # fmt: skip
    with monkeypatch.context() as patched:
        patched.setattr("octopus.explore.run_script", interrupted)
        with pytest.raises(KeyboardInterrupt):
            estimator.fit(X, y)
    journal = read_journal(tmp_path / "run")
    assert journal.interrupted
    assert not journal.is_searched
    with warnings.catch_warnings():
        warnings.simplefilter("error", InterruptedSearch)
        estimator.fit(X, y)
    journal = read_journal(tmp_path / "run")
    assert [e.decision.reason for e in journal.events if isinstance(e, SearchStopped)] == [
        "interrupted", "all 1 experiments are spent"
    ]  # fmt: skip
    assert journal.finished is not None
    assert not journal.interrupted


@pytest.mark.slow
def test_an_unfinished_run_is_carried_on(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    process = _start(run_dir)
    try:
        _wait_for_experiments(process, run_dir, 2)
    finally:
        process.kill()
        process.communicate()
    before = read_journal(run_dir).experiments
    table = pd.read_csv(PENGUINS)
    resumed = AutonomousEstimator(warm_start=True, run_dir=run_dir, sandbox="process", max_experiments=3)
    with pytest.raises(RunDirectoryError, match="about other rows"):
        resumed.fit(table[::2].drop(columns="Sex"), table[::2]["Sex"])
    with pytest.raises(RunDirectoryError, match="scoring differ"):
        clone(resumed).set_params(scoring="accuracy").fit(table.drop(columns="Sex"), table["Sex"])
    resumed.fit(table.drop(columns="Sex"), table["Sex"])
    journal = read_journal(run_dir)
    assert resumed.task_.random_state == 0, "the seed of the run that is carried on, so that the same rows are sealed"
    assert journal.finished is not None
    assert journal.experiments[: len(before)] == before
    assert len(journal.experiments) == max(3, len(before))
