"""What was given to ``fit`` → the rows that count, in canonical shape."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.dataset import Dataset, Rows
from octopus.errors import InvalidData, InvalidParameter
from octopus.frame import Schema, SchemaError
from octopus.goal.forbidden import read_forbidden
from octopus.intake.beside import (
    check_length,
    one_dimension,
    read_groups,
    read_weight,
    refuse_names_for_targets,
    several,
)
from octopus.intake.noticed import find_at_intake
from octopus.intake.roles import check_roles, ignored_columns
from octopus.intake.table import check_table
from octopus.records import Finding, Understanding
from octopus.target import Target, encode, measure, read_target


@dataclass(frozen=True, kw_only=True)
class Intake:
    """The rows of ``fit``, checked.

    Parameters
    ----------
    names : tuple of str
        Every column of X, in order; those of an array are x0, x1, ….
    schema : Schema
        Columns that may be used, in the user's order.
    data : Dataset
        The rows that have a target and a weight.
    holdout : Dataset or None
        The user's own holdout rows.
    target : Target
        The task with its reason, and the labels.
    target_name : str
        Name of the target, ``y`` where it has none.
    ignored : tuple of str
        Columns left out by the user's word.
    understood : tuple of Understanding
        What was read out of the goal about columns.
    findings : tuple of Finding
        What was noticed and done.
    """

    names: tuple[str, ...]
    schema: Schema
    data: Dataset
    holdout: Dataset | None
    target: Target
    target_name: str
    ignored: tuple[str, ...]
    understood: tuple[Understanding, ...]
    findings: tuple[Finding, ...]


def read_input(
    X: object,
    y: object,
    *,
    groups: object,
    sample_weight: object,
    holdout: tuple[object, object] | None,
    task: str,
    goal: str,
    columns: Mapping[str, str],
) -> Intake:
    """Check and read what was given to ``fit``.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_samples, n_features)
        Raw features.
    y : array-like of shape (n_samples,)
        Raw target; rows where it is missing are left out.
    groups, sample_weight : array-like of shape (n_samples,) or None
        Rows of one group are never split; rows of weight zero are left out.
    holdout : tuple of X and y, or None
        The user's own holdout rows.
    task : str
        What the user says the task is.
    goal : str
        Plain words; only the columns that they forbid are read here.
    columns : mapping of str to str
        Roles of columns.

    Returns
    -------
    Intake
        Rows in canonical shape.

    Raises
    ------
    InvalidData, UnsupportedTask, InvalidParameter
        Something cannot be learned from; the message says what, why and what to do.
    """
    raw = check_table(X, min_rows=2)
    refuse_names_for_targets(y, raw)
    values = one_dimension(y)
    check_length("y", values, raw)
    weight = read_weight(sample_weight, raw)
    group_numbers = read_groups(groups, raw)
    weighted = np.ones(len(raw), dtype=bool) if weight is None else weight > 0
    target = read_target(_at(values, weighted), task)
    labelled: Rows = np.flatnonzero(weighted)[~np.isnan(target.y)]
    if len(labelled) < 2:
        raise InvalidData(f"only {len(labelled)} row has a target: there is nothing to learn from. Give y more labels.")
    schema = _schema(raw)
    check_roles(columns, schema.names)
    # a role that the user gave wins over the goal
    understood = tuple(u for u in read_forbidden(goal, schema.names) if u.value not in columns)
    ignored = ignored_columns(schema.names, columns, understood)
    kept = schema.subset(name for name in schema.names if name not in ignored)
    data = Dataset(
        table=kept.apply(raw if len(labelled) == len(raw) else raw.iloc[labelled]),
        y=target.y[~np.isnan(target.y)],
        sample_weight=None if weight is None else weight[labelled],
        groups=None if group_numbers is None else several(group_numbers[labelled]),
        row_ids=labelled,
    )
    target_name = str(getattr(y, "name", None) or "y")
    return Intake(
        names=schema.names,
        schema=kept,
        data=data,
        holdout=None if holdout is None else _read_holdout(holdout, kept, target),
        target=target,
        target_name=target_name,
        ignored=ignored,
        understood=understood,
        findings=find_at_intake(raw, target, target_name, weighted, kept),
    )


def data_hash(data: Dataset) -> str:
    """Return the SHA-256 of the rows with weights and groups, for the journal: the same data give the same hash."""
    digest = hashlib.sha256("\x1f".join(map(str, data.table.columns)).encode())
    digest.update(pd.util.hash_pandas_object(data.table, index=False).to_numpy().tobytes())
    for beside in (data.y, data.sample_weight, data.groups):
        digest.update(b"" if beside is None else np.ascontiguousarray(beside).tobytes())
    return digest.hexdigest()


def _schema(raw: pd.DataFrame) -> Schema:
    try:
        return Schema.of(raw)
    except SchemaError as error:
        raise InvalidData(str(error)) from error


def _at(values: object, rows: NDArray[np.bool_]) -> object:
    """Return the values of some rows, in the container they came in; whatever is no column is left as it is."""
    if rows.all() or values is None:
        return values
    if isinstance(values, pd.Series | pd.DataFrame):
        return values.iloc[rows]
    return np.asarray(values)[rows]


def _read_holdout(holdout: tuple[object, object], schema: Schema, target: Target) -> Dataset:
    X, y = holdout
    if X is None or y is None:
        raise InvalidParameter(
            "X_holdout" if X is None else "y_holdout", None, "the other one was given", "Give both, or neither."
        )
    raw = check_table(X)
    check_length("y_holdout", y, raw)
    try:
        table = schema.apply(raw)
    except SchemaError as error:
        raise InvalidData(f"X_holdout: {error}") from error
    present = ~np.asarray(pd.isna(pd.Series(np.asarray(y).tolist())))
    if not present.any():
        raise InvalidData("y_holdout has no value at all. Give the holdout its labels, or leave it out.")
    labels = _at(y, present)
    values = measure(labels) if target.classes is None else encode(labels, target.classes)
    rows: Rows = np.flatnonzero(present)
    return Dataset(table=table.iloc[rows].reset_index(drop=True), y=values, row_ids=rows)
