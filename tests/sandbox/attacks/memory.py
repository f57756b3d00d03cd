"""Holding more memory than allowed, where a count of resident pages may not look."""

from .attack import Attack
from .signs import held_out

#: What a child may hold; it begins at about 150 MB, most of it shared with the zygote.
_LIMIT = {"memory_bytes": 384 << 20, "wall_s": 10.0, "disk_bytes": 128 << 20}
#: What an attack takes, in pieces that no other limit stops.
_PIECES = 6
_PIECE = "(100 << 20)"

_LINGER = """
time.sleep(0.4)
tell()
"""

ATTACKS = [
    Attack(
        "memory_bomb",
        "Hold more than allowed in one process.",
        f"held = [np.ones({_PIECE} // 8) for _ in range({_PIECES})]" + _LINGER,
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("memory",),
        limits=_LIMIT,
    ),
    Attack(
        "memory_bomb_children",
        "Hold it in several processes.",
        f"""
        for _ in range(4):
            if os.fork() == 0:
                held = np.ones(2 * {_PIECE} // 8)
                time.sleep(20)
                os._exit(0)
        time.sleep(2)
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("memory",),
        limits=_LIMIT,
    ),
    Attack(
        "memory_bomb_and_exit",
        "Hold it for a moment, between two looks, and leave at once.",
        """
        held = mmap.mmap(-1, 600 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x8000)
        tell()
        os._exit(0)
        """,
        lambda after: after.told is not None and after.outcome.status != "memory",
        control=False,
        without="the supervisor of every level looks once more at the end",
        ends=("memory",),
        limits=_LIMIT,
    ),
    Attack(
        "memory_shared_mapping",
        "Hold it in a mapping that is shared between processes.",
        f"""
        held = mmap.mmap(-1, {_PIECES} * {_PIECE})
        for place in range(0, len(held), 4096):
            held[place] = 1
        """
        + "\n        time.sleep(0.4)\n        tell()\n",
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("memory",),
        limits=_LIMIT,
    ),
    Attack(
        "memory_locked",
        "Hold it so that it cannot be swapped out.",
        f"""
        held = np.ones({_PIECES} * {_PIECE} // 8)
        checked(libc.mlockall(3))
        time.sleep(0.4)
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("memory", "error"),
        limits=_LIMIT,
    ),
    Attack(
        "memory_in_files_of_memory",
        "Hold it in files that lie in memory and that no process maps (memfd_create).",
        f"""
        piece = bytes({_PIECE})
        held = []
        for _ in range({_PIECES}):
            held.append(os.memfd_create("piece"))
            os.write(held[-1], piece)
        time.sleep(0.4)
        tell()
        """,
        held_out,
        ends=("memory", "disk", "error"),
        control=False,
        without="the supervisor of every level ends it",
        limits=_LIMIT,
    ),
    Attack(
        "memory_in_dev_shm",
        "Hold it in files below /dev/shm.",
        f"""
        piece = bytes({_PIECE})
        for k in range({_PIECES}):
            with open(f"/dev/shm/octopus-{{C['tag']}}-{{k}}", "wb") as file:
                os.unlink(file.name)
                os.dup(file.fileno())
                file.write(piece)
                file.flush()
        time.sleep(0.4)
        tell()
        """,
        held_out,
        ends=("memory", "disk", "error"),
        control=False,
        without="the supervisor of every level ends it",
        limits=_LIMIT,
    ),
    Attack(
        "memory_in_tmp",
        "Hold it in files below /tmp, which is memory where it is the job's own.",
        f"""
        piece = bytes({_PIECE})
        for k in range({_PIECES}):
            with open(f"/tmp/octopus-{{C['tag']}}-{{k}}", "wb") as file:
                os.unlink(file.name)
                os.dup(file.fileno())
                file.write(piece)
                file.flush()
        time.sleep(0.4)
        tell()
        """,
        held_out,
        ends=("memory", "disk", "error"),
        control=False,
        without="the supervisor of every level ends it",
        limits=_LIMIT,
    ),
    Attack(
        "memory_in_sockets",
        "Hold it in what was sent and never received.",
        """
        sent, held, piece = 0, [], bytes(60000)
        with suppress(OSError):
            for _ in range(500):
                held.append(socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
                for end in held[-1]:
                    end.setblocking(False)
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 20)
                    with suppress(BlockingIOError):
                        while sent < 700 << 20:
                            sent += end.send(piece)
        if sent > 384 << 20:
            time.sleep(0.4)
            tell(sent)
        """,
        held_out,
        control=False,
        without="buffers are small where the machine's settings are usual",
        limits=_LIMIT,
    ),
    Attack(
        "memory_in_pipes",
        "Hold it in pipes that nobody reads.",
        """
        sent = 0
        with suppress(OSError):
            for _ in range(500):
                read, write = os.pipe()
                os.set_blocking(write, False)
                with suppress(OSError):
                    fcntl.fcntl(write, 1031, 1 << 20)
                sent += os.write(write, bytes(1 << 20))
        if sent > 400 << 20:
            time.sleep(0.4)
            tell(sent)
        """,
        held_out,
        control=False,
        without="the kernel bounds what a user's pipes hold",
        limits={**_LIMIT, "memory_bytes": 384 << 20},
    ),
    Attack(
        "memory_of_undumpable_processes",
        "Hold it in several processes after forbidding everybody to look into them (PR_SET_DUMPABLE).",
        f"""
        libc.prctl(4, 0, 0, 0, 0)
        read, write = os.pipe()
        for _ in range(4):
            if os.fork() == 0:
                held = np.ones(2 * {_PIECE} // 8)
                os.write(write, b"!")
                time.sleep(20)
                os._exit(0)
        for _ in range(4):
            os.read(read, 1)
        time.sleep(0.4)
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("memory",),
        limits=_LIMIT,
    ),
    Attack(
        "memory_let_go_of",
        "Fill shared memory without a name and let go of its pages, which stay (MADV_DONTNEED).",
        f"""
        piece = {_PIECE} // 4
        held = mmap.mmap(-1, {_PIECES} * {_PIECE})
        for place in range(0, len(held), piece):
            held[place : place + piece] = bytes(piece)
            held.madvise(4, place, piece)
        time.sleep(0.4)
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("memory",),
        limits=_LIMIT,
    ),
    Attack(
        "memory_in_page_tables",
        "Have the kernel hold it: read a byte of each of 100 000 large pages of nothing, each of which takes a table.",
        """
        held = mmap.mmap(-1, 200 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
        held.madvise(15)
        for place in range(0, len(held), 2 << 20):
            held[place]
        time.sleep(0.4)
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("memory",),
        limits=_LIMIT,
    ),
    Attack(
        "memory_behind_dead_leaders",
        "Hold it in several processes whose first threads have ended: the kernel tells no size of them any more.",
        f"""
        def hold():
            time.sleep(0.1)
            held.append(np.ones(2 * {_PIECE} // 8))
            os.write(write, b"!")
            time.sleep(20)
        held, (read, write) = [], os.pipe()
        for _ in range(4):
            if os.fork() == 0:
                threading.Thread(target=hold).start()
                libc.syscall(ctypes.c_long(number(60, 93)), 0)
        for _ in range(4):
            os.read(read, 1)
        time.sleep(0.4)
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("memory",),
        limits=_LIMIT,
    ),
]
