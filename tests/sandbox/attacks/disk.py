"""Filling the disk and printing without end, where a count of files may not look."""

from .attack import Attack
from .signs import held_out

_LIMIT = {"disk_bytes": 40 << 20, "wall_s": 10.0}
_MEGABYTES = "bytes(8 << 20)"

ATTACKS = [
    Attack(
        "disk_bomb_one",
        "Write one large file.",
        """
        with open("large", "wb", 0) as file:
            for _ in range(20):
                file.write(bytes(8 << 20))
        time.sleep(0.3)
        tell()
        """,
        held_out,
        control=False,
        without="the limit on a file's size holds at every level",
        ends=("disk", "error"),
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_many",
        "Write many files.",
        f"""
        for k in range(20):
            with open(f"part{{k}}", "wb") as file:
                file.write({_MEGABYTES})
        time.sleep(0.3)
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("disk",),
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_unlinked",
        "Write into files that have no name any more.",
        f"""
        held = []
        for k in range(20):
            held.append(open("part", "wb"))
            os.unlink("part")
            held[-1].write({_MEGABYTES})
            held[-1].flush()
        time.sleep(0.4)
        tell()
        """,
        held_out,
        ends=("disk", "error"),
        control=False,
        without="the supervisor of every level ends it",
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_nameless",
        "Write into files that never had a name (O_TMPFILE).",
        f"""
        held = []
        for k in range(20):
            held.append(os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600))
            os.write(held[-1], {_MEGABYTES})
        time.sleep(0.4)
        tell()
        """,
        held_out,
        ends=("disk", "error"),
        control=False,
        without="the supervisor of every level ends it",
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_in_a_locked_directory",
        "Hide large files in a directory that nobody may list.",
        f"""
        os.mkdir("hidden")
        os.chdir("hidden")
        for k in range(20):
            with open(f"part{{k}}", "wb") as file:
                file.write({_MEGABYTES})
            os.chmod(".", 0o300)
        time.sleep(0.4)
        tell()
        """,
        held_out,
        control=False,
        without="root lists it, and an ordinary user's supervisor may see the first file",
        ends=("disk", "error"),
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_deep",
        "Hide large files deeper than a path can name.",
        f"""
        for _ in range(40):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        for k in range(20):
            with open(f"part{{k}}", "wb") as file:
                file.write({_MEGABYTES})
        time.sleep(0.4)
        tell()
        """,
        held_out,
        ends=("disk", "error"),
        control=False,
        without="the supervisor of every level ends it",
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_in_outputs_and_logs",
        "Write large files where results and printed output belong.",
        f"""
        for k in range(20):
            with open(f"{{OUTPUTS}}/part{{k}}", "wb") as file:
                file.write({_MEGABYTES})
        time.sleep(0.3)
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("disk", "error"),
        limits=_LIMIT,
    ),
    Attack(
        "disk_bomb_outside",
        "Write large files where nobody counts.",
        f"""
        for k in range(20):
            with open(C["open"] + f"/part{{k}}", "wb") as file:
                file.write({_MEGABYTES})
        tell()
        """,
        held_out,
        limits=_LIMIT,
    ),
    Attack(
        "disk_reserved",
        "Reserve room without writing (fallocate).",
        """
        for k in range(5):
            fd = os.open(f"room{k}", os.O_CREAT | os.O_RDWR)
            os.posix_fallocate(fd, 0, 32 << 20)
        time.sleep(0.3)
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level counts blocks",
        ends=("disk", "error"),
        limits=_LIMIT,
    ),
    Attack(
        "disk_sparse_result",
        "Leave a result that claims a terabyte and holds nothing.",
        """
        with open(OUTPUTS + "/pred.npy", "wb") as file:
            with suppress(OSError):
                os.truncate(file.fileno(), 39 << 20)
        os._exit(0)
        """,
        lambda after: after.outcome.status == "ok",
        control=False,
        without="the collector of every level knows the size beforehand",
        ends=("bad_result", "no_result"),
        limits=_LIMIT,
    ),
    Attack(
        "stdout_flood",
        "Print without end.",
        """
        for _ in range(3000):
            os.write(1, b"A" * (1 << 20))
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("output",),
        limits={"output_bytes": 10 << 20, "disk_bytes": 256 << 20, "wall_s": 10.0},
    ),
    Attack(
        "stderr_flood",
        "Print errors without end.",
        """
        for _ in range(3000):
            os.write(2, b"A" * (1 << 20))
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level ends it",
        ends=("output",),
        limits={"output_bytes": 10 << 20, "disk_bytes": 256 << 20, "wall_s": 10.0},
    ),
    Attack(
        "flood_by_another_descriptor",
        "Print without end into the log after its name was taken away.",
        """
        os.unlink(ROOT + "/logs/stdout")
        for _ in range(15):
            os.write(1, b"A" * (1 << 20))
        time.sleep(0.3)
        open(ROOT + "/outputs/proof", "w").write("x")
        raise RuntimeError("TOLD")
        """,
        lambda after: after.outcome.status == "error" and after.outcome.failure.message == "TOLD",
        limits={"output_bytes": 10 << 20, "disk_bytes": 20 << 20, "wall_s": 10.0},
        ends=("output", "disk", "error"),
    ),
]
