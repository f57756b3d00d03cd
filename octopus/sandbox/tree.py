"""A process and everything that it started: who is there, how much memory they hold, and their end."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_PROC = Path("/proc")
#: Names in a memory map that stand for memory and not for a file on disk.
_MEMORY_WITHOUT_A_FILE = ("/dev/zero", "/memfd:", "/SYSV", "/dev/shm/", "anon_inode:")  # noqa: S108  only compared


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
        total += getattr(full, "pss", full.rss) or _resident(pid)
    return total


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """What the sizes of processes do not show.

    Parameters
    ----------
    n_bytes : int
        Memory that is resident on their behalf.
    files : frozenset of (int, int)
        Files without a name that they have mapped, by device and inode.
    """

    n_bytes: int
    files: frozenset[tuple[int, int]]


def hidden(pids: list[int]) -> Hidden:
    """Return memory that is resident on behalf of some processes and that their sizes do not show (Linux).

    Page tables; and memory shared without a name, or by a file without one, which stays when a process lets go of the
    pages: there its size counts.
    """
    tables = 0
    shared: dict[tuple[int, int], int] = {}
    files = set()
    for pid in pids:
        here = facts(pid)
        with suppress(OSError):
            for line in (here / "status").read_text().splitlines():
                if line.startswith("VmPTE:"):
                    tables += int(line.split()[1]) * 1024
        with suppress(OSError):
            for line in (here / "maps").read_text().splitlines():
                if not line.endswith(" (deleted)"):
                    continue
                span, permissions, _, device, inode, name = line.split(maxsplit=5)
                major, minor = device.split(":")
                key = os.makedev(int(major, 16), int(minor, 16)), int(inode)
                if not name.startswith(_MEMORY_WITHOUT_A_FILE):
                    files.add(key)
                if permissions.endswith("s"):
                    first, last = span.split("-")
                    shared[key] = max(shared.get(key, 0), int(last, 16) - int(first, 16))
    return Hidden(n_bytes=tables + sum(shared.values()), files=frozenset(files))


def facts(pid: int) -> Path:
    """Return the directory of ``/proc`` that tells of a process (Linux).

    A process whose first thread has ended while others go on shows nothing of itself: there, that of a living thread.
    """
    own = _PROC / str(pid)
    if not has_ended(own):
        return own
    with suppress(OSError):
        for thread in (own / "task").iterdir():
            if not has_ended(thread):
                return thread
    return own


def has_ended(place: Path) -> bool:
    """Return whether a process, or thread, has no memory any more, by its directory of ``/proc``."""
    try:
        return (place / "statm").read_bytes().startswith(b"0 ")
    except OSError:
        return True


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
            pages = int((facts(pid) / "statm").read_bytes().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")
    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0
