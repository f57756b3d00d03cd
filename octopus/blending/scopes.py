"""Module → every place where a name of the module itself is bound or read, by the scopes of the language.

Rules as in "Naming and binding" of the language reference (docs.python.org/3/reference/executionmodel.html). The
standard library's ``symtable`` tells scopes too, but not which node is in which of them, and since Python 3.12 it hides
those of comprehensions (PEP 709); the tests hold what is found here against it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

_Function = ast.FunctionDef | ast.AsyncFunctionDef
#: Statements of the body of a class behind which the names that they bind are its own.
_SURE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.Import, ast.ImportFrom)
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One place where a name of the module stands.

    Parameters
    ----------
    node : ast.AST
        What holds the name: a name, a definition, an import's alias, a ``global`` statement.
    name : str
        The name.
    statement : int
        Number of the statement of the module that it is part of.
    binds : bool
        Whether the name gets its value here, or loses it.
    is_unsure : bool
        Whether it may be a name of the class whose body it stands in, as in ``class A: x = x``.
    """

    node: ast.AST
    name: str
    statement: int
    binds: bool
    is_unsure: bool


def references(tree: ast.Module) -> list[Reference]:
    """Return every place where a name of the module, or of none of its scopes, stands.

    Parameters
    ----------
    tree : ast.Module
        The module.

    Returns
    -------
    list of Reference
        In order of the statements; a name that the module does not bind is a builtin.

    Raises
    ------
    ValueError
        It has type parameters, whose scopes are not read.
    """
    reader = _Reader()
    for number, statement in enumerate(tree.body):
        reader.statement = number
        reader.visit(statement)
    return [reference for seen in reader.seen if (reference := _resolved(seen)) is not None]


def names_in(tree: ast.AST) -> set[str]:
    """Return every identifier that stands anywhere in a tree, as whatever."""
    found: set[str] = set()
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            found |= {text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)}
    return found


@dataclass(eq=False)
class _Scope:
    kind: str
    outer: _Scope | None = None
    bound: set[str] = field(default_factory=set)
    of_module: set[str] = field(default_factory=set)
    of_outer: set[str] = field(default_factory=set)
    sure: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Seen:
    node: ast.AST
    name: str
    statement: int
    binds: bool
    scope: _Scope
    is_sure: bool


class _Reader(ast.NodeVisitor):
    """Notes where each name stands, and what each scope binds."""

    def __init__(self) -> None:
        self.scope = _Scope("module")
        self.statement = 0
        self.seen: list[_Seen] = []

    def visit_Name(self, node: ast.Name) -> None:
        self._note(node, node.id, binds=not isinstance(node.ctx, ast.Load))

    def visit_FunctionDef(self, node: _Function) -> None:
        _refuse_type_parameters(node)
        self._note(node, node.name, binds=True)
        self._visit_all(node.decorator_list)
        self._visit_arguments(node.args)
        if node.returns is not None:
            self.visit(node.returns)
        self._within("function", node.body, _arguments(node.args))

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_arguments(node.args)
        self._within("function", [node.body], _arguments(node.args))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        _refuse_type_parameters(node)
        self._note(node, node.name, binds=True)
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
        outer = self.scope
        self.scope = _Scope("class", outer)
        for statement in node.body:
            n_seen = len(self.seen)
            self.visit(statement)
            bound = {one.name for one in self.seen[n_seen:] if one.binds and one.scope is self.scope}
            self.scope.sure = self.scope.sure | bound if isinstance(statement, _SURE) else self.scope.sure - bound
        self.scope = outer

    def visit_ListComp(self, node: _Comprehension) -> None:
        first, *others = node.generators
        self.visit(first.iter)  # in the scope around it, unlike all the rest
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._within("comprehension", [first.target, *first.ifs, *others, *made], ())

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        scope = self.scope
        while scope.kind == "comprehension" and scope.outer is not None:
            scope = scope.outer
        self._note(node.target, node.target.id, binds=True, scope=scope)

    def visit_Global(self, node: ast.Global) -> None:
        self.scope.of_module |= set(node.names)
        for name in node.names:
            self._note(node, name, binds=False)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.scope.of_outer |= set(node.names)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._note(alias, alias.asname or alias.name.partition(".")[0], binds=True)

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._note_optional(node, node.name)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self._note_optional(node, node.name)

    visit_MatchStar = visit_MatchAs  # noqa: N815

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._note_optional(node, node.rest)

    def generic_visit(self, node: ast.AST) -> None:
        if type(node).__name__ == "TypeAlias":  # since Python 3.12
            raise ValueError("it declares a type alias")
        super().generic_visit(node)

    def _note_optional(self, node: ast.AST, name: str | None) -> None:
        if name is not None:
            self._note(node, name, binds=True)
        self.generic_visit(node)

    def _note(self, node: ast.AST, name: str, *, binds: bool, scope: _Scope | None = None) -> None:
        scope = scope or self.scope
        if binds:
            scope.bound.add(name)
        self.seen.append(_Seen(node, name, self.statement, binds, scope, name in scope.sure))

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _visit_arguments(self, arguments: ast.arguments) -> None:
        """Visit defaults and annotations, which belong to the scope around the function."""
        self._visit_all([*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)])
        self._visit_all(one.annotation for one in _all_arguments(arguments) if one.annotation is not None)

    def _within(self, kind: str, nodes: Iterable[ast.AST], bound: Iterable[str]) -> None:
        outer = self.scope
        self.scope = _Scope(kind, outer, set(bound))
        self._visit_all(nodes)
        self.scope = outer


def _refuse_type_parameters(node: _Function | ast.ClassDef) -> None:
    if getattr(node, "type_params", None):  # since Python 3.12
        raise ValueError(f"{node.name} has type parameters")


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    optional = [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *optional]


def _arguments(arguments: ast.arguments) -> list[str]:
    return [one.arg for one in _all_arguments(arguments)]


def _resolved(seen: _Seen) -> Reference | None:
    """Return a reference to the module; None where the name is one of an inner scope."""
    first = seen.scope
    is_unsure = False
    if first.kind == "class" and seen.name in first.bound - first.of_module - first.of_outer:
        if seen.is_sure or not (isinstance(seen.node, ast.Name) and isinstance(seen.node.ctx, ast.Load)):
            return None
        is_unsure = True  # until the class binds it, the name is the module's
    scope: _Scope | None = first
    while scope is not None and not is_unsure and seen.name not in scope.of_module:
        if scope.kind in ("function", "comprehension") and seen.name in scope.bound - scope.of_outer:
            return None
        scope = scope.outer
        while scope is not None and scope.kind == "class":  # its names are not those of the functions within
            scope = scope.outer
    return Reference(node=seen.node, name=seen.name, statement=seen.statement, binds=seen.binds, is_unsure=is_unsure)
