"""Landlock: which files a process may touch, decided by itself and for good (https://docs.kernel.org/userspace-api/landlock.html).

What is not granted is refused, in this process and in all that it starts. Reading names, sizes and existence of files
(``stat``) is not covered; seccomp and namespaces close what else is left open.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from octopus.sandbox.linux.calls import gain_no_privileges, syscall

#: The same on every architecture (<asm-generic/unistd.h>).
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1
#: The newest interface that was tried. What a later one adds is not handled until somebody has looked at it.
_NEWEST = 7

# Rights on files, from <linux/landlock.h>.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_DIR, _MAKE_REG, _MAKE_SOCK, _MAKE_FIFO, _MAKE_SYM = 1 << 7, 1 << 8, 1 << 9, 1 << 10, 1 << 12
_ALL_OF_ABI_1 = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
#: TCP bind and connect; abstract sockets and signals to processes outside.
_NETWORK, _SCOPES = 0b11, 0b11

_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
LIST = _READ_DIR
READ = _READ_FILE | _READ_DIR
RUN = READ | _EXECUTE
WRITE = (
    READ | _WRITE_FILE | _TRUNCATE | _REMOVE_DIR | _REMOVE_FILE
    | _MAKE_DIR | _MAKE_REG | _MAKE_SOCK | _MAKE_FIFO | _MAKE_SYM | _REFER
)  # fmt: skip
OPEN = _READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV


def abi() -> int:
    """Return the version of Landlock's interface in this kernel; 0 where there is none, or it is switched off."""
    try:
        return syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError:
        return 0


class Ruleset:
    """Grants, collected while paths can still be opened, and put into force in one step.

    Parameters
    ----------
    version : int
        What :func:`abi` found. Everything that this version can refuse is refused, unless it is granted.
    """

    def __init__(self, version: int) -> None:
        known = min(version, _NEWEST)
        self._handled = _ALL_OF_ABI_1
        for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
            if known >= since:
                self._handled |= right
        attributes = struct.pack("=Q", self._handled)
        if known >= 4:
            attributes += struct.pack("=Q", _NETWORK)
        if known >= 6:
            attributes += struct.pack("=Q", _SCOPES)
        buffer = ctypes.create_string_buffer(attributes, len(attributes))
        self._fd = syscall(_CREATE_RULESET, buffer, len(attributes), 0)

    def grant(self, paths: Iterable[Path], rights: int) -> None:
        """Grant rights on files, and on directories with all below them; what is not there is left out.

        Raises
        ------
        OSError
            If a path is there, but cannot be granted.
        """
        for path in paths:
            try:
                fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
                    continue
                raise
            try:
                allowed = rights & self._handled
                if not stat.S_ISDIR(os.fstat(fd).st_mode):
                    allowed &= _OF_FILES
                rule = ctypes.create_string_buffer(struct.pack("=Qi", allowed, fd), 12)
                syscall(_ADD_RULE, self._fd, _RULE_PATH_BENEATH, rule, 0)
            finally:
                os.close(fd)

    def enforce(self) -> None:
        """Restrict the calling thread, and what it starts, to the grants.

        Raises
        ------
        OSError
            If the kernel does not take it.
        """
        gain_no_privileges()
        syscall(_RESTRICT_SELF, self._fd, 0)
        os.close(self._fd)
