"""What is alive, and what is left of it, seen from outside every sandbox."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

_PROC = Path("/proc")


def wait_until(condition: Callable[[], object], within_s: float = 30.0) -> float:
    """Wait for something to be so, and return the seconds that it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + within_s, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - began


class Seen(int):
    """The number of a process that was seen alive: later another may have it, and that is not the same."""

    process: psutil.Process

    def __new__(cls, process: psutil.Process) -> Self:
        seen = super().__new__(cls, process.pid)
        seen.process = process
        return seen


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended, buried or not."""
    try:
        process = pid.process if isinstance(pid, Seen) else psutil.Process(pid)
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def all_gone(pids: Iterable[int]) -> bool:
    """Tell whether all of some processes have ended."""
    return all(map(is_gone, pids))


def living_below(pid: int) -> list[int]:
    """Return the living descendants of a process."""
    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [seen for seen in map(Seen, below) if not is_gone(seen)]


def inner_pid(pid: int) -> int:
    """Return the number that a process has in its own process namespace; 0 where it has ended."""
    with suppress(OSError):
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("NSpid:"):
                return int(line.split()[-1])
    return 0


def seen_from_outside(inner: int) -> set[int]:
    """Return the processes below this one that know themselves by a number, which is another in a namespace."""
    return {pid for pid in living_below(os.getpid()) if inner_pid(pid) == inner}
