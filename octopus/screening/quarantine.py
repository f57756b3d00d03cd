"""Uses of quarantined columns: by subscript, in a list of columns, as an attribute; naming one to drop it is none.

Beside what :mod:`octopus.findings.leakage` sets aside, the scientist may leave columns unused and use them again
(:data:`octopus.journal.SCIENTISTS_CHOICE`).

=======  ==========================================================================================
code     finding
=======  ==========================================================================================
OCT730   a column is left unused, or used again, by the scientist's choice
=======  ==========================================================================================
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from octopus.records import Profile
from octopus.screening.reading import Offence, Reading

#: Methods that take a column's name, and those that leave columns out.
_TAKES = frozenset({"get", "groupby", "sort_values", "set_index", "pivot_table", "filter", "eval", "query"})
_LEAVES_OUT = frozenset({"drop", "difference", "isdisjoint", "remove", "discard", "delete", "pop"})


def quarantined_columns(profile: Profile) -> frozenset[str]:
    """Return the columns that a finding set aside and that are still unused.

    Parameters
    ----------
    profile : Profile
        What is known now.

    Returns
    -------
    frozenset of str
        Their names.
    """
    unused = {column.name for column in profile.columns if not column.used}
    named = {name for f in profile.findings if f.action.startswith("quarantined") for name in f.columns}
    return frozenset(unused & named)


def uses(reading: Reading, columns: frozenset[str]) -> Iterator[Offence]:
    """Find uses of columns.

    Parameters
    ----------
    reading : Reading
        The script.
    columns : frozenset of str
        Their names.

    Yields
    ------
    Offence
        At the name.
    """
    left_out = _names_left_out(reading)
    for node in reading.nodes:
        name = _named(node, reading, left_out) if columns else ""
        if name in columns:
            message = (
                f"the column {name!r} is quarantined, for it may know the answer: use other columns, or answer "
                "ACTION: release with a reason first"
            )
            yield Offence(kind="QuarantinedColumn", line=getattr(node, "lineno", 1), message=message)


def _named(node: ast.AST, reading: Reading, left_out: frozenset[str]) -> str:
    """Return the column that a node may use; empty if it is none."""
    if isinstance(node, ast.Attribute):
        return node.attr if reading.is_table(node.value) else ""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return ""
    outer = reading.parents.get(node)
    is_listed = isinstance(outer, ast.List | ast.Tuple | ast.Set)
    is_key = isinstance(outer, ast.Subscript) or (isinstance(outer, ast.Dict) and node in outer.keys)
    is_taken = isinstance(outer, ast.Call) and isinstance(outer.func, ast.Attribute) and outer.func.attr in _TAKES
    if not (is_listed or is_key or is_taken) or _is_left_out(node, reading, left_out):
        return ""
    return node.value


def _is_left_out(node: ast.AST, reading: Reading, left_out: frozenset[str]) -> bool:
    """Tell whether a name stands where columns are left out."""
    for outer in reading.around(node):
        if _leaves_out(outer):
            return True
        if isinstance(outer, ast.Delete):
            return True
        if isinstance(outer, ast.Assign):
            return all(isinstance(t, ast.Name) and t.id in left_out for t in outer.targets)
        if isinstance(outer, ast.stmt):
            return False
    return False


def _leaves_out(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in _LEAVES_OUT
    return isinstance(node, ast.Compare) and any(isinstance(op, ast.NotIn | ast.NotEq) for op in node.ops)


def _names_left_out(reading: Reading) -> frozenset[str]:
    """Return names that are read only where columns are left out."""
    found: dict[str, bool] = {}
    for node in reading.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            around = list(reading.around(node))[:6]
            found[node.id] = found.get(node.id, True) and any(_leaves_out(outer) for outer in around)
    return frozenset(name for name, only in found.items() if only)
