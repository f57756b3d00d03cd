"""The truth about a run: an append-only file of typed events, one JSON line each.

:class:`Journal` is what was written, as a value; policy and reports are pure functions of it.
:class:`JournalFile` is the one place where a run's state grows: a line is written whole, flushed and
synced before anything else happens, so that ``kill -9`` costs at most what is in flight.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from octopus.errors import JournalError, RunDirectoryError
from octopus.records import (
    AnyEvent,
    Experiment,
    ExperimentFinished,
    Finding,
    Fitted,
    HoldoutOpened,
    HoldoutReport,
    ModelCall,
    ModelCalled,
    ModelRetired,
    NotBlended,
    Profile,
    Profiled,
    Quarantined,
    Record,
    Released,
    Revalidated,
    RunFinished,
    RunStarted,
    SearchStopped,
    Task,
    Usage,
    ValidationPlan,
)

#: Version of the format; bumped when an older reader could misread a newer file.
FORMAT = 4
#: Code of the finding that a scientist has a column left out, or used again.
SCIENTISTS_CHOICE = "OCT730"
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
        """Every finished experiment, in order; with its score on the folds that count now."""
        found: dict[int, Experiment] = {}
        for event in self.events:
            if isinstance(event, ExperimentFinished):
                found[event.experiment.number] = event.experiment
            elif isinstance(event, Revalidated):
                found = _rescored(found, event)
        return tuple(found.values())

    @property
    def valid_experiments(self) -> tuple[Experiment, ...]:
        """The experiments that may be compared: they have a score, and read no column that is quarantined since."""
        gone = self.set_aside
        return tuple(e for e in self.experiments if e.is_valid and e.number not in gone)

    @property
    def set_aside(self) -> frozenset[int]:
        """Numbers of the experiments that count no more, for they read a column that was quarantined later.

        Once all columns of a quarantine are released its experiments count again.
        """
        standing: list[tuple[set[str], tuple[int, ...]]] = []
        for event in self.events:
            if isinstance(event, Quarantined):
                standing.append((set(event.columns), event.set_aside))
            elif isinstance(event, Released):
                standing = [(left, n) for columns, n in standing if (left := columns - set(event.columns))]
        return frozenset(number for _, numbers in standing for number in numbers)

    @property
    def candidates(self) -> tuple[Experiment, ...]:
        """The experiments that may win: those that may be compared; where none is, those that were set aside.

        What was tried after the holdout had been opened is none.
        """
        before = self._before_the_end
        return before.valid_experiments or tuple(e for e in before.experiments if e.is_valid)

    @property
    def standing(self) -> Journal:
        """The journal as if the experiments that count no more had never been: for whoever decides what to try."""
        gone = self.set_aside
        if not gone:
            return self
        kept = (e for e in self.events if not isinstance(e, ExperimentFinished) or e.experiment.number not in gone)
        return Journal(events=tuple(kept))

    @property
    def of_playbook(self) -> Journal:
        """The journal as if only the playbook had written scripts: for what continues its own ways."""
        kept = (
            e for e in self.events if not isinstance(e, ExperimentFinished) or e.experiment.script.author == "playbook"
        )
        return Journal(events=tuple(kept))

    @property
    def calls(self) -> tuple[ModelCall, ...]:
        """Every question to a language model, in order."""
        return tuple(e.call for e in self.events if isinstance(e, ModelCalled))

    @property
    def is_led(self) -> bool:
        """Whether a language model was asked: it can mend what it wrote, and has turns beside the playbook's."""
        return bool(self.calls)

    @property
    def has_refused_a_blend(self) -> bool:
        """Whether the best of the search were found not to be better together."""
        return any(isinstance(e, NotBlended) for e in self.events)

    @property
    def usage(self) -> Usage:
        """What all of them took."""
        return sum((call.usage for call in self.calls), Usage())

    @property
    def retirement(self) -> str:
        """Why a language model took no further part; empty where it did to the end, or none was there."""
        retired = self._first(ModelRetired)
        return retired.retirement.reason if retired else ""

    @property
    def best(self) -> Experiment | None:
        """The candidate with the highest mean score; the earlier one of two equals."""
        return max(self.candidates, key=_mean_then_early, default=None)

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
        """What was found in the data, with the columns that are used now."""
        profiled = self._first(Profiled)
        if profiled is None:
            return None
        profile = profiled.profile
        for event in self.events:
            if isinstance(event, Quarantined | Released):
                profile = _with_use(profile, event)
        return profile

    @property
    def validation(self) -> ValidationPlan | None:
        """How candidates are compared now."""
        latest = next((e for e in reversed(self.events) if isinstance(e, Profiled | Revalidated)), None)
        return latest.validation if latest else None

    @property
    def started(self) -> RunStarted | None:
        """The opening event."""
        return self._first(RunStarted)

    @property
    def stopped(self) -> SearchStopped | None:
        """Why the search ended last; None while it runs, when it was killed, and where it was carried on since."""
        events = self._before_the_end.events
        latest = next((e for e in reversed(events) if isinstance(e, SearchStopped | ExperimentFinished)), None)
        return latest if isinstance(latest, SearchStopped) else None

    @property
    def is_searched(self) -> bool:
        """Whether nothing is left but the proof; a search that was interrupted goes on until its winner is fitted."""
        if self.holdout is not None:  # opened: whatever was added since, more search is a new run
            return True
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

    @property
    def _before_the_end(self) -> Journal:
        """What was done until the holdout was opened or the run was finished; all of it where neither was."""
        ends = (i for i, e in enumerate(self.events) if isinstance(e, RunFinished | HoldoutOpened))
        end = next(ends, len(self.events))
        return self if end >= len(self.events) - 1 else Journal(events=self.events[: end + 1])

    def _first(self, kind: type[_EventT]) -> _EventT | None:
        return next((e for e in self.events if isinstance(e, kind)), None)


def _rescored(experiments: Mapping[int, Experiment], event: Revalidated) -> dict[int, Experiment]:
    """Return experiments with their scores on other folds; without one where they were not scored again."""
    by_number = {one.number: one for one in event.rescored}
    found = {}
    for number, experiment in experiments.items():
        again = by_number.get(number)
        if again is None:
            found[number] = msgspec.structs.replace(experiment, score=None, threshold=None, diagnoses=())
        else:
            found[number] = msgspec.structs.replace(
                experiment,
                outcome=again.outcome,
                score=again.score,
                threshold=again.threshold,
                diagnoses=again.diagnoses,
            )
    return found


def _with_use(profile: Profile, event: Quarantined | Released) -> Profile:
    """Return a profile in which columns are used or not, with a finding that says why."""
    is_used = isinstance(event, Released)
    finding = Finding(
        code=SCIENTISTS_CHOICE,
        columns=event.columns,
        message=f"{', '.join(event.columns)}: {event.reason}",
        evidence="the scientist's reading of the columns, accepted on what the data say",
        confidence="strong",
        action="used again" if is_used else "quarantined: not used",
    )
    columns = tuple(
        msgspec.structs.replace(column, used=is_used) if column.name in event.columns else column
        for column in profile.columns
    )
    return msgspec.structs.replace(profile, columns=columns, findings=(*profile.findings, finding))


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
