"""Devices: disks, memory, terminals, and what makes them."""

import os
from pathlib import Path

from .attack import Attack
from .host import IS_ROOT, NEEDS_ROOT, can_open
from .signs import told


def _shown(after):
    return after.scene.read_terminal() != b""


def _opens(name, tries, path, flags, *, control=None):
    can = can_open(path, flags) if control is None else control
    return Attack(
        name,
        tries,
        f"fd = os.open({path!r}, {flags} | os.O_NONBLOCK | os.O_NOCTTY); tell(oct(os.fstat(fd).st_mode))",
        told,
        control=can,
        without="the user may not open it, or this machine has none",
    )


def _disks():
    """Return the names of the disk that the root directory is on."""
    disk = Path("/").stat().st_dev
    return [str(path) for path in Path("/dev").iterdir() if path.exists() and path.stat().st_rdev == disk]


HAS_TERMINALS = Path("/dev/ptmx").exists()
try:
    os.close(os.openpty()[0])
except OSError:
    HAS_TERMINALS = False
NO_TERMINALS = "this machine gives no terminals"

ATTACKS = [
    Attack(
        "mknod_disk",
        "Make a device for the disk, and read it.",
        """
        device = os.stat("/").st_dev
        os.mknod("disk", stat.S_IFBLK | 0o600, device)
        tell(len(os.read(os.open("disk", os.O_RDONLY), 1)))
        """,
        told,
        control=IS_ROOT and any(can_open(path) for path in _disks()),
        without=NEEDS_ROOT,
    ),
    Attack(
        "mknod_zero",
        "Make a harmless device, which a file system for jobs should not have either.",
        "os.mknod('zero', stat.S_IFCHR | 0o600, os.makedev(1, 5)); tell(len(os.read(os.open('zero', os.O_RDONLY), 1)))",
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    _opens("open_kernel_log", "Open the kernel's log.", "/dev/kmsg", os.O_RDONLY),
    _opens("write_kernel_log", "Open the kernel's log for writing.", "/dev/kmsg", os.O_WRONLY),
    _opens("open_memory", "Open the machine's memory.", "/dev/mem", os.O_RDONLY),
    _opens(
        "open_disk",
        "Open the disk.",
        next((p for p in ("/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/loop0") if Path(p).exists()), "/dev/sda"),
        os.O_RDONLY,
    ),
    _opens("open_console", "Open the machine's console.", "/dev/tty1", os.O_WRONLY),
    _opens("open_fuse", "Make a file system of one's own.", "/dev/fuse", os.O_RDWR),
    _opens("open_kvm", "Make a machine of one's own.", "/dev/kvm", os.O_RDWR),
    _opens("open_loop", "Make disks of files.", "/dev/loop-control", os.O_RDWR),
    _opens("open_input", "Read the keyboard.", "/dev/input/event0", os.O_RDONLY),
    _opens("open_new_terminal", "Make a terminal.", "/dev/ptmx", os.O_RDWR),
    Attack(
        "write_users_terminal",
        "Show the user something, or command their terminal.",
        "os.write(os.open(C['terminal'], os.O_WRONLY | os.O_NOCTTY), bytes([27]) + b'[2Jevil')",
        _shown,
        control=HAS_TERMINALS,
        without=NO_TERMINALS,
    ),
    Attack(
        "tiocsti",
        "Type into the user's terminal.",
        """
        fd = os.open(C["terminal"], os.O_RDWR)
        for request in (0x5412, (1 << 32) | 0x5412):
            if libc.ioctl(fd, ctypes.c_ulong(request), ctypes.c_char_p(b"x")) == 0:
                break
        """,
        _shown,
        control=IS_ROOT and HAS_TERMINALS,
        without="newer kernels let only root do it",
    ),
    Attack(
        "controlling_terminal",
        "Reach the terminal that the user started the program from.",
        "os.write(os.open('/dev/tty', os.O_RDWR), b'evil'); tell()",
        told,
        control=False,
        without="a child of every level has a session of its own",
    ),
    Attack(
        "selection_of_console",
        "Paste into a console (TIOCLINUX) by any descriptor at hand.",
        """
        for fd in range(3):
            if libc.ioctl(fd, ctypes.c_ulong(0x541C), ctypes.c_char_p(bytes([3]))) == 0:
                tell(fd)
        """,
        told,
        control=False,
        without="streams of a child of every level are files",
    ),
]
