"""The truth about a run: an append-only file of typed events, one JSON line each.

:class:`Journal` is what was written, as a value; policy and reports are pure functions of it.
:class:`JournalFile` is the one place where a run's state grows: a line is written whole, flushed and
synced before anything else happens, so that ``kill -9`` costs at most what is in flight.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from octopus.errors import JournalError, RunDirectoryError
from octopus.records import (
    AnyEvent,
    Experiment,
    ExperimentFinished,
    Fitted,
    HoldoutOpened,
    HoldoutReport,
    Profile,
    Profiled,
    Record,
    RunFinished,
    RunStarted,
    SearchStopped,
    Task,
    ValidationPlan,
)

#: Version of the format; bumped when an older reader could misread a newer file.
FORMAT = 3
#: How a reason begins where the user ended a search or a proof.
INTERRUPTED = "interrupted"
#: Name of the file in a run directory: its presence marks the directory as ours.
FILENAME = "journal.jsonl"

_EventT = TypeVar("_EventT", bound=AnyEvent)
_decoder = msgspec.json.Decoder(AnyEvent)


class Journal(Record, frozen=True, kw_only=True):
    """The events of a run, in order, and what can be read out of them."""

    events: tuple[AnyEvent, ...] = ()

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.events)

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Every finished experiment, in order."""
        return tuple(e.experiment for e in self.events if isinstance(e, ExperimentFinished))

    @property
    def valid_experiments(self) -> tuple[Experiment, ...]:
        """The experiments that have a score."""
        return tuple(e for e in self.experiments if e.is_valid)

    @property
    def best(self) -> Experiment | None:
        """The valid experiment with the highest mean score; the earlier one of two equals."""
        return max(self.valid_experiments, key=_mean_then_early, default=None)

    @property
    def elapsed_s(self) -> float:
        """Seconds from the start of the run to its latest event."""
        return self.events[-1].elapsed_s if self.events else 0.0

    @property
    def task(self) -> Task | None:
        """What was asked."""
        started = self._first(RunStarted)
        return started.task if started else None

    @property
    def profile(self) -> Profile | None:
        """What was found in the data."""
        profiled = self._first(Profiled)
        return profiled.profile if profiled else None

    @property
    def validation(self) -> ValidationPlan | None:
        """How candidates are compared."""
        profiled = self._first(Profiled)
        return profiled.validation if profiled else None

    @property
    def started(self) -> RunStarted | None:
        """The opening event."""
        return self._first(RunStarted)

    @property
    def stopped(self) -> SearchStopped | None:
        """Why the search ended last; None while it runs, when it was killed, and where it was carried on since."""
        latest = next((e for e in reversed(self.events) if isinstance(e, SearchStopped | ExperimentFinished)), None)
        return latest if isinstance(latest, SearchStopped) else None

    @property
    def is_searched(self) -> bool:
        """Whether nothing is left but the proof; a search that was interrupted goes on until its winner is fitted."""
        if self.stopped is None:
            return False
        return self.stopped.decision.reason != INTERRUPTED or bool(self.fits) or self.holdout is not None

    @property
    def holdout(self) -> HoldoutReport | None:
        """The holdout's report; None until it is opened."""
        opened = self._first(HoldoutOpened)
        return opened.report if opened else None

    @property
    def fits(self) -> tuple[Fitted, ...]:
        """The fits of the winner, in order."""
        return tuple(e for e in self.events if isinstance(e, Fitted))

    @property
    def finished(self) -> RunFinished | None:
        """The closing event; None for a run that did not end."""
        return self._first(RunFinished)

    @property
    def interrupted(self) -> bool:
        """Whether the user ended the search or the proof before its time."""
        reasons = (self.stopped.decision.reason if self.stopped else "", self.finished.reason if self.finished else "")
        return any(reason.startswith(INTERRUPTED) for reason in reasons)

    def with_event(self, event: AnyEvent) -> Journal:
        """Return the journal with one more event."""
        return Journal(events=(*self.events, event))

    def _first(self, kind: type[_EventT]) -> _EventT | None:
        return next((e for e in self.events if isinstance(e, kind)), None)


def _mean_then_early(experiment: Experiment) -> tuple[float, int]:
    assert experiment.score is not None
    return experiment.score.mean, -experiment.number


class JournalFile:
    """A journal on disk that grows.

    Parameters
    ----------
    path : Path
        The file, usually ``RUN_DIR/journal.jsonl``.
    observers : iterable of callables
        Called with each event after it is safely on disk (console, callbacks).

    Raises
    ------
    JournalError
        The file holds something that is not a journal.
    """

    def __init__(self, path: Path, observers: Iterable[Callable[[AnyEvent], None]] = ()) -> None:
        self.path = path
        self.observers = tuple(observers)
        self.journal = _reread(path)

    def append(self, event: AnyEvent) -> None:
        """Write one event, sync it to disk, then tell the observers."""
        is_new = not self.path.exists()
        try:
            with self.path.open("ab") as file:
                file.write(msgspec.json.encode(event) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                _sync_directory(self.path.parent)
            self.journal = self.journal.with_event(event)
        except BaseException:  # Ctrl-C, a full disk: what the file holds is the truth, whether or not the line is in it
            self.journal = _reread(self.path)
            raise
        for observe in self.observers:
            observe(event)


def read_journal(run_dir: str | os.PathLike[str]) -> Journal:
    """Read the journal of a run, also of one that was killed.

    Parameters
    ----------
    run_dir : path-like
        The run directory, or the journal file itself.

    Returns
    -------
    Journal
        Every event that was finished.

    Raises
    ------
    RunDirectoryError
        There is no journal there.
    JournalError
        A line other than the last is damaged, or a newer version wrote the file.
    """
    path = Path(run_dir)
    remedy = "Name the directory of a run of octopus."
    if not path.exists():
        raise RunDirectoryError(path, "there is no such directory", remedy)
    file = path / FILENAME if path.is_dir() else path
    if not file.is_file():
        raise RunDirectoryError(path, f"it holds no {FILENAME}", remedy)
    return _read(file)[0]


def _reread(path: Path) -> Journal:
    """Read a journal that is going to grow; half a line, left by a kill, is cut off."""
    if not path.exists():
        return Journal()
    journal, intact_bytes = _read(path)
    if path.stat().st_size > intact_bytes:
        with path.open("r+b") as file:
            file.truncate(intact_bytes)
    return journal


def _read(path: Path) -> tuple[Journal, int]:
    """Return the journal and how many bytes of the file are whole lines."""
    events: list[AnyEvent] = []
    intact_bytes = 0
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        is_last = number == len(lines)
        if is_last:  # a file that was closed properly ends with a newline, so the last piece is empty
            break
        if not events:
            _check_format(path, line)
        try:
            events.append(_decoder.decode(line))
        except msgspec.MsgspecError as error:
            raise JournalError(path, number, f"not an event of this format ({error})") from error
        intact_bytes += len(line) + 1
    return Journal(events=tuple(events)), intact_bytes


def _check_format(path: Path, line: bytes) -> None:
    try:
        header = msgspec.json.decode(line)
        version = header["format"]
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise JournalError(path, 1, "the first line is not the start of a run of octopus") from error
    if version != FORMAT:
        raise JournalError(
            path, 1, f"format {version!r}, and this version of octopus reads {FORMAT}: use the version that wrote it"
        )


def _sync_directory(directory: Path) -> None:
    """Make the new file's name durable, where the platform can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
