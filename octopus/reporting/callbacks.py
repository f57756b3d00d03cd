"""The user's own functions, told of each event; one of them may ask for an end of the search."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeAlias

from octopus.records import AnyEvent

#: What a user may hand over: it gets each event after it is on disk; True asks for an end of the search.
Callback: TypeAlias = Callable[[AnyEvent], bool | None]

_log = logging.getLogger("octopus")


class Callbacks:
    """Calls each callback with each event.

    One that raises is logged and called no more: a run is never lost for its onlookers.

    Parameters
    ----------
    callbacks : sequence of callable
        In the order in which they are called.

    Attributes
    ----------
    problems : list of str
        What came of the callbacks that raised.
    """

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = list(callbacks)
        self._has_asked = False
        self.problems: list[str] = []

    def __call__(self, event: AnyEvent) -> None:
        """Tell every callback."""
        for callback in tuple(self._callbacks):
            try:
                answer = callback(event)
            except Exception as error:  # noqa: BLE001  boundary: a user's function may raise anything
                self._callbacks.remove(callback)
                self.problems.append(
                    f"callback {_name(callback)} raised {type(error).__name__}: {error}, and was not called again"
                )
                _log.exception("callback %s raised and is dropped", _name(callback))
            else:
                # a comparison of arrays or a number that happens to be true is no request
                self._has_asked = self._has_asked or answer is True

    def asked_to_stop(self) -> str:
        """Return the reason to stop; empty where no callback asked for it."""
        return "stopped by a callback" if self._has_asked else ""


def _name(callback: Callback) -> str:
    return str(getattr(callback, "__qualname__", type(callback).__name__))
