"""Crash rules about what a script delivers: its predictions and its fitted pipeline."""

from __future__ import annotations

import re

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash
from octopus.rules.reading import Raised
from octopus.rules.signs import explained

_PRINTED = 120
_NOT_FINITE = re.compile(r"\d+ of \d+ predictions are missing or infinite")
_SHAPE = re.compile(r"predictions have shape (\(.*?\)), (\(.*?\)) is expected")
_NO_PROBABILITIES = re.compile(r"probabilities (?:lie between|of a row sum to)")
#: Every reason of a refusal belongs to one rule; what is none of these is the general one's.
_SPLIT_OFF = (_NOT_FINITE, _SHAPE, _NO_PROBABILITIES)


class MalformedPredictions:
    """The predictions are not numbers, not in the order of the classes, or cannot be read or scored.

    Evidence: status ``bad_result`` with what was found, where it is neither the shape, a gap nor the range of
    probabilities; or labels that are no class numbers. Remedy: probabilities of shape (n_rows, n_classes) in class
    order, or finite numbers of shape (n_rows,), one per row in the order given. Not repairable without a model: the
    playbook's scripts end in a model that keeps the contract.
    """

    code = "OCT401"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if the predictions were refused."""
        error = explained(self.code, outcome, script, profile)
        refused = outcome.status == "bad_result" and not any(p.match(outcome.reason) for p in _SPLIT_OFF)
        if not refused and error is None:
            return None
        return crash(
            self.code,
            "malformed predictions",
            outcome,
            cause=_labels(error) if error else outcome.reason or "the predictions do not keep the contract",
            remedy="one finite prediction per row, in order: probabilities (n_rows, n_classes) in class order that "
            "sum to 1, or numbers (n_rows,)",
            repairable=False,
        )


class PredictionsNotFinite:
    """Predictions are missing or infinite.

    Evidence: status ``bad_result`` with how many. Remedy: look for a division, a logarithm or an exponential of one's
    own, and for a join by row labels that leaves gaps. Not repairable by a variation: where the model itself
    overflows, another family is tried.
    """

    code = "OCT403"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if predictions are not finite."""
        if outcome.status != "bad_result" or not _NOT_FINITE.match(outcome.reason):
            return None
        return crash(
            self.code,
            "predictions that are missing or infinite",
            outcome,
            cause=outcome.reason,
            remedy="clip before exp and divide by no zero; fill what a join or map leaves empty; predict(X) "
            "for rows with gaps",
            repairable=False,
        )


class WrongNumberOfPredictions:
    """There is another number of predictions than rows or classes.

    Evidence: status ``bad_result`` with the two shapes. Remedy: one prediction per row, none dropped; one column per
    class, also for a class that is rare. Not repairable without a model.
    """

    code = "OCT404"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if the shape is not the one that was asked for."""
        found = _SHAPE.match(outcome.reason) if outcome.status == "bad_result" else None
        if found is None:
            return None
        rows = found[1].strip("()").split(",")[0] == found[2].strip("()").split(",")[0]
        return crash(
            self.code,
            "another number of predictions than asked for",
            outcome,
            cause=f"{found[1]} came, {found[2]} is expected"
            + (": not one column per class" if rows else ": rows were dropped or added"),
            remedy="predict_proba gives one column per class, predict one number per row"
            if rows
            else "drop no rows in transform or predict: fill gaps, do not filter",
            repairable=False,
        )


class NoProbabilities:
    """What is given for probabilities is none: outside 0 … 1, or rows that do not sum to 1.

    Evidence: status ``bad_result`` with the range or the sum. Remedy: the model's own ``predict_proba``, or a
    calibrated one; a softmax over scores, rows divided by their sum. Not repairable without a model.
    """

    code = "OCT405"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if probabilities are out of range."""
        if outcome.status != "bad_result" or not _NO_PROBABILITIES.match(outcome.reason):
            return None
        return crash(
            self.code,
            "no probabilities",
            outcome,
            cause=outcome.reason,
            remedy="use the model's predict_proba or CalibratedClassifierCV; divide rows by their sum, clip to 0 … 1",
            repairable=False,
        )


class Unpicklable:
    """The fitted pipeline cannot be stored, or cannot be sent to a worker.

    Evidence: a pickling error, or a ``TypeError`` or ``AttributeError`` of that wording. Remedy: classes and functions
    at module level, no lambdas, no open files or locks in attributes. Not repairable without a model.
    """

    code = "OCT402"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if pickling failed."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        return crash(
            self.code,
            "the pipeline cannot be pickled",
            outcome,
            cause="it holds something that lives in this process only, such as a lambda, a local class, a file or a "
            f"lock: {' '.join(error.message.split())[:_PRINTED]}",
            remedy="define classes and functions at module level and keep open things out of attributes",
            repairable=False,
        )


def _labels(error: Raised) -> str:
    """Return the cause where labels are no class numbers."""
    return f"predict gave labels that are not the class numbers 0 … K-1 ({' '.join(error.message.split())[:_PRINTED]})"
