"""The parent's side of starting a job: by a zygote, or cold in interpreters of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

from octopus.errors import SandboxError
from octopus.sandbox.environment import interpreter_environment
from octopus.sandbox.interpreter import command
from octopus.sandbox.jobdir import JobDirectory
from octopus.sandbox.supervisor import GO, STARTED
from octopus.sandbox.zygote import READY

#: Seconds for an interpreter to import its libraries: 3 to 5 on a quiet machine, 20 measured under load.
_READY_WITHIN_S = 90.0
#: Seconds for a zygote to fork: 0.01 to 0.1 measured; beyond this it hangs.
_FORK_WITHIN_S = 10.0
#: Seconds for a cold supervisor, which imports little.
_COLD_WITHIN_S = 60.0
#: Seconds for a process whose owner has hung up to end by itself before it is killed.
_END_WITHIN_S = 5.0
_MAX_REPORT_BYTES = 65536

#: Fork after importing numeric libraries is sound on Linux; Accelerate and Objective-C abort on macOS.
HAS_ZYGOTE = sys.platform == "linux"


class ZygoteGone(SandboxError):
    """The zygote has ended: idle for long, or killed."""


class ZygoteHangs(SandboxError):
    """The zygote does not answer."""


class Channel:
    """A connection to the supervisor of one job.

    Parameters
    ----------
    connection : socket
        The parent's end.
    process : subprocess.Popen or None
        The supervisor, where it is a process of the parent's own.
    """

    def __init__(self, connection: socket.socket, process: subprocess.Popen[bytes] | None = None) -> None:
        self._connection = connection
        self._process = process

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
    """

    def __init__(self, imports: Sequence[str], environment: Mapping[str, str]) -> None:
        self._home = tempfile.mkdtemp(prefix="octopus-")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._owner = os.getpid()
        self._connection = ours
        self._importing = threading.Lock()  # the message that it is ready comes once
        self._is_ready = False
        self.hangs = False
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own command line
                command("octopus.sandbox.zygote", str(theirs.fileno()), json.dumps(list(imports)), self._home),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=self._home,
                env=interpreter_environment(os.environ, environment, self._home),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
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
        """
        with self._importing:
            if not self._is_ready:
                self._await_imports()

    def _await_imports(self) -> None:
        self._connection.settimeout(_READY_WITHIN_S)
        try:
            self._is_ready = self._connection.recv(len(READY)) == READY
        except TimeoutError as error:
            self.hangs = True
            raise ZygoteHangs(f"the zygote did not import its libraries within {_READY_WITHIN_S:.0f} s") from error
        except OSError as error:
            raise ZygoteGone("the zygote ended before it was ready") from error
        if not self._is_ready:
            raise ZygoteGone("the zygote ended before it was ready")

    def start(self, directory: JobDirectory) -> Channel:
        """Have a job forked.

        Parameters
        ----------
        directory : JobDirectory
            Of the job.

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
        channel = Channel(ours)
        try:
            with theirs:
                socket.send_fds(self._connection, [os.fsencode(directory.root)], [theirs.fileno()])
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


def start_cold(directory: JobDirectory, environment: Mapping[str, str]) -> Channel:
    """Start a job in fresh interpreters: slow, and independent of everything that ran before.

    Parameters
    ----------
    directory : JobDirectory
        Of the job.
    environment : mapping of str to str
        Variables to set in addition to the allow-list.

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
        described = str(theirs.fileno())
        process = subprocess.Popen(  # noqa: S603  # our own command line
            command("octopus.sandbox.supervisor", str(directory.root), described),
            stdin=subprocess.DEVNULL if os.name == "posix" else subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory.work,
            env=interpreter_environment(os.environ, environment, str(directory.tmp)),
            pass_fds=(theirs.fileno(),) if os.name == "posix" else (),
            start_new_session=True,
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


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=_END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_END_WITHIN_S)
