"""``octopus track RUN``: send a run from its journal, here and now, and remove what is there twice."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from octopus.errors import RunDirectoryError, StoreRefused
from octopus.journal import read_journal
from octopus.records import Record
from octopus.trackers.client import mlflow_settings, open_client
from octopus.trackers.ledger import Ledger, Sent, open_ledger
from octopus.trackers.locks import is_held
from octopus.trackers.patience import Patience
from octopus.trackers.place import Naming
from octopus.trackers.sending import Sender, open_sender
from octopus.trackers.store import Store, choose_store

#: A follower lets go of a run after each look; one that does not within this time hangs on its server.
_OTHER_SENDER_WITHIN_S = 60.0


class TrackReport(Record, frozen=True, kw_only=True):
    """What of a run is in MLflow.

    Parameters
    ----------
    uri : str
        The store, without secrets.
    experiment_id, run_id : str
        Where the run stands there.
    model_id : str
        ``models:/ID`` loads the winner; empty where the run has no bundle.
    n_entries : int
        Entries of the run.
    n_sent : int
        Those that were sent just now.
    n_duplicates : int
        Runs and models that a slow server had made twice, and that were removed just now.
    is_closed : bool
        Whether the run is there to its end.
    untraced : str
        Why prompts and replies that were sent just now are not among the traces; empty where they are.
    """

    uri: str
    experiment_id: str
    run_id: str
    model_id: str
    n_entries: int
    n_sent: int
    n_duplicates: int
    is_closed: bool
    untraced: str = ""


def track(run_dir: str | os.PathLike[str], follow: bool = False) -> TrackReport:
    """Send what of a run is not in MLflow yet; sent again, nothing is there twice.

    Parameters
    ----------
    run_dir : path-like
        The run, finished or not.
    follow : bool, default=False
        Whether to go on until the run is over.

    Returns
    -------
    TrackReport
        What is there.

    Raises
    ------
    RunDirectoryError, JournalError
        There is no journal that can be read.
    TrackingError
        MLflow does not answer or does not want to.
    """
    path = Path(os.path.abspath(run_dir))  # noqa: PTH100  links stay: the path is shown to people
    store, patience = choose_store(path.parent), Patience()
    journal = read_journal(path)
    if journal.started is None:
        raise RunDirectoryError(path, "its journal is empty", "Track it when its search has begun.")
    naming = Naming(
        experiment=os.environ.get("MLFLOW_EXPERIMENT_NAME", ""),
        experiment_id=os.environ.get("MLFLOW_EXPERIMENT_ID", ""),
    )
    with mlflow_settings(store, patience), _ledger(path, store) as ledger:
        sender, before = open_sender(open_client(store), store, journal, naming, ledger.read(store.shown))
        ledger.write(before)
        sent = _send(sender, path, before, ledger, follow, patience)
        n_entries = len(read_journal(path)) + 1
    return TrackReport(
        uri=store.shown,
        experiment_id=sent.experiment_id,
        run_id=sent.run_id,
        model_id=sent.model_id,
        n_entries=n_entries,
        n_sent=sent.events + sent.is_closed - before.events - before.is_closed,
        n_duplicates=len(sender.place.removed),
        is_closed=sent.is_closed,
        untraced="; ".join(dict.fromkeys(sender.place.untraced)),
    )


@contextmanager
def _ledger(path: Path, store: Store) -> Iterator[Ledger]:
    with open_ledger(path, create=True, within_s=_OTHER_SENDER_WITHIN_S) as ledger:
        if ledger is None:
            raise StoreRefused(store.shown, "another process is sending this run")
        yield ledger


def _send(sender: Sender, path: Path, sent: Sent, ledger: Ledger, follow: bool, patience: Patience) -> Sent:
    while True:
        is_over = not _is_written(path)  # before the journal is read: what is written last is read then
        journal = read_journal(path)
        sent = sender.send(journal, path, is_over, sent, ledger.write)
        if is_over or not follow:
            return sent
        time.sleep(patience.look_s)


def _is_written(run_dir: Path) -> bool:
    """Return whether a fit is writing to a run: it holds a file in its workspace locked (:mod:`octopus.rundir`)."""
    return any(is_held(held) for held in run_dir.glob("work-*/.held"))
