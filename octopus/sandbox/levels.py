"""The levels that can be asked for; today ``process``: against accidents, not against malice."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from octopus.errors import SandboxError
from octopus.protocols import Job, JobResult
from octopus.sandbox.jobdir import JobDirectory, write_job
from octopus.sandbox.launcher import HAS_ZYGOTE, Channel, Zygote, ZygoteGone, ZygoteHangs, start_cold
from octopus.sandbox.outcome import collect, not_run, parse_report

#: Seconds beyond its own limit after which a supervisor that says nothing counts as lost: it needs at most ten to kill.
_REPORT_GRACE_S = 30.0
#: Seconds that ``close`` waits for running jobs to be over.
_CLOSE_WITHIN_S = 15.0
_READ_ONLY = 0o444
_CLOSED = "the sandbox was closed while it ran"
#: The sandboxes of this process by what their children start with: a zygote takes seconds to import, so the next run
#: uses the one that is there. It ends by itself when it is idle, and with the process.
_open: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], ProcessSandbox] = {}


def open_process(*, imports: Sequence[str], environment: Mapping[str, str]) -> ProcessSandbox:
    """Open a sandbox of level ``process``; for the same imports and environment it is the same one.

    Its children have a clean environment, limits and a watched process tree. They can read and write what the user
    can, and they reach the network.

    Parameters
    ----------
    imports : sequence of str
        Modules that are imported once, before any job.
    environment : mapping of str to str
        Variables that every child gets beside an allow-list of the user's.

    Returns
    -------
    ProcessSandbox
        Nothing is started before the first job.
    """
    key = tuple(imports), tuple(sorted(environment.items()))
    if key not in _open:
        _open[key] = ProcessSandbox(imports=imports, environment=environment)
    return _open[key]


@dataclass(eq=False)
class _Running:
    """What is alive on behalf of one sandbox in one process, between two calls of ``close``."""

    owner: int = field(default_factory=os.getpid)
    zygote: Zygote | None = None
    retired: list[Zygote] = field(default_factory=list)
    channels: set[Channel] = field(default_factory=set)
    n_jobs: int = 0
    is_closed: bool = False
    #: Guards the fields; never held while something is awaited, for ``close`` needs it.
    changed: threading.Condition = field(default_factory=threading.Condition)

    def close(self) -> None:
        """End every process; a forked copy of the owner only lets go of what it inherited."""
        if os.getpid() != self.owner:
            self._forget()
            return
        with self.changed:
            self.is_closed = True
            for channel in self.channels:
                channel.hang_up()
        zygotes = [z for z in (self.zygote, *self.retired) if z is not None]
        with self.changed:
            if self.channels:
                self.changed.wait_for(lambda: not self.channels, timeout=_CLOSE_WITHIN_S)
        for zygote in zygotes:
            zygote.stop()
        with self.changed:
            self.changed.wait_for(lambda: not self.n_jobs, timeout=_CLOSE_WITHIN_S)

    def _forget(self) -> None:
        """Close descriptors without the lock, which another thread may have held at the fork."""
        for channel in list(self.channels):
            channel.forget()
        for zygote in (self.zygote, *self.retired):
            if zygote is not None:
                zygote.stop()
        self.zygote, self.retired, self.channels = None, [], set()


class ProcessSandbox:
    """Runs jobs in children forked by a zygote, or cold where there can be none.

    Parameters
    ----------
    imports : sequence of str
        Modules that are imported once, before any job.
    environment : mapping of str to str
        Variables that every child gets beside an allow-list of the user's.
    """

    level = "process"

    def __init__(self, *, imports: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self._imports = tuple(imports)
        self._environment = dict(environment or {})
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"imports": self._imports, "environment": self._environment}

    def __setstate__(self, state: Mapping[str, object]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # a copy starts anew

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, job: Job) -> JobResult:
        """Run one job in a child of its own and collect the result; may be called from several threads.

        Parameters
        ----------
        job : Job
            What to do.

        Returns
        -------
        JobResult
            What came of it, whatever the script did.
        """
        running = self._current()
        try:
            before = _protect(job.features)
            directory = write_job(job, self.level)
        except OSError as error:
            return not_run(f"the job could not be written: {error}")
        try:
            with running.changed:
                running.n_jobs += 1
            raw, note = self._supervised(running, directory, job.limits.wall_s)
            report = parse_report(raw)
            if report is None:
                return not_run(_CLOSED if running.is_closed else "its supervisor was lost; run it again")
            is_tampered = _identity(job.features) != before
            return collect(job, directory, report, note=note, is_tampered=is_tampered)
        except (OSError, SandboxError) as error:
            return not_run(_CLOSED if running.is_closed else f"the sandbox could not run it: {error}")
        finally:
            directory.remove()
            with running.changed:
                running.n_jobs -= 1
                running.changed.notify_all()

    def close(self) -> None:
        """End every process it keeps, running jobs included; may be called twice, and a later ``run`` starts anew."""
        running, self._running = self._running, None
        if running is not None:
            running.close()
            self._at_exit.detach()

    def _current(self) -> _Running:
        """Return what is alive in this process; a forked copy begins with nothing."""
        running = self._running
        if running is not None and running.owner != os.getpid():
            self._lock = threading.Lock()  # another thread may have held it at the fork
            self.close()
        with self._lock:
            if self._running is None:
                self._running = _Running()
                self._at_exit = weakref.finalize(self, self._running.close)
            return self._running

    def _supervised(self, running: _Running, directory: JobDirectory, wall_s: float) -> tuple[bytes, str]:
        """Run a job and return the supervisor's report and a note on how the job was started."""
        channel, note = self._begin(running, directory)
        with _registered(running, channel):
            try:
                return channel.wait_for_report(wall_s + _REPORT_GRACE_S), note
            except TimeoutError as error:
                raise SandboxError("its supervisor did not answer") from error

    def _begin(self, running: _Running, directory: JobDirectory) -> tuple[Channel, str]:
        note = ""
        if HAS_ZYGOTE:
            for _ in range(2):  # one that has ended since the last job is replaced once
                zygote = _zygote_of(running, self._imports, self._environment)
                try:
                    zygote.wait_until_ready()
                    return zygote.start(directory), ""
                except ZygoteGone as error:
                    note = f"cold start: {error}"
                except ZygoteHangs as error:
                    note = f"cold start: {error}"
                    _retire(running, zygote)
                    break
                _retire(running, zygote)
        if running.is_closed:
            raise SandboxError(_CLOSED)
        return start_cold(directory, self._environment), note


def _zygote_of(running: _Running, imports: Sequence[str], environment: Mapping[str, str]) -> Zygote:
    with running.changed:
        if running.is_closed:
            raise SandboxError(_CLOSED)
        if running.zygote is None:
            running.zygote = Zygote(imports, environment)
        return running.zygote


def _retire(running: _Running, zygote: Zygote) -> None:
    """Use a zygote no more; it stays until the end, for other jobs may still run on it."""
    with running.changed:
        if running.zygote is zygote:
            running.zygote = None
            running.retired.append(zygote)


@contextmanager
def _registered(running: _Running, channel: Channel) -> Iterator[None]:
    """Let ``close`` hang up this channel; whatever happens, the supervisor ends its tree before we go on."""
    with running.changed:
        running.channels.add(channel)
        if running.is_closed:
            channel.hang_up()
    try:
        yield
    except BaseException:
        channel.hang_up()
        raise
    finally:
        channel.close()
        with running.changed:
            running.channels.discard(channel)
            running.changed.notify_all()


def _protect(features: Path) -> tuple[int, int, int]:
    """Make the table read-only and return what it must still be after the job."""
    if features.stat().st_mode & 0o777 != _READ_ONLY:
        features.chmod(_READ_ONLY)
    return _identity(features) or (-1, -1, -1)


def _identity(features: Path) -> tuple[int, int, int] | None:
    try:
        found = features.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
