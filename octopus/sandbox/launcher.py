"""The parent's side of starting a job: by a zygote, or cold in interpreters of its own."""

from __future__ import annotations

import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from octopus.errors import SandboxError
from octopus.sandbox.environment import interpreter_environment
from octopus.sandbox.interpreter import command
from octopus.sandbox.jobdir import JobDirectory
from octopus.sandbox.supervisor import GO, STARTED
from octopus.sandbox.zygote import END, READY, UNSAFE

#: Seconds for an interpreter to import its libraries: 3 to 5 on a quiet machine, 20 measured under load.
_READY_WITHIN_S = 90.0
#: Seconds for a zygote to fork: 0.01 to 0.1 measured; beyond this it hangs.
_FORK_WITHIN_S = 10.0
#: Seconds for a cold supervisor, which imports little.
_COLD_WITHIN_S = 60.0
#: Seconds for a process whose owner has hung up to end by itself before it is killed.
_END_WITHIN_S = 5.0
_MAX_REPORT_BYTES = 65536
_MAX_GREETING = 1024

#: Fork after importing numeric libraries is sound on Linux; Accelerate and Objective-C abort on macOS.
HAS_ZYGOTE = sys.platform == "linux"


class ZygoteGone(SandboxError):
    """The zygote has ended: idle for long, or killed."""


class ZygoteHangs(SandboxError):
    """The zygote does not answer."""


class ZygoteUnsafe(SandboxError):
    """What the zygote imported does not survive a fork."""


#: Command line of an interpreter of the sandbox, and its home → the same with something around it.
Wrap = Callable[[list[str], str], list[str]]


def unwrapped(command_line: list[str], _home: str) -> list[str]:
    """Return a command line as it is."""
    return command_line


class Channel:
    """A connection to the supervisor of one job.

    Parameters
    ----------
    connection : socket
        The parent's end.
    process : subprocess.Popen or None
        The supervisor, where it is a process of the parent's own.
    kill : callable or None
        Ends a supervisor that is not.
    """

    def __init__(
        self,
        connection: socket.socket,
        process: subprocess.Popen[bytes] | None = None,
        kill: Callable[[], None] | None = None,
    ) -> None:
        self._connection = connection
        self._process = process
        self._kill = kill

    def expect_start(self, within_s: float) -> None:
        """Wait until the supervisor is there and tell it to begin.

        Raises
        ------
        TimeoutError
            If it is not there in time.
        EOFError
            If it never will be.
        """
        self._connection.settimeout(within_s)
        try:
            greeting = self._connection.recv(len(STARTED))
            if greeting == STARTED:
                self._connection.sendall(GO)
                return
        except (ConnectionError, BrokenPipeError):
            pass
        raise EOFError

    def wait_for_report(self, within_s: float) -> bytes:
        """Return the report; empty if the supervisor ended without one.

        Raises
        ------
        TimeoutError
            If it says nothing in time.
        """
        self._connection.settimeout(within_s)
        received = b""
        with suppress(ConnectionError):
            while len(received) < _MAX_REPORT_BYTES:
                chunk = self._connection.recv(_MAX_REPORT_BYTES)
                if not chunk:
                    break
                received += chunk
        return received

    def hang_up(self) -> None:
        """Order the supervisor to end its child; its report can still be read."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        """End a supervisor that does not answer, and with it its child."""
        if self._process is not None:
            self._process.kill()
        elif self._kill is not None:
            self._kill()

    def close(self) -> None:
        """Let go; a supervisor that is still there ends its child."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        if self._process is not None:
            _end(self._process)

    def forget(self) -> None:
        """Close what a forked copy of the owner inherited, and leave the processes alone."""
        self._connection.close()
        if self._process is not None:
            self._process.returncode = 0  # not a child of this process: nothing to wait for


class Zygote:
    """The parent's handle of a zygote process.

    Parameters
    ----------
    imports : sequence of str
        Modules that it imports once.
    environment : mapping of str to str
        Variables to set in addition to the allow-list.
    wrap : callable
        What it runs in.
    """

    def __init__(self, imports: Sequence[str], environment: Mapping[str, str], wrap: Wrap = unwrapped) -> None:
        self._home = tempfile.mkdtemp(prefix="octopus-")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._owner = os.getpid()
        self._connection = ours
        self._importing = threading.Lock()  # the message that it is ready comes once
        self._is_ready = False
        self.hangs = False
        with theirs:
            fd = theirs.fileno()
            self._process = _started(
                wrap(command("octopus.sandbox.zygote", str(fd), json.dumps(list(imports)), self._home), self._home),
                cwd=self._home,
                environment=interpreter_environment(os.environ, environment, self._home),
                handed=[fd],
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Wait for its imports; at once if they are done.

        Raises
        ------
        ZygoteGone
            If it ended instead.
        ZygoteHangs
            If it does not come to an end with them.
        ZygoteUnsafe
            If they did more than import.
        """
        with self._importing:
            if not self._is_ready:
                self._await_imports()

    def _await_imports(self) -> None:
        self._connection.settimeout(_READY_WITHIN_S)
        try:
            said = self._connection.recv(_MAX_GREETING)
        except TimeoutError as error:
            self.hangs = True
            raise ZygoteHangs(f"the zygote did not import its libraries within {_READY_WITHIN_S:.0f} s") from error
        except OSError as error:
            raise ZygoteGone("the zygote ended before it was ready") from error
        if said.startswith(UNSAFE):
            raise ZygoteUnsafe(said.removeprefix(UNSAFE).decode("utf-8", "replace"))
        self._is_ready = said == READY
        if not self._is_ready:
            raise ZygoteGone("the zygote ended before it was ready")

    def start(self, directory: JobDirectory, requests: socket.socket | None = None) -> Channel:
        """Have a job forked.

        Parameters
        ----------
        directory : JobDirectory
            Of the job.
        requests : socket or None
            Handed on to a job that serves.

        Returns
        -------
        Channel
            To its supervisor, which has begun.

        Raises
        ------
        ZygoteGone
            If the zygote has ended; nothing of the job has run.
        ZygoteHangs
            If it does not fork in time; nothing of the job has run, nor will it.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        channel = Channel(ours, kill=lambda: self._end_supervisor(directory))
        try:
            handed = [theirs.fileno(), *([] if requests is None else [requests.fileno()])]
            with theirs:
                socket.send_fds(self._connection, [os.fsencode(directory.root)], handed)
            channel.expect_start(_FORK_WITHIN_S)
        except TimeoutError as error:
            self.hangs = True
            channel.close()
            raise ZygoteHangs(f"the zygote did not fork within {_FORK_WITHIN_S:.0f} s") from error
        except (OSError, EOFError) as error:
            channel.close()
            raise ZygoteGone("the zygote has ended") from error
        except BaseException:
            channel.close()
            raise
        return channel

    def _end_supervisor(self, directory: JobDirectory) -> None:
        """Have the zygote kill the supervisor of a job, whose tree it then ends."""
        with suppress(OSError):
            self._connection.send(END + os.fsencode(directory.root))

    def stop(self) -> None:
        """End the process; a forked copy of the owner only closes its end."""
        if os.getpid() != self._owner:
            self._connection.close()
            self._process.returncode = 0  # not a child of this process: nothing to wait for
            return
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits here; closing would not
        if self.hangs or not self._is_ready:
            self._process.kill()
        self._connection.close()
        _end(self._process)
        shutil.rmtree(self._home, ignore_errors=True)


def start_cold(
    directory: JobDirectory,
    environment: Mapping[str, str],
    wrap: Wrap = unwrapped,
    requests: socket.socket | None = None,
) -> Channel:
    """Start a job in fresh interpreters: slow, and independent of everything that ran before.

    Parameters
    ----------
    directory : JobDirectory
        Of the job.
    environment : mapping of str to str
        Variables to set in addition to the allow-list.
    wrap : callable
        What it runs in.
    requests : socket or None
        Handed on to a job that serves.

    Returns
    -------
    Channel
        To its supervisor, which has begun.

    Raises
    ------
    SandboxError
        If the interpreter cannot be started.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        handed = [theirs.fileno(), *([] if requests is None else [requests.fileno()])]
        process = _started(
            wrap(command("octopus.sandbox.supervisor", str(directory.root), *map(str, handed)), str(directory.tmp)),
            cwd=str(directory.work),
            environment=interpreter_environment(os.environ, environment, str(directory.tmp)),
            handed=handed,
        )
        if process.stdin is not None:  # Windows hands sockets over by a description that names the receiver
            with process.stdin:
                process.stdin.write(theirs.share(process.pid))  # type: ignore[attr-defined]  # Windows has it
    channel = Channel(ours, process)
    try:
        channel.expect_start(_COLD_WITHIN_S)
    except (TimeoutError, EOFError) as error:
        channel.close()
        raise SandboxError("a fresh interpreter for the sandbox did not start") from error
    except BaseException:
        channel.close()
        raise
    return channel


def _started(
    command_line: list[str], *, cwd: str, environment: Mapping[str, str], handed: Sequence[int]
) -> subprocess.Popen[bytes]:
    """Start a program from a thread that stays as long as it: bubblewrap ends with the thread that started it."""
    begun: queue.SimpleQueue[subprocess.Popen[bytes] | OSError] = queue.SimpleQueue()

    def start_and_stay() -> None:
        try:
            process = subprocess.Popen(  # noqa: S603  # our own command line
                command_line,
                stdin=subprocess.DEVNULL if os.name == "posix" else subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=cwd,
                env=dict(environment),
                pass_fds=tuple(handed) if os.name == "posix" else (),
                start_new_session=True,
            )
        except OSError as error:
            begun.put(error)
            return
        begun.put(process)
        process.wait()

    threading.Thread(target=start_and_stay, name="octopus-sandbox", daemon=True).start()
    outcome = begun.get()
    if isinstance(outcome, OSError):
        raise outcome
    return outcome


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=_END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_END_WITHIN_S)
