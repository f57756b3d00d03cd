"""The service as its users meet it: over a socket, with right rows and wrong ones, started, refused and interrupted."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from octopus import AutonomousClassifier
from octopus.bundle.serve import check_port, serve
from octopus.errors import DamagedBundle, ServiceError, UntrustedPickle
from tests.e2e.test_bundle import ask, export_fitted, fit, json_rows, penguin_rows, running

_SERVE = (
    "import sys; from pathlib import Path; from octopus.bundle.serve import serve; "
    "serve(Path(sys.argv[1]), port=int(sys.argv[2]))"
)


@dataclass
class Service:
    """A running service and the estimator that it was exported from."""

    estimator: AutonomousClassifier
    bundle: Path
    url: str
    port: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serving(bundle: Path, port: int) -> list[str]:
    return [sys.executable, "-c", _SERVE, str(bundle), str(port)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    there = tmp_path_factory.mktemp("service")
    estimator = fit(*penguin_rows(), there / "run", "linear")
    export_fitted(estimator, there / "bundle")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running(
        serving(there / "bundle", port),
        f"{url}/healthz",
        there,
        OCTOPUS_MAX_ROWS="500",
        OCTOPUS_MAX_BODY_BYTES="400000",
    ):
        yield Service(estimator, there / "bundle", url, port)


def test_it_answers_with_the_estimator_s_own_predictions(service: Service) -> None:
    X, _ = penguin_rows()
    status, reply = ask(f"{service.url}/predict", {"rows": json_rows(X)})
    assert status == 200
    assert reply["predictions"] == service.estimator.predict(X).tolist()
    expected = service.estimator.predict_proba(X)
    assert list(reply["probabilities"][0]) == service.estimator.classes_.tolist()
    given = np.asarray([list(row.values()) for row in reply["probabilities"]])
    np.testing.assert_allclose(given, expected, rtol=1e-6, atol=1e-9)
    status, one = ask(f"{service.url}/predict", json_rows(X)[7])
    assert status == 200
    assert one["predictions"] == [service.estimator.predict(X)[7]]
    assert list(one["probabilities"][0].values()) == pytest.approx(expected[7].tolist())


def test_it_says_what_is_wrong_with_a_row(service: Service) -> None:
    row = json_rows(penguin_rows()[0])[0]
    status, reply = ask(f"{service.url}/predict", {"rows": [row, {**row, "Body Mass (g)": "heavy"}]})
    assert status == 422
    assert reply["errors"] == [{"row": 1, "column": "Body Mass (g)", "problem": "expected a number, got 'heavy'"}]
    del row["Island"]
    status, reply = ask(f"{service.url}/predict", row)
    assert (status, reply["errors"][0]["column"]) == (422, "Island")


def test_limits_are_those_of_the_environment(service: Service) -> None:
    row = json_rows(penguin_rows()[0])[0]
    status, reply = ask(f"{service.url}/predict", {"rows": [{} for _ in range(501)]})
    assert status == 413
    assert "501 rows in one request, which takes 500 at most" in reply["errors"][0]["problem"]
    status, reply = ask(f"{service.url}/predict", {**row, "Comments": "x" * 500_000})
    assert status == 413
    assert "longer than 400,000 bytes" in reply["errors"][0]["problem"]


def test_it_tells_what_it_is(service: Service) -> None:
    with urllib.request.urlopen(f"{service.url}/healthz") as reply:
        assert json.load(reply)["status"] == "ok"
    with urllib.request.urlopen(f"{service.url}/schema") as reply:
        schema = json.load(reply)
    assert [column["name"] for column in schema["columns"]] == list(penguin_rows()[0])
    example = {column["name"]: column["example"] for column in schema["columns"]}
    assert ask(f"{service.url}/predict", example)[0] == 200
    with urllib.request.urlopen(f"{service.url}/openapi.json") as reply:
        assert "/predict" in json.load(reply)["paths"]
    with urllib.request.urlopen(f"{service.url}/docs") as reply:
        assert reply.status == 200


def test_a_port_in_use_is_said_before_the_model_is_loaded(service: Service) -> None:
    with pytest.raises(ServiceError, match=rf"127.0.0.1:{service.port}: address already in use.*--port") as caught:
        serve(service.bundle, port=service.port)
    assert caught.value.port == service.port
    assert isinstance(caught.value, OSError)
    alone = subprocess.run(
        [sys.executable, service.bundle / "serve.py", "--port", str(service.port)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert alone.returncode == 1
    assert "Address already in use. Choose another --port" in alone.stderr
    assert "Traceback" not in alone.stderr


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("127.0.0.1", -1), ("256.1.1.1", 8000)])
def test_no_address_is_an_error_of_the_same_kind(host: str, port: int) -> None:
    with pytest.raises(ServiceError, match=f"cannot serve on {host}:{port}"):
        check_port(host, port)


def test_ctrl_c_ends_it_without_a_word_of_blame(service: Service, tmp_path: Path) -> None:
    port = free_port()
    with running(serving(service.bundle, port), f"http://127.0.0.1:{port}/healthz", tmp_path) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    told = (tmp_path / "service.log").read_text()
    assert "Traceback" not in told
    assert f"http://127.0.0.1:{port}" in told
    check_port("127.0.0.1", port)


def test_what_is_damaged_or_not_trusted_is_not_served(service: Service, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    export_fitted(service.estimator, damaged)
    manifest = json.loads((damaged / "manifest.json").read_text())
    (damaged / "manifest.json").write_text(json.dumps({**manifest, "author": "model"}))
    with pytest.raises(UntrustedPickle, match="allow_pickle"):
        serve(damaged)
    with (damaged / "serve.py").open("a") as file:
        file.write("\n")
    with pytest.raises(DamagedBundle, match=r"serve\.py was altered"):
        serve(damaged, allow_pickle=True)


@pytest.mark.skipif(
    os.name != "posix", reason="byte code is left there by whoever ran it; only POSIX replaces processes"
)
def test_byte_code_that_lies_in_the_bundle_is_not_run(service: Service, tmp_path: Path) -> None:
    import importlib.util
    import py_compile

    bundle, trace = tmp_path / "bundle", tmp_path / "was-run"
    export_fitted(service.estimator, bundle)
    source = tmp_path / "rows.py"
    source.write_text((bundle / "rows.py").read_text() + f"\nopen({str(trace)!r}, 'w')\n")
    cached = importlib.util.cache_from_source(str(bundle / "rows.py"))
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(source), cached, doraise=True, invalidation_mode=unchecked)
    port = free_port()
    with running(serving(bundle, port), f"http://127.0.0.1:{port}/healthz", tmp_path):
        assert not trace.exists()
