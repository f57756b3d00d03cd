"""Watches one child and everything that it starts, ends them all, and says what happened.

A supervisor shares nothing with the script. It is a process of ours, so that it may adopt the script's orphans without
adopting those of the user. Its only tie to the user's process is a socket: when that closes, for whatever reason,
the tree dies.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from octopus.records import Limits, Record
from octopus.sandbox import disk, tree
from octopus.sandbox.child import Confinement
from octopus.sandbox.jobdir import NOT_REACHABLE, JobDirectory
from octopus.sandbox.linux.calls import adopt_orphans
from octopus.sandbox.linux.namespaces import leave_processes
from octopus.sandbox.offspring import Child

#: The handshake: a job begins only after an owner who still listens has said so.
STARTED, GO = b"started\n", b"go\n"
#: Seconds between looks at a child that has just begun; each look is later than the one before, up to the slowest.
_FIRST_LOOK_S = 0.005
_SLOWEST_LOOK_S = 0.05
_LOOK_FACTOR = 1.5
#: Seconds between looks for the end of whoever forked this process, before there is a child.
_LOOK_S = 0.5
#: Seconds between looks at the disk, at least, and the share of time that they may take.
_DISK_LOOK_S = 0.1
_DISK_SHARE = 0.1
#: Bytes of a child's word that it is confined, at most.
_MAX_WORD = 4096
#: Share of the machine's memory that is never given to a job: what a job holds in the kernel shows only there.
_MEMORY_RESERVE = 0.02
#: Threads, at most, for each process that a job may have: pools of OpenMP, BLAS and Arrow are far smaller.
_THREADS_PER_PROCESS = 16
#: Seconds to go on killing: a tree is dead after the first few milliseconds, or cannot be killed at all.
_END_WITHIN_S = 10.0

Ending = Literal["exited", "timeout", "memory", "processes", "disk", "output", "closed"]


class Report(Record, frozen=True, kw_only=True):
    """What a supervisor saw."""

    ended: Ending
    confinement: Confinement
    reason: str = ""
    exit_code: int | None = None
    signal: int | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    max_rss_bytes: int = 0
    n_leftover_processes: int = 0


def supervise(directory: JobDirectory, control: socket.socket, start: Callable[[int], Child]) -> None:
    """Run one child to its end and report.

    Parameters
    ----------
    directory : JobDirectory
        Of the job.
    control : socket
        Connection to the owner: handshake, then silence until the report; its end is an order to end the child.
    start : callable
        Starts the child, which says on the descriptor that it is given that it is confined.
    """
    owner = os.getppid()
    adopt_orphans()
    if not _is_told_to_go(control, owner):
        directory.remove()
        return
    report = _run(directory, control, owner, start)
    try:
        control.sendall(msgspec.json.encode(report))
    except OSError:  # nobody is left to clear up
        directory.remove()


def _is_told_to_go(control: socket.socket, owner: int) -> bool:
    """Say that it is there, and wait for the answer; there is none from an owner, or a zygote, that has ended."""
    with suppress(ConnectionError):
        control.sendall(STARTED)
        while os.getppid() == owner:
            if select.select([control], [], [], _LOOK_S)[0]:
                return control.recv(len(GO)) == GO
    return False


def _run(directory: JobDirectory, control: socket.socket, owner: int, start: Callable[[int], Child]) -> Report:
    if not directory.is_reachable:  # in bubblewrap
        return _unconfined(NOT_REACHABLE)
    spec = directory.spec()
    reaper = None
    if spec.walls.by == "namespaces":
        try:
            reaper = leave_processes()
        except OSError as error:
            return _unconfined(f"namespaces: {error.strerror}")
        if not directory.is_reachable:
            return _unconfined(NOT_REACHABLE)
    listen, speak = os.pipe()
    try:
        child = start(speak)
    finally:
        os.close(speak)
    watch = _Watch(directory, control, owner, child, listen, reaper)
    return watch.report()


def _unconfined(problem: str) -> Report:
    return Report(ended="exited", confinement=Confinement(level="", problem=problem))


class _Watch:
    """One child from its start to the death of its last descendant."""

    def __init__(
        self,
        directory: JobDirectory,
        control: socket.socket,
        owner: int,
        child: Child,
        listen: int,
        reaper: int | None,
    ) -> None:
        self._directory, self._control, self._owner, self._child = directory, control, owner, child
        self._listen, self._reaper = listen, reaper
        spec = directory.spec()
        self._limits: Limits = spec.limits
        self._written_into = [*directory.written, *([] if spec.program is None else [Path(spec.program.folder)])]
        self._began = time.monotonic()
        self._next_disk_look = self._began
        self._peak_bytes = 0
        self._hidden_bytes = 0
        self._free_at_first = disk.free_bytes(directory.root)

    def report(self) -> Report:
        try:
            ended, reason = self._until_end()
        finally:
            wall_s = time.monotonic() - self._began
            n_leftover = len([pid for pid in self._tree() if pid != self._child.pid])
            self._end_all()
        status = self._child.poll()
        cpu_s, max_rss_bytes = _usage()
        if ended == "exited":
            ended, reason = self._last_look(max_rss_bytes)
        else:
            n_leftover = 0
        return Report(
            ended=ended,
            confinement=self._word(),
            reason=reason,
            exit_code=status if status is not None and status >= 0 else None,
            signal=-status if status is not None and status < 0 else None,
            wall_s=wall_s,
            cpu_s=cpu_s,
            max_rss_bytes=max(max_rss_bytes, self._peak_bytes),
            n_leftover_processes=n_leftover,
        )

    def _tree(self) -> list[int]:
        """Return the child and all that it started; the reaper is ours."""
        return [pid for pid in tree.descendants(os.getpid()) if pid != self._reaper]

    def _word(self) -> Confinement:
        """Return what the child said of its walls, before anything of the script could speak for it."""
        if os.name == "posix":  # elsewhere nobody is left who could keep it open
            os.set_blocking(self._listen, False)
        try:
            said = os.read(self._listen, _MAX_WORD)
            return msgspec.json.decode(said, type=Confinement)
        except (OSError, msgspec.DecodeError):
            return Confinement(level="", problem="it ended before it could say that it is confined")
        finally:
            os.close(self._listen)

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
        pids = self._tree()
        limit = self._limits.n_processes
        if len(pids) > limit:
            return "processes", f"it started {len(pids)} processes, the limit is {limit}"
        n_threads = tree.threads(pids)
        if n_threads > limit * _THREADS_PER_PROCESS:
            return "processes", f"it started {n_threads} threads, the limit is {limit * _THREADS_PER_PROCESS}"
        held = tree.resident_bytes(pids)
        if held > self._limits.memory_bytes:  # shared pages were counted more than once: look closer
            held = tree.proportional_bytes(pids)
        held += self._hidden_bytes
        self._peak_bytes = max(self._peak_bytes, held)
        if held > self._limits.memory_bytes:
            return "memory", _over("it held {} of memory", held, self._limits.memory_bytes)
        return self._written()

    def _written(self, *, now: bool = False) -> tuple[Ending, str] | None:
        began = time.monotonic()
        if began < self._next_disk_look and not now:
            return None
        pids = self._tree()
        hidden = tree.hidden(pids)
        self._hidden_bytes = hidden.n_bytes
        if psutil.virtual_memory().available < psutil.virtual_memory().total * _MEMORY_RESERVE:
            return "memory", "the machine had no memory left while it ran"
        try:
            printed = disk.bytes_below([self._directory.logs])
            nameless = disk.without_a_name(pids)
            written = disk.bytes_below(self._written_into) + sum(nameless.values())
        except disk.Unwatchable as error:
            return "disk", str(error)
        if hidden.files - nameless.keys():  # nothing tells how large these are, but the disk
            lost = self._free_at_first - disk.free_bytes(self._directory.root)
            if lost > self._limits.disk_bytes:
                return "disk", _over(
                    "it holds files that nothing lists, and the disk lost {}", lost, self._limits.disk_bytes
                )
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
        self._child.end()
        if self._reaper is not None:
            tree.end([self._reaper])  # the kernel ends all that it is the first of
        known: set[int] = set()
        while time.monotonic() < deadline:
            found = tree.descendants(os.getpid())
            if os.name == "posix" and not known.issuperset(found):
                known.update(found)
                tree.freeze(found)  # who forks as fast as it is killed is stopped first
                continue
            tree.end(found)
            if self._child.all_gone():
                return
            time.sleep(0.001)


def _over(what: str, value: int, limit: int) -> str:
    return f"{what.format(f'{value / 1e6:.0f} MB')}, the limit is {limit / 1e6:.0f} MB"


def _usage() -> tuple[float, int]:
    """Return processor seconds of all dead descendants and the resident memory of the largest."""
    if os.name != "posix":
        return 0.0, 0
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes on macOS, kilobytes elsewhere
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit


def main() -> None:
    """Supervise one job in an interpreter of its own: ``argv`` is directory, control and, where rows come, requests."""
    from octopus.sandbox.starting import starter

    directory = JobDirectory(Path(sys.argv[1]))
    control, *others = map(_connection, sys.argv[2:])
    with ExitStack() as stack:
        if os.name != "posix":
            from octopus.sandbox.windows import JobObject

            stack.enter_context(JobObject(directory.spec().limits)).add_this_process()
        supervise(directory, control, starter(directory, control, others[0] if others else None))
        control.close()
    os._exit(0)


def _connection(described: str) -> socket.socket:
    if os.name == "posix":
        return socket.socket(fileno=int(described))
    fromshare = socket.fromshare  # type: ignore[attr-defined]  # Windows has it
    connection: socket.socket = fromshare(sys.stdin.buffer.read())
    return connection
