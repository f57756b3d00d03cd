"""Crash rules about what a script delivers: its predictions and its fitted pipeline."""

from __future__ import annotations

import re

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash

_UNPICKLABLE = re.compile(
    r"can't (?:pickle|get local object)|cannot pickle|attribute lookup .* failed|not the same object as", re.IGNORECASE
)


class MalformedPredictions:
    """The predictions have another shape, type or range than the contract asks for.

    Evidence: status ``bad_result`` with what was found. Remedy: probabilities of shape (n_rows, n_classes) that sum
    to 1, or finite numbers of shape (n_rows,), one per row in the order given.
    """

    code = "OCT401"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if the predictions were refused."""
        if outcome.status != "bad_result":
            return None
        return crash(
            self.code,
            "malformed predictions",
            outcome,
            cause=outcome.reason or "the predictions do not have the shape, type or range of the contract",
            remedy="one finite prediction per row, in order: probabilities (n_rows, n_classes) in class order that "
            "sum to 1, or numbers (n_rows,)",
            repairable=False,
        )


class Unpicklable:
    """The fitted pipeline cannot be stored.

    Evidence: a pickling error, or any error of that wording while it is saved. Remedy: classes and functions at
    module level, no lambdas, no open files or locks in attributes.
    """

    code = "OCT402"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if pickling failed."""
        failure = outcome.failure
        if outcome.status != "error" or failure is None:
            return None
        if not failure.type.endswith("PicklingError") and not _UNPICKLABLE.search(failure.message):
            return None
        return crash(
            self.code,
            "the pipeline cannot be pickled",
            outcome,
            cause="it holds something that lives in this process only: a lambda, a local class, a file, a lock",
            remedy="define classes and functions at module level and keep open things out of attributes",
            repairable=False,
        )
