"""Runs a Python program where a container engine's usual filter of system calls stands: no namespaces, no mounts.

``python containerlike.py [--without-landlock] PROGRAM [ARGUMENT ...]``. The filter refuses as that of Docker does
(https://github.com/moby/profiles, ``seccomp/default.json``): with "not permitted", and with "no such call" where a C
library shall fall back. Written by itself, so that a fault in the filter under test cannot hide in the test.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

_ENOSYS, _EPERM = 38, 1
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER = 22, 38, 2
_ANY_NEW_NAMESPACE = 0x7E020000
#: Numbers of x86_64 and aarch64 (<asm/unistd.h>); those from 424 on are the same everywhere.
_CALLS = {
    "x86_64": {
        "clone": 56,
        "unshare": 272,
        "setns": 308,
        "mount": 165,
        "umount2": 166,
        "pivot_root": 155,
        "chroot": 161,
    },
    "aarch64": {"clone": 220, "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51},
}
_NEW_MOUNT_CALLS = (428, 429, 430, 431, 432, 433, 442)
_CLONE3 = 435
_LANDLOCK = (444, 445, 446)


def _when(number: int, *then: tuple[int, int, int, int]) -> list[tuple[int, int, int, int]]:
    return [(0x15, 0, len(then), number), *then]


def _error(number: int) -> tuple[int, int, int, int]:
    return (0x06, 0, 0, _ERRNO | number)


def filter_calls(*, without_landlock: bool) -> None:
    """Install the filter in this process, for good."""
    numbers = _CALLS[os.uname().machine]
    code = [(0x20, 0, 0, 0)]
    code += _when(
        numbers["clone"],
        (0x20, 0, 0, 16),
        (0x45, 0, 1, _ANY_NEW_NAMESPACE),
        _error(_EPERM),
        (0x06, 0, 0, _ALLOW),
    )
    code += _when(_CLONE3, _error(_ENOSYS))
    for number in (*(n for name, n in numbers.items() if name != "clone"), *_NEW_MOUNT_CALLS):
        code += _when(number, _error(_EPERM))
    for number in _LANDLOCK if without_landlock else ():
        code += _when(number, _error(_ENOSYS))
    code.append((0x06, 0, 0, _ALLOW))
    program = b"".join(struct.pack("=HBBI", *one) for one in code)
    instructions = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(code), ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    for option, first, second in (
        (_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero),
        (_PR_SET_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.create_string_buffer(described, len(described))),
    ):
        if libc.prctl(option, first, second, zero, zero) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    option = "--without-landlock"
    filter_calls(without_landlock=option in arguments)
    os.execv(sys.executable, [sys.executable, *(word for word in arguments if word != option)])
