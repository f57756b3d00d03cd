"""Semaphores for a child that may not touch ``/dev/shm``, where POSIX keeps its own.

``multiprocessing`` needs one even for a pool of threads, and joblib's threads are such a pool. A pipe does the same for
all that share it by a fork: as many bytes lie in it as may still be acquired. What is started anew, and not forked,
cannot share it: joblib's pools of processes are pools of threads here.
"""

from __future__ import annotations

import os
import select
import struct
import threading
import time
from typing import NoReturn, Self

#: Kinds, as ``multiprocessing.synchronize`` numbers them.
_RECURSIVE = 0
#: More cannot lie in a pipe of the usual size. Who asks for more wants no bound: a queue without a size does.
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
        self.kind, self.maxvalue = kind, maxvalue
        self.name = None
        self._is_endless = value > _MOST
        self._out, self._in = os.pipe()
        os.set_blocking(self._out, False)
        if not self._is_endless:
            os.write(self._in, _TOKEN * value)
        self._holder: tuple[int, int] | None = None
        self._n_held = 0

    def __del__(self) -> None:
        os.close(self._out)
        os.close(self._in)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a lock is shared by a fork, not by a copy")

    @property
    def handle(self) -> int:
        """A number that tells it from others."""
        return self._out

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Take one; return whether it was there in time."""
        if self._is_endless:
            return True
        if self.kind == _RECURSIVE and self._is_mine():
            self._n_held += 1
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
                self._holder, self._n_held = _me(), self._n_held + 1
                return True

    def release(self) -> None:
        """Give one back."""
        if self._is_endless:
            return
        if self.kind == _RECURSIVE:
            if not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self._n_held > 1:
                self._n_held -= 1
                return
        elif self._get_value() >= self.maxvalue:
            raise ValueError("semaphore or lock released too many times")
        self._n_held -= 1
        if self._n_held <= 0:
            self._holder = None
        os.write(self._in, _TOKEN)

    def _count(self) -> int:
        """Return how often this process has acquired it."""
        return self._n_held

    def _is_mine(self) -> bool:
        return self._n_held > 0 and self._holder == _me()

    def _is_zero(self) -> bool:
        return not self._is_endless and self._get_value() == 0

    def _get_value(self) -> int:
        """Return what may be acquired."""
        if self._is_endless:
            raise NotImplementedError("the size of a queue without a bound is not known at this sandbox level")
        import fcntl  # not on Windows, where nobody asks
        import termios

        return int(struct.unpack("i", fcntl.ioctl(self._out, termios.FIONREAD, bytes(4)))[0])

    def _after_fork(self) -> None:
        self._n_held, self._holder = 0, None

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
