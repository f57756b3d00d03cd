"""What must hold beside type and message, where the same words have several causes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.util import find_spec

from octopus.rules.reading import Raised, nearest, quoted

_OBJECT = re.compile(r"'([\w.]+)' object has no attribute '(\w+)'")
_CALLABLE = re.compile(r"([\w.<>]+)\(\)")
_BUILTIN = frozenset({
    "NoneType", "int", "float", "complex", "bool", "str", "bytes", "list", "tuple", "dict", "set", "frozenset", "range",
    "generator", "function", "type", "method", "builtin_function_or_method", "module", "dict_keys", "dict_values",
    "dict_items", "zip", "map", "filter", "slice", "object", "super",
})  # fmt: skip
#: Methods and attributes by which scikit-learn knows an estimator.
_INTERFACE = frozenset({
    "fit", "transform", "predict", "predict_proba", "fit_transform", "get_params", "set_params", "score", "classes_",
    "n_features_in_", "get_feature_names_out", "inverse_transform", "decision_function",
})  # fmt: skip
_JOINED = re.compile(r"['\"]\s*\+|\+\s*f?['\"]")
_WEIGHTS = re.compile(r".*\.(?:ckpt|safetensors|pth?|onnx|gguf)'?$", re.DOTALL)


def _not_installed(error: Raised) -> bool:
    """Tell whether the package itself is missing, not only a part that it used to have."""
    name = (quoted(error.message) or [""])[0].partition(".")[0]
    try:
        return bool(name) and find_spec(name) is None
    except (ImportError, ValueError):
        return True


def _of_library(error: Raised) -> bool:
    """Tell whether the object without that attribute is a library's."""
    owner, attribute = _lacking(error)
    return owner not in _BUILTIN and not error.is_own(owner) and not _is_column(error, owner, attribute)


def _attribute_is_column(error: Raised) -> bool:
    owner, attribute = _lacking(error)
    return _is_column(error, owner, attribute)


def _is_column(error: Raised, owner: str, attribute: str) -> bool:
    """Tell whether an attribute of a frame is a column's name, or almost."""
    return owner == "DataFrame" and bool(nearest([attribute], error.columns))


def _breaks_interface(error: Raised) -> bool:
    """Tell whether a class of the script lacks what scikit-learn asks of it."""
    owner, attribute = _lacking(error)
    return error.is_own(owner) and (attribute in _INTERFACE or error.lacks_own_argument(owner, attribute))


def _lacking(error: Raised) -> tuple[str, str]:
    found = _OBJECT.match(error.message)
    return (found[1], found[2]) if found else ("", "")


def _own_call(error: Raised) -> bool:
    """Tell whether the function that was called wrongly is one of the script's."""
    found = _CALLABLE.match(error.message)
    owner, _, function = found[1].rpartition(".") if found else ("", "", "")
    return any(error.is_own(part) for part in (owner.split(".") if owner else [function]))


def _own_method(error: Raised) -> bool:
    """Tell whether it is a method that scikit-learn calls, of a class of the script."""
    found = _CALLABLE.match(error.message)
    owner, _, method = found[1].rpartition(".") if found else ("", "", "")
    return error.is_own(owner) and method in _INTERFACE


def _fit_gave_nothing(error: Raised) -> bool:
    """Tell whether scikit-learn went on with what a ``fit`` returned, and that was nothing."""
    owner, attribute = _lacking(error)
    return owner == "NoneType" and attribute in _INTERFACE and not error.line


CONDITIONS: Mapping[str, Callable[[Raised], bool]] = {
    "the package is not installed": _not_installed,
    "the package is installed": lambda error: not _not_installed(error),
    "the object is a library's": _of_library,
    "the name is almost that of a column": _attribute_is_column,
    "an own class lacks what scikit-learn asks of it": _breaks_interface,
    "fit gave nothing back": _fit_gave_nothing,
    "the function is the script's": _own_call,
    "the function is a library's": lambda error: not _own_call(error),
    "the method is one that scikit-learn calls": _own_method,
    "a file of weights": lambda error: _WEIGHTS.match(error.message) is not None,
    "no file of weights": lambda error: _WEIGHTS.match(error.message) is None,
    "while the script is loaded": lambda error: error.stage in ("check", "start", "load"),
    "while it predicts, outside the script": lambda error: error.stage == "predict" and not error.line,
    "while it predicts, inside the script": lambda error: error.stage == "predict" and bool(error.line),
    "a text of the script is joined": lambda error: _JOINED.search(error.line) is not None,
    "a column is asked for": lambda error: error.asks_pandas_for_column,
    "a value that fit never saw": lambda error: error.stage == "predict" and bool(error.key) and not error.names_key,
    "out of an index": lambda error: error.wrapped_in is not None,
    "inside a ColumnTransformer": lambda error: error.wrapped_in == "ValueError",
    "inside an operation on a column": lambda error: error.wrapped_in == "TypeError",
    "the target is transformed": lambda error: "TransformedTargetRegressor" in error.source,
}
