"""Processes that replace those of them that are killed."""

import time

from .attack import After, Attack

#: Seconds within which all must be gone.
_GONE_WITHIN_S = 5.0


def _still_there(after: After) -> bool:
    """Processes of the job live on when the sandbox has said that it is over."""
    from .running import strangers  # which knows every attack's scene

    deadline = time.monotonic() + _GONE_WITHIN_S
    while strangers(after.scene):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.01)
    return False


#: A ring: each watches the one before it and puts another in its place at once, so that there are never more than
#: SIZE of them. They give up by themselves after 20 seconds.
_RING = """
import select
SIZE, began = {size}, time.monotonic()
shared = np.frombuffer(mmap.mmap(-1, 8 * SIZE + 8), dtype=np.int64)
pids, is_closed = shared[:SIZE], shared[SIZE:]

def live(place):
    os.setsid()
    for number_ in range(1, 65):
        with suppress(OSError, ValueError):
            signal.signal(number_, signal.SIG_IGN)
    while not is_closed[0] and time.monotonic() - began < 20:
        time.sleep(0.001)
    before = (place - 1) % SIZE
    while time.monotonic() - began < 20:
        with suppress(ProcessLookupError):
            fd = os.pidfd_open(int(pids[before]))
            if not select.select([fd], [], [], 20)[0]:
                return
            os.close(fd)
        grow(before)

def grow(place):
    pid = os.fork()
    if pid == 0:
        try:
            pids[place] = os.getpid()
            live(place)
        finally:
            os._exit(0)
    pids[place] = pid

for place in range(SIZE):
    grow(place)
is_closed[0] = 1
{then}
"""

ATTACKS = [
    Attack(
        "hydra",
        "Grow another head for each that is cut off, when the job is over.",
        _RING.format(size=40, then="time.sleep(0.2)"),
        _still_there,
        control=False,
        without="the supervisor of every level ends the whole tree",
    ),
    Attack(
        "hydra_past_its_time",
        "The same where the job is ended for its time.",
        _RING.format(size=40, then="time.sleep(30)"),
        _still_there,
        control=False,
        without="the supervisor of every level ends the whole tree",
        ends=("timeout",),
        limits={"wall_s": 1.0},
    ),
]
