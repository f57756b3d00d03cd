"""Crash rules about the script itself, and the one that speaks where no other does."""

from __future__ import annotations

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash
from octopus.rules.reading import raised
from octopus.rules.signs import explained

_SYNTAX_ERRORS = frozenset({"SyntaxError", "IndentationError", "TabError"})
_PRINTED = 160


class InvalidSyntax:
    """The script does not parse.

    Evidence: refused before it ran, or a ``SyntaxError`` while it was loaded. Remedy: write the line again; cut the
    script where a reply ended early. Not repairable without a model: the playbook's scripts parse.
    """

    code = "OCT101"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if the failure is a syntax error of the script."""
        failure = outcome.failure
        if failure is None or failure.type not in _SYNTAX_ERRORS or outcome.stage not in ("check", "start", "load"):
            return None
        return crash(
            self.code,
            "the script does not parse",
            outcome,
            cause="Python cannot read the source",
            remedy="write the line that the message names again; a reply that was cut off must be shorter",
            repairable=False,
        )


class NoPipeline:
    """The script defines no usable ``build_pipeline``.

    Evidence: refused before it ran for that reason, or what it returned is no estimator. Remedy: define
    ``build_pipeline()`` without arguments, returning an unfitted estimator. Not repairable without a model: the
    playbook's scripts have one.
    """

    code = "OCT102"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if the entry point is missing or returns no estimator."""
        message = outcome.failure.message if outcome.failure else ""
        refused = outcome.status == "rejected" and "build_pipeline" in outcome.reason
        in_script = outcome.failure is not None and bool(outcome.failure.frames)
        returned = (
            outcome.stage in ("load", "build") and not in_script and "build_pipeline" in f"{outcome.reason} {message}"
        )
        if not (refused or returned):
            return None
        return crash(
            self.code,
            "no usable build_pipeline",
            outcome,
            cause=(message or outcome.reason).partition(": ")[0][:_PRINTED],
            remedy="define build_pipeline() at module level, without arguments, and return the pipeline itself: not "
            "fitted, not a class, not None",
            repairable=False,
        )


class NoResult:
    """The process ended without predictions and without an exception.

    Evidence: status ``no_result``, or a ``SystemExit``; usually the script called ``sys.exit`` or ``os._exit``. Remedy:
    leave the ending to the runner. Not repairable without a model: the playbook's scripts never end the process.
    """

    code = "OCT103"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if the process ended before it delivered."""
        if outcome.status != "no_result" and explained(self.code, outcome, script, profile) is None:
            return None
        ends = next((call for call in ("os._exit", "sys.exit", "quit(", "exit(") if call in script.source), None)
        return crash(
            self.code,
            "ended without a result",
            outcome,
            cause=f"the script calls {ends.rstrip('(')}" if ends else "the process ended before it had predicted",
            remedy="return from build_pipeline and let fit and predict come to their end; never end the process",
            repairable=False,
        )


class ChangedTable:
    """The script changed the table that all scripts share.

    Evidence: status ``tampered``: the file is no longer the one that was handed out. Remedy: change a copy; ``fit``
    gets one. Not repairable without a model: the playbook's scripts open no file.
    """

    code = "OCT109"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if the shared table is not what it was."""
        if outcome.status != "tampered":
            return None
        return crash(
            self.code,
            "the shared table was changed",
            outcome,
            cause=outcome.reason or "the file of the features is not the one that was handed out",
            remedy="open no files; work on the table that fit and predict are given, or on a copy of it",
            repairable=False,
        )


class Unexplained:
    """Any failure that no other rule explains.

    Evidence: type, message and line of the exception, or status and stage. An exception that the script raises in
    words of its own belongs here, whatever they sound like. Remedy: read the line. Not repairable without a model:
    where nothing is known, another family is the better try.
    """

    code = "OCT199"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return a diagnosis by type and stage alone for every failure."""
        if outcome.status == "ok":
            return None
        what = outcome.failure.type if outcome.failure else outcome.status.replace("_", " ")
        return crash(
            self.code,
            f"{what} in {outcome.stage}",
            outcome,
            cause=outcome.reason or _own_words(outcome, script, profile) or "no rule knows this failure",
            remedy="look at the line that the evidence names; if it says nothing, try another idea",
            repairable=False,
        )


def _own_words(outcome: Outcome, script: Script, profile: Profile) -> str:
    """Return the cause of an exception that the script raised in words of its own; else an empty text."""
    error = raised(outcome, script, profile)
    if error is None or not error.in_own_words:
        return ""
    return f"the script raises it itself, in line {error.number}: {error.line[:_PRINTED]}"
