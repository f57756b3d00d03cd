"""What of a run is in MLflow: a small file in its directory, read by the fit and written by who sends.

It is made once and written in place, so that nothing new turns up in a directory that its user is deleting. A ledger
that is lost costs nothing but a search: the runs carry their identity as tags.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from octopus.journal import read_journal
from octopus.records import Record
from octopus.trackers.locks import holding

#: Name of the file in a run directory.
LEDGER = "tracking.json"


class Sent(Record, frozen=True, kw_only=True):
    """How far a run is sent.

    Parameters
    ----------
    uri : str
        Store, without secrets.
    experiment_id, run_id, model_id : str
        Where the run stands there; empty while it does not.
    events : int
        Events that are there.
    closed_after : int or None
        Events after which the run was closed there; None while it is open.
    why : str
        Why the last try failed; empty where it did not.
    waiting_since : float or None
        Seconds since 1970 at which a server was asked that did not answer yet.
    """

    uri: str
    experiment_id: str = ""
    run_id: str = ""
    model_id: str = ""
    events: int = 0
    closed_after: int | None = None
    why: str = ""
    waiting_since: float | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the run is there to its end."""
        return self.closed_after is not None and self.closed_after == self.events


class Ledger:
    """The file, held by one sender.

    Parameters
    ----------
    file : int
        Open for reading and writing.
    """

    def __init__(self, file: int) -> None:
        self._file = file

    def read(self, uri: str) -> Sent:
        """Return how far the run is sent to a store.

        Parameters
        ----------
        uri : str
            The store; what was sent to another does not count.

        Returns
        -------
        Sent
            From the beginning, where the file says nothing.
        """
        os.lseek(self._file, 0, os.SEEK_SET)
        sent = _decoded(os.read(self._file, os.fstat(self._file).st_size))
        return sent if sent is not None and sent.uri == uri else Sent(uri=uri)

    def write(self, sent: Sent) -> None:
        """Keep how far the run is sent.

        Parameters
        ----------
        sent : Sent
            Replaces what was there.
        """
        content = msgspec.json.format(msgspec.json.encode(sent), indent=1) + b"\n"
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, content)
        os.ftruncate(self._file, len(content))


@contextmanager
def open_ledger(run_dir: Path, create: bool, within_s: float = 0.0) -> Iterator[Ledger | None]:
    """Hold the ledger of a run as long as the block lasts: two senders never send the same.

    Parameters
    ----------
    run_dir : Path
        The run.
    create : bool
        Whether the file is made where it is missing.
    within_s : float, default=0.0
        How long to wait for another sender.

    Yields
    ------
    Ledger or None
        None while another process sends this run.

    Raises
    ------
    FileNotFoundError
        It is missing and not to be made, or the directory is gone.
    """
    with holding(run_dir / LEDGER, create, within_s) as file:
        yield None if file is None else Ledger(file)


def read_sent(run_dir: Path) -> Sent | None:
    """Return how far a run is sent, whoever holds the ledger.

    Parameters
    ----------
    run_dir : Path
        The run.

    Returns
    -------
    Sent or None
        None where nothing is known.
    """
    try:
        return _decoded((run_dir / LEDGER).read_bytes())
    except OSError:
        return None


def pending(run_dir: str | os.PathLike[str]) -> int:
    """Return how many entries of a run are not in MLflow yet.

    Parameters
    ----------
    run_dir : path-like
        The run.

    Returns
    -------
    int
        One for each event, and one that closes the run with its model.

    Raises
    ------
    RunDirectoryError, JournalError
        There is no journal that can be read.
    """
    n_events = len(read_journal(run_dir))
    sent = read_sent(Path(run_dir))
    if sent is None:
        return n_events + 1
    is_closed = sent.is_closed and sent.events == n_events
    return n_events - min(sent.events, n_events) + (not is_closed)


def _decoded(content: bytes) -> Sent | None:
    try:
        return msgspec.json.decode(content, type=Sent)
    except msgspec.MsgspecError:
        return None
