"""Locks on files: the system lets go of them when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Where Windows locks: beyond all content, because there a lock also keeps others from reading what is locked.
_BEYOND = 1 << 30
#: Between two tries to get a lock.
_PAUSE_S = 0.05


@contextmanager
def holding(path: Path, create: bool = True, within_s: float = 0.0) -> Iterator[int | None]:
    """Hold a lock on a file as long as the block lasts.

    Parameters
    ----------
    path : Path
        The file.
    create : bool, default=True
        Whether it is made where it is missing.
    within_s : float, default=0.0
        How long to try.

    Yields
    ------
    int or None
        The file, open for reading and writing; None where another process holds it.

    Raises
    ------
    OSError
        The file cannot be opened, or its file system knows no locks.
    """
    file = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0) | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        deadline = time.monotonic() + within_s
        while not (is_ours := _take(file)) and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)
        yield file if is_ours else None
    finally:
        os.close(file)


def is_held(path: Path) -> bool:
    """Return whether a process holds a lock on a file.

    Parameters
    ----------
    path : Path
        The file, which need not exist.

    Returns
    -------
    bool
        False too where nobody may know.
    """
    try:
        with holding(path, create=False) as file:
            return file is None
    except OSError:
        return False


def _take(file: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _BEYOND, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
