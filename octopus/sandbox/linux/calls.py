"""System calls and process controls of Linux that Python has no function for."""

from __future__ import annotations

import ctypes
import functools
import os
import sys

#: From <linux/prctl.h>.
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38


def syscall(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make a system call by its number.

    Parameters
    ----------
    number : int
        Number on this architecture.
    *arguments : int, buffer or None
        Registers; a buffer is passed by its address, None as a null pointer.

    Returns
    -------
    int
        What the call returned.

    Raises
    ------
    OSError
        If it failed, with its error number.
    """
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result: int = _libc().syscall(ctypes.c_long(number), *words)
    if result < 0:
        _raise(f"system call {number}")
    return result


def prctl(option: int, *values: int) -> int:
    """Set or ask for a property of the calling process.

    Parameters
    ----------
    option : int
        From <linux/prctl.h>.
    *values : int
        Up to four; the others are zero.

    Returns
    -------
    int
        What the call returned.

    Raises
    ------
    OSError
        If it failed.
    """
    words = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    result: int = _libc().prctl(ctypes.c_int(option), *words)
    if result < 0:
        _raise(f"prctl({option})")
    return result


def unshare(flags: int) -> None:
    """Leave the namespaces that the flags name.

    Raises
    ------
    OSError
        If the kernel does not let this process.
    """
    if _libc().unshare(ctypes.c_int(flags)) != 0:
        _raise("unshare")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount a filesystem, or a place at another place.

    Raises
    ------
    OSError
        If it failed, with the target.
    """
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind)]
    options = None if data is None else data.encode()
    if _libc().mount(words[0], words[1], words[2], ctypes.c_ulong(flags), options) != 0:
        _raise("mount", target)


def unmount(target: str, flags: int) -> None:
    """Take a mount away.

    Raises
    ------
    OSError
        If it failed, with the target.
    """
    if _libc().umount2(os.fsencode(target), ctypes.c_int(flags)) != 0:
        _raise("umount2", target)


def pivot_root(new: str, old: str) -> None:
    """Make a mount the root of this process's mount namespace, and put the old root at another place.

    Raises
    ------
    OSError
        If it failed.
    """
    if _libc().pivot_root(os.fsencode(new), os.fsencode(old)) != 0:
        _raise("pivot_root", new)


def set_capabilities(header: ctypes.Array[ctypes.c_char], sets: ctypes.Array[ctypes.c_char]) -> None:
    """Set the capabilities of the calling thread, as capset(2) has them.

    Raises
    ------
    OSError
        If it failed.
    """
    if _libc().capset(header, sets) != 0:
        _raise("capset")


def set_host_name(name: str) -> None:
    """Name the host as this process's namespace knows it.

    Raises
    ------
    OSError
        If the namespace is somebody else's.
    """
    if _libc().sethostname(name.encode(), ctypes.c_size_t(len(name))) != 0:
        _raise("sethostname")


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that a daemon cannot slip away."""
    if sys.platform == "linux":
        prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(signal_number: int) -> None:
    """Ask the kernel to send this signal when the thread that forked this process ends."""
    if sys.platform == "linux":
        prctl(_PR_SET_PDEATHSIG, signal_number)


def hide_memory() -> None:
    """Keep other processes of the same user from this one's memory and descriptors."""
    prctl(_PR_SET_DUMPABLE, 0)


def gain_no_privileges() -> None:
    """Give up set-user-id programs for good; Landlock and seccomp ask for it."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_from_bounding_set(capability: int) -> None:
    """Give up one capability for this process and whatever it executes.

    Raises
    ------
    OSError
        If the kernel knows no such capability, or this process may not.
    """
    prctl(_PR_CAPBSET_DROP, capability)


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _raise(what: str, path: str | None = None) -> None:
    number = ctypes.get_errno()
    message = f"{what}: {os.strerror(number)}"
    raise OSError(number, message) if path is None else OSError(number, message, path)
