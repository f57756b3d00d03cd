"""What the user hands to ``fit`` → checked rows in canonical shape, with what was noticed on the way."""

from __future__ import annotations

import difflib
import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.validation import check_array

from octopus.dataset import Dataset, Float, Rows
from octopus.errors import InvalidData, InvalidParameter, UnsupportedTask
from octopus.frame import Schema, SchemaError
from octopus.goal.forbidden import read_forbidden
from octopus.records import Finding, Understanding
from octopus.target import Column, Target, encode, measure, read_target

#: What ``columns`` may say of a column.
ROLES = ("use", "ignore", "categorical", "numeric", "datetime", "text", "group", "time")


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
    _refuse_names_for_targets(y, raw)
    values = _one_dimension(y)
    _check_length("y", values, raw)
    weight = _read_weight(sample_weight, raw)
    group_numbers = _read_groups(groups, raw)
    weighted = np.ones(len(raw), dtype=bool) if weight is None else weight > 0
    target = read_target(_at(values, weighted), task)
    labelled: Rows = np.flatnonzero(weighted)[~np.isnan(target.y)]
    if len(labelled) < 2:
        raise InvalidData(f"only {len(labelled)} row has a target: there is nothing to learn from. Give y more labels.")
    schema = _schema(raw)
    check_roles(columns, schema.names)
    understood = read_forbidden(goal, schema.names)
    ignored = _ignored(schema.names, columns, understood)
    kept = schema.subset(name for name in schema.names if name not in ignored)
    data = Dataset(
        table=kept.apply(raw if len(labelled) == len(raw) else raw.iloc[labelled]),
        y=target.y[~np.isnan(target.y)],
        sample_weight=None if weight is None else weight[labelled],
        groups=None if group_numbers is None else _several(group_numbers[labelled]),
        row_ids=labelled,
    )
    return Intake(
        names=schema.names,
        schema=kept,
        data=data,
        holdout=None if holdout is None else _read_holdout(holdout, kept, target),
        target=target,
        target_name=str(getattr(y, "name", None) or "y"),
        ignored=ignored,
        understood=understood,
        findings=_findings(raw, target, weighted, kept),
    )


def check_table(X: object, min_rows: int = 1) -> pd.DataFrame:
    """Return X as a frame, with scikit-learn's checks and words for what is no table.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_samples, n_features)
        What was given.
    min_rows : int
        Fewer rows than this are refused.

    Returns
    -------
    DataFrame of shape (n_samples, n_features)
        The values as they came, columns named by strings; those of an array are x0, x1, ….

    Raises
    ------
    InvalidData
        No rows, no columns, one dimension, complex or sparse.
    """
    if hasattr(X, "toarray"):
        raise UnsupportedTask("X is sparse; sparse input is not supported. Pass X.toarray(), or a DataFrame.")
    if isinstance(X, pd.Series):
        raise InvalidData("Expected 2D array, got 1D array instead: X is a Series. Pass X.to_frame() for one column.")
    if not isinstance(X, pd.DataFrame) and hasattr(X, "to_pandas"):  # polars, pyarrow
        X = X.to_pandas()
    if isinstance(X, pd.DataFrame):
        if len(X) >= min_rows and X.shape[1]:
            return X.set_axis([str(name) for name in X.columns], axis=1)
        X = np.empty(X.shape)
    try:
        if isinstance(X, list | tuple) and np.asarray(X).dtype.kind in "US":  # NumPy would spell numbers and gaps out
            X = np.asarray(X, dtype=object)
        array = check_array(
            X, dtype=None, ensure_all_finite=False, ensure_min_samples=min_rows, input_name="X", estimator="octopus"
        )
    except (ValueError, TypeError) as error:
        raise InvalidData(f"X cannot be used: {error}") from error
    table = pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])
    return table.infer_objects() if array.dtype == object else table


def check_roles(columns: Mapping[str, str], names: Sequence[str]) -> None:
    """Raise InvalidParameter where ``columns`` names a column or a role that does not exist."""
    for name, role in columns.items():
        if role not in ROLES:
            raise InvalidParameter(
                "columns", {name: role}, f"{role!r} is no role of a column", f"Use one of {', '.join(ROLES)}."
            )
        if name not in names:
            near = difflib.get_close_matches(str(name), names, n=1)
            guess = f"Did you mean {near[0]!r}?" if near else f"The columns are {', '.join(names[:10])}."
            raise InvalidParameter("columns", {name: role}, f"X has no column {name!r}", guess)
    for role in ("group", "time"):
        chosen = [name for name, given in columns.items() if given == role]
        if len(chosen) > 1:
            raise InvalidParameter("columns", dict.fromkeys(chosen, role), f"two {role} columns", "Name one of them.")


def data_hash(data: Dataset) -> str:
    """Return the SHA-256 of the rows with weights and groups, for the journal: the same data give the same hash."""
    digest = hashlib.sha256("\x1f".join(map(str, data.table.columns)).encode())
    digest.update(pd.util.hash_pandas_object(data.table, index=False).to_numpy().tobytes())
    for beside in (data.y, data.sample_weight, data.groups):
        digest.update(b"" if beside is None else np.ascontiguousarray(beside).tobytes())
    return digest.hexdigest()


def _refuse_names_for_targets(y: object, raw: pd.DataFrame) -> None:
    if isinstance(y, str):
        remedy = f"Pass y=X[{y!r}] and X without it." if y in raw.columns else "Pass the target's values."
        raise InvalidData(f"y={y!r} is a name, and fit takes the target's values, one for each row of X. {remedy}")


def _one_dimension(y: object) -> object:
    """Return the target; a column vector is taken with scikit-learn's own warning."""
    if not hasattr(y, "__len__") and hasattr(y, "__array__"):
        y = np.asarray(y)
    if isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected. Please change the shape of y to (n_samples,), "
            "for example using ravel().",
            DataConversionWarning,
            stacklevel=4,
        )
        return y.ravel()
    return y


def _check_length(name: str, values: object, raw: pd.DataFrame) -> None:
    if values is None:
        return
    n_values = len(values) if hasattr(values, "__len__") else 0
    if n_values != len(raw):
        raise InvalidData(
            f"Found input variables with inconsistent numbers of samples: X has {len(raw)} rows and {name} has "
            f"{n_values}. Give {name} one value for each row of X."
        )


def _read_weight(sample_weight: object, raw: pd.DataFrame) -> Float | None:
    if sample_weight is None:
        return None
    try:
        weight = np.asarray(sample_weight, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise InvalidData(
            f"sample_weight cannot be read as numbers ({error}). Give one number for each row."
        ) from error
    if weight.ndim == 0:
        weight = np.full(len(raw), float(weight))
    if weight.ndim != 1:
        raise InvalidData(f"Sample weights must be 1D array or scalar, got {weight.ndim}D array. Pass one per row.")
    _check_length("sample_weight", weight, raw)
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise InvalidData("sample_weight holds negative, missing or infinite values; weights are zero or more.")
    if not weight.any():
        raise InvalidData("sample_weight is zero in every row: no row counts. Give weights above zero.")
    return weight


def _read_groups(groups: object, raw: pd.DataFrame) -> Rows | None:
    if groups is None:
        return None
    array = groups.to_numpy() if isinstance(groups, pd.Series) else np.asarray(groups)
    if array.ndim != 1:
        raise InvalidData(f"groups is an array of {array.ndim} dimensions. Give one name or number for each row.")
    values = pd.Series(array.tolist())
    _check_length("groups", values, raw)
    if values.isna().any():
        raise InvalidData(
            f"groups is missing in {int(values.isna().sum())} rows, so those could stand on both sides of a split. "
            "Give each row a group; a row of its own gets a name of its own."
        )
    numbers: Rows = pd.factorize(values)[0].astype(np.int64)
    return numbers


def _several(groups: Rows) -> Rows:
    """Return the groups of the rows that count; raises InvalidData where all of them are one."""
    if np.ptp(groups) == 0:
        raise InvalidData("groups holds one group only, and rows of one group are never split. Leave groups out.")
    return groups


def _schema(raw: pd.DataFrame) -> Schema:
    try:
        return Schema.of(raw)
    except SchemaError as error:
        raise InvalidData(str(error)) from error


def _ignored(names: Sequence[str], columns: Mapping[str, str], understood: Sequence[Understanding]) -> tuple[str, ...]:
    forbidden = {u.value for u in understood if columns.get(u.value) is None}
    ignored = tuple(name for name in names if name in forbidden or columns.get(name) == "ignore")
    if len(ignored) == len(names):
        raise InvalidParameter(
            "columns",
            dict(columns),
            "every column is ignored, here or in the goal",
            "Leave at least one to learn from.",
        )
    return ignored


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
    _check_length("y_holdout", y, raw)
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


def _findings(raw: pd.DataFrame, target: Target, weighted: NDArray[np.bool_], schema: Schema) -> tuple[Finding, ...]:
    findings = []
    if n_missing := int(np.isnan(target.y).sum()):
        findings.append(
            Finding(
                code="OCT701",
                message=f"the target is missing in {n_missing:,} of {len(target.y):,} rows",
                evidence=f"{n_missing} rows without a target",
                confidence="certain",
                action="those rows are left out",
            )
        )
    if n_weightless := int((~weighted).sum()):
        findings.append(
            Finding(
                code="OCT702",
                message=f"{n_weightless:,} rows have weight zero",
                evidence=f"{n_weightless} of {len(weighted)} weights are zero",
                confidence="certain",
                action="those rows are left out",
            )
        )
    numeric = [column.name for column in schema.columns if column.kind == "number"]
    infinite = {name: n for name in numeric if (n := _count_infinite(raw[name]))}
    findings += [
        Finding(
            code="OCT703",
            columns=(name,),
            message=f"{name} is infinite in {n:,} rows",
            evidence=f"{n} infinities",
            confidence="certain",
            action="read as missing",
        )
        for name, n in infinite.items()
    ]
    return tuple(findings)


def _count_infinite(values: Column) -> int:
    if values.dtype == object:
        values = pd.to_numeric(values, errors="coerce")
    if not pd.api.types.is_float_dtype(values.dtype):
        return 0
    return int(np.isinf(values.to_numpy(dtype=np.float64, na_value=np.nan)).sum())
