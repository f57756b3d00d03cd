"""Journal → MLflow: what is not there yet, one batch per entry; killed at any point it goes on without duplicates."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from octopus.journal import FILENAME, Journal
from octopus.trackers.client import asking
from octopus.trackers.entries import Entry, Trace
from octopus.trackers.ledger import Sent
from octopus.trackers.mapping import closing, entries_of, run_name
from octopus.trackers.models import find_model, holds_model, send_model
from octopus.trackers.place import Naming, Place, find_place
from octopus.trackers.store import Store
from octopus.trackers.tags import UNTRACED_TAG
from octopus.trackers.traces import NO_TRACES, send_trace

#: MLflow takes at most 1,000 metrics, 100 parameters and 100 tags at once, 1,000 together
#: (mlflow.utils.validation.MAX_METRICS_PER_BATCH and those beside it).
_MAX_POINTS, _MAX_TEXTS = 800, 90
#: Metrics of the run that are metrics of its model too.
_OF_MODEL = ("holdout_score", "holdout_ci_low", "holdout_ci_high")
#: Files of a run that go along when it is closed: path in the run directory.
_FILES = (FILENAME, "model/report.html", "model/MODEL_CARD.md")


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Sends one run to one store.

    Parameters
    ----------
    client : mlflow.MlflowClient
        Opened for that store.
    store : Store
        The store.
    place : Place
        Where the run stands there.
    """

    client: Any
    store: Store
    place: Place

    def send(self, journal: Journal, run_dir: Path, is_over: bool, sent: Sent, keep: Callable[[Sent], None]) -> Sent:
        """Send what is new, and close the run when it is over.

        Parameters
        ----------
        journal : Journal
            As it is now.
        run_dir : Path
            For the files that go along at the end; it may be gone.
        is_over : bool
            Whether nothing more will be written.
        sent : Sent
            What is there.
        keep : callable
            Called with what is there, after each entry.

        Returns
        -------
        Sent
            What is there now.

        Raises
        ------
        StoreUnreachable, StoreRefused
            Something could not be sent; what was kept is there.
        """
        new = entries_of(journal)[sent.events :]
        if new and sent.closed_after is not None:  # an unfinished run is carried on
            with asking(self.store):
                self.client.update_run(self.place.run_id, status="RUNNING")
            sent = msgspec.structs.replace(sent, closed_after=None)
        for entry in new:
            with asking(self.store):
                self._send(entry)
            sent = msgspec.structs.replace(sent, events=sent.events + 1, why="", waiting_since=None)
            keep(sent)
        if is_over and not sent.is_closed:
            with asking(self.store):
                sent = self._close(journal, run_dir, sent)
            keep(sent)
        return sent

    def _close(self, journal: Journal, run_dir: Path, sent: Sent) -> Sent:
        for name in _FILES:
            if (run_dir / name).is_file():
                self.client.log_artifact(self.place.run_id, os.fspath(run_dir / name))
        if holds_model(run_dir / "model"):
            best = journal.best
            params = {"family": best.plan.family, "idea": best.plan.idea} if best else {}
            model_id = send_model(self.place, run_dir / "model", _model_name(journal), params, sent.model_id)
            sent = msgspec.structs.replace(sent, model_id=model_id)
        for entry in entries_of(journal) if sent.model_id else ():  # the model came after the proof: it gets it now
            proved = tuple(point for point in entry.points if point.name in _OF_MODEL)
            if proved:
                points_only = Entry(experiment=None, name=entry.name, start_ms=entry.start_ms, points=proved)
                self._send(points_only, sent.model_id)
        self.place.look()  # what was carried out too late is there by now, as a rule
        self._send(closing(journal), sent.model_id)
        return msgspec.structs.replace(sent, closed_after=sent.events, why="", waiting_since=None)

    def _send(self, entry: Entry, model_id: str = "") -> None:
        run_id = self.place.run_for(entry)
        self._log(run_id, entry, model_id)
        if entry.texts:
            with tempfile.TemporaryDirectory(prefix="octopus-") as directory:
                for path, text in entry.texts.items():
                    (Path(directory) / path).write_text(text, encoding="utf-8", newline="")
                self.client.log_artifacts(run_id, directory)
        for trace in entry.traces:
            self._trace(run_id, trace)
        for nested in entry.also:
            if nested.experiment in self.place.nested:  # one that its user deleted stays deleted
                self._log(self.place.run_for(nested), nested, "")
                self.client.update_run(self.place.run_for(nested), name=nested.name)
        if entry.end_ms is not None:
            self.client.set_terminated(run_id, entry.status, entry.end_ms)

    def _trace(self, run_id: str, trace: Trace) -> None:
        """Send a trace; where the store takes none, the run says so, and all the rest is sent."""
        if NO_TRACES in self.place.untraced:
            return
        if why := send_trace(self.place, self.store, trace):
            self.place.untraced.append(why)
            self.client.set_tag(run_id, UNTRACED_TAG, f"not in this store: {why}. `octopus prompts` shows them")

    def _log(self, run_id: str, entry: Entry, model_id: str) -> None:
        from mlflow.entities import Metric, Param, RunTag

        there = self.place.params.setdefault(run_id, set())
        points = [Metric(one.name, one.value, one.at_ms, one.step, model_id or None) for one in entry.points]
        params = [Param(name, value) for name, value in entry.params.items() if name not in there]
        tags = [RunTag(name, value) for name, value in entry.tags.items()]
        for start in range(0, max(len(points), len(params), len(tags)), _MAX_TEXTS):
            is_first = start == 0
            self.client.log_batch(
                run_id,
                metrics=points[:_MAX_POINTS] if is_first else (),
                params=params[start : start + _MAX_TEXTS],
                tags=tags[start : start + _MAX_TEXTS],
            )
        there.update(entry.params)


def open_sender(client: Any, store: Store, journal: Journal, naming: Naming, sent: Sent) -> tuple[Sender, Sent]:
    """Find or make a run's place in a store, and remove what is there twice.

    Parameters
    ----------
    client : mlflow.MlflowClient
        Opened for that store.
    store : Store
        The store.
    journal : Journal
        Of a run that started.
    naming : Naming
        For a run that is not there yet.
    sent : Sent
        What was kept.

    Returns
    -------
    (Sender, Sent)
        What is there counts from the beginning where the run is new to the store.

    Raises
    ------
    StoreUnreachable, StoreRefused
        The store does not answer, or does not want to.
    """
    with asking(store):
        place, is_new = find_place(client, store, journal, naming, sent.run_id)
        kept = Sent(uri=sent.uri) if is_new or place.run_id != sent.run_id else sent
        if kept.model_id:
            find_model(place, kept.model_id)
    where = msgspec.structs.replace(kept, experiment_id=place.experiment_id, run_id=place.run_id)
    return Sender(client=client, store=store, place=place), where


def _model_name(journal: Journal) -> str:
    """Return a name that MLflow takes for a model: it refuses ``/ : . % " '``."""
    return "".join("-" if sign in "/:.%\"'" else sign for sign in run_name(journal))
