"""What a child has given up when it says that it is confined, and what makes it refuse to go on."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import traceback
from pathlib import Path

import pytest

from octopus.errors import SandboxUnavailable
from octopus.records import Limits
from octopus.sandbox import confine as module
from octopus.sandbox.confine import confine, namespaces_of_this_process, no_landlock
from octopus.sandbox.jobdir import Walls, write_service
from octopus.sandbox.linux import capabilities, landlock, seccomp
from octopus.sandbox.places import Places, installed, programs

LIMITS = Limits(wall_s=10.0, memory_bytes=1 << 30, disk_bytes=1 << 20)
STANDARD = Walls(level="standard")


def forked(action):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if action() else 2
        except BaseException:  # noqa: BLE001  # a fork must not go on as the test run
            traceback.print_exc()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.fixture
def job(tmp_path):
    """A job's directory, and what its child may touch."""
    directory = write_service(b"", tmp_path, STANDARD, (), 0, LIMITS)
    places = Places(readable=(*installed(), directory.root), executable=programs(), writable=tuple(directory.written))
    return directory, places


def test_standard_gives_up_all_that_it_says(job):
    def action():
        layers = confine(STANDARD, LIMITS, *job)
        assert layers == ("limits", "capabilities", f"landlock {landlock.abi()}", "seccomp")
        assert capabilities.held() == 0
        status = Path("/proc/self/status").read_text()
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status
        assert os.getsid(0) == os.getpid()
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
        assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] <= LIMITS.disk_bytes * 2
        assert resource.getrlimit(resource.RLIMIT_MSGQUEUE) == (0, 0)
        for refused in ("/etc/passwd", "/proc/1/environ", "/proc/self/environ", "/root"):
            try:
                os.close(os.open(refused, os.O_RDONLY))
            except OSError:
                continue
            raise AssertionError(refused)
        (job[0].work / "mine").write_text("x")
        return True

    assert forked(action)


def test_process_keeps_what_the_user_can(job):
    def action():
        layers = confine(Walls(level="process"), LIMITS, *job)
        return layers == ("limits",) and Path("/etc/passwd").read_text() != ""

    assert forked(action)


def test_another_thread_would_stay_free_so_it_refuses(job):
    def action():
        blocked = threading.Event()
        threading.Thread(target=blocked.wait, daemon=True).start()
        with pytest.raises(SandboxUnavailable, match="has 2 threads before it is confined"):
            confine(STANDARD, LIMITS, *job)
        return True

    assert forked(action)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_kernel_without_enough_landlock_is_refused(job, monkeypatch, version):
    monkeypatch.setattr(landlock, "abi", lambda: version)

    def action():
        with pytest.raises(SandboxUnavailable, match="3 is needed"):
            confine(STANDARD, LIMITS, *job)
        return True

    assert forked(action)


@pytest.mark.parametrize("version", range(3, landlock.abi() + 1))
def test_older_kernels_that_do_are_confined_by_what_they_have(job, monkeypatch, version):
    monkeypatch.setattr(landlock, "abi", lambda: version)

    def action():
        return f"landlock {version}" in confine(STANDARD, LIMITS, *job)

    assert forked(action)


@pytest.mark.parametrize("layer", ["landlock", "seccomp", "capabilities"])
def test_a_layer_that_does_not_take_hold_ends_it(job, monkeypatch, layer):
    """Whatever fails, it is an error, never a child that runs with less."""

    def fail(*_):
        raise OSError(1, "not permitted")

    what = {
        "landlock": (landlock.Ruleset, "enforce"),
        "seccomp": (seccomp, "install"),
        "capabilities": (capabilities, "drop_all"),
    }[layer]
    monkeypatch.setattr(*what, fail)

    def action():
        with pytest.raises(OSError, match="not permitted"):
            confine(STANDARD, LIMITS, *job)
        return True

    assert forked(action)


def test_capabilities_that_are_left_end_it(job, monkeypatch):
    monkeypatch.setattr(capabilities, "held", lambda: 1)

    def action():
        with pytest.raises(SandboxUnavailable, match="still has capabilities"):
            confine(STANDARD, LIMITS, *job)
        return True

    assert forked(action)


@pytest.mark.parametrize("kind", ["user", "mnt", "pid", "net", "ipc", "uts"])
def test_one_namespace_that_is_the_users_ends_it(monkeypatch, kind):
    outside = dict.fromkeys(namespaces_of_this_process(), 1)
    own = dict.fromkeys(outside, 2)
    monkeypatch.setattr(module, "namespaces_of_this_process", lambda: own)
    assert module._checked("strict", outside) == [f"{name} namespace" for name in outside]
    for wrong in ({**outside, kind: 2}, outside):
        found = own if wrong is not outside else {k: v for k, v in own.items() if k != kind}
        monkeypatch.setattr(module, "namespaces_of_this_process", lambda found=found: found)
        with pytest.raises(SandboxUnavailable, match=f"shares the user's namespaces: {kind}"):
            module._checked("strict", wrong)


def test_it_dies_with_its_supervisor(job):
    out, into = os.pipe()
    supervisor = os.fork()
    if supervisor == 0:
        child = os.fork()
        if child == 0:
            try:
                confine(STANDARD, LIMITS, *job)
                os.write(into, f"{os.getpid()}\n".encode())
                signal.pause()
            finally:
                os._exit(1)
        signal.pause()
    os.close(into)
    with os.fdopen(out) as stream:
        child = int(stream.readline())
        os.kill(supervisor, signal.SIGKILL)
        assert stream.read() == "", "the pipe closes with the last that holds it"
    os.waitpid(supervisor, 0)
    assert child > 0


def test_another_system_is_refused(job, monkeypatch):
    monkeypatch.setattr(sys, "platform", "freebsd14")

    def action():
        with pytest.raises(SandboxUnavailable, match="cannot confine itself on freebsd14"):
            confine(STANDARD, LIMITS, *job)
        return True

    assert forked(action)


@pytest.mark.parametrize("version", [0, 2])
def test_the_way_to_a_better_kernel_is_told(version):
    why, remedy = no_landlock(version)
    assert ("no Landlock" in why) is (version == 0)
    assert "Linux 6.2" in remedy
