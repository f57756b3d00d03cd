"""Who looks on while a run goes on: the log always, the console where it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from octopus.records import AnyEvent, Plan
from octopus.reporting.log import log_event


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Whom to tell what.

    Parameters
    ----------
    observers : tuple of callable
        Told of each event of the journal.
    announce : callable
        Told of each plan when its script begins to run.
    """

    observers: tuple[Callable[[AnyEvent], None], ...]
    announce: Callable[[Plan], object]


@contextmanager
def watched(verbose: int) -> Iterator[Watch]:
    """Have a run looked at.

    Parameters
    ----------
    verbose : int
        From 1 on it is shown on the console.

    Yields
    ------
    Watch
        For the run; what is shown of an experiment under way is taken away when the block ends, however it ends.
    """
    if verbose < 1:
        yield Watch(observers=(log_event,), announce=id)
        return
    from octopus.reporting.console import ConsoleView

    view = ConsoleView()
    try:
        yield Watch(observers=(log_event, view), announce=view.announce)
    finally:
        view.close()
