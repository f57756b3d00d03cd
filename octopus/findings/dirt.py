"""What is wrong with the cells: what a person would clean before the first model.

=======  ==========================================================================================
code     finding
=======  ==========================================================================================
OCT706   rows whose features are copies of another row's
OCT707   training rows that are in the given holdout, too
OCT708   the group's own column is not a feature: new groups have new names
OCT711   numbers stored as text
OCT712   dates stored as text
OCT713   an identifier: names the row, says nothing of it
OCT714   one value in every row
OCT715   no value in any row
OCT716   missing in more than half of the rows
OCT717   a code such as -999 that stands for a missing value
OCT718   one label in several spellings
=======  ==========================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from octopus.dataset import Rows
from octopus.findings.columns import ColumnReading, names_every_row
from octopus.findings.structure import overruled
from octopus.findings.text import distinct
from octopus.records import ColumnProfile, Finding

COPIES, OVERLAP, GROUP_NAME = "OCT706", "OCT707", "OCT708"
NUMBERS_AS_TEXT, DATES_AS_TEXT, IDENTIFIER = "OCT711", "OCT712", "OCT713"
CONSTANT, EMPTY, MOSTLY_MISSING, SENTINEL, SPELLINGS = "OCT714", "OCT715", "OCT716", "OCT717", "OCT718"
#: From here on a column says less by its values than by its gaps.
_MOSTLY_MISSING = 0.5
#: A code repeats, and lies further from the rest than the rest is wide.
_SENTINEL_SHARE, _MIN_OTHER_VALUES = 0.01, 10
_SENTINEL_SHAPE = re.compile(r"-?9{2,}|-8{2,}|-7{2,}|-1")
#: Labels that are compared for their spelling; more are names or text.
_MAX_LABELS = 1000
#: Columns that one sentence names.
_NAMED_COLUMNS = 5
#: Coincidences among rows of few coarse columns are no copies: that many times the pairs that independent columns
#: would give still count as coincidence, and so does one row that makes up a twentieth of the table.
_COINCIDENCE, _MAX_COPY_SHARE = 10.0, 0.05


def find_copies(table: pd.DataFrame, ignored: Iterable[str]) -> Rows:
    """Return which rows are copies of one another: their features are identical.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_features)
        The rows.
    ignored : iterable of str
        Columns that do not count. Identifiers of rows do not count either.

    Returns
    -------
    ndarray of shape (n_rows,), int64
        The same number for copies; -1 for rows without a copy.
    """
    left_out = set(ignored)
    # Numbers first: they are cheap to compare and tell most rows apart, so that little is left for the texts.
    names = sorted((n for n in table.columns if n not in left_out), key=lambda n: table[n].dtype.kind == "O")
    rows, copies = np.arange(len(table)), np.zeros(len(table), dtype=np.int64)
    n_compared = 0
    for name in names:
        if not len(rows):
            break
        if names_every_row(name, table[name]):
            continue
        n_compared += 1
        codes, values = distinct(table[name].iloc[rows])
        _, copies, counts = np.unique(copies * (len(values) + 1) + codes + 1, return_inverse=True, return_counts=True)
        kept = counts[copies] > 1
        rows, copies = rows[kept], copies[kept]
    found: Rows = np.full(len(table), -1, dtype=np.int64)
    if n_compared:
        found[rows] = np.unique(copies, return_inverse=True)[1]
    return found


def are_coincidences(table: pd.DataFrame, copies: Rows, ignored: Iterable[str]) -> bool:
    """Return whether identical rows are what so coarse a table has to hold anyway.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_features)
        The rows.
    copies : ndarray of shape (n_rows,), int64
        From :func:`find_copies`.
    ignored : iterable of str
        Columns that do not count.

    Returns
    -------
    bool
        Whether there are at most ten times the identical pairs that independent columns would give, n(n-1)/2 times
        the product of each column's chance that two rows agree, or one row makes up a twentieth of the table.
    """
    sizes = np.bincount(copies[copies >= 0]).astype(np.float64)
    if not len(sizes):
        return False
    n_rows = len(table)
    if sizes.max() > max(2.0, _MAX_COPY_SHARE * n_rows):
        return True
    expected = n_rows * (n_rows - 1) / 2
    for name in set(table.columns) - set(ignored):
        codes, _ = distinct(table[name])
        counts = np.bincount(codes + 1).astype(np.float64)
        if counts.max() > 1:  # a column that names every row tells nothing of its features
            expected *= float(np.sum(counts * (counts - 1)) / (n_rows * (n_rows - 1)))
    return bool(np.sum(sizes * (sizes - 1) / 2) <= _COINCIDENCE * expected)


def copies_finding(copies: Rows, n_contradicting: int, kept_together: bool) -> Finding:
    """Return the finding that rows are copies of one another.

    Parameters
    ----------
    copies : ndarray of shape (n_rows,), int64
        From :func:`find_copies`.
    n_contradicting : int
        Sets of copies whose targets differ.
    kept_together : bool
        Whether they were put into one group, or taken for coincidence.

    Returns
    -------
    Finding
        With the counts.
    """
    n_sets = int(copies.max()) + 1
    n_copies = int(np.sum(copies >= 0)) - n_sets
    return Finding(
        code=COPIES,
        message=f"{n_copies:,} {'row has' if n_copies == 1 else 'rows have'} the same features as an earlier row",
        evidence=f"{n_copies:,} of {len(copies):,} rows; sets of copies: {n_sets:,}, with different targets: "
        f"{n_contradicting:,}",
        confidence="certain",
        action="kept together in holdout and folds" if kept_together else "noted: so few values must coincide",
    )


def overlap_finding(n_shared: int, n_rows: int, n_holdout: int) -> Finding:
    """Return the finding that rows of the given holdout are training rows, too.

    Parameters
    ----------
    n_shared : int
        Holdout rows whose features are those of a training row.
    n_rows, n_holdout : int
        Training rows and holdout rows.

    Returns
    -------
    Finding
        With the counts.
    """
    return Finding(
        code=OVERLAP,
        message=f"{n_shared:,} rows of the given holdout have the features of a training row: its score flatters",
        evidence=f"{n_shared:,} of {n_holdout:,} holdout rows, {n_rows:,} training rows",
        confidence="certain",
        action="noted",
        overrule="give X_holdout without rows of X",
    )


def find_in_column(reading: ColumnReading, role: str | None) -> tuple[Finding, ...]:
    """Return what is wrong with the cells of one column.

    Parameters
    ----------
    reading : ColumnReading
        The column.
    role : str or None
        What the user says of it; nothing is said of a column that is ignored.

    Returns
    -------
    tuple of Finding
        Numbers or dates as text, identifier, sentinel codes, spellings.
    """
    if role == "ignore":
        return ()
    profile = reading.profile
    found = [_kind_finding(reading)]
    if profile.kind == "numeric":
        found.append(_sentinel(reading))
    if profile.kind == "categorical":
        found.append(_spellings(reading))
    return tuple(finding for finding in found if finding is not None)


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


def _sentinel(reading: ColumnReading) -> Finding | None:
    """Return the finding of a repeated 9, 99, -999 … at an end of the range, with a gap wider than the rest."""
    if len(reading.values) <= _MIN_OTHER_VALUES:
        return None
    values = reading.values.to_numpy(dtype=np.float64)
    order = np.argsort(values)
    for end, rest in ((order[0], order[1:]), (order[-1], order[:-1])):
        code, others = values[end], values[rest]
        gap, width = min(abs(code - others[0]), abs(code - others[-1])), others[-1] - others[0]
        repeats = reading.counts[end] >= max(2.0, _SENTINEL_SHARE * reading.n_rows)
        if repeats and gap > width and _SENTINEL_SHAPE.fullmatch(f"{code:.0f}") and code == round(code):
            name = reading.profile.name
            return Finding(
                code=SENTINEL,
                columns=(name,),
                message=f"{name} holds {code:.0f} where a value seems to be missing",
                evidence=f"{reading.counts[end]:,} rows; all others lie between {others[0]:.4g} and {others[-1]:.4g}",
                confidence="certain",
                action="noted",
                overrule="replace it by NaN before fit",
            )
    return None


def _spellings(reading: ColumnReading) -> Finding | None:
    """Return the finding of labels that are one but for case and blanks."""
    if not 1 < len(reading.values) <= _MAX_LABELS or reading.values.dtype.kind == "f":
        return None
    by_label: dict[str, list[str]] = {}
    for value in reading.values:
        by_label.setdefault(" ".join(str(value).casefold().split()), []).append(str(value))
    variants = [spellings for spellings in by_label.values() if len(spellings) > 1]
    if not variants:
        return None
    name = reading.profile.name
    return Finding(
        code=SPELLINGS,
        columns=(name,),
        message=f"{name} writes {len(variants)} labels in more than one way (such as {variants[0][-1][:30]!r})",
        evidence=f"{len(reading.values)} spellings of {len(by_label)} labels",
        confidence="certain",
        action="noted",
        overrule="write them alike before fit",
    )


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
