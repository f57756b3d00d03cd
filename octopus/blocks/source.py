"""The source of blocks, as a script takes it in: no annotations, one line of docstring, nothing that it does not need.

Files are read, not imported: a block may need a library that the process which writes scripts never loads.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from octopus import syntax
from octopus.errors import PluginError

#: Modules of this package that hold blocks.
_MODULES = (
    "numbers", "selection", "dates", "categories", "shapes", "texts", "means", "indicators", "codes", "curves",
    "targets", "decisions", "sampling", "boosting", "boosters", "catboosting", "xgboosting", "tabpfn", "blending",
    "committees", "networks", "alone",
)  # fmt: skip
#: Where blocks import one another from: such a name is a need, not an import.
_HERE = "octopus.blocks."
#: Remarks to tools, which a script has no use for.
_REMARKS = re.compile(r"[ ]{2}# (?:noqa|type: ignore)\S*(?: [A-Z0-9, ]+)?$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """Source for a script.

    Parameters
    ----------
    imports : tuple of str
        Import statements, one name each.
    definitions : tuple of str
        Constants, functions and classes in the order of their files.
    """

    imports: tuple[str, ...]
    definitions: tuple[str, ...]


@dataclass(frozen=True)
class _Definition:
    source: str
    needs: frozenset[str]
    imports: dict[str, str]


def pieces(names: Iterable[str]) -> Pieces:
    """Return the source of blocks with everything that they use.

    Parameters
    ----------
    names : iterable of str
        Functions and classes of :mod:`octopus.blocks`.

    Returns
    -------
    Pieces
        Their source, that of the blocks they call, and the imports of both.

    Raises
    ------
    PluginError
        There is no such block.
    """
    known = _definitions()
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in known:
            raise PluginError(
                f"there is no block named {name!r} in octopus.blocks, so no script can be written with it. "
                f"Name one of {', '.join(sorted(known))}, or give the source in Recipe.definitions."
            )
        if name not in wanted:
            wanted.add(name)
            pending += known[name].needs
    imports = {
        statement for name in wanted for used, statement in known[name].imports.items() if _uses(known[name], used)
    }
    return Pieces(imports=tuple(sorted(imports)), definitions=tuple(known[n].source for n in known if n in wanted))


def _uses(definition: _Definition, name: str) -> bool:
    return name in _names(syntax.parse(definition.source))


@cache
def _definitions() -> dict[str, _Definition]:
    """Return every module-level definition of the blocks, constants first in each file."""
    found: dict[str, _Definition] = {}
    for module in _MODULES:
        text = files("octopus.blocks").joinpath(f"{module}.py").read_text(encoding="utf-8")
        tree = syntax.parse(text)
        nodes = {name: node for node in tree.body if (name := _defined_name(node))}
        imports = _imports(tree)
        within_reach = set(nodes) | _borrowed(tree)
        lines = text.splitlines()
        for name, node in nodes.items():
            source = _plain_source(lines, node)
            needs = frozenset(_names(syntax.parse(source)) & within_reach - {name})
            found[name] = _Definition(source, needs, imports)
    return found


def _defined_name(node: ast.stmt) -> str | None:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return None


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return import statements by the name that each brings in."""
    statements = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                renamed = f" as {alias.asname}" if alias.asname else ""
                statements[alias.asname or alias.name] = f"import {alias.name}{renamed}"
        elif isinstance(node, ast.ImportFrom) and node.module and not _is_ours(node.module):
            for alias in node.names:
                statements[alias.name] = f"from {node.module} import {alias.name}"
    return statements


def _borrowed(tree: ast.Module) -> set[str]:
    """Return the names that a module takes from other blocks."""
    statements = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {a.name for node in statements if (node.module or "").startswith(_HERE) for a in node.names}


def _is_ours(module: str) -> bool:
    return module == "__future__" or module.startswith(_HERE)


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _plain_source(lines: list[str], node: ast.stmt) -> str:
    """Return a definition without annotations and without the later lines of its docstrings."""
    assert node.end_lineno is not None
    first = node.lineno
    while lines[first - 2].startswith("#"):
        first -= 1
    kept = dict(enumerate(lines[first - 1 : node.end_lineno], start=first))
    for child in ast.walk(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            _shorten_docstring(kept, child)
    for child in ast.walk(node):
        if isinstance(child, ast.FunctionDef):
            _plain_signature(kept, child)
    source = _REMARKS.sub("", "\n".join(kept[number] for number in sorted(kept)))
    return re.sub(r"^#: ", "# ", source, flags=re.MULTILINE)


def _shorten_docstring(kept: dict[int, str], node: ast.FunctionDef | ast.ClassDef) -> None:
    docstring = ast.get_docstring(node)
    if docstring is None:
        return
    statement = node.body[0]
    assert statement.end_lineno is not None
    for number in range(statement.lineno, statement.end_lineno + 1):
        indent = kept.pop(number)[: statement.col_offset]
        if number == statement.lineno:
            raw = "r" if "\\" in docstring else ""
            kept[number] = f'{indent}{raw}"""{docstring.splitlines()[0]}"""'


def _plain_signature(kept: dict[int, str], node: ast.FunctionDef) -> None:
    """Write the head of a function anew, on one line, without annotations."""
    body = node.body[0].lineno
    head = [number for number in kept if node.lineno <= number < body]
    bare = syntax.parse(ast.unparse(node)).body[0]
    assert isinstance(bare, ast.FunctionDef)
    named = (*bare.args.posonlyargs, *bare.args.args, *bare.args.kwonlyargs)
    for argument in (*named, bare.args.vararg, bare.args.kwarg):
        if argument is not None:
            argument.annotation = None
    arguments = ast.unparse(bare.args).replace("'", '"')
    indent = " " * node.col_offset
    comments = [kept[number] for number in head if kept[number].lstrip().startswith("#")]
    for number in head:
        kept.pop(number)
    kept[node.lineno] = "\n".join([f"{indent}def {node.name}({arguments}):", *comments])
