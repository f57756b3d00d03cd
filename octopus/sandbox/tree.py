"""A process and everything that it started: who is there, how much memory they hold, and their end."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil

_PROC = Path("/proc")


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below one, itself left out.

    Linux lists the children of each thread, which costs nothing for the other processes of a busy machine. A list
    read while a process ends may lack a sibling: who must miss none asks again.

    Parameters
    ----------
    pid : int
        The process at the root.

    Returns
    -------
    list of int
        In no particular order; zombies are among them.
    """
    if sys.platform != "linux" or not (_PROC / f"self/task/{os.getpid()}/children").exists():
        with suppress(psutil.Error):
            return [child.pid for child in psutil.Process(pid).children(recursive=True)]
        return []
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found


def children(pid: int) -> list[int]:
    """Return the ids of the processes directly below one; Linux only, elsewhere there are none."""
    found: list[int] = []
    with suppress(OSError):
        for thread in (_PROC / str(pid) / "task").iterdir():
            with suppress(OSError):
                found += [int(word) for word in (thread / "children").read_bytes().split()]
    return found


def threads(pids: list[int]) -> int:
    """Return how many threads some processes have together; Linux only, elsewhere one each."""
    if sys.platform != "linux":
        return len(pids)
    total = 0
    for pid in pids:
        with suppress(OSError):
            total += sum(1 for _ in (_PROC / str(pid) / "task").iterdir())
    return total


def resident_bytes(pids: list[int]) -> int:
    """Return the resident memory of some processes, pages that they share counted once for each."""
    return sum(_resident(pid) for pid in pids)


def proportional_bytes(pids: list[int]) -> int:
    """Return the resident memory of some processes, a page that n processes share counted as 1/n for each.

    Where the system does not tell, the answer is :func:`resident_bytes`. It walks every mapping: ask rarely.
    """
    total = 0
    for pid in pids:
        try:
            full = psutil.Process(pid).memory_full_info()
        except psutil.NoSuchProcess:
            continue
        except psutil.Error:  # one that does not let itself be looked at is not the smaller for it
            total += _resident(pid)
            continue
        total += getattr(full, "pss", full.rss)
    return total


def hidden_bytes(pids: list[int]) -> int:
    """Return memory that is resident on behalf of some processes and that their sizes do not show (Linux).

    Page tables; and memory shared without a name, or by a file without one, which stays when a process lets go of the
    pages: there its size counts.
    """
    total = 0
    shared: dict[tuple[str, str], int] = {}
    for pid in pids:
        with suppress(OSError):
            for line in (_PROC / str(pid) / "status").read_text().splitlines():
                if line.startswith("VmPTE:"):
                    total += int(line.split()[1]) * 1024
        with suppress(OSError):
            for line in (_PROC / str(pid) / "maps").read_text().splitlines():
                if line.endswith(" (deleted)"):
                    span, permissions, _, device, inode, *_ = line.split(maxsplit=5)
                    first, last = span.split("-")
                    if permissions.endswith("s"):
                        key = device, inode
                        shared[key] = max(shared.get(key, 0), int(last, 16) - int(first, 16))
    return total + sum(shared.values())


def freeze(pids: list[int]) -> None:
    """Stop processes where they are, so that they fork no more."""
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, signal.SIGSTOP)


def end(pids: list[int]) -> None:
    """Kill processes; those that are gone already are no error."""
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)


def _resident(pid: int) -> int:
    if sys.platform == "linux":
        try:
            pages = int((_PROC / str(pid) / "statm").read_bytes().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")
    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0
