"""What a model wrote predicts in one confined process, from the first prediction to the end of the estimator."""

from __future__ import annotations

import gc
import os
import pickle
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from octopus import AutonomousRegressor
from octopus.errors import PredictionFailed, SandboxError
from octopus.frame import Schema
from octopus.journal import Journal
from octopus.protocols import Recipe, Sandbox
from octopus.records import Decision, ExperimentProposal, Limits, Plan, Profile, Script, Task
from octopus.sandbox import estimators
from octopus.sandbox.collector import checked
from octopus.sandbox.worker import ConfinedWorker
from octopus.testing import OneRecipe
from tests.frames import mixed_frame, regression_frame
from tests.sandbox.watching import all_gone, seen_from_outside, wait_until

LIMITS = Limits(wall_s=60.0, memory_bytes=4 << 30)
ROWS = pd.DataFrame({"a": [1.0, 2.0]})


def model(body: str) -> bytes:
    """Return the pickle of a regressor that predicts by these lines."""
    space: dict[str, object] = {"__name__": "script"}
    source = "import ctypes, os, time\nimport numpy as np\n\nclass Model:\n    fit = None\n    def predict(self, X):\n"
    exec(compile(source + "".join(f"        {line}\n" for line in body.splitlines()), "script.py", "exec"), space)
    made: bytes = cloudpickle.dumps(space["Model"]())
    return made


def ends(*pids: int) -> bool:
    """Wait until processes have ended, which may take their supervisor some milliseconds."""
    return wait_until(lambda: all_gone(pids)) >= 0


def process_of(worker: ConfinedWorker) -> int:
    """Return the process in which a model predicts that tells its own number, which is another in a namespace."""
    (pid,) = seen_from_outside(int(worker.predict(ROWS)[0]))
    return pid


def test_predictions_are_those_of_the_users_own_process(sandbox: Sandbox) -> None:
    raw, species = mixed_frame()
    table = Schema.of(raw).apply(raw)
    numbers = [name for name in table if table[name].dtype.kind == "f"]
    words = [name for name in table if name not in numbers]
    table[numbers] = table[numbers].fillna(0.0)
    encode = make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(), words))
    pipeline = make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(table, species.factorize()[0])
    worker = sandbox.open_worker(pickle.dumps(pipeline), n_classes=3, limits=LIMITS)
    for rows in (table, table.head(1), table.iloc[::-1].reset_index(drop=True)):
        expected = checked(estimators.predict(pipeline, rows, 3), 3)
        np.testing.assert_allclose(worker.predict(rows), expected, rtol=1e-12)
    worker.close()


def test_what_raises_is_told_and_the_process_stays(sandbox: Sandbox) -> None:
    worker = sandbox.open_worker(
        model("if X['a'].max() > 9: raise KeyError('too large')\nreturn np.full(len(X), float(os.getpid()))"),
        n_classes=0,
        limits=LIMITS,
    )
    pid = process_of(worker)
    with pytest.raises(PredictionFailed, match=r"KeyError: 'too large' \(line 7 of its script\)"):
        worker.predict(pd.DataFrame({"a": [10.0]}))
    assert process_of(worker) == pid != os.getpid()
    worker.close()
    assert ends(pid)


def test_memory_is_limited_and_the_error_says_so(sandbox: Sandbox) -> None:
    worker = sandbox.open_worker(
        model("held = np.ones(1 << 28)\ntime.sleep(60)\nreturn held[:len(X)]"),
        n_classes=0,
        limits=Limits(wall_s=60.0, memory_bytes=1 << 30),
    )
    with pytest.raises(SandboxError, match=r"it held \d+ MB of memory, the limit is 1074 MB; started anew: it held"):
        worker.predict(ROWS)


def test_one_that_crashes_is_an_error_that_says_so(sandbox: Sandbox) -> None:
    worker = sandbox.open_worker(model("ctypes.string_at(0)"), n_classes=0, limits=LIMITS)
    with pytest.raises(SandboxError, match="signal 11"):
        worker.predict(ROWS)


def test_one_that_takes_too_long_is_ended(sandbox: Sandbox) -> None:
    limits = Limits(wall_s=1.0, memory_bytes=4 << 30)
    worker = sandbox.open_worker(model("time.sleep(600)"), n_classes=0, limits=limits)
    with pytest.raises(SandboxError, match="did not predict within 1 s"):
        worker.predict(ROWS)


def test_a_model_that_cannot_be_loaded_is_told(sandbox: Sandbox) -> None:
    worker = sandbox.open_worker(b"cnowhere\nThing\n.", n_classes=0, limits=LIMITS)
    with pytest.raises(PredictionFailed, match="No module named 'nowhere'"):
        worker.predict(ROWS)


def test_the_process_goes_when_the_worker_is_forgotten_or_the_sandbox_closed(sandbox: Sandbox) -> None:
    bare = model("return np.full(len(X), float(os.getpid()))")
    worker = sandbox.open_worker(bare, n_classes=0, limits=LIMITS)
    pid = process_of(worker)
    del worker
    gc.collect()
    assert ends(pid)
    worker = sandbox.open_worker(bare, n_classes=0, limits=LIMITS)
    pid = process_of(worker)
    sandbox.close()
    assert ends(pid)
    assert process_of(worker) != pid  # as ``run`` after ``close``
    worker.close()


# --------------------------------------------------------------------------- the estimator


class Ghostwriter:
    """A scientist whose script counts as a model's: its pickle notes every process that loads it."""

    name = "ghostwriter"

    def __init__(self, notes: Path) -> None:
        self.notes = notes

    def propose(self, decision: Decision, task: Task, profile: Profile, journal: Journal) -> ExperimentProposal:
        source = (
            "import os\n\nfrom sklearn.dummy import DummyRegressor\n\n\n"
            "class Traced(DummyRegressor):\n    def __setstate__(self, state):\n"
            f"        with open({str(self.notes)!r}, 'a') as file:\n            file.write(f'{{os.getpid()}}\\n')\n"
            "        super().__setstate__(state)\n\n\n"
            "def build_pipeline():\n    return Traced()\n"
        )
        plan = Plan(family="plain", idea="mean", hypothesis="nothing matters", expected="a floor")
        return ExperimentProposal(plan=plan, script=Script(source=source, author="model"))

    def loaders(self) -> list[int]:
        """Return the processes that loaded the model since the last call."""
        found = [int(pid) for pid in self.notes.read_text().split()] if self.notes.exists() else []
        self.notes.write_text("")
        return found


@pytest.fixture(scope="module")
def ghostwriter(tmp_path_factory: pytest.TempPathFactory) -> Ghostwriter:
    return Ghostwriter(tmp_path_factory.mktemp("notes") / "notes")


@pytest.fixture(scope="module")
def fitted(ghostwriter: Ghostwriter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AutonomousRegressor]:
    recipe = Recipe(idea="mean", hypothesis="h", expected="e", encoding="ordinal", model="DummyRegressor()")
    estimator = AutonomousRegressor(
        backend=ghostwriter, families=[OneRecipe("plain", recipe)], sandbox="process", max_experiments=1,
        random_state=0, refit="train", run_dir=tmp_path_factory.mktemp("run") / "run",
    )  # fmt: skip
    yield estimator.fit(*regression_frame())
    estimator._let_workers_go()


@pytest.fixture(autouse=True)
def _no_notes(request: pytest.FixtureRequest) -> None:
    if "ghostwriter" in request.fixturenames:
        request.getfixturevalue("fitted")._let_workers_go()
        request.getfixturevalue("ghostwriter").loaders()


def test_an_estimator_keeps_one_process(fitted: AutonomousRegressor, ghostwriter: Ghostwriter) -> None:
    X, _ = regression_frame()
    before = fitted.__dict__.copy()
    with ThreadPoolExecutor(4) as pool:
        predicted = list(pool.map(lambda n: fitted.predict(X.head(n)), range(1, 30)))
    assert [len(p) for p in predicted] == list(range(1, 30))
    (pid,) = ghostwriter.loaders()
    assert pid != os.getpid()
    assert fitted.__dict__ == before, "predicting changes nothing that scikit-learn would see"


def test_a_process_that_was_killed_is_replaced(fitted: AutonomousRegressor, ghostwriter: Ghostwriter) -> None:
    X, _ = regression_frame()
    before = fitted.predict(X)
    (pid,) = ghostwriter.loaders()
    os.kill(pid, signal.SIGKILL)
    np.testing.assert_array_equal(fitted.predict(X), before)
    assert len(ghostwriter.loaders()) == 1


def test_copies_carry_no_process(fitted: AutonomousRegressor, ghostwriter: Ghostwriter, tmp_path: Path) -> None:
    X, _ = regression_frame()
    before = fitted.predict(X)
    (pid,) = ghostwriter.loaders()
    joblib.dump(fitted, tmp_path / "estimator")
    ways = (lambda: pickle.loads(pickle.dumps(fitted)), lambda: joblib.load(tmp_path / "estimator"))
    for copied in ways:
        copy = copied()
        assert not ghostwriter.loaders(), "not even to copy it"
        np.testing.assert_array_equal(copy.predict(X), before)
        (other,) = ghostwriter.loaders()
        assert other != pid
        del copy
        gc.collect()
        assert ends(other)
    assert not hasattr(clone(fitted), "_workers")
    np.testing.assert_array_equal(fitted.predict(X), before)
    assert not ghostwriter.loaders(), "its own is still there"


def test_a_fork_starts_its_own(fitted: AutonomousRegressor, ghostwriter: Ghostwriter) -> None:
    X, _ = regression_frame()
    before = fitted.predict(X)
    (pid,) = ghostwriter.loaders()
    forked = os.fork()
    if forked == 0:
        status = 1
        with suppress(BaseException):
            status = 0 if np.array_equal(fitted.predict(X), before) else 2
            fitted._let_workers_go()
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
    (other,) = ghostwriter.loaders()
    assert other != pid
    np.testing.assert_array_equal(fitted.predict(X), before)
    assert not ghostwriter.loaders(), "the fork left it alone"


def test_a_fit_ends_the_process_of_the_one_before(
    fitted: AutonomousRegressor, ghostwriter: Ghostwriter, tmp_path: Path
) -> None:
    X, y = regression_frame()
    again = pickle.loads(pickle.dumps(fitted))
    again.predict(X)
    (pid,) = ghostwriter.loaders()
    again.set_params(run_dir=tmp_path / "run").fit(X, y)
    assert ends(pid)
