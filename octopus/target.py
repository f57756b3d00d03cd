"""The target: which task it is, from what that was read, and its encoded form that scripts get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.blocks.categories import one_spelling
from octopus.dataset import Float
from octopus.errors import InvalidData, InvalidParameter, UnsupportedTask
from octopus.records import TaskType

#: A whole-number target with at most this many values is read as classes. scikit-learn's own
#: ``type_of_target`` reads any whole number as a class; a count with hundreds of values is no class.
MAX_INTEGER_CLASSES = 20
#: … unless the values are nearly as many as the rows: then it is a measure on few rows.
_MAX_CLASS_SHARE = 0.5
#: More classes than this is an identifier or free text, not something to predict.
MAX_CLASSES = 1000

#: A column of anything; pandas' stubs want the type of its values named.
Column: TypeAlias = "pd.Series[Any]"

_COMPLEX = "Complex data not supported: y holds complex numbers. Predict one real part at a time."
_DATE = "the target is a date. Predict a number instead, such as the days until it: y = (date - reference).dt.days."
#: What pandas finds in a column that cannot be predicted, and what to do instead.
_NO_TARGETS = {
    "complex": _COMPLEX,
    **dict.fromkeys(("datetime", "datetime64", "date", "period"), _DATE),
    **dict.fromkeys(
        ("timedelta", "timedelta64"), "the target is a duration. Predict its length: y = y.dt.total_seconds()."
    ),
}
_MULTI_LABEL = (
    "y holds lists: multi-label and multi-output targets are not supported. Fit one estimator per label "
    "(sklearn.multioutput does that)."
)
#: What pandas finds in objects that are Python numbers.
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")

_TASKS = ("auto", "classification", "binary", "multiclass", "regression")
#: Other kinds of problems by the names that people use, with what to do instead.
_INSTEAD = {
    "ranking": "Predict relevance as a class or number and rank by it: scoring='roc_auc' rewards the order.",
    "survival": "Predict the event within a fixed time as a class, or use scikit-survival.",
    "multilabel": "Fit one estimator per label (sklearn.multioutput does that).",
    "multioutput": "Fit one estimator per column of y (sklearn.multioutput does that).",
    "clustering": "There is no target to learn from: use sklearn.cluster.",
    "anomaly": "Label some rows as anomalies and predict the label, or use sklearn.ensemble.IsolationForest.",
    "forecasting": "Predict y from features that are known in advance, with columns={'day': 'time'}.",
}


@dataclass(frozen=True, kw_only=True)
class Target:
    """The target, read.

    Parameters
    ----------
    type, reason : str
        The task, and from what it was read.
    y : ndarray of shape (n_rows,), float64
        Class numbers or values; NaN where the target is missing.
    classes : ndarray of shape (n_classes,) or None
        The user's labels in order of their numbers.
    respelled : mapping of str to str
        Labels that differ from another in case and blanks alone, and the label as which they are read.
    """

    type: TaskType
    reason: str
    y: Float
    classes: NDArray[np.generic] | None
    respelled: Mapping[str, str] = field(default_factory=dict)


def read_target(y: object, task: str) -> Target:
    """Read a target: decide the task, encode the labels.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Numbers, strings or booleans; missing values allowed.
    task : {"auto", "classification", "binary", "multiclass", "regression"}
        What the user says it is.

    Returns
    -------
    Target
        Task with its reason, encoded values, labels.

    Raises
    ------
    UnsupportedTask
        Several targets, survival pairs, sparse, or a task that is solved otherwise; the message says how.
    InvalidData
        Constant, all missing, infinite, or of a type that is no target.
    InvalidParameter
        ``task`` is unknown or does not fit the values.
    """
    if (instead := _INSTEAD.get(str(task).lower().replace("-", "").replace("_", ""))) is not None:
        raise UnsupportedTask(f"task={task!r} is not supported. {instead}")
    if task not in _TASKS:
        raise InvalidParameter("task", task, "it is not a known task", f"Use one of {', '.join(map(repr, _TASKS))}.")
    values = _one_column(y)
    present = values[values.notna()]
    if present.empty:
        raise InvalidData("the target has no value at all: every row of y is missing. Give y its labels.")
    respelled = {} if task == "regression" else _respelled(present)
    if respelled:  # before the task is read: two labels in three spellings are a binary task
        values = values.astype(object).map(lambda label: respelled.get(label, label), na_action="ignore")
        present = values[values.notna()]
    kind, reason = _choose(present, task)
    return _regression(values, reason) if kind == "regression" else _classes(values, present, task, reason, respelled)


def encode(y: object, classes: NDArray[np.generic]) -> Float:
    """Return class numbers for labels, whatever their case and blanks; an unknown label raises InvalidData."""
    values = _one_column(y)
    numbers: NDArray[np.intp] = pd.Index(classes).get_indexer(pd.Index(_labels(values)))
    if (numbers < 0).any():  # a label of another spelling, perhaps
        numbers[numbers < 0] = _by_spelling(values[numbers < 0].astype(object), classes)
    if (numbers < 0).any():
        unknown = sorted({str(v) for v in values[numbers < 0]})[:5]
        raise InvalidData(f"y holds labels that were not in the training target: {', '.join(unknown)}")
    encoded: Float = numbers.astype(np.float64)
    return encoded


def several_spellings(labels: Sequence[object]) -> dict[str, list[str]]:
    """Return the labels that differ from another in case and blanks alone, by the spelling that they share.

    Parameters
    ----------
    labels : sequence
        Different labels; those of a target that is not text have no spelling.

    Returns
    -------
    dict of str to list of str
        Two labels or more each.
    """
    texts = [label for label in labels if isinstance(label, str)]
    if len(texts) < len(labels):
        return {}
    alike: dict[str, list[str]] = {}
    for label, spelled in zip(texts, one_spelling(pd.Series(texts, dtype=object)), strict=True):
        alike.setdefault(spelled, []).append(label)
    return {spelled: spellings for spelled, spellings in alike.items() if len(spellings) > 1}


def measure(y: object) -> Float:
    """Return the values of a regression target, NaN where missing; what is no finite number raises InvalidData."""
    try:
        values: Float = pd.to_numeric(_one_column(y)).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        if isinstance(error, InvalidData):
            raise
        raise InvalidData(f"y holds what is no number ({error}). Give numbers, as the training target has.") from error
    _refuse_infinite(values)
    return values


def _one_column(y: object) -> Column:
    _refuse_other_shapes(y)
    array = y.iloc[:, 0] if isinstance(y, pd.DataFrame) else y if isinstance(y, pd.Series) else _array(y)
    if array.dtype.names:
        raise UnsupportedTask(
            "y is a structured array, as survival analysis uses (event, time); survival is not supported. "
            "Predict the event within a fixed time as a class, or use scikit-survival."
        )
    if array.ndim == 2 and array.shape[1] == 1:
        array = np.ravel(array)
    if array.ndim != 1:
        raise UnsupportedTask(
            f"y should be a 1d array, got an array of shape {array.shape} instead; multi-label and multi-output "
            "targets are not supported. Fit one estimator per column (sklearn.multioutput does that)."
        )
    series = pd.Series(array).reset_index(drop=True)
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object).infer_objects()
    inferred = pd.api.types.infer_dtype(series, skipna=True)
    if inferred == "mixed" and any(isinstance(value, complex) for value in series):  # pandas 2 with gaps between
        inferred = "complex"
    if (why_not := _NO_TARGETS.get(inferred)) is not None:
        raise InvalidData(why_not)
    if inferred == "mixed" and any(isinstance(value, list | set | dict | np.ndarray) for value in series):
        raise UnsupportedTask(_MULTI_LABEL)
    return pd.to_numeric(series) if series.dtype == object and inferred in _NUMBERS else series


def _array(y: object) -> NDArray[np.generic]:
    try:
        return np.asarray(y)
    except ValueError as error:  # lists of several lengths
        raise UnsupportedTask(_MULTI_LABEL) from error


def _refuse_other_shapes(y: object) -> None:
    if y is None:
        raise InvalidData("requires y to be passed, but the target y is None. Give fit the target.")
    if hasattr(y, "toarray"):
        raise UnsupportedTask("y is sparse; sparse targets are not supported. Pass y.toarray().ravel().")
    if isinstance(y, pd.DataFrame) and y.shape[1] != 1:
        raise UnsupportedTask(
            f"y has {y.shape[1]} columns; multi-output targets are not supported. Fit one estimator per column "
            "(sklearn.multioutput does that)."
        )


def _choose(present: Column, task: str) -> tuple[str, str]:
    if task == "regression":
        return "regression", "task='regression' was given"
    if task != "auto":
        return "classification", f"task={task!r} was given"
    n_unique = int(present.nunique())
    if pd.api.types.is_bool_dtype(present.dtype) or not pd.api.types.is_numeric_dtype(present.dtype):
        return "classification", f"the target holds {n_unique} labels"
    numbers = present.to_numpy(dtype=np.float64)
    if not np.all(np.mod(numbers[np.isfinite(numbers)], 1) == 0):
        return "regression", "the target holds fractions; task='classification' overrules"
    if n_unique <= 2 or (n_unique <= MAX_INTEGER_CLASSES and n_unique <= _MAX_CLASS_SHARE * len(present)):
        return "classification", f"the target holds {n_unique} different whole numbers; task='regression' overrules"
    return "regression", f"the target holds {n_unique} different whole numbers; task='classification' overrules"


def _respelled(present: Column) -> dict[str, str]:
    """Return which labels are read as another: the one that most rows hold, the first in order where two tie."""
    if pd.api.types.infer_dtype(present) != "string":
        return {}
    n_rows = {str(label): int(count) for label, count in present.value_counts().items()}
    respelled: dict[str, str] = {}
    for spelled, spellings in several_spellings(list(n_rows)).items():
        if len(spelled) > 1:  # the case of a letter may be all that tells: alleles, grades
            usual = min(spellings, key=lambda label: (-n_rows[label], label))
            respelled |= dict.fromkeys(spellings, usual)
            del respelled[usual]
    return respelled if len(n_rows) - len(respelled) > 1 else {}  # case is all that there is to predict


def _by_spelling(labels: Column, classes: NDArray[np.generic]) -> NDArray[np.intp]:
    """Return class numbers of labels by their spelling: -1 where that names no class, or several, or is a letter."""
    names = pd.Series(classes.tolist(), dtype=object)
    if pd.api.types.infer_dtype(names) != "string":
        return np.full(len(labels), -1)
    spelled = one_spelling(names)
    clear = ~spelled.duplicated(keep=False) & (spelled.str.len() > 1)
    known = dict(zip(spelled[clear], spelled.index[clear], strict=True))
    texts = labels.where(labels.map(lambda label: isinstance(label, str)).to_numpy(dtype=bool))
    return one_spelling(texts).map(known).fillna(-1).to_numpy(dtype=np.intp)


def _regression(values: Column, reason: str) -> Target:
    try:
        y = pd.to_numeric(values).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise InvalidParameter(
            "task",
            "regression",
            f"the target is not numeric ({error})",
            "Use task='classification' or make y numbers.",
        ) from error
    _refuse_infinite(y)
    present = y[~np.isnan(y)]
    if len(present) > 1 and np.ptp(present) == 0:
        raise InvalidData(
            f"the target is constant ({present[0]:g} in every row): there is nothing to learn. Check the column."
        )
    return Target(type="regression", reason=reason, y=y, classes=None)


def _classes(values: Column, present: Column, task: str, reason: str, respelled: Mapping[str, str]) -> Target:
    if pd.api.types.is_float_dtype(present.dtype):
        numbers = present.to_numpy(dtype=np.float64)
        _refuse_infinite(numbers)
        if np.mod(numbers, 1).any() and task != "auto":
            raise InvalidParameter(
                "task",
                task,
                "Unknown label type: continuous. The target holds fractions, which are no classes",
                "Use task='regression', or bin y before fit.",
            )
    classes = _sorted_labels(_labels(present))
    if len(classes) == 1:
        raise InvalidData(
            f"the target is constant: it holds only one class, {classes.tolist()[0]!r}, but needs 2. Check the column."
        )
    if len(classes) > MAX_CLASSES or (
        len(classes) > _MAX_CLASS_SHARE * len(present) and len(present) > MAX_INTEGER_CLASSES
    ):
        raise InvalidData(
            f"the target holds {len(classes)} different labels in {len(present)} rows: that is a name or text, not "
            "a class. Choose another target, or group the labels."
        )
    if task == "binary" and len(classes) != 2:
        raise InvalidParameter("task", task, f"the target holds {len(classes)} classes", "Use task='multiclass'.")
    y = pd.Index(classes).get_indexer(pd.Index(_labels(values))).astype(np.float64)
    y[values.isna().to_numpy()] = np.nan
    kind: TaskType = "binary" if len(classes) == 2 else "multiclass"
    return Target(type=kind, reason=reason, y=y, classes=classes, respelled=respelled)


def _refuse_infinite(numbers: Float) -> None:
    if np.isinf(numbers).any():
        raise InvalidData("Input y contains infinity: the target must be finite. Cap or drop those rows.")


def _labels(values: Column) -> NDArray[np.generic]:
    """Return labels as a NumPy array of the user's own type (bool, int, float or object)."""
    dtype = values.dtype
    if pd.api.types.is_bool_dtype(dtype) and not values.isna().any():
        return values.to_numpy(dtype=bool)
    if pd.api.types.is_integer_dtype(dtype) and not values.isna().any():
        return values.to_numpy(dtype=np.int64)
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    return values.to_numpy(dtype=object)


def _sorted_labels(labels: NDArray[np.generic]) -> NDArray[np.generic]:
    if labels.dtype != object:
        unique = np.unique(labels)
        whole = unique.dtype.kind == "f" and not np.mod(unique, 1).any()
        return unique.astype(np.int64) if whole else unique
    distinct: Sequence[object] = list(dict.fromkeys(labels.tolist()))
    try:
        ordered = sorted(distinct)  # type: ignore[type-var]
    except TypeError:  # numbers and strings mixed
        ordered = sorted(distinct, key=lambda label: (type(label).__name__, str(label)))
    if all(isinstance(label, str) and not label.endswith("\0") for label in ordered):  # NumPy cuts zeros off text
        return np.asarray(ordered)
    array = np.empty(len(ordered), dtype=object)
    array[:] = ordered
    return array
