"""The signs by which the success of an attack is seen from outside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .attack import After, Sign
from .scene import PRIVATE


def secret_came_out(after: After) -> bool:
    """A planted secret, which the script was never told, stands in what came back."""
    return after.scene.secret in after.text


def told(after: After) -> bool:
    """The script says so, with the nonce of this run; for what leaves no trace outside."""
    return after.told is not None


def held_out(after: After) -> bool:
    """The script did what a limit forbids, and was not ended for it."""
    return after.told is not None and after.outcome.status in ("ok", "error", "bad_result", "no_result")


def arrived(name: str) -> Sign:
    """Something came to a planted server."""
    return lambda after: after.scene.arrived(name)


def changed(name: str, was: str | None) -> Sign:
    """A file of the scene holds something else than before."""
    return lambda after: after.scene.content(name) != was


def exists(name: str) -> Sign:
    """There is a file in the scene that nobody planted."""
    return lambda after: os.path.lexists(after.scene.root / name)


def appeared(path: Callable[[After], str]) -> Sign:
    """There is a file elsewhere on the machine that nobody planted; it is removed."""

    def look(after: After) -> bool:
        found = Path(path(after))
        is_there = os.path.lexists(found)
        found.unlink(missing_ok=True)
        return is_there

    return look


def victim_harmed(after: After) -> bool:
    """The user's other process was signalled, stopped, killed or bound."""
    return after.scene.victim.was_harmed()


def parent_signalled(after: After) -> bool:
    """The user's own process received a signal."""
    return after.scene.n_signals > 0


def watched(after: After) -> bool:
    """A thread of the parent saw it happen."""
    return bool(after.watched)


def private_mode_changed(after: After) -> bool:
    """A private file of the user's is no longer private, or older than it was."""
    found = [(after.scene.home / name).stat() for name in PRIVATE if (after.scene.home / name).exists()]
    return len(found) < len(PRIVATE) or any(f.st_mode & 0o777 != 0o600 or f.st_mtime < 1e9 for f in found)


def control_characters(after: After) -> bool:
    """Something that a terminal obeys came back in text."""
    return any(not (c.isprintable() or c in "\n\t") for c in after.text)


def either(*signs: Sign) -> Sign:
    """One of several signs."""
    return lambda after: any([sign(after) for sign in signs])  # noqa: C419  # each has something to clear up
