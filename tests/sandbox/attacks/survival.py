"""Outliving the job, never ending, and ending badly."""

from .attack import After, Attack
from .signs import exists, held_out, told


def _it_was_late(scene, over):
    """Return whether something is written after the job is over; looked for as long as it would take."""
    import time

    over.wait()
    deadline = time.monotonic() + 0.8
    while time.monotonic() < deadline:
        if (scene.open_place / "late").exists() or (scene.root / "runs" / "this" / "late").exists():
            return True
        time.sleep(0.02)
    return False


def _called_fine(after: After) -> bool:
    return after.outcome.status == "ok"


DEAD = "the supervisor of every level ends the whole tree"

#: A process that hides behind others and writes a file half a second later.
_LATE = """
    time.sleep(0.4)
    for place in (C["open"], RUN):
        with suppress(OSError):
            open(place + "/late", "w").close()
    os._exit(0)
"""

ATTACKS = [
    Attack(
        "fork_bomb",
        "Start more processes than allowed.",
        """
        for _ in range(300):
            if os.fork() == 0:
                time.sleep(30)
                os._exit(0)
        time.sleep(1)
        tell()
        """,
        held_out,
        control=False,
        without=DEAD,
        ends=("processes",),
        limits={"n_processes": 32, "wall_s": 10.0},
    ),
    Attack(
        "fork_bomb_of_sessions",
        "Start them in sessions of their own, each below the other.",
        """
        for _ in range(100):
            if os.fork() != 0:
                time.sleep(30)
                os._exit(0)
            os.setsid()
        time.sleep(1)
        tell()
        """,
        held_out,
        control=False,
        without=DEAD,
        ends=("processes",),
        limits={"n_processes": 32, "wall_s": 10.0},
    ),
    Attack(
        "zombie_flood",
        "Start processes that end and are never buried.",
        """
        for _ in range(300):
            if os.fork() == 0:
                os._exit(0)
        time.sleep(1)
        tell()
        """,
        held_out,
        control=False,
        without="the supervisor of every level counts the dead as well",
        ends=("processes",),
        limits={"n_processes": 32, "wall_s": 10.0},
    ),
    Attack(
        "thread_bomb",
        "Start threads instead.",
        """
        threading.stack_size(65536)
        for _ in range(1500):
            threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        time.sleep(0.5)
        tell(threading.active_count())
        """,
        held_out,
        ends=("processes", "error"),
        control=False,
        without="the supervisor of every level ends it",
        limits={"n_processes": 32, "wall_s": 10.0},
    ),
    Attack(
        "fork_and_flee",
        "Be a new process every few milliseconds, so that no list of processes is right.",
        """
        if os.fork() == 0:
            os.setsid()
            began = time.monotonic()
            while time.monotonic() - began < 8:
                if os.fork() != 0:
                    os._exit(0)
            for place in (C["open"], RUN):
                with suppress(OSError):
                    open(place + "/late", "w").close()
            os._exit(0)
        time.sleep(0.2)
        """,
        lambda after: exists("open/late")(after) or exists("runs/this/late")(after),
        control=False,
        without=DEAD,
    ),
    Attack(
        "double_fork_daemon",
        "Leave a process that belongs to nobody and acts later.",
        f"""
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
{_LATE}
time.sleep(0.1)
""",
        lambda after: bool(after.watched),
        control=False,
        without=DEAD,
        during=_it_was_late,
    ),
    Attack(
        "daemon_without_death_signal",
        "The same, after the wish to die with the parent was taken back.",
        f"""
libc.prctl(1, 0, 0, 0, 0)
libc.prctl(36, 1, 0, 0, 0)
if os.fork() == 0:
    libc.prctl(1, 0, 0, 0, 0)
    os.setsid()
    if os.fork():
        os._exit(0)
    libc.prctl(1, 0, 0, 0, 0)
{_LATE}
time.sleep(0.1)
""",
        lambda after: bool(after.watched),
        control=False,
        without=DEAD,
        during=_it_was_late,
    ),
    Attack(
        "thread_after_the_end",
        "Leave a thread that acts after the script has ended.",
        """
        def later():
            time.sleep(0.4)
            for place in (C["open"], RUN):
                with suppress(OSError):
                    open(place + "/late", "w").close()
        threading.Thread(target=later).start()
        """,
        lambda after: bool(after.watched),
        control=False,
        without="a child of every level ends without waiting for threads",
        during=_it_was_late,
    ),
    Attack(
        "exit_handler",
        "Leave code for the end of the interpreter.",
        """
        import atexit
        atexit.register(lambda: open(C["open"] + "/late", "w").close())
        """,
        exists("open/late"),
        control=False,
        without="a child of every level ends without them",
    ),
    Attack(
        "orphan_by_clone_parent",
        "Start a process as a sibling of one's own, a child of the supervisor (CLONE_PARENT).",
        """
        pid = libc.syscall(ctypes.c_long(number(56, 220)), ctypes.c_ulong(0x8000 | 17), None, None, None, None)
        if pid == 0:
            time.sleep(0.4)
            for place in (C["open"], RUN):
                with suppress(OSError):
                    open(place + "/late", "w").close()
            os._exit(0)
        checked(pid)
        """,
        lambda after: bool(after.watched),
        control=False,
        without=DEAD,
        during=_it_was_late,
    ),
    Attack(
        "sleep_forever",
        "Wait for ever.",
        "time.sleep(9999); tell()",
        told,
        control=False,
        without="the limit on time holds at every level",
        ends=("timeout",),
        limits={"wall_s": 0.5},
    ),
    Attack(
        "ignore_sigterm",
        "Ignore every signal and work for ever.",
        """
        for number_ in range(1, 65):
            with suppress(OSError, ValueError):
                signal.signal(number_, signal.SIG_IGN)
        while True:
            pass
        """,
        told,
        control=False,
        without="the limit on time holds at every level",
        ends=("timeout",),
        limits={"wall_s": 0.5},
    ),
    Attack(
        "stop_oneself",
        "Stop, so that one cannot even be asked to end.",
        "os.kill(os.getpid(), signal.SIGSTOP); tell()",
        told,
        control=False,
        without="the limit on time holds at every level",
        ends=("timeout",),
        limits={"wall_s": 0.5},
    ),
    Attack(
        "hold_pipe_after_exit",
        "Leave a process that holds every descriptor open.",
        """
        if os.fork() == 0:
            os.setsid()
            time.sleep(20)
            os._exit(0)
        os._exit(0)
        """,
        lambda after: after.outcome.wall_s > 10,
        control=False,
        without=DEAD,
        ends=("no_result",),
    ),
    Attack(
        "exit0_no_results",
        "End at once, as if all were well.",
        "os._exit(0)",
        _called_fine,
        control=False,
        without="the collector of every level misses the result",
        ends=("no_result",),
    ),
    Attack(
        "segfault",
        "Crash.",
        "ctypes.string_at(1)",
        _called_fine,
        control=False,
        without="the supervisor of every level sees the signal",
        ends=("killed",),
    ),
    Attack(
        "descriptors_exhausted",
        "Open files until there are none left for what comes.",
        """
        held = []
        with suppress(OSError):
            while len(held) < 5000:
                held.append(os.open("/dev/null", os.O_RDONLY))
        tell(len(held)) if len(held) >= 5000 else None
        """,
        told,
        control=False,
        without="the limit on open files holds at every level",
        ends=("ok", "error", "no_result"),
    ),
    Attack(
        "recursion",
        "Run out of stack in C.",
        """
        import resource
        sys.setrecursionlimit(1 << 30)
        nested = []
        for _ in range(1 << 20):
            nested = [nested]
        repr(nested)
        """,
        _called_fine,
        control=False,
        without="the child of every level dies alone",
    ),
    Attack(
        "processor_hog",
        "Use every core for longer than allowed.",
        """
        for _ in range(4):
            if os.fork() == 0:
                while True:
                    pass
        while True:
            pass
        """,
        told,
        control=False,
        without="the limit on time holds at every level",
        ends=("timeout",),
        limits={"wall_s": 0.5},
    ),
    Attack(
        "exception_of_everything",
        "Raise what is no Exception, with a text that raises itself.",
        """
        class Awful(BaseException):
            def __str__(self):
                raise self
            __repr__ = __str__
        raise Awful()
        """,
        _called_fine,
        control=False,
        without="a record of the failure is made at every level",
        ends=("error", "no_result"),
    ),
]
