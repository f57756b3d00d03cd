"""A run in MLflow: complete, nested, sent once, whatever the server does; and the fit waits for nobody."""

from __future__ import annotations

import io
import json
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from octopus import registry
from octopus.errors import TrackingError, TrackingIncomplete
from octopus.journal import Journal
from octopus.records import (
    AnyEvent,
    Baseline,
    Decision,
    Fitted,
    HoldoutOpened,
    HoldoutReport,
    ModelFile,
    ReplayCheck,
    RunFinished,
    SearchStopped,
)
from octopus.trackers.client import mlflow_settings, open_client
from octopus.trackers.follow import follow
from octopus.trackers.ledger import LEDGER, pending, read_sent
from octopus.trackers.mlflow import MlflowTracker
from octopus.trackers.patience import Patience
from octopus.trackers.spool import Registration, Spool, spool_of
from octopus.trackers.store import Store, choose_store, embedded
from octopus.trackers.track import track
from tests.led import led
from tests.strategies import failed, journal_of, valid

#: A follower in a hurry: it is done as soon as there is nothing to do.
HURRY = Patience(
    request_s=2, retries=0, first_pause_s=0.05, longest_pause_s=0.1, give_up_s=0.3, idle_s=0.0, look_s=0.02
)
#: Enough for a loaded machine; the tests go on as soon as what they wait for is there.
WITHIN_S = 120.0
BUNDLE = {
    "MLmodel": json.dumps(
        {
            "flavors": {
                "python_function": {
                    "code": ".",
                    "env": {"virtualenv": "python_env.yaml"},
                    "loader_module": "doubling_bundle",
                    "python_version": "3.11.0",
                }
            },
            "signature": {"inputs": json.dumps([{"type": "any", "name": "x", "required": False}])},
        }
    ),
    "python_env.yaml": json.dumps({"python": "3.11.0", "dependencies": ["-r requirements.txt"]}),
    "requirements.txt": "pandas\n",
    "pipeline.pkl": "no pickle at all: whoever loads it here fails",
    "doubling_bundle.py": """
class Model:
    def predict(self, table, params=None):
        return table["x"] * 2


def _load_pyfunc(path):
    return Model()
""",
}


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with MLflow's tables, made once: the migrations take seconds."""
    home = tmp_path_factory.mktemp("migrated")
    open_client(embedded(home)).search_experiments()
    return home / "mlflow.db"


@pytest.fixture(autouse=True)
def _tracking_is_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Turn tracking on, with a spool and settings of its own, and leave no follower behind."""
    monkeypatch.delenv("OCTOPUS_TRACKER")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    yield
    for process in _followers(tmp_path):
        process.kill()


@pytest.fixture
def runs(tmp_path: Path, migrated: Path) -> Path:
    """Return a directory of runs with a store that stands ready."""
    path = tmp_path / "runs"
    path.mkdir()
    shutil.copy(migrated, path / "mlflow.db")
    return path


def _followers(tmp_path: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if "octopus.trackers.follow" in line and f"{tmp_path}/" in line and "/bin/sh" not in line:
            found.append(process)
    return found


def _finished(tried: Journal | None = None) -> Journal:
    """Return the journal of a run with a crash in its middle, proved and shipped, at real times."""
    journal = tried or journal_of(
        [valid(1, "linear", [0.7, 0.8]), failed(2, "forest", "x", False), valid(3, "gbm", [0.8, 0.9])]
    )
    at = {"at": "t", "elapsed_s": journal.elapsed_s + 1}
    report = HoldoutReport(
        scoring="roc_auc", n_rows=50, score=0.83, ci_low=0.8, ci_high=0.86, validation_score=0.85, n_experiments=3,
        winner=3, beats_baseline="yes",
        baselines=(Baseline(name="plain linear", score=0.7, difference_low=0.1, difference_high=0.2),),
    )  # fmt: skip
    model = ModelFile(path="model/pipeline.pkl", sha256="0", size_bytes=9, fitted_on="train")
    end: tuple[AnyEvent, ...] = (
        SearchStopped(**at, decision=Decision(action="stop", reason="enough"), winner=3),
        Fitted(**at, experiment=3, model=model, checks=(ReplayCheck(name="one row", passed=True),)),
        HoldoutOpened(**at, report=report),
        RunFinished(**at, shipped="train", reason="asked for"),
    )
    began = datetime(2026, 1, 1, tzinfo=UTC)
    return Journal(
        events=tuple(
            msgspec.structs.replace(event, at=(began + timedelta(seconds=event.elapsed_s)).isoformat())
            for event in (*journal.events, *end)
        )
    )


def _write(run_dir: Path, journal: Journal, n_events: int | None = None) -> Path:
    run_dir.mkdir(parents=True, exist_ok=True)
    lines = [msgspec.json.encode(_named(event, run_dir)) + b"\n" for event in journal.events[:n_events]]
    (run_dir / "journal.jsonl").write_bytes(b"".join(lines))
    return run_dir


def _named(event: AnyEvent, run_dir: Path) -> AnyEvent:
    return msgspec.structs.replace(event, run=run_dir.name) if hasattr(event, "run") else event


def _register(run_dir: Path, is_over: bool = True) -> tuple[Spool, Store]:
    store = choose_store(run_dir.parent)
    spool, me = spool_of(store), psutil.Process()
    spool.put(Registration(run_dir=str(run_dir), process_id=me.pid, process_began=me.create_time(), is_over=is_over))
    return spool, store


def _runs_of(store: Store) -> tuple[list[Any], list[Any]]:
    """Return the runs of octopus in a store: parents, and what is nested, by number."""
    client = open_client(store)
    every = [e.experiment_id for e in client.search_experiments()]
    found = client.search_runs(every, max_results=1000)
    nested = [run for run in found if "octopus.experiment" in run.data.tags]
    parents = [run for run in found if run not in nested]
    return parents, sorted(nested, key=lambda run: int(run.data.tags["octopus.experiment"]))


def _until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_a_run_is_there_with_everything_that_was_done(runs: Path) -> None:
    run_dir = _write(runs / "sales-1", _finished())
    report = track(run_dir)
    (parent,), nested = _runs_of(embedded(runs))
    assert (report.run_id, report.n_sent, report.n_entries, report.is_closed) == (parent.info.run_id, 10, 10, True)
    assert (parent.info.run_name, parent.info.status) == ("sales-1", "FINISHED")
    assert [run.info.status for run in nested] == ["FINISHED", "FAILED", "FINISHED"]
    assert {run.data.tags["mlflow.parentRunId"] for run in nested} == {parent.info.run_id}
    assert [run.info.run_name for run in nested] == [
        "01 linear 0.75: idea 1",
        "02 forest failed: idea 2",
        "03 gbm 0.85: idea 3",
    ]
    assert [run.data.metrics.get("score") for run in nested] == [0.75, None, pytest.approx(0.85)]
    assert nested[0].info.end_time - nested[0].info.start_time == 1000
    assert parent.data.metrics["holdout_score"] == 0.83
    assert parent.data.metrics["baseline/plain linear"] == 0.7
    assert parent.data.metrics["score"] == pytest.approx(0.85)
    assert parent.data.tags["better_than_baseline"] == "yes"
    client = open_client(embedded(runs))
    assert client.get_experiment(report.experiment_id).name == "octopus/y"
    folds = client.get_metric_history(nested[0].info.run_id, "fold_score")
    assert [(point.step, point.value) for point in folds] == [(1, 0.7), (2, 0.8)]
    assert {file.path for file in client.list_artifacts(nested[1].info.run_id)} == {
        "script.py", "failure.txt", "diagnoses.json",
    }  # fmt: skip
    assert "journal.jsonl" in {file.path for file in client.list_artifacts(parent.info.run_id)}


@pytest.mark.parametrize("lost", ["nothing", "the ledger", "the last word of the ledger"])
def test_sent_again_nothing_is_there_twice(lost: str, runs: Path) -> None:
    run_dir = _write(runs / "sales-1", _finished())
    first = track(run_dir)
    if lost == "the ledger":
        (run_dir / LEDGER).unlink()
    elif lost == "the last word of the ledger":  # killed between the answer and the note of it
        sent = read_sent(run_dir)
        assert sent is not None
        (run_dir / LEDGER).write_bytes(msgspec.json.encode(msgspec.structs.replace(sent, events=4, closed_after=None)))
    again = track(run_dir)
    assert again.run_id == first.run_id
    (_parent,), nested = _runs_of(embedded(runs))
    assert len(nested) == 3
    history = open_client(embedded(runs)).get_metric_history(nested[2].info.run_id, "fold_score")
    assert len(history) == 2
    assert pending(run_dir) == 0


def test_a_store_that_was_thrown_away_gets_everything_again(runs: Path, migrated: Path) -> None:
    run_dir = _write(runs / "sales-1", _finished())
    track(run_dir)
    shutil.copy(migrated, runs / "mlflow.db")
    assert track(run_dir).n_sent == 10
    assert len(_runs_of(embedded(runs))[1]) == 3


def test_the_follower_sends_while_the_run_goes_on_and_closes_it_at_its_end(runs: Path) -> None:
    journal = _finished()
    run_dir = _write(runs / "sales-1", journal, n_events=3)
    spool, store = _register(run_dir, is_over=False)
    thread = threading.Thread(target=follow, args=(spool, store, HURRY))
    thread.start()
    try:
        _until(lambda: (sent := read_sent(run_dir)) is not None and sent.events == 3)
        (parent,), nested = _runs_of(store)
        assert (parent.info.status, len(nested)) == ("RUNNING", 1)
        _write(run_dir, journal)
        _until(lambda: pending(run_dir) == 1)
        assert _runs_of(store)[0][0].info.status == "RUNNING"
    finally:
        _register(run_dir, is_over=True)
        thread.join()
    assert pending(run_dir) == 0
    assert _runs_of(store)[0][0].info.status == "FINISHED"
    assert spool.registrations() == ()


def test_a_run_that_is_carried_on_is_open_again(runs: Path) -> None:
    journal = _finished()
    run_dir = _write(runs / "sales-1", journal, n_events=4)
    follow(*_register(run_dir), HURRY)
    assert _runs_of(embedded(runs))[0][0].info.status == "KILLED"
    _write(run_dir, journal)
    follow(*_register(run_dir), HURRY)
    (parent,), nested = _runs_of(embedded(runs))
    assert (parent.info.status, len(nested)) == ("FINISHED", 3)


@pytest.mark.parametrize("begun", [False, True])
def test_a_deleted_run_is_given_up_quietly(begun: bool, runs: Path) -> None:
    run_dir = _write(runs / "sales-1", _finished())
    spool, store = _register(run_dir, is_over=not begun)
    if not begun:
        shutil.rmtree(run_dir)
        follow(spool, store, HURRY)
        assert _runs_of(store) == ([], [])
    else:
        thread = threading.Thread(target=follow, args=(spool, store, HURRY))
        thread.start()
        _until(lambda: pending(run_dir) == 1)
        shutil.rmtree(run_dir)
        thread.join(WITHIN_S)
        assert _runs_of(store)[0][0].info.status == "FINISHED"
    assert not run_dir.exists()
    assert spool.registrations() == ()


def test_a_journal_that_cannot_be_read_stops_nobody(runs: Path) -> None:
    broken = _write(runs / "broken", _finished())
    (broken / "journal.jsonl").write_text("no journal\n")
    _register(broken)
    spool, store = _register(_write(runs / "good", _finished()))
    follow(spool, store, HURRY)
    assert [run.info.run_name for run in _runs_of(store)[0]] == ["good"]


def test_a_run_nests_under_the_run_that_the_user_has_open(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = open_client(embedded(runs))
    mine = client.create_run(client.create_experiment("mine", str(runs / "mlartifacts" / "mine")))
    monkeypatch.setenv("MLFLOW_RUN_ID", mine.info.run_id)
    run_dir = _write(runs / "sales-1", _finished())
    spool = spool_of(embedded(runs))
    with spool_served(spool):
        MlflowTracker().start(run_dir)
    MlflowTracker().finish(run_dir)
    follow(spool, embedded(runs), HURRY)
    ours = next(run for run in _runs_of(embedded(runs))[0] if run.info.run_name == "sales-1")
    assert ours.data.tags["mlflow.parentRunId"] == mine.info.run_id
    assert ours.info.experiment_id == mine.info.experiment_id


@contextmanager
def spool_served(spool: Spool) -> Iterator[None]:
    """Hold the lock of a spool, so that nobody starts a follower."""
    spool.path.mkdir(parents=True)
    with spool.served():
        yield


def test_the_winner_is_a_model_of_mlflow(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow
    import pandas as pd

    run_dir = _with_model(_write(runs / "sales-1", _finished()))
    before = (run_dir / "model" / "MLmodel").read_bytes()
    report = track(run_dir)
    assert (run_dir / "model" / "MLmodel").read_bytes() == before
    (run_dir / LEDGER).unlink()
    assert track(run_dir).model_id == report.model_id
    client = open_client(embedded(runs))
    (model,) = client.search_logged_models([report.experiment_id])
    assert (model.model_id, str(model.status), model.source_run_id) == (report.model_id, "READY", report.run_id)
    assert {metric.key: metric.value for metric in model.metrics}["score"] == pytest.approx(0.85)
    monkeypatch.setattr(sys, "path", [*sys.path])  # loading puts the model's own code there
    try:
        mlflow.set_tracking_uri(embedded(runs).uri)
        loaded = mlflow.pyfunc.load_model(f"models:/{report.model_id}")
        assert list(loaded.predict(pd.DataFrame({"x": [1, 2]}))) == [2, 4]
        assert loaded.metadata.run_id == report.run_id
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
        sys.modules.pop("doubling_bundle", None)


# --------------------------------------------------------------------------- servers that do not do what they should


@pytest.fixture
def closed_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_dead_server_is_told_and_a_living_one_gets_everything(
    closed_port: int, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"http://me:word@127.0.0.1:{closed_port}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    run_dir = _write(runs / "sales-1", _finished())
    spool, store = _register(run_dir)
    follow(spool, store, HURRY)
    said = MlflowTracker().finish(run_dir)
    assert said == (
        f"10 of 10 entries of this run are not in MLflow at http://127.0.0.1:{closed_port} (connection refused). "
        f"`octopus track {run_dir}` sends them."
    )
    assert "word" not in (run_dir / LEDGER).read_text()
    assert pending(run_dir) == 10
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TrackingError, match=r"connection refused\. The run itself is complete on disk"):
        track(run_dir)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert track(run_dir).n_sent == 10
    assert MlflowTracker().finish(run_dir) is None


def test_a_silent_server_holds_nobody_up(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server takes the connection and never answers: whatever waited for it would hang in this test."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        run_dir = _write(runs / "sales-1", _finished())
        patience = msgspec.structs.replace(HURRY, request_s=60, silence_s=0.2)
        tracker = MlflowTracker(patience)
        assert tracker.start(run_dir) is None
        server.settimeout(WITHIN_S)
        connection, _ = server.accept()  # the follower, a process of its own, asks
        with connection:
            _until(lambda: tracker.finish(run_dir) is not None)
            assert "10 of 10 entries" in str(tracker.finish(run_dir))
            assert "(no answer for " in str(tracker.finish(run_dir))
            monkeypatch.delenv("MLFLOW_TRACKING_URI")
            monkeypatch.setattr("octopus.trackers.track._OTHER_SENDER_WITHIN_S", 0.0)
            with pytest.raises(TrackingError, match="another process is sending"):
                track(run_dir)


class _Failing:
    """An application that answers until it does not."""

    def __init__(self, application: Any, n_left: int = sys.maxsize) -> None:
        self.application, self.n_left = application, n_left

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.n_left -= 1
        if self.n_left < 0:
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
            return [b"broken"]
        return self.application(environ, start_response)


@pytest.fixture
def server(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, _Failing]]:
    """Serve MLflow's own application from a thread."""
    from werkzeug.serving import make_server

    store = embedded(runs)
    from mlflow.server import app, handlers
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    # given, for the server would make one of its own and point this whole process at it
    monkeypatch.setattr(handlers, "_tracking_store", SqlAlchemyStore(store.uri, store.artifacts))
    failing = _Failing(app)
    serving = make_server("127.0.0.1", 0, failing, threaded=True)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{serving.server_port}", failing
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


@pytest.mark.slow
@pytest.mark.parametrize("n_answers", [1, 4, 7, 11, 17])
def test_a_server_that_dies_midway_gets_the_rest_later(
    n_answers: int, server: tuple[str, _Failing], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, failing = server
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    run_dir = _write(runs / "sales-1", _finished())
    failing.n_left = n_answers
    spool, store = _register(run_dir)
    follow(spool, store, HURRY)
    left = pending(run_dir)
    assert 0 < left <= 10
    assert f"{left} of 10 entries" in str(MlflowTracker().finish(run_dir))
    assert spool.registrations() == ()
    failing.n_left = sys.maxsize
    other = _write(runs / "sales-2", _finished())
    follow(*_register(other), HURRY)  # the next run that gets through takes the first one along
    assert (pending(run_dir), pending(other)) == (0, 0), read_sent(run_dir)
    parents, nested = _runs_of(embedded(runs))
    assert sorted(run.info.run_name for run in parents) == ["sales-1", "sales-2"]
    assert len(nested) == 6
    assert {run.info.status for run in parents} == {"FINISHED"}


class _Pausing:
    """An application that answers, unless it is silent."""

    def __init__(self, application: Any) -> None:
        self.application, self.talks, self.is_asked = application, threading.Event(), threading.Event()
        self.talks.set()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        if not self.talks.is_set():
            self.is_asked.set()
            self.talks.wait(WITHIN_S)
        return self.application(environ, start_response)


def test_a_server_that_falls_silent_after_it_answered_is_told(
    server: tuple[str, _Failing], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, serving = server
    serving.application = pausing = _Pausing(serving.application)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    patience = msgspec.structs.replace(HURRY, request_s=60, silence_s=0.2)
    journal, tracker = _finished(), MlflowTracker(patience)
    run_dir = _write(runs / "sales-1", journal, n_events=3)
    thread = threading.Thread(target=follow, args=(*_register(run_dir, is_over=False), patience))
    thread.start()
    try:
        _until(lambda: (sent := read_sent(run_dir)) is not None and sent.events == 3 and sent.waiting_since is None)
        pausing.talks.clear()
        _write(run_dir, journal)
        assert pausing.is_asked.wait(WITHIN_S)
        _until(lambda: tracker.finish(run_dir) is not None)
        assert str(tracker.finish(run_dir)).startswith(
            f"7 of 10 entries of this run are not in MLflow at {uri} (no answer"
        )
    finally:
        pausing.talks.set()
        _register(run_dir, is_over=True)
        thread.join()
    assert tracker.finish(run_dir) is None
    assert pending(run_dir) == 0


def test_a_run_that_is_deleted_while_its_server_fails_is_closed_there(
    server: tuple[str, _Failing], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, serving = server
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    journal = _finished()
    run_dir = _write(runs / "sales-1", journal, n_events=3)
    spool, store = _register(run_dir, is_over=False)
    application, is_due = serving.application, threading.Event()

    def deleting(environ: Any, start_response: Any) -> Any:
        if is_due.is_set():
            is_due.clear()
            shutil.rmtree(run_dir)
            return _Failing(application, n_left=0)(environ, start_response)
        return application(environ, start_response)

    serving.application = deleting
    thread = threading.Thread(target=follow, args=(spool, store, HURRY))
    thread.start()
    _until(lambda: (sent := read_sent(run_dir)) is not None and sent.events == 3)
    is_due.set()
    _write(run_dir, journal)
    thread.join(WITHIN_S)
    (parent,), nested = _runs_of(embedded(runs))
    assert (parent.info.status, len(nested)) == ("FINISHED", 3)
    assert not run_dir.exists()


class _Late:
    """An application that carries out one create when nobody waits for its answer any more.

    ``when`` is "at once" (as soon as the client has hung up, before anything else), "before it is made again" and
    "after it was made again" (both before the answer to the second such create) or "at the end" (when ``release`` is
    called).
    """

    def __init__(self, application: Any, what: str, when: str) -> None:
        self.application, self.what, self.when = application, what, when
        self.asked: list[str] = []
        self.lock, self.may_go, self.is_done = threading.Lock(), threading.Event(), threading.Event()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        made = _made(environ["REQUEST_METHOD"], environ["PATH_INFO"], body)
        with self.lock:
            is_first = made == self.what and self.what not in self.asked
            is_again = made == self.what and not is_first
            is_waited_for = self.when == "at once" and self.what in self.asked and not is_first
            self.asked.append(made)
        if is_first:
            assert environ["werkzeug.socket"].recv(1, socket.MSG_PEEK) == b"", "the client hangs up"
            if self.when != "at once":
                assert self.may_go.wait(WITHIN_S)
            answer = self.application(environ, start_response)
            self.is_done.set()
            return answer
        if is_waited_for:
            assert self.is_done.wait(WITHIN_S)
        if is_again and self.when == "before it is made again":
            self.release()
        answer = self.application(environ, start_response)
        if is_again and self.when == "after it was made again":
            self.release()
        return answer

    def release(self) -> None:
        """Carry out what was held."""
        self.may_go.set()
        assert self.is_done.wait(WITHIN_S)


def _made(method: str, path: str, body: bytes) -> str:
    """Return what a request makes, else its path."""
    if path.endswith("/experiments/create"):
        return "the MLflow experiment"
    if path.endswith("/logged-models") and method == "POST":
        return "the model"
    if not path.endswith("/runs/create"):
        return path
    tags = {tag["key"]: tag["value"] for tag in json.loads(body)["tags"]}
    return f"experiment {tags['octopus.experiment']}" if "octopus.experiment" in tags else "the run"


def _with_model(run_dir: Path) -> Path:
    (run_dir / "model").mkdir()
    for name, content in BUNDLE.items():
        (run_dir / "model" / name).write_text(content)
    return run_dir


def _counts(store: Store) -> tuple[list[str], list[tuple[str, str]], list[str]]:
    """Return what is there of one run: the states of the parents, numbers and states of the nested, of the models."""
    parents, nested = _runs_of(store)
    client = open_client(store)
    models = client.search_logged_models([experiment.experiment_id for experiment in client.search_experiments()])
    return (
        [run.info.status for run in parents],
        [(run.data.tags["octopus.experiment"], run.info.status) for run in nested],
        [str(model.status) for model in models],
    )


#: What is there of a run that was sent to its end.
COMPLETE = (["FINISHED"], [("1", "FINISHED"), ("2", "FAILED"), ("3", "FINISHED")], ["READY"])


@pytest.mark.slow
@pytest.mark.parametrize("when", ["at once", "before it is made again", "after it was made again"])
@pytest.mark.parametrize("what", ["the MLflow experiment", "the run", "experiment 2", "the model"])
def test_a_create_that_is_carried_out_too_late_leaves_nothing_twice(
    what: str, when: str, server: tuple[str, _Failing], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, serving = server
    serving.application = late = _Late(serving.application, what, when)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    run_dir = _with_model(_write(runs / "sales-1", _finished()))
    follow(*_register(run_dir), msgspec.structs.replace(HURRY, retries=1, give_up_s=WITHIN_S))
    assert late.is_done.is_set()
    assert late.asked[late.asked.index(what) + 1] != what, "it looks before it asks again"
    assert late.asked.count(what) == 1 + (when != "at once")
    assert pending(run_dir) == 0
    assert _counts(embedded(runs)) == COMPLETE


@pytest.mark.slow
@pytest.mark.parametrize("what", ["the run", "experiment 2", "the model"])
def test_what_came_twice_after_the_end_is_removed_by_track(
    what: str, server: tuple[str, _Failing], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, serving = server
    serving.application = late = _Late(serving.application, what, "at the end")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    run_dir = _with_model(_write(runs / "sales-1", _finished()))
    follow(*_register(run_dir), msgspec.structs.replace(HURRY, give_up_s=WITHIN_S))
    assert _counts(embedded(runs)) == COMPLETE
    late.release()
    assert _counts(embedded(runs)) != COMPLETE
    report = track(run_dir)
    assert (report.n_sent, report.n_duplicates, report.is_closed) == (0, 1, True)
    assert _counts(embedded(runs)) == COMPLETE
    assert track(run_dir).n_duplicates == 0
    assert read_sent(run_dir) is not None


# --------------------------------------------------------------------------- a run that a language model leads


def _traces_of(store: Store, run_id: str) -> list[Any]:
    """Return the traces that MLflow's page of a run lists, the first one first."""
    client = open_client(store)
    experiment_id = client.get_run(run_id).info.experiment_id
    found = client.search_traces(locations=[experiment_id], run_id=run_id, max_results=100)
    return sorted(found, key=lambda trace: int(trace.info.tags["octopus.call"]))


def _expect_traces(store: Store, run_id: str) -> None:
    """Make sure that each call of the run that a model led is a trace, once, with all that is known of it."""
    calls, traces = led().calls, _traces_of(store, run_id)
    assert [trace.info.tags["octopus.kind"] for trace in traces] == [call.kind for call in calls]
    assert [trace.info.tags["octopus.status"] for trace in traces] == [call.status for call in calls]
    assert [str(trace.info.state.value) for trace in traces] == [
        "OK" if call.status == "ok" else "ERROR" for call in calls
    ]
    for trace, call in zip(traces, calls, strict=True):
        (span,) = trace.data.spans
        assert [message["content"] for message in span.inputs["messages"]] == [m.text for m in call.messages]
        assert span.outputs["choices"][0]["message"]["content"] == call.reply
        assert trace.info.execution_duration == call.wall_s * 1000
        assert trace.info.request_preview.startswith(f"{call.kind}: ")
        assert json.loads(trace.info.trace_metadata["mlflow.trace.tokenUsage"])["input_tokens"] == 1000
    began = datetime.fromisoformat(led().events[3].at).timestamp() * 1000
    assert traces[0].info.request_time == began - 2500


def test_a_run_that_a_model_led_is_there_with_its_prompts_its_costs_and_its_story(runs: Path) -> None:
    run_dir = _write(runs / "led-1", led())
    report = track(run_dir)
    assert (report.is_closed, report.untraced) == (True, "")
    store = embedded(runs)
    (parent,), nested = _runs_of(store)
    _expect_traces(store, parent.info.run_id)
    metrics = parent.data.metrics
    assert (metrics["calls"], metrics["calls_failed"], metrics["tokens_input"]) == (8.0, 1.0, 8000.0)
    assert metrics["cost_usd"] == pytest.approx(0.016)
    assert (metrics["tokens_input.fix"], metrics["calls.step"]) == (1000.0, 6.0)
    history = open_client(store).get_metric_history(parent.info.run_id, "tokens_output")
    assert [(point.step, point.value) for point in history] == [(i, 100.0 * i) for i in range(1, 9)]
    assert "group by customer" in parent.data.tags["mlflow.note.content"]
    assert parent.data.tags["language_model"] == "openai:gpt-5 (gpt-5-2026-01)"
    assert parent.data.tags["language_model_retired"].startswith("3 calls in a row failed")
    assert "analysis_01.txt" in {file.path for file in open_client(store).list_artifacts(parent.info.run_id)}
    scores = {int(run.data.tags["octopus.experiment"]): run.data.metrics.get("score") for run in nested}
    assert scores[4] == pytest.approx(0.815), "the folds that count now"
    assert nested[1].data.tags["set_aside"].startswith("day not used since")
    assert [run.info.run_name for run in nested[:4]] == [
        "01 linear 0.615: idea 1", "02 gbm set aside: the reminder", "03 gbm failed: ratios", "04 gbm 0.815: ratios",
    ]  # fmt: skip
    assert nested[3].data.metrics["tokens_output"] == 100.0
    assert {run.info.status for run in nested} == {"FINISHED", "FAILED"}


@pytest.mark.parametrize("n_sent", [0, 4, 8])
def test_prompts_that_are_sent_again_are_there_once(n_sent: int, runs: Path) -> None:
    run_dir = _write(runs / "led-1", led())
    report = track(run_dir)
    sent = read_sent(run_dir)
    assert sent is not None
    (run_dir / LEDGER).write_bytes(
        msgspec.json.encode(msgspec.structs.replace(sent, events=n_sent, closed_after=None))
    )  # killed between the answer and the note of it
    again = track(run_dir)
    assert again.run_id == report.run_id
    assert again.n_sent == len(led()) + 1 - n_sent
    _expect_traces(embedded(runs), report.run_id)


def test_no_key_gets_into_mlflow(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-planted-0123456789"
    for name in ("OPENAI_API_KEY", "OCTOPUS_BACKEND_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.setenv(name, key)
    track(_write(runs / "led-1", led()))
    files = [path for path in runs.rglob("*") if path.is_file()]
    assert any(path.name == "mlflow.db" for path in files)
    assert [path.name for path in files if key.encode() in path.read_bytes()] == []


def test_a_server_without_traces_gets_all_the_rest(
    server: tuple[str, _Failing], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow's Flask application alone, as ``mlflow server --gunicorn-opts`` runs it, answers 404 to spans."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server[0])
    run_dir = _write(runs / "led-1", led())
    report = track(run_dir)
    assert (report.is_closed, report.untraced) == (True, "it cannot keep them")
    assert pending(run_dir) == 0
    store = embedded(runs)
    (parent,), nested = _runs_of(store)
    assert len(nested) == 6
    assert parent.data.metrics["tokens_input"] == 8000.0
    assert parent.data.tags["octopus.traces"].startswith("not in this store: it cannot keep them")
    assert _traces_of(store, report.run_id) == []


class _Busy:
    """What ``mlflow server`` runs, that does not say its version for the first so many times, or takes no traces."""

    def __init__(self, application: Any) -> None:
        self.application, self.n_unsaid, self.asked = application, 0, 0
        self.refusal: tuple[int, bytes] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path")
        self.asked += path == "/version"
        answer = self.refusal if path == "/v1/traces" else None
        if path == "/version" and self.asked <= self.n_unsaid:
            answer = 503, b"busy"
        if answer is None:
            await self.application(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": answer[0], "headers": []})
        await send({"type": "http.response.body", "body": answer[1]})


@pytest.fixture
def whole_server(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, _Busy]]:
    """Serve from a thread what ``mlflow server`` serves: with the half that takes traces."""
    import uvicorn
    from mlflow.server import handlers
    from mlflow.server.fastapi_app import app
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = embedded(runs)
    monkeypatch.setattr(handlers, "_tracking_store", SqlAlchemyStore(store.uri, store.artifacts))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        application = _Busy(app)
        serving = uvicorn.Server(uvicorn.Config(application, log_level="error", lifespan="off"))
        thread = threading.Thread(target=serving.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", application
        finally:
            serving.should_exit = True
            thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("n_unsaid", [0, 1, 5])
def test_a_served_store_has_the_prompts_too_and_once(
    n_unsaid: int, whole_server: tuple[str, _Busy], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, serving = whole_server
    serving.n_unsaid = n_unsaid  # a server that is busy is not taken for one that is too old
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    journal = led()
    run_dir = _write(runs / "led-1", journal, n_events=10)
    follow(*_register(run_dir), msgspec.structs.replace(HURRY, give_up_s=WITHIN_S))
    assert serving.asked > n_unsaid
    assert pending(run_dir) == 0
    _write(run_dir, journal)
    follow(*_register(run_dir), HURRY)
    (run_dir / LEDGER).unlink()
    report = track(run_dir)
    assert (report.is_closed, report.untraced, pending(run_dir)) == (True, "", 0)
    (parent,), nested = _runs_of(embedded(runs))
    assert (parent.info.run_id, len(nested)) == (report.run_id, 6)
    _expect_traces(Store(uri=uri), report.run_id)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (404, b"no such page", "it cannot keep them"),
        (405, b"Method Not Allowed", "it cannot keep them"),
        (501, b'{"detail": "not supported by FileStore"}', "it refused some: not supported by FileStore"),
        (404, b'{"message": "no Route matched"}', "it refused some: {'message': 'no Route matched'}"),
        (413, b'{"error_code": "BAD_REQUEST", "message": "too large"}', "it refused some: BAD_REQUEST"),
    ],
)
def test_a_server_that_refuses_traces_gets_all_the_rest(
    status: int, body: bytes, why: str, whole_server: tuple[str, _Busy], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, serving = whole_server
    serving.refusal = status, body
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    report = track(_write(runs / "led-1", led()))
    assert (report.is_closed, report.untraced) == (True, why)
    (parent,), nested = _runs_of(embedded(runs))
    assert (parent.info.status, len(nested)) == ("FINISHED", 6)
    assert parent.data.metrics["tokens_input"] == 8000.0


# --------------------------------------------------------------------------- the process


@pytest.mark.slow
def test_one_follower_serves_all_runs_on_a_store_and_leaves(runs: Path, tmp_path: Path) -> None:
    tracker = MlflowTracker(msgspec.structs.replace(HURRY, idle_s=3.0))
    run_dirs = [_write(runs / f"sales-{i}", _finished()) for i in range(3)]
    for run_dir in run_dirs:
        assert tracker.start(run_dir) is None
    for run_dir in run_dirs:
        assert tracker.finish(run_dir) is None
    _until(lambda: len(_followers(tmp_path)) >= 1 or not pending(run_dirs[-1]))
    _until(lambda: len(_followers(tmp_path)) <= 1)  # those that came too late are gone
    for process in _followers(tmp_path):
        assert process.nice() >= 10
        assert process.ppid() != psutil.Process().pid
    _until(lambda: all(pending(run_dir) == 0 for run_dir in run_dirs))
    _until(lambda: not _followers(tmp_path))
    assert len(_runs_of(embedded(runs))[0]) == 3
    assert sorted(path.name for path in runs.iterdir()) == [
        "mlartifacts", "mlflow.db", "sales-0", "sales-1", "sales-2",
    ]  # fmt: skip


def test_the_switch_turns_tracking_off(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_TRACKER", "none")
    run_dir = _write(runs / "sales-1", _finished())
    assert MlflowTracker().start(run_dir) is None
    assert MlflowTracker().finish(run_dir) is None
    assert not (tmp_path / "state").exists()
    assert [path.name for path in run_dir.iterdir()] == ["journal.jsonl"]


def test_where_nothing_can_be_kept_the_fit_is_warned_and_goes_on(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    said = MlflowTracker().start(_write(runs / "sales-1", _finished()))
    assert said is not None
    assert said.endswith(f"`octopus track {runs / 'sales-1'}` sends it.")


def test_mlflow_is_registered_as_a_tracker() -> None:
    assert registry.load("octopus.trackers", "mlflow") is MlflowTracker


@pytest.mark.slow
def test_a_real_fit_is_followed_to_its_end_and_its_model_predicts_the_same(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow
    import pandas as pd

    from octopus import AutonomousClassifier

    table = pd.DataFrame({"a": range(240), "b": [i % 7 for i in range(240)]})
    target = ["no" if i % 2 else "yes" for i in range(240)]
    run_dir = runs / "real"
    fitted = AutonomousClassifier(
        "is it even?", max_experiments=2, sandbox="process", run_dir=run_dir, random_state=0, families=["linear"]
    ).fit(table, target)

    def is_closed() -> bool:
        sent = read_sent(run_dir)
        return sent is not None and sent.is_closed

    _until(is_closed)
    assert pending(run_dir) == 0
    (parent,), nested = _runs_of(embedded(runs))
    assert len(nested) == len(fitted.journal_.experiments)
    assert parent.data.tags["goal"] == "is it even?"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", embedded(runs).uri)
    sent = read_sent(run_dir)
    assert sent is not None
    with mlflow_settings(embedded(runs), Patience()):
        model = mlflow.pyfunc.load_model(f"models:/{sent.model_id}")
    assert list(model.predict(table.head(20))) == list(fitted.predict(table.head(20)))


@pytest.mark.slow
def test_a_dead_server_costs_a_fit_a_warning(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    from octopus import AutonomousClassifier

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    table = pd.DataFrame({"a": range(240), "b": [i % 7 for i in range(240)]})
    target = ["no" if i % 2 else "yes" for i in range(240)]
    run_dir = runs / "unheard"
    fitted = AutonomousClassifier(
        max_experiments=2, sandbox="process", run_dir=run_dir, random_state=0, families=["linear"],
        tracker=MlflowTracker(HURRY), callbacks=[lambda event: _told(run_dir, event)],
    )  # fmt: skip
    with pytest.warns(TrackingIncomplete, match="`octopus track"):
        fitted.fit(table, target)
    assert fitted.predict(table).shape == (240,)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert track(run_dir).is_closed
    assert len(_runs_of(embedded(runs))[1]) == len(fitted.journal_.experiments)


def _told(run_dir: Path, event: AnyEvent) -> None:
    """Wait, before the fit ends, until the follower has found the server dead: only then is there a reason to give."""
    if isinstance(event, RunFinished):
        _until(lambda: (sent := read_sent(run_dir)) is not None and sent.why)
