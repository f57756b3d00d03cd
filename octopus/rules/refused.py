"""Crash rules about what is refused before it runs: it has no business in a script, or would hide what went wrong."""

from __future__ import annotations

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash


def _is_refused(outcome: Outcome, kind: str) -> bool:
    return outcome.status == "rejected" and outcome.failure is not None and outcome.failure.type == kind


class OutOfBounds:
    """The script reaches for what has no business in it: processes, the network, files, the interpreter.

    Evidence: refused before it ran, with the line. Remedy: leave it out; data come from ``fit`` and ``predict`` alone.
    Not repairable without a model: the playbook's scripts reach for nothing.
    """

    code = "OCT110"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if the script was refused for what it reaches for."""
        if not _is_refused(outcome, "PolicyViolation"):
            return None
        return crash(
            self.code,
            "what has no business in a script",
            outcome,
            cause=outcome.reason,
            remedy="leave that line out: use only the tables that fit and predict are given, pandas, numpy and model "
            "libraries; no files, network, processes, exit or eval",
            repairable=False,
        )


class BlanketExcept:
    """Every exception around a fit or a prediction is caught and goes no further.

    Evidence: refused before it ran, with the line: such a handler would turn a failure into a poor score that nobody
    can explain. Remedy: let exceptions pass. Not repairable without a model: the playbook's scripts catch nothing.
    """

    code = "OCT111"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if the script was refused for a handler that hides failures."""
        if not _is_refused(outcome, "BlanketExcept"):
            return None
        return crash(
            self.code,
            "a handler that hides failures",
            outcome,
            cause=outcome.reason,
            remedy="take try and except away: a failure is shown to you with its line, and you may mend it; or catch "
            "the one type that you expect",
            repairable=False,
        )


class QuarantinedColumn:
    """The script uses a column that is quarantined, for it may know the answer.

    Evidence: refused before it ran, with the line. Remedy: use other columns, or ask for its release with a reason.
    Not repairable without a model: the playbook's scripts leave such columns out.
    """

    code = "OCT112"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if the script was refused for a quarantined column."""
        if not _is_refused(outcome, "QuarantinedColumn"):
            return None
        return crash(
            self.code,
            "a column that is quarantined",
            outcome,
            cause=outcome.reason,
            remedy="take the column out of the script; if it is known when the model is asked, answer ACTION: release "
            "with the reason instead",
            repairable=False,
        )


class SilentPandas:
    """An idiom of older versions of pandas that now does nothing and says nothing.

    Evidence: refused before it ran, with the line: a test for the type ``object``, which text columns do not have since
    pandas 3, or a change of a copy. Remedy: the idiom of today. Not repairable without a model: the playbook's scripts
    have none.
    """

    code = "OCT113"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if the script was refused for an idiom without effect."""
        if not _is_refused(outcome, "SilentPandas"):
            return None
        return crash(
            self.code,
            "an idiom of pandas that does nothing",
            outcome,
            cause=outcome.reason,
            remedy="pd.api.types.is_string_dtype(df[c]) in place of dtype == object; df[c] = df[c].fillna(v) in place "
            "of inplace=True; df.loc[rows, c] = v in place of df[c][rows] = v",
            repairable=False,
        )
