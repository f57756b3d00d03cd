"""Crash rules about data that are not what the script took them for.

Message patterns were collected from failures of scikit-learn, LightGBM and pandas 2 and 3; the type alone does not tell
these apart (a text column gives ValueError, TypeError or DTypePromotionError).
"""

from __future__ import annotations

import difflib
import re

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash

_TEXT = re.compile(
    r"could not convert string|bad pandas dtypes|pandas dtypes must be int, float or bool|unable to parse string"
    r"|with string dtype|dtype 'str' does not support|does not support operation '(?:mean|sum|std|var|median)'"
    r"|invalid literal for (?:int|float)|unsupported operand type\(s\).*'str'|not supported between instances of"
    r".*'str'|Cannot convert .* to (?:float|numeric)|could not be promoted",
    re.IGNORECASE | re.DOTALL,
)
_MISSING_COLUMN = re.compile(
    r"not in index|are in the \[columns\]"
    r"|not found in axis|not in the \[columns\]|columns? (?:is|are) missing|not a column of the dataframe"
    r"|not columns of the dataframe|no column named",
    re.IGNORECASE,
)
_NOT_FINITE = re.compile(
    r"contains NaN|contains infinity|infinity or a value too large|input contains (?:nan|inf)|cannot convert NaN"
    r"|cannot convert (?:float )?(?:non-finite|infinity)|must not contain infs or NaNs",
    re.IGNORECASE,
)


class TextForNumber:
    """Text, or a date, stands where a number was expected.

    Evidence: the messages of float conversion, of dtype checks and of arithmetic with texts. Remedy: read numbers
    out of text, encode categories, split dates: inside the pipeline.
    """

    code = "OCT301"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if a column has another type than the script takes it for."""
        failure = outcome.failure
        if outcome.status != "error" or failure is None:
            return None
        if failure.type != "DTypePromotionError" and not _TEXT.search(failure.message):
            return None
        texts = [c.name for c in profile.columns if c.used and not c.dtype.startswith(("float", "int", "bool"))]
        named = f" (columns that hold no numbers: {', '.join(map(repr, texts[:8]))})" if texts else ""
        return crash(
            self.code,
            "text where a number was expected",
            outcome,
            cause=f"a column of texts or dates reached a step that takes numbers{named}",
            remedy="read numbers out of text, encode categories, split dates into parts, all inside the pipeline",
            repairable=True,
        )


class MissingColumn:
    """The script asks for a column that the table does not have.

    Evidence: a ``KeyError`` with a quoted name, or pandas' and ColumnTransformer's words for it. Remedy: the
    nearest names that exist. Not repairable without a model: the playbook takes names from the profile.
    """

    code = "OCT302"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if a column was not found."""
        failure = outcome.failure
        if outcome.status != "error" or failure is None:
            return None
        message = failure.message.strip('"')  # a KeyError shows the repr of its sentence
        bare_key = failure.type == "KeyError" and _is_column_like(message, script)
        if not bare_key and not (failure.type in ("KeyError", "ValueError") and _MISSING_COLUMN.search(message)):
            return None
        names = [column.name for column in profile.columns]
        asked = [a or b for a, b in re.findall(r"'([^']+)'|\"([^\"]+)\"", message)] or [message.strip("'\"")]
        near = [name for key in asked for name in difflib.get_close_matches(key, names, n=2)]
        made = [key for key in asked if key in names]
        return crash(
            self.code,
            "a column is missing",
            outcome,
            cause=f"{asked[0]!r} {'was dropped by an earlier step' if made else 'is not in the table'}",
            remedy=f"use {' or '.join(map(repr, near))}"
            if near and not made
            else "use columns of the table only; "
            "the target is not among them, and a dropped column is gone for later steps",
            repairable=False,
        )


class NotFinite:
    """Missing or infinite values reached a step that does not take them.

    Evidence: the messages of scikit-learn's and numpy's checks. Remedy: impute inside the pipeline, or a model that
    takes NaN; look for a division or logarithm of one's own.
    """

    code = "OCT303"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:  # noqa: ARG002
        """Return the diagnosis if NaN or infinity was refused."""
        failure = outcome.failure
        if outcome.status != "error" or failure is None or not _NOT_FINITE.search(failure.message):
            return None
        gaps = [c.name for c in profile.columns if c.used and c.missing_fraction > 0]
        named = f"columns with gaps: {', '.join(map(repr, gaps[:8]))}" if gaps else "no column has gaps: look for a "
        return crash(
            self.code,
            "missing or infinite values",
            outcome,
            cause=named + ("" if gaps else "division or a logarithm in the script"),
            remedy="impute inside the pipeline, or use a model that takes NaN; replace infinities by NaN",
            repairable=True,
        )


def _is_column_like(message: str, script: Script) -> bool:
    """Tell whether the key of a KeyError is a text that the script names, not a number or a tuple."""
    key = message.strip()
    quoted = len(key) > 1 and key[0] == key[-1] and key[0] in "'\""
    return quoted and key[1:-1] in script.source
