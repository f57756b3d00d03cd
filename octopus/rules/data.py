"""Crash rules about data that are not what the script took them for: texts, numbers, gaps, categories, columns."""

from __future__ import annotations

import re

from octopus.records import ColumnProfile, Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash
from octopus.rules.reading import Raised, columns_meant, described, is_number, nearest, quoted
from octopus.rules.signs import explained

_LEVELS = re.compile(
    r"unknown categories \[(.*)\] in column (\S+)|unseen labels: (.*)|new category \((.*?)\)", re.DOTALL
)
_DATES = re.compile(r"DateTime64|Timestamp|Timedelta|datetime|Datetime|DatetimeArray")
_UNREADABLE = re.compile(r"could not convert|Unable to parse|invalid literal|Failed to parse")
_INFINITE = re.compile(r"infinity|infs\b|too large")


class TextForNumber:
    """Text, or a date, stands where a number was expected.

    Evidence: the messages of float conversion, of dtype checks and of arithmetic with texts or dates. Remedy: read
    numbers out of text, encode categories, split dates: inside the pipeline. Repairable: the same script is written
    again, with every number read as if it were text.
    """

    code = "OCT301"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if a column has another type than the script takes it for."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        columns = _no_numbers(error, profile)
        value = next(iter(quoted(error.message)), "") if _UNREADABLE.search(error.message) else ""
        return crash(
            self.code,
            "text where a number was expected",
            outcome,
            cause="a column of texts or dates reached a step that takes numbers: "
            + (described(columns) or "the script makes it")
            + (f"; the first such value is {value!r}" if value else ""),
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
        asked = [name for name in quoted(error.message) if name not in ("DataFrame", "str")] or [error.message]
        gone = [name for name in asked if name in error.columns]
        near = nearest(asked, error.columns)
        columns = [column for column in profile.columns if column.name in near]
        if gone:
            cause, remedy = "was dropped by an earlier step", "keep it until here, or use it before it is dropped"
        else:
            cause = "is not in the table"
            remedy = (
                f"use {described(columns)}" if near else f"use columns of the table: {described(profile.columns, 12)}"
            )
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
    model that takes NaN; look for a division or logarithm of one's own. Repairable: the same script is written again,
    with every number read as if it were text and every gap filled.
    """

    code = "OCT303"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if NaN or infinity was refused."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        infinite = _INFINITE.search(error.message) is not None and "NaN" not in error.message
        gaps = [c for c in columns_meant(error, profile) or profile.columns if c.used and c.missing_fraction > 0]
        made = "a division, a logarithm or an exponential of the script makes"
        return crash(
            self.code,
            "missing or infinite values",
            outcome,
            cause=f"{made} infinite values: the table has none"
            if infinite
            else f"columns with gaps: {described(gaps, 8)}"
            if gaps
            else f"no column has gaps: {made} them",
            remedy="replace infinities by NaN, then impute, or bound the divisor"
            if infinite
            else "impute inside the pipeline, or use a model that takes NaN; replace infinities by NaN",
            repairable=True,
        )


class UnseenCategory:
    """A value turns up that the fitted encoding does not know.

    Evidence: the words of scikit-learn's encoders and of pandas' categoricals, or a lookup of a value that fails
    only when it predicts. Remedy: an encoder that takes unknown values; never one of labels for features. Not
    repairable without a model: the playbook's encoders take unknown values.
    """

    code = "OCT304"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if a category was not there in fit."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        found = _LEVELS.search(error.message)
        values = next((part for part in found.groups() if part), "") if found else repr(error.key)
        columns = columns_meant(error, profile)
        place = f" in column {found[2]} of that step" if found and found[2] else ""
        return crash(
            self.code,
            "an unseen category",
            outcome,
            cause=f"{values[:120]}{f' of {described(columns)}' if columns else place} was not among the levels that "
            "fit saw",
            remedy="OneHotEncoder(handle_unknown='ignore'), OrdinalEncoder(handle_unknown='use_encoded_value', "
            "unknown_value=-1), or map(…) with a value for the rest; add a level before it fills a categorical",
            repairable=False,
        )


class TextExpected:
    """A number or a gap stands where text or a date was expected.

    Evidence: pandas' words for ``.str`` and ``.dt`` on another type, a method of texts that a float lacks (a gap in a
    column of texts is a float), a document that is missing. Remedy: fill the gaps and make texts of the column first.
    Not repairable without a model: the playbook's blocks do so.
    """

    code = "OCT313"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if an operation on texts met something else."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        meant = columns_meant(error, profile)
        gaps = [c for c in meant or profile.columns if c.missing_fraction > 0 and not is_number(c)]
        if dates := ".dt accessor" in error.message:
            cause = f"a column of texts is used as dates before it was read as such: {described(meant)}"
        elif gaps:
            cause = f"a number or a gap reached an operation on texts; texts with gaps: {described(gaps)}"
        else:
            cause = f"a column of numbers or dates reached an operation on texts: {described(meant)}"
        return crash(
            self.code,
            "text or a date was expected",
            outcome,
            cause=cause.removesuffix(": "),
            remedy="pandas.to_datetime(column, errors='coerce') first, inside the pipeline"
            if dates
            else "fillna('').astype(str) first, inside the pipeline",
            repairable=False,
        )


def _no_numbers(error: Raised, profile: Profile) -> list[ColumnProfile]:
    """Return the columns that may have been taken for numbers: those that the exception means, else all."""
    others = [column for column in profile.columns if column.used and not is_number(column)]
    meant = [column for column in columns_meant(error, profile) if not is_number(column)]
    dates = [column for column in others if column.dtype.startswith("datetime")] if _DATES.search(error.message) else []
    return meant or dates or others
