"""Where runs wait for the follower of their store: one directory per store, one small file per run.

That no run is forgotten: who registers writes its file, then looks whether a follower holds the lock, and starts one
where none does. A follower that leaves looks into the spool once more after it let go of the lock. So either it was
still holding the lock when somebody looked, and sees the file after that, or it was not, and a new one is started.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import platformdirs
import psutil

from octopus.records import Record
from octopus.trackers.locks import holding, is_held
from octopus.trackers.store import Store

#: A follower that starts tries this long to get the lock: who only looks holds it for less than a millisecond.
_LOOKS_PASS_WITHIN_S = 1.0
#: Files of runs to be sent, and of runs that were given up for now.
_WAITING, _ASIDE = ".json", ".unsent"


class Registration(Record, frozen=True, kw_only=True):
    """A run to follow.

    Parameters
    ----------
    run_dir : str
        The run.
    experiment, experiment_id, parent_run_id : str
        What MLflow's own settings name in the fitting process; empty where they name nothing.
    process_id : int
        The fitting process.
    process_began : float
        When it began, in seconds since 1970: a number alone is used again.
    is_over : bool
        Whether the fit writes no more.
    """

    run_dir: str
    experiment: str = ""
    experiment_id: str = ""
    parent_run_id: str = ""
    process_id: int
    process_began: float
    is_over: bool = False

    @property
    def key(self) -> str:
        """Name of its file."""
        return hashlib.sha256(self.run_dir.encode()).hexdigest()[:16]

    def fit_is_over(self) -> bool:
        """Return whether nothing more will be written, because the fit said so or its process is dead."""
        if self.is_over:
            return True
        try:
            return bool(psutil.Process(self.process_id).create_time() != self.process_began)
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False


class Spool:
    """The directory of one store.

    Parameters
    ----------
    path : Path
        Made when something is put there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, registration: Registration) -> None:
        """Register a run, or register it anew.

        Parameters
        ----------
        registration : Registration
            The run.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(self.path / f"{registration.key}{_WAITING}", registration)

    def registrations(self) -> tuple[Registration, ...]:
        """Return the runs that wait, the oldest first."""
        return tuple(one for path in _oldest_first(self.path.glob(f"*{_WAITING}")) if (one := _read(path)) is not None)

    def find(self, key: str) -> Registration | None:
        """Return a run that waits.

        Parameters
        ----------
        key : str
            Key of its registration.

        Returns
        -------
        Registration or None
            None where it does not.
        """
        return _read(self.path / f"{key}{_WAITING}")

    def drop(self, registration: Registration) -> None:
        """Forget a run.

        Parameters
        ----------
        registration : Registration
            The run.
        """
        if self.find(registration.key) == registration:  # else it was registered anew
            (self.path / f"{registration.key}{_WAITING}").unlink(missing_ok=True)

    def set_aside(self, registration: Registration) -> None:
        """Give a run up until the store answers again.

        Parameters
        ----------
        registration : Registration
            The run.
        """
        with suppress(FileNotFoundError):
            (self.path / f"{registration.key}{_WAITING}").replace(self.path / f"{registration.key}{_ASIDE}")

    def take_back(self) -> None:
        """Let the runs that were given up wait again, unless they were registered anew or are gone."""
        for path in self.path.glob(f"*{_ASIDE}"):
            registration = _read(path)
            if registration is None or not Path(registration.run_dir).is_dir() or self.find(registration.key):
                path.unlink(missing_ok=True)
            else:
                path.replace(path.with_suffix(_WAITING))

    def has_follower(self) -> bool:
        """Return whether a follower serves this spool."""
        return is_held(self._lock)

    @contextmanager
    def served(self) -> Iterator[bool]:
        """Be the follower of this spool as long as the block lasts.

        Yields
        ------
        bool
            False where there is one already.
        """
        with holding(self._lock, within_s=_LOOKS_PASS_WITHIN_S) as file:
            yield file is not None

    @property
    def _lock(self) -> Path:
        return self.path / "lock"


def spool_of(store: Store) -> Spool:
    """Return the spool of a store, in the user's state directory.

    Parameters
    ----------
    store : Store
        The store.

    Returns
    -------
    Spool
        The same for the same store.
    """
    key = hashlib.sha256(f"{store.uri}\n{store.artifacts}".encode()).hexdigest()[:16]
    return Spool(Path(platformdirs.user_state_dir("octopus")) / "mlflow" / key)


def _write(path: Path, registration: Registration) -> None:
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        draft.touch(mode=0o600)
        draft.write_bytes(msgspec.json.encode(registration))
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _read(path: Path) -> Registration | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Registration)
    except (OSError, msgspec.MsgspecError):
        return None


def _oldest_first(paths: Iterator[Path]) -> list[Path]:
    dated = []
    for path in paths:
        with suppress(FileNotFoundError):
            dated.append((path.stat().st_mtime_ns, os.fspath(path), path))
    return [path for _, _, path in sorted(dated)]
