"""Fork hazards: what survives a fork after imports, and what makes the sandbox start children cold."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import textwrap
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from octopus.sandbox import local, zygote
from octopus.sandbox.environment import interpreter_environment
from octopus.sandbox.jobdir import Walls
from octopus.sandbox.local import LocalSandbox

LIBRARIES = (
    "numpy", "scipy.linalg", "scipy.optimize", "scipy.sparse.linalg", "pandas", "pyarrow", "pyarrow.compute",
    "pyarrow.parquet", "sklearn.ensemble", "sklearn.cluster", "sklearn.neighbors", "sklearn.svm", "lightgbm", "joblib",
)  # fmt: skip

#: A parallel region of each library that a zygote imports, and a result that says that it was computed.
PARALLEL = {
    "numpy matmul": "A = np.random.rand(600, 600); assert np.isfinite(A @ A).all()",
    "scipy": """
        from scipy import linalg, optimize, sparse
        from scipy.sparse.linalg import spsolve
        A = np.random.rand(300, 300) + 300 * np.eye(300)
        assert np.allclose(A @ linalg.solve(A, np.ones(300)), 1)
        assert np.allclose(linalg.svdvals(A)[0], np.linalg.norm(A, 2))
        assert spsolve(sparse.csc_matrix(A), np.ones(300)).shape == (300,)
        assert optimize.minimize(lambda x: (x**2).sum(), np.ones(3)).success
    """,
    "pandas": """
        import pandas as pd
        frame = pd.DataFrame({"g": np.arange(20000) % 7, "x": np.random.rand(20000)})
        assert frame.groupby("g")["x"].rolling(3).mean().notna().any()
        assert len(frame.merge(frame.groupby("g").mean(), on="g")) == 20000
    """,
    "pyarrow": """
        import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
        table = pa.table({"a": np.arange(200_000), "b": np.arange(200_000) % 5})
        assert table.group_by("b", use_threads=True).aggregate([("a", "sum")]).num_rows == 5
        assert pc.sum(table["a"]).as_py() == 200_000 * 199_999 // 2
        pq.write_table(table, "t.parquet"); assert pq.read_table("t.parquet", use_threads=True).num_rows == 200_000
        assert pa.cpu_count() >= 1
    """,
    "HistGradientBoosting": """
        from sklearn.ensemble import HistGradientBoostingClassifier
        D = np.random.rand(4000, 5)
        assert HistGradientBoostingClassifier(max_iter=5).fit(D, D[:, 0] > 0.5).score(D, D[:, 0] > 0.5) > 0.9
    """,
    "RandomForest": """
        from sklearn.ensemble import RandomForestClassifier
        D = np.random.rand(500, 5)
        assert RandomForestClassifier(20, n_jobs=2).fit(D, D[:, 0] > 0.5).score(D, D[:, 0] > 0.5) > 0.9
    """,
    "KMeans": """
        from sklearn.cluster import KMeans
        assert len(KMeans(4, n_init=2).fit(np.random.rand(3000, 4)).cluster_centers_) == 4
    """,
    "neighbours and kernels": """
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.svm import SVC
        D = np.random.rand(600, 5)
        assert KNeighborsClassifier(3, n_jobs=2).fit(D, D[:, 0] > 0.5).predict(D).shape == (600,)
        assert SVC().fit(D, D[:, 0] > 0.5).score(D, D[:, 0] > 0.5) > 0.9
    """,
    "lightgbm": """
        import lightgbm
        D = np.random.rand(3000, 6)
        fitted = lightgbm.LGBMClassifier(n_estimators=10, n_jobs=2, verbosity=-1).fit(D, D[:, 0] > 0.5)
        assert fitted.score(D, D[:, 0] > 0.5) > 0.9
    """,
    "joblib threads": """
        import joblib
        norm = joblib.delayed(np.linalg.norm)
        got = joblib.Parallel(n_jobs=2, backend="threading")(norm(np.ones(i)) for i in range(9))
        assert len(got) == 9
    """,
    "all in a row": """
        import lightgbm
        from sklearn.ensemble import HistGradientBoostingClassifier
        D = np.random.rand(2000, 5)
        for _ in range(2):
            A = np.random.rand(400, 400); A @ A
            HistGradientBoostingClassifier(max_iter=3).fit(D, D[:, 0] > 0.5)
            lightgbm.LGBMClassifier(n_estimators=3, n_jobs=2, verbosity=-1).fit(D, D[:, 0] > 0.5)
    """,
}

#: One level is tried by the tests that take seconds, the others by those that take longer.
LATER = pytest.mark.slow
ALL_LEVELS = [*(pytest.param(name, marks=LATER) for name in ("process", "standard", "bubblewrap")), "strict"]
LEVELS = [*(pytest.param(name, marks=LATER) for name in ("process", "standard")), "strict"]


@pytest.fixture(scope="module", params=LEVELS)
def full(request):
    by = "namespaces" if request.param == "strict" else "itself"
    with LocalSandbox(Walls(level=request.param, by=by), imports=LIBRARIES) as opened:
        yield opened


@pytest.mark.parametrize("library", PARALLEL)
def test_a_library_that_was_only_imported_works_in_a_forked_child(full, make_job, hostile, library):
    source = hostile(textwrap.dedent(PARALLEL[library]))
    outcome = full.run(make_job(source, wall_s=60.0, limits={"n_threads": 2})).outcome
    assert (outcome.status, outcome.reason) == ("ok", ""), outcome


_names = itertools.count()


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module of the user's that does more than define things when it is imported; return its name."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def write(lines):
        name = f"does_too_much_{os.getpid()}_{next(_names)}"
        (folder / f"{name}.py").write_text(textwrap.dedent(lines))
        return name

    return write


UNSAFE = {
    "a parallel region of OpenMP": (
        """
        import numpy as np, os
        os.environ["OMP_NUM_THREADS"] = "2"
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits
        threadpool_limits(2)
        D = np.random.rand(2000, 5)
        HistGradientBoostingClassifier(max_iter=3).fit(D, D[:, 0] > 0.5)
        """,
        "started threads",
    ),
    "a thread": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
        "started threads",
    ),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("what", UNSAFE)
def test_an_import_that_does_more_makes_children_start_cold(module, make_job, hostile, logistic, level, what):
    lines, why = UNSAFE[what]
    by = "namespaces" if level == "strict" else "itself"
    uses_openmp = hostile(textwrap.dedent(PARALLEL["HistGradientBoosting"]))
    with LocalSandbox(Walls(level=level, by=by)) as plain:
        expected = plain.run(make_job(logistic)).predictions
    with LocalSandbox(Walls(level=level, by=by), imports=[module(lines)]) as sandbox:
        first = sandbox.run(make_job(logistic))
        assert first.outcome.status == "ok", first.outcome
        assert first.outcome.reason.startswith("cold start: an imported module"), first.outcome
        assert why in first.outcome.reason
        np.testing.assert_array_equal(first.predictions, expected)
        assert not sandbox._running.zygotes, "it is not asked again"
        again = sandbox.run(make_job(uses_openmp, limits={"n_threads": 2})).outcome
        assert (again.status, again.reason) == ("ok", first.outcome.reason)


def test_a_module_that_cannot_be_imported_is_no_reason(make_job, logistic, module):
    with LocalSandbox(Walls(level="process"), imports=["nowhere", module("raise SystemError('no')")]) as sandbox:
        outcome = sandbox.run(make_job(logistic)).outcome
    assert (outcome.status, outcome.reason) == ("ok", "")


def test_imports_alone_are_no_reason_against_forking():
    """Of this very list of libraries, in an interpreter of its own."""
    code = (
        "import importlib, sys; from octopus.sandbox import zygote; "
        "[importlib.import_module(m) for m in (*zygote.ALWAYS, *sys.argv[1:])]; print(zygote.reason_against_forking())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *LIBRARIES], capture_output=True, text=True, timeout=120, check=True,
        env=interpreter_environment(os.environ, {}, "/tmp"), cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout == "\n"


def in_a_fork(prepare):
    """Return what the guard says in a forked child, after something has happened there."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = "raised"
        with suppress(BaseException):
            prepare()
            said = zygote.reason_against_forking()
        os.write(into, said.encode())
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as stream:
        said = stream.read()
    os.waitpid(pid, 0)
    return said


def test_the_guard_finds_nothing_where_there_is_nothing():
    assert in_a_fork(lambda: None) == ""


def test_the_guard_finds_a_thread():
    blocked = threading.Event()
    assert in_a_fork(lambda: threading.Thread(target=blocked.wait, daemon=True).start()).startswith(
        "an imported module started threads ("
    )


def test_the_guard_finds_an_open_device(monkeypatch, tmp_path):
    """No graphics processor is needed: a file of another place counts as one."""
    device = tmp_path / "nvidia0"
    device.touch()
    monkeypatch.setattr(zygote, "_GPU_DEVICES", (str(tmp_path / "nvidia"),))
    kept = []
    assert in_a_fork(lambda: kept.append(device.open())) == f"an imported module opened {device}"
    assert in_a_fork(lambda: None) == ""


def test_the_guard_lets_arrows_allocator_be():
    assert {"jemalloc_bg_thd"} == zygote._HARMLESS_THREADS


@pytest.mark.parametrize("level", ALL_LEVELS)
def test_predictions_do_not_depend_on_level_or_start(make_job, logistic, level, monkeypatch):
    walls = {
        "process": Walls(level="process"),
        "standard": Walls(level="standard"),
        "strict": Walls(level="strict", by="namespaces"),
        "bubblewrap": Walls(level="strict", by="bubblewrap"),
    }[level]
    with LocalSandbox(walls) as sandbox:
        forked = sandbox.run(make_job(logistic))
    monkeypatch.setattr(local, "HAS_ZYGOTE", False)
    with LocalSandbox(walls) as sandbox:
        cold = sandbox.run(make_job(logistic))
    monkeypatch.undo()
    with LocalSandbox(Walls(level="process")) as sandbox:
        reference = sandbox.run(make_job(logistic))
    for result in (forked, cold, reference):
        assert (result.outcome.status, result.outcome.reason) == ("ok", ""), result.outcome
    assert np.array_equal(forked.predictions, reference.predictions)
    assert np.array_equal(cold.predictions, reference.predictions)
