"""``strict`` where bubblewrap makes the namespaces: a zygote in it for each run directory."""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from octopus.frame import write_table
from octopus.records import Limits
from octopus.sandbox.jobdir import Walls
from octopus.sandbox.local import LocalSandbox
from tests.sandbox.watching import all_gone, is_gone, living_below, wait_until

pytestmark = pytest.mark.slow

LIMITS = Limits(wall_s=60.0, memory_bytes=4 << 30)


@pytest.fixture
def wrapped():
    with LocalSandbox(Walls(level="strict", by="bubblewrap")) as opened:
        yield opened


def zygotes(sandbox):
    return {place: zygote.pid for place, zygote in sandbox._running.zygotes.items()}


def test_paths_and_processes_are_hidden_and_namespaces_are_its_own(wrapped, make_job, hostile, tmp_path):
    secret = tmp_path.parent / f"secret-{os.getpid()}"
    secret.write_text("s")
    source = hostile(f"""
        mine = ({str(secret)!r}, {str(Path.cwd() / "pyproject.toml")!r}, "/root/.bashrc")
        for path in (*mine, "/etc/passwd", "/var", "/home"):
            assert not os.path.exists(path), path
        assert not os.path.exists("/proc/{os.getpid()}") or os.getpid() == {os.getpid()}
        assert os.getuid() == {os.getuid()}
        try:
            listed = os.listdir("/")
        except OSError:
            listed = []
        assert not {{"home", "var", "srv", "boot"}} & set(listed), listed
    """)
    try:
        outcome = wrapped.run(make_job(source)).outcome
    finally:
        secret.unlink()
    assert outcome.status == "ok", (outcome, outcome.stderr_tail)
    assert {f"{kind} namespace" for kind in ("user", "mnt", "pid", "net", "ipc", "uts")} <= set(wrapped.layers)
    assert {"capabilities", "seccomp"} <= set(wrapped.layers)


def test_a_zygote_survives_the_end_of_the_thread_that_started_it(wrapped, make_job, logistic):
    thread = threading.Thread(target=wrapped.run, args=(make_job(logistic),))
    thread.start()
    thread.join()
    before = zygotes(wrapped)
    assert wrapped.run(make_job(logistic)).outcome.status == "ok"
    assert zygotes(wrapped) == before


def test_each_run_directory_has_a_zygote_and_one_whose_directory_is_gone_is_retired(
    wrapped, make_job, logistic, tmp_path, table
):
    jobs = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_table(table, tmp_path / name / "features.arrow")
        jobs.append(replace(make_job(logistic), features=tmp_path / name / "features.arrow"))
    first, second = (wrapped.run(job) for job in jobs)
    assert np.array_equal(first.predictions, second.predictions)
    assert set(zygotes(wrapped)) == {str(tmp_path / "first"), str(tmp_path / "second")}
    pids = set(zygotes(wrapped).values())
    assert len(pids) == 2
    shutil.rmtree(tmp_path / "first")
    (tmp_path / "third").mkdir()
    write_table(table, tmp_path / "third" / "features.arrow")
    wrapped.run(replace(jobs[0], features=tmp_path / "third" / "features.arrow"))
    assert set(zygotes(wrapped)) == {str(tmp_path / "second"), str(tmp_path / "third")}
    below = [one for pid in zygotes(wrapped).values() for one in living_below(pid)]
    assert below
    wrapped.close()
    wait_until(lambda: all_gone([*pids, *below]))


def test_one_run_does_not_see_the_directory_of_another(wrapped, make_job, hostile, tmp_path, table):
    (tmp_path / "other").mkdir()
    write_table(table, tmp_path / "other" / "features.arrow")
    wrapped.run(replace(make_job(hostile("pass")), features=tmp_path / "other" / "features.arrow"))
    (tmp_path / "mine").mkdir()
    write_table(table, tmp_path / "mine" / "features.arrow")
    source = hostile(f"assert not os.path.exists({str(tmp_path / 'other')!r})")
    outcome = wrapped.run(replace(make_job(source), features=tmp_path / "mine" / "features.arrow")).outcome
    assert outcome.status == "ok", (outcome, outcome.stderr_tail)


def test_a_worker_predicts_and_ends(wrapped, make_job, logistic, table):
    earlier = set(living_below(os.getpid()))
    fitted = wrapped.run(make_job(logistic, kind="fit"))
    # Once the child of the fit has ended: two of bubblewrap's and the zygote inside, unless they were there before.
    wait_until(lambda: len(set(living_below(os.getpid())) - earlier) in (0, 3))
    before = set(living_below(os.getpid()))
    worker = wrapped.open_worker(fitted.model, n_classes=2, limits=LIMITS)
    predicted = worker.predict(table.iloc[80:].reset_index(drop=True))
    np.testing.assert_allclose(predicted, fitted.predictions, rtol=1e-12)
    started = set(living_below(os.getpid())) - before
    assert len(started) >= 3
    worker.close()
    wait_until(lambda: all_gone(started))
    assert not [pid for pid in before if is_gone(pid)], "the zygote stays"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("time.sleep(600)", "timeout"),
        ("os.kill(os.getpid(), 11)", "killed"),
        ("raise ValueError('no')", "error"),
        ("held = [np.ones(1 << 24) for _ in range(40)]; time.sleep(600)", "memory"),
    ],
)
def test_every_ending_is_told_as_elsewhere(wrapped, make_job, hostile, lines, status):
    wall_s = 1.5 if status == "timeout" else 60.0
    outcome = wrapped.run(make_job(hostile(lines), wall_s=wall_s, memory_bytes=1 << 30)).outcome
    assert outcome.status == status, outcome
