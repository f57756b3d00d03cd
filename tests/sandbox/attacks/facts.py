"""What the machine tells of itself and of those who share it."""

import json
import platform
from pathlib import Path

from .attack import After, Attack
from .host import IS_ROOT, NEEDS_ROOT
from .signs import told

#: What the kernel says of the whole machine to everybody, and to root.
_FOR_ALL = ("cmdline", "partitions", "locks", "diskstats", "interrupts", "modules", "swaps", "buddyinfo", "kallsyms")
_FOR_ROOT = ("timer_list", "slabinfo", "vmallocinfo", "pagetypeinfo", "kpagecount", "sched_debug")


def _cgroups() -> set[str]:
    """Return the control groups of this process, by name; the root tells nothing."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return {line.split(":", 2)[2] for line in lines} - {"/"}


def _is_the_hosts_mount(after: After) -> bool:
    """A mount that the script saw is one of this process's: their numbers are unique on a machine."""
    own = {line.split()[0] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    return bool(own & set(json.loads(after.told or "[]")))


def _is_the_hosts_name(after: After) -> bool:
    return platform.node() in json.loads(after.told or "[]")


def _is_the_hosts_group(after: After) -> bool:
    return bool(_cgroups() & set(json.loads(after.told or "[]")))


ATTACKS = [
    Attack(
        "read_network_of_others",
        "Read which ports are open, as the first process, the supervisor and oneself see it.",
        """
        for pid in ("1", "self", "thread-self", str(SUPERVISOR)):
            with suppress(OSError):
                if f":{C['ports']['tcp']:04X} " in open(f"/proc/{pid}/net/tcp").read():
                    tell(pid)
        """,
        told,
    ),
    Attack(
        "read_mounts_of_others",
        "Read what is mounted, as the first process, the supervisor and oneself see it.",
        """
        seen = []
        for pid in ("1", "self", "thread-self", str(SUPERVISOR)):
            with suppress(OSError):
                seen += [line.split()[0] for line in open(f"/proc/{pid}/mountinfo")]
        tell(json.dumps(seen))
        """,
        _is_the_hosts_mount,
    ),
    Attack(
        "read_command_line_of_the_first_process",
        "Read how the first process, which is the reaper's at strict, was started.",
        """
        for pid in (1, SUPERVISOR):
            with suppress(OSError):
                if pid != os.getpid() and open(f"/proc/{pid}/cmdline", "rb").read():
                    tell(pid)
        """,
        told,
    ),
    Attack(
        "read_facts_of_the_machine",
        "Read how it was started, its disks, locks, interrupts and modules.",
        f"""
        for name in {_FOR_ALL!r}:
            with suppress(OSError):
                if open("/proc/" + name, "rb").read(1):
                    tell(name)
        """,
        told,
    ),
    Attack(
        "read_facts_of_the_kernel",
        "Read what the kernel tells only root: timers with names of programs, caches, memory.",
        f"""
        for name in {_FOR_ROOT!r}:
            with suppress(OSError):
                if open("/proc/" + name, "rb").read(1):
                    tell(name)
        """,
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "learn_host_name",
        "Learn what the machine is called.",
        """
        names = [os.uname().nodename, socket.gethostname()]
        for path in ("/proc/sys/kernel/hostname", "/etc/hostname"):
            with suppress(OSError):
                names.append(open(path).read().strip())
        tell(json.dumps(names))
        """,
        _is_the_hosts_name,
        allowed_at_standard="uname tells it to everybody",
        possible_here=platform.node() not in ("", "localhost"),
    ),
    Attack(
        "learn_control_group",
        "Learn which control group it runs in: its name is that of a container, a service or a user.",
        """
        seen = []
        for pid in ("1", "self", "thread-self"):
            with suppress(OSError):
                seen += [line.strip().split(":", 2)[2] for line in open(f"/proc/{pid}/cgroup")]
        tell(json.dumps(seen))
        """,
        _is_the_hosts_group,
        control=bool(_cgroups()),
        without="this machine runs the tests in no control group of their own",
        allowed_at_standard="libraries read there how many cores they may use",
    ),
]
