"""Trying a sandbox: a script of ours does what no script may, and the parent looks whether anything came of it.

Nothing is concluded from versions or from programs that are installed: a host may refuse what its kernel can do. Each
attempt is one that succeeds without walls, which the parent makes sure of first.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from octopus.errors import SandboxUnavailable
from octopus.frame import write_table
from octopus.protocols import Job, Sandbox
from octopus.records import Canary, Limits

_LIMITS = Limits(wall_s=60.0, memory_bytes=4 << 30, disk_bytes=64 << 20)
_SECRET = "what no script may see"  # noqa: S105  a planted one
_SECRET_VARIABLE = "OCTOPUS_CANARY"  # noqa: S105  the name of one
#: Attempts in the order of the predictions that tell of them: 1 where one succeeded, else 0.
_ATTEMPTS = (
    ("read a file outside", "open({secret!r}).read()"),
    ("write a file outside", "open({folder!r} + '/written', 'w').write('x')"),
    ("open a socket", "socket.socket().close()"),
    ("connect to a socket of the user's", "socket.socket(socket.AF_UNIX).connect({unix!r})"),
    ("signal the parent", "os.kill({pid}, 0)"),
    ("read the parent's environment", "open('/proc/{pid}/environ', 'rb').read(1)[0]"),
    ("run a program", "subprocess.run(['/bin/true'], check=True)"),
)
#: Where this process reaches itself by the network: a host may have none.
_ATTEMPTS_BY_LOOPBACK = (
    ("connect by TCP", "socket.create_connection(('127.0.0.1', {tcp}), 2).close()"),
    ("send by UDP", "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {udp}))"),
)
#: Only namespaces keep from these.
_ATTEMPTS_AT_STRICT = (
    ("learn that a file exists", "os.stat({secret!r})"),
    ("see the processes of the user", "os.stat('/proc/{pid}') if os.getpid() != {pid} else 0 / 0"),
    ("see the connections of the machine", "open('/proc/1/net/tcp').read().splitlines()[1]"),
)
_SCRIPT = '''
"""Hypothesis: the walls hold."""
import os, socket, subprocess, sys
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

def attempt(action):
    try:
        action()
    except Exception:
        return 0.0
    return 1.0

class Canaries(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        if sys.version != {version!r}:
            raise RuntimeError("another interpreter: " + sys.version)
        self.found_ = [{attempts}]
        return self

    def predict(self, X):
        return np.asarray(self.found_)[: len(X)]

def build_pipeline():
    return Canaries()
'''


def try_out(sandbox: Sandbox, *, is_strict: bool) -> tuple[Canary, ...]:
    """Run the canaries in a sandbox.

    Parameters
    ----------
    sandbox : Sandbox
        To be tried.
    is_strict : bool
        Whether it promises that a script does not even see what else there is.

    Returns
    -------
    tuple of Canary
        One for each attempt.

    Raises
    ------
    SandboxUnavailable
        If the script could not be run at all.
    """
    with _bait() as bait:
        attempts = [*_ATTEMPTS, *(_ATTEMPTS_BY_LOOPBACK if "tcp" in bait.names else ())]
        attempts += _ATTEMPTS_AT_STRICT if is_strict else ()
        names = {"pid": os.getpid(), **bait.names}
        calls = ", ".join(f"attempt(lambda: {code.format(**names)})" for _, code in attempts)
        source = _SCRIPT.format(version=sys.version, attempts=calls)
        with tempfile.TemporaryDirectory(prefix="octopus-") as elsewhere:
            result = sandbox.run(_job(Path(elsewhere), source, len(attempts)))
        outside = bait.taken()
    if result.predictions is None:
        outcome = result.outcome
        why = f"{outcome.failure.type}: {outcome.failure.message}" if outcome.failure else outcome.reason
        raise SandboxUnavailable(sandbox.level, why or outcome.status, "")
    found = result.predictions
    return tuple(
        Canary(name=name, held=not succeeded and name not in outside)
        for (name, _), succeeded in zip(attempts, found, strict=True)
    )


@dataclass(frozen=True, kw_only=True)
class _Bait:
    """What is put out for a script that gets through."""

    folder: Path
    listeners: dict[str, socket.socket]
    names: dict[str, object]

    def taken(self) -> set[str]:
        """Return the attempts of which something is seen from outside."""
        taken = set()
        if (self.folder / "written").exists():
            taken.add("write a file outside")
        for name, listener in self.listeners.items():
            with suppress(BlockingIOError):
                if listener.type == socket.SOCK_DGRAM:
                    listener.recv(1)
                else:
                    listener.accept()[0].close()
                taken.add(name)
        return taken


@contextmanager
def _bait() -> Iterator[_Bait]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="octopus-")))
        secret = folder / "secret"
        secret.write_text(_SECRET)
        unix = str(folder / "s")
        path = stack.enter_context(socket.socket(socket.AF_UNIX))
        path.bind(unix)
        path.listen()
        _check_bait(path, unix)
        listeners = {"connect to a socket of the user's": path}
        names: dict[str, object] = {"secret": str(secret), "folder": str(folder), "unix": unix}
        with suppress(OSError):  # no loopback: nothing to be reached by it
            tcp = stack.enter_context(socket.socket())
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            for listener in (tcp, udp):
                listener.bind(("127.0.0.1", 0))
            tcp.listen()
            _check_bait(tcp, tcp.getsockname())
            names |= {"tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1]}
            listeners |= {"connect by TCP": tcp, "send by UDP": udp}
        for listener in listeners.values():
            listener.setblocking(False)
        yield _Bait(folder=folder, listeners=listeners, names=names)


def _check_bait(listener: socket.socket, address: object) -> None:
    """Take it ourselves, from outside every wall: what nobody can reach would prove nothing."""
    with socket.socket(listener.family) as client:
        client.settimeout(5)
        client.connect(address)  # type: ignore[arg-type]  # of either family
        listener.accept()[0].close()


def _job(folder: Path, source: str, n_rows: int) -> Job:
    features = folder / "features.arrow"
    write_table(pd.DataFrame({"a": np.arange(float(n_rows))}), features)
    return Job(
        kind="fold",
        features=features,
        source=source,
        train_rows=np.arange(n_rows),
        y=np.zeros(n_rows),
        predict_rows=np.arange(n_rows),
        n_classes=0,
        random_state=0,
        limits=_LIMITS,
    )
