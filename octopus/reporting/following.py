"""A run that is shown elsewhere while it goes on: said when it begins and when it is over, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from octopus.protocols import Tracker


@contextmanager
def followed(tracker: Tracker | None, run_dir: Path) -> Iterator[list[str]]:
    """Have a tracker follow a run.

    Parameters
    ----------
    tracker : Tracker or None
        None for nobody.
    run_dir : Path
        The run.

    Yields
    ------
    list of str
        What kept the run from being shown; complete when the block has ended.
    """
    problems: list[str] = []
    if tracker is None:
        yield problems
        return
    problems += filter(None, [_asked(tracker, "start", run_dir)])
    try:
        yield problems
    finally:
        problems += filter(None, [_asked(tracker, "finish", run_dir)])


def _asked(tracker: Tracker, what: str, run_dir: Path) -> str | None:
    try:
        problem: str | None = getattr(tracker, what)(run_dir)
    except Exception as error:  # noqa: BLE001  boundary: a plug-in that fails must not end the run
        return f"{type(tracker).__name__} failed to {what}: {type(error).__name__}: {error}"
    return problem
