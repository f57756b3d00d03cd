"""A zygote that ends leaves nothing behind that a killed supervisor had watched."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import suppress

import psutil
import pytest

from octopus.sandbox.child import Origin
from octopus.sandbox.linux.calls import adopt_orphans
from octopus.sandbox.zygote import _Server
from tests.sandbox.watching import Seen, is_gone, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted on Linux only")


def _live_with_a_child(tell: int, for_s: float) -> None:
    """Stand for what has started a process of its own, and may die before it."""
    below = os.fork()
    if below:
        os.write(tell, f"{os.getpid()} {below}\n".encode())
        time.sleep(for_s)
        os._exit(0)
    time.sleep(600)


def _end_as_a_zygote(connection: socket.socket, tell: int, *, is_supervisor: bool) -> None:
    adopt_orphans()
    server = _Server(connection, Origin(readable=(), executable=(), limit_threads=None))  # type: ignore[arg-type]
    pid = os.fork()
    if pid == 0:
        connection.close()
        _live_with_a_child(tell, 0.7 if is_supervisor else 600)
    if is_supervisor:
        server._supervisors[pid] = ""
    server.serve()


@pytest.mark.parametrize("is_supervisor", [False, True], ids=["an orphan", "a supervisor that dies after the owner"])
def test_what_dies_late_is_waited_for_and_its_children_are_ended(is_supervisor: bool) -> None:
    """A grandchild becomes the zygote's only once its parent is dead, which is after the owner has gone."""
    ours, theirs = socket.socketpair()
    hear, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            _end_as_a_zygote(theirs, tell, is_supervisor=is_supervisor)
        finally:
            os._exit(0)
    theirs.close()
    numbers = [int(word) for word in os.read(hear, 100).split()]
    seen = [Seen(psutil.Process(number)) for number in numbers]
    try:
        ours.close()  # the owner goes away
        os.waitpid(pid, 0)
        assert len(seen) == 2
        wait_until(lambda: all(map(is_gone, seen)), 2.0)
    finally:
        for number in numbers:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        os.close(hear)
        os.close(tell)
