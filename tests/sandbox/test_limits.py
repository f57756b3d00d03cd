"""What ends a child, and what is left of it."""

import os
import signal
import textwrap
import time

import numpy as np
import psutil
import pytest


def alive_with(marker):
    """Return the living processes whose command line or environment shows a marker."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE and marker in " ".join(process.info["cmdline"] or ())
    ]


def test_an_endless_loop_is_a_timeout(sandbox, make_job, hostile):
    outcome = sandbox.run(make_job(hostile("while True: pass"), wall_s=1.0)).outcome
    assert (outcome.status, outcome.stage) == ("timeout", "fit")
    assert outcome.wall_s >= 1.0
    assert outcome.signal == signal.SIGKILL
    assert "1.0 s" in outcome.reason


def test_ignoring_signals_does_not_help(sandbox, make_job, hostile):
    source = hostile("""
        for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        time.sleep(600)
    """)
    assert sandbox.run(make_job(source, wall_s=1.0)).outcome.status == "timeout"


def test_a_memory_bomb_ends_as_memory(sandbox, make_job, hostile):
    source = hostile("""
        held = []
        while len(held) < 150:
            held.append(np.ones(20_000_000 // 8)); time.sleep(0.01)
    """)
    outcome = sandbox.run(make_job(source, memory_bytes=600 << 20)).outcome
    assert (outcome.status, outcome.stage) == ("memory", "fit")
    assert outcome.max_rss_bytes > 600 << 20


def test_memory_of_all_children_together_counts(sandbox, make_job, hostile):
    source = hostile("""
        for _ in range(4):
            if os.fork() == 0:
                held = np.ones(200_000_000 // 8); time.sleep(600)
        time.sleep(600)
    """)
    assert sandbox.run(make_job(source, memory_bytes=600 << 20)).outcome.status == "memory"


def test_shared_pages_count_once(sandbox, make_job, hostile):
    source = hostile("""
        held = np.ones(200_000_000 // 8)
        for _ in range(6):
            if os.fork() == 0:
                time.sleep(1.0); os._exit(0)
        time.sleep(1.0)
    """)
    assert sandbox.run(make_job(source, memory_bytes=900 << 20)).outcome.status == "ok"


def test_too_many_processes_end_as_processes(sandbox, make_job, hostile):
    source = hostile("""
        for _ in range(400):
            if os.fork() == 0:
                time.sleep(600); os._exit(0)
        time.sleep(600)
    """)
    outcome = sandbox.run(make_job(source, limits={"n_processes": 64})).outcome
    assert outcome.status == "processes"
    assert "limit is 64" in outcome.reason


def test_filling_the_disk_ends_as_disk(sandbox, make_job, hostile):
    source = hostile("""
        for i in range(400):
            with open(f"file{i}", "wb") as f:
                f.write(os.urandom(1 << 20))
            time.sleep(0.005)
        time.sleep(600)
    """)
    assert sandbox.run(make_job(source, limits={"disk_bytes": 50 << 20})).outcome.status == "disk"


def test_a_full_disk_at_the_end_ends_as_disk(sandbox, make_job, hostile):
    source = hostile("open('file', 'wb').write(bytes(40 << 20)); open('other', 'wb').write(bytes(40 << 20))")
    assert sandbox.run(make_job(source, limits={"disk_bytes": 50 << 20})).outcome.status == "disk"


def test_a_flood_of_output_ends_as_output(sandbox, make_job, hostile):
    source = hostile("""
        line = b"x" * 65536
        while True:
            os.write(1, line)
    """)
    outcome = sandbox.run(make_job(source, limits={"output_bytes": 10 << 20})).outcome
    assert outcome.status == "output"
    assert outcome.stdout_tail == "x" * 4096


def test_a_daemon_is_dead_afterwards(sandbox, make_job, hostile):
    marker = f"octopus-daemon-{os.getpid()}-{time.time_ns()}"
    source = hostile(f"""
        code = "import os, time\\nif os.fork() == 0:\\n    os.setsid()\\n    if os.fork() == 0: time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", code, "{marker}"], start_new_session=True).wait()
    """)
    outcome = sandbox.run(make_job(source)).outcome
    assert outcome.status == "ok"
    assert outcome.n_leftover_processes >= 1
    assert alive_with(marker) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_death_by_a_signal_is_killed(sandbox, make_job, hostile, number):
    outcome = sandbox.run(make_job(hostile(f"os.kill(os.getpid(), {int(number)})"))).outcome
    assert (outcome.status, outcome.stage, outcome.signal) == ("killed", "fit", number)
    assert outcome.exit_code is None


@pytest.mark.parametrize("code", [0, 3])
def test_leaving_early_is_no_result(sandbox, make_job, hostile, code):
    outcome = sandbox.run(make_job(hostile(f"os._exit({code})"))).outcome
    assert (outcome.status, outcome.stage, outcome.exit_code) == ("no_result", "fit", code)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("leave_result(np.zeros((39, 2)))", "shape"),
        ("leave_result(np.full((40, 2), np.nan))", "missing"),
        ("leave_result(np.full((40, 2), 0.4))", "sum"),
        ("leave_result(np.array([[object()] * 2] * 40, dtype=object))", "type"),
        (
            "leave_result(np.eye(2)[[0] * 40]); "
            "os.rename(OUTPUTS + '/pred.npy', OUTPUTS + '/p'); os.symlink('p', OUTPUTS + '/pred.npy')",
            "links",
        ),
        (
            "leave_result(np.zeros((40, 2))); os.unlink(OUTPUTS + '/pred.npy'); os.mkfifo(OUTPUTS + '/pred.npy')",
            "plain",
        ),
    ],
)
def test_a_forged_result_is_bad(sandbox, make_job, hostile, body, why):
    body = body.replace("object()", "1")
    outcome = sandbox.run(make_job(hostile(f"{body}\nos._exit(0)"))).outcome
    assert outcome.status == "bad_result", outcome
    assert why in outcome.reason


@pytest.mark.parametrize(
    "body",
    [
        """
        os.chmod(path, 0o644)
        with open(path, "r+b") as f:
            f.seek(-1, 2); f.write(b"!")
        """,
        """
        import shutil
        shutil.copy2(path, "copy"); os.replace("copy", path)
        """,
        "os.unlink(path)",
    ],
    ids=["changed", "replaced", "deleted"],
)
def test_a_table_is_left_alone_or_the_job_is_tampered(sandbox, make_job, hostile, features, body):
    before = features.read_bytes()
    result = sandbox.run(make_job(hostile(f"path = {str(features)!r}\n{textwrap.dedent(body)}")))
    assert result.predictions is None
    if sandbox.level == "process":
        assert result.outcome.status == "tampered"
    else:  # it never comes to that
        assert (result.outcome.status, result.outcome.stage) == ("error", "fit")
        assert features.read_bytes() == before
        assert result.outcome.failure.type in {"PermissionError", "OSError"}


def test_core_dumps_and_open_files_are_limited(sandbox, make_job, hostile):
    source = hostile("""
        import resource
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
        assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 2 << 30
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] <= 1024
        assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
        assert os.getsid(0) == os.getpid()
        descriptors = [f"/proc/self/fd/{n}" for n in os.listdir("/proc/self/fd")]
        assert not [d for d in descriptors if os.path.islink(d) and os.readlink(d).startswith("socket")]
    """)
    assert sandbox.run(make_job(source)).outcome.status == "ok"


def test_a_table_that_is_not_there_is_not_run(sandbox, make_job, logistic, features):
    job = make_job(logistic)
    features.unlink()
    assert sandbox.run(job).outcome.status == "not_run"


def test_the_sandbox_goes_on_after_all_that(sandbox, make_job, logistic):
    assert np.isfinite(sandbox.run(make_job(logistic)).predictions).all()
