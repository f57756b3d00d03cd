"""The follower: a process of its own that sends every run registered on one store, and ends when there is none left.

``python -m octopus.trackers.follow SPOOL STORE PATIENCE``, the last two as JSON; started by
:class:`octopus.trackers.mlflow.MlflowTracker`.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from octopus.errors import JournalError, RunDirectoryError, StoreRefused, StoreUnreachable
from octopus.journal import FILENAME, Journal, read_journal
from octopus.trackers.client import mlflow_settings, open_client
from octopus.trackers.ledger import Ledger, Sent, open_ledger
from octopus.trackers.patience import Patience
from octopus.trackers.place import Naming
from octopus.trackers.sending import Sender, open_sender
from octopus.trackers.spool import Registration, Spool
from octopus.trackers.store import Store

#: Below everything that a fit does: the follower has time.
_NICENESS = 15


def main() -> None:
    """Follow the runs of the spool that the command line names."""
    spool, store = Spool(Path(sys.argv[1])), msgspec.json.decode(sys.argv[2], type=Store)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    try:
        follow(spool, store, msgspec.json.decode(sys.argv[3], type=Patience))
    except Exception as error:  # boundary: nobody reads what this process prints, so the runs' ledgers say it
        for registration in spool.registrations():
            _say_why(Path(registration.run_dir), store, f"the follower failed: {type(error).__name__}: {error}")
        raise


def follow(spool: Spool, store: Store, patience: Patience) -> None:
    """Send what is registered until nothing is, and nothing new came for a while.

    Parameters
    ----------
    spool : Spool
        The runs of one store.
    store : Store
        Where they go.
    patience : Patience
        How long to wait for what.
    """
    is_needed = True
    while is_needed:
        with spool.served() as is_ours, mlflow_settings(store, patience):
            if not is_ours:
                return
            _Follower(spool, store, patience).work()
        is_needed = bool(spool.registrations())  # registered while the lock was still held


class _Follower:
    """What a follower remembers between two looks."""

    def __init__(self, spool: Spool, store: Store, patience: Patience) -> None:
        self.spool, self.store, self.patience = spool, store, patience
        self.client: Any = None
        self.followed: dict[str, _Followed] = {}
        self.failing_since: float | None = None
        self.pause_s = patience.first_pause_s
        self.has_asked_again = False

    def work(self) -> None:
        idle_since = time.monotonic()
        while True:
            waiting = self.spool.registrations()
            self.followed = {one.key: self.followed.get(one.key) or _Followed() for one in waiting}
            if waiting:
                pause_s = self._look_at(waiting)
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > self.patience.idle_s:
                return
            else:
                pause_s = self.patience.look_s
            time.sleep(pause_s)

    def _look_at(self, waiting: tuple[Registration, ...]) -> float:
        """Send what is new of each run; return how long to rest."""
        for registration in waiting:
            try:
                self._serve(registration)
            except StoreUnreachable as error:
                self._bear(waiting, error.why)
                pause_s, self.pause_s = self.pause_s, min(2 * self.pause_s, self.patience.longest_pause_s)
                return pause_s
        return self.patience.look_s

    def _serve(self, registration: Registration) -> None:
        run_dir, followed = Path(registration.run_dir), self.followed[registration.key]
        is_over = registration.fit_is_over()  # before the journal is read: what is written last is read then
        try:
            is_done = self._send_new(registration, followed, is_over)
        except StoreRefused as error:
            _say_why(run_dir, self.store, error.why)
            is_done = True
        except (JournalError, RunDirectoryError, OSError):  # not written yet, not readable, or deleted
            followed.sender = followed.sender if not (run_dir / FILENAME).exists() else None
            is_done = is_over or not run_dir.exists()
            if not run_dir.exists():
                self._part_with(registration, followed)
        if is_done:
            self.spool.drop(registration)

    def _send_new(self, registration: Registration, followed: _Followed, is_over: bool) -> bool:
        """Send what was not there at the last look; return whether the run is over and sent."""
        run_dir = Path(registration.run_dir)
        stamp = _stamp(run_dir)
        if stamp == followed.stamp and not is_over:
            return False
        followed.stamp, followed.journal = stamp, read_journal(run_dir)
        if followed.journal.started is None:
            return is_over
        with open_ledger(run_dir, create=followed.sender is None) as ledger:
            if ledger is None:  # somebody else sends it just now
                followed.stamp = None
                return False
            sent = ledger.read(self.store.shown)
            keep = _Waiting(ledger)
            keep(sent)
            sender, sent = self._opened(registration, followed, sent)
            followed.sender = sender
            keep(sent)
            sent = sender.send(followed.journal, run_dir, is_over, sent, keep)
            followed.sent = msgspec.structs.replace(sent, waiting_since=None)
            ledger.write(followed.sent)
        self._is_answered()
        return is_over

    def _opened(self, registration: Registration, followed: _Followed, sent: Sent) -> tuple[Sender, Sent]:
        if followed.sender is not None:
            return followed.sender, sent
        if self.client is None:
            self.client = open_client(self.store)
        naming = Naming(
            experiment=registration.experiment,
            experiment_id=registration.experiment_id,
            parent_run_id=registration.parent_run_id,
        )
        return open_sender(self.client, self.store, followed.journal, naming, sent)

    def _is_answered(self) -> None:
        self.failing_since, self.pause_s = None, self.patience.first_pause_s
        if not self.has_asked_again:
            self.has_asked_again = True
            self.spool.take_back()

    def _bear(self, waiting: tuple[Registration, ...], why: str) -> None:
        """Note why nothing can be sent, and give up the runs that are over for long."""
        now = time.monotonic()
        self.failing_since = self.failing_since if self.failing_since is not None else now
        for registration in waiting:
            followed = self.followed[registration.key]
            followed.stamp = None
            followed.sender = None  # what was not answered may be carried out: the next one looks what is there
            _say_why(Path(registration.run_dir), self.store, why)
            if not registration.fit_is_over():
                followed.over_since = None
                continue
            followed.over_since = followed.over_since if followed.over_since is not None else now
            if now - max(followed.over_since, self.failing_since) >= self.patience.give_up_s:
                self.spool.set_aside(registration)

    def _part_with(self, registration: Registration, followed: _Followed) -> None:
        """Close a run whose directory is gone, with what was read of it."""
        if followed.sent is not None:
            with suppress(StoreRefused, StoreUnreachable):
                sender, sent = self._opened(registration, followed, followed.sent)
                sender.send(followed.journal, Path(registration.run_dir), True, sent, _forget)


class _Waiting:
    """Keeps what was sent, with the time from which the next answer is waited for."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def __call__(self, sent: Sent) -> None:
        self.ledger.write(msgspec.structs.replace(sent, waiting_since=time.time()))


class _Followed:
    """What is remembered of a run."""

    def __init__(self) -> None:
        self.sender: Sender | None = None
        self.journal = Journal()
        self.sent: Sent | None = None
        self.stamp: tuple[int, int] | None = None
        self.over_since: float | None = None


def _stamp(run_dir: Path) -> tuple[int, int]:
    status = (run_dir / FILENAME).stat()
    return status.st_size, status.st_mtime_ns


def _say_why(run_dir: Path, store: Store, why: str) -> None:
    """Keep a reason where the fit finds it; a directory without a journal stays as it is."""
    if not (run_dir / FILENAME).is_file():
        return
    with suppress(OSError), open_ledger(run_dir, create=True) as ledger:
        if ledger is not None:
            ledger.write(msgspec.structs.replace(ledger.read(store.shown), why=why, waiting_since=None))


def _forget(sent: Sent) -> None:
    del sent


if __name__ == "__main__":
    main()
