"""Crash rules about plain faults of a script: files that are not there, and errors of logic."""

from __future__ import annotations

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash
from octopus.rules.reading import quoted
from octopus.rules.signs import explained

#: What each type says, in words; the message follows.
_IN_WORDS = {
    "NameError": "a name is used that is nowhere defined",
    "UnboundLocalError": "a variable is read before it is set",
    "IndexError": "a position lies beyond the end",
    "KeyError": "a mapping of the script has no such key",
    "ZeroDivisionError": "a division by zero",
    "AssertionError": "an assertion of the script does not hold",
    "RecursionError": "a function calls itself without an end",
    "StopIteration": "there is no next element",
    "NotImplementedError": "a part was left out",
    "MergeError": "the tables cannot be joined that way",
    "AttributeError": "an object has no such attribute",
    "UnicodeDecodeError": "bytes that are no text in this encoding",
}
_PRINTED = 160


class FilePath:
    """The script reads or writes a file that it cannot have.

    Evidence: ``FileNotFoundError``, ``PermissionError`` and their kin. Remedy: a script gets its data through ``fit``
    and ``predict``; it reads no file. Not repairable without a model: the playbook's scripts open none.
    """

    code = "OCT106"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if a file was out of reach."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        path = (quoted(error.message) or ["a path"])[-1]
        return crash(
            self.code,
            "a file is out of reach",
            outcome,
            cause=f"{path!r} is not there for the script, or not to be written",
            remedy="read no files: the table comes through fit(X, y) and predict(X), and what fit needs later "
            "is kept in "
            "attributes",
            repairable=False,
        )


class LogicError:
    """A plain error of logic in the script.

    Evidence: ``NameError``, ``IndexError``, ``ZeroDivisionError`` and their kin, where no rule with a closer cause
    knows the message; the line stands with them. Remedy: read that line. Not repairable without a model: the
    playbook's scripts are tested.
    """

    code = "OCT107"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if the script itself is at fault."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        words = _IN_WORDS.get(error.type, "an operation that these objects do not have")
        where = f"line {error.number}: {error.line[:_PRINTED]}" if error.line else "the call that the message names"
        message = " ".join(error.message.split())[:_PRINTED]
        return crash(
            self.code,
            "an error of logic",
            outcome,
            cause=f"{words}{f' ({message})' if message else ''} in {where}",
            remedy=f"correct {where}",
            repairable=False,
        )
