"""A process that has only imported libraries, and forks a supervisor for each job: 30 times faster than a cold start.

It runs nothing else: one parallel region here, and OpenMP hangs or crashes in every child. It ends when the user's
process does, or when it has been idle.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from octopus.sandbox import tree
from octopus.sandbox.jobdir import JobDirectory
from octopus.sandbox.linux import adopt_orphans
from octopus.sandbox.offspring import ForkedChild
from octopus.sandbox.supervisor import supervise

READY = b"ready"
#: What every child needs, whatever the script.
_ALWAYS = (
    "octopus.sandbox.child",
    "octopus.frame",
    "cloudpickle",
    "joblib",
    "pyarrow",
    "pyarrow.ipc",
    "threadpoolctl",
    "sklearn.compose",
    "sklearn.ensemble",
    "sklearn.impute",
    "sklearn.linear_model",
    "sklearn.pipeline",
    "sklearn.preprocessing",
)
#: Seconds between looks at whether the owner still lives and supervisors have ended.
_LOOK_S = 0.5
#: Seconds without a job after which memory is given back; a start costs a few seconds.
_IDLE_S = 600.0
_MAX_REQUEST = 65536


def main() -> NoReturn:
    """Import, then fork: ``argv`` is the socket, the modules as JSON and the home directory to delete at the end."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    home = sys.argv[3]
    try:
        for module in (*_ALWAYS, *json.loads(sys.argv[2])):
            with suppress(Exception):  # the script that needs it tells why it cannot be imported
                importlib.import_module(module)
        from octopus.sandbox.child import thread_limiter

        limit_threads = thread_limiter()
        gc.collect()
        gc.freeze()  # the collector would touch, and so copy, every page that children share
        adopt_orphans()
        connection.sendall(READY)
        _Server(connection, limit_threads).serve()
    except (OSError, KeyboardInterrupt):  # the owner went away
        pass
    finally:
        shutil.rmtree(home, ignore_errors=True)
        os._exit(0)


class _Server:
    """Serves jobs until the owner goes away."""

    def __init__(self, connection: socket.socket, limit_threads: Callable[[int], None]) -> None:
        self._limit_threads = limit_threads
        self._connection = connection
        self._owner = os.getppid()
        self._supervisors: set[int] = set()
        self._idle_since = time.monotonic()

    def serve(self) -> None:
        while os.getppid() == self._owner and not self._is_idle():
            readable, _, _ = select.select([self._connection], [], [], _LOOK_S)
            self._bury()
            if not readable:
                continue
            request, fds, _, _ = socket.recv_fds(self._connection, _MAX_REQUEST, 1)
            if not request:
                return
            self._fork(JobDirectory(Path(os.fsdecode(request))), fds[0])

    def _is_idle(self) -> bool:
        if self._supervisors:
            self._idle_since = time.monotonic()
        return time.monotonic() - self._idle_since > _IDLE_S

    def _fork(self, directory: JobDirectory, control_fd: int) -> None:
        pid = os.fork()
        if pid == 0:
            try:
                self._connection.close()
                _supervise(directory, control_fd, self._limit_threads)
            finally:
                os._exit(0)
        os.close(control_fd)
        self._supervisors.add(pid)

    def _bury(self) -> None:
        """Forget supervisors that ended; what one left behind by dying itself is killed."""
        with suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                self._supervisors.discard(pid)
        tree.end([pid for pid in tree.children(os.getpid()) if pid not in self._supervisors])


def _supervise(directory: JobDirectory, control_fd: int, limit_threads: Callable[[int], None]) -> None:
    from octopus.sandbox.child import run_child

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    control = socket.socket(fileno=control_fd)
    supervisor = os.getpid()

    def start() -> ForkedChild:
        pid = os.fork()
        if pid == 0:
            control.close()
            run_child(directory, supervisor, limit_threads)
        return ForkedChild(pid)

    supervise(directory, control, start)
