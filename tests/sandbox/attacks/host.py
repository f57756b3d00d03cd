"""What this machine is like, as far as it decides whether an attack can succeed at ``process``."""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import joblib

IS_ROOT = os.geteuid() == 0
IS_X86 = platform.machine() == "x86_64"
NEEDS_ROOT = "only root may do it anyway"

#: The directory of installed packages, and whether the user can write there (root, or an environment of one's own).
SITE = Path(joblib.__file__).parents[1]
OWNS_SITE = os.access(SITE, os.W_OK)
OTHERS_SITE = "the packages belong to somebody else"


#: Files of the installation that attacks write to; the scene notes when each was last changed.
INSTALLED: list[Path] = []


def _says(path: str, otherwise: str = "") -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return otherwise


#: Yama lets a process trace its own descendants only, unless it is root's.
MAY_TRACE = IS_ROOT or _says("/proc/sys/kernel/yama/ptrace_scope", "0") == "0"
YAMA = "Yama forbids it to ordinary users here"


def _python(code: str) -> bool:
    ended = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, check=False)
    return ended.returncode == 0


#: Tried in a process of its own, for it would change this one.
HAS_USERNS = _python("import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000) != 0)")
NO_USERNS = "this machine gives no user namespaces"


def can_open(path: str, flags: int = os.O_RDONLY) -> bool:
    """Return whether the user could open a device; nothing is read or written."""
    try:
        os.close(os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY))
    except OSError:
        return False
    return True


def answers(number: int, *arguments: int) -> bool:
    """Return whether the kernel lets the user past the door of a system call, called in a process of its own."""
    call = ", ".join(f"ctypes.c_long({value})" for value in (number, *arguments))
    return _python(
        "import ctypes, sys; libc = ctypes.CDLL(None, use_errno=True); "
        f"sys.exit(libc.syscall({call}) < 0 and ctypes.get_errno() in (1, 13, 38))"
    )


def has_32_bit() -> bool:
    """Return whether the processor's 32-bit door into the kernel is open: ``int 0x80`` for getpid."""
    code = (
        "import ctypes, mmap, sys; page = mmap.mmap(-1, 4096, prot=7); "
        "page.write(bytes.fromhex('53b814000000cd805bc3')); "
        "at = ctypes.addressof(ctypes.c_char.from_buffer(page)); "
        "sys.exit(ctypes.CFUNCTYPE(ctypes.c_int)(at)() <= 0)"
    )
    return IS_X86 and _python(code)


def has_capability(bit: int) -> bool:
    """Return whether this process has a capability: root of a container often lacks some."""
    for line in _says("/proc/self/status").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> bit & 1)
    return False


#: CAP_SYS_RESOURCE, see capabilities(7).
MAY_RAISE_LIMITS = has_capability(24)
NEEDS_RESOURCE = "only who has CAP_SYS_RESOURCE may do it anyway"


def _flags_can_be_set(by_path: bool) -> bool:
    """Return whether the file system of the scene lets an owner set inode flags or the generation."""
    libc = ctypes.CDLL(None)
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as file:
        if by_path:
            state = ctypes.create_string_buffer(24)
            path = ctypes.c_char_p(os.fsencode(file.name))
            at, size = ctypes.c_long(-100), ctypes.c_long(24)
            return libc.syscall(468, at, path, state, size, 0) == 0 and libc.syscall(469, at, path, state, size, 0) == 0
        try:
            fcntl.ioctl(file, 0x40087602, (4711).to_bytes(8, "little"))
        except OSError:
            return False
        return True


HAS_FILE_SETATTR = _flags_can_be_set(by_path=True)
NO_FILE_SETATTR = "this kernel or file system does not have it"
HAS_GENERATIONS = _flags_can_be_set(by_path=False)
HAS_32_BIT = has_32_bit()
HAS_X32 = IS_X86 and ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 | 39)) > 0
