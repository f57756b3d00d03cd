"""What a fit exports predicts the same elsewhere: in a process without octopus, in MLflow, in a fresh environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from octopus import AutonomousClassifier
from octopus.bundle.load import load
from tests.frames import binary_frame

PENGUINS = Path(__file__).parents[2] / "examples" / "penguins_raw.csv"


def penguin_rows() -> tuple[pd.DataFrame, pd.Series]:
    table = pd.read_csv(PENGUINS)
    return table.drop(columns="Sex"), table["Sex"]


def fit(X: pd.DataFrame, y: pd.Series, run_dir: Path, family: str) -> AutonomousClassifier:
    return AutonomousClassifier(
        families=[family], max_experiments=1, sandbox="process", random_state=0, run_dir=run_dir, n_jobs=1
    ).fit(X, y)


def export_fitted(estimator: AutonomousClassifier, directory: Path) -> None:
    manifest = estimator.export(directory)
    assert len(manifest.checks) == 5
    assert all(check.passed for check in manifest.checks)


def json_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{name: getattr(value, "item", lambda v=value: v)() for name, value in row.items()} for row in rows]


def ask(url: str, document: object) -> tuple[int, Any]:
    """POST JSON and return status and reply."""
    request = urllib.request.Request(url, json.dumps(document).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@contextmanager
def running(
    command: list[str], url: str, cwd: Path, patience_s: float = 150.0, **env: str
) -> Iterator[subprocess.Popen[str]]:
    """Start a service, wait until it answers, and end it."""
    log = cwd / "service.log"
    with log.open("w") as stream:
        service = subprocess.Popen(
            command, cwd=cwd, stdout=stream, stderr=subprocess.STDOUT, text=True, env={**os.environ, **env}
        )
    try:
        deadline = time.monotonic() + patience_s
        while True:
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                assert service.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
        yield service
    finally:
        service.kill()
        service.wait()


@pytest.fixture(scope="module")
def penguins(tmp_path_factory: pytest.TempPathFactory) -> tuple[AutonomousClassifier, Path]:
    there = tmp_path_factory.mktemp("penguins")
    estimator = fit(*penguin_rows(), there / "run", "linear")
    export_fitted(estimator, there / "bundle")
    return estimator, there / "bundle"


@pytest.fixture(scope="module")
def mroz(tmp_path_factory: pytest.TempPathFactory) -> tuple[AutonomousClassifier, Path]:
    there = tmp_path_factory.mktemp("mroz")
    estimator = fit(*binary_frame(), there / "run", "gbm")
    export_fitted(estimator, there / "bundle")
    return estimator, there / "bundle"


def test_a_loaded_bundle_is_the_estimator(penguins: tuple[AutonomousClassifier, Path]) -> None:
    estimator, bundle = penguins
    X, _ = penguin_rows()
    model = load(bundle)
    np.testing.assert_array_equal(model.predict_proba(X), estimator.predict_proba(X))
    np.testing.assert_array_equal(model.predict(X), estimator.predict(X))
    assert model.manifest.holdout == estimator.holdout_report_
    assert model.manifest.validation == estimator.best_experiment_.score


_WITHOUT_OCTOPUS = (
    "import sys, runpy\n"
    "class Refuse:\n"
    "    def find_spec(self, name, path=None, target=None):\n"
    "        if name.split('.')[0] == 'octopus': raise ImportError('octopus was imported')\n"
    "sys.meta_path.insert(0, Refuse())\n"
    "sys.path.insert(0, sys.argv[1]); sys.argv[:] = sys.argv[1:]; sys.argv[0] += '/predict.py'\n"
    "runpy.run_path(sys.argv[0], run_name='__main__')\n"
)


@pytest.mark.parametrize("which", ["penguins", "mroz"])
def test_a_file_is_predicted_from_a_shell_without_octopus(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    estimator, bundle = request.getfixturevalue(which)
    X = (penguin_rows() if which == "penguins" else binary_frame())[0]
    X.to_csv(tmp_path / "data.csv", index=False)
    ended = subprocess.run(
        [sys.executable, "-I", "-c", _WITHOUT_OCTOPUS, bundle, "data.csv", "-o", "out.csv"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    predicted = pd.read_csv(tmp_path / "out.csv")
    assert predicted.iloc[:, 0].tolist() == estimator.predict(X).tolist()
    np.testing.assert_allclose(predicted.iloc[:, 1:], estimator.predict_proba(X), rtol=1e-9)
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    ended = subprocess.run(
        [sys.executable, bundle / "predict.py", "data.csv"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.startswith("predict.py: the table lacks")
    assert "Traceback" not in ended.stderr


def test_the_directory_is_a_model_of_mlflow(penguins: tuple[AutonomousClassifier, Path], tmp_path: Path) -> None:
    estimator, bundle = penguins
    penguin_rows()[0].to_pickle(tmp_path / "X.pkl")
    code = (
        "import sys, json, mlflow.pyfunc, pandas as pd\n"
        "model = mlflow.pyfunc.load_model(sys.argv[1]); X = pd.read_pickle('X.pkl')\n"
        "given = model.predict(X, params={'predict_method': 'predict_proba'})\n"
        "print(json.dumps([model.predict(X).tolist(), given.to_numpy().tolist(), list(given)]))\n"
        "print('octopus' in sys.modules, model.metadata.get_input_schema().input_names() == list(X))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, bundle],
        cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    given, is_free = ended.stdout.splitlines()
    labels, probabilities, names = json.loads(given)
    X, _ = penguin_rows()
    assert is_free == "False True"
    assert labels == estimator.predict(X).tolist()
    assert names == estimator.classes_.tolist()
    np.testing.assert_allclose(probabilities, estimator.predict_proba(X), rtol=1e-9)


@pytest.mark.slow
def test_mlflow_serves_it(penguins: tuple[AutonomousClassifier, Path], tmp_path: Path, unused_tcp_port: int) -> None:
    estimator, bundle = penguins
    X, _ = penguin_rows()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(bundle), "--env-manager", "local",
               "-p", str(unused_tcp_port)]  # fmt: skip
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    url = f"http://127.0.0.1:{unused_tcp_port}"
    with running(command, f"{url}/ping", tmp_path, MLFLOW_DISABLE_TELEMETRY="true", PATH=path):
        status, reply = ask(f"{url}/invocations", {"dataframe_records": json_rows(X.head(20))})
        assert (status, reply["predictions"]) == (200, estimator.predict(X.head(20)).tolist())
        status, reply = ask(f"{url}/invocations", {"dataframe_records": [{"Island": 1}]})
        assert status == 400
        assert "the table lacks" in json.dumps(reply)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("which", ["penguins", "mroz"])
def test_a_fresh_environment_with_its_requirements_alone_serves_it(
    which: str, request: pytest.FixtureRequest, tmp_path: Path, unused_tcp_port: int
) -> None:
    estimator, exported = request.getfixturevalue(which)
    X = (penguin_rows() if which == "penguins" else binary_frame())[0]
    bundle = tmp_path / "bundle"
    shutil.copytree(exported, bundle, ignore=shutil.ignore_patterns("__pycache__"))
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", bundle / "requirements.txt"],
        check=True, timeout=480,
    )  # fmt: skip
    there = subprocess.run([python, "-I", "-c", "import octopus"], capture_output=True, text=True, check=False)
    assert "No module named 'octopus'" in there.stderr
    url = f"http://127.0.0.1:{unused_tcp_port}"
    with running([python, "serve.py", "--port", str(unused_tcp_port)], f"{url}/healthz", bundle):
        status, reply = ask(f"{url}/predict", {"rows": json_rows(X)})
        assert status == 200
        assert reply["predictions"] == estimator.predict(X).tolist()
        given = [list(row.values()) for row in reply["probabilities"]]
        np.testing.assert_allclose(given, estimator.predict_proba(X), rtol=1e-6, atol=1e-9)
        number = next(column.name for column in estimator.schema_.columns if column.kind == "number")
        status, reply = ask(f"{url}/predict", {**json_rows(X)[0], number: "abc"})
        assert status == 422
        assert reply == {"errors": [{"row": 0, "column": number, "problem": "expected a number, got 'abc'"}]}


@pytest.fixture
def unused_tcp_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
