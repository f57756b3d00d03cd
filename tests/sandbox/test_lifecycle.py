"""Processes that come and go with the sandbox."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from octopus.protocols import Sandbox, SandboxFactory
from octopus.sandbox import launcher, levels
from octopus.sandbox.jobdir import Walls
from octopus.sandbox.launcher import unwrapped
from octopus.sandbox.levels import open_process
from octopus.sandbox.local import LocalSandbox
from tests.sandbox.watching import all_gone, is_gone, living_below, wait_until


@pytest.fixture(params=[*(pytest.param(level, marks=pytest.mark.slow) for level in ("process", "standard")), "strict"])
def own(request):
    opened = getattr(levels, f"open_{request.param}")(imports=[], environment={})
    yield opened
    opened.close()


def zygote_of(sandbox):
    return next(iter(sandbox._running.zygotes.values())).pid


def begun(features):
    """Return the working directories of the jobs of which the script has begun, as far as it says so."""
    return [marker.parent for marker in features.parent.glob("job-*/work/begun")]


def test_it_is_a_sandbox(own):
    factory: SandboxFactory = open_process
    assert isinstance(factory(imports=[], environment={}), Sandbox)
    assert own.level in ("process", "standard", "strict")


def test_nothing_starts_before_the_first_job():
    before = living_below(os.getpid())
    untouched = LocalSandbox(Walls(level="process"))
    assert living_below(os.getpid()) == before
    untouched.close()


def test_jobs_run_side_by_side(own, make_job, hostile, features):
    meeting = hostile("""
        open("begun", "w").close()
        deadline = time.monotonic() + 50
        while not os.path.exists("go"):
            assert time.monotonic() < deadline, "the others never came"
            time.sleep(0.01)
    """)
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(own.run, make_job(meeting)) for _ in range(4)]
        wait_until(lambda: len(begun(features)) == 4)
        for work in begun(features):
            (work / "go").touch()
        outcomes = [job.result().outcome for job in running]
    assert [(o.status, o.failure) for o in outcomes] == [("ok", None)] * 4


def test_close_ends_a_running_job(own, make_job, hostile, features):
    source = hostile("""
        if os.fork() == 0:
            os.setsid()
            open("begun", "w").close()
        time.sleep(600)
    """)
    results = []
    thread = threading.Thread(target=lambda: results.append(own.run(make_job(source))))
    thread.start()
    wait_until(lambda: begun(features))
    zygote = zygote_of(own)
    tree = living_below(zygote)
    assert len(tree) >= 3
    own.close()
    own.close()
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert results[0].outcome.status == "not_run"
    assert "closed" in results[0].outcome.reason
    assert results[0].outcome.stage == "fit"
    wait_until(lambda: all_gone([zygote, *tree]), within_s=5)  # its supervisor has told all, and is about to leave


def test_after_close_it_starts_anew(own, make_job, logistic):
    first = own.run(make_job(logistic)).predictions
    own.close()
    np.testing.assert_array_equal(own.run(make_job(logistic)).predictions, first)


def test_a_killed_zygote_is_replaced(own, make_job, logistic):
    own.run(make_job(logistic))
    zygote = zygote_of(own)
    os.kill(zygote, signal.SIGKILL)
    result = own.run(make_job(logistic))
    assert result.outcome.status == "ok"
    assert result.outcome.reason == ""
    assert zygote_of(own) != zygote


def test_a_zygote_killed_during_a_job_takes_its_tree_along(own, make_job, hostile, features):
    source = hostile("""
        open("begun", "w").close()
        time.sleep(600)
    """)
    results = []
    thread = threading.Thread(target=lambda: results.append(own.run(make_job(source))))
    thread.start()
    wait_until(lambda: begun(features))
    zygote = zygote_of(own)
    tree = living_below(zygote)
    os.kill(zygote, signal.SIGKILL)
    thread.join(timeout=30)
    assert results[0].outcome.status == "not_run"
    wait_until(lambda: all_gone(tree))


def test_a_hanging_zygote_leads_to_a_cold_start(own, make_job, logistic, monkeypatch):
    expected = own.run(make_job(logistic)).predictions
    monkeypatch.setattr(launcher, "_FORK_WITHIN_S", 0.3)
    zygote = zygote_of(own)
    os.kill(zygote, signal.SIGSTOP)
    result = own.run(make_job(logistic))
    assert result.outcome.status == "ok", result.outcome
    assert "cold start: the zygote did not fork" in result.outcome.reason
    np.testing.assert_array_equal(result.predictions, expected)
    own.close()
    assert is_gone(zygote)


def test_a_copy_starts_anew(own, make_job, logistic):
    own.run(make_job(logistic))
    for other in (pickle.loads(pickle.dumps(own)), copy.deepcopy(own)):
        assert other._running is None
        assert other.run(make_job(logistic)).outcome.status == "ok"
        other.close()
    assert own.run(make_job(logistic)).outcome.status == "ok"


def test_a_forked_copy_leaves_the_parents_zygote_alone(own, make_job, logistic):
    own.run(make_job(logistic))
    zygote = zygote_of(own)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            fine = own.run(make_job(logistic)).outcome.status == "ok" and zygote_of(own) != zygote
            own.close()
            code = 0 if fine else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert own.run(make_job(logistic)).outcome.status == "ok"
    assert zygote_of(own) == zygote


PROGRAM = """
    import os, sys, threading, time
    from pathlib import Path
    import numpy as np
    from octopus.protocols import Job
    from octopus.records import Limits
    from octopus.sandbox import levels

    if __name__ == "__main__":
        features = Path(sys.argv[1])
        source = Path(sys.argv[2]).read_text()
        sandbox = levels.open_LEVEL(imports=[], environment={})
        job = Job(kind="fold", features=features, source=source, train_rows=np.arange(80), y=np.arange(80) % 2.0,
                  predict_rows=np.arange(80, 120), n_classes=2, random_state=0,
                  limits=Limits(wall_s=600, memory_bytes=4 << 30))
        LAST_LINES
"""


@pytest.fixture(
    params=[pytest.param("process", marks=pytest.mark.slow), pytest.param("standard", marks=pytest.mark.slow), "strict"]
)
def program(request, tmp_path, features, hostile):
    """Start a user's program that runs a job; the job has children and daemons of its own."""
    script = tmp_path / "source.py"
    script.write_text(
        hostile("""
            for _ in range(2):
                subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
            code = "import os, time\\nif os.fork() == 0:\\n    os.setsid()\\n    time.sleep(600)"
            subprocess.Popen([sys.executable, "-c", code], start_new_session=True).wait()
            open("begun", "w").close()
            time.sleep(600)
        """)
    )
    started = []

    def start(last_lines, source=None):
        if source is not None:
            script.write_text(textwrap.dedent(source))
        file = tmp_path / "program.py"
        lines = PROGRAM.replace("LAST_LINES", last_lines).replace("LEVEL", request.param)
        file.write_text(textwrap.dedent(lines))
        process = subprocess.Popen([sys.executable, str(file), str(features), str(script)])
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_kill_9_of_the_user_ends_a_cold_start_too(program, features):
    process = program("from octopus.sandbox import local; local.HAS_ZYGOTE = False; sandbox.run(job)")
    wait_until(lambda: begun(features), within_s=120)
    tree = living_below(process.pid)
    assert len(tree) >= 5
    process.kill()
    process.wait()
    wait_until(lambda: all_gone(tree))
    wait_until(lambda: not list(features.parent.glob("job-*")))


def test_the_end_of_the_interpreter_ends_the_zygote(program, logistic, tmp_path):
    told = tmp_path / "zygote"
    process = program(
        "assert sandbox.run(job).outcome.status == 'ok'; "
        f"Path({str(told)!r}).write_text(str(next(iter(sandbox._running.zygotes.values())).pid))",
        logistic,
    )
    assert process.wait(timeout=120) == 0
    assert is_gone(int(told.read_text()))


def test_the_end_of_the_thread_that_started_it_does_not_end_the_zygote(own, make_job, logistic):
    thread = threading.Thread(target=own.run, args=(make_job(logistic),))
    thread.start()
    thread.join()
    zygote = zygote_of(own)
    assert own.run(make_job(logistic)).outcome.status == "ok"
    assert zygote_of(own) == zygote


def test_a_child_that_cannot_be_confined_never_runs_the_script(features, make_job, logistic):
    wants_namespaces = LocalSandbox(Walls(level="strict", by="bubblewrap"))  # which nothing makes around it
    wants_namespaces._wrap = lambda place: unwrapped
    with wants_namespaces:
        outcome = wants_namespaces.run(make_job(logistic)).outcome
    assert (outcome.status, outcome.stage) == ("not_run", "start")
    assert "shares the user's namespaces" in outcome.reason
