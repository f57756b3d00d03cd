"""Crash rules about values: labels that a model does not take, numbers that diverge, writes that are refused."""

from __future__ import annotations

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash
from octopus.rules.reading import Raised, listed
from octopus.rules.signs import explained

_PRINTED = 200


class LabelError:
    """The model, or a metric in the script, does not take this target.

    Evidence: the words of scikit-learn and LightGBM for one class only, classes that are not 0 … K-1, a continuous
    target in a classifier, a negative one under a logarithm or a count loss. Remedy: a model for this kind of target,
    a split that keeps every class, a transformation that its values allow. Not repairable by a variation: what one
    recipe of a family does not take its others do not take either, so that another family is tried.
    """

    code = "OCT307"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if the target was refused."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        cause, remedy = _reading_of_labels(error)
        return crash(
            self.code, "the target is not one for this model", outcome, cause=cause, remedy=remedy, repairable=False
        )


class NumericDivergence:
    """The numbers ran away: an overflow, a singular matrix, a fit that does not converge.

    Evidence: ``LinAlgError``, ``FloatingPointError``, ``OverflowError``, a logarithm of nothing, the words of mixtures
    and of stochastic gradients. Remedy: scale the features, regularise, learn slower, take ``log1p`` of what is large.
    Not repairable by a variation: another family, which does not solve for a matrix, is tried.
    """

    code = "OCT309"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if arithmetic failed."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        gaps = [c.name for c in profile.columns if c.used and c.missing_fraction > 0]
        solves = "converge" in error.message and error.type == "LinAlgError" and gaps
        where = f" in line {error.number}: {error.line[:_PRINTED]}" if error.line else ""
        return crash(
            self.code,
            "the numbers diverge",
            outcome,
            cause=f"{error.type}: {' '.join(error.message.split())[:_PRINTED]}{where}"
            + (f" (columns with gaps: {listed(gaps)})" if solves else ""),
            remedy="scale the features, drop columns that repeat others, regularise more, learn slower; log1p "
            "of what is large, "
            "clipped before exp and log",
            repairable=False,
        )


class RefusedWrite:
    """A value is written where it cannot go: into read-only memory, or into a column of another type.

    Evidence: numpy's words for read-only arrays (what ``.values`` and ``.to_numpy()`` give since pandas 3) and for
    casts, pandas' for a value that its dtype does not hold. Remedy: write into a copy of the right type. Not
    repairable without a model.
    """

    code = "OCT310"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if a write was refused."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        frozen = "read-only" in error.message or "WRITEABLE" in error.message
        where = f" in line {error.number}: {error.line[:_PRINTED]}" if error.line else ""
        message = " ".join(error.message.split())[:_PRINTED] or "the column's type does not hold that value"
        return crash(
            self.code,
            "a write that is refused",
            outcome,
            cause=f"{'the array is a read-only view of the table' if frozen else message}{where}",
            remedy="X.to_numpy(copy=True), or numpy.where in place of a write"
            if frozen
            else "astype(object) or astype(float) before it is written, or a fill value of the column's own type",
            repairable=False,
        )


def _reading_of_labels(error: Raised) -> tuple[str, str]:
    """Return cause and remedy of a target that was refused, by its wording."""
    message = " ".join(error.message.split())[:_PRINTED]
    if "class" in message and any(
        words in message for words in ("only one", "1 class", "at least 2", "greater than one")
    ):
        return (
            f"only one class is left: {message}",
            "split so that every class stays (stratify=y), and filter no rows by class",
        )
    if message.startswith(("Input y contains", "Input contains")):
        return (
            f"{message.rstrip('.')}: the target was clean, so its transformation made gaps or infinities",
            "log1p only where every value is above -1; else a Yeo-Johnson PowerTransformer, or none",
        )
    if any(words in message for words in ("range of the loss", "requires", "target label is negative")):
        return (
            f"{message}: the loss takes no values of that sign",
            "a squared or absolute loss; Poisson, gamma need y > 0",
        )
    if message.startswith("Unknown label type"):
        return (
            f"{message.partition('.')[0]}: a classifier got numbers",
            "a regressor, or classes made of the target first",
        )
    return message, "leave y as it comes: classes are 0 … K-1, numbers are floats; use a metric for this kind of target"
