"""What is wrong with the cells: what a person would clean before the first model.

=======  ==========================================================================================
code     finding
=======  ==========================================================================================
OCT708   the group's own column is not a feature: new groups have new names
OCT711   numbers stored as text
OCT712   dates stored as text
OCT713   an identifier: names the row, says nothing of it
OCT714   one value in every row
OCT715   no value in any row
OCT716   missing in more than half of the rows
=======  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from octopus.findings.columns import ColumnReading
from octopus.findings.structure import overruled
from octopus.records import ColumnProfile, Finding

GROUP_NAME = "OCT708"
NUMBERS_AS_TEXT, DATES_AS_TEXT, IDENTIFIER = "OCT711", "OCT712", "OCT713"
CONSTANT, EMPTY, MOSTLY_MISSING = "OCT714", "OCT715", "OCT716"
#: From here on a column says less by its values than by its gaps.
_MOSTLY_MISSING = 0.5
#: Columns that one sentence names.
_NAMED_COLUMNS = 5


def find_in_column(reading: ColumnReading, role: str | None) -> tuple[Finding, ...]:
    """Return what is to be said of the kind of one column.

    Parameters
    ----------
    reading : ColumnReading
        The column.
    role : str or None
        What the user says of it; nothing is said of a column that is ignored.

    Returns
    -------
    tuple of Finding
        Numbers or dates as text, identifier.
    """
    found = None if role == "ignore" else _kind_finding(reading)
    return () if found is None else (found,)


def find_over_columns(columns: Sequence[ColumnProfile], ignored: Iterable[str]) -> tuple[Finding, ...]:
    """Return what many columns can share, one finding for all of them.

    Parameters
    ----------
    columns : sequence of ColumnProfile
        Every column.
    ignored : iterable of str
        Columns of which nothing is said.

    Returns
    -------
    tuple of Finding
        Constant, empty, mostly missing.
    """
    left_out = set(ignored)
    seen = [column for column in columns if column.name not in left_out]
    constant = [c for c in seen if c.kind == "constant"]
    empty = [c for c in seen if c.kind == "empty"]
    gaps = [c for c in seen if c.kind != "empty" and c.missing_fraction > _MOSTLY_MISSING]
    shares = ", ".join(f"{c.name} {c.missing_fraction:.0%}" for c in gaps[:_NAMED_COLUMNS])
    found = (
        _together(CONSTANT, constant, "the same value in every row", "1 distinct value", "unused"),
        _together(EMPTY, empty, "no value in any row", "100 % missing", "unused"),
        _together(MOSTLY_MISSING, gaps, "more gaps than values", f"missing: {shares}", "noted"),
    )
    return tuple(finding for finding in found if finding is not None)


def group_name_finding(name: str) -> Finding:
    """Return the finding that the group's own column is no feature.

    Parameters
    ----------
    name : str
        The column.

    Returns
    -------
    Finding
        What was done and how to overrule it.
    """
    return Finding(
        code=GROUP_NAME,
        columns=(name,),
        message=f"{name} names the group, and rows to predict belong to new ones",
        evidence="whole groups are held out, so that none of its values is seen in fit and scoring alike",
        confidence="certain",
        action="unused",
        overrule=overruled(name),
    )


def _kind_finding(reading: ColumnReading) -> Finding | None:
    profile, name = reading.profile, reading.profile.name
    if profile.kind == "number_as_text":
        code, message, action = NUMBERS_AS_TEXT, f"holds numbers as text ({_example(reading)})", "read as numbers"
    elif profile.kind == "datetime" and "datetime" not in profile.dtype:
        code, message, action = DATES_AS_TEXT, f"holds dates as text ({_example(reading)})", "read as dates"
    elif profile.kind == "identifier":
        code, message, action = IDENTIFIER, "names every row", "unused"
    else:
        return None
    return Finding(
        code=code,
        columns=(name,),
        message=f"{name} {message}",
        evidence=f"{profile.n_unique:,} distinct values in {int(reading.counts.sum()):,} rows",
        confidence="certain",
        action=action,
        overrule=overruled(name) if code == IDENTIFIER else f"columns={{{name!r}: 'categorical'}}",
    )


def _example(reading: ColumnReading) -> str:
    """Return the most frequent value, short: one, and the least personal there is."""
    return repr(str(reading.values[int(np.argmax(reading.counts))])[:30])


def _together(code: str, columns: Sequence[ColumnProfile], what: str, evidence: str, action: str) -> Finding | None:
    if not columns:
        return None
    names = [column.name for column in columns]
    rest = f" and {len(names) - _NAMED_COLUMNS} more columns" if len(names) > _NAMED_COLUMNS else ""
    return Finding(
        code=code,
        columns=tuple(names),
        message=f"{', '.join(names[:_NAMED_COLUMNS])}{rest} {'has' if len(names) == 1 else 'have'} {what}",
        evidence=evidence,
        confidence="certain",
        action=action,
        overrule=overruled(names[0]) if code == CONSTANT else "",
    )
