"""Jobs → confined children of a zygote on this machine, or cold ones where there can be none."""

from __future__ import annotations

import functools
import os
import socket
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import msgspec

from octopus.errors import SandboxError, SandboxUnavailable
from octopus.protocols import Job, JobResult, Program, ProgramResult
from octopus.records import Limits, SandboxReport
from octopus.sandbox import bubblewrap
from octopus.sandbox.child import ALWAYS
from octopus.sandbox.confine import namespaces_of_this_process
from octopus.sandbox.disk import clear
from octopus.sandbox.jobdir import JobDirectory, Walls, write_job, write_program, write_service
from octopus.sandbox.launcher import HAS_ZYGOTE, Channel, Wrap, Zygote, start_cold, unwrapped
from octopus.sandbox.outcome import collect, collect_program, describe_end, not_run, parse_report
from octopus.sandbox.places import Places, installed, programs
from octopus.sandbox.running import CLOSED, Running
from octopus.sandbox.worker import ConfinedWorker, ReplayWorker

#: Seconds beyond its own limit after which a supervisor that says nothing counts as lost: it needs at most ten to kill.
_REPORT_GRACE_S = 30.0
#: Seconds for a supervisor to say how a process ended that serves.
_LAST_WORDS_S = 5.0
#: Ten years, in seconds: a worker ends with its owner.
_FOR_GOOD_S = 3.2e8
_READ_ONLY = 0o444


class LocalSandbox:
    """Runs jobs in children forked by a zygote, or cold where there can be none.

    Parameters
    ----------
    walls : Walls
        What every child must have around it.
    imports : sequence of str
        Modules that are imported once, before any job.
    environment : mapping of str to str
        Variables that every child gets beside an allow-list of the user's.
    """

    def __init__(
        self, walls: Walls, *, imports: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self._walls = walls
        self._imports = tuple(imports)
        self._environment = dict(environment or {})
        self._lock = threading.Lock()
        self._running: Running | None = None
        self._layers: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """What it promises: a graphics processor is a door of its own, so a level with one says so."""
        return "standard+gpu" if self._walls.devices and self._walls.level != "process" else self._walls.level

    @property
    def walls(self) -> Walls:
        """What every child must have around it."""
        return self._walls

    @property
    def layers(self) -> tuple[str, ...]:
        """What the last child said that it had around it; empty before the first."""
        return self._layers

    def report(self) -> SandboxReport:
        """Return what it is made of here and now, and what was tried to see whether it holds."""
        from octopus.sandbox.probe import report

        return report(self)

    def __getstate__(self) -> dict[str, object]:
        return {"walls": self._walls, "imports": self._imports, "environment": self._environment}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
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
            directory = write_job(job, self._walls_from_here(), self._imports)
        except (OSError, ValueError) as error:  # no room; or a text that is none, such as half a surrogate pair
            return not_run(f"the job could not be written: {error}")
        with running.counted():
            try:
                channel, note = self._begin(running, directory)
                raw = _report(running, channel, job.limits.wall_s)
                report = parse_report(raw)
                if report is None:
                    return not_run(CLOSED if running.is_closed else "its supervisor was lost; run it again")
                self._layers = report.confinement.layers
                is_tampered = _identity(job.features) != before
                return collect(job, directory, report, level=self._walls.level, note=note, is_tampered=is_tampered)
            except (OSError, SandboxError) as error:
                return not_run(CLOSED if running.is_closed else f"the sandbox could not run it: {error}")
            finally:
                directory.remove()

    def open_worker(self, model: bytes, *, n_classes: int, limits: Limits) -> ConfinedWorker | ReplayWorker:
        """Return a worker that predicts with a fitted pipeline in a confined process; it starts at its first use.

        Parameters
        ----------
        model : bytes
            The fitted pipeline, which is unpickled nowhere else.
        n_classes : int
            Number of classes, 0 for regression.
        limits : Limits
            What the process may use; ``wall_s`` bounds one request.

        Returns
        -------
        ConfinedWorker or ReplayWorker
            May be called from several threads. The second where a child cannot be talked to while it lives.
        """
        if self._walls.by == "container" or os.name != "posix":
            return ReplayWorker(self.run, model, n_classes, limits)
        start = functools.partial(self._serve, model, n_classes, limits)
        return ConfinedWorker(start, n_classes=n_classes, request_s=limits.wall_s)

    def run_program(self, program: Program) -> ProgramResult:
        """Run a program in a confined process of its own, started cold, and collect the file that it leaves.

        Its folder is gone afterwards: nobody else can be asked to delete what a hostile program leaves.

        Parameters
        ----------
        program : Program
            What to run.

        Returns
        -------
        ProgramResult
            What came of it.
        """
        running = self._current()
        try:
            directory = write_program(program, self._walls_from_here())
        except OSError as error:
            return ProgramResult(outcome=not_run(f"the program could not be written: {error}").outcome)
        with running.counted():
            try:
                channel = start_cold(directory, self._environment, self._wrap(str(directory.root.parent)))
                report = parse_report(_report(running, channel, program.limits.wall_s))
                if report is None:
                    return ProgramResult(outcome=not_run("its supervisor was lost; run it again").outcome)
                return collect_program(program, directory, report, level=self._walls.level)
            except (OSError, SandboxError) as error:
                return ProgramResult(outcome=not_run(f"the sandbox could not run it: {error}").outcome)
            finally:
                directory.remove()
                clear(program.folder)

    def close(self) -> None:
        """End every process it keeps, running jobs included; may be called twice, and a later ``run`` starts anew."""
        running, self._running = self._running, None
        if running is not None:
            running.close()
            self._at_exit.detach()

    def _current(self) -> Running:
        """Return what is alive in this process; a forked copy begins with nothing."""
        running = self._running
        if running is not None and running.owner != os.getpid():
            self._lock = threading.Lock()  # another thread may have held it at the fork
            self.close()
        with self._lock:
            if self._running is None:
                self._running = Running(self._start_zygote)
                self._at_exit = weakref.finalize(self, self._running.close)
            return self._running

    def _walls_from_here(self) -> Walls:
        """Return the walls, with the namespaces that a child must not share."""
        if self._walls.by not in ("namespaces", "bubblewrap"):
            return self._walls
        return msgspec.structs.replace(self._walls, outside=namespaces_of_this_process())

    def _start_zygote(self, place: str) -> Zygote:
        return Zygote(self._imports, self._environment, self._wrap(place))

    def _wrap(self, place: str) -> Wrap:
        """Return what stands around a zygote, or a cold supervisor, that is to see one place."""
        if self._walls.by != "bubblewrap":
            return unwrapped
        bwrap = bubblewrap.find()
        if bwrap is None:
            raise SandboxUnavailable(self.level, "bubblewrap does not work any more", "Install it again.")
        known = bubblewrap.supports(bwrap)

        def wrap(inner: list[str], home: str) -> list[str]:
            places = Places(
                readable=(*installed((*ALWAYS, *self._imports)), *map(Path, self._walls.paths)),
                executable=programs(),
                writable=(Path(place), Path(home)),
                devices=tuple(map(Path, self._walls.devices)),
            )
            there = bubblewrap.links(places)
            return bubblewrap.command(bwrap, places, inner, Path(home), options=known, links=there)

        return wrap

    def _begin(
        self, running: Running, directory: JobDirectory, requests: socket.socket | None = None
    ) -> tuple[Channel, str]:
        place = ""
        has_zygote = HAS_ZYGOTE and self._walls.by not in ("seatbelt", "container")
        if self._walls.by == "bubblewrap":  # a zygote in there sees one place, and that of a worker is nobody else's
            place = str(directory.root.parent if requests is None else directory.root)
            has_zygote = has_zygote and requests is None
        channel, note = running.fork(place, directory, requests) if has_zygote else (None, "")
        if channel is None:
            channel = start_cold(directory, self._environment, self._wrap(place), requests)
        return channel, note

    def _serve(self, model: bytes, n_classes: int, limits: Limits) -> _Session:
        running = self._current()
        # A directory of its own, which its supervisor deletes should this process be killed.
        folder = Path(tempfile.gettempdir())
        try:
            directory = write_service(
                model, folder, self._walls_from_here(), self._imports, n_classes, _for_good(limits)
            )
        except OSError as error:
            raise SandboxError(f"the worker could not be started: {error}") from error
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                channel, _ = self._begin(running, directory, theirs)
        except BaseException as error:
            ours.close()
            directory.remove()
            if isinstance(error, OSError):
                raise SandboxError(f"the worker could not be started: {error}") from error
            raise
        return _Session(running, channel, ours, directory)


def _report(running: Running, channel: Channel, wall_s: float) -> bytes:
    """Return the supervisor's report; whatever happens, the supervisor ends its tree before we go on."""
    running.add(channel)
    try:
        return channel.wait_for_report(wall_s + _REPORT_GRACE_S)
    except TimeoutError as error:
        channel.kill()
        raise SandboxError("its supervisor did not answer") from error
    except BaseException:
        channel.hang_up()
        raise
    finally:
        running.drop(channel)


def _protect(features: Path) -> tuple[int, ...]:
    """Make the table read-only and return what it must still be after the job."""
    if features.stat().st_mode & 0o777 != _READ_ONLY:
        features.chmod(_READ_ONLY)
    return _identity(features)


def _identity(features: Path) -> tuple[int, ...]:
    """Return what changes with a file; its change time is the one that nobody can set."""
    try:
        found = features.stat()
    except OSError:
        return ()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


class _Session:
    """One started process that serves, with the directory that it lives in.

    Parameters
    ----------
    running : Running
        What is alive beside it.
    channel : Channel
        To its supervisor.
    requests : socket
        The parent's end of the conversation.
    directory : JobDirectory
        Deleted at the end.
    """

    def __init__(self, running: Running, channel: Channel, requests: socket.socket, directory: JobDirectory) -> None:
        self.requests = requests
        self._running, self._channel, self._directory = running, channel, directory
        running.host(self)

    def hang_up(self) -> None:
        """Order its end."""
        self._channel.hang_up()

    def why_ended(self) -> str:
        """Return in words how it ended, as far as its supervisor tells within a few seconds."""
        try:
            report = parse_report(self._channel.wait_for_report(_LAST_WORDS_S))
        except TimeoutError:
            return "it neither answers nor ends"
        return "its supervisor was lost" if report is None else describe_end(report)

    def close(self) -> None:
        """End it, and delete what it lived in; may be called twice."""
        self._running.leave(self)
        with suppress(OSError):
            self.requests.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for an answer
        self.requests.close()
        self._channel.close()
        self._directory.remove()

    def forget(self) -> None:
        """Close what a forked copy of the owner inherited, and leave the process alone."""
        self.requests.close()
        self._channel.forget()


def _for_good(limits: Limits) -> Limits:
    """Return the limits of a process that stays: its owner bounds each request, and ends it."""
    return msgspec.structs.replace(limits, wall_s=_FOR_GOOD_S)
