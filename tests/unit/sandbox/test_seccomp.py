"""The filter as a program, run by an interpreter of classic BPF, and as the kernel applies it to a process."""

from __future__ import annotations

import errno
import os
import platform
import re
import signal
import stat
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from octopus.errors import SandboxUnavailable
from octopus.sandbox.linux import seccomp
from octopus.sandbox.linux.syscalls import NEWEST, NUMBERS

MACHINES = ["x86_64", "aarch64"]
#: <linux/audit.h>: the machine's own mode, and one that is not.
NATIVE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
FOREIGN = {"x86_64": 0x40000003, "aarch64": 0x40000028}

ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
PRETEND = ERROR
EPERM, EACCES, ENOSYS, EOPNOTSUPP = (ERROR | number for number in (1, 13, 38, 95))
HIGH_WORD = 1 << 32

# What is refused whatever its arguments are, written down once more.
REFUSED = {
    EACCES: "socket",
    EPERM: """
        connect bind listen accept accept4
        sendmsg sendmmsg ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise process_mrelease
        move_pages migrate_pages
        bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
        add_key request_key keyctl
        kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff acct
        quotactl quotactl_fd syslog settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname
        vhangup personality memfd_secret lookup_dcookie
        open_by_handle_at name_to_handle_at fanotify_init fanotify_mark inotify_init1 inotify_add_watch
        unshare setns mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick open_tree open_tree_attr
        move_mount mount_setattr statmount listmount
        shmget shmat shmctl shmdt semget semop semtimedop semctl msgget msgsnd msgrcv msgctl
        mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
        setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat file_setattr
    """,
    PRETEND: "fchmod fchmodat fchmodat2 fchown fchownat utimensat",
    EOPNOTSUPP: """
        getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr listxattrat file_getattr
    """,
    ENOSYS: "clone3 memfd_create execveat nfsservctl",
}
REFUSED_ON_X86_64 = {
    EPERM: "inotify_init iopl ioperm modify_ldt",
    PRETEND: "chmod chown lchown utime utimes futimesat",
    ENOSYS: "uselib create_module get_kernel_syms query_module _sysctl sysfs ustat",
}


def refused(machine: str) -> dict[str, int]:
    tables = [REFUSED, *([REFUSED_ON_X86_64] if machine == "x86_64" else [])]
    return {name: verdict for table in tables for verdict, names in table.items() for name in names.split()}


# What depends on arguments: call, arguments, verdict.
BY_ARGUMENT = [
    ("socketpair", (1, 1, 0), ALLOW),
    ("socketpair", (1, 1 | 0o2000000 | 0o4000, 0), ALLOW),  # with SOCK_CLOEXEC and SOCK_NONBLOCK
    ("socketpair", (1, 5, 0), ALLOW),
    ("socketpair", (1, 2, 0), EACCES),
    ("socketpair", (1, 2 | 0o2000000, 0), EACCES),
    ("socketpair", (1, 3, 0), EACCES),  # a raw pair is one of datagrams
    ("socketpair", (1, 2 + HIGH_WORD, 0), EACCES),
    ("socketpair", (30, 1, 0), EACCES),
    ("socketpair", (16, 1, 0), EACCES),
    ("clone", (0x3D0F00,), ALLOW),  # a thread of the C library
    ("clone", (0x01200011,), ALLOW),  # its fork
    ("clone", (0x4111,), ALLOW),  # its posix_spawn
    *[("clone", (17 | flag,), EPERM) for flag in (0x20000, *(1 << bit for bit in (25, 26, 27, 28, 29, 30)))],
    ("clone", (17 | 0x10000000 | HIGH_WORD,), EPERM),
    ("clone", (17 | 0x8000,), EPERM),  # CLONE_PARENT
    ("clone", (0x3D0F00 & ~0x400,), EPERM),  # a thread that does not share its descriptors
    ("prctl", (1, 9), ALLOW),
    ("prctl", (1, 0), PRETEND),
    ("prctl", (1, 15), PRETEND),
    ("prctl", (1 + HIGH_WORD, 0), PRETEND),
    ("close_range", (3, 0xFFFFFFFF, 0), ALLOW),
    ("close_range", (3, 0xFFFFFFFF, 4), ALLOW),  # CLOSE_RANGE_CLOEXEC
    ("close_range", (3, 0xFFFFFFFF, 2), EPERM),  # CLOSE_RANGE_UNSHARE
    ("prctl", (4, 0), PRETEND),  # PR_SET_DUMPABLE
    ("prctl", (62, 1), EPERM),  # PR_SCHED_CORE
    ("prctl", (15, 0), ALLOW),  # PR_SET_NAME
    ("prctl", (38, 1), ALLOW),  # PR_SET_NO_NEW_PRIVS
    ("ioctl", (0, 0x5401), ALLOW),  # TCGETS
    ("ioctl", (0, 0x5413), ALLOW),  # TIOCGWINSZ
    ("ioctl", (0, 0x541B), ALLOW),  # FIONREAD
    ("ioctl", (0, 0x5451), ALLOW),  # FIOCLEX
    ("ioctl", (0, 0xC020462A), ALLOW),  # of an NVIDIA GPU
    ("ioctl", (0, 0x30000001), ALLOW),  # of its memory driver
    ("ioctl", (0, 0xC0406481), ALLOW),  # of another GPU
    *[("ioctl", (0, request), EPERM) for request in (0x5412, 0x541C, 0x541D, 0x5423, 0x8901, 0x8902)],
    *[("ioctl", (0, request + HIGH_WORD), EPERM) for request in (0x5412, 0x541C, 0x40086602)],
    ("ioctl", (0, 0x40086602), EPERM),  # FS_IOC_SETFLAGS
    ("ioctl", (0, 0x40046602), EPERM),  # FS_IOC32_SETFLAGS
    ("ioctl", (0, 0x40087602), EPERM),  # FS_IOC_SETVERSION
    ("ioctl", (0, 0x401C5820), EPERM),  # FS_IOC_FSSETXATTR
    ("ioctl", (0, 0x40806685), EPERM),  # FS_IOC_ENABLE_VERITY
    ("ioctl", (0, 0x800C6613), EPERM),  # FS_IOC_SET_ENCRYPTION_POLICY
    ("ioctl", (0, 0xC0506617), EPERM),  # FS_IOC_ADD_ENCRYPTION_KEY
    ("ioctl", (0, 0x40047211), EPERM),  # FAT_IOCTL_SET_ATTRIBUTES
    ("ioctl", (0, 0x50009401), EPERM),  # BTRFS_IOC_SNAP_CREATE
    ("ioctl", (0, 0x50009417), EPERM),  # BTRFS_IOC_SNAP_CREATE_V2
    ("ioctl", (0, 0x4018BC10), EPERM),  # BCH_IOCTL_SUBVOLUME_CREATE
    ("ioctl", (0, 0x40186F04), EPERM),  # OCFS2_IOC_REFLINK
    ("ioctl", (0, 0x40049409), ALLOW),  # FICLONE
    ("ioctl", (0, 0x4020940D), ALLOW),  # FICLONERANGE
    *[("fcntl", (0, command), ALLOW) for command in (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1031, 1032)],
    *[("fcntl", (0, command), EPERM) for command in (8, 10, 15, 1024, 1026, 8 + HIGH_WORD)],
    ("kill", (4242, 9), ALLOW),
    ("kill", (0, 15), ALLOW),
    ("kill", (0xFFFFFFFF, 9), EPERM),
    ("kill", (HIGH_WORD * HIGH_WORD - 1, 9), EPERM),
    ("prlimit64", (0, 7), ALLOW),
    ("prlimit64", (4242, 7), EPERM),
    ("prlimit64", (4242 + HIGH_WORD, 7), EPERM),
    ("setpriority", (0, 0, 19), ALLOW),
    ("setpriority", (1, 0, 19), ALLOW),
    ("setpriority", (2, 0, 19), EPERM),
    ("setpriority", (0, 4242, 19), EPERM),
    ("ioprio_set", (1, 0, 0), ALLOW),
    ("ioprio_set", (3, 0, 0), EPERM),
    ("ioprio_set", (1, 4242, 0), EPERM),
    *[(f"sched_set{what}", (0,), ALLOW) for what in ("affinity", "scheduler", "param", "attr")],
    *[(f"sched_set{what}", (4242,), PRETEND) for what in ("affinity", "scheduler", "param", "attr")],
    ("mknodat", (0, 0, 0o010600, 0), ALLOW),
    ("mknodat", (0, 0, 0o100600, 0), ALLOW),
    ("mknodat", (0, 0, 0o020600, 0), EPERM),
    ("mknodat", (0, 0, 0o060600, 0), EPERM),
]
BY_ARGUMENT_ON_X86_64 = [
    ("mknod", (0, 0o010600, 0), ALLOW),
    ("mknod", (0, 0o020600, 0), EPERM),
]

# What every script needs: number on x86_64, on aarch64; 0 where there is none.
NEEDED = {
    "read": (0, 63),
    "write": (1, 64),
    "open": (2, 0),
    "openat": (257, 56),
    "close": (3, 57),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "madvise": (28, 233),
    "futex": (202, 98),
    "fork": (57, 0),
    "vfork": (58, 0),
    "execve": (59, 221),
    "wait4": (61, 260),
    "pipe2": (293, 59),
    "sched_getaffinity": (204, 123),
    "sched_yield": (24, 124),
    "recvmsg": (47, 212),
    "epoll_create1": (291, 20),
    "eventfd2": (290, 19),
    "getrandom": (318, 278),
    "rseq": (334, 293),
    "statx": (332, 291),
    "pidfd_open": (434, 434),
    "seccomp": (317, 277),
    "landlock_restrict_self": (446, 446),
    "exit_group": (231, 94),
}


def instructions(
    machine: str, signals_to: int | None = None, *, for_graphics: bool = False
) -> list[tuple[int, int, int, int]]:
    return list(struct.iter_unpack("=HBBI", seccomp.program(machine, signals_to, for_graphics=for_graphics)))


def verdict(
    machine: str,
    number: int,
    arguments: tuple[int, ...] = (),
    architecture: int | None = None,
    signals_to: int | None = None,
    *,
    for_graphics: bool = False,
) -> int:
    """Run the program as the kernel would (Documentation/networking/filter.rst)."""
    arguments = (*arguments, *[0] * (6 - len(arguments)))
    architecture = NATIVE[machine] if architecture is None else architecture
    data = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, architecture, 0, *arguments)
    code, at, word = instructions(machine, signals_to, for_graphics=for_graphics), 0, 0
    while True:
        operation, if_true, if_false, value = code[at]
        at += 1
        match operation:
            case 0x20:
                (word,) = struct.unpack_from("=I", data, value)
            case 0x54:
                word &= value
            case 0x15:
                at += if_true if word == value else if_false
            case 0x25:
                at += if_true if word > value else if_false
            case 0x45:
                at += if_true if word & value else if_false
            case 0x06:
                return value
            case _:
                raise AssertionError(f"unknown instruction {operation:#x} before {at}")


@pytest.mark.parametrize(
    ("machine", "name", "expected"),
    [(machine, name, expected) for machine in MACHINES for name, expected in refused(machine).items()],
)
def test_a_call_that_is_refused_is_refused_whatever_its_arguments(machine: str, name: str, expected: int) -> None:
    number = NUMBERS[machine][name]
    for arguments in ((), (1,) * 6, (HIGH_WORD * HIGH_WORD - 1,) * 6):
        assert verdict(machine, number, arguments) == expected


@pytest.mark.parametrize(
    ("machine", "name", "arguments", "expected"),
    [
        *[(machine, *case) for machine in MACHINES for case in BY_ARGUMENT],
        *[("x86_64", *case) for case in BY_ARGUMENT_ON_X86_64],
    ],
)
def test_arguments_decide(machine: str, name: str, arguments: tuple[int, ...], expected: int) -> None:
    assert verdict(machine, NUMBERS[machine][name], arguments) == expected


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", NEEDED)
def test_what_every_script_needs_is_allowed(machine: str, name: str) -> None:
    number = NEEDED[name][MACHINES.index(machine)]
    if number or name == "read":
        assert verdict(machine, number, (5, 7, 9, 11, 13, 15)) == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_a_graphics_processor_brings_a_socket_to_listen_on_and_nothing_else(machine: str) -> None:
    numbers = NUMBERS[machine]
    allowed = {"socket": (1, 5 | 0o2000000, 0), "bind": (3, 0, 0), "listen": (3, 1, 0)}
    for name, arguments in allowed.items():
        assert verdict(machine, numbers[name], arguments, for_graphics=True) == ALLOW
    for family, kind in [(1, 1), (1, 2), (1, 3), (2, 5), (10, 1), (16, 3), (40, 1), (1, 2 + HIGH_WORD)]:
        assert verdict(machine, numbers["socket"], (family, kind, 0), for_graphics=True) == EACCES
    for name, expected in refused(machine).items():
        if name not in allowed:
            assert verdict(machine, numbers[name], (1,) * 6, for_graphics=True) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_else_is_refused(machine: str) -> None:
    numbers = NUMBERS[machine]
    others = set(range(NEWEST + 1)) - {numbers[name] for name in refused(machine)}
    # With every argument zero it is a pair of no family.
    assert {number for number in others if verdict(machine, number) != ALLOW} == {numbers["socketpair"]}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    "number", [NEWEST + 1, 512, 547, 0x40000000, 0x40000000 + 41, 0x40000000 + 521, 0x7FFFFFFF, -1]
)
def test_calls_of_x32_and_calls_that_nobody_has_looked_at_do_not_exist(machine: str, number: int) -> None:
    assert verdict(machine, number) == ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("number", [0, 41, 198, 102, 359])
def test_a_call_of_another_architecture_kills(machine: str, number: int) -> None:
    assert verdict(machine, number, architecture=FOREIGN[machine]) == KILL
    other = MACHINES[1 - MACHINES.index(machine)]
    assert verdict(machine, number, architecture=NATIVE[other]) == KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_the_kernel_would_take_the_program(machine: str) -> None:
    code = instructions(machine)
    assert len(code) < 4096  # BPF_MAXINSNS
    for at, (operation, if_true, if_false, value) in enumerate(code):
        if operation == 0x20:
            assert value % 4 == 0
            assert value < 64
        if operation & 7 == 5:
            assert at + 1 + max(if_true, if_false) < len(code)
    assert code[-1] == (0x06, 0, 0, ALLOW)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_number_in_the_table_is_used_and_no_two_are_the_same(machine: str) -> None:
    by_argument = {name for name, _, _ in BY_ARGUMENT}
    if machine == "x86_64":
        by_argument |= {name for name, _, _ in BY_ARGUMENT_ON_X86_64}
    signals = {"tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"}
    assert set(NUMBERS[machine]) == set(refused(machine)) | by_argument | signals | {"seccomp"}
    assert len(set(NUMBERS[machine].values())) == len(NUMBERS[machine])


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        *[(name, (77, 9), ALLOW) for name in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")],
        *[(name, (78, 9), EPERM) for name in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")],
        ("kill", (0, 9), ALLOW),  # its own group
        ("kill", (0xFFFFFFFF, 9), EPERM),
        ("kill", (78 + HIGH_WORD, 9), EPERM),
        ("tkill", (77, 9), EPERM),
        ("pidfd_send_signal", (3, 9), EPERM),
    ],
)
def test_signals_stay_with_oneself_where_landlock_does_not_confine_them(
    machine: str, name: str, arguments: tuple[int, ...], expected: int
) -> None:
    assert verdict(machine, NUMBERS[machine][name], arguments, signals_to=77) == expected
    if name != "kill" or arguments[0] != 0xFFFFFFFF:
        assert verdict(machine, NUMBERS[machine][name], arguments) == ALLOW


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize(
    "machine",
    [
        pytest.param(machine, marks=pytest.mark.skipif(not path.exists(), reason=f"{path} is not installed"))
        for machine, path in HEADERS.items()
    ],
)
def test_the_numbers_are_those_of_the_headers(machine: str) -> None:
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text())
    by_name = {name: int(number) for name, number in found if name != "syscalls"}  # that one is how many there are
    names_of: dict[int, set[str]] = {}
    for name, number in by_name.items():
        names_of.setdefault(number, set()).add(name)
    for name, number in NUMBERS[machine].items():
        assert by_name.get(name, number) == number
        assert name in names_of.get(number, {name})
    assert len(set(NUMBERS[machine]) & set(by_name)) > 100


def test_arm64_is_aarch64() -> None:
    assert seccomp.program("arm64") == seccomp.program("aarch64") != seccomp.program("x86_64")


@pytest.mark.parametrize("machine", ["i686", "armv7l", "aarch64_be", "riscv64", ""])
def test_a_machine_without_a_table_has_no_filter(machine: str) -> None:
    with pytest.raises(SandboxUnavailable, match=re.escape(repr(machine))):
        seccomp.program(machine)


# What the kernel makes of it.

BEGIN = """
import ctypes, mmap, os, resource, shutil, signal, socket, stat, subprocess, sys, threading
from octopus.sandbox.linux import seccomp
from octopus.sandbox.linux.calls import prctl, syscall
from octopus.sandbox.linux.syscalls import NUMBERS
machine = {"arm64": "aarch64"}.get(os.uname().machine, os.uname().machine)
call = lambda name, *arguments: syscall(NUMBERS[machine][name], *arguments)
if sys.argv[1] == "confined":
    seccomp.install(seccomp.program(machine))
"""

live = pytest.mark.skipif(not seccomp.available(), reason="this kernel takes no seccomp filter")


def child(code: str, *arguments: str, confined: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEGIN + code, "confined" if confined else "free", *arguments],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@live
@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("socket.socket(socket.AF_INET, socket.SOCK_STREAM)", errno.EACCES),
        ("socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)", errno.EACCES),
        ("socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)", errno.EACCES),
        ("call('unshare', 0)", errno.EPERM),
        ("call('ptrace', 0, 0, 0, 0)", errno.EPERM),
        ("resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)", errno.EPERM),
        ("os.setpriority(os.PRIO_PROCESS, os.getppid(), os.getpriority(os.PRIO_PROCESS, 0))", errno.EPERM),
        ("os.setpriority(os.PRIO_USER, 0, os.getpriority(os.PRIO_PROCESS, 0))", errno.EPERM),
        ("call('ioctl', os.open('/dev/null', 0), 0x5412 + 2**32, None)", errno.EPERM),
        ("call('clone3', None, 0)", errno.ENOSYS),
        ("os.memfd_create('unseen')", errno.ENOSYS),
        ("call('shmget', 0, 4096, 0o600)", errno.EPERM),
        ("call('io_uring_setup', 1, None)", errno.EPERM),
        ("os.listxattr(sys.executable)", errno.ENOTSUP),
    ],
)
def test_a_process_is_refused_what_it_may_not(statement: str, number: int) -> None:
    code = f"""
try:
    {statement}
    print(0)
except OSError as error:
    print(error.errno)
"""
    confined, free = child(code), child(code, confined=False)
    assert confined.stdout.split() == [str(number)], confined.stderr
    assert free.stdout.split() != [str(number)], "without the filter the statement fails in the same way"


@live
def test_modes_and_times_stay_as_they_are_and_nobody_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch(mode=0o600)
    os.utime(file, (1e9, 1e9))
    code = """
os.chmod(sys.argv[2], 0o777)
os.utime(sys.argv[2], (5, 5))
with open(sys.argv[2]) as opened:
    os.fchmod(opened.fileno(), 0o777)
    os.fchown(opened.fileno(), os.getuid(), os.getgid())
"""
    done = child(code, str(file))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.stat().st_mtime == 1e9
    assert child(code, str(file), confined=False).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o777


@live
def test_a_process_keeps_its_death_signal() -> None:
    code = """
prctl(1, signal.SIGKILL)
prctl(1, 0)
held = ctypes.create_string_buffer(4)
prctl(2, ctypes.addressof(held))
print(int.from_bytes(held.raw, sys.byteorder))
"""
    assert child(code).stdout.split() == ["9"]
    assert child(code, confined=False).stdout.split() == ["0"]


@live
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the instruction is one of x86")
def test_a_call_by_the_gate_of_32_bit_programs_kills() -> None:
    code = """
page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")  # mov eax, 20; int 0x80; ret
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
os._exit(0)  # such calls are missing from some kernels, which then end the process by another signal
"""
    assert child(code).returncode == -signal.SIGSYS
    assert child(code, confined=False).returncode != -signal.SIGSYS


@live
def test_the_filter_holds_in_what_the_process_starts() -> None:
    code = """
code = "import socket\\ntry: socket.socket()\\nexcept OSError as error: print(error.errno)"
subprocess.run([sys.executable, "-c", code], check=True)
"""
    assert child(code).stdout.split() == [str(errno.EACCES)]


THINGS_SCRIPTS_DO = {
    "threads": """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(abs, range(-9, 0))) == list(range(9, 0, -1))
""",
    "a fork": """
pid = os.fork()
if pid == 0:
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
""",
    "pipes of multiprocessing": """
import multiprocessing
for duplex in (True, False):
    reader, writer = multiprocessing.Pipe(duplex)
    writer.send({"a": 1})
    assert reader.recv() == {"a": 1}
""",
    "processes of multiprocessing": """
import multiprocessing
process = multiprocessing.get_context("fork").Process(target=print, args=("hello",))
process.start()
process.join()
assert process.exitcode == 0
""",
    "asyncio": """
import asyncio
async def main():
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(6 * 7)", stdout=subprocess.PIPE)
    out, _ = await process.communicate()
    assert out == b"42\\n", out
    assert await asyncio.to_thread(abs, -1) == 1
asyncio.run(main())
""",
    "another interpreter": """
assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, check=True).stdout == b"1\\n"
""",
    "copies": """
import tarfile, tempfile
with tempfile.TemporaryDirectory(dir=sys.argv[2]) as folder:
    shutil.copy2(__import__("octopus").__file__, folder)
    shutil.copytree(folder, folder + "/again")
    with tarfile.open(folder + "/all.tar", "w") as archive:
        archive.add(folder + "/again", "again")
    with tarfile.open(folder + "/all.tar") as archive:
        archive.extractall(folder + "/out")
    assert os.path.getsize(folder + "/out/again/__init__.py") > 0
    os.mkfifo(folder + "/pipe")
""",
    "limits and priority of its own": """
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.nice(0)
os.sched_setaffinity(0, os.sched_getaffinity(0))
os.sched_setaffinity(threading.get_native_id(), os.sched_getaffinity(0))
""",
    "a fit by LightGBM": """
import numpy as np
from lightgbm import LGBMRegressor
X = np.random.default_rng(0).normal(size=(500, 4))
model = LGBMRegressor(n_estimators=5, num_threads=2, verbose=-1).fit(X, X[:, 0])
assert np.isfinite(model.predict(X)).all()
""",
    "a fit by scikit-learn with threads": """
import numpy as np
from sklearn.ensemble import RandomForestRegressor
X = np.random.default_rng(0).normal(size=(200, 4))
assert (X @ X.T).shape == (200, 200)
RandomForestRegressor(n_estimators=4, n_jobs=2, random_state=0).fit(X, X[:, 0])
""",
    "OpenMP that binds its threads": """
os.environ.update(OMP_PROC_BIND="true", GOMP_CPU_AFFINITY="0")
import numpy as np
from sklearn.cluster import KMeans
KMeans(2, n_init=1, random_state=0).fit(np.random.default_rng(0).normal(size=(500, 4)))
""",
}


@live
@pytest.mark.parametrize("what", THINGS_SCRIPTS_DO)
def test_what_scripts_do_still_works(what: str, tmp_path: Path) -> None:
    done = child(THINGS_SCRIPTS_DO[what], str(tmp_path))
    assert done.returncode == 0, done.stderr
