"""A process that has only imported libraries, and forks a supervisor for each job: 30 times faster than a cold start.

It runs nothing else: one parallel region here, and OpenMP hangs or crashes in every child. It ends when the user's
process does, or when it has been idle.
"""

from __future__ import annotations

import fcntl
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
from contextlib import suppress
from pathlib import Path

from octopus.sandbox import tree
from octopus.sandbox.child import ALWAYS, Ends, Origin, run_child
from octopus.sandbox.jobdir import JobDirectory
from octopus.sandbox.linux.calls import adopt_orphans
from octopus.sandbox.offspring import ForkedChild
from octopus.sandbox.places import installed, programs
from octopus.sandbox.supervisor import supervise

READY = b"ready"
#: Before the directory of a job whose supervisor is to be killed.
END = b"end "
#: In place of :data:`READY`, with the reason, where forking would not be sound.
UNSAFE = b"unsafe: "
#: The one thread that imports start and that survives a fork in peace: Arrow's allocator, which starts it anew.
_HARMLESS_THREADS = frozenset(("jemalloc_bg_thd",))
#: Device files of graphics processors, which a fork does not share in.
_GPU_DEVICES = ("/dev/nvidia", "/dev/kfd", "/dev/dri")
#: Seconds between looks at whether the owner still lives and supervisors have ended.
_LOOK_S = 0.5
#: Seconds at the end to wait for supervisors, which end their own jobs, and for what killed ones left behind; the owner
#: kills what takes longer.
_END_WITHIN_S = 4.0
#: Seconds between looks in that time.
_END_LOOK_S = 0.005
#: Seconds without a job after which memory is given back; a start costs a few seconds.
_IDLE_S = 600.0
_MAX_REQUEST = 65536


def main() -> None:
    """Import, then fork: ``argv`` is the socket, the modules as JSON and the home directory to delete at the end."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    home = sys.argv[3]
    _end_with_owner(connection, home)
    try:
        imports = tuple(json.loads(sys.argv[2]))
        for module in (*ALWAYS, *imports):
            with suppress(Exception):  # the script that needs it tells why it cannot be imported
                importlib.import_module(module)
        _finish_imports()
        why = reason_against_forking()
        if why:
            connection.sendall(UNSAFE + why.encode())
            return
        from octopus.sandbox.harness import thread_limiter

        origin = Origin(readable=installed(imports), executable=programs(), limit_threads=thread_limiter())
        _stop_listening(connection)  # from here on it reads what is said, and the end of it
        gc.collect()
        gc.freeze()  # the collector would touch, and so copy, every page that children share
        adopt_orphans()
        connection.sendall(READY)
        _Server(connection, origin).serve()
    except (OSError, KeyboardInterrupt):  # the owner went away
        pass
    finally:
        shutil.rmtree(home, ignore_errors=True)
        os._exit(0)


def _finish_imports() -> None:
    """Have scikit-learn import what it imports when it first sees a table: 20 ms that every child would spend.

    A mean of one number runs no parallel region; what is looked at afterwards would tell.
    """
    import pandas as pd
    from sklearn.dummy import DummyRegressor

    DummyRegressor().fit(pd.DataFrame({"a": [0.0]}), [0.0])


def _end_with_owner(connection: socket.socket, home: str) -> None:
    """End during the imports, which take seconds, when the owner does: the kernel tells of the socket's end."""

    def leave(_signal: int, _frame: object) -> None:
        shutil.rmtree(home, ignore_errors=True)
        os._exit(0)

    signal.signal(signal.SIGIO, leave)
    fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(connection, fcntl.F_SETFL, fcntl.fcntl(connection, fcntl.F_GETFL) | os.O_ASYNC)


def _stop_listening(connection: socket.socket) -> None:
    fcntl.fcntl(connection, fcntl.F_SETFL, fcntl.fcntl(connection, fcntl.F_GETFL) & ~os.O_ASYNC)
    signal.signal(signal.SIGIO, signal.SIG_DFL)


def reason_against_forking() -> str:
    """Return what an import has done that children would not survive; empty if it has only imported.

    A fork has one thread. A library that ran a parallel region before it waits in the child for threads that are not
    there: measured, LightGBM and scikit-learn's histogram boosting hang or crash. A context on a graphics processor is
    not inherited either.
    """
    names = []
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            if int(thread.name) != os.getpid():
                names.append((thread / "comm").read_text().strip())
    strange = sorted(set(names) - _HARMLESS_THREADS)
    if strange:
        return f"an imported module started threads ({', '.join(strange)})"
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            target = str(descriptor.readlink())
            if target.startswith(_GPU_DEVICES):
                return f"an imported module opened {target}"
    return ""


class _Server:
    """Serves jobs until the owner goes away."""

    def __init__(self, connection: socket.socket, origin: Origin) -> None:
        self._origin = origin
        self._connection = connection
        self._owner = os.getppid()
        self._supervisors: dict[int, bytes] = {}
        self._idle_since = time.monotonic()

    def serve(self) -> None:
        """Fork for the owner as long as it is there, then stay until nothing below is alive."""
        try:
            self._serve()
        finally:
            self._outlive()

    def _serve(self) -> None:
        while os.getppid() == self._owner and not self._is_idle():
            readable, _, _ = select.select([self._connection], [], [], _LOOK_S)
            self._bury()
            if not readable:
                continue
            request, fds, _, _ = socket.recv_fds(self._connection, _MAX_REQUEST, 2)
            if not request:
                return
            if request.startswith(END):
                tree.end([pid for pid, root in self._supervisors.items() if root == request.removeprefix(END)])
                continue
            self._fork(request, fds)

    def _is_idle(self) -> bool:
        if self._supervisors:
            self._idle_since = time.monotonic()
        return time.monotonic() - self._idle_since > _IDLE_S

    def _fork(self, root: bytes, fds: list[int]) -> None:
        directory = JobDirectory(Path(os.fsdecode(root)))
        pid = os.fork()
        if pid == 0:
            try:
                self._connection.close()
                _supervise(directory, self._origin, *map(_socket, fds))
            finally:
                os._exit(0)
        for fd in fds:
            os.close(fd)
        self._supervisors[pid] = root

    def _bury(self) -> bool:
        """Forget supervisors that ended; what one left behind by dying itself is killed. Tell whether a child is left.

        A process that dies hands its children up, so that none is missed as long as there is a child.
        """
        try:
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                self._supervisors.pop(pid, None)
        except ChildProcessError:
            return False
        left = [pid for pid in tree.children(os.getpid()) if pid not in self._supervisors]
        tree.end([*left, *(below for pid in left for below in tree.descendants(pid))])
        return True

    def _outlive(self) -> None:
        """Wait for the supervisors, and end what is left of those that were killed: nobody comes after."""
        deadline = time.monotonic() + _END_WITHIN_S
        while self._bury() and time.monotonic() < deadline:
            time.sleep(_END_LOOK_S)


def _socket(fd: int) -> socket.socket:
    return socket.socket(fileno=fd)


def _supervise(
    directory: JobDirectory, origin: Origin, control: socket.socket, requests: socket.socket | None = None
) -> None:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def start(word: int) -> ForkedChild:
        pid = os.fork()
        if pid == 0:
            run_child(directory, Ends(word=word, requests=requests), origin)
        if requests is not None:
            requests.close()  # its end tells the owner that the child has ended
        return ForkedChild(pid)

    supervise(directory, control, start)
