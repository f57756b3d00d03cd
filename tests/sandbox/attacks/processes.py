"""Signals, priorities and tracing: doing things to processes of the user, the zygote and the supervisor."""

import time

import psutil

from .attack import After, Attack
from .host import IS_ROOT, MAY_RAISE_LIMITS, NEEDS_RESOURCE, NEEDS_ROOT
from .scene import zygotes
from .signs import either, parent_signalled, told, victim_harmed


def _supervisor_lost(after: After) -> bool:
    return after.outcome.status == "not_run"


def _ran_past_its_limit(after: After) -> bool:
    return after.outcome.wall_s > 2.0


def _a_zygote_dies(scene, over):
    """Return whether a zygote that was there before is gone at the end."""
    before = zygotes()
    over.wait()
    deadline = time.monotonic() + 0.3
    while time.monotonic() < deadline:
        if any(p.status() == psutil.STATUS_ZOMBIE for p in before if p.is_running()):
            return True
        if not all(p.is_running() for p in before):
            return True
        time.sleep(0.02)
    return False


def _a_zygote_stops(scene, over):
    """Return whether a zygote was stopped meanwhile, and let it go on."""
    seen = False
    while not seen and not over.wait(0.01):
        for process in zygotes():
            if process.status() == psutil.STATUS_STOPPED:
                seen = True
    for process in zygotes():
        process.resume()
    return seen


#: The zygotes as the parent knows them, and the one that forked the supervisor.
_ZYGOTES = """
zygotes = set(C["zygotes"])  # those of other levels too, where there is no better way
with suppress(OSError):
    with open(f"/proc/{SUPERVISOR}/stat") as file:
        above = int(file.read().rsplit(")", 1)[1].split()[1])
    with open(f"/proc/{above}/cmdline") as file:
        zygotes = {above} if "octopus.sandbox.zygote" in file.read() else zygotes
"""

#: Attacks that Landlock prevents since its version 6 only: elsewhere something else must.
BY_SIGNAL = (
    "signal_parent", "signal_all", "signal_everybody", "signal_the_victims_group", "kill_victim", "stop_victim",
    "signal_by_descriptor", "signal_by_ownership", "signal_by_lease", "kill_supervisor", "stop_supervisor",
    "stop_zygote", "kill_zygote",
)  # fmt: skip

ATTACKS = [
    Attack(
        "signal_parent",
        "Send the user's processes a signal.",
        """
        for pid in (C["parent"], C["victim"]):
            with suppress(OSError):
                os.kill(pid, signal.SIGUSR1)
        """,
        either(parent_signalled, victim_harmed),
    ),
    Attack(
        "signal_all",
        "Ask whether every process could be signalled, then signal the user's group.",
        """
        with suppress(OSError):
            os.kill(-1, 0)
        os.killpg(C["victim"], signal.SIGUSR1)
        """,
        victim_harmed,
    ),
    Attack(
        "signal_everybody",
        "Ask whether all processes could be signalled at once; to do it would end the tests where it works.",
        "os.kill(-1, 0); tell()",
        told,
    ),
    Attack(
        "signal_the_victims_group",
        "Signal another process by its group, and as a thread of any process (tkill).",
        """
        with suppress(OSError):
            os.kill(-C["victim"], signal.SIGUSR1)
        syscall(number(200, 130), C["victim"], int(signal.SIGUSR2))
        """,
        victim_harmed,
    ),
    Attack("kill_victim", "Kill another process of the user.", "os.kill(C['victim'], signal.SIGKILL)", victim_harmed),
    Attack("stop_victim", "Stop another process of the user.", "os.kill(C['victim'], signal.SIGSTOP)", victim_harmed),
    Attack(
        "signal_by_descriptor",
        "Signal by a process descriptor, by queue and by thread.",
        """
        with suppress(OSError):
            signal.pidfd_send_signal(os.pidfd_open(C["victim"]), signal.SIGUSR1)
        with suppress(OSError):
            checked(libc.sigqueue(C["victim"], int(signal.SIGUSR2), None))
        with suppress(OSError):
            syscall(number(234, 131), C["victim"], C["victim"], int(signal.SIGUSR1))
        """,
        victim_harmed,
    ),
    Attack(
        "signal_by_ownership",
        "Have the kernel signal the owner of a socket (F_SETOWN, F_SETSIG): the user's processes.",
        """
        for pid in (C["victim"], C["parent"]):
            ours, theirs = socket.socketpair()
            with suppress(OSError):
                fcntl.fcntl(ours, fcntl.F_SETOWN, pid)
                fcntl.fcntl(ours, 10, int(signal.SIGUSR1))
                fcntl.fcntl(ours, fcntl.F_SETFL, fcntl.fcntl(ours, fcntl.F_GETFL) | os.O_ASYNC)
                theirs.send(b"x")
        """,
        either(parent_signalled, victim_harmed),
    ),
    Attack(
        "signal_by_timer",
        "Have a timer signal a thread of another process.",
        """
        event = ctypes.create_string_buffer(64)
        event[8:16] = struct.pack("=ii", int(signal.SIGUSR1), 4)
        event[16:20] = struct.pack("=i", C["victim"])
        timer = ctypes.c_int()
        syscall(number(222, 107), 1, event, ctypes.byref(timer))
        tell()
        """,
        told,
        control=False,
        without="the kernel allows threads of one's own process only",
    ),
    Attack(
        "signal_by_lease",
        "Have a directory's changes signalled to another process (F_NOTIFY with F_SETOWN).",
        """
        fd = os.open(".", os.O_RDONLY)
        fcntl.fcntl(fd, fcntl.F_SETOWN, C["victim"])
        fcntl.fcntl(fd, 10, int(signal.SIGUSR1))
        fcntl.fcntl(fd, fcntl.F_NOTIFY, fcntl.DN_CREATE | fcntl.DN_MULTISHOT)
        open("new", "w").close()
        """,
        victim_harmed,
    ),
    Attack(
        "kill_supervisor",
        "Kill the supervisor.",
        "os.kill(SUPERVISOR, signal.SIGKILL); time.sleep(1)",
        _supervisor_lost,
    ),
    Attack(
        "stop_supervisor",
        "Stop the supervisor, so that nobody watches, and work past the limit.",
        """
        supervisor = SUPERVISOR
        os.kill(supervisor, signal.SIGSTOP)
        time.sleep(2.2)
        os.kill(supervisor, signal.SIGCONT)
        """,
        _ran_past_its_limit,
        limits={"wall_s": 1.0},
    ),
    Attack(
        "kill_zygote",
        "Kill the zygote, which every later job needs.",
        _ZYGOTES + "for pid in zygotes: os.kill(pid, signal.SIGKILL)",
        either(lambda after: bool(after.watched), lambda after: after.outcome.status == "not_run"),
        during=_a_zygote_dies,
    ),
    Attack(
        "stop_zygote",
        "Stop the zygote, so that every later job waits.",
        _ZYGOTES + "for pid in zygotes: os.kill(pid, signal.SIGSTOP); time.sleep(0.2)",
        lambda after: bool(after.watched),
        during=_a_zygote_stops,
    ),
    Attack(
        "kill_the_first_process",
        "Kill process 1 of one's own namespace, which is the reaper's at strict; elsewhere only asked for.",
        """
        with suppress(OSError):
            os.kill(1, 0)
            tell()
        if os.readlink("/proc/self/ns/pid") != C["pid_namespace"] and os.getppid() == 1:
            os.kill(1, signal.SIGKILL)
            time.sleep(0.2)
        """,
        lambda after: after.told is not None and after.outcome.status not in ("ok", "error"),
        control=False,
        without="nobody kills process 1 of the machine; the kernel shields that of a namespace from its own",
        ends=("ok", "error", "killed"),
    ),
    Attack(
        "limit_victim",
        "Take another process's right to open files (prlimit).",
        "import resource; resource.prlimit(C['victim'], resource.RLIMIT_NOFILE, (32, 32))",
        victim_harmed,
    ),
    Attack(
        "bind_victim",
        "Bind another process to one core (sched_setaffinity).",
        "os.sched_setaffinity(C['victim'], {min(os.sched_getaffinity(C['victim']))})",
        victim_harmed,
        control=psutil.cpu_count() != 1,
        without="this machine has one core",
    ),
    Attack(
        "slow_victim",
        "Make another process wait for all others (setpriority, sched_setscheduler).",
        """
        os.setpriority(os.PRIO_PROCESS, C["victim"], 15)
        os.sched_setscheduler(C["victim"], os.SCHED_IDLE, os.sched_param(0))
        """,
        victim_harmed,
    ),
    Attack(
        "slow_victims_disk",
        "Make another process's disk wait for all others (ioprio_set).",
        "syscall(number(251, 30), 1, C['victim'], 3 << 13)",
        victim_harmed,
    ),
    Attack(
        "hurry",
        "Run before everybody else: real-time scheduling.",
        "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)); os.sched_setscheduler(0, 0, os.sched_param(0)); "
        "tell()",
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "raise_own_priority",
        "Run before others: a negative nice value.",
        "os.setpriority(os.PRIO_PROCESS, 0, -5); tell()",
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "raise_rlimits",
        "Raise one's own limits.",
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 40)); tell()",
        told,
        control=MAY_RAISE_LIMITS,
        without=NEEDS_RESOURCE,
    ),
    Attack(
        "raise_rlimits_of_supervisor",
        "Change the limits of the supervisor, which forks what comes.",
        """
        import resource
        assert SUPERVISOR != os.getpid()
        resource.prlimit(SUPERVISOR, resource.RLIMIT_CORE, (0, 0))
        tell()
        """,
        told,
    ),
    Attack(
        "madvise_victim",
        "Have the pages of another process swapped out (process_madvise).",
        """
        page = C["victims_address"] & ~4095
        vector = struct.pack("=QQ", page, 4096)
        syscall(440, syscall(434, C["victim"], 0), vector, 1, 20, 0)
        tell()
        """,
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "move_victims_pages",
        "Move the pages of another process between memory nodes, or ask where they are (move_pages).",
        """
        pages = (ctypes.c_void_p * 1)(C["victims_address"] & ~4095)
        status = (ctypes.c_int * 1)()
        syscall(number(279, 239), C["victim"], 1, pages, None, status, 2)
        tell(status[0])
        """,
        told,
        control=False,
        without="kernels without memory nodes lack the call",
    ),
    Attack(
        "compare_with_parent",
        "Learn about another process's kernel objects (kcmp).",
        "syscall(number(312, 272), os.getpid(), C['victim'], 1, 0, 0); tell()",
        told,
        control=False,
        without="kernels without checkpointing lack the call",
    ),
]
