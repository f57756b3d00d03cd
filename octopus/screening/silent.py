"""Idioms of older versions of pandas that now do nothing and say nothing: what they are, and what to write instead."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from octopus.screening.reading import Offence, Reading

_MUTATES = frozenset({
    "fillna", "replace", "clip", "ffill", "bfill", "interpolate", "mask", "where", "drop", "dropna", "sort_values",
    "rename", "drop_duplicates", "reset_index",
})  # fmt: skip
_OBJECT = frozenset({"object", "O"})
_TEXT_TESTS = frozenset({"is_string_dtype", "is_numeric_dtype", "StringDtype", "str"})
_CHOOSES = frozenset({"loc", "iloc", "at", "iat"})


def silent_faults(reading: Reading) -> Iterator[Offence]:
    """Find code that changes nothing, or passes over every text column, without an error.

    Parameters
    ----------
    reading : Reading
        The script.

    Yields
    ------
    Offence
        At the expression.
    """
    for node in reading.nodes:
        message = ""
        if isinstance(node, ast.Compare) and is_object_test(node, reading):
            message = (
                "columns of text have the type str, not object, so this test passes over all of them: ask "
                "pd.api.types.is_string_dtype(...), or not pd.api.types.is_numeric_dtype(...)"
            )
        elif isinstance(node, ast.Call) and is_lost_change(node, reading):
            message = (
                "inplace=True on a column that is picked out of a table changes a copy, not the table: assign the "
                "result, df[c] = df[c].fillna(value)"
            )
        elif isinstance(node, ast.Assign | ast.AugAssign) and _is_chained(node, reading):
            message = "chained assignment changes a copy, not the table: write df.loc[rows, column] = value"
        if message and isinstance(node, ast.expr | ast.stmt):
            yield Offence(kind="SilentPandas", line=node.lineno, message=message)


def is_object_test(node: ast.Compare, reading: Reading) -> bool:
    """Tell whether a comparison asks for text by the type object, and nothing beside it asks for text.

    Parameters
    ----------
    node : ast.Compare
        The comparison.
    reading : Reading
        The script that it is part of.

    Returns
    -------
    bool
        Whether every text column fails the test, or passes it where none should.
    """
    if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.Is | ast.IsNot | ast.In | ast.NotIn):
        return False
    sides = (node.left, node.comparators[0])
    if not any(_is_dtype(side) for side in sides) or not any(_is_object(side, reading) for side in sides):
        return False
    outer: ast.AST = node
    for above in reading.around(node):
        if not isinstance(above, ast.BoolOp | ast.UnaryOp | ast.IfExp):
            break
        outer = above
    return not any(_asks_for_text(part) for part in ast.walk(outer))


def is_lost_change(node: ast.Call, reading: Reading) -> bool:
    """Tell whether a call changes a column in place that was picked out of a table.

    Parameters
    ----------
    node : ast.Call
        The call.
    reading : Reading
        The script that it is part of.

    Returns
    -------
    bool
        Whether the change is lost.
    """
    called = node.func
    if not isinstance(called, ast.Attribute) or called.attr not in _MUTATES:
        return False
    is_inplace = any(
        k.arg == "inplace" and isinstance(k.value, ast.Constant) and k.value.value is True for k in node.keywords
    )
    picked = called.value
    if not is_inplace:
        return False
    if isinstance(picked, ast.Attribute):
        return isinstance(picked.value, ast.Name) and reading.is_table(picked.value)
    return isinstance(picked, ast.Subscript) and reading.is_table(picked.value)


def _is_chained(node: ast.Assign | ast.AugAssign, reading: Reading) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        inner = target.value if isinstance(target, ast.Subscript) else None
        if isinstance(inner, ast.Attribute) and inner.attr in _CHOOSES:
            inner = inner.value
            if isinstance(inner, ast.Name):
                continue  # df.loc[rows, column] = value
        if isinstance(inner, ast.Subscript) and reading.is_table(inner.value):
            return True
    return False


def _is_dtype(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str" and node.args:
        node = node.args[0]
    if isinstance(node, ast.Subscript):
        node = node.value
    return isinstance(node, ast.Attribute) and node.attr in ("dtype", "dtypes")


def _is_object(node: ast.AST, reading: Reading) -> bool:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return any(_is_object(item, reading) for item in node.elts)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value in _OBJECT
    if isinstance(node, ast.Call) and node.args and reading.qualified(node.func) == "numpy.dtype":
        return _is_object(node.args[0], reading)
    return reading.qualified(node) in ("object", "numpy.object_", "numpy.object")


def _asks_for_text(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return node.value in ("str", "string")
    if isinstance(node, ast.Attribute):
        return node.attr in _TEXT_TESTS - {"str"}
    return isinstance(node, ast.Name) and node.id in _TEXT_TESTS and node.id != "str"
