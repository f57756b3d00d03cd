"""Where a run is written: its directory, its journal, its clock."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TypedDict

import platformdirs

from octopus.errors import RunDirectoryError
from octopus.journal import FILENAME, Journal, JournalFile
from octopus.records import AnyEvent, Plan

#: Where a fit keeps copies of the data, and the file in there that it holds locked as long as it lives.
_WORKSPACE, _HELD = "work-", ".held"


class Stamp(TypedDict):
    """The fields that every event has."""

    at: str
    elapsed_s: float


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run under way.

    Parameters
    ----------
    name : str
        Name of the run.
    file : JournalFile
        Its journal.
    workspace : Path
        Holds copies of the data while the search runs; deleted after it.
    elapsed_s : callable
        Seconds since ``fit`` was entered, counted on where an interrupted run stopped.
    asked_to_stop : callable
        Why somebody outside asks for an end of the search; empty while nobody does.
    announce : callable
        Told of each plan when its script begins to run, for whoever looks on.
    """

    name: str
    file: JournalFile
    workspace: Path
    elapsed_s: Callable[[], float]
    asked_to_stop: Callable[[], str]
    announce: Callable[[Plan], object]

    @property
    def journal(self) -> Journal:
        """What was done so far."""
        return self.file.journal

    def stamp(self) -> Stamp:
        """Return time and elapsed seconds for an event that is written now."""
        return Stamp(at=datetime.now(UTC).isoformat(timespec="milliseconds"), elapsed_s=round(self.elapsed_s(), 3))


@contextmanager
def open_run(
    run_dir: str | os.PathLike[str] | None,
    target: str,
    clock: Callable[[], float],
    warm_start: bool,
    observers: Iterable[Callable[[AnyEvent], None]],
    asked_to_stop: Callable[[], str] = str,
    announce: Callable[[Plan], object] = id,
) -> Iterator[tuple[Path, Run]]:
    """Make or reopen a run directory; delete the copies of the data when the block ends.

    Parameters
    ----------
    run_dir : path-like or None
        The directory; None for a new one in the user's data directory.
    target : str
        Name of the target, for the name of a new run.
    clock : callable
        Seconds since ``fit`` was entered.
    warm_start : bool
        Whether an unfinished run in that directory is carried on.
    observers : iterable of callable
        Called with each event.
    asked_to_stop : callable
        Gives the reason why the search is to end, and empty text while there is none.
    announce : callable
        Told of each plan when its script begins to run.

    Yields
    ------
    tuple of Path and Run
        The directory and the run.

    Raises
    ------
    RunDirectoryError
        The directory is a file, holds something else, a run that may not be carried on, or one that is under way.
    """
    name = run_name(target)
    path = Path(run_dir) if run_dir is not None else Path(platformdirs.user_data_dir("octopus")) / "runs" / name
    check_run_dir(path, warm_start)
    is_new = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise RunDirectoryError(path, f"it cannot be made ({error.strerror})", "Give another run_dir.") from error
    file = JournalFile(path / FILENAME, observers)
    before_s = file.journal.elapsed_s
    started = file.journal.started
    try:
        with tempfile.TemporaryDirectory(prefix=_WORKSPACE, dir=path) as workspace, _held(Path(workspace)):
            run = Run(
                name=started.run if started else path.name,
                file=file,
                workspace=Path(workspace),
                elapsed_s=lambda: before_s + clock(),
                asked_to_stop=asked_to_stop,
                announce=announce,
            )
            yield path, run
    finally:
        if is_new and not any(path.iterdir()):  # refused before its first event
            path.rmdir()


@contextmanager
def reopen_run(
    run_dir: str | os.PathLike[str],
    clock: Callable[[], float],
    observers: Iterable[Callable[[AnyEvent], None]],
    announce: Callable[[Plan], object] = id,
) -> Iterator[tuple[Path, Run]]:
    """Open a run that has begun, finished or not, to add an experiment; delete the copies of the data afterwards.

    Parameters
    ----------
    run_dir : path-like
        Its directory.
    clock : callable
        Seconds since it was opened.
    observers : iterable of callable
        Called with each event.
    announce : callable
        Told of the plan when its script begins to run.

    Yields
    ------
    tuple of Path and Run
        The directory and the run.

    Raises
    ------
    RunDirectoryError
        It holds no run, or one that is under way.
    """
    path = Path(run_dir)
    if not (path / FILENAME).is_file():
        raise RunDirectoryError(path, f"it holds no {FILENAME}", "Name the directory of a run of octopus.")
    _clear(path)
    file = JournalFile(path / FILENAME, observers)
    before_s = file.journal.elapsed_s
    with tempfile.TemporaryDirectory(prefix=_WORKSPACE, dir=path) as workspace, _held(Path(workspace)):
        yield (
            path,
            Run(
                name=file.journal.started.run if file.journal.started else path.name,
                file=file,
                workspace=Path(workspace),
                elapsed_s=lambda: before_s + clock(),
                asked_to_stop=str,
                announce=announce,
            ),
        )


def run_name(target: str) -> str:
    """Return a name for a new run: the target, made safe for a file system, and seven random digits."""
    slug = re.sub(r"[^a-z0-9]+", "-", target.lower()).strip("-")[:30] or "run"
    return f"{slug}-{uuid.uuid4().hex[:7]}"


def check_run_dir(run_dir: str | os.PathLike[str], warm_start: bool) -> None:
    """Refuse a directory that is not ours, or a run that may not be carried on.

    Parameters
    ----------
    run_dir : path-like
        Where a run is to be written.
    warm_start : bool
        Whether an unfinished run there is carried on.

    Raises
    ------
    RunDirectoryError
        The directory is a file, holds something else, a run that may not be carried on, or one that is under way.
    """
    path = Path(run_dir)
    if path.exists() and not path.is_dir():
        raise RunDirectoryError(path, "it is a file", "Give the name of a directory that does not exist yet.")
    if path.is_dir():
        _clear(path)
    if not path.is_dir() or not any(path.iterdir()):
        return
    if not (path / FILENAME).is_file():
        raise RunDirectoryError(path, f"it holds files but no {FILENAME}", "Give a new or empty directory.")
    if not warm_start:
        raise RunDirectoryError(
            path, "it holds a run already", "Give another run_dir, or warm_start=True to carry an unfinished run on."
        )
    if JournalFile(path / FILENAME).journal.finished is not None:
        raise RunDirectoryError(
            path, "its run is finished and its holdout is open", "More search is a new run: give another run_dir."
        )


def _clear(path: Path) -> None:
    """Delete the copies of the data that a killed fit left behind; refuse a directory that a living one writes to."""
    for held in path.glob(f"{_WORKSPACE}*/{_HELD}"):
        with held.open("r+b") as file:
            if not _lock(file):
                why = "another fit is writing to it"
                raise RunDirectoryError(path, why, "Wait for its end, or give another run_dir.")
        shutil.rmtree(held.parent)


@contextmanager
def _held(workspace: Path) -> Iterator[None]:
    """Hold a workspace: the system lets go of the lock when the process ends, however it ends."""
    with (workspace / _HELD).open("wb") as file:
        _lock(file)
        yield


def _lock(file: IO[bytes]) -> bool:
    """Lock a file without waiting; False where another fit holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
