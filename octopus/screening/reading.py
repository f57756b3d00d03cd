"""A script as a tree whose nodes know what is around them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Names that are given to a table by habit.
_USUAL = frozenset({"X", "df", "data", "frame", "table", "X_train", "X_test", "X_new", "train", "test"})
#: Methods of a table that give a table.
_GIVES_TABLE = frozenset({
    "copy", "assign", "drop", "reset_index", "set_index", "fillna", "merge", "join", "sort_values", "rename", "astype",
    "select_dtypes", "reindex", "to_frame",
})  # fmt: skip
_MAKES_TABLE = frozenset({"DataFrame", "concat", "get_dummies", "merge"})


@dataclass(frozen=True, kw_only=True)
class Offence:
    """What is wrong in a script, and where.

    Parameters
    ----------
    kind : str
        ``PolicyViolation``, ``BlanketExcept``, ``QuarantinedColumn`` or ``SilentPandas``.
    line : int
        Where it stands.
    message : str
        One sentence: what it is and what to write instead.
    """

    kind: str
    line: int
    message: str


class Reading:
    """A script that parses, read once.

    Parameters
    ----------
    tree : ast.Module
        The script.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.nodes = tuple(ast.walk(tree))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """What each node is a direct part of."""
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    @cached_property
    def imported(self) -> dict[str, str]:
        """What each imported name stands for, such as ``numpy`` for ``np``."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found |= {a.asname or a.name.partition(".")[0]: a.name if a.asname else a.name.partition(".")[0]
                          for a in node.names}  # fmt: skip
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        return found

    @cached_property
    def defined(self) -> frozenset[str]:
        """Names of the script's own functions and classes."""
        kinds = (*_FUNCTIONS, ast.ClassDef)
        return frozenset(node.name for node in self.nodes if isinstance(node, kinds))

    @cached_property
    def used(self) -> frozenset[str]:
        """Names that are read somewhere."""
        return frozenset(n.id for n in self.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))

    @cached_property
    def tables(self) -> frozenset[str]:
        """Names that stand for a table: by habit, or for what they are assigned."""
        assigned = [
            (node.targets[0].id, node.value)
            for node in self.nodes
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        ]
        others = {
            name for name, value in assigned if isinstance(value, ast.Dict | ast.List | ast.DictComp | ast.ListComp)
        }
        found = set(_USUAL)
        for _ in range(3):
            found |= {name for name, value in assigned if _is_table(value, found)}
        return frozenset(found - others)

    def qualified(self, node: ast.AST) -> str:
        """Return the name that a reference has where it was imported from, such as ``numpy.load``; else as written."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        root = self.imported.get(node.id, node.id if node.id not in self.defined else "")
        return ".".join([root, *reversed(parts)]) if root else ""

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what a node is part of, from within."""
        while (outer := self.parents.get(node)) is not None:
            yield outer
            node = outer

    def function(self, line: int) -> str:
        """Return the name of the innermost function around a line; empty at module level."""
        holds = [f for f in self.nodes if isinstance(f, _FUNCTIONS) and f.lineno <= line <= (f.end_lineno or f.lineno)]
        return max(holds, key=lambda f: f.lineno).name if holds else ""

    def is_table(self, node: ast.AST) -> bool:
        """Tell whether an expression is a table's name, or a choice of its rows."""
        if isinstance(node, ast.Attribute) and node.attr in ("loc", "iloc"):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.tables


def _is_table(value: ast.AST, tables: set[str]) -> bool:
    if not isinstance(value, ast.Call):
        return False
    called = value.func
    if isinstance(called, ast.Attribute) and called.attr in _GIVES_TABLE:
        return isinstance(called.value, ast.Name | ast.Subscript) and _root(called.value) in tables
    return isinstance(called, ast.Attribute) and called.attr in _MAKES_TABLE and _root(called) in ("pd", "pandas")


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
