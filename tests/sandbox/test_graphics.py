"""What a script gets beside the rest where its family names devices: what CUDA needs to begin, and no way out by it."""

import os
import socket
from pathlib import Path

import pytest

from octopus.sandbox.levels import open_standard

#: What CUDA does before anything else (seen on a graphics processor), and what it would take to reach somebody by it.
BODY = """
    import ctypes, errno, socket, threading
    def refused(attempt):
        try:
            attempt()
        except OSError as error:
            return error.errno
        return 0
    def name_thread():
        with open(f"/proc/self/task/{{threading.get_native_id()}}/comm", "w") as file:
            file.write("named")
    found = refused(name_thread), refused(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    assert found == {expected}, found
    assert refused(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) == errno.EACCES
    assert refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)) == errno.EACCES
    assert refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_SEQPACKET)) == errno.EACCES
    if found[1] == 0:
        own = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        own.bind({name!r})
        own.listen()
        assert refused(own.accept) == errno.EPERM
        other = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        assert refused(lambda: other.connect({name!r})) == errno.EPERM
        assert refused(lambda: other.connect({daemon!r})) == errno.EPERM
        assert refused(lambda: other.sendmsg([b"x"], [], 0, {daemon!r})) == errno.EPERM
        assert refused(lambda: other.sendto(b"x", {daemon!r})) != 0
    for process in (os.getppid(), 1):
        assert refused(lambda: open(f"/proc/{{process}}/task/{{process}}/comm", "w")) == errno.EACCES
"""


@pytest.mark.parametrize(
    ("devices", "level", "expected"), [(("/dev/full",), "standard+gpu", (0, 0)), ((), "standard", (13, 13))]
)
def test_a_driver_may_listen_and_nobody_is_reached(make_job, hostile, tmp_path, devices, level, expected):
    name, daemon = f"\0octopus-test-{os.getpid()}", str(tmp_path / "daemon")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(daemon)
        listening.listen()
        Path(daemon).chmod(0o777)
        sandbox = open_standard(imports=[], environment={}, devices=devices)
        try:
            assert sandbox.level == level
            result = sandbox.run(make_job(hostile(BODY.format(name=name, daemon=daemon, expected=expected))))
        finally:
            sandbox.close()
    assert result.outcome.status == "ok", (result.outcome.reason, result.outcome.stderr_tail)
