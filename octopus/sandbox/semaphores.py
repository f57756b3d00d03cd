"""Semaphores for a child that may not touch ``/dev/shm``, where POSIX keeps its own.

``multiprocessing`` needs one even for a pool of threads, and joblib's threads are such a pool. A pipe does the same for
all that share it by a fork: as many bytes lie in it as may still be acquired. What is started anew, and not forked,
cannot share it: joblib's pools of processes are pools of threads here.
"""

from __future__ import annotations

import os
import select
import threading
import time
from typing import Self

#: Kinds, as ``multiprocessing.synchronize`` numbers them.
_RECURSIVE = 0
#: More cannot lie in a pipe of the usual size; nothing in Python asks for so many.
_MOST = 1 << 15
_TOKEN = b"."


class PipeSemaphore:
    """What ``multiprocessing`` builds its locks on, with the interface of ``_multiprocessing.SemLock``.

    Parameters
    ----------
    kind : int
        0 for a lock that its holder may acquire again, 1 for a semaphore.
    value : int
        What may be acquired at first.
    maxvalue : int
        The most that may be.
    name : str
        Without effect: nobody finds it by a name.
    unlink : bool
        Without effect.
    """

    SEM_VALUE_MAX = 2**31 - 1

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:  # noqa: ARG002
        if value > _MOST:
            raise OSError(f"a semaphore of {value} is too large for this sandbox level; at most {_MOST} can be had")
        self.kind, self.maxvalue = kind, maxvalue
        self.name = None
        self._out, self._in = os.pipe()
        os.set_blocking(self._out, False)
        os.write(self._in, _TOKEN * value)
        self._holder: tuple[int, int] | None = None
        self._count = 0

    def __del__(self) -> None:
        os.close(self._out)
        os.close(self._in)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def handle(self) -> int:
        """A number that tells it from others."""
        return self._out

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Take one; return whether it was there in time."""
        if self.kind == _RECURSIVE and self._is_mine():
            self._count += 1
            return True
        deadline = None if timeout is None else time.monotonic() + max(timeout, 0.0)
        while True:
            try:
                os.read(self._out, 1)
            except BlockingIOError:
                remaining = None if deadline is None else deadline - time.monotonic()
                if not block or (remaining is not None and remaining <= 0):
                    return False
                select.select([self._out], [], [], remaining)
            else:
                self._holder, self._count = _me(), self._count + 1
                return True

    def release(self) -> None:
        """Give one back."""
        if self.kind == _RECURSIVE:
            if not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self._count > 1:
                self._count -= 1
                return
        elif self.maxvalue == 1 and not self._is_zero():
            raise ValueError("semaphore or lock released too many times")
        self._count -= 1
        if self._count <= 0:
            self._holder = None
        os.write(self._in, _TOKEN)

    def _is_mine(self) -> bool:
        return self._count > 0 and self._holder == _me()

    def _is_zero(self) -> bool:
        return not select.select([self._out], [], [], 0)[0]

    def _get_value(self) -> int:
        """Return what may be acquired: taken out and put back, as nothing tells how much lies in a pipe."""
        taken = b""
        try:
            taken = os.read(self._out, _MOST)
        except BlockingIOError:
            return 0
        finally:
            os.write(self._in, taken)
        return len(taken)

    def _after_fork(self) -> None:
        self._count, self._holder = 0, None

    @classmethod
    def _rebuild(cls, *_: object) -> Self:
        raise OSError("a lock cannot be handed to a process that is started anew at this sandbox level; use threads")


def provide() -> None:
    """Give this process semaphores, where those of the system are refused."""
    import _multiprocessing  # type: ignore[import-not-found]  # the part of CPython in C

    _multiprocessing.SemLock = PipeSemaphore


def use_threads() -> None:
    """Have joblib use threads where a script names a pool of processes."""
    from joblib.parallel import BACKENDS, register_parallel_backend

    for name in ("loky", "multiprocessing"):
        register_parallel_backend(name, BACKENDS["threading"])


def _me() -> tuple[int, int]:
    return os.getpid(), threading.get_ident()
