"""Import statements → the names that they bring in, and what each stands for."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Import:
    """A name that an import at the top of a script brings in.

    Parameters
    ----------
    module : str
        Where from.
    name : str
        What of it; empty for the module itself.
    is_dotted : bool
        Whether it was written ``import a.b as c``.
    """

    module: str
    name: str = ""
    is_dotted: bool = False

    def statement(self, bound: str) -> str:
        """Return the source that brings it in under a name."""
        if not self.name:
            return f"import {self.module}" + (f" as {bound}" if bound != self.module else "")
        if self.is_dotted:
            return f"import {self.module}.{self.name} as {bound}"
        return f"from {self.module} import {self.name}" + (f" as {bound}" if bound != self.name else "")


def imports_of(statement: ast.stmt) -> list[tuple[str, Import]]:
    """Return the names that a statement brings in.

    Parameters
    ----------
    statement : ast.stmt
        Any statement.

    Returns
    -------
    list of (str, Import)
        Empty for what is no import, or one of ``__future__``.

    Raises
    ------
    ValueError
        It imports from beside itself.
    """
    if isinstance(statement, ast.Import):
        return [_plain_import(alias) for alias in statement.names]
    if not isinstance(statement, ast.ImportFrom) or statement.module == "__future__":
        return []
    if statement.level or not statement.module:
        raise ValueError("it imports from beside itself")
    module = statement.module
    return [(alias.asname or alias.name, Import(module=module, name=alias.name)) for alias in statement.names]


def _plain_import(alias: ast.alias) -> tuple[str, Import]:
    root, _, rest = alias.name.partition(".")
    if not alias.asname:
        return root, Import(module=root)
    if not rest:
        return alias.asname, Import(module=root)
    module, _, name = alias.name.rpartition(".")
    return alias.asname, Import(module=module, name=name, is_dotted=True)


def qualified(node: ast.AST, imports: Mapping[str, Import]) -> str:
    """Return the name that a reference has where it was imported from, such as ``numpy.load``.

    Parameters
    ----------
    node : ast.AST
        A name, or an attribute of one.
    imports : mapping of str to Import
        What the module imports.

    Returns
    -------
    str
        Empty where it was not imported.
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in imports:
        return ""
    one = imports[node.id]
    return ".".join([one.module, *([one.name] if one.name else []), *reversed(parts)])
