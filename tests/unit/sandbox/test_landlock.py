"""Landlock, asked in forks of this process: what is granted can be done, all else is refused, at every version."""

from __future__ import annotations

import os
import socket
import struct
import traceback
from contextlib import suppress
from pathlib import Path

import pytest

from octopus.sandbox.linux import landlock

VERSIONS = range(1, landlock.abi() + 1)


def names_in(folder):
    return [path.name for path in Path(folder).iterdir()]


def in_a_fork(action):
    """Run an action in a forked child; it must return true."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if action() else 2
        except BaseException:  # noqa: BLE001  # a fork must not go on as the test run
            traceback.print_exc()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def refused(action, *arguments):
    with suppress(OSError):
        action(*arguments)
        return False
    return True


@pytest.fixture
def folder(tmp_path):
    for name in ("granted", "other", "written"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "file").write_text("x")
    return tmp_path


def restrict(version, folder):
    rules = landlock.Ruleset(version)
    rules.grant([folder / "granted", folder / "missing"], landlock.READ)
    rules.grant([folder / "written"], landlock.WRITE)
    rules.grant([Path("/dev/null")], landlock.OPEN)
    rules.enforce()


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_granted_can_be_done_and_nothing_else(folder, version):
    granted, other, written = (folder / name / "deep" / "file" for name in ("granted", "other", "written"))

    def attempt():
        restrict(version, folder)
        return (
            granted.read_text() == "x"
            and names_in(folder / "granted") == ["deep"]
            and refused(granted.write_text, "y")
            and refused(granted.unlink)
            and refused((folder / "granted" / "new").touch)
            and refused(other.read_text)
            and refused(names_in, folder / "other")
            and refused(names_in, folder)
            and refused(names_in, "/")
            and refused(Path("/etc/passwd").read_text)
            and not refused(written.write_text, "y")
            and written.read_text() == "y"
            and not refused(os.mkdir, folder / "written" / "new")
            and not refused(os.symlink, "x", folder / "written" / "link")
            and not refused(os.mkfifo, folder / "written" / "fifo")
            and refused(os.execv, "/bin/true", ["true"])
            and not refused(os.close, os.open("/dev/null", os.O_RDWR))
        )

    assert in_a_fork(attempt)


@pytest.mark.parametrize("version", [version for version in VERSIONS if version >= 3])
def test_a_file_is_not_emptied_by_its_path(folder, version):
    def attempt():
        restrict(version, folder)
        return refused(os.truncate, folder / "granted" / "deep" / "file", 0)

    assert in_a_fork(attempt)
    assert (folder / "granted" / "deep" / "file").read_text() == "x"


@pytest.mark.parametrize("version", [version for version in VERSIONS if version >= 2])
def test_a_link_does_not_widen_a_grant(folder, version):
    def attempt():
        restrict(version, folder)
        return refused(os.link, folder / "other" / "deep" / "file", folder / "written" / "mine") and refused(
            os.rename, folder / "granted" / "deep", folder / "written" / "moved"
        )

    assert in_a_fork(attempt)


@pytest.mark.parametrize("version", [version for version in VERSIONS if version >= 4])
def test_tcp_is_refused(folder, version):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def attempt():
            restrict(version, folder)
            return refused(socket.socket().connect, server.getsockname()) and refused(
                socket.socket().bind, ("127.0.0.1", 0)
            )

        assert in_a_fork(attempt)


@pytest.mark.parametrize("version", [version for version in VERSIONS if version >= 6])
def test_processes_outside_are_not_signalled(folder, version):
    parent = os.getpid()

    def attempt():
        restrict(version, folder)
        return refused(os.kill, parent, 0) and not refused(os.kill, os.getpid(), 0)

    assert in_a_fork(attempt)


def test_what_a_fork_starts_is_restricted_too(folder):
    def attempt():
        restrict(landlock.abi(), folder)
        return in_a_fork(lambda: refused(Path("/etc/passwd").read_text))

    assert in_a_fork(attempt)


@pytest.mark.parametrize("known", range(1, 12))
def test_only_what_a_version_knows_is_handed_to_the_kernel(monkeypatch, known):
    """An older kernel refuses bits, and sizes, that it does not know; of a newer one only the known part is used."""
    seen = []
    monkeypatch.setattr(landlock, "syscall", lambda number, buffer, size, flags: seen.append(bytes(buffer)) or 3)
    landlock.Ruleset(known)
    (attributes,) = seen
    files, *others = struct.unpack(f"={len(attributes) // 8}Q", attributes)
    assert files.bit_length() == {1: 13, 2: 14, 3: 15, 4: 15}.get(known, 16)
    assert others == ([] if known < 4 else [0b11] if known < 6 else [0b11, 0b11])


def test_no_descriptor_is_left_open(folder):
    def attempt():
        before = names_in("/proc/self/fd")
        rules = landlock.Ruleset(landlock.abi())
        rules.grant([Path("/proc/self/fd"), folder], landlock.READ)
        rules.enforce()
        return names_in("/proc/self/fd") == before

    assert in_a_fork(attempt)


def test_where_the_call_is_refused_there_is_no_version(monkeypatch):
    def fail(*_):
        raise OSError(38, "no such call")

    monkeypatch.setattr(landlock, "syscall", fail)
    assert landlock.abi() == 0
