import ctypes
import subprocess
import sys

import pytest

from octopus.errors import SandboxError
from octopus.records import Limits
from octopus.sandbox import windows
from octopus.sandbox.windows import BasicLimits, ExtendedLimits, IoCounters, JobObject, UiRestrictions, extended_limits

LIMITS = Limits(wall_s=60.0, memory_bytes=3 << 30, n_processes=8)


@pytest.mark.parametrize(
    ("structure", "n_bytes"), [(BasicLimits, 64), (IoCounters, 48), (ExtendedLimits, 144), (UiRestrictions, 4)]
)
def test_structures_are_as_large_as_those_of_winnt_h(structure, n_bytes):
    assert ctypes.sizeof(ctypes.c_void_p) == 8
    assert ctypes.sizeof(structure) == n_bytes


@pytest.mark.parametrize(
    ("structure", "field", "offset"),
    [
        (BasicLimits, "LimitFlags", 16),
        (BasicLimits, "MinimumWorkingSetSize", 24),
        (BasicLimits, "ActiveProcessLimit", 40),
        (BasicLimits, "Affinity", 48),
        (BasicLimits, "SchedulingClass", 60),
        (ExtendedLimits, "IoInfo", 64),
        (ExtendedLimits, "ProcessMemoryLimit", 112),
        (ExtendedLimits, "JobMemoryLimit", 120),
    ],
)
def test_fields_lie_where_those_of_winnt_h_lie(structure, field, offset):
    assert getattr(structure, field).offset == offset


def test_limits_are_those_of_the_job():
    built = extended_limits(LIMITS)
    assert built.JobMemoryLimit == built.ProcessMemoryLimit == 3 << 30
    assert built.BasicLimitInformation.ActiveProcessLimit == 8


def test_all_die_with_the_job_and_none_leaves_it():
    flags = extended_limits(LIMITS).BasicLimitInformation.LimitFlags
    assert flags == 0x2000 | 0x400 | 0x200 | 0x100 | 0x8
    assert not flags & (0x800 | 0x1000)  # breakaway, silent breakaway


class Kernel:
    """What the documentation says of the functions: answers, and the jobs that come of them."""

    def __init__(self, *, refuses=(), inside_a_job=False):
        self.refuses, self.inside_a_job = refuses, inside_a_job
        self.ui = self.limits = None
        self.members, self.calls = [], []

    def answer(self, name):
        self.calls.append(name)
        return name not in self.refuses

    def CreateJobObjectW(self, security, name):  # noqa: N802
        return 42 if self.answer("create") else None

    def SetInformationJobObject(self, job, which, value, n_bytes):  # noqa: N802
        assert job == 42
        if which == 9:
            assert n_bytes == 144
            self.limits = value._obj
        else:
            assert (which, n_bytes) == (4, 4)
            self.ui = value._obj.UIRestrictionsClass
        return self.answer("set")

    def AssignProcessToJobObject(self, job, process):  # noqa: N802
        assert job == 42
        if self.answer("assign") and not (self.inside_a_job and self.ui):
            self.members.append(process)
            return True
        return False

    def TerminateJobObject(self, job, code):  # noqa: N802
        self.members.clear()
        return self.answer("terminate")

    def CloseHandle(self, job):  # noqa: N802
        assert job == 42
        return self.answer("close")


@pytest.fixture
def on(monkeypatch):
    def install(kernel):
        monkeypatch.setattr(windows, "_kernel32", lambda: kernel)
        monkeypatch.setattr(windows, "_last_error", lambda: 5)
        return kernel

    return install


def test_limits_are_set_before_anything_is_put_in(on):
    kernel = on(Kernel())
    with JobObject(LIMITS) as job:
        job.add_this_process()
        assert kernel.members == [-1]
        assert job.restricts_ui
    assert kernel.calls == ["create", "set", "set", "assign", "close"]
    assert kernel.limits.JobMemoryLimit == 3 << 30
    assert kernel.ui == 0xFF


def test_inside_another_job_windows_are_left_open_rather_than_nothing_closed(on):
    kernel = on(Kernel(inside_a_job=True))
    with JobObject(LIMITS) as job:
        job.add_this_process()
        assert kernel.members == [-1]
        assert not job.restricts_ui
        assert kernel.ui == 0
    assert kernel.limits.BasicLimitInformation.LimitFlags & 0x2000


@pytest.mark.parametrize("refused", ["create", "set", "assign"])
def test_a_refusal_is_said_and_the_handle_is_closed(on, refused):
    kernel = on(Kernel(refuses=(refused,)))
    with pytest.raises(SandboxError, match="error 5"), JobObject(LIMITS) as job:
        job.add_this_process()
    assert kernel.calls[-1] == ("create" if refused == "create" else "close")


def test_all_are_ended_at_once(on):
    kernel = on(Kernel())
    with JobObject(LIMITS) as job:
        job.add_this_process()
        job.end_all()
        assert kernel.members == []


def test_a_job_that_is_not_open_says_so(on):
    kernel = on(Kernel())
    with pytest.raises(SandboxError, match="not open"):
        JobObject(LIMITS).add_this_process()
    with JobObject(LIMITS) as job:
        pass
    job.close()
    assert kernel.calls.count("close") == 1


class TestOnWindows:
    """Where there are job objects, one is made; elsewhere this is not collected."""

    __test__ = sys.platform == "win32"

    def test_a_process_ends_with_its_job(self):
        source = "import sys; print('up', flush=True); sys.stdin.read()"
        interpreter = getattr(sys, "_base_executable", sys.executable)
        process = subprocess.Popen([interpreter, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with process:
            assert process.stdout.read(2) == b"up"
            with JobObject(LIMITS) as job:
                job.add(process)
            assert process.wait(timeout=60) is not None
