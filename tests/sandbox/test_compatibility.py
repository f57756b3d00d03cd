"""What scripts do every day works behind the walls as it does without them."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np
import pytest

from octopus.frame import write_table
from octopus.sandbox import local
from octopus.sandbox.jobdir import Walls
from octopus.sandbox.local import LocalSandbox

WALLS = {
    "process": Walls(level="process"),
    "standard": Walls(level="standard"),
    "strict": Walls(level="strict", by="namespaces"),
    "bubblewrap": Walls(level="strict", by="bubblewrap"),
}

#: Lines of a ``fit``; each asserts its own result.
EVERYDAY = {
    "LightGBM with threads": """
        import lightgbm
        D = np.random.rand(2000, 5)
        lightgbm.LGBMClassifier(n_estimators=5, n_jobs=2, verbosity=-1).fit(D, D[:, 0] > 0.5).predict(D)
    """,
    "cross_val_score in two jobs": """
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import cross_val_score
        D = np.random.rand(300, 3)
        assert cross_val_score(LogisticRegression(), D, D[:, 0] > 0.5, cv=3, n_jobs=2).shape == (3,)
    """,
    "joblib, loky": """
        from joblib import Parallel, delayed
        assert Parallel(n_jobs=2, backend="loky")(delayed(abs)(-i) for i in range(5)) == [0, 1, 2, 3, 4]
    """,
    "joblib, multiprocessing": """
        from joblib import Parallel, delayed
        assert Parallel(n_jobs=2, backend="multiprocessing")(delayed(abs)(-i) for i in range(5)) == [0, 1, 2, 3, 4]
    """,
    "joblib, a cache on disk": """
        from joblib import Memory
        assert Memory("cache", verbose=0).cache(abs)(-3) == 3
    """,
    "a pool of forks": """
        import multiprocessing
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(abs, range(-5, 0)) == [5, 4, 3, 2, 1]
    """,
    "a pool of threads": """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(abs, [-1, -2])) == [1, 2]
    """,
    "a queue between processes": """
        import multiprocessing
        m = multiprocessing.get_context("fork")
        queue, done = m.Queue(), m.Event()
        def work():
            queue.put("here"); done.set()
        process = m.Process(target=work); process.start()
        assert queue.get(timeout=30) == "here" and done.wait(30)
        process.join(); assert process.exitcode == 0
    """,
    "Python in a process of its own": """
        said = subprocess.run([sys.executable, "-c", "import numpy; print(numpy.arange(4).sum())"],
                              capture_output=True, text=True, check=True).stdout
        assert said == "6\\n"
    """,
    "asyncio": """
        import asyncio
        async def main():
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(1)", stdout=-1)
            said, _ = await process.communicate()
            return said, await asyncio.to_thread(abs, -4)
        assert asyncio.run(main()) == (b"1\\n", 4)
    """,
    "parquet, CSV and pickle": """
        import pandas as pd, tempfile
        frame = pd.DataFrame({"a": [1.5, None], "b": ["x", "y"], "c": pd.to_datetime(["2020-01-01", "2021-01-01"])})
        folder = tempfile.mkdtemp()
        path = folder + "/f.parquet"
        frame.to_parquet(path); pd.testing.assert_frame_equal(pd.read_parquet(path), frame)
        frame.to_csv("f.csv"); assert len(pd.read_csv("f.csv")) == 2
        frame.to_pickle("f.pkl"); pd.testing.assert_frame_equal(pd.read_pickle("f.pkl"), frame)
    """,
    "temporary files": """
        import tempfile
        with tempfile.TemporaryFile() as a, tempfile.NamedTemporaryFile() as b, tempfile.SpooledTemporaryFile() as c:
            for file in (a, b, c):
                file.write(b"x"); file.seek(0); assert file.read() == b"x"
        with tempfile.TemporaryDirectory() as folder:
            open(folder + "/x", "w").close()
        assert not os.path.exists(folder)
    """,
    "sqlite": """
        import sqlite3
        for where in (":memory:", "data.db"):
            with sqlite3.connect(where) as db:
                db.execute("create table t (x)"); db.execute("insert into t values (3)")
                assert db.execute("select sum(x) from t").fetchone() == (3,)
    """,
    "time zones": """
        import datetime, zoneinfo, pandas as pd
        there = zoneinfo.ZoneInfo("Europe/Berlin")
        assert datetime.datetime(2024, 7, 1, tzinfo=there).utcoffset() == datetime.timedelta(hours=2)
        assert str(pd.Timestamp("2024-01-01", tz="America/New_York").utcoffset()) == "-1 day, 19:00:00"
    """,
    "copies": """
        import shutil
        open("a", "w").write("x"); shutil.copy("a", "b"); shutil.copy2("a", "c")
        os.mkdir("d"); shutil.copytree("d", "e"); shutil.move("c", "d/c"); os.replace("a", "a2")
        os.symlink("b", "l"); os.link("b", "h"); shutil.make_archive("z", "zip", "d"); shutil.rmtree("d")
        assert open("l").read() == "x"
    """,
    "memory maps": """
        np.save("m.npy", np.arange(1000.0)); assert np.load("m.npy", mmap_mode="r").sum() == 499500
        np.memmap("w.bin", mode="w+", shape=(100,))[:] = 1
    """,
    "a figure": """
        import importlib.util
        if importlib.util.find_spec("matplotlib"):
            import matplotlib
            matplotlib.use("Agg")
            from matplotlib import pyplot
            pyplot.plot([1, 2]); pyplot.savefig("f.png"); assert os.path.getsize("f.png") > 1000
    """,
    "numbers from the system": """
        import secrets, uuid
        assert os.urandom(4) and uuid.uuid4() and secrets.token_hex(2)
    """,
    "the name of the machine and of the user": """
        import getpass, platform, socket
        assert platform.node() and platform.machine() and isinstance(socket.gethostname(), str)
        assert os.path.expanduser("~") == os.getcwd()
    """,
    "processor and memory": """
        import psutil
        assert psutil.virtual_memory().total and os.cpu_count() and psutil.Process().memory_info().rss
    """,
    "system tools of Python": """
        import resource, signal, logging, warnings
        signal.signal(signal.SIGUSR1, signal.SIG_IGN); signal.alarm(0)
        resource.getrusage(resource.RUSAGE_SELF); os.nice(0); os.getloadavg()
        logging.getLogger("x").warning("to stderr")
    """,
}
#: What needs shared memory, a private ``/dev/shm``; ``standard`` has none.
WITH_SHARED_MEMORY = {
    "shared memory": """
        from multiprocessing import shared_memory
        block = shared_memory.SharedMemory(create=True, size=800)
        np.ndarray(100, buffer=block.buf)[:] = 2
        other = shared_memory.SharedMemory(block.name); assert np.ndarray(100, buffer=other.buf).sum() == 200
        other.close(); block.close(); block.unlink()
    """,
    "a pool of new interpreters": """
        import multiprocessing
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.map(abs, [-1, -2]) == [1, 2]
    """,
    "a resource tracker": "from multiprocessing import resource_tracker; resource_tracker.ensure_running()",
}


@pytest.fixture(scope="module", params=["standard", "strict"])
def walled(request):
    with LocalSandbox(WALLS[request.param]) as opened:
        yield opened


@pytest.mark.parametrize("what", EVERYDAY)
def test_everyday_code_works(walled, make_job, hostile, what):
    outcome = walled.run(make_job(hostile(textwrap.dedent(EVERYDAY[what])), limits={"n_threads": 2})).outcome
    assert outcome.status == "ok", (outcome, outcome.stderr_tail)
    if what != "system tools of Python":
        assert outcome.stderr_tail == ""
    assert outcome.stdout_tail == ""


@pytest.mark.parametrize("what", WITH_SHARED_MEMORY)
def test_shared_memory_works_where_it_is_private(make_job, hostile, what):
    with LocalSandbox(WALLS["strict"]) as strict:
        outcome = strict.run(make_job(hostile(textwrap.dedent(WITH_SHARED_MEMORY[what])))).outcome
    assert outcome.status == "ok", (outcome, outcome.stderr_tail)
    assert outcome.stderr_tail == ""


def test_a_plain_script_says_nothing(walled, make_job, logistic):
    outcome = walled.run(make_job(logistic)).outcome
    assert (outcome.status, outcome.stdout_tail, outcome.stderr_tail) == ("ok", "", "")


@pytest.mark.parametrize("level", ["process", "standard", "strict"])
def test_language_and_time_zone_are_the_users(make_job, hostile, monkeypatch, level):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    source = hostile("""
        import locale
        assert locale.getpreferredencoding() == "UTF-8" and sys.getfilesystemencoding() == "utf-8"
        assert time.tzname == ("JST", "JST"), time.tzname
        open("größe-数.txt", "w").write("größe 数"); assert open("größe-数.txt").read() == "größe 数"
    """)
    with LocalSandbox(WALLS[level]) as sandbox:
        outcome = sandbox.run(make_job(source)).outcome
    assert outcome.status == "ok", (outcome, outcome.stderr_tail)


# --------------------------------------------------------------------------- files of the user's


@pytest.fixture(params=["forked", "cold"])
def start(request, monkeypatch):
    if request.param == "cold":
        monkeypatch.setattr(local, "HAS_ZYGOTE", False)
    return request.param


@pytest.mark.parametrize("level", ["standard", "strict"])
def test_a_path_that_a_family_names_is_readable_and_nothing_beside_it(tmp_path, make_job, hostile, level):
    weights = tmp_path / "weights"
    (weights / "deep").mkdir(parents=True)
    (weights / "deep" / "w.bin").write_text("w")
    single = tmp_path / "single.bin"
    single.write_text("s")
    (tmp_path / "beside.bin").write_text("secret")
    source = hostile(f"""
        folder = {str(tmp_path)!r}
        assert open(folder + "/weights/deep/w.bin").read() == "w" and open(folder + "/single.bin").read() == "s"
        assert os.listdir(folder + "/weights") == ["deep"]
        for path in ("beside.bin", "weights/../beside.bin"):
            try:
                open(f"{{folder}}/{{path}}")
            except OSError:
                continue
            raise AssertionError(path)
        for path in ("weights/new", "single.bin", "weights/deep/w.bin"):
            try:
                open(f"{{folder}}/{{path}}", "a")
            except OSError:
                continue
            raise AssertionError(path)
    """)
    walls = Walls(level=level, by=WALLS[level].by, paths=(str(weights), str(single), str(tmp_path / "missing")))
    with LocalSandbox(walls) as sandbox:
        outcome = sandbox.run(make_job(source)).outcome
    assert outcome.status == "ok", (outcome, outcome.stderr_tail)


@pytest.mark.parametrize("level", ["standard", "strict", "bubblewrap"])
def test_a_module_from_where_the_user_works_is_imported_and_what_lies_beside_it_stays_hidden(
    make_job, hostile, monkeypatch, level, start
):
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="work of mine ") as folder:  # not below /tmp, a child's own
        _write_modules(Path(folder))
        monkeypatch.syspath_prepend(folder)
        source = hostile(f"""
            import editable_pkg, editable_alone
            assert (editable_pkg.VALUE, editable_alone.VALUE) == (41, 42)
            for name in (".env", "other_module.py"):
                try:
                    open({folder!r} + "/" + name)
                except OSError:
                    continue
                raise AssertionError(name)
        """)
        with LocalSandbox(WALLS[level], imports=["editable_pkg.inner", "editable_alone"]) as sandbox:
            outcome = sandbox.run(make_job(source)).outcome
    assert outcome.status == "ok", (outcome, outcome.stderr_tail)


def _write_modules(work):
    (work / "editable_pkg").mkdir(parents=True)
    (work / "editable_pkg" / "__init__.py").write_text("from editable_pkg.inner import VALUE")
    (work / "editable_pkg" / "inner.py").write_text("VALUE = 41")
    (work / "editable_alone.py").write_text("VALUE = 42")
    (work / ".env").write_text("KEY=hunter2")
    (work / "other_module.py").write_text("VALUE = 43")


# --------------------------------------------------------------------------- places of the run directory


def _table_in(folder: Path, table) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    write_table(table, folder / "features.arrow")
    return folder / "features.arrow"


PLACES = ["with spaces  and 'quotes'", "größe 数 🐙", "a" * 120, "-dash", "new\nline", "%s {x} $HOME"]


@pytest.mark.parametrize("level", ["process", "standard", "strict"])
def test_a_run_directory_may_have_any_name(tmp_path, table, make_job, logistic, level):
    with LocalSandbox(WALLS[level]) as sandbox:
        reference = sandbox.run(make_job(logistic)).predictions
        for name in PLACES:
            job = make_job(logistic)
            job = _moved(job, _table_in(tmp_path / name, table))
            result = sandbox.run(job)
            assert result.outcome.status == "ok", (name, result.outcome, result.outcome.stderr_tail)
            assert np.array_equal(result.predictions, reference)


def _moved(job, features):
    return dataclasses.replace(job, features=features)


@pytest.mark.parametrize("level", ["process", "standard", "strict"])
@pytest.mark.parametrize(
    "base", [base for base in ("/tmp", "/var/tmp", "/dev/shm", "/opt") if os.access(base, os.W_OK)]
)
def test_a_run_directory_may_lie_anywhere_behind_a_link_too(table, make_job, logistic, level, base):
    with LocalSandbox(WALLS[level]) as sandbox, tempfile.TemporaryDirectory(dir=base) as there:
        real = _table_in(Path(there) / "real", table)
        link = Path(there) / "link"
        link.symlink_to("real")
        for features in (real, link / "features.arrow"):
            result = sandbox.run(_moved(make_job(logistic), features))
            assert result.outcome.status == "ok", (features, result.outcome, result.outcome.stderr_tail)
            assert result.predictions is not None


@pytest.mark.parametrize("level", ["standard", "strict", "bubblewrap"])
def test_a_run_directory_of_another_user_is_refused_with_the_reason(tmp_path, table, make_job, logistic, level):
    """Root reaches it, a child without root's power does not."""
    features = _table_in(tmp_path / "theirs", table)
    if os.getuid() != 0:
        pytest.skip("only root can enter another user's directory")
    os.chown(features.parent, 23456, 23456)
    features.parent.chmod(0o700)
    before = features.read_bytes()
    with LocalSandbox(WALLS[level]) as sandbox:
        result = sandbox.run(_moved(make_job(logistic), features))
    assert result.outcome.status == "not_run", (result.outcome, result.outcome.stderr_tail)
    assert "belongs to another user" in result.outcome.reason
    assert features.read_bytes() == before
    assert [path.name for path in features.parent.iterdir()] == ["features.arrow"]


@pytest.mark.slow
@pytest.mark.parametrize("level", ["standard", "strict"])
def test_an_interpreter_behind_a_link_works(tmp_path, features, logistic, level):
    """As pyenv, conda and uv make them."""
    (tmp_path / "linked").symlink_to(sys.prefix)
    (tmp_path / "source.py").write_text(textwrap.dedent(logistic))
    program = tmp_path / "program.py"
    by = WALLS[level].by
    program.write_text(
        textwrap.dedent(f"""
            import sys
            from pathlib import Path
            import numpy as np
            from octopus.protocols import Job
            from octopus.records import Limits
            from octopus.sandbox import local
            from octopus.sandbox.jobdir import Walls
            if __name__ == "__main__":
                job = Job(kind="fold", features=Path({str(features)!r}), source=Path(sys.argv[1]).read_text(),
                          train_rows=np.arange(80), y=np.arange(80) % 2.0, predict_rows=np.arange(80, 120),
                          n_classes=2, random_state=0, limits=Limits(wall_s=60, memory_bytes=4 << 30))
                assert "linked" in sys.prefix, sys.prefix
                for local.HAS_ZYGOTE in (True, False):
                    with local.LocalSandbox(Walls(level={level!r}, by={by!r})) as sandbox:
                        outcome = sandbox.run(job).outcome
                    assert (outcome.status, outcome.reason) == ("ok", ""), (outcome, outcome.stderr_tail)
        """)
    )
    python = tmp_path / "linked" / "bin" / "python"
    done = subprocess.run(
        [str(python), str(program), str(tmp_path / "source.py")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, capture_output=True, text=True,
        timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
