"""A world of its own: what a child sees in it, and who ends with whom."""

from __future__ import annotations

import os
import signal
import socket
import time
import traceback
from pathlib import Path

import pytest

from octopus.sandbox.confine import namespaces_of_this_process
from octopus.sandbox.linux import namespaces
from octopus.sandbox.linux.calls import adopt_orphans
from octopus.sandbox.places import Places, installed, programs
from octopus.sandbox.tree import children
from tests.sandbox.watching import all_gone, wait_until


def names_in(folder):
    return [path.name for path in Path(folder).iterdir()]


def in_a_world(tmp_path, action, **wanted):
    """Run an action in a child as a supervisor makes it; it must return true."""
    (tmp_path / "root").mkdir()
    (tmp_path / "tmp").mkdir()
    (tmp_path / "shm").mkdir()
    places = {"readable": installed(), "executable": programs(), "writable": (), **wanted}

    def child():
        binds = {Path("/tmp"): tmp_path / "tmp", Path("/dev/shm"): tmp_path / "shm"}
        namespaces.leave_the_rest(Places(**places), binds, tmp_path / "root")
        return action()

    def supervisor():
        reaper = namespaces.leave_processes()
        fine = _forked(child)
        os.kill(reaper, signal.SIGKILL)
        os.waitpid(reaper, 0)
        return fine

    return _forked(supervisor)


def _forked(action):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if action() else 2
        except BaseException:  # noqa: BLE001  # a fork must not go on as the test run
            traceback.print_exc()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_all_namespaces_are_others(tmp_path):
    outside = namespaces_of_this_process()
    assert set(outside) == {"user", "mnt", "pid", "net", "ipc", "uts"}

    def action():
        inside = namespaces_of_this_process()
        return set(inside) == set(outside) and not [kind for kind in inside if inside[kind] == outside[kind]]

    assert in_a_world(tmp_path, action)


def test_only_the_places_are_there(tmp_path):
    seen, hidden, written = tmp_path / "seen", tmp_path / "hidden", tmp_path / "written"
    for folder in (seen, hidden, written):
        folder.mkdir()
        (folder / "file").write_text("x")
    me = os.getpid()
    in_tmp = {path.parts[2] for path in (tmp_path, *installed()) if path.is_relative_to("/tmp")}

    def action():
        assert (seen / "file").read_text() == "x"
        assert not hidden.exists()
        assert sorted(names_in(tmp_path)) == ["seen", "written"]
        for path in ("/etc/passwd", "/home", "/var", "/boot", "/proc/1/root/etc", f"/proc/{me}"):
            assert not Path(path).exists() or path == "/proc/1/root/etc", path
        assert {"tmp", "dev", "proc", "usr"} <= set(names_in("/"))
        assert set(names_in("/tmp")) <= in_tmp
        for read_only in (seen / "new", Path("/new"), Path("/usr/lib/new")):
            try:
                read_only.touch()
            except OSError:
                continue
            raise AssertionError(read_only)
        (written / "new").touch()
        Path("/dev/shm/new").touch()
        return True

    assert in_a_world(tmp_path, action, readable=(*installed(), seen), writable=(written,))
    assert (written / "new").exists()
    assert (tmp_path / "shm" / "new").exists()
    assert not Path("/dev/shm/new").exists()


def test_the_network_is_empty_and_processes_are_numbered_anew(tmp_path):
    def action():
        assert os.getpid() < 100
        assert [int(name) for name in names_in("/proc") if name.isdigit()]
        assert len([name for name in names_in("/proc") if name.isdigit()]) <= 3
        names = [name for _, name in socket.if_nameindex()]
        assert set(names) <= {
            "lo",
            "sit0",
            "ip6tnl0",
            "tunl0",
            "gre0",
            "gretap0",
            "erspan0",
            "ip6gre0",
            "ip_vti0",
            "ip6_vti0",
        }
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", 9)) != 0

    assert in_a_world(tmp_path, action)


@pytest.mark.parametrize("link", ["to a directory", "to a directory above", "to a link"])
def test_links_on_the_way_stay_links(tmp_path, link):
    real = tmp_path / "real" / "deep"
    real.mkdir(parents=True)
    (real / "file").write_text("x")
    (tmp_path / "one").symlink_to("real")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    path = {
        "to a directory": tmp_path / "one" / "deep",
        "to a directory above": tmp_path / "one",
        "to a link": tmp_path / "two" / "deep",
    }[link]
    inner = path / "file" if path.name == "deep" else path / "deep" / "file"

    def action():
        assert inner.read_text() == "x"
        return (tmp_path / "one").is_symlink()

    assert in_a_world(tmp_path, action, readable=(*installed(), path))


def test_a_place_in_another_keeps_its_own_rights(tmp_path):
    outer, inner = tmp_path / "outer", tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)

    def action():
        (inner / "new").touch()
        try:
            (outer / "new").touch()
        except OSError:
            return True
        return False

    assert in_a_world(tmp_path, action, readable=(*installed(), outer), writable=(inner,))


def test_mounts_outside_do_not_change(tmp_path):
    before = Path("/proc/self/mountinfo").read_text()
    assert in_a_world(tmp_path, lambda: Path("/proc/self/mountinfo").read_text() != before)
    assert Path("/proc/self/mountinfo").read_text() == before
    assert [*(tmp_path / "root").iterdir()] == []


def test_all_end_with_the_reaper_and_the_reaper_with_the_supervisor():
    """The kernel ends a process namespace with its number one, daemons and all."""
    for victim in ("reaper", "supervisor"):
        out, into = os.pipe()
        supervisor = os.fork()
        if supervisor == 0:
            try:
                adopt_orphans()
                signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a namespace is gone once all its dead are buried
                reaper = namespaces.leave_processes()
                child = os.fork()
                if child == 0:
                    for _ in range(3):
                        if os.fork() == 0:
                            os.setsid()
                            time.sleep(600)
                    time.sleep(600)
                os.write(into, f"{reaper} {child}\n".encode())
                time.sleep(600)
            finally:
                os._exit(1)
        os.close(into)
        with os.fdopen(out) as stream:
            reaper, child = map(int, stream.readline().split())
        wait_until(lambda child=child: len(children(child)) == 3)
        below = [child, *children(child), reaper]
        os.kill(reaper if victim == "reaper" else supervisor, signal.SIGKILL)
        try:
            wait_until(lambda below=below: all_gone(below), 10)
        finally:
            os.kill(supervisor, signal.SIGKILL)
            os.waitpid(supervisor, 0)
