"""Crash rules about data that are not what the script took them for: texts, numbers, gaps, categories, columns."""

from __future__ import annotations

import re

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash
from octopus.rules.reading import listed, nearest, quoted
from octopus.rules.signs import explained

_LEVELS = re.compile(
    r"unknown categories \[(.*)\] in column (\S+)|unseen labels: (.*)|new category \((.*?)\)", re.DOTALL
)


class TextForNumber:
    """Text, or a date, stands where a number was expected.

    Evidence: the messages of float conversion, of dtype checks and of arithmetic with texts or dates. Remedy: read
    numbers out of text, encode categories, split dates: inside the pipeline.
    """

    code = "OCT301"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if a column has another type than the script takes it for."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        texts = [c.name for c in profile.columns if c.used and not c.dtype.startswith(("float", "int", "bool"))]
        values = [value for value in quoted(error.message)[:1] if "could not convert" in error.message]
        named = f" (columns that hold no numbers: {listed(texts)})" if texts else ""
        return crash(
            self.code,
            "text where a number was expected",
            outcome,
            cause=f"a column of texts or dates reached a step that takes numbers{named}"
            + (f"; the first such value is {values[0]!r}" if values else ""),
            remedy="read numbers out of text, encode categories, split dates into parts, all inside the pipeline",
            repairable=True,
        )


class MissingColumn:
    """The script asks for a column that the table does not have.

    Evidence: a ``KeyError`` out of an index of pandas or of a call that takes columns, or pandas' and
    ColumnTransformer's words for it; a key that a mapping of the script lacks is none. Remedy: the nearest names that
    exist. Not repairable without a model: the playbook takes names from the profile.
    """

    code = "OCT302"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if a column was not found."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        names = error.columns
        asked = [name for name in quoted(error.message) if name != "DataFrame"] or [error.message]
        gone = [name for name in asked if name in names]
        near = nearest(asked, names)
        if gone:
            cause, remedy = "was dropped by an earlier step", "keep it until here, or use it before it is dropped"
        else:
            cause = "is not in the table"
            remedy = f"use {' or '.join(map(repr, near))}" if near else f"use columns of the table: {listed(names, 12)}"
        return crash(
            self.code,
            "a column is missing",
            outcome,
            cause=f"{(gone or asked)[0]!r} {cause}",
            remedy=f"{remedy}; the target is not among the columns",
            repairable=False,
        )


class NotFinite:
    """Missing or infinite values reached a step that does not take them.

    Evidence: the messages of scikit-learn's, numpy's and pandas' checks. Remedy: impute inside the pipeline, or a
    model that takes NaN; look for a division or logarithm of one's own.
    """

    code = "OCT303"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if NaN or infinity was refused."""
        if explained(self.code, outcome, script, profile) is None:
            return None
        gaps = [c.name for c in profile.columns if c.used and c.missing_fraction > 0]
        return crash(
            self.code,
            "missing or infinite values",
            outcome,
            cause=f"columns with gaps: {listed(gaps, 8)}"
            if gaps
            else "no column has gaps: look for a division or a logarithm in the script",
            remedy="impute inside the pipeline, or use a model that takes NaN; replace infinities by NaN",
            repairable=True,
        )


class UnseenCategory:
    """A value turns up that the fitted encoding does not know.

    Evidence: the words of scikit-learn's encoders and of pandas' categoricals, or a lookup of a value that fails
    only when it predicts. Remedy: an encoder that takes unknown values; never one of labels for features.
    """

    code = "OCT304"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if a category was not there in fit."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        found = _LEVELS.search(error.message)
        values = next((part for part in found.groups() if part), "") if found else repr(error.key)
        where = f" in column {found[2]} of that step" if found and found[2] else ""
        return crash(
            self.code,
            "an unseen category",
            outcome,
            cause=f"{values[:120]}{where} was not among the levels that fit saw",
            remedy="OneHotEncoder(handle_unknown='ignore'), OrdinalEncoder(handle_unknown='use_encoded_value', "
            "unknown_value=-1), or map(…) with a value for the rest; add a level before it fills a categorical",
            repairable=True,
        )


class TextExpected:
    """A number or a gap stands where text or a date was expected.

    Evidence: pandas' words for ``.str`` and ``.dt`` on another type, a method of texts that a float lacks (a gap in a
    column of texts is a float), a document that is missing. Remedy: fill the gaps and make texts of the column first.
    """

    code = "OCT313"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if an operation on texts met something else."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        gaps = [
            c.name
            for c in profile.columns
            if c.missing_fraction > 0 and not c.dtype.startswith(("float", "int", "bool"))
        ]
        dates = ".dt accessor" in error.message
        return crash(
            self.code,
            "text or a date was expected",
            outcome,
            cause="a column of texts is used as dates before it was read as such"
            if dates
            else f"a number or a gap reached an operation on texts (texts with gaps: {listed(gaps)})"
            if gaps
            else "a column of numbers reached an operation on texts",
            remedy="pandas.to_datetime(column, errors='coerce') first, inside the pipeline"
            if dates
            else "fillna('').astype(str) first, inside the pipeline",
            repairable=True,
        )
