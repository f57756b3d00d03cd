"""All rows → training rows and sealed rows: split off first, whole groups, the latest where time matters.

What the split itself needs (groups, time order, copies) is read here on the whole table; nothing else looks at it
before the sealed rows are gone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from octopus.dataset import Dataset, Rows
from octopus.errors import HoldoutError, InvalidParameter
from octopus.findings.dirt import are_coincidences, copies_finding, find_copies, overlap_finding
from octopus.findings.structure import find_entity, find_time, last_times, number_groups, read_time
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


@dataclass(frozen=True, kw_only=True)
class _Structure:
    """What must stay together and in which order."""

    group: str | None
    time: str | None
    entities: Rows | None
    groups: Rows | None
    times: NDArray[np.datetime64] | None
    findings: tuple[Finding, ...]


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
    structure = _read_structure(data, task, columns)
    whole = dataclasses.replace(data, groups=structure.groups, time=structure.times)
    if given is not None:
        return _seal_given(whole, given, structure, task, columns)
    if not holdout:
        return _sealed(whole, None, structure, f"holdout={holdout}: no rows are sealed, as asked for")
    rows, reason = _choose(whole, structure, task, holdout)
    return _sealed(whole, rows, structure, reason)


def _read_structure(data: Dataset, task: Task, columns: Mapping[str, str]) -> _Structure:
    """Read groups, time order and copies; what the user said comes before what is found."""
    findings: list[Finding] = []
    group, entities = _with_role(columns, "group"), data.groups
    if entities is not None:
        entities, group = number_groups(pd.Series(entities)), None
    elif group is None and (entity := find_entity(data.table, columns)):
        group = entity[0]
        findings.append(entity[1])
    if group is not None:
        entities = number_groups(data.table[group])
    time, times = _with_role(columns, "time"), data.time
    if time is None and times is None and (order := find_time(data.table, columns)):
        time = order[0]
        findings.append(order[1])
    if time is not None:
        times = read_time(data.table[time])
        if np.isnat(times).all():
            raise InvalidParameter(
                "columns", {time: "time"}, "no value of the column can be read as a time", "Name a column with dates."
            )
    groups, copies = _with_copies(data, entities, _left_out(task, columns, group))
    if copies is not None:
        findings.append(copies)
    return _Structure(group=group, time=time, entities=entities, groups=groups, times=times, findings=tuple(findings))


def _with_role(columns: Mapping[str, str], role: str) -> str | None:
    return next((name for name, said in columns.items() if said == role), None)


def _left_out(task: Task, columns: Mapping[str, str], group: str | None) -> set[str]:
    """Return the columns that are no features: a copy of a row under another name of its group is a copy."""
    ignored = {name for name, role in columns.items() if role == "ignore"}
    return ignored | set(task.ignored) | ({group} if group is not None else set())


def _with_copies(data: Dataset, entities: Rows | None, left_out: set[str]) -> tuple[Rows | None, Finding | None]:
    """Put copies of one row into one group, on top of the entities if there are any."""
    copies = find_copies(data.table, left_out)
    if (copies < 0).all():
        return entities, None
    together = None if are_coincidences(data.table, copies, left_out) else _joined_groups(copies, entities)
    targets = pd.Series(data.y[copies >= 0]).groupby(copies[copies >= 0]).nunique()
    finding = copies_finding(copies, int((targets > 1).sum()), together is not None)
    return (entities if together is None else together), finding


def _joined_groups(copies: Rows, entities: Rows | None) -> Rows | None:
    """Return groups in which both copies and entities are whole; None where little would be left to split."""
    alone = copies < 0
    sets = np.where(alone, copies.max() + np.cumsum(alone), copies)
    if entities is None:
        return sets
    n_entities = int(entities.max()) + 1
    n_sets = int(sets.max()) + 1
    edges = coo_array((np.ones(len(sets), np.int8), (entities, n_entities + sets)), shape=(n_entities + n_sets,) * 2)
    n_groups, labels = connected_components(edges, directed=False)
    # Chains of copies that swallow half of the entities are shared habits, not copied rows.
    return labels[:n_entities][entities].astype(np.int64) if n_groups >= n_entities / 2 else None


def _sealed(whole: Dataset, rows: Rows | None, structure: _Structure, reason: str) -> Sealed:
    if rows is None:
        train, holdout = whole, None
    else:
        is_sealed = np.zeros(len(whole), dtype=np.bool_)
        is_sealed[rows] = True
        train = whole.take(np.flatnonzero(~is_sealed))
        holdout = SealedHoldout(whole.take(np.flatnonzero(is_sealed)))
    kept = slice(None) if rows is None else np.flatnonzero(~is_sealed)
    n_groups = None if structure.entities is None else len(np.unique(structure.entities[kept]))
    return Sealed(
        train=train,
        holdout=holdout,
        group=structure.group,
        time=structure.time,
        reason=reason,
        findings=structure.findings,
        n_groups=n_groups,
    )


def _choose(whole: Dataset, structure: _Structure, task: Task, share: float) -> tuple[Rows | None, str]:
    """Return the rows to seal and how they were chosen, or None and why there are none."""
    failed = ""
    if whole.time is not None:
        rows = _latest(whole, share)
        problem = _problem(rows, whole, task)
        n_wanted = share * len(whole)
        if not problem and not _SMALLEST * n_wanted <= len(rows) <= _LARGEST * n_wanted:
            problem = f"too many rows share a last date: {len(rows)} rows instead of {n_wanted:.0f}"
        if not problem:
            units = "rows" if structure.entities is None else "whole groups"
            return rows, f"the latest {units} by {structure.time or 'time'}"
        failed = f" (the latest rows do not serve: {problem})"
    rows = _random(whole, task, share)
    problem = _problem(rows, whole, task)
    if problem:
        return None, f"no rows are sealed: {problem}; the validation score stands alone{failed}"
    by_class = ", stratified by class" if task.is_classification else ""
    units = "rows" if structure.entities is None else f"whole groups of {structure.group or 'groups'}"
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


def _seal_given(
    whole: Dataset, given: Dataset, structure: _Structure, task: Task, columns: Mapping[str, str]
) -> Sealed:
    """Seal the user's own holdout, with the groups and times of its rows read from the same columns."""
    groups = given.groups
    if structure.group is not None and whole.groups is not None:
        groups = _groups_of_given(whole, given, structure.group)
    times = given.time if structure.time is None else read_time(given.table[structure.time])
    holdout = dataclasses.replace(given, groups=groups, time=times)
    findings = structure.findings
    both = pd.concat([whole.table, given.table], ignore_index=True)
    left_out = _left_out(task, columns, structure.group)
    copies = find_copies(both, left_out)
    of_holdout = copies[len(whole) :]
    n_shared = int(np.sum((of_holdout >= 0) & np.isin(of_holdout, copies[: len(whole)])))
    if n_shared and not are_coincidences(both, copies, left_out):
        findings = (*findings, overlap_finding(n_shared, len(whole), len(given)))
    sealed = _sealed(whole, None, structure, f"the {len(given)} rows that were given as holdout")
    return dataclasses.replace(sealed, holdout=SealedHoldout(holdout), findings=findings)


def _groups_of_given(whole: Dataset, given: Dataset, group: str) -> Rows:
    """Return the holdout rows' groups: those of the training rows of the same name, new numbers for new names."""
    assert whole.groups is not None
    known = pd.Series(whole.groups, index=whole.table[group]).groupby(level=0).first()
    numbers = given.table[group].map(known)
    is_new = numbers.isna().to_numpy()
    groups = numbers.fillna(-1).to_numpy(dtype=np.int64)
    groups[is_new] = int(whole.groups.max()) + 1 + number_groups(given.table[group][is_new])
    return groups
