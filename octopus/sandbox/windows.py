"""What holds a tree of processes together on Windows: a job object.

Written from documentation; it was not run on Windows. A job object counts and limits processes and memory and ends them
all when its last handle is closed, by whatever cause. It keeps no process from a file or the network: the level is
``process``.

Source: Microsoft, "Job Objects" and "JOBOBJECT_EXTENDED_LIMIT_INFORMATION structure",
https://learn.microsoft.com/windows/win32/procthread/job-objects; values from ``winnt.h``.
"""

from __future__ import annotations

import ctypes
import subprocess
from typing import Any, Self

from octopus.errors import SandboxError
from octopus.records import Limits

# Names, order and types as in winnt.h; ctypes.wintypes has other sizes on other systems.
_DWORD = ctypes.c_uint32
_LARGE_INTEGER = ctypes.c_int64
_ULONGLONG = ctypes.c_uint64

LIMIT_ACTIVE_PROCESS = 0x0008
LIMIT_PROCESS_MEMORY = 0x0100
LIMIT_JOB_MEMORY = 0x0200
#: A crash ends the process at once instead of waiting for somebody to close a window.
LIMIT_DIE_ON_UNHANDLED_EXCEPTION = 0x0400
LIMIT_KILL_ON_JOB_CLOSE = 0x2000
#: Neither LIMIT_BREAKAWAY_OK nor LIMIT_SILENT_BREAKAWAY_OK: no process leaves.
LIMIT_FLAGS = (
    LIMIT_ACTIVE_PROCESS
    | LIMIT_PROCESS_MEMORY
    | LIMIT_JOB_MEMORY
    | LIMIT_DIE_ON_UNHANDLED_EXCEPTION
    | LIMIT_KILL_ON_JOB_CLOSE
)
#: Windows of others, clipboard (both ways), system parameters, display settings, global atoms, desktops, logging off.
UI_FLAGS = 0x00FF
_UI_UNLIMITED = 0

#: Members of JOBOBJECTINFOCLASS.
_BASIC_UI_RESTRICTIONS = 4
_EXTENDED_LIMIT_INFORMATION = 9

_ERROR_ACCESS_DENIED = 5
#: What GetCurrentProcess returns.
_CURRENT_PROCESS = -1
#: Exit code of what is ended by force.
_ENDED = 1


class BasicLimits(ctypes.Structure):
    """``JOBOBJECT_BASIC_LIMIT_INFORMATION``."""

    _fields_ = (
        ("PerProcessUserTimeLimit", _LARGE_INTEGER),
        ("PerJobUserTimeLimit", _LARGE_INTEGER),
        ("LimitFlags", _DWORD),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", _DWORD),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", _DWORD),
        ("SchedulingClass", _DWORD),
    )


class IoCounters(ctypes.Structure):
    """``IO_COUNTERS``."""

    _fields_ = (
        ("ReadOperationCount", _ULONGLONG),
        ("WriteOperationCount", _ULONGLONG),
        ("OtherOperationCount", _ULONGLONG),
        ("ReadTransferCount", _ULONGLONG),
        ("WriteTransferCount", _ULONGLONG),
        ("OtherTransferCount", _ULONGLONG),
    )


class ExtendedLimits(ctypes.Structure):
    """``JOBOBJECT_EXTENDED_LIMIT_INFORMATION``."""

    _fields_ = (
        ("BasicLimitInformation", BasicLimits),
        ("IoInfo", IoCounters),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


class UiRestrictions(ctypes.Structure):
    """``JOBOBJECT_BASIC_UI_RESTRICTIONS``."""

    _fields_ = (("UIRestrictionsClass", _DWORD),)


def extended_limits(limits: Limits) -> ExtendedLimits:
    """Return the limits of a job as Windows wants them.

    Parameters
    ----------
    limits : Limits
        What the job may use. Windows counts memory that is committed, not what is resident: some more.

    Returns
    -------
    ExtendedLimits
        For all processes of the job together and for each one. Wall-clock time is left to the supervisor.
    """
    basic = BasicLimits(LimitFlags=LIMIT_FLAGS, ActiveProcessLimit=limits.n_processes)
    return ExtendedLimits(
        BasicLimitInformation=basic, ProcessMemoryLimit=limits.memory_bytes, JobMemoryLimit=limits.memory_bytes
    )


class JobObject:
    """A job object: what is in it, and all that this starts later, keeps to some limits and ends together.

    Opened by ``with``; at its end every process in it is ended. If the process that holds it dies, they are too.

    Parameters
    ----------
    limits : Limits
        What all its processes may use.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._handle: int | None = None
        #: Whether windows, clipboard and desktop are closed to its processes too; known once one was added.
        self.restricts_ui = False

    def __enter__(self) -> Self:
        kernel32 = _kernel32()
        self._handle = kernel32.CreateJobObjectW(None, None)
        if not self._handle:
            self._handle = None
            raise _failure("CreateJobObjectW")
        try:
            self._set(_EXTENDED_LIMIT_INFORMATION, extended_limits(self._limits))
            self._set(_BASIC_UI_RESTRICTIONS, UiRestrictions(UI_FLAGS))
        except BaseException:
            self.close()
            raise
        self.restricts_ui = True
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, process: subprocess.Popen[bytes]) -> None:
        """Put a process in; what it starts from now on is in too, what it started before is not.

        An interpreter of a virtual environment is such a case: its program only starts the real one. Such a process
        puts itself in by :meth:`add_this_process` before it starts anything.

        Parameters
        ----------
        process : subprocess.Popen
            A process of this one that has not ended.

        Raises
        ------
        SandboxError
            If Windows refuses.
        """
        self._assign(int(process._handle))  # type: ignore[attr-defined]  # noqa: SLF001  # Windows has it, Popen hides it

    def add_this_process(self) -> None:
        """Put the calling process in: then closing the job ends it as well.

        Raises
        ------
        SandboxError
            If Windows refuses.
        """
        self._assign(_CURRENT_PROCESS)

    def end_all(self) -> None:
        """End every process in it now.

        Raises
        ------
        SandboxError
            If Windows refuses.
        """
        if not _kernel32().TerminateJobObject(self._opened(), _ENDED):
            raise _failure("TerminateJobObject")

    def close(self) -> None:
        """Close the handle, which ends every process in it; nothing if it is closed."""
        handle, self._handle = self._handle, None
        if handle is not None:
            _kernel32().CloseHandle(handle)

    def _assign(self, process: int) -> None:
        kernel32, handle = _kernel32(), self._opened()
        if kernel32.AssignProcessToJobObject(handle, process):
            return
        # A job inside another must not restrict windows and the like, and many processes are in one from the start:
        # those of services, of terminals, of virtual environments.
        if self.restricts_ui and _last_error() == _ERROR_ACCESS_DENIED:
            self._set(_BASIC_UI_RESTRICTIONS, UiRestrictions(_UI_UNLIMITED))
            self.restricts_ui = False
            if kernel32.AssignProcessToJobObject(handle, process):
                return
        raise _failure("AssignProcessToJobObject")

    def _set(self, which: int, value: ctypes.Structure) -> None:
        if not _kernel32().SetInformationJobObject(self._opened(), which, ctypes.byref(value), ctypes.sizeof(value)):
            raise _failure("SetInformationJobObject")

    def _opened(self) -> int:
        if self._handle is None:
            raise SandboxError("the job object is not open: it is used within `with`")
        return self._handle


def _kernel32() -> Any:
    """Load the library, which only Windows has; handles are as wide as pointers, so their types must be said."""
    library = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]  # Windows has it
    handle, boolean = ctypes.c_void_p, ctypes.c_int
    signatures = {
        "CreateJobObjectW": (handle, (ctypes.c_void_p, ctypes.c_wchar_p)),
        "SetInformationJobObject": (boolean, (handle, ctypes.c_int, ctypes.c_void_p, _DWORD)),
        "AssignProcessToJobObject": (boolean, (handle, handle)),
        "TerminateJobObject": (boolean, (handle, ctypes.c_uint)),
        "CloseHandle": (boolean, (handle,)),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _last_error() -> int:
    error: int = ctypes.get_last_error()  # type: ignore[attr-defined]  # Windows has it
    return error


def _failure(function: str) -> SandboxError:
    return SandboxError(f"Windows refused {function}: error {_last_error()}")
