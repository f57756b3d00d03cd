"""A seccomp filter: which system calls a script may make, and what it is told about the others.

Landlock decides about files; this closes what Landlock does not see: sockets, other processes, the metadata of
files, and the parts of the kernel that no estimator needs. Numeric libraries use too many calls, and other ones with
every release, for a list of what is allowed, so the filter lists what is refused, and calls that are newer than the
list do not exist. The program is classic BPF over ``struct seccomp_data`` (seccomp(2), <linux/filter.h>).
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from octopus.errors import SandboxUnavailable
from octopus.sandbox.linux.calls import gain_no_privileges, syscall
from octopus.sandbox.linux.syscalls import NEWEST, NUMBERS

#: From <linux/audit.h>: what ``seccomp_data.arch`` says while a program runs in the machine's own mode.
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ALIASES = {"arm64": "aarch64"}

# Operations and actions of <linux/seccomp.h>.
_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2
_KILL_PROCESS, _RETURN_ERROR, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000

# Numbers of errors on Linux; those of the system that this runs on may differ. Zero pretends that the call was made.
_PRETEND, _EPERM, _EACCES, _ENOSYS, _EOPNOTSUPP = 0, 1, 13, 38, 95

# Instructions of classic BPF, from <linux/bpf_common.h>.
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_EQUAL, _GREATER, _ANY_BIT = 0x15, 0x25, 0x45

# Offsets in ``struct seccomp_data``: int nr, u32 arch, u64 instruction_pointer, u64 args[6].
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT, _ARGUMENT_SIZE = 0, 4, 16, 8


class _Group(NamedTuple):
    """Calls that get the same answer whatever their arguments are."""

    why: str
    error: int
    names: str


_REFUSED = (
    _Group(
        "no network and no path to a daemon: a socket of any family is the way out that files do not show",
        _EACCES,
        "socket",
    ),
    _Group(
        "without sockets nobody needs them; an inherited one shall not reach further either",
        _EPERM,
        "connect bind listen accept accept4",
    ),
    _Group(
        "descriptors that are under way in a socket are nobody's: files that they hold open could not be counted",
        _EPERM,
        "sendmsg sendmmsg",
    ),
    _Group(
        "they look into other processes, take their descriptors or move and drop their memory",
        _EPERM,
        "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise process_mrelease move_pages "
        "migrate_pages",
    ),
    _Group(
        "large parts of the kernel that no estimator needs and that many exploits began with; io_uring opens and "
        "connects past this filter",
        _EPERM,
        "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register memfd_secret modify_ldt",
    ),
    _Group(
        "keys of the user's session live in the kernel, not in files",
        _EPERM,
        "add_key request_key keyctl",
    ),
    _Group(
        "they run the machine: modules, kernels, clocks, swap, accounts, consoles, ports, names",
        _EPERM,
        "init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl "
        "quotactl_fd settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname syslog vhangup iopl "
        "ioperm",
    ),
    _Group(
        "switches off address randomisation for whatever is executed next",
        _EPERM,
        "personality",
    ),
    _Group(
        "they open files by number, past every path, or tell what happens to files that may not be read",
        _EPERM,
        "open_by_handle_at name_to_handle_at fanotify_init fanotify_mark inotify_init inotify_init1 "
        "inotify_add_watch lookup_dcookie",
    ),
    _Group(
        "a namespace of its own gives a script capabilities in it; mounts change what a path means",
        _EPERM,
        "unshare setns mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick open_tree open_tree_attr "
        "move_mount mount_setattr statmount listmount",
    ),
    _Group(
        "memory, semaphores and queues of System V and POSIX belong to the user, not to a directory",
        _EPERM,
        "shmget shmat shmctl shmdt semget semop semtimedop semctl msgget msgsnd msgrcv msgctl "
        "mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr",
    ),
    _Group(
        "Landlock lets the owner change modes, owners and times of any file; an error would break shutil.copy2, "
        "tarfile and tempfile, which set them on files of their own",
        _PRETEND,
        "chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes futimesat utimensat",
    ),
    _Group(
        "likewise extended attributes and flags",
        _EPERM,
        "setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat file_setattr",
    ),
    _Group(
        "attributes of files that may not be read; copiers take this error for a filesystem without any",
        _EOPNOTSUPP,
        "getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr listxattrat file_getattr",
    ),
    _Group(
        "flags of clone3 lie in memory where a filter cannot look; C libraries fall back to clone",
        _ENOSYS,
        "clone3",
    ),
    _Group(
        "a file without a path is executed without asking Landlock; callers fall back to files",
        _ENOSYS,
        "memfd_create execveat",
    ),
    _Group(
        "left over from old kernels, used by nothing, looked at by nobody",
        _ENOSYS,
        "uselib create_module get_kernel_syms query_module nfsservctl _sysctl sysfs ustat",
    ),
)

# Arguments, each from the header named.
_AF_UNIX, _SOCK_STREAM, _SOCK_SEQPACKET, _SOCK_TYPE_MASK = 1, 1, 5, 0xF  # <linux/socket.h>, <linux/net.h>
_CLONE_FILES, _CLONE_PARENT, _CLONE_THREAD = 0x00000400, 0x00008000, 0x00010000  # <linux/sched.h>
_CLOSE_RANGE_UNSHARE = 0x2  # <linux/close_range.h>
_CLONE_NEW = {
    "mnt": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
_PRIO_USER, _IOPRIO_WHO_USER = 2, 3  # <linux/resource.h>, <linux/ioprio.h>
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SCHED_CORE, _SIGKILL = 1, 4, 62, 9  # <linux/prctl.h>
_EVERY_PROCESS = 0xFFFFFFFF  # kill(-1, …)
_DEVICE_BIT = 0o020000  # <linux/stat.h>: set for both kinds of device, not for files, pipes and sockets
_FCNTL = {"SETOWN": 8, "SETSIG": 10, "SETOWN_EX": 15, "SETLEASE": 1024, "NOTIFY": 1026}  # <linux/fcntl.h>
_TERMINAL = {"TIOCSTI": 0x5412, "TIOCLINUX": 0x541C, "TIOCCONS": 0x541D, "TIOCSETD": 0x5423}  # <asm-generic/ioctls.h>
_OWNER = {"FIOSETOWN": 0x8901, "SIOCSPGRP": 0x8902}  # <asm-generic/sockios.h>
_CLONE_OF_A_FILE = {"FICLONE": 0x40049409, "FICLONERANGE": 0x4020940D}  # <linux/fs.h>
#: The second byte of a request says which part of the kernel takes it (ioctl-number.rst).
_REQUEST_TYPE_MASK = 0xFF00
_OF_FILESYSTEMS = {
    "flags, verity, encryption, ext4": ord("f") << 8,
    "versions": ord("v") << 8,
    "attributes, XFS": ord("X") << 8,
    "FAT": ord("r") << 8,
    "OCFS2": ord("o") << 8,
    "Btrfs": 0x94 << 8,
    "bcachefs": 0xBC << 8,
}


class _Instruction(NamedTuple):
    """``struct sock_filter``; a jump skips that many of the instructions that follow."""

    code: int
    if_true: int
    if_false: int
    value: int


_Code = Sequence[_Instruction]


def program(machine: str, signals_to: int | None = None, *, for_graphics: bool = False) -> bytes:
    """Assemble the filter for one architecture.

    Parameters
    ----------
    machine : str
        As ``os.uname`` has it: ``"x86_64"``, ``"aarch64"`` or ``"arm64"``.
    signals_to : int, optional
        The one process, beside the caller's own group, that may be sent signals; without it Landlock confines them.
    for_graphics : bool
        Whether a graphics processor is to be used: its driver listens on a socket of its own, and nobody else can be
        reached by that.

    Returns
    -------
    bytes
        Array of ``struct sock_filter``.

    Raises
    ------
    SandboxUnavailable
        If there is no table of system calls for this architecture.
    """
    machine = _ALIASES.get(machine, machine)
    if machine not in NUMBERS:
        why = f"there is no table of system calls for a processor of kind {machine!r}, only for {', '.join(NUMBERS)}"
        raise SandboxUnavailable("standard", why, "Use sandbox='container' here, or a machine of such a kind.")
    numbers = NUMBERS[machine]
    # One test after another is fast enough: the kernel (5.11 and later) finds out once which calls are allowed whatever
    # their arguments are, and does not run the program for those.
    code = [
        _load(_ARCHITECTURE_AT),
        # Calls of 32-bit programs have other numbers: whoever makes one means to get past this list.
        *_unless(_EQUAL, _ARCHITECTURES[machine], [_answer(_KILL_PROCESS)]),
        _load(_NUMBER_AT),
        # Nobody has looked at later ones; libraries know this answer from older kernels and do without. It also meets
        # the calls of x32, which are numbered from 0x40000000.
        *_when(_GREATER, NEWEST, [_error(_ENOSYS)]),
    ]
    checks = _checks() | ({} if signals_to is None else _signals(signals_to)) | (_graphics() if for_graphics else {})
    for name, check in checks.items():
        if name in numbers:
            code += _when(_EQUAL, numbers[name], check)
    for group in _REFUSED:
        for name in group.names.split():
            if name in numbers:
                code += _when(_EQUAL, numbers[name], [_error(group.error)])
    code.append(_answer(_ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def install(code: bytes) -> None:
    """Put a filter into force in the calling thread, and in all that it starts, for good.

    Parameters
    ----------
    code : bytes
        What :func:`program` made for this machine.

    Raises
    ------
    OSError
        If the kernel does not take it.
    """
    instructions = ctypes.create_string_buffer(code, len(code))
    size = struct.calcsize("=HBBI")
    # struct sock_fprog: unsigned short len, padding, pointer.
    described = struct.pack("@HP", len(code) // size, ctypes.addressof(instructions))
    gain_no_privileges()
    syscall(_seccomp(), _SET_MODE_FILTER, 0, ctypes.create_string_buffer(described, len(described)))


def available() -> bool:
    """Say whether this kernel takes filters and knows every action that ours uses. Changes nothing."""
    if sys.platform != "linux" or sys.maxsize < 2**32:  # the filter would kill a 32-bit interpreter
        return False
    try:
        number = _seccomp()
        for action in (_KILL_PROCESS, _RETURN_ERROR, _ALLOW):
            syscall(number, _GET_ACTION_AVAIL, 0, ctypes.create_string_buffer(struct.pack("=I", action), 4))
    except (KeyError, OSError):
        return False
    return True


def _seccomp() -> int:
    machine = os.uname().machine
    return NUMBERS[_ALIASES.get(machine, machine)]["seccomp"]


def _checks() -> dict[str, _Code]:
    """Return what is decided by arguments; those called most come first.

    Registers have 64 bits, but the kernel takes each of these arguments as 32 bits (``int``, ``unsigned int``; the
    flags of ``clone`` by ``lower_32_bits``) and drops the upper half unseen. So only the lower half is compared, as
    the kernel does: a comparison of all 64 bits would let ``TIOCSTI + 2**32`` through (CVE-2019-7303).
    """
    refuse, allow, pretend = _error(_EPERM), _answer(_ALLOW), _error(_PRETEND)
    return {
        # Signals to another process when a descriptor is ready, without kill(); leases stop others from opening a file.
        "fcntl": [_argument(1), *_when_one_of(_FCNTL.values(), refuse), allow],
        # Typing into a terminal; then filesystems, whose requests set flags, snapshot a tree into a directory where
        # everything may be read (Btrfs, bcachefs) or copy a file by its path (OCFS2), none of which Landlock sees.
        "ioctl": [
            _argument(1),
            *_when_one_of({**_TERMINAL, **_OWNER}.values(), refuse),
            *_when_one_of(_CLONE_OF_A_FILE.values(), allow),
            _Instruction(_AND, 0, 0, _REQUEST_TYPE_MASK),
            *_when_one_of(_OF_FILESYSTEMS.values(), refuse),
            allow,
        ],
        # A new namespace, or a child that is not its maker's but the supervisor's.
        # Or a thread with descriptors that those of its process do not show.
        "clone": [
            _argument(0),
            *_when(_ANY_BIT, sum(_CLONE_NEW.values()) | _CLONE_PARENT, [refuse]),
            *_unless(_ANY_BIT, _CLONE_THREAD, [allow]),
            *_when(_ANY_BIT, _CLONE_FILES, [allow]),
            refuse,
        ],
        # Descriptors that a thread parts from those of its process, which are counted.
        "close_range": [_argument(2), *_when(_ANY_BIT, _CLOSE_RANGE_UNSHARE, [refuse]), allow],
        # A core that nobody else may share; hiding one's memory and files from the supervisor, which counts them; and
        # outliving the supervisor by taking back its death signal. The last two are pretended, because libraries ask
        # for them (torch.multiprocessing for another signal) and fail when they are refused.
        "prctl": [
            _argument(0),
            *_when(_EQUAL, _PR_SCHED_CORE, [refuse]),
            *_when(_EQUAL, _PR_SET_DUMPABLE, [pretend]),
            *_unless(_EQUAL, _PR_SET_PDEATHSIG, [allow]),
            _argument(1),
            *_when(_EQUAL, _SIGKILL, [allow]),
            pretend,
        ],
        # multiprocessing and asyncio need pairs; a pair of datagram sockets can send to any path.
        "socketpair": [
            _argument(0),
            *_unless(_EQUAL, _AF_UNIX, [_error(_EACCES)]),
            _argument(1),
            _Instruction(_AND, 0, 0, _SOCK_TYPE_MASK),
            *_when_one_of((_SOCK_STREAM, _SOCK_SEQPACKET), allow),
            _error(_EACCES),
        ],
        # Every process of the user, where the kernel does not confine signals yet (Landlock before ABI 6).
        "kill": [_argument(0), *_when(_EQUAL, _EVERY_PROCESS, [refuse]), allow],
        # Limits and priorities of oneself only, and not of oneself as the whole user.
        "prlimit64": _only_oneself(0, refuse),
        "setpriority": [_argument(0), *_when(_EQUAL, _PRIO_USER, [refuse]), *_only_oneself(1, refuse)],
        "ioprio_set": [_argument(0), *_when(_EQUAL, _IOPRIO_WHO_USER, [refuse]), *_only_oneself(1, refuse)],
        # Pretended, because the C library does this to each new thread by its number where OpenMP binds threads to
        # cores, and gives the thread up when it is refused.
        "sched_setaffinity": _only_oneself(0, pretend),
        "sched_setscheduler": _only_oneself(0, pretend),
        "sched_setparam": _only_oneself(0, pretend),
        "sched_setattr": _only_oneself(0, pretend),
        # Landlock and the missing capability refuse devices too; pipes and plain files stay.
        "mknod": [_argument(1), *_when(_ANY_BIT, _DEVICE_BIT, [refuse]), allow],
        "mknodat": [_argument(2), *_when(_ANY_BIT, _DEVICE_BIT, [refuse]), allow],
    }


def _signals(own: int) -> dict[str, _Code]:
    """Return what is decided of signals where Landlock does not confine them (before ABI 6): no other process."""
    refuse, allow = _error(_EPERM), _answer(_ALLOW)
    one = [_argument(0), *_when_one_of((0, own), allow), refuse]
    return {
        "kill": one,
        "tgkill": one,
        "rt_sigqueueinfo": one,
        "rt_tgsigqueueinfo": one,
        "tkill": [refuse],  # names a thread, of any process
        "pidfd_send_signal": [refuse],
    }


def _graphics() -> dict[str, _Code]:
    """Return what CUDA cannot begin without (error 304): a socket to listen on, of the kind it takes.

    Whoever connects to it is never answered, and nothing is connected to or sent by it: these calls stay refused.
    """
    allow, refuse = _answer(_ALLOW), _error(_EACCES)
    return {
        "socket": [
            _argument(0),
            *_unless(_EQUAL, _AF_UNIX, [refuse]),
            _argument(1),
            _Instruction(_AND, 0, 0, _SOCK_TYPE_MASK),
            *_when(_EQUAL, _SOCK_SEQPACKET, [allow]),
            refuse,
        ],
        "bind": [allow],
        "listen": [allow],
    }


def _only_oneself(position: int, otherwise: _Instruction) -> _Code:
    """Allow a call whose argument names the caller, which is by zero; its own number cannot be known beforehand."""
    return [_argument(position), *_when(_EQUAL, 0, [_answer(_ALLOW)]), otherwise]


def _load(offset: int) -> _Instruction:
    return _Instruction(_LOAD, 0, 0, offset)


def _argument(position: int) -> _Instruction:
    """Load the lower half of an argument; both architectures have it first."""
    return _load(_ARGUMENTS_AT + _ARGUMENT_SIZE * position)


def _when(test: int, value: int, then: _Code) -> _Code:
    return [_Instruction(test, 0, len(then), value), *then]


def _unless(test: int, value: int, then: _Code) -> _Code:
    return [_Instruction(test, len(then), 0, value), *then]


def _when_one_of(values: Iterable[int], then: _Instruction) -> _Code:
    return [instruction for value in values for instruction in _when(_EQUAL, value, [then])]


def _answer(action: int) -> _Instruction:
    return _Instruction(_RETURN, 0, 0, action)


def _error(number: int) -> _Instruction:
    return _answer(_RETURN_ERROR | number)
