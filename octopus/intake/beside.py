"""What stands beside the rows: target, weights and groups, each one value for a row."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from sklearn.exceptions import DataConversionWarning

from octopus.dataset import Float, Rows
from octopus.errors import InvalidData


def refuse_names_for_targets(y: object, raw: pd.DataFrame) -> None:
    """Raise InvalidData where y is the name of a column, not its values."""
    if isinstance(y, str):
        remedy = f"Pass y=X[{y!r}] and X without it." if y in raw.columns else "Pass the target's values."
        raise InvalidData(f"y={y!r} is a name, and fit takes the target's values, one for each row of X. {remedy}")


def one_dimension(y: object) -> object:
    """Return the target in one dimension; a column vector is taken with scikit-learn's own warning."""
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


def check_length(name: str, values: object, raw: pd.DataFrame) -> None:
    """Raise InvalidData where there is not one value for each row; None is no value to check."""
    if values is None:
        return
    n_values = len(values) if hasattr(values, "__len__") else 0
    if n_values != len(raw):
        raise InvalidData(
            f"Found input variables with inconsistent numbers of samples: X has {len(raw)} rows and {name} has "
            f"{n_values}. Give {name} one value for each row of X."
        )


def read_weight(sample_weight: object, raw: pd.DataFrame) -> Float | None:
    """Return one weight for each row.

    Parameters
    ----------
    sample_weight : array-like of shape (n_rows,), number or None
        As ``fit`` takes it; a number is the weight of every row.
    raw : DataFrame of shape (n_rows, n_columns)
        The rows.

    Returns
    -------
    ndarray of shape (n_rows,) or None
        Zero or more, and more than zero somewhere; None where there are no weights.

    Raises
    ------
    InvalidData
        Of another length or shape, no numbers, negative, missing, or zero everywhere.
    """
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
    check_length("sample_weight", weight, raw)
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise InvalidData("sample_weight holds negative, missing or infinite values; weights are zero or more.")
    if not weight.any():
        raise InvalidData("sample_weight is zero in every row: no row counts. Give weights above zero.")
    return weight


def read_groups(groups: object, raw: pd.DataFrame) -> Rows | None:
    """Return the number of each row's group.

    Parameters
    ----------
    groups : array-like of shape (n_rows,) or None
        Names or numbers.
    raw : DataFrame of shape (n_rows, n_columns)
        The rows.

    Returns
    -------
    ndarray of shape (n_rows,) or None
        Counted from 0; None where there are no groups.

    Raises
    ------
    InvalidData
        Of another length or shape, or missing somewhere.
    """
    if groups is None:
        return None
    array = groups.to_numpy() if isinstance(groups, pd.Series) else np.asarray(groups)
    if array.ndim != 1:
        raise InvalidData(f"groups is an array of {array.ndim} dimensions. Give one name or number for each row.")
    values = pd.Series(array.tolist())
    check_length("groups", values, raw)
    if values.isna().any():
        raise InvalidData(
            f"groups is missing in {int(values.isna().sum())} rows, so those could stand on both sides of a split. "
            "Give each row a group; a row of its own gets a name of its own."
        )
    numbers: Rows = pd.factorize(values)[0].astype(np.int64)
    return numbers


def several(groups: Rows) -> Rows:
    """Return the groups of the rows that count; raises InvalidData where all of them are one."""
    if np.ptp(groups) == 0:
        raise InvalidData("groups holds one group only, and rows of one group are never split. Leave groups out.")
    return groups
