"""The signatures of installed libraries, read from their source: nothing is imported, so nothing is loaded."""

from __future__ import annotations

import ast
from collections.abc import Collection
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

from octopus import syntax

#: Modules that a name is followed through until its definition.
_MAX_STEPS = 6


def signature(module: str, name: str, only: Collection[str] = ()) -> str:
    """Return how a class or function is called in the version that is installed.

    Parameters
    ----------
    module : str
        Where scripts import it from, such as ``"sklearn.linear_model"``.
    name : str
        Its name, with that of its class before a point for a method.
    only : collection of str
        Arguments to show, as far as there are such; all where empty.

    Returns
    -------
    str
        Such as ``"Ridge(alpha=1.0, *, fit_intercept=True)"``; empty where it is not installed or not written in Python.

    Examples
    --------
    >>> signature("sklearn.linear_model", "Ridge", only=["alpha"])
    'Ridge(alpha=1.0)'
    """
    name, _, method = name.partition(".")
    node = _definition(module, name, _MAX_STEPS)
    if isinstance(node, ast.ClassDef):
        node = _method(module, node, method or "__init__", _MAX_STEPS)
    if not isinstance(node, ast.FunctionDef):
        return ""
    shown = method or name
    return f"{shown}({_arguments(node.args, only)})"


def _arguments(arguments: ast.arguments, only: Collection[str]) -> str:
    """Return arguments with their defaults, without annotations and ``self``."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [*[None] * (len(positional) - len(arguments.defaults)), *arguments.defaults]
    found = [(a.arg, d) for a, d in zip(positional, defaults, strict=True) if a.arg != "self"]
    keywords = list(zip([a.arg for a in arguments.kwonlyargs], arguments.kw_defaults, strict=True))
    parts = [_argument(name, default) for name, default in found if not only or name in only]
    star = ["*"] if keywords and not only else []
    parts += [*star, *(_argument(name, default) for name, default in keywords if not only or name in only)]
    if arguments.kwarg and not only:
        parts.append(f"**{arguments.kwarg.arg}")
    return ", ".join(parts)


def _argument(name: str, default: ast.expr | None) -> str:
    return name if default is None else f"{name}={ast.unparse(default)}"


def _definition(module: str, name: str, steps: int) -> ast.stmt | None:
    """Return the class or function that a name of a module stands for, through its imports."""
    found = _parsed(module)
    if found is None or steps == 0:
        return None
    tree, package = found
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return node
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _definition(_absolute(node, package), alias.name, steps - 1)
    return None


def _method(module: str, node: ast.ClassDef, method: str, steps: int) -> ast.stmt | None:
    """Return a method of a class, or of the first of its bases that has it."""
    own = [child for child in node.body if isinstance(child, ast.FunctionDef) and child.name == method]
    if own or steps == 0:
        return own[-1] if own else None
    home = _home(module, node.name, _MAX_STEPS)
    for base in node.bases:
        if isinstance(base, ast.Name):
            parent = _definition(home, base.id, _MAX_STEPS)
            found = _method(home, parent, method, steps - 1) if isinstance(parent, ast.ClassDef) else None
            if found is not None:
                return found
    return None


def _home(module: str, name: str, steps: int) -> str:
    """Return the module in which a name is defined."""
    found = _parsed(module)
    if found is None or steps == 0:
        return module
    tree, package = found
    if any(isinstance(n, ast.ClassDef | ast.FunctionDef) and n.name == name for n in ast.walk(tree)):
        return module
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any((a.asname or a.name) == name for a in node.names):
            return _home(_absolute(node, package), name, steps - 1)
    return module


def _absolute(node: ast.ImportFrom, package: str) -> str:
    """Return the full name of the module that a statement imports from."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


@cache
def _parsed(module: str) -> tuple[ast.Module, str] | None:
    """Return the tree of an installed module and the package that it is in; None where there is no such source."""
    root, *rest = module.split(".")
    spec = PathFinder.find_spec(root)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    path = Path(spec.origin).parent.joinpath(*rest) if spec.submodule_search_locations else Path(spec.origin)
    package_file, module_file = path / "__init__.py", path.with_suffix(".py")
    file = package_file if package_file.is_file() else module_file
    try:
        tree = syntax.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None
    return tree, module if file == package_file else module.rpartition(".")[0]
