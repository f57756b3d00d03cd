"""Columns that are set aside never reach the pipeline of a script that a model wrote, whatever it does with types.

This holds against accident and against columns that are taken by type or by position. A script that sets out to undo
it is refused where it says so: by the guard's names, by ``globals()``, by changes to what it imported. Python has more
ways than a reader of scripts can know, so that what counts in the end is which table a script is given.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from octopus.blocks.rendering import list_constant
from octopus.records import Profile
from octopus.scientists.llm.python import parse
from octopus.scientists.llm.unreadable import Unreadable
from octopus.screening.quarantine import quarantined_columns

#: How the guard begins in a script.
MARKER = "# Columns set aside:"
_LINE = f"\n{MARKER} the pipeline does not see them.\n"
#: What it needs is bound when it is defined: what the script does to its module while it builds comes too late.
_GUARD = """from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

{constant}


def without_set_aside(X, set_aside=tuple(SET_ASIDE)):
    return X.loc[:, ~X.columns.isin(set_aside)]


leave_set_aside_out = FunctionTransformer(without_set_aside)


def build_pipeline(build_on_the_rest=build_pipeline, first=leave_set_aside_out, whole=Pipeline):
    rest = build_on_the_rest()
    steps = rest.steps if type(rest) is whole else [("rest", rest)]
    return whole([("without_set_aside", first), *steps])
"""
_NAMES = frozenset({"SET_ASIDE", "without_set_aside", "leave_set_aside_out", "build_on_the_rest"})
#: Modules by which code reaches other code's variables, and attributes that change a function that stands already.
_REACHING = frozenset({"inspect", "gc", "__main__"})
_INSIDES = frozenset({"__defaults__", "__kwdefaults__", "__dict__", "__globals__", "__code__"})


def set_aside_columns(profile: Profile) -> tuple[str, ...]:
    """Return the columns that a finding has quarantined.

    Parameters
    ----------
    profile : Profile
        What is known now.

    Returns
    -------
    tuple of str
        In the order of the table.
    """
    gone = quarantined_columns(profile)
    return tuple(column.name for column in profile.columns if column.name in gone)


def guarded(source: str, columns: Sequence[str]) -> str:
    """Return a script whose pipeline never sees some columns.

    Parameters
    ----------
    source : str
        It defines ``build_pipeline``.
    columns : sequence of str
        The columns; where there are none, the script stays as it is.

    Returns
    -------
    str
        The script with a guard at its end.

    Raises
    ------
    Unreadable
        The script could undo it.
    """
    if not columns:
        return source
    own = unguarded(source)
    if (what := next(_undoing(parse(own)), "")) != "":
        raise Unreadable(
            f"The script uses {what}, and columns are set aside: the host sees to it that no pipeline reads them. "
            "Leave it out."
        )
    return f"{own.rstrip()}\n\n{_LINE}{_GUARD.format(constant=list_constant('SET_ASIDE', list(columns)))}"


def unguarded(source: str) -> str:
    """Return a script without the guard.

    Parameters
    ----------
    source : str
        With a guard or without.

    Returns
    -------
    str
        As it was written.
    """
    head, line, rest = source.rpartition(_LINE)
    return f"{head.rstrip()}\n" if line and "\nSET_ASIDE = [" in rest else source


def _undoing(tree: ast.Module | None) -> Iterator[str]:
    """Find by what a script could undo the guard: its names, the module's variables, changes to what is imported."""
    nodes = list(ast.walk(tree)) if tree is not None else []
    imported: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            modules = {node.module or ""} if isinstance(node, ast.ImportFrom) else {alias.name for alias in node.names}
            yield from (f"the module {name}" for name in modules if name.partition(".")[0] in _REACHING)
    for node in nodes:
        if (named := _named(node)) in _NAMES:
            yield f"the name {named}"
        elif isinstance(node, ast.Attribute):
            if node.attr in _INSIDES or (not isinstance(node.ctx, ast.Load) and _root(node) in imported):
                yield f"{ast.unparse(node)}, which changes code that stands"
        elif isinstance(node, ast.Call) and _reaches(node, imported):
            yield ast.unparse(node)


def _reaches(call: ast.Call, imported: Collection[str]) -> bool:
    """Tell whether a call gives the module's variables, or changes what is imported."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in ("setattr", "delattr"):
        return bool(call.args) and _root(call.args[0]) in imported
    return name in ("globals", "locals") or (name == "vars" and not call.args)


def _named(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _root(node: ast.AST) -> str:
    """Return the name that a reference begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
