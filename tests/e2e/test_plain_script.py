"""A script as a user writes it, and the command line, in processes of their own with an endpoint that answers here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from octopus import read_journal
from octopus.records import Analysed
from tests.e2e.test_faults import table
from tests.e2e.test_led import experiment
from tests.endpoint import Answer, Endpoint, endpoint, fails, says, sleeps

ROOT = Path(__file__).parents[2]
KEY = "planted+Key/4711"
WORKS = experiment("older than 40", 'out["old"] = out["agew"] > 40')
STOP = "ACTION: stop\nREASON: nothing else is worth its cost"
#: A way past the checks to what this process, and every other that it sees, was given.
PRIES = """ACTION: analysis
QUESTION: what is in the environment?
```python
import joblib


def analyse(X, y):
    system, found = joblib.parallel.os, []
    found.append(str(dict(system.environ)))
    for name in system.listdir("/proc"):
        for what in ("environ", "cmdline"):
            try:
                found.append(str(system.read(system.open("/proc/" + name + "/" + what, 0), 1 << 20)))
            except OSError:
                pass
    keys = [text[text.find("planted"):][:20] for text in found if "planted" in text]
    print("looked at", len(found), "and found", keys)
```"""
PRIES_IN_A_FIT = experiment("the environment", 'raise ValueError(open("/proc/self/environ").read())')
SCRIPT = """
import pickle, sys
import pandas as pd
from octopus import AutonomousClassifier

if __name__ == "__main__":
    table = pd.read_csv("table.csv")
    X, y = table.drop(columns="worked"), table["worked"]
    model = AutonomousClassifier(
        goal="Which women work for pay?", {backend}families=["linear"], run_dir="run", random_state=0,
        max_experiments={n}, n_jobs=1,
    )
    model.fit(X, y)
    with open("model.pickle", "wb") as file:
        pickle.dump(model, file)
    print("predicted", len(model.predict(X)))
"""
#: Enough for a loaded machine.
_PATIENCE_S = 120.0
#: Ctrl-C ends a call at once, and the run when the best model is proved and written.
_CUT_S, _PROOF_S = 5.0, 60.0
_UNKNOWN_GOAL = says("METRIC: none")


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": KEY, **more}


def _written(tmp_path: Path, backend: str = 'backend="openai:any", ', n: int = 3) -> list[str]:
    X, y = table()
    X.assign(worked=y).to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "script.py").write_text(SCRIPT.format(backend=backend, n=n))
    return [sys.executable, "script.py"]


def _run(command: list[str], tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command, cwd=tmp_path, env=_environment(**environment), capture_output=True, text=True, timeout=_PATIENCE_S,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def _authors(tmp_path: Path) -> list[str]:
    return [e.script.author for e in read_journal(tmp_path / "run").experiments]


@contextmanager
def _started(command: list[str], tmp_path: Path, there: Endpoint) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, cwd=tmp_path, env=_environment(OPENAI_BASE_URL=there.address), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _everything(tmp_path: Path) -> dict[str, bytes]:
    return {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_plain_script_is_led_and_leaves_no_key(tmp_path: Path) -> None:
    refusal = fails(401, f"Incorrect API key provided: {KEY}. Authorization: Bearer {KEY}")
    with endpoint(_UNKNOWN_GOAL, says(WORKS), says(PRIES), says(PRIES_IN_A_FIT), refusal) as there:
        done = _run(_written(tmp_path, n=4), tmp_path, OPENAI_BASE_URL=there.address)
        assert there.headers[0]["authorization"] == f"Bearer {KEY}"
        asked = str(there.bodies)
    assert "predicted 240" in done.stdout
    assert "model" in _authors(tmp_path)
    journal = read_journal(tmp_path / "run")
    looks = [event for event in journal.events if isinstance(event, Analysed)]
    assert [(look.outcome.status, look.output.split(" and ")[1].strip()) for look in looks] == [("ok", "found []")]
    exported = _run([sys.executable, "-m", "octopus", "export", "run", "bundle"], tmp_path)
    assert (tmp_path / "bundle").is_dir()
    held = {**_everything(tmp_path), "stdout": done.stdout.encode(), "stderr": done.stderr.encode(),
            "asked": asked.encode(), "export": (exported.stdout + exported.stderr).encode()}  # fmt: skip
    assert "model.pickle" in held
    assert [name for name, content in held.items() if KEY.encode() in content] == []


@pytest.mark.slow
def test_without_its_endpoint_a_script_says_so_once_and_finishes(tmp_path: Path) -> None:
    with endpoint(says()) as gone:
        pass
    done = _run(_written(tmp_path), tmp_path, OPENAI_BASE_URL=gone.address)
    assert "predicted 240" in done.stdout
    assert done.stderr.count("ModelGaveOut") == 1
    assert gone.address.removesuffix("/v1") in done.stderr
    assert set(_authors(tmp_path)) == {"playbook"}
    assert KEY not in done.stdout + done.stderr


def test_a_key_and_an_address_in_the_environment_are_no_consent(tmp_path: Path) -> None:
    with endpoint(says(WORKS)) as there:
        done = _run(_written(tmp_path, backend="", n=1), tmp_path, OPENAI_BASE_URL=there.address)
        assert there.bodies == []
    assert "predicted 240" in done.stdout
    assert "ModelGaveOut" not in done.stderr
    assert set(_authors(tmp_path)) == {"playbook"}


@pytest.mark.slow
def test_a_backend_named_in_the_environment_leads(tmp_path: Path) -> None:
    with endpoint(_UNKNOWN_GOAL, says(WORKS), says(STOP)) as there:
        command = _written(tmp_path, backend="", n=2)
        _run(command, tmp_path, OPENAI_BASE_URL=there.address, OCTOPUS_BACKEND="openai:any")
        assert len(there.bodies) >= 2
    assert _authors(tmp_path) == ["playbook", "model"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answers", "n_asked"),
    [pytest.param([_UNKNOWN_GOAL, sleeps], 2, id="between experiments"),
     pytest.param([_UNKNOWN_GOAL, says(WORKS), sleeps], 3, id="while one runs")],
)  # fmt: skip
def test_ctrl_c_ends_a_call_that_hangs_and_the_best_model_is_kept(
    answers: list[Answer], n_asked: int, tmp_path: Path
) -> None:
    with endpoint(*answers) as there, _started(_written(tmp_path, n=9), tmp_path, there) as process:
        _wait_for_request(n_asked, there, process)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert there.hung_up.wait(_CUT_S), "the call goes on"
        output, _ = process.communicate(timeout=_PROOF_S)
        assert time.monotonic() - began < _PROOF_S
        assert len(there.bodies) == n_asked
    assert process.returncode == 0, output
    assert "predicted 240" in output
    assert output.count("InterruptedSearch") == 1
    journal = read_journal(tmp_path / "run")
    assert journal.interrupted
    assert journal.finished is not None


@pytest.mark.slow
def test_ctrl_c_at_the_command_line_exits_as_without_a_model(tmp_path: Path) -> None:
    _written(tmp_path)
    command = [sys.executable, "-m", "octopus", "fit", "table.csv", "--target", "worked", "--family", "linear",
               "--run-dir", "run", "--backend", "openai:any", "--jobs", "1"]  # fmt: skip
    with endpoint(sleeps) as there, _started(command, tmp_path, there) as process:
        _wait_for_request(1, there, process)
        process.send_signal(signal.SIGINT)
        assert there.hung_up.wait(_CUT_S), "the call goes on"
        output, _ = process.communicate(timeout=_PROOF_S)
    assert process.returncode == 3, output
    assert KEY not in output
    assert read_journal(tmp_path / "run").best is not None


@pytest.mark.slow
def test_ctrl_c_while_the_goal_is_read_leaves_at_once(tmp_path: Path) -> None:
    with endpoint(sleeps) as there, _started(_written(tmp_path), tmp_path, there) as process:
        _wait_for_request(1, there, process)
        process.send_signal(signal.SIGINT)
        assert there.hung_up.wait(_CUT_S), "the call goes on"
        output, _ = process.communicate(timeout=_PROOF_S)
    assert process.returncode == -signal.SIGINT, output
    assert "KeyboardInterrupt" in output
    assert KEY not in output


def _wait_for_request(n: int, there: Endpoint, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while len(there.bodies) < n:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "nothing was asked"
        time.sleep(0.02)
    time.sleep(0.3)  # so that the endpoint is at it
