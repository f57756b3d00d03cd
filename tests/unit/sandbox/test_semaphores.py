"""Semaphores on pipes behave as those of the system do, where a fork shares them."""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from octopus.sandbox.semaphores import PipeSemaphore

LOCK, SEMAPHORE = 0, 1


def names_in(folder):
    return [path.name for path in Path(folder).iterdir()]


def make(kind=SEMAPHORE, value=1, most=PipeSemaphore.SEM_VALUE_MAX):
    return PipeSemaphore(kind, value, most, "name", True)


def in_a_fork(action):
    """Return what an action gave in a forked child: its truth."""
    pid = os.fork()
    if pid == 0:
        code = 2
        with contextlib.suppress(BaseException):
            code = 0 if action() else 1
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code < 2, "the child raised"
    return code == 0


def in_a_thread(action):
    said = []
    thread = threading.Thread(target=lambda: said.append(action()))
    thread.start()
    thread.join(20)
    return said[0]


def test_as_many_are_had_as_there_are():
    semaphore = make(value=2)
    assert semaphore._get_value() == 2
    assert semaphore.acquire(False)
    assert semaphore.acquire(False)
    assert not semaphore.acquire(False)
    assert semaphore._get_value() == 0
    assert semaphore._is_zero()
    semaphore.release()
    assert not semaphore._is_zero()
    assert semaphore._get_value() == 1
    assert semaphore._get_value() == 1, "asking takes none"


def test_a_semaphore_may_grow():
    semaphore = make(value=0)
    semaphore.release()
    semaphore.release()
    assert semaphore._get_value() == 2


def test_a_lock_of_its_holder_may_be_acquired_again():
    lock = make(LOCK, 1, 1)
    assert lock.acquire()
    assert lock.acquire()
    assert lock._is_mine()
    lock.release()
    assert not in_a_thread(lambda: lock.acquire(False))
    assert not in_a_fork(lambda: lock.acquire(False))
    lock.release()
    assert in_a_thread(lambda: lock.acquire(False) and not lock.release())
    assert in_a_fork(lambda: lock.acquire(False) and not lock.release())


def test_a_lock_of_another_is_not_released():
    lock = make(LOCK, 1, 1)
    with pytest.raises(AssertionError, match="not owned"):
        lock.release()
    lock.acquire()
    assert in_a_thread(lambda: not lock._is_mine())
    assert in_a_fork(lambda: not lock._is_mine())


def test_a_bounded_one_is_not_released_too_often():
    semaphore = make(SEMAPHORE, 1, 1)
    with pytest.raises(ValueError, match="too many times"):
        semaphore.release()
    with semaphore:
        pass
    with pytest.raises(ValueError, match="too many times"):
        semaphore.release()


@pytest.mark.parametrize("timeout", [0, 0.05, -1])
def test_a_timeout_ends_the_wait(timeout):
    semaphore = make(value=0)
    began = time.monotonic()
    assert not semaphore.acquire(True, timeout)
    assert time.monotonic() - began >= max(timeout, 0)


def test_who_waits_is_woken_by_another_thread_or_process():
    semaphore = make(value=0)
    threading.Thread(target=semaphore.release).start()
    assert semaphore.acquire(True, 20)
    pid = os.fork()
    if pid == 0:
        semaphore.release()
        os._exit(0)
    assert semaphore.acquire(True, 20)
    os.waitpid(pid, 0)


def test_one_after_the_other_across_threads_and_forks(tmp_path):
    """No two are inside at a time: each adds one to a number in a file, 200 times, and no addition is lost."""
    lock, file = make(LOCK, 1, 1), tmp_path / "count"
    file.write_text("0")

    def add():
        for _ in range(100):
            with lock:
                file.write_text(str(int(file.read_text()) + 1))

    children = []
    for _ in range(2):
        pid = os.fork()
        if pid == 0:
            threads = [threading.Thread(target=add) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            os._exit(0)
        children.append(pid)
    for pid in children:
        assert os.waitpid(pid, 0)[1] == 0
    assert file.read_text() == "400"


def test_what_cannot_be_had_is_refused():
    with pytest.raises(OSError, match="started anew"):
        PipeSemaphore._rebuild(1, 2, 3)


def test_one_that_is_larger_than_a_pipe_has_no_bound():
    endless = make(value=PipeSemaphore.SEM_VALUE_MAX)
    for _ in range(3):
        assert endless.acquire()
    assert not endless._is_zero()
    endless.release()
    with pytest.raises(NotImplementedError, match="not known at this sandbox level"):
        endless._get_value()


def test_no_descriptor_is_left_behind():
    before = len(names_in("/proc/self/fd"))
    for _ in range(50):
        make()
    assert len(names_in("/proc/self/fd")) == before


#: In an interpreter of its own: the replacement lasts as long as the process.
PROGRAM = """
    import multiprocessing, os, sys, threading, time
    from octopus.sandbox import semaphores
    semaphores.provide()
    semaphores.use_threads()
    m = multiprocessing.get_context("fork")

    def bounded():
        s = m.BoundedSemaphore(2)
        assert s.acquire() and s.acquire() and not s.acquire(False)
        s.release(); s.release()
        try:
            s.release()
        except ValueError:
            return
        raise AssertionError("released too often")

    def event():
        e = m.Event()
        assert not e.is_set() and not e.wait(0.01)
        p = m.Process(target=e.set); p.start()
        assert e.wait(20); p.join()
        e.clear(); assert not e.is_set()

    def condition():
        c, told = m.Condition(), m.Value("i", 0)
        def tell():
            with c:
                told.value = 1
                c.notify_all()
        with c:
            p = m.Process(target=tell); p.start()
            assert c.wait_for(lambda: told.value == 1, 20)
        p.join()

    def barrier():
        b = m.Barrier(3)
        ps = [m.Process(target=b.wait, args=(20,)) for _ in range(2)]
        for p in ps: p.start()
        b.wait(20)
        for p in ps: p.join(); assert p.exitcode == 0

    def rlock():
        r = m.RLock()
        with r, r:
            p = m.Process(target=lambda: sys.exit(r.acquire(False))); p.start(); p.join()
            assert p.exitcode == 0

    def lock():
        k = m.Lock()
        with k:
            assert not k.acquire(False)
            threading.Timer(0.05, k.release).start()
            assert k.acquire(timeout=20), "a lock may be released by another thread"

    def queues():
        for q in (m.Queue(), m.SimpleQueue(), m.JoinableQueue(), m.Queue(2)):
            p = m.Process(target=lambda: [q.put(i) for i in range(5)]); p.start()
            assert [q.get() for _ in range(5)] == list(range(5))
            p.join()

    def square(x):
        return x * x

    def pool():
        with m.Pool(3) as p:
            assert p.map(square, range(40)) == [x * x for x in range(40)]
            assert p.apply_async(square, (7,)).get(20) == 49
            assert list(p.imap_unordered(square, [3])) == [9]
            p.close(); p.join()

    def executor():
        from concurrent.futures import ProcessPoolExecutor
        with ProcessPoolExecutor(2, mp_context=m) as e:
            assert list(e.map(square, range(9))) == [x * x for x in range(9)]

    def threads():
        from multiprocessing.pool import ThreadPool
        with ThreadPool(2) as p:
            assert p.map(square, range(9)) == [x * x for x in range(9)]

    def joblib_pools():
        import joblib
        for backend in ("loky", "multiprocessing", "threading"):
            got = joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(square)(i) for i in range(5))
            assert got == [0, 1, 4, 9, 16]

    def spawned():
        try:
            multiprocessing.get_context("spawn").Process(target=square, args=(m.Lock(),)).start()
        except RuntimeError as error:  # as of the system's own
            assert "is being shared with a process in a spawn context" in str(error), error
        else:
            raise AssertionError("a lock cannot be handed on")

    globals()[sys.argv[1]]()
"""


@pytest.mark.parametrize(
    "what",
    ["bounded", "event", "condition", "barrier", "rlock", "lock", "queues", "pool", "executor", "threads",
     "joblib_pools", "spawned"],
)  # fmt: skip
def test_multiprocessing_works_on_top(what):
    program = textwrap.dedent(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-c", program, what], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("copied", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy, copy.copy])
def test_a_copy_is_refused(copied):
    """It would close the descriptors of the original when it goes."""
    original = make()
    with pytest.raises(TypeError, match="not by a copy"):
        copied(original)
    assert original.acquire(False)
