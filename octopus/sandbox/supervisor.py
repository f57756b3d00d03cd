"""Watches one child and everything that it starts, ends them all, and says what happened.

A supervisor shares nothing with the script. It is a process of ours, so that it may adopt the script's orphans without
adopting those of the user. Its only tie to the user's process is a socket: when that closes, for whatever reason,
the tree dies.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from octopus.records import Limits, Record
from octopus.sandbox import tree
from octopus.sandbox.interpreter import command
from octopus.sandbox.jobdir import JobDirectory
from octopus.sandbox.linux import adopt_orphans
from octopus.sandbox.offspring import Child, ForkedChild, SpawnedChild

#: The handshake: a job begins only after an owner who still listens has said so.
STARTED, GO = b"started\n", b"go\n"
#: Seconds between looks at a child that has just begun; each look is later than the one before, up to the slowest.
_FIRST_LOOK_S = 0.005
_SLOWEST_LOOK_S = 0.05
_LOOK_FACTOR = 1.5
#: Seconds between looks at the disk, at least, and the share of time that they may take.
_DISK_LOOK_S = 0.1
_DISK_SHARE = 0.1
#: Files counted in one look at the disk.
_MAX_FILES = 20_000
#: Bytes of a block as ``st_blocks`` counts them (POSIX).
_BLOCK = 512
#: Seconds to go on killing: a tree is dead after the first few milliseconds, or cannot be killed at all.
_END_WITHIN_S = 10.0

Ending = Literal["exited", "timeout", "memory", "processes", "disk", "output", "closed"]


class Report(Record, frozen=True, kw_only=True):
    """What a supervisor saw."""

    ended: Ending
    reason: str = ""
    exit_code: int | None = None
    signal: int | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    max_rss_bytes: int = 0
    n_leftover_processes: int = 0


def supervise(directory: JobDirectory, control: socket.socket, start: Callable[[], Child]) -> None:
    """Run one child to its end and report.

    Parameters
    ----------
    directory : JobDirectory
        Of the job.
    control : socket
        Connection to the owner: handshake, then silence until the report; its end is an order to end the child.
    start : callable
        Starts the child.
    """
    owner = os.getppid()
    adopt_orphans()
    control.sendall(STARTED)
    if control.recv(len(GO)) != GO:
        return
    report = _Watch(directory, control, owner, start()).report()
    try:
        control.sendall(msgspec.json.encode(report))
    except OSError:  # nobody is left to clear up
        directory.remove()


class _Watch:
    """One child from its start to the death of its last descendant."""

    def __init__(self, directory: JobDirectory, control: socket.socket, owner: int, child: Child) -> None:
        self._directory, self._control, self._owner, self._child = directory, control, owner, child
        self._limits: Limits = directory.spec().limits
        self._began = time.monotonic()
        self._next_disk_look = self._began
        self._peak_bytes = 0

    def report(self) -> Report:
        try:
            ended, reason = self._until_end()
        finally:
            wall_s = time.monotonic() - self._began
            n_leftover = len([p for p in tree.descendants(os.getpid()) if p != self._child.pid])
            self._end_all()
        status = self._child.poll()
        cpu_s, max_rss_bytes = _usage()
        if ended == "exited":
            ended, reason = self._last_look(max_rss_bytes)
        else:
            n_leftover = 0
        return Report(
            ended=ended,
            reason=reason,
            exit_code=status if status is not None and status >= 0 else None,
            signal=-status if status is not None and status < 0 else None,
            wall_s=wall_s,
            cpu_s=cpu_s,
            max_rss_bytes=max(max_rss_bytes, self._peak_bytes),
            n_leftover_processes=n_leftover,
        )

    def _until_end(self) -> tuple[Ending, str]:
        look_s = _FIRST_LOOK_S
        while self._child.poll() is None:
            remaining_s = self._began + self._limits.wall_s - time.monotonic()
            if remaining_s <= 0:
                return "timeout", f"it ran longer than its limit of {self._limits.wall_s:.1f} s"
            awaited = [self._control.fileno(), *self._child.handles]
            readable, _, _ = select.select(awaited, [], [], min(look_s, remaining_s))
            if self._control.fileno() in readable or os.getppid() != self._owner:
                return "closed", "the sandbox was closed while it ran"
            breach = self._breach()
            if breach is not None:
                return breach
            look_s = min(look_s * _LOOK_FACTOR, _SLOWEST_LOOK_S)
        return "exited", ""

    def _breach(self) -> tuple[Ending, str] | None:
        pids = tree.descendants(os.getpid())
        if len(pids) > self._limits.n_processes:
            return "processes", f"it started {len(pids)} processes, the limit is {self._limits.n_processes}"
        held = tree.resident_bytes(pids)
        if held > self._limits.memory_bytes:  # shared pages were counted more than once: look closer
            held = tree.proportional_bytes(pids)
        self._peak_bytes = max(self._peak_bytes, held)
        if held > self._limits.memory_bytes:
            return "memory", _over("it held {} of memory", held, self._limits.memory_bytes)
        return self._written()

    def _written(self, *, now: bool = False) -> tuple[Ending, str] | None:
        began = time.monotonic()
        if began < self._next_disk_look and not now:
            return None
        directory = self._directory
        printed = _bytes_in(directory.logs)
        written = sum(_bytes_in(folder) for folder in (directory.work, directory.tmp, directory.outputs))
        took_s = time.monotonic() - began
        self._next_disk_look = began + max(_DISK_LOOK_S, took_s / _DISK_SHARE)
        if printed > self._limits.output_bytes:
            return "output", _over("it printed {}", printed, self._limits.output_bytes)
        if written >= self._limits.disk_bytes:
            return "disk", _over("it wrote {}", written, self._limits.disk_bytes)
        return None

    def _last_look(self, max_rss_bytes: int) -> tuple[Ending, str]:
        """Look once more after the end: a limit may have been passed between two looks."""
        own = max_rss_bytes - tree.resident_bytes([os.getpid()])  # what it shared with this process is not its own
        if own > self._limits.memory_bytes:
            return "memory", _over("it held {} of memory", own, self._limits.memory_bytes)
        return self._written(now=True) or ("exited", "")

    def _end_all(self) -> None:
        deadline = time.monotonic() + _END_WITHIN_S
        while time.monotonic() < deadline:
            tree.end(tree.descendants(os.getpid()))
            if self._child.all_gone():
                return
            time.sleep(0.001)


def _over(what: str, value: int, limit: int) -> str:
    return f"{what.format(f'{value / 1e6:.0f} MB')}, the limit is {limit / 1e6:.0f} MB"


def _bytes_in(folder: Path) -> int:
    """Return what the files below a directory take on disk: blocks, for a sparse file takes little."""
    total, n_files, waiting = 0, 0, [folder]
    while waiting and n_files < _MAX_FILES:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                n_files += 1
                with suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    total += found.st_blocks * _BLOCK if hasattr(found, "st_blocks") else found.st_size
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
    return total


def _usage() -> tuple[float, int]:
    """Return processor seconds of all dead descendants and the resident memory of the largest."""
    if os.name != "posix":
        return 0.0, 0
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes on macOS, kilobytes elsewhere
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit


def main() -> None:
    """Supervise one job in an interpreter of its own, the child in another: ``argv`` is directory and socket."""
    directory = JobDirectory(Path(sys.argv[1]))
    control = _connection(sys.argv[2])

    def start() -> Child:
        process = subprocess.Popen(  # noqa: S603  # our own command line
            command("octopus.sandbox.child", str(directory.root), str(os.getpid())),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return ForkedChild(process.pid) if os.name == "posix" else SpawnedChild(process)

    supervise(directory, control, start)
    control.close()
    os._exit(0)


def _connection(described: str) -> socket.socket:
    if os.name == "posix":
        return socket.socket(fileno=int(described))
    fromshare = socket.fromshare  # type: ignore[attr-defined]  # Windows has it
    connection: socket.socket = fromshare(sys.stdin.buffer.read())
    return connection
