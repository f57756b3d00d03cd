"""All rows → training rows and sealed rows: split off first, whole groups, the latest where time matters.

What the split itself needs (groups, time order, copies) is read on the whole table, by
:mod:`octopus.findings.relations`; nothing else looks at it before the sealed rows are gone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from octopus.dataset import Dataset, Rows
from octopus.errors import HoldoutError
from octopus.findings.relations import Relations, find_overlap, number_more_groups, read_relations
from octopus.findings.structure import last_times, read_time
from octopus.records import Finding, Task

#: Below this a holdout decides nothing: the interval of an AUC of 0.8 on 50 rows is some 0.25 wide
#: (Hanley & McNeil, 1982, doi:10.1148/radiology.143.1.7063747).
MIN_ROWS, MIN_ROWS_PER_CLASS = 50, 5
#: How far the size of the latest rows may be off, where many rows share a date.
_SMALLEST, _LARGEST = 0.5, 2.0


class SealedHoldout:
    """The sealed rows. They can be looked at once.

    Parameters
    ----------
    data : Dataset
        The rows with their labels.
    """

    def __init__(self, data: Dataset) -> None:
        self._data: Dataset | None = data
        self._n_rows = len(data)

    @property
    def n_rows(self) -> int:
        """Number of sealed rows."""
        return self._n_rows

    def open(self) -> Dataset:
        """Hand out the rows, once.

        Returns
        -------
        Dataset
            The sealed rows.

        Raises
        ------
        HoldoutError
            They were handed out before.
        """
        data, self._data = self._data, None
        if data is None:
            raise HoldoutError(
                f"the holdout of {self._n_rows} rows was opened before: a second look would make its score a "
                "validation score. Start a new run for more search."
            )
        return data

    def __repr__(self) -> str:
        """Return the number of rows and nothing of what they hold."""
        return f"SealedHoldout(n_rows={self._n_rows}, {'sealed' if self._data is not None else 'opened'})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be copied or pickled: a copy could be opened a second time, or by another process."""
        raise HoldoutError(
            f"the holdout of {self._n_rows} rows was to be copied or pickled: sealed rows stay in the memory of the "
            "process that sealed them. Leave it out of what is pickled."
        )


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """The training rows, and the holdout if there is one.

    Parameters
    ----------
    train : Dataset
        Rows outside the holdout, with their groups and times filled in.
    holdout : SealedHoldout or None
        The sealed rows.
    group, time : str or None
        Columns that name the group and say when a row happened.
    reason : str
        How the holdout was split off, or why there is none.
    findings : tuple of Finding
        What was noticed on the whole table.
    n_groups : int or None
        Groups among the training rows; None where only copies are kept together.
    """

    train: Dataset
    holdout: SealedHoldout | None
    group: str | None
    time: str | None
    reason: str
    findings: tuple[Finding, ...]
    n_groups: int | None


def seal_holdout(
    data: Dataset, task: Task, columns: Mapping[str, str], holdout: float | None, given: Dataset | None = None
) -> Sealed:
    """Split the holdout off and seal it.

    Parameters
    ----------
    data : Dataset
        Every row.
    task : Task
        What is asked; its seed makes the split.
    columns : mapping of str to str
        Roles that the user gave to columns.
    holdout : float or None
        Share of the rows to seal, between 0 and 1; None or 0 seals none.
    given : Dataset or None
        The user's own holdout, sealed as it is.

    Returns
    -------
    Sealed
        Training rows and sealed rows. Rows of one group are on one side; where time matters the sealed rows are
        those of the groups whose last rows are the latest. Fewer than 50 sealed rows or 5 of a class: none is sealed.
    """
    relations = read_relations(data, task, columns)
    whole = dataclasses.replace(data, groups=relations.groups, time=relations.times)
    if given is not None:
        return _seal_given(whole, given, relations, task, columns)
    if not holdout:
        return _sealed(whole, None, relations, f"holdout={holdout}: no rows are sealed, as asked for")
    rows, reason = _choose(whole, relations, task, holdout)
    return _sealed(whole, rows, relations, reason)


def _sealed(whole: Dataset, rows: Rows | None, relations: Relations, reason: str) -> Sealed:
    if rows is None:
        train, holdout = whole, None
    else:
        is_sealed = np.zeros(len(whole), dtype=np.bool_)
        is_sealed[rows] = True
        train = whole.take(np.flatnonzero(~is_sealed))
        holdout = SealedHoldout(whole.take(np.flatnonzero(is_sealed)))
    kept = slice(None) if rows is None else np.flatnonzero(~is_sealed)
    n_groups = None if relations.entities is None else len(np.unique(relations.entities[kept]))
    return Sealed(
        train=train,
        holdout=holdout,
        group=relations.group,
        time=relations.time,
        reason=reason,
        findings=relations.findings,
        n_groups=n_groups,
    )


def _choose(whole: Dataset, relations: Relations, task: Task, share: float) -> tuple[Rows | None, str]:
    """Return the rows to seal and how they were chosen, or None and why there are none."""
    failed = ""
    if whole.time is not None:
        rows = _latest(whole, share)
        problem = _problem(rows, whole, task)
        n_wanted = share * len(whole)
        if not problem and not _SMALLEST * n_wanted <= len(rows) <= _LARGEST * n_wanted:
            problem = f"too many rows share a last date: {len(rows)} rows instead of {n_wanted:.0f}"
        if not problem:
            units = "rows" if relations.entities is None else "whole groups"
            return rows, f"the latest {units} by {relations.time or 'time'}"
        failed = f" (the latest rows do not serve: {problem})"
    rows = _random(whole, task, share)
    problem = _problem(rows, whole, task)
    if problem:
        return None, f"no rows are sealed: {problem}; the validation score stands alone{failed}"
    by_class = ", stratified by class" if task.is_classification else ""
    units = "rows" if relations.entities is None else f"whole groups of {relations.group or 'groups'}"
    return rows, f"random {units}{by_class}{failed}"


def _latest(whole: Dataset, share: float) -> Rows:
    """Return the rows of the groups that end last; rows of one last date go together."""
    assert whole.time is not None
    units = np.arange(len(whole)) if whole.groups is None else whole.groups
    last = last_times(units, whole.time)
    dates, counts = np.unique(last, return_counts=True)
    n_from_here = np.cumsum(counts[::-1])[::-1]
    start = int(np.argmin(np.abs(n_from_here - share * len(whole))))
    return np.flatnonzero(last >= dates[start])


def _random(whole: Dataset, task: Task, share: float) -> Rows:
    """Return the rows of random groups, in each class (a group's is that of most of its rows) the same share."""
    n_rows = len(whole)
    units = np.arange(n_rows) if whole.groups is None else np.unique(whole.groups, return_inverse=True)[1]
    n_units = int(units.max()) + 1 if n_rows else 0
    sizes = np.bincount(units, minlength=n_units)
    strata = np.zeros(n_units, dtype=np.int64)
    if task.is_classification:
        per_class = np.zeros((n_units, task.n_classes), dtype=np.int64)
        np.add.at(per_class, (units, whole.y.astype(np.int64)), 1)
        strata = per_class.argmax(axis=1)
    rng = np.random.default_rng(task.random_state)
    chosen = np.zeros(n_units, dtype=np.bool_)
    for stratum in np.unique(strata):
        members = rng.permutation(np.flatnonzero(strata == stratum))
        # A group is taken while its middle row still fits: half of a group too many or too few at most.
        middle = np.cumsum(sizes[members]) - sizes[members] / 2
        chosen[members[middle <= share * sizes[members].sum()]] = True
    return np.flatnonzero(chosen[units])


def _problem(rows: Rows, whole: Dataset, task: Task) -> str:
    """Return why these rows are no holdout; empty if they are one."""
    if len(rows) < MIN_ROWS:
        return f"the holdout would have {len(rows)} rows, below {MIN_ROWS} rows"
    if len(rows) > len(whole) / 2 and len(whole) - len(rows) < MIN_ROWS:
        return f"{len(whole) - len(rows)} rows would be left to train on"
    if not task.is_classification:
        return ""
    sealed = np.bincount(whole.y[rows].astype(np.int64), minlength=task.n_classes)
    everywhere = np.bincount(whole.y.astype(np.int64), minlength=task.n_classes)
    rare = int(sealed.argmin())
    if sealed[rare] < MIN_ROWS_PER_CLASS:
        return f"it would have {sealed[rare]} rows of class {task.classes[rare]!r}, below {MIN_ROWS_PER_CLASS}"
    gone = np.flatnonzero(sealed == everywhere)
    return f"no row of class {task.classes[gone[0]]!r} would be left to train on" if len(gone) else ""


def _seal_given(whole: Dataset, given: Dataset, relations: Relations, task: Task, columns: Mapping[str, str]) -> Sealed:
    """Seal the user's own holdout, with the groups and times of its rows read from the same columns."""
    groups = given.groups
    if relations.group is not None and whole.groups is not None:
        groups = number_more_groups(given.table[relations.group], whole.table[relations.group], whole.groups)
    times = given.time if relations.time is None else read_time(given.table[relations.time])
    holdout = dataclasses.replace(given, groups=groups, time=times)
    overlap = find_overlap(whole, given, task, columns, relations.group)
    findings = relations.findings if overlap is None else (*relations.findings, overlap)
    sealed = _sealed(whole, None, relations, f"the {len(given)} rows that were given as holdout")
    return dataclasses.replace(sealed, holdout=SealedHoldout(holdout), findings=findings)
