"""The training table: changing it, by every door that the kernel has."""

from .attack import After, Attack
from .files import _flags
from .host import HAS_FILE_SETATTR, HAS_GENERATIONS, NO_FILE_SETATTR
from .signs import watched


def _table_changed(after: After) -> bool:
    """The table of the job is gone or holds other bytes; the outcome says so as well."""
    path = after.scene.root / "runs" / "this" / "features.arrow"
    return not path.exists() or path.read_bytes() != after.scene.table


def _mode_changed(after: After) -> bool:
    path = after.scene.root / "runs" / "this" / "features.arrow"
    return bool(path.stat().st_mode & 0o777 != 0o444)


def _looks_old(after: After) -> bool:
    path = after.scene.root / "runs" / "this" / "features.arrow"
    return bool(path.stat().st_mtime == 1)


def _cannot_lock(scene, over):
    """Return whether somebody else locked the other run's journal meanwhile."""
    import fcntl

    journal = scene.other_run / "journal.jsonl"
    while not over.wait(0.01):
        with journal.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
    return False


_WRITABLE = "os.chmod(TABLE, 0o644)"

ATTACKS = [
    Attack(
        "overwrite_train_data",
        "Write into the table.",
        f"""
        {_WRITABLE}
        with open(TABLE, "r+b") as file:
            file.write(b"0")
        """,
        _table_changed,
    ),
    Attack("chmod_train_data", "Make the table writable for all.", "os.chmod(TABLE, 0o777)", _mode_changed),
    Attack("utime_train_data", "Make the table look old.", "os.utime(TABLE, (1, 1))", _looks_old),
    Attack("unlink_train_data", "Delete the table.", "os.unlink(TABLE)", _table_changed),
    Attack(
        "replace_train_data",
        "Put another table in its place.",
        "open('mine', 'w').write('x'); os.replace('mine', TABLE)",
        _table_changed,
    ),
    Attack(
        "hardlink_train_data",
        "Give the table a name in one's own directory, and write through that.",
        """
        os.link(TABLE, "mine")
        os.chmod("mine", 0o644)
        open("mine", "r+b").write(b"0")
        """,
        _table_changed,
    ),
    Attack(
        "open_train_data_truncated",
        "Empty the table by opening it.",
        f"{_WRITABLE}; os.open(TABLE, os.O_RDONLY | os.O_TRUNC)",
        _table_changed,
    ),
    Attack(
        "map_train_data",
        "Write into the table through shared memory.",
        f"{_WRITABLE}; fd = os.open(TABLE, os.O_RDWR); mapped = mmap.mmap(fd, 0); mapped[0:1] = b'0'; mapped.flush()",
        _table_changed,
    ),
    Attack(
        "protect_mapped_train_data",
        "Map the table for reading, then make the pages writable.",
        """
        fd = os.open(TABLE, os.O_RDONLY)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
        libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        place = libc.mmap(None, 4096, 1, 1, fd, 0)
        checked(libc.mprotect(place, 4096, 3))
        ctypes.memmove(place, b"0", 1)
        """,
        _table_changed,
        control=False,
        without="the kernel remembers that the descriptor was for reading",
    ),
    Attack(
        "truncate_train_data",
        "Cut the table by path.",
        f"{_WRITABLE}; checked(libc.truncate(TABLE.encode(), ctypes.c_long(8)))",
        _table_changed,
    ),
    Attack(
        "fallocate_train_data",
        "Punch a hole into the table.",
        f"{_WRITABLE}; fd = os.open(TABLE, os.O_WRONLY); "
        "checked(libc.fallocate(fd, 3, ctypes.c_long(0), ctypes.c_long(64)))",
        _table_changed,
    ),
    Attack(
        "splice_into_train_data",
        "Have the kernel copy into the table: sendfile, copy_file_range, splice.",
        f"""
        open("mine", "wb").write(b"0" * 4096)
        {_WRITABLE}
        mine, fd = os.open("mine", os.O_RDONLY), os.open(TABLE, os.O_WRONLY)
        for copy in (
            lambda: os.sendfile(fd, mine, 0, 64),
            lambda: os.copy_file_range(mine, fd, 64, 0, 0),
        ):
            with suppress(OSError):
                copy()
        """,
        _table_changed,
    ),
    Attack(
        "reopen_train_data",
        "Open the table for reading, and again for writing through one's own descriptor.",
        f"{_WRITABLE}; fd = os.open(TABLE, os.O_RDONLY); open(f'/proc/self/fd/{{fd}}', 'r+b').write(b'0')",
        _table_changed,
    ),
    Attack(
        "rename_the_run",
        "Move the table's directory away and leave another in its place.",
        "os.rename(RUN, RUN + '-moved'); os.mkdir(RUN)",
        lambda after: (after.scene.root / "runs" / "this-moved").exists() and _put_back(after),
    ),
    Attack(
        "flag_train_data",
        "Set inode flags of the table through a descriptor for reading.",
        """
        fd = os.open(TABLE, os.O_RDONLY)
        flags = int.from_bytes(fcntl.ioctl(fd, 0x80086601, bytes(8))[:4], "little")
        fcntl.ioctl(fd, 0x40086602, struct.pack("=Q", flags | 0x40))
        """,
        lambda after: bool(_flags(after.scene.root / "runs" / "this" / "features.arrow") & 0x40),
    ),
    Attack(
        "xflag_train_data",
        "The same by the other request (FS_IOC_FSSETXATTR).",
        """
        fd = os.open(TABLE, os.O_RDONLY)
        state = bytearray(fcntl.ioctl(fd, 0x801c581f, bytes(28)))
        state[0:4] = struct.pack("=I", int.from_bytes(state[0:4], "little") | 0x80)
        fcntl.ioctl(fd, 0x401c5820, bytes(state))
        """,
        lambda after: bool(_flags(after.scene.root / "runs" / "this" / "features.arrow") & 0x40),
    ),
    Attack(
        "set_flags_train_data",
        "The same by path (file_setattr, new in Linux 6.17).",
        """
        state = ctypes.create_string_buffer(24)
        syscall(468, -100, TABLE.encode(), state, 24, 0)
        flags = int.from_bytes(state.raw[:8], "little") | 0x80
        syscall(469, -100, TABLE.encode(), struct.pack("=Q", flags) + state.raw[8:24], 24, 0)
        """,
        lambda after: bool(_flags(after.scene.root / "runs" / "this" / "features.arrow") & 0x40),
        control=HAS_FILE_SETATTR,
        without=NO_FILE_SETATTR,
    ),
    Attack(
        "set_generation_of_train_data",
        "Change the generation of the table's inode (FS_IOC_SETVERSION).",
        """
        fd = os.open(TABLE, os.O_RDONLY)
        before = fcntl.ioctl(fd, 0x80087601, bytes(8))
        fcntl.ioctl(fd, 0x40087602, struct.pack("=Q", 4711))
        tell(fcntl.ioctl(fd, 0x80087601, bytes(8))[:4] != before[:4])
        """,
        lambda after: after.told == "True",
        control=HAS_GENERATIONS,
        without="file systems with checksums of their metadata refuse it",
    ),
    Attack(
        "lock_the_journal",
        "Lock the journal of another run, so that the user's process waits for ever.",
        """
        fd = os.open(C["other_run"] + "/journal.jsonl", os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        time.sleep(0.3)
        """,
        watched,
        during=_cannot_lock,
    ),
]


def _put_back(after):
    import shutil

    runs = after.scene.root / "runs"
    shutil.rmtree(runs / "this", ignore_errors=True)
    (runs / "this-moved").rename(runs / "this")
    return True
