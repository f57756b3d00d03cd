"""Crash rules about what a script used up: time, memory, processes, disk, output; about waiting, and about signals."""

from __future__ import annotations

import re
import signal

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash
from octopus.rules.signs import explained

_MIB = 1 << 20
_IDLE_SHARE = 1 / 20
_LONG_ENOUGH_S = 1.0
#: What was used up, and what to do about it, for limits that are not time or memory.
_OTHER_LIMITS = {
    "processes": ("too many processes", "leave n_jobs to the runner and start no processes of your own"),
    "disk": ("too much written to disk", "write and print nothing: what fit needs stays in memory"),
    "output": ("too much printed", "print nothing; set verbose to 0 or -1"),
}


class TimeUp:
    """The script did not end within its time, and it was at work.

    Evidence: status ``timeout`` with the stage it had reached, and a processor that was busy; one that was idle is
    another cause. Remedy: a smaller model or a sample of the rows, never just more time. Repairable: every family has a
    recipe that is smaller.
    """

    code = "OCT201"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if the wall clock ended it."""
        if outcome.status != "timeout" or is_idle(outcome):
            return None
        return crash(
            self.code,
            "out of time",
            outcome,
            cause=f"{outcome.stage} was not done after {outcome.wall_s:.0f} s on {profile.n_rows} rows",
            remedy="fewer trees or steps, early stopping, or a sample of the rows; not the same with more time",
            repairable=True,
        )


class Hang:
    """The script waits for something that does not come.

    Evidence: status ``timeout`` after less than a twentieth of that time on the processor, or an ``EOFError`` of
    ``input()``. Remedy: no questions, no sleeping, no locks, no processes of one's own. Repairable: a smaller recipe
    starts nothing that could wait.
    """

    code = "OCT205"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if it waited."""
        asks = explained(self.code, outcome, script, profile) is not None
        if not asks and not (outcome.status == "timeout" and is_idle(outcome)):
            return None
        waited = f"{outcome.wall_s:.0f} s passed in {outcome.stage} with {outcome.cpu_s:.1f} s on the processor"
        return crash(
            self.code,
            "it waits for something",
            outcome,
            cause="it asks for input, and nobody is there" if asks else f"{waited}: it waits and does not work",
            remedy="ask for nothing, do not sleep, take no locks and start no processes: n_jobs is set by the runner",
            repairable=True,
        )


class OutOfMemory:
    """The script needed more memory than it may have.

    Evidence: status ``memory``, or a ``MemoryError`` (numpy's and C++'s included). Remedy: float32, fewer columns,
    no wide one-hot, a sample. Repairable: every family has a recipe that is smaller.
    """

    code = "OCT202"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if memory ended it."""
        error = explained(self.code, outcome, script, profile)
        if outcome.status != "memory" and error is None:
            return None
        asked = re.search(r"Unable to allocate ([\d.]+ \w+)", error.message) if error else None
        return crash(
            self.code,
            "out of memory",
            outcome,
            cause=(f"{asked[1]} were asked for at once; " if asked else "")
            + f"{outcome.max_rss_bytes // _MIB} MiB at the peak for {profile.memory_bytes // _MIB} MiB of data",
            remedy="a sample of the rows, fewer or narrower columns (float32, no wide one-hot), a smaller model",
            repairable=True,
            known_by="memory",  # whether it was refused or taken away
        )


class Killed:
    """The process died of a signal that the supervisor did not send.

    Evidence: status ``killed`` with the signal: 11 and 6 are crashes in native code, 9 is usually the kernel short
    of memory; or the word of a pool that one of its workers died. Remedy: another model, smaller. Repairable: every
    family has a recipe that is smaller.
    """

    code = "OCT203"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if a signal ended it, or a worker of it."""
        worker = explained(self.code, outcome, script, profile) is not None
        if outcome.status != "killed" and not worker:
            return None
        if worker:
            title, cause = "a worker died", "a process that the script started died, of memory or in native code"
        elif outcome.signal == signal.SIGKILL:
            title, cause = "killed by SIGKILL", "the machine was short of memory, most likely"
        else:
            name = _signal_name(outcome.signal)
            title, cause = f"killed by {name}", f"native code crashed in {outcome.stage} ({name})"
        return crash(
            self.code,
            title,
            outcome,
            cause=cause,
            remedy="a smaller model on fewer rows; if it dies again, another family",
            repairable=True,
        )


class LimitReached:
    """The script started too many processes, wrote too much or printed too much.

    Evidence: status ``processes``, ``disk`` or ``output``, or the system's error for threads, files and space.
    Remedy: do without; ``n_jobs`` is set by the runner. Repairable: a smaller recipe needs less of each.
    """

    code = "OCT204"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if one of these limits ended it."""
        error = explained(self.code, outcome, script, profile)
        kind = outcome.status if error is None else "disk" if error.type == "OSError" else "processes"
        if kind not in _OTHER_LIMITS:
            return None
        title, remedy = _OTHER_LIMITS[kind]
        return crash(
            self.code,
            title,
            outcome,
            cause=outcome.reason
            or (error.message if error else f"the limit for {kind} was reached in {outcome.stage}"),
            remedy=remedy,
            repairable=True,
            known_by="processes" if kind == "processes" else "written",  # printed or not: a full file says the same
        )


def is_idle(outcome: Outcome) -> bool:
    """Tell whether a script spent its time waiting, not working.

    A fit that computes keeps a processor busy; below a twentieth of the time it does not, even where pages are read
    from a slow disk. Less than a second says nothing: starting takes that long.
    """
    return outcome.wall_s > _LONG_ENOUGH_S and outcome.cpu_s < outcome.wall_s * _IDLE_SHARE


def _signal_name(number: int | None) -> str:
    try:
        return signal.Signals(number or 0).name
    except ValueError:
        return f"signal {number}"
