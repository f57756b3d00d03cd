"""Crash rules about what a script used up: time, memory, processes, disk, output; and about signals."""

from __future__ import annotations

import signal

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash

_MEMORY_ERRORS = frozenset({"MemoryError", "_ArrayMemoryError"})
_MEMORY_WORDS = ("Unable to allocate", "std::bad_alloc", "Cannot allocate memory")
_MIB = 1 << 20
#: What was used up, and what to do about it, for limits that are not time or memory.
_OTHER_LIMITS = {
    "processes": ("too many processes", "leave n_jobs to the runner and start no processes of your own"),
    "disk": ("too much written to disk", "write nothing: what fit needs stays in memory"),
    "output": ("too much printed", "print nothing; set verbose to 0 or -1"),
}


class TimeUp:
    """The script did not end within its time.

    Evidence: status ``timeout`` with the stage it had reached. Remedy: a smaller model or a sample of the rows,
    never just more time.
    """

    code = "OCT201"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if the wall clock ended it."""
        if outcome.status != "timeout":
            return None
        idle = outcome.wall_s > 1 and outcome.cpu_s < outcome.wall_s / 20
        return crash(
            self.code,
            "out of time",
            outcome,
            cause=f"{outcome.stage} was not done after {outcome.wall_s:.0f} s on {profile.n_rows} rows"
            + (", and the processor was idle: it waits for something" if idle else ""),
            remedy="fewer trees or steps, early stopping, or a sample of the rows; not the same with more time",
            repairable=True,
        )


class OutOfMemory:
    """The script needed more memory than it may have.

    Evidence: status ``memory``, or a ``MemoryError`` (numpy's and C++'s included). Remedy: float32, fewer columns,
    no wide one-hot, a sample.
    """

    code = "OCT202"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if memory ended it."""
        failure = outcome.failure
        raised = failure is not None and (
            failure.type in _MEMORY_ERRORS or any(words in failure.message for words in _MEMORY_WORDS)
        )
        if outcome.status != "memory" and not raised:
            return None
        return crash(
            self.code,
            "out of memory",
            outcome,
            cause=f"{outcome.max_rss_bytes // _MIB} MiB at the peak for {profile.memory_bytes // _MIB} MiB of data",
            remedy="a sample of the rows, fewer or narrower columns (float32, no wide one-hot), a smaller model",
            repairable=True,
        )


class Killed:
    """The process died of a signal that the supervisor did not send.

    Evidence: status ``killed`` with the signal: 11 and 6 are crashes in native code, 9 is usually the kernel short
    of memory. Remedy: another model, smaller.
    """

    code = "OCT203"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if a signal ended it."""
        if outcome.status != "killed":
            return None
        name = _signal_name(outcome.signal)
        short = outcome.signal == signal.SIGKILL
        return crash(
            self.code,
            f"killed by {name}",
            outcome,
            cause="the machine was short of memory, most likely"
            if short
            else f"native code crashed in {outcome.stage}",
            remedy="a smaller model on fewer rows; if it dies again, another family",
            repairable=True,
        )


class LimitReached:
    """The script started too many processes, wrote too much or printed too much.

    Evidence: status ``processes``, ``disk`` or ``output``. Remedy: do without; ``n_jobs`` is set by the runner.
    """

    code = "OCT204"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if one of these limits ended it."""
        if outcome.status not in _OTHER_LIMITS:
            return None
        title, remedy = _OTHER_LIMITS[outcome.status]
        return crash(
            self.code,
            title,
            outcome,
            cause=outcome.reason or f"the limit for {outcome.status} was reached in {outcome.stage}",
            remedy=remedy,
            repairable=True,
        )


def _signal_name(number: int | None) -> str:
    try:
        return signal.Signals(number or 0).name
    except ValueError:
        return f"signal {number}"
