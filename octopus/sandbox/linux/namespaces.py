"""Namespaces: a process of its own world, in which other files, processes, networks and queues do not exist.

The supervisor leaves the user and process namespaces, so that the processes that it starts from then on are numbered
anew, and starts a reaper as their number one: when that dies, the kernel kills them all. The child leaves the mount,
network, IPC and host name namespaces, and turns a directory that shows only what it may touch into its root.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import signal
import stat
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

from octopus.sandbox.linux.calls import (
    die_with_parent,
    hide_memory,
    mount,
    pivot_root,
    set_host_name,
    syscall,
    unmount,
    unshare,
)
from octopus.sandbox.places import Places, outermost

# From <linux/sched.h>.
_NEW_MOUNTS, _NEW_CGROUP, _NEW_HOST_NAME, _NEW_IPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
_NEW_USER, _NEW_PIDS, _NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000

# From <linux/mount.h>.
_NO_SET_UID, _NO_DEVICES, _NO_EXECUTION, _BIND, _DETACH = 0x2, 0x4, 0x8, 0x1000, 0x2
_RECURSIVE, _PRIVATE = 0x4000, 0x40000
#: mount_setattr(2), the same number on every architecture, and what it takes.
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000
_ATTR_READ_ONLY, _ATTR_NO_SET_UID, _ATTR_NO_DEVICES = 0x1, 0x2, 0x4
_DEVICE = _ATTR_NO_SET_UID
_WRITABLE = _ATTR_NO_SET_UID | _ATTR_NO_DEVICES
_READABLE = _WRITABLE | _ATTR_READ_ONLY

_ALL_BUT_USER_AND_PIDS = _NEW_MOUNTS | _NEW_CGROUP | _NEW_NETWORK | _NEW_IPC | _NEW_HOST_NAME

#: Devices that every program expects.
DEVICES = tuple(Path("/dev") / name for name in ("null", "zero", "full", "random", "urandom"))
_LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
#: What ``/proc`` tells of the machine and its users whatever the namespace; container engines hide much of it too.
_OF_THE_HOST = (
    "acpi",
    "buddyinfo",
    "interrupts",
    "softirqs",
    "schedstat",
    "pagetypeinfo",
    "zoneinfo",
    "dynamic_debug",
    "mtrr", "asound", "bootconfig", "bus", "cmdline", "config.gz", "consoles", "diskstats", "driver", "fs", "iomem",
    "ioports", "irq", "kallsyms", "kcore", "key-users", "keys", "kmsg", "kpagecgroup", "kpagecount", "kpageflags",
    "latency_stats", "locks", "modules", "partitions", "sched_debug", "scsi", "slabinfo", "swaps", "sysrq-trigger",
    "timer_list", "tty", "vmallocinfo",
)  # fmt: skip
_HOST_NAME = "sandbox"
#: Seconds between looks for orphans that ended.
_LOOK_S = 0.5
#: Room for the directories and links of the new root itself.
_ROOT_OPTIONS = "mode=755,size=4m"


def leave_processes() -> int:
    """Give the children to come a process namespace, and start their number one.

    Returns
    -------
    int
        Process id of the reaper; killing it kills all of them.

    Raises
    ------
    OSError
        If this host gives no user namespace to this user.
    """
    uid, gid = os.getuid(), os.getgid()
    unshare(_NEW_USER | _NEW_PIDS)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")
    supervisor = os.pidfd_open(os.getpid())
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        _reap(supervisor, tell)
    for fd in (supervisor, tell):
        os.close(fd)
    try:
        if not os.read(ready, 1):
            raise OSError(errno.ECHILD, "the first process of the namespace ended")
    finally:
        os.close(ready)
    return pid


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _reap(supervisor: int, tell: int) -> NoReturn:
    """Bury the orphans of a process namespace until the supervisor ends."""
    try:
        die_with_parent(signal.SIGKILL)
        unshare(_ALL_BUT_USER_AND_PIDS)  # whoever asks for /proc/1 learns nothing of the host
        hide_memory()
        os.write(tell, b"!")
        os.closerange(0, supervisor)
        os.closerange(supervisor + 1, os.sysconf("SC_OPEN_MAX"))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while not select.select([supervisor], [], [], _LOOK_S)[0]:  # it may have died before the first line above
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
    finally:
        os._exit(1)


def leave_the_rest(places: Places, binds: Mapping[Path, Path], base: Path) -> None:
    """Enter mount, network, IPC and host name namespaces of its own; all other paths are gone afterwards.

    Parameters
    ----------
    places : Places
        What stays, at the same paths.
    binds : mapping of Path to Path
        Directories to be seen at other paths, such as ``/tmp``; they can be written.
    base : Path
        An empty directory to build the new root on.

    Raises
    ------
    OSError
        If a part of it cannot be had.
    """
    unshare(_ALL_BUT_USER_AND_PIDS)
    set_host_name(_HOST_NAME)
    mount(None, "/", None, _RECURSIVE | _PRIVATE)
    mount("octopus", str(base), "tmpfs", _NO_SET_UID | _NO_DEVICES, _ROOT_OPTIONS)
    root = _Root(str(base))
    shown = [_Shown(str(there), str(here), _WRITABLE) for there, here in binds.items()]
    shown += [_Shown(str(path), str(path), _READABLE) for path in outermost((*places.readable, *places.executable))]
    shown += [_Shown(str(path), str(path), _WRITABLE) for path in places.writable]
    shown += [_Shown(str(path), str(path), _DEVICE) for path in (*DEVICES, *places.devices)]
    for one in sorted(shown, key=lambda one: one.at.count("/")):  # what lies in another is mounted after it
        root.show(one)
    for name, target in _LINKS.items():
        root.link(f"/dev/{name}", target)
    _mount_proc(str(base))
    os.chdir(base)
    pivot_root(".", ".")
    unmount(".", _DETACH)
    os.chdir("/")
    _set_attributes("/", _ATTR_READ_ONLY, recursive=False)


def _mount_proc(base: str) -> None:
    """Mount what tells of the processes of this namespace, and of the host as little as numeric libraries read."""
    proc, empty = f"{base}/proc", f"{base}/.empty"
    os.mkdir(proc)
    os.mkdir(empty)
    # Only what may be traced is listed: not the reaper, whose memory is closed.
    mount("proc", proc, "proc", _NO_SET_UID | _NO_DEVICES | _NO_EXECUTION, "hidepid=4")
    with os.scandir(proc) as entries:
        of_the_host = [(entry.path, entry.is_dir()) for entry in entries if entry.name in _OF_THE_HOST]
    for path, is_folder in of_the_host:
        mount(empty if is_folder else "/dev/null", path, None, _BIND)


class _Shown(NamedTuple):
    """What the new root shows, where, and with which attributes of a mount."""

    at: str
    source: str
    attributes: int


class _Root:
    """A root under construction: a small filesystem of directories, links and mount points."""

    def __init__(self, base: str) -> None:
        self._base = base

    def show(self, shown: _Shown) -> None:
        """Bind what lies at a path to a path of the new root."""
        source = os.path.realpath(shown.source)
        try:
            found = os.stat(source)
        except OSError:
            return
        at = shown.at
        if at == shown.source:
            if source != at:
                for link, target in _links(at):
                    self.link(link, target)
            at = source
        point = self._base + at
        if not os.path.lexists(point):
            os.makedirs(os.path.dirname(point), exist_ok=True)
            if stat.S_ISDIR(found.st_mode):
                os.mkdir(point)
            else:
                os.close(os.open(point, os.O_CREAT | os.O_CLOEXEC, 0o600))
        mount(source, point, None, _BIND | _RECURSIVE)
        _set_attributes(point, shown.attributes, recursive=True)

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link, unless something is there already."""
        here = self._base + path
        if not os.path.lexists(here):
            os.makedirs(os.path.dirname(here), exist_ok=True)
            os.symlink(target, here)


def _links(named: str) -> Iterator[tuple[str, str]]:
    """Yield the symbolic links on the way to a path, each with its target as it stands there."""
    path = Path(named)
    for _ in range(40):  # as many as the kernel follows
        for part in (*reversed(path.parents), path):
            if part.is_symlink():
                target = str(part.readlink())
                yield str(part), target
                path = Path(os.path.normpath(part.parent / target)) / path.relative_to(part)
                break
        else:
            return


def _set_attributes(path: str, attributes: int, *, recursive: bool) -> None:
    packed = struct.pack("=4Q", attributes, 0, 0, 0)
    buffer = ctypes.create_string_buffer(packed, len(packed))
    where = ctypes.create_string_buffer(os.fsencode(path))
    syscall(_MOUNT_SETATTR, _AT_FDCWD, where, _AT_RECURSIVE if recursive else 0, buffer, len(packed))
