"""What a child gives up before it runs a line of the script: the one place where a level takes hold."""

from __future__ import annotations

import math
import os
import signal
from contextlib import suppress

from octopus.errors import SandboxUnavailable
from octopus.records import Limits
from octopus.sandbox.linux import die_with_parent

#: Files that a child may hold open: loky, memory maps and LightGBM stay far below.
_MAX_OPEN_FILES = 1024
#: Seconds of processor time beyond what all cores could spend within the wall-clock limit.
_CPU_GRACE_S = 60


def confine(level: str, limits: Limits, supervisor_pid: int) -> None:
    """Confine the calling process for good.

    ``process`` guards against accidents: a session of its own, death with the supervisor, resource limits. Memory
    is left to the supervisor: limits on address space count reservations, four to five times what is resident, and
    break numeric libraries in ways that look like their own faults.

    Parameters
    ----------
    level : str
        Sandbox level.
    limits : Limits
        What the job may use.
    supervisor_pid : int
        Process that watches this one.

    Raises
    ------
    SandboxUnavailable
        If this level cannot be had here. Nothing of the script may run then.
    """
    if level != "process":
        raise SandboxUnavailable(level, "a child can confine itself to 'process' only", "Use sandbox='process'.")
    if os.name != "posix":
        return
    with suppress(PermissionError):  # it leads a session already
        os.setsid()
    die_with_parent(signal.SIGKILL)
    if os.getppid() != supervisor_pid:
        raise SandboxUnavailable(level, "the supervisor ended before the child began", "Run the job again.")
    os.umask(0o077)
    _limit_resources(limits)


def _limit_resources(limits: Limits) -> None:
    import resource

    cpu_s = math.ceil(limits.wall_s * (os.cpu_count() or 1)) + _CPU_GRACE_S
    wanted = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits.disk_bytes),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
        (resource.RLIMIT_CPU, cpu_s),
    )
    for which, value in wanted:
        _, hard = resource.getrlimit(which)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, bound))
