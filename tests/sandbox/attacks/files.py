"""Writing, moving and marking what is outside, and reaching the holdout."""

from .attack import Attack
from .host import HAS_FILE_SETATTR, HAS_USERNS, IS_ROOT, NEEDS_ROOT, NO_FILE_SETATTR, NO_USERNS
from .signs import appeared, changed, exists, private_mode_changed, secret_came_out, told


def _moved_back(after):
    """Return whether the directory was moved, and move it back."""
    moved = after.scene.root / "elsewhere"
    if not moved.exists():
        return False
    moved.rename(after.scene.holdout.parent)
    return True


ATTACKS = [
    Attack(
        "write_outside",
        "Write a new file outside.",
        "open(C['open'] + '/evil', 'w').write('x')",
        exists("open/evil"),
    ),
    Attack(
        "write_tmp",
        "Write a new file into the directory for temporary files that all share.",
        "open('/tmp/octopus-evil-' + C['tag'], 'w').write('x')",
        appeared(lambda after: f"/tmp/octopus-evil-{after.scene.secret[:8]}"),
    ),
    Attack(
        "write_var_tmp",
        "Write a new file into the other such directory.",
        "open('/var/tmp/octopus-evil-' + C['tag'], 'w').write('x')",
        appeared(lambda after: f"/var/tmp/octopus-evil-{after.scene.secret[:8]}"),
    ),
    Attack(
        "symlink_write_out",
        "Write through a link of one's own.",
        "os.symlink(C['open'], 'way'); open('way/evil', 'w').write('x')",
        exists("open/evil"),
    ),
    Attack("read_holdout", "Read labels that are kept aside.", "say(open(C['holdout']).read())", secret_came_out),
    Attack(
        "symlink_read_holdout",
        "Read them through a link of one's own.",
        "os.symlink(C['holdout'], 'h'); say(open('h').read())",
        secret_came_out,
    ),
    Attack(
        "hardlink_holdout",
        "Give them a second name, and read that.",
        "os.link(C['holdout'], 'h'); say(open('h').read())",
        secret_came_out,
    ),
    Attack(
        "rename_in_holdout",
        "Move them into one's own directory.",
        "os.rename(C['holdout'], 'h'); say(open('h').read())",
        lambda after: after.scene.content("holdout/labels.npy") is None,
    ),
    Attack(
        "exchange_holdout",
        "Exchange them for a file of one's own in one step.",
        "open('mine', 'w').write('mine'); checked(libc.renameat2(-100, b'mine', -100, C['holdout'].encode(), 2))",
        lambda after: after.scene.content("holdout/labels.npy") == "mine",
    ),
    Attack(
        "open_by_handle",
        "Open them by the number of their inode.",
        """
        handle = ctypes.create_string_buffer(136)
        handle[0:4] = struct.pack("I", 128)
        mount = ctypes.c_int()
        checked(libc.name_to_handle_at(-100, C["holdout"].encode(), handle, ctypes.byref(mount), 0))
        say(os.read(checked(libc.open_by_handle_at(os.open(".", os.O_RDONLY), handle, 0)), 100))
        """,
        secret_came_out,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "rename_the_parent_directory",
        "Move the directory that the holdout is in.",
        "os.rename(os.path.dirname(C['holdout']), C['scene'] + '/elsewhere')",
        _moved_back,
    ),
    Attack(
        "chmod_outside_file",
        "Open a private file to all, by every call that there is.",
        """
        path = (C["home"] + "/.ssh/id_rsa").encode()
        for change in (
            lambda: libc.chmod(path, 0o777),
            lambda: libc.fchmodat(-100, path, 0o777, 0),
            lambda: syscall(452, -100, path, 0o777, 0),
            lambda: libc.fchmod(os.open(path, os.O_RDONLY), 0o777),
        ):
            with suppress(OSError):
                change()
        """,
        private_mode_changed,
    ),
    Attack(
        "utime_outside_file",
        "Make a private file look old, by every call that there is.",
        """
        path = (C["home"] + "/.ssh/id_rsa").encode()
        times = struct.pack("=4q", 1, 0, 1, 0)
        with suppress(OSError):
            os.utime(path, (1, 1))
        with suppress(OSError):
            syscall(number(280, 88), -100, path, times, 0)
        if IS_X86:
            with suppress(OSError):
                syscall(132, path, struct.pack("=2q", 1, 1))
            with suppress(OSError):
                syscall(235, path, times)
            with suppress(OSError):
                syscall(261, -100, path, times)
        """,
        private_mode_changed,
    ),
    Attack(
        "chown_outside_file",
        "Give a file of the user's away, by every call that there is.",
        """
        path = C["home"].encode() + b"/.bashrc"
        for change in (
            lambda: checked(libc.chown(path, 12345, 12345)),
            lambda: checked(libc.lchown(path, 12345, 12345)),
            lambda: checked(libc.fchownat(-100, path, 12345, 12345, 0)),
            lambda: checked(libc.fchown(os.open(path, os.O_RDONLY), 12345, 12345)),
        ):
            with suppress(OSError):
                change()
        """,
        lambda after: (after.scene.home / ".bashrc").stat().st_uid == 12345,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "set_xattr_outside",
        "Attach data to a file of the user's, by the old call and the new.",
        """
        path = (C["home"] + "/.bashrc").encode()
        with suppress(OSError):
            os.setxattr(path, b"user.evil", b"1")
        value = ctypes.create_string_buffer(b"1")
        syscall(463, -100, path, 0, b"user.evil", struct.pack("=QII", ctypes.addressof(value), 1, 0), 16)
        """,
        lambda after: "user.evil" in _xattrs(after),
    ),
    Attack(
        "set_flags_outside",
        "Set inode flags of a file of the user's by path (file_setattr, new in Linux 6.17).",
        """
        state = ctypes.create_string_buffer(24)
        path = (C["home"] + "/.bashrc").encode()
        syscall(468, -100, path, state, 24, 0)
        flags = int.from_bytes(state.raw[:8], "little") | 0x80
        syscall(469, -100, path, struct.pack("=Q", flags) + state.raw[8:24], 24, 0)
        """,
        lambda after: bool(_flags(after.scene.home / ".bashrc") & 0x40),
        control=HAS_FILE_SETATTR,
        without=NO_FILE_SETATTR,
    ),
    Attack(
        "truncate_outside",
        "Empty a file by path.",
        "checked(libc.truncate((C['home'] + '/.bashrc').encode(), ctypes.c_long(0)))",
        changed("home/.bashrc", "# as it was\n"),
    ),
    Attack(
        "mknod_outside",
        "Make a pipe and a socket outside.",
        """
        with suppress(OSError):
            os.mkfifo(C["open"] + "/evil")
        os.mknod(C["open"] + "/evil", stat.S_IFSOCK | 0o600)
        """,
        exists("open/evil"),
    ),
    Attack(
        "mkdir_outside",
        "Make a directory and a link outside.",
        """
        with suppress(OSError):
            os.mkdir(C["open"] + "/evil")
        os.symlink("/", C["open"] + "/evil")
        """,
        exists("open/evil"),
    ),
    Attack(
        "remove_outside",
        "Delete the user's files.",
        """
        import shutil
        shutil.rmtree(C["home"], ignore_errors=True)
        os.unlink(C["home"] + "/.bashrc")
        """,
        changed("home/.bashrc", "# as it was\n"),
    ),
    Attack(
        "write_users_pipe",
        "Write into a named pipe that the user reads.",
        "os.write(os.open(C['fifo'], os.O_WRONLY | os.O_NONBLOCK), b'evil')",
        lambda after: after.scene.read_fifo() != b"",
    ),
    Attack(
        "mount_tmpfs",
        "Mount something over a directory.",
        """
        os.makedirs(C["open"] + "/place", exist_ok=True)
        checked(libc.mount(b"none", (C["open"] + "/place").encode(), b"tmpfs", 0, None))
        """,
        lambda after: (after.scene.open_place / "place").is_mount(),
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "mount_by_descriptor",
        "Take a copy of a mount by the newer calls and read through it.",
        """
        tree = syscall(428, -100, b"/", 1 | 0x80000)
        say(open(os.open(C["home"][1:] + "/.ssh/id_rsa", os.O_RDONLY, dir_fd=tree)).read())
        """,
        secret_came_out,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "mount_in_own_namespace",
        "Be root of a namespace of one's own, and lay a directory over the job's.",
        """
        def attack():
            checked(libc.unshare(0x10000000 | 0x20000))
            os.mkdir("over")
            checked(libc.mount(C["home"].encode(), b"over", None, 4096, None))
            say(open("over/.ssh/id_rsa").read())
        in_child(attack)
        """,
        secret_came_out,
        control=HAS_USERNS,
        without=NO_USERNS,
    ),
    Attack(
        "chroot",
        "Make a directory the root.",
        "os.mkdir('jail'); os.chroot('jail'); tell()",
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "chroot_escape",
        "Walk out above the root with a descriptor that was opened before.",
        """
        os.mkdir("jail")
        before = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        os.chroot("jail")
        os.fchdir(before)
        for _ in range(64):
            os.chdir("..")
        os.chroot(".")
        say(open(C["home"] + "/.ssh/id_rsa").read())
        """,
        secret_came_out,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "pivot_back",
        "Turn the root back to where it was before it was pivoted away.",
        """
        syscall(number(155, 41), b".", b".")
        tell()
        """,
        told,
        control=False,
        without="the root of the machine itself cannot be pivoted away from",
    ),
    Attack(
        "umount_a_cover",
        "Take away the mount that covers what is hidden; in the machine's own namespace only asked for.",
        """
        try:
            is_own = os.readlink("/proc/self/ns/mnt") != C["mount_namespace"]
        except OSError:
            is_own = False
        for place in ("/", "/tmp", "/proc", "/dev/shm") if is_own else ():
            if libc.umount2(place.encode(), 8) == 0:
                tell(place)
        libc.umount2(C["open"].encode(), 8)
        if ctypes.get_errno() == errno.EINVAL:  # it may, only there is nothing to take away
            tell()
        """,
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "setns_of_the_parent",
        "Enter the mount namespace of the user's processes.",
        """
        def attack():
            for pid in (C["parent"], C["victim"], SUPERVISOR, 1):
                with suppress(OSError):
                    checked(libc.setns(os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY), 0x20000))
                    tell()
                    break
        in_child(attack)
        """,
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
]


def _xattrs(after):
    import os

    try:
        return os.listxattr(after.scene.home / ".bashrc")
    except OSError:
        return []


def _flags(path):
    """Return the inode flags of a file (FS_IOC_GETFLAGS)."""
    import fcntl

    with path.open("rb") as file:
        try:
            return int.from_bytes(fcntl.ioctl(file, 0x80086601, b"\0" * 8)[:4], "little")
        except OSError:
            return 0
