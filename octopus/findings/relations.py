"""How the rows of the whole table relate: which stay together, which come later, which are copies.

What the user said comes before what is found; copies of a row join the groups of either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from octopus.dataset import Dataset, Rows
from octopus.errors import InvalidParameter
from octopus.findings.copies import are_coincidences, copies_finding, find_copies, overlap_finding
from octopus.findings.structure import find_entity, find_time, number_groups, read_time
from octopus.findings.text import Column
from octopus.records import Finding, Task


@dataclass(frozen=True, kw_only=True)
class Relations:
    """What must stay together and in which order.

    Parameters
    ----------
    group, time : str or None
        Columns that name the group and say when a row happened.
    entities : ndarray of shape (n_rows,), int64, or None
        Groups of the user or of the group's column, copies left aside.
    groups : ndarray of shape (n_rows,), int64, or None
        What is kept together: entities, and copies of one row where they are more than coincidence.
    times : ndarray of shape (n_rows,), datetime64[ns], or None
        When each row happened.
    findings : tuple of Finding
        What was noticed on the way.
    """

    group: str | None
    time: str | None
    entities: Rows | None
    groups: Rows | None
    times: NDArray[np.datetime64] | None
    findings: tuple[Finding, ...]


def read_relations(data: Dataset, task: Task, columns: Mapping[str, str]) -> Relations:
    """Read groups, time order and copies; what the user said comes before what is found.

    Parameters
    ----------
    data : Dataset
        Every row, before anything is sealed.
    task : Task
        What is asked; columns that it ignores do not tell copies apart.
    columns : mapping of str to str
        Roles that the user gave to columns.

    Returns
    -------
    Relations
        Groups, times and the findings that tell of them.

    Raises
    ------
    InvalidParameter
        No value of the column with the role ``time`` can be read as a time.
    """
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
    return Relations(group=group, time=time, entities=entities, groups=groups, times=times, findings=tuple(findings))


def find_overlap(
    data: Dataset, given: Dataset, task: Task, columns: Mapping[str, str], group: str | None
) -> Finding | None:
    """Return the finding that rows of a given holdout are among the other rows.

    Parameters
    ----------
    data : Dataset
        The rows outside the holdout.
    given : Dataset
        The given holdout.
    task : Task
        What is asked.
    columns : mapping of str to str
        Roles that the user gave to columns.
    group : str or None
        Column that names the group.

    Returns
    -------
    Finding or None
        None where no row is shared, or where rows are so coarse that some have to be alike.
    """
    both = pd.concat([data.table, given.table], ignore_index=True)
    left_out = _left_out(task, columns, group)
    copies = find_copies(both, left_out)
    of_holdout = copies[len(data) :]
    n_shared = int(np.sum((of_holdout >= 0) & np.isin(of_holdout, copies[: len(data)])))
    if not n_shared or are_coincidences(both, copies, left_out):
        return None
    return overlap_finding(n_shared, len(data), len(given))


def number_more_groups(names: Column, known_names: Column, known_groups: Rows) -> Rows:
    """Return more rows' groups: a known name has the number that it had, new names have new numbers.

    Parameters
    ----------
    names : Series of shape (n_more_rows,)
        What names the group of each of the new rows; a row without a name is a group of its own.
    known_names : Series of shape (n_rows,)
        What names the group of each of the known rows.
    known_groups : ndarray of shape (n_rows,), int64
        The group of each of the known rows.

    Returns
    -------
    ndarray of shape (n_more_rows,), int64
        Group numbers.
    """
    known = pd.Series(known_groups, index=known_names).groupby(level=0).first()
    numbers = names.map(known)
    is_new = numbers.isna().to_numpy()
    groups = numbers.fillna(-1).to_numpy(dtype=np.int64)
    groups[is_new] = int(known_groups.max()) + 1 + number_groups(names[is_new])
    return groups


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
