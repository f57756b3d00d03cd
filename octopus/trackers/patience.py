"""How long whom is waited for. The fit waits for nobody; the follower's patience ends too."""

from __future__ import annotations

from octopus.records import Record


class Patience(Record, frozen=True, kw_only=True):
    """Bounds on waiting, in seconds.

    Parameters
    ----------
    request_s : int, default=10
        One request to a server: a healthy one answers in 0.3 s, artifacts of some megabytes in a few.
    retries : int, default=1
        Further tries of one request, inside MLflow; what fails twice is left to the follower's pauses. What creates is
        tried once: before the next try it is looked for.
    first_pause_s : float, default=2.0
        After the first failure; it doubles with each further one.
    longest_pause_s : float, default=60.0
        Where the doubling ends: once a minute costs a server nothing, and it is found again soon enough.
    give_up_s : float, default=300.0
        From the end of a fit, or the first failure after it, until a run is given up: time for a restart of a server.
    idle_s : float, default=30.0
        A follower without runs waits for the next one: the fits of a cross-validation follow within seconds, and to
        start again costs seconds of a core.
    look_s : float, default=0.5
        Between two looks at the journals: what is there to be seen is seen at once, a look costs microseconds.
    silence_s : float, default=3.0
        A server that has not answered for so long is said to be silent when a fit ends.
    """

    request_s: int = 10
    retries: int = 1
    first_pause_s: float = 2.0
    longest_pause_s: float = 60.0
    give_up_s: float = 300.0
    idle_s: float = 30.0
    look_s: float = 0.5
    silence_s: float = 3.0
