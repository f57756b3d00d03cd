"""The child of a supervisor: whether it has ended and how, and whether anything of it is left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from octopus.sandbox import tree

#: Seconds for a container engine to kill.
_KILL_WITHIN_S = 8.0


class Child(Protocol):
    """A started child."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def handles(self) -> list[int]:
        """What becomes readable when it ends; empty where the system has no such thing."""

    def poll(self) -> int | None:
        """Return the exit code, or minus the signal, once it has ended."""

    def all_gone(self) -> bool:
        """Bury the dead; return whether no child of this process is left."""

    def end(self) -> None:
        """Order the end of what does not end with its processes here."""


class ForkedChild:
    """A child of this process on POSIX, orphans that it leaves included.

    Parameters
    ----------
    pid : int
        Process id.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None
        self.handles: list[int] = []
        if sys.platform == "linux":
            with suppress(OSError):
                self.handles = [os.pidfd_open(pid)]

    def poll(self) -> int | None:
        """Return the exit code, or minus the signal, once it has ended."""
        self.all_gone()
        return self._status

    def all_gone(self) -> bool:
        """Bury the dead; return whether no child of this process is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return False
            if pid == self.pid:
                self._status = os.waitstatus_to_exitcode(status)

    def end(self) -> None:
        """Do nothing: it ends when it is killed."""


class ContainedChild(ForkedChild):
    """The client of a container, which runs on when its client is killed.

    Parameters
    ----------
    pid : int
        Process id of the client.
    kill : sequence of str
        Command line that ends the container.
    """

    def __init__(self, pid: int, kill: Sequence[str]) -> None:
        super().__init__(pid)
        self._kill = kill

    def end(self) -> None:
        """End the container; one that has ended already is no error."""
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603  # our own command line
                self._kill, stdin=subprocess.DEVNULL, capture_output=True, timeout=_KILL_WITHIN_S, check=False
            )


class SpawnedChild:
    """A child on a system without fork.

    Parameters
    ----------
    process : subprocess.Popen
        The started interpreter.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid
        self.handles: list[int] = []

    def poll(self) -> int | None:
        """Return the exit code once it has ended."""
        return self._process.poll()

    def all_gone(self) -> bool:
        """Return whether the child and all below this process have ended."""
        return self._process.poll() is not None and not tree.descendants(os.getpid())

    def end(self) -> None:
        """Do nothing: it ends when it is killed."""
