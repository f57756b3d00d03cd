"""What every test runs under: no network, no keys, nothing written outside temporary directories."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "octopus", deadline=None, max_examples=40, derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("octopus")

#: State of each module's generator after its import.
_STATES: dict[str, dict] = {}
_NEARBY = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(scope="session", autouse=True)
def _untracked() -> Iterator[None]:
    """Start no process beside every fit, those of fixtures of modules among them; tests of tracking turn it on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OCTOPUS_TRACKER", "none")
        patch.setenv("TABPFN_MODEL_CACHE_DIR", os.devnull)  # weights of a developer's own change no run
        yield


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep runs out of the user's data directory and keys out of the tests."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data", numbered=True)))
    for name in [*os.environ]:
        if name == "OCTOPUS_BACKEND" or name.startswith("OPENAI_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _same_draws_in_any_order(request: pytest.FixtureRequest) -> None:
    """Let the generator of a module begin each of its tests in the same state, whichever ran before."""
    generator = getattr(getattr(request, "module", None), "RNG", None)
    if generator is not None:
        first = _STATES.setdefault(request.module.__name__, generator.bit_generator.state)
        generator.bit_generator.state = first


@pytest.fixture(autouse=True)
def _modules_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Forget what a test imported from its own files: a sandbox shows its children every module that is imported."""
    before = set(sys.modules)
    yield
    ours = str(tmp_path_factory.getbasetemp())
    for name in sys.modules.keys() - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(ours):
            del sys.modules[name]


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def connect_nearby(self: socket.socket, address: object) -> None:
        _refuse_far(self, address)
        connect(self, address)  # type: ignore[arg-type]

    def connect_ex_nearby(self: socket.socket, address: object) -> int:
        _refuse_far(self, address)
        return connect_ex(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect_nearby)
    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex_nearby)


def _refuse_far(connecting: socket.socket, address: object) -> None:
    host = address[0] if isinstance(address, tuple) else ""
    if connecting.family != socket.AF_UNIX and host not in _NEARBY:
        raise AssertionError(f"a test tried to reach {address!r}: there is no network in tests")


@pytest.fixture
def penguins() -> Path:
    """Return the example table of the repository."""
    return Path(__file__).parents[1] / "examples" / "penguins_raw.csv"
