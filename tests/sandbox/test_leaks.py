"""After many experiments nothing is left: no process, descriptor, directory, semaphore, shared memory or thread."""

from __future__ import annotations

import gc
import os
import re
import tempfile
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from octopus.records import Limits
from octopus.sandbox.jobdir import Walls
from octopus.sandbox.local import LocalSandbox
from tests.sandbox.watching import all_gone, living_below, wait_until

pytestmark = pytest.mark.slow

WALLS = {
    "process": Walls(level="process"),
    "standard": Walls(level="standard"),
    "strict": Walls(level="strict", by="namespaces"),
    "bubblewrap": Walls(level="strict", by="bubblewrap"),
}
#: Bytes that a zygote may grow by: pages of its own that it has not touched before, once.
_GROWTH_BYTES = 16 << 20

#: Of the System V objects, to tell them from those of others.
KEY = 0x0C70_0000 + os.getpid() % 0xFFFF
#: Leaves behind what it can, each time another thing; what it is not allowed to make is no error.
LITTER = """
    import contextlib, multiprocessing, socket, tempfile, threading
    from multiprocessing import shared_memory
    with contextlib.suppress(OSError):
        block = shared_memory.SharedMemory(create=True, size=4096, name=f"octlitter{os.getpid()}{time.time_ns()}")
        from multiprocessing import resource_tracker
        resource_tracker.unregister(block._name, "shared_memory")
    with contextlib.suppress(OSError):
        self.pair_ = socket.socketpair()
    with contextlib.suppress(OSError):
        self.lock_ = multiprocessing.get_context("fork").Lock()
    import ctypes
    libc = ctypes.CDLL(None)
    libc.shmget(KEY, 4096, 0o1600); libc.semget(KEY, 1, 0o1600); libc.msgget(KEY, 0o1600)
    os.mkfifo(f"fifo{os.getpid()}")
    tempfile.NamedTemporaryFile(delete=False).write(b"x" * 1000)
    os.makedirs("deep/deeper"); os.chmod("deep", 0)
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
""".replace("KEY", str(KEY))

#: One level is tried by the tests that take seconds, the others by those that take longer.
LATER = pytest.mark.slow
ALL_LEVELS = [*(pytest.param(name, marks=LATER) for name in ("process", "standard", "bubblewrap")), "strict"]
CONFINED = [pytest.param("standard", marks=LATER), "strict"]


def is_a_semaphore_of_ours(name):
    """Tell whether a semaphore may be of a job here: loky's are named by their maker, and other tests have theirs."""
    maker = re.match(r"sem\.loky-(\d+)-", name)
    if maker is None:
        return name.startswith("sem.")
    return int(maker[1]) in living_below(os.getpid())


def names_in(folder: str) -> list[str]:
    return [path.name for path in Path(folder).iterdir()]


def n_in(folder: str) -> int:
    return len(names_in(folder))


def counted(sandbox: LocalSandbox, folder: Path, scratch: Path) -> dict[str, list[object] | int]:
    """Return all that may be left behind, each thing by itself or how many there are."""
    gc.collect()
    (zygote,) = (one.pid for one in sandbox._running.zygotes.values())
    zygotes = [zygote, *(pid for pid in living_below(zygote))]
    return {
        "processes": sorted(living_below(os.getpid())),
        "descriptors": n_in("/proc/self/fd"),
        "descriptors of the zygote": sum(n_in(f"/proc/{pid}/fd") for pid in zygotes),
        "threads": threading.enumerate(),
        "threads of the zygote": sum(n_in(f"/proc/{pid}/task") for pid in zygotes),
        "jobs": list(folder.glob("job-*")),
        "scratch": sorted(scratch.iterdir()),
        "shared memory": [name for name in names_in("/dev/shm") if "octlitter" in name or is_a_semaphore_of_ours(name)],
        "System V": [kind for kind in ("shm", "sem", "msg") if f" {KEY} " in Path(f"/proc/sysvipc/{kind}").read_text()],
        "mounts": len(Path("/proc/self/mountinfo").read_text().splitlines()),
        "mounts of the zygote": len(Path(f"/proc/{zygote}/mountinfo").read_text().splitlines()),
        "zombies": [
            child.pid for pid in (os.getpid(), *zygotes) for child in psutil.Process(pid).children()
            if child.status() == psutil.STATUS_ZOMBIE
        ],
    }  # fmt: skip


@pytest.fixture
def fresh(tmp_path, monkeypatch) -> Callable[[str], tuple[LocalSandbox, Path]]:
    """Open a sandbox of this test only, with a temporary directory that nobody else uses."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    opened = []

    def open_(level: str) -> tuple[LocalSandbox, Path]:
        opened.append(LocalSandbox(WALLS[level]))
        return opened[-1], scratch

    yield open_
    for sandbox in opened:
        sandbox.close()


def zygote_itself(sandbox: LocalSandbox) -> psutil.Process:
    """Return the zygote; around one in bubblewrap, two processes of that stand."""
    (zygote,) = (psutil.Process(one.pid) for one in sandbox._running.zygotes.values())
    while Path(zygote.cmdline()[0]).name == "bwrap":
        (zygote,) = zygote.children()
    return zygote


def left(before: dict[str, list[object] | int], after: dict[str, list[object] | int]) -> dict[str, object]:
    """Return what there is more of than before: what an older test had started may well have ended meanwhile."""
    more: dict[str, object] = {}
    for what, had in before.items():
        has = after[what]
        if isinstance(has, int):
            more[what] = max(0, has - had)
        else:
            more[what] = [one for one in has if one not in had]
    return {what: much for what, much in more.items() if much}


def settled(sandbox: LocalSandbox, folder: Path, scratch: Path) -> dict[str, list[object] | int]:
    """Count once the zygote has buried its last supervisor, for which it looks twice a second."""
    zygote = zygote_itself(sandbox)
    wait_until(lambda: not zygote.children())
    return counted(sandbox, folder, scratch)


#: The zygote of each level, the sequence of experiments, and how many of them.
MANY = [
    pytest.param("process", 20, id="process"),
    pytest.param("standard", 20, id="standard"),
    pytest.param("strict", 20, id="strict"),
    pytest.param("bubblewrap", 20, marks=pytest.mark.slow, id="bubblewrap"),
    pytest.param("standard", 200, marks=pytest.mark.slow, id="standard-200"),
    pytest.param("strict", 200, marks=pytest.mark.slow, id="strict-200"),
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("level", "n"), MANY)
def test_experiments_in_a_row_and_eight_at_once_leave_nothing(fresh, make_job, hostile, features, level, n):
    if level == "process":  # which leaves shared memory to whoever asks for it
        body = LITTER.replace("shared_memory.SharedMemory", "open_nothing").replace("OSError", "Exception")
        body = body.replace("libc.shmget(KEY, 4096, 0o1600); libc.semget(KEY, 1, 0o1600); libc.msgget(KEY, 0o1600)", "")
    else:
        body = LITTER
    job = make_job(hostile(body))
    sandbox, scratch = fresh(level)
    expected = sandbox.run(job).predictions
    assert expected is not None
    before, size = settled(sandbox, features.parent, scratch), zygote_itself(sandbox).memory_full_info().uss
    for _ in range(n):
        outcome = sandbox.run(job).outcome
        assert (outcome.status, outcome.reason) == ("ok", ""), outcome
    assert left(before, settled(sandbox, features.parent, scratch)) == {}
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(sandbox.run, [job] * n))
    assert {(r.outcome.status, r.outcome.reason) for r in results} == {("ok", "")}
    assert all(np.array_equal(r.predictions, expected) for r in results)
    pool.shutdown()
    assert left(before, settled(sandbox, features.parent, scratch)) == {}
    assert zygote_itself(sandbox).memory_full_info().uss - size < _GROWTH_BYTES


@pytest.mark.parametrize("level", ALL_LEVELS)
def test_workers_that_come_and_go_leave_nothing(fresh, make_job, logistic, features, table, level):
    sandbox, scratch = fresh(level)
    fitted = sandbox.run(make_job(logistic, kind="fit"))
    before = settled(sandbox, features.parent, scratch)
    for closes in (True, False, True, False):
        worker = sandbox.open_worker(fitted.model, n_classes=2, limits=Limits(wall_s=60.0, memory_bytes=4 << 30))
        assert worker.predict(table).shape == (len(table), 2)
        if closes:
            worker.close()
        del worker
        gc.collect()
    assert left(before, settled(sandbox, features.parent, scratch)) == {}


@pytest.mark.parametrize("level", ALL_LEVELS)
def test_closing_leaves_nothing_at_all(fresh, make_job, logistic, features, table, level):
    descriptors, threads = n_in("/proc/self/fd"), threading.active_count()
    below = set(living_below(os.getpid()))
    sandbox, scratch = fresh(level)
    fitted = sandbox.run(make_job(logistic, kind="fit"))
    worker = sandbox.open_worker(fitted.model, n_classes=2, limits=Limits(wall_s=60.0, memory_bytes=4 << 30))
    worker.predict(table)
    started = set(living_below(os.getpid())) - below
    assert started
    sandbox.close()
    wait_until(lambda: all_gone(started))
    wait_until(lambda: threading.active_count() <= threads)
    assert [*scratch.iterdir()] == []
    assert [path.name for path in features.parent.glob("job-*")] == []
    gc.collect()
    assert n_in("/proc/self/fd") <= descriptors


@pytest.mark.parametrize("level", CONFINED)
@pytest.mark.parametrize("ending", ["timeout", "memory", "processes", "killed", "error"])
def test_no_ending_leaves_anything(fresh, make_job, hostile, features, level, ending):
    lines = {
        "timeout": "time.sleep(600)",
        "memory": "held = [np.ones(1 << 24) for _ in range(40)]; time.sleep(600)",
        "processes": "for _ in range(99):\n    if os.fork() == 0: time.sleep(600)\ntime.sleep(600)",
        "killed": "os.kill(os.getpid(), 9)",
        "error": "raise ValueError",
    }
    limits = {"n_processes": 40 if ending == "processes" else 256}
    wall_s = 1.5 if ending == "timeout" else 60.0
    sandbox, scratch = fresh(level)
    sandbox.run(make_job(hostile("pass")))
    before = settled(sandbox, features.parent, scratch)
    source = hostile(textwrap.dedent(LITTER) + lines[ending])
    for _ in range(3):
        outcome = sandbox.run(make_job(source, limits=limits, wall_s=wall_s, memory_bytes=1 << 30)).outcome
        assert outcome.status == ending, outcome
    assert left(before, settled(sandbox, features.parent, scratch)) == {}
