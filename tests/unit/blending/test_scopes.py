"""Where names of a module stand, held against what the compiler makes of the same source."""

from __future__ import annotations

import ast
import dis
import importlib.util
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from octopus import syntax
from octopus.blending.scopes import references

#: Modules of the standard library with much of what the language has.
MODULES = (
    "dataclasses", "enum", "typing", "contextlib", "collections", "inspect", "ast", "functools", "asyncio.tasks",
    "unittest.mock", "argparse", "logging", "_pydecimal", "pydoc", "statistics", "tarfile", "random", "datetime",
    "json", "subprocess", "threading", "shutil", "pickle", "difflib", "doctest", "optparse", "configparser", "zipfile",
)  # fmt: skip
_OF_MODULE = {"LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL"}
_OF_SCOPE = ("LOAD_FAST", "STORE_FAST", "DELETE_FAST", "LOAD_DEREF", "STORE_DEREF", "LOAD_CLOSURE", "LOAD_CLASSDEREF")


def compiled(code: CodeType, is_module: bool = True) -> Iterator[tuple[str, int, int, bool]]:
    """Yield name, line and column of what code reads or binds, and whether it is the module's."""
    for instruction in dis.get_instructions(code):
        where = instruction.positions
        if where is None or where.lineno is None or where.col_offset is None:
            continue
        place = str(instruction.argval), where.lineno, where.col_offset
        if instruction.opname in _OF_MODULE or (is_module and instruction.opname in ("LOAD_NAME", "STORE_NAME")):
            yield *place, True
        elif instruction.opname == "LOAD_NAME":
            yield *place, True  # the body of a class
        elif instruction.opname.startswith(_OF_SCOPE) or instruction.opname == "STORE_NAME":
            yield *place, False
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from compiled(constant, is_module=False)


def unreliable(tree: ast.AST) -> set[int]:
    """Return the nodes in formatted texts, whose places before Python 3.12 are not their own."""
    return {id(inner) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for inner in ast.walk(node)}


@pytest.mark.parametrize("name", MODULES)
def test_the_compiler_finds_the_same_names(name):
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    tree = syntax.parse(source)
    found, skipped = references(tree), unreliable(tree)
    placed = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in skipped]
    places = {(node.id, node.lineno, node.col_offset) for node in placed}
    ours = {(r.node.id, r.node.lineno, r.node.col_offset) for r in found if isinstance(r.node, ast.Name)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [one for one in compiled(compile(source, name, "exec")) if one[:3] in places]
    assert len(theirs) > 100
    wrong = {one for one in theirs if (one[:3] in ours) != one[3]}
    in_class_bodies = {one for one in wrong if one[3]}  # names that the class has bound for sure
    assert wrong == in_class_bodies
    bodies = [s for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for s in node.body]
    lines = {
        line
        for s in bodies
        for line in range(min([s.lineno, *(d.lineno for d in getattr(s, "decorator_list", []))]), s.end_lineno + 1)
    }
    assert {one[1] for one in in_class_bodies} <= lines


def names(source: str) -> list[tuple[str, bool, bool]]:
    return [(r.name, r.binds, r.is_unsure) for r in references(syntax.parse(source))]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a = 1\n    b = a", []),
        ("b = a\n    a = 1", [("a", False, True)]),
        ("if c:\n        a = 1\n    b = a", [("c", False, False), ("a", False, True)]),
        ("a = 1\n    del a\n    b = a", [("a", False, True)]),
        ("def a(self): ...\n    @a.setter\n    def a(self): ...", []),
        ("global a\n    a = 1\n    b = a", [("a", False, False), ("a", True, False), ("a", False, False)]),
        ("a = 1\n    def m(self): return a", [("a", False, False)]),
    ],
)
def test_names_in_the_body_of_a_class_are_its_own_from_where_it_binds_them(body, expected):
    assert names(f"class K:\n    {body}\n") == [("K", True, False), *expected]
