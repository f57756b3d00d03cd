"""A bundle → its own service, in place of this process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from octopus.bundle.verify import check_trust, verify
from octopus.errors import ServiceError

_LAST_PORT = 65_535


def serve(directory: Path, host: str = "127.0.0.1", port: int = 8000, *, allow_pickle: bool = False) -> NoReturn:
    """Check a bundle and the port, then run its serve.py in place of this process, which gets the signals.

    Parameters
    ----------
    directory : Path
        Where the bundle lies.
    host : str, default="127.0.0.1"
        Address to listen on.
    port : int, default=8000
        Port to listen on.
    allow_pickle : bool, default=False
        Whether a pipeline whose script a language model wrote may run here, with your rights.

    Raises
    ------
    BundleError
        It is no bundle, is damaged, or is not to be trusted.
    ServiceError
        The port is in use, or cannot be had.
    """
    manifest = verify(directory)
    check_trust(directory, manifest, allow_pickle)
    check_port(host, port)
    sys.stdout.flush()
    sys.stderr.flush()
    command = [sys.executable, "-s", str(Path(directory).resolve() / "serve.py"), "--host", host, "--port", str(port)]
    if os.name == "posix":
        # Byte code that lies in the bundle is not what was checked: none is read, none is written.
        os.execve(command[0], command, {**os.environ, **_PLAIN})  # noqa: S606  our own interpreter, a checked file
    raise SystemExit(_run_beside(command))


def check_port(host: str, port: int) -> None:
    """Raise ServiceError where nothing can listen on an address.

    Parameters
    ----------
    host : str
        Address.
    port : int
        Port; 0 for any that is free.

    Raises
    ------
    ServiceError
        It is in use, not allowed, or no address of this machine.
    """
    if not 0 <= port <= _LAST_PORT:
        raise ServiceError(host, port, f"a port is a number from 1 to {_LAST_PORT}")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ServiceError(host, port, (error.strerror or str(error)).lower()) from error


_PLAIN = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": os.devnull}


def _run_beside(command: list[str]) -> int:
    """Run the service as a child where a process cannot be replaced, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.call(command, env={**os.environ, **_PLAIN})  # noqa: S603  our own interpreter, a checked file
