"""Times and texts of the journal as MLflow wants them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from octopus.records import Event, Record
from octopus.trackers.entries import storable

#: A century: what is longer is no duration, and a database's integer ends somewhere.
_LONGEST_S = 3.2e9


def written_ms(event: Event) -> int:
    """Return when an event was written.

    Parameters
    ----------
    event : Event
        A line of the journal.

    Returns
    -------
    int
        Milliseconds since 1970; 0 where the line does not say.
    """
    try:
        return max(0, round(datetime.fromisoformat(event.at).timestamp() * 1000))
    except (ValueError, OverflowError, OSError):
        return 0


def milliseconds(seconds: float) -> int:
    """Return a duration in milliseconds, between nothing and a century.

    Parameters
    ----------
    seconds : float
        A duration.

    Returns
    -------
    int
        Milliseconds.
    """
    return round(min(max(seconds, 0.0), _LONGEST_S) * 1000)


def as_json(value: Record | list[object]) -> str:
    """Return a record as indented JSON.

    Parameters
    ----------
    value : Record or list
        What is shown.

    Returns
    -------
    str
        JSON.
    """
    return storable(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
