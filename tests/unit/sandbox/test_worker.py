"""A worker gives the predictions of a real process over a real socket, and believes nothing that process says."""

from __future__ import annotations

import gc
import json
import os
import pickle
import select
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from octopus.errors import InvalidData, PredictionFailed, SandboxError
from octopus.frame import Schema
from octopus.sandbox import conversation, framing
from octopus.sandbox import worker as worker_module
from octopus.sandbox.collector import checked
from octopus.sandbox.serving import refuse, serve
from octopus.sandbox.worker import ConfinedWorker
from tests.frames import mixed_frame
from tests.unit.sandbox.workers import Doubler, ForkedSession, Serving, Starter

if sys.platform == "win32":  # sessions are forked here
    pytest.skip("no fork", allow_module_level=True)

ROWS = pd.DataFrame({"a": [1.0, 2.5, -3.0], "b": [0.0, np.nan, 1.0]})
TWICE = np.array([2.0, 5.0, -6.0])


class Witness:
    """Knows the tables that it will be asked about, and answers only where they came as they were."""

    def __init__(self, *tables: pd.DataFrame) -> None:
        self.tables = list(tables)

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Witness:
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        pd.testing.assert_frame_equal(X, self.tables.pop(0), check_exact=True)
        for name in X.columns:
            if X[name].dtype.kind == "f":
                X.loc[X.index[0], name] = 0.0  # as in the user's process, it may be written to
        return np.zeros(len(X))


class Weighing:
    """A classifier of three classes, one of which it never saw."""

    classes_ = np.array([0, 2])

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Weighing:
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return np.zeros(len(X))

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        first = 1 / (1 + np.exp(-X["a"].to_numpy()))
        return np.column_stack([first, 1 - first])


class Picky(Doubler):
    def predict(self, X: pd.DataFrame) -> np.ndarray:
        if (X.iloc[:, 0] > 100).any():
            raise ValueError("cannot be\x1b[2J larger than 100")
        return super().predict(X)


def quits(requests: socket.socket) -> None:
    """Say that it is ready, take a request and end."""
    say(requests, framing.READY)
    requests.recv(1)


def hangs(requests: socket.socket) -> None:
    say(requests, framing.READY)
    requests.recv(1)
    while True:
        signal.pause()


def is_late(requests: socket.socket) -> None:
    """Give an answer byte by byte, and never the last."""
    say(requests, framing.READY)
    requests.recv(1 << 20)
    for byte in framing.ANSWER.pack(framing.PREDICTED, 24, 0) + b"x" * 23:
        requests.sendall(bytes([byte]))
    while True:
        signal.pause()


def say(requests: socket.socket, kind: bytes, n_bytes: int = 0, body: bytes = b"", peak: int = 0) -> None:
    requests.sendall(framing.ANSWER.pack(kind, n_bytes, peak) + body)


class Says:
    """Answers the first request with these bytes, and waits."""

    def __init__(self, kind: bytes, n_bytes: int, body: bytes) -> None:
        self.kind, self.n_bytes, self.body = kind, n_bytes, body

    def __call__(self, requests: socket.socket) -> None:
        say(requests, framing.READY)
        requests.recv(1 << 20)
        say(requests, self.kind, self.n_bytes, self.body)
        while requests.recv(1 << 20):
            pass


def worker(*runs: object, n_classes: int = 0, request_s: float = 60.0) -> tuple[ConfinedWorker, Starter]:
    starter = Starter(*runs)
    return ConfinedWorker(starter, n_classes=n_classes, request_s=request_s), starter


def is_running(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


# --------------------------------------------------------------------------- the same predictions


def canonical(raw: pd.DataFrame) -> pd.DataFrame:
    return Schema.of(raw).apply(raw)


TABLES = {
    "numbers": ROWS,
    "one row": ROWS.head(1),
    "columns apart in memory": pd.DataFrame({"a": np.arange(3.0), "b": np.arange(3.0)}, copy=False),
    "odd names": pd.DataFrame([[1.0, 2.0, 3.0]], columns=["", "ä \u2400\n", "\U0001f419"]),
    "words": canonical(pd.DataFrame({"w": ["x", None, "", "ü\0"], "n": [1.0, 2.0, 3.0, 4.0]})),
    "nothing but missing words": canonical(pd.DataFrame({"w": pd.Series([None, None], dtype="str")})),
    "narrow numbers": canonical(pd.DataFrame({"i": np.array([1, -2], np.int8), "f": [0.5, np.nan]})),
    "truth": canonical(pd.DataFrame({"t": [True, None, False]})),
    "dates": canonical(pd.DataFrame({"d": pd.to_datetime(["2024-03-01 12:00:00.123456789", None])})),
    "categories": canonical(pd.DataFrame({"c": pd.Categorical(["b", "a", None])})),
    "penguins": canonical(mixed_frame()[0]),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_arrives_as_it_was(table: pd.DataFrame) -> None:
    asked, _ = worker(Serving(Witness(table)))
    np.testing.assert_array_equal(asked.predict(table), np.zeros(len(table)))


def test_tables_of_all_kinds_take_turns() -> None:
    tables = [*TABLES.values(), *reversed(TABLES.values())]
    asked, starter = worker(Serving(Witness(*tables)))
    for table in tables:
        asked.predict(table)
    assert len(starter.pids) == 1


def test_probabilities_have_a_column_for_every_class() -> None:
    asked, _ = worker(Serving(Weighing(), 3), n_classes=3)
    given = Weighing().predict_proba(ROWS)
    expected = checked(np.column_stack([given[:, 0], np.zeros(3), given[:, 1]]), 3)
    np.testing.assert_array_equal(asked.predict(ROWS), expected)


def test_a_large_table_goes_in_several_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_MAX_CELLS", 200)
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(1001, 2)), columns=["a", "b"])
    parts = [table.iloc[i : i + 100].reset_index(drop=True) for i in range(0, 1001, 100)]
    asked, _ = worker(Serving(Witness(*parts)))
    assert asked.predict(table).shape == (1001,)


def test_a_request_larger_than_every_buffer() -> None:
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(200_000, 5)), columns=list("abcde"))
    asked, _ = worker(Serving(Doubler()))
    np.testing.assert_array_equal(asked.predict(table), 2 * table["a"])


def test_no_rows_need_no_process() -> None:
    asked, starter = worker(Serving(Doubler()))
    assert asked.predict(ROWS.head(0)).shape == (0,)
    classes, _ = worker(Serving(Weighing(), 3), n_classes=3)
    assert classes.predict(ROWS.head(0)).shape == (0, 3)
    assert not starter.pids


@pytest.mark.parametrize("column", [[1, 2], [True, False], pd.Categorical(["a", "b"]), [1 + 0j, 2], [object(), "a"]])
def test_what_would_arrive_as_something_else_is_refused(column: object) -> None:
    asked, _ = worker(Serving(Doubler()))
    with pytest.raises(InvalidData, match="canonical"):
        asked.predict(pd.DataFrame({"a": column}))


# --------------------------------------------------------------------------- one process, kept


def test_one_process_is_started_at_the_first_request_and_kept() -> None:
    asked, starter = worker(Serving(Doubler()))
    assert not starter.pids
    for _ in range(50):
        np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 1


def test_an_exception_is_told_and_the_process_goes_on() -> None:
    asked, starter = worker(Serving(Picky()))
    with pytest.raises(PredictionFailed, match="ValueError: cannot be") as caught:
        asked.predict(ROWS.assign(a=101.0))
    assert caught.value.failure.type == "ValueError"
    assert "\x1b" not in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).failure == caught.value.failure
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 1


def test_predictions_of_another_shape_are_an_exception() -> None:
    class Wide(Doubler):
        def predict(self, X: pd.DataFrame) -> np.ndarray:
            return np.zeros((len(X), 2))

    asked, _ = worker(Serving(Wide()))
    with pytest.raises(PredictionFailed, match=r"shape \(3, 2\), \(3,\) is expected"):
        asked.predict(ROWS)


def test_predictions_that_cannot_be_are_refused_and_the_process_goes_on() -> None:
    class Missing(Doubler):
        def predict(self, X: pd.DataFrame) -> np.ndarray:
            return X["b"].to_numpy()

    asked, starter = worker(Serving(Missing()))
    with pytest.raises(SandboxError, match="1 of 3 predictions are missing"):
        asked.predict(ROWS)
    assert asked.predict(ROWS.head(1)).tolist() == [0.0]
    assert len(starter.pids) == 1


def test_a_model_that_cannot_be_loaded_is_told_at_once() -> None:
    def fails(requests: socket.socket) -> None:
        refuse(requests, ImportError("No module named 'nowhere'"))

    asked, starter = worker(fails)
    with pytest.raises(PredictionFailed, match="ImportError: No module named 'nowhere'"):
        asked.predict(ROWS)
    assert len(starter.pids) == 1


def test_many_requests_wear_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "_MAX_REQUESTS", 3)
    asked, starter = worker(Serving(Doubler()))
    for _ in range(7):
        asked.predict(ROWS)
    assert len(starter.pids) == 3
    assert [is_running(pid) for pid in starter.pids] == [False, False, True]


def test_one_that_says_it_has_grown_is_replaced() -> None:
    def grows(requests: socket.socket) -> None:
        say(requests, framing.READY, peak=1 << 20)
        while requests.recv(1 << 20):
            say(requests, framing.PREDICTED, 24, TWICE.tobytes(), peak=2 << 30)

    asked, starter = worker(grows)
    for _ in range(3):
        np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 3


# --------------------------------------------------------------------------- a process that does not answer


def test_one_that_died_since_is_replaced_without_a_word() -> None:
    asked, starter = worker(Serving(Doubler()))
    asked.predict(ROWS)
    os.kill(starter.pids[0], signal.SIGKILL)
    os.waitid(os.P_PID, starter.pids[0], os.WEXITED | os.WNOWAIT)
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 2


def test_one_that_dies_at_a_request_is_started_anew_once() -> None:
    asked, starter = worker(quits, Serving(Doubler()))
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 2


def test_one_that_dies_twice_is_an_error_that_says_why() -> None:
    asked, starter = worker(quits)
    with pytest.raises(SandboxError, match="no answer: it ended; started anew: it ended"):
        asked.predict(ROWS)
    assert len(starter.pids) == 2


def test_one_that_ends_before_it_is_ready_counts_like_any_other() -> None:
    asked, starter = worker(lambda requests: None, Serving(Doubler()))
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 2


@pytest.mark.parametrize("run", [hangs, is_late])
def test_one_that_hangs_is_ended(run: object) -> None:
    asked, starter = worker(run, request_s=0.2)
    with pytest.raises(SandboxError, match=r"did not predict within 0\.2 s"):
        asked.predict(ROWS)
    assert not any(map(is_running, starter.pids))


def test_one_that_does_not_take_the_rows_is_ended() -> None:
    asked, _ = worker(hangs, request_s=0.2)
    with pytest.raises(SandboxError, match="did not take the rows"):
        asked.predict(pd.DataFrame(np.zeros((200_000, 2)), columns=["a", "b"]))


def _pickled_trap(path: Path) -> bytes:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(path),)

    return pickle.dumps(Trap())


NONSENSE = {
    "too few numbers": (framing.PREDICTED, 16, b"\0" * 16),
    "too many numbers": (framing.PREDICTED, 32, b"\0" * 32),
    "an endless answer": (framing.PREDICTED, 1 << 62, b"\0" * 64),
    "more than it announced": (framing.PREDICTED, 24, b"\0" * 25),
    "ready again": (framing.READY, 24, b"\0" * 24),
    "an unknown kind": (b"?", 24, b"\0" * 24),
    "an endless failure": (framing.FAILED, 1 << 62, b"{}"),
    "a failure that is none": (framing.FAILED, 2, b"[]"),
    "a failure of nested lists": (framing.FAILED, 60_000, b"[" * 60_000),
    "a failure with a tail": (framing.FAILED, 30, json.dumps({"type": "E", "message": "m"}).encode().ljust(31)),
}


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_ends_the_process_and_the_question_is_put_again(said: tuple[bytes, int, bytes]) -> None:
    asked, starter = worker(Says(*said), Serving(Doubler()))
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert [is_running(pid) for pid in starter.pids] == [False, True]
    twice, _ = worker(Says(*said))
    with pytest.raises(SandboxError, match="started anew"):
        twice.predict(ROWS)


@pytest.mark.parametrize("kind", [framing.PREDICTED, framing.FAILED])
def test_nothing_is_unpickled(tmp_path: Path, kind: bytes) -> None:
    pickled = _pickled_trap(tmp_path / "sprung")
    pickle.loads(pickled)
    (tmp_path / "sprung").rmdir()  # it works
    asked, _ = worker(Says(kind, len(pickled), pickled))
    with pytest.raises(SandboxError):
        asked.predict(ROWS)
    assert not (tmp_path / "sprung").exists()


def test_an_answer_ahead_of_every_question_is_none() -> None:
    def answers_ahead(requests: socket.socket) -> None:
        ready, answer = (framing.READY, 0, 0), (framing.PREDICTED, 24, 0)
        requests.sendall(framing.ANSWER.pack(*ready) + framing.ANSWER.pack(*answer) + np.ones(3).tobytes())
        requests.recv(1)

    asked, starter = worker(answers_ahead, Serving(Doubler()))
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 2


def test_an_answer_between_two_questions_is_none() -> None:
    def chatters(requests: socket.socket) -> None:
        say(requests, framing.READY)
        requests.recv(1 << 20)
        say(requests, framing.PREDICTED, 24, TWICE.tobytes())
        requests.recv(1)
        say(requests, framing.PREDICTED, 24, np.ones(3).tobytes())
        requests.recv(1)

    asked, starter = worker(chatters, Serving(Doubler()))
    asked.predict(ROWS)
    stream = starter.sessions[0].requests
    stream.sendall(b"x")
    select.select([stream], [], [])
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 2


def test_descriptors_that_come_along_are_dropped() -> None:
    def smuggles(requests: socket.socket) -> None:
        say(requests, framing.READY)
        requests.recv(1 << 20)
        with Path(os.devnull).open() as file:
            answer = framing.ANSWER.pack(framing.PREDICTED, 24, 0) + TWICE.tobytes()
            socket.send_fds(requests, [answer], [file.fileno()] * 100)
        requests.recv(1)

    asked, _ = worker(smuggles)
    before = psutil.Process().num_fds()
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert psutil.Process().num_fds() <= before + 1  # our end of the stream


# --------------------------------------------------------------------------- threads, forks, copies, the end


def test_many_threads_ask_one_process() -> None:
    asked, starter = worker(Serving(Doubler()))
    tables = [pd.DataFrame({"a": np.arange(float(n))}) for n in range(1, 9)] * 20
    with ThreadPoolExecutor(8) as pool:
        for table, predicted in zip(tables, pool.map(asked.predict, tables), strict=True):
            np.testing.assert_array_equal(predicted, 2 * table["a"])
    assert len(starter.pids) == 1


def test_a_forked_copy_of_the_user_starts_its_own(tmp_path: Path) -> None:
    asked, starter = worker(Serving(Doubler()))
    asked.predict(ROWS)
    pid = os.fork()
    if pid == 0:
        status = 1
        with suppress(BaseException):
            right = np.array_equal(asked.predict(ROWS), TWICE) and len(starter.pids) == 2
            asked.close()
            status = 0 if right and starter.sessions[0].requests.fileno() == -1 else 2
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 1


def test_a_fork_while_another_thread_asks() -> None:
    """The lock that the other thread held is held for ever in the copy: it must not be waited for."""
    entered, go_on = socket.socketpair()

    def waits(requests: socket.socket) -> None:
        say(requests, framing.READY)
        while requests.recv(1 << 20):
            entered.sendall(b"in")
            entered.recv(2)
            say(requests, framing.PREDICTED, 24, TWICE.tobytes())

    asked, _ = worker(waits, Serving(Doubler()))
    with ThreadPoolExecutor(1) as pool, entered, go_on:
        answer = pool.submit(asked.predict, ROWS)
        go_on.recv(2)
        pid = os.fork()
        if pid == 0:
            status = 1
            with suppress(BaseException):
                status = 0 if np.array_equal(asked.predict(ROWS), TWICE) else 2
                asked.close()
            os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        go_on.sendall(b"go")
        np.testing.assert_array_equal(answer.result(), TWICE)


def test_a_pickled_copy_starts_its_own() -> None:
    asked, starter = worker(Serving(Doubler()))
    asked.predict(ROWS)
    copy = pickle.loads(pickle.dumps(asked))
    np.testing.assert_array_equal(copy.predict(ROWS), TWICE)
    assert len(copy._start.pids) == 1
    assert copy._start.pids != starter.pids


def test_closing_ends_the_process_and_a_request_starts_anew() -> None:
    asked, starter = worker(Serving(Doubler()))
    asked.close()
    asked.predict(ROWS)
    asked.close()
    asked.close()
    assert not is_running(starter.pids[0])
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 2


def test_a_session_that_its_sandbox_closed_is_replaced() -> None:
    asked, starter = worker(Serving(Doubler()))
    asked.predict(ROWS)
    starter.sessions[0].close()
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 2


def test_closing_interrupts_a_request() -> None:
    entered, ours = socket.socketpair()

    def hangs_in_a_request(requests: socket.socket) -> None:
        say(requests, framing.READY)
        requests.recv(1 << 20)
        entered.sendall(b"in")
        hangs(requests)

    asked, starter = worker(hangs_in_a_request)
    with ThreadPoolExecutor(1) as pool, entered, ours:
        answer = pool.submit(asked.predict, ROWS)
        ours.recv(2)
        asked.close()
        with pytest.raises(SandboxError, match="closed while it predicted"):
            answer.result()
    assert len(starter.pids) == 1
    assert not is_running(starter.pids[0])


def test_an_interrupted_question_leaves_no_answer_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, starter = worker(Serving(Doubler()))
    asked.predict(ROWS)
    with monkeypatch.context() as patched:

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        patched.setattr(conversation.Conversation, "_read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            asked.predict(ROWS.assign(a=7.0))
    np.testing.assert_array_equal(asked.predict(ROWS), TWICE)
    assert len(starter.pids) == 2


def test_the_process_goes_with_the_worker() -> None:
    asked, starter = worker(Serving(Doubler()))
    asked.predict(ROWS)
    (pid,) = starter.pids
    del asked
    gc.collect()
    assert not is_running(pid)


def test_a_process_ends_when_nobody_asks_any_more() -> None:
    session = ForkedSession(Serving(Doubler()))
    session.requests.close()
    assert os.waitstatus_to_exitcode(os.waitpid(session.pid, 0)[1]) == 0


def test_nothing_is_left_open() -> None:
    def lasts(n: int) -> None:
        asked, _ = worker(quits, Serving(Doubler()), n_classes=0)
        for _ in range(n):
            asked.predict(ROWS)
            asked.close()

    lasts(2)
    before, threads = psutil.Process().num_fds(), set(threading.enumerate())
    lasts(10)
    gc.collect()
    assert psutil.Process().num_fds() <= before  # fewer: something older has ended meanwhile
    assert set(threading.enumerate()) <= threads


def test_serving_ends_quietly_when_the_user_is_gone() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    serve(Doubler(), theirs, 0)
    theirs.close()
