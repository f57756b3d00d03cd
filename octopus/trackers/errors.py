"""What tracking raises and warns about.

A fit sees the warnings only; the errors are for who asks for tracking outright: ``track`` and the page of MLflow.
"""

from __future__ import annotations

from octopus.errors import OctopusError


class TrackingError(OctopusError):
    """Entries of a run cannot be sent to MLflow."""

    def __init__(self, uri: str, why: str) -> None:
        self.uri, self.why = uri, why
        super().__init__(
            f"MLflow at {uri}: {why}. The run itself is complete on disk: `octopus track RUN` sends what is missing."
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.uri, self.why)


class StoreUnreachable(TrackingError):
    """MLflow does not answer, or not now: trying again may help."""


class StoreRefused(TrackingError):
    """MLflow answers and refuses: trying again is of no use."""
