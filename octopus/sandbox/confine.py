"""What a child gives up before it runs a line of the script: the one place where a level takes hold.

The order matters. Namespaces need the capabilities that a user namespace brings, so they come before these are dropped;
Landlock opens the files that it grants where the new root shows them; seccomp comes last, for it forbids all of that.
"""

from __future__ import annotations

import math
import os
import platform
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from octopus.errors import SandboxUnavailable
from octopus.records import Limits
from octopus.sandbox import seatbelt
from octopus.sandbox.jobdir import NOT_REACHABLE, JobDirectory, Walls
from octopus.sandbox.linux import capabilities, landlock, namespaces, seccomp
from octopus.sandbox.linux.calls import die_with_parent
from octopus.sandbox.linux.landlock import Ruleset
from octopus.sandbox.places import Places

#: Files that a child may hold open: loky, memory maps and LightGBM stay far below.
_MAX_OPEN_FILES = 1024
#: Seconds of processor time beyond what all cores could spend within the wall-clock limit.
_CPU_GRACE_S = 60
#: The longest that fits the kernel's counter and is longer than any machine stays up.
_MAX_CPU_S = 1 << 31
#: Below this version Landlock lets a file be emptied by its path, and links be moved between grants.
LANDLOCK_NEEDED = 3
#: Since this version it keeps signals and abstract sockets within the sandbox.
LANDLOCK_SCOPES = 6
_NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts")
_LINUX_LIMITS = ("RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO")
#: What a process may read of itself and of the machine. Not all of ``/proc/self``: it tells of the network as well.
_OWN_FACTS = ("maps", "smaps", "smaps_rollup", "stat", "statm", "status", "fd", "cgroup")
_MACHINE_FACTS = ("cpuinfo", "meminfo", "stat", "sys/vm/overcommit_memory", "sys/kernel/osrelease")
_READ_DEVICES = tuple(Path("/dev") / name for name in ("random", "urandom"))
_WRITE_DEVICES = tuple(Path("/dev") / name for name in ("null", "zero", "full"))
_PROC = Path("/proc")
_TMP, _SHM = Path("/tmp"), Path("/dev/shm")  # noqa: S108  a child in a mount namespace has its own


def confine(walls: Walls, limits: Limits, directory: JobDirectory, places: Places) -> tuple[str, ...]:
    """Confine the calling process for good.

    ``process`` guards against accidents: a session of its own, death with the supervisor, resource limits. Memory
    is left to the supervisor: limits on address space count reservations, four to five times what is resident, and
    break numeric libraries in ways that look like their own faults. ``standard`` gives up capabilities, files, sockets
    and system calls as well, ``strict`` also the sight of other files, processes and networks.

    Parameters
    ----------
    walls : Walls
        What is asked for.
    limits : Limits
        What the job may use.
    directory : JobDirectory
        Of the job.
    places : Places
        What the child may touch.

    Returns
    -------
    tuple of str
        The layers that took hold.

    Raises
    ------
    SandboxUnavailable, OSError
        If one of them cannot be had here. Nothing of the script may run then.
    """
    if os.name != "posix":
        return ("job object",)
    with suppress(PermissionError):  # it leads a session already
        os.setsid()
    die_with_parent(signal.SIGKILL)
    os.umask(0o077)
    if walls.level == "process":
        _limit_resources(limits)
        return ("limits",)
    if walls.by == "seatbelt":
        if not seatbelt.is_confined():
            raise SandboxUnavailable(walls.level, "the child is not behind Seatbelt", "Report this.")
        _limit_resources(limits)
        return "limits", "seatbelt"
    if sys.platform != "linux":
        raise SandboxUnavailable(walls.level, f"a child cannot confine itself on {sys.platform}", "Use 'process'.")
    return _confine_on_linux(walls, limits, directory, places)


def namespaces_of_this_process() -> dict[str, int]:
    """Return the namespaces of the calling process by kind, as numbers that are unique on this machine."""
    found = {}
    for kind in _NAMESPACES:
        with suppress(OSError):
            found[kind] = (_PROC / "self/ns" / kind).stat().st_ino
    return found


def _confine_on_linux(walls: Walls, limits: Limits, directory: JobDirectory, places: Places) -> tuple[str, ...]:
    layers = ["limits", *(["container"] if walls.by == "container" else [])]
    _check_single_thread(walls.level)
    version = landlock.abi()
    if version < LANDLOCK_NEEDED and walls.by != "container":
        raise SandboxUnavailable(walls.level, *no_landlock(version))
    signals_to = os.getpid() if version < LANDLOCK_SCOPES and walls.by == "itself" else None
    filters = seccomp.program(platform.machine(), signals_to, for_graphics=bool(places.devices))
    if walls.by == "namespaces":
        binds = {at: here for at, here in ((_TMP, directory.tmp), (_SHM, directory.shm)) if _is_apart(directory, at)}
        namespaces.leave_the_rest(places, binds, directory.new_root)
        os.chdir(directory.work)
    if walls.by in ("namespaces", "bubblewrap"):
        layers += _checked(walls.level, walls.outside)
    _limit_resources(limits)
    capabilities.drop_all()
    layers.append("capabilities")
    if not directory.is_reachable:
        raise SandboxUnavailable(walls.level, NOT_REACHABLE, "Choose a run directory of your own.")
    if version >= LANDLOCK_NEEDED:
        _grant(landlock.Ruleset(version), walls, places)
        layers.append(f"landlock {version}")
    seccomp.install(filters)
    layers.append("seccomp")
    if capabilities.held():
        raise SandboxUnavailable(walls.level, "the child still has capabilities", "Report this.")
    return tuple(layers)


def _grant(rules: Ruleset, walls: Walls, places: Places) -> None:
    rules.grant((*places.readable, *_READ_DEVICES), landlock.READ)
    rules.grant(places.executable, landlock.RUN)
    rules.grant(places.writable, landlock.WRITE)
    rules.grant((*_WRITE_DEVICES, *places.devices), landlock.OPEN)
    if walls.by == "namespaces":
        # Python finds modules by listing directories; here, those in which the user works hold what is granted only.
        rules.grant((Path(path) for path in sys.path if Path(path).is_absolute()), landlock.LIST)
        rules.grant((_PROC,), landlock.READ)
    else:
        rules.grant((_PROC / fact for fact in _MACHINE_FACTS), landlock.READ)
        rules.grant((_PROC / "self" / fact for fact in _OWN_FACTS), landlock.READ)
    if places.devices:  # CUDA does not begin (error 304) unless it can name its threads: /proc/self/task/…/comm
        rules.grant((_PROC / "self/task",), landlock.OPEN)
    rules.enforce()


def _is_apart(directory: JobDirectory, place: Path) -> bool:
    """Return whether a job does not lie below a place: else what may be written there would hold the job too."""
    return not directory.root.is_relative_to(place)


def no_landlock(version: int) -> tuple[str, str]:
    """Return why this kernel's Landlock does not do, and the way to get one that does."""
    found = f"Landlock's version is {version}" if version else "the kernel offers no Landlock to this process"
    return (
        f"{found}, {LANDLOCK_NEEDED} is needed",
        "Use Linux 6.2 or newer with 'landlock' in its list of security modules (lsm=…), and in a container an engine "
        "whose system call filter lets landlock_* through, as recent ones do.",
    )


def _check_single_thread(level: str) -> None:
    """Refuse where another thread is: the layers bind the thread that takes them, and others would stay free."""
    n_threads = sum(1 for _ in (_PROC / "self/task").iterdir())
    if n_threads != 1:
        raise SandboxUnavailable(level, f"the child has {n_threads} threads before it is confined", "Report this.")


def _checked(level: str, outside: Mapping[str, int]) -> list[str]:
    """Return the namespaces that are not the user's; raise if one is."""
    own = namespaces_of_this_process()
    shared = [kind for kind in _NAMESPACES if own.get(kind) is None or own[kind] == outside.get(kind)]
    if shared:
        raise SandboxUnavailable(level, f"the child shares the user's namespaces: {', '.join(shared)}", "Report this.")
    return [f"{kind} namespace" for kind in _NAMESPACES]


def _limit_resources(limits: Limits) -> None:
    import resource

    cpu_s = min(math.ceil(min(limits.wall_s, _MAX_CPU_S) * (os.cpu_count() or 1)) + _CPU_GRACE_S, _MAX_CPU_S)
    wanted = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits.disk_bytes),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
        (resource.RLIMIT_CPU, cpu_s),
    ]
    # No queue of messages, and no precedence over the other processes of this machine.
    wanted += [(getattr(resource, name), 0) for name in _LINUX_LIMITS if hasattr(resource, name)]
    for which, value in wanted:
        _, hard = resource.getrlimit(which)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, bound))
