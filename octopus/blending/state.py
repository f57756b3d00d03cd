"""Which statements have no state, so that one of each does for several members; as far as source can tell."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

from octopus.blending.scopes import Reference

#: Methods that change what they are called on.
_CHANGING = frozenset({
    "append", "extend", "insert", "remove", "pop", "popitem", "clear", "sort", "reverse", "add", "update", "discard",
    "setdefault", "difference_update", "intersection_update", "symmetric_difference_update", "appendleft", "popleft",
    "__setitem__", "__delitem__", "move_to_end", "fill", "put", "write", "send",
})  # fmt: skip
#: Builtins that make a value nobody can change, whatever they are given.
_FREEZING = frozenset({"float", "int", "str", "bool", "len", "tuple", "frozenset", "complex", "bytes"})
#: Builtins that make plain data.
_PLAIN = frozenset({"list", "dict", "set", "range", "sorted", "min", "max", "sum", "abs", "round"})
#: Statements and expressions by which a value gets another name.
_RENAMING = (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Return)
_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict)
#: Expressions that are plain data where their parts are.
_OPERATIONS = (
    *_DISPLAYS, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr, ast.FormattedValue,
    ast.Starred, ast.Subscript, ast.Slice,
)  # fmt: skip


def has_no_state(node: ast.stmt, imported: Collection[str]) -> bool:
    """Tell whether a statement of a module defines what does not change, and does nothing else.

    Parameters
    ----------
    node : ast.stmt
        The statement.
    imported : collection of str
        Names that the module imports.

    Returns
    -------
    bool
        True for functions and classes without mutable defaults, for plain data, and for choices between such.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return all(_is_lasting(value) for value in _defaults(node))
    if isinstance(node, ast.ClassDef):
        return all(_is_lasting_member(member) for member in node.body) and not _sets_of_its_class(node)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        are_names = all(isinstance(t, ast.Name | ast.Tuple) and not _has_parts(t) for t in targets)
        return are_names and (node.value is None or _is_plain(node.value, imported))
    if isinstance(node, ast.If):
        return _is_plain(node.test, imported) and _all_without(imported, [*node.body, *node.orelse])
    if isinstance(node, ast.Try):
        handled = [inner for handler in node.handlers for inner in handler.body]
        return _all_without(imported, [*node.body, *handled, *node.orelse, *node.finalbody])
    if isinstance(node, ast.Expr):  # the only ones that a script may have at its top without changing its own names
        return isinstance(node.value, ast.Constant) or ast.unparse(node.value).startswith("warnings.")
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Pass)


def changed_names(tree: ast.Module, found: Iterable[Reference]) -> frozenset[str]:
    """Return the names of a module whose values change after they got them.

    Parameters
    ----------
    tree : ast.Module
        The module.
    found : iterable of Reference
        Where its names stand.

    Returns
    -------
    frozenset of str
        Those of which a part is assigned or deleted, or on which a changing method is called; and data that gets
        another name, an element's or an argument's, by which it could be changed.
    """
    outer = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    code = {s.name for s in tree.body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    changing = _changing_functions(tree, outer)
    read = [r for r in found if isinstance(r.node, ast.Name)]
    changed = {r.name for r in read if _is_changed(r.node, outer)}
    renamed = {r.name for r in read if _gets_another_name(r.node, outer) or _is_given_to(changing, r.node, outer)}
    by_elements = {r.name for r in read if _is_changed_by_elements(r.node, outer, tree)}
    return frozenset(changed | (renamed | by_elements) - code)


def _changing_functions(tree: ast.Module, outer: dict[ast.AST, ast.AST]) -> set[str]:
    """Return the functions of a module that may change what they are given, or hand it to one that may."""
    functions = [s for s in tree.body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)]
    uses = {
        f.name: [n for n in ast.walk(f) if isinstance(n, ast.Name) and n.id in {a.arg for a in _arguments(f)}]
        for f in functions
    }
    found = {
        name
        for name, nodes in uses.items()
        if any(
            _is_changed(n, outer) or _gets_another_name(n, outer) or _is_changed_by_elements(n, outer, tree)
            for n in nodes
        )
    }
    while more := {name for name, nodes in uses.items() if any(_is_given_to(found, n, outer) for n in nodes)} - found:
        found |= more
    return found


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    named = function.args
    more = [one for one in (named.vararg, named.kwarg) if one is not None]
    return [*named.posonlyargs, *named.args, *named.kwonlyargs, *more]


def _whole(node: ast.AST, outer: dict[ast.AST, ast.AST]) -> ast.AST:
    """Return the expression that reads a name's value or a part of it."""
    around = outer[node]
    while isinstance(around, ast.Attribute | ast.Subscript) and around.value is node:
        node, around = around, outer[around]
    return node


def _gets_another_name(node: ast.AST, outer: dict[ast.AST, ast.AST]) -> bool:
    """Tell whether a value, or a part of it, is bound to another name: by a statement, or as a default."""
    part = _whole(node, outer)
    around = outer[part]
    if isinstance(around, ast.arguments):
        return part in around.defaults or part in around.kw_defaults
    return isinstance(around, _RENAMING) and around.value is part and not _is_only_read(part)


def _is_only_read(part: ast.AST) -> bool:
    """Tell whether what is read is an attribute, such as ``np.nan``: data is kept in names, lists and dicts."""
    return isinstance(part, ast.Attribute)


def _is_given_to(functions: Collection[str], node: ast.AST, outer: dict[ast.AST, ast.AST]) -> bool:
    """Tell whether a value, or a part of it, is an argument of one of these functions."""
    part = _whole(node, outer)
    around = outer[part]
    call = outer[around] if isinstance(around, ast.keyword | ast.Starred) else around
    return isinstance(call, ast.Call) and call.func is not part and ast.unparse(call.func) in functions


def _is_changed_by_elements(node: ast.AST, outer: dict[ast.AST, ast.AST], tree: ast.Module) -> bool:
    """Tell whether something changes what a loop over a value, or over a display that holds it, goes through."""
    part = _whole(node, outer)
    around = outer[part]
    if isinstance(around, ast.Call) and around.func is part:  # ``.items()``
        part, around = around, outer[around]
    while isinstance(around, (*_DISPLAYS, ast.Starred, ast.Call)):  # ``[*A, B]``, ``zip(A, B)``
        part, around = around, outer[around]
    if not isinstance(around, ast.For | ast.AsyncFor | ast.comprehension) or around.iter is not part:
        return False
    names = {inner.id for inner in ast.walk(around.target) if isinstance(inner, ast.Name)}
    return any(_is_changed(n, outer) for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in names)


def _sets_of_its_class(node: ast.ClassDef) -> bool:
    """Tell whether a method sets what all objects of its class share."""
    stored = [n.value for n in ast.walk(node) if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load)]
    called = ("cls", "type(self)", "self.__class__", node.name)
    return any(ast.unparse(value) in called for value in stored)


def _is_changed(node: ast.AST, outer: dict[ast.AST, ast.AST]) -> bool:
    around = outer[node]
    while isinstance(around, ast.Attribute | ast.Subscript) and around.value is node:
        if not isinstance(around.ctx, ast.Load):
            return True
        if isinstance(around, ast.Attribute) and around.attr in _CHANGING:
            return True
        node, around = around, outer[around]
    return False


def _all_without(imported: Collection[str], nodes: Iterable[ast.stmt]) -> bool:
    return all(has_no_state(node, imported) for node in nodes)


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    return [*node.args.defaults, *(value for value in node.args.kw_defaults if value is not None)]


def _is_lasting(value: ast.expr) -> bool:
    """Tell whether nobody can change a value: constants, tuples of such, names (whose values are judged elsewhere)."""
    if isinstance(value, ast.Tuple):
        return all(_is_lasting(item) for item in value.elts)
    if isinstance(value, ast.UnaryOp):
        return _is_lasting(value.operand)
    if isinstance(value, ast.Attribute):
        return _is_lasting(value.value)
    return isinstance(value, ast.Constant | ast.Name)


def _is_lasting_member(member: ast.stmt) -> bool:
    if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
        return all(_is_lasting(value) for value in _defaults(member))
    if isinstance(member, ast.Assign):
        return all(isinstance(t, ast.Name) for t in member.targets) and _is_lasting(member.value)
    if isinstance(member, ast.AnnAssign):
        return member.value is None or _is_lasting(member.value)
    is_text = isinstance(member, ast.Expr) and isinstance(member.value, ast.Constant)
    return is_text or isinstance(member, ast.Pass)


def _has_parts(target: ast.expr) -> bool:
    return any(isinstance(node, ast.Attribute | ast.Subscript) for node in ast.walk(target))


def _is_plain(value: ast.expr, imported: Collection[str]) -> bool:
    """Tell whether an expression is data: whoever reads it twice gets the same."""
    if isinstance(value, ast.Constant | ast.Name):
        return True
    if isinstance(value, ast.Attribute):
        return _is_plain(value.value, imported)
    if isinstance(value, ast.Call):
        return _is_plain_call(value, imported)
    if isinstance(value, _OPERATIONS):
        children = [child for child in ast.iter_child_nodes(value) if isinstance(child, ast.expr)]
        return all(_is_plain(child, imported) for child in children)
    return False


def _is_plain_call(call: ast.Call, imported: Collection[str]) -> bool:
    """Tell whether a call makes data, such as ``set(A)``, ``"a b".split()`` and ``float(np.finfo("f4").max)``."""
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute):
        of_text = isinstance(call.func.value, ast.Constant) and isinstance(call.func.value.value, str)
        is_plain = of_text or ast.unparse(call.func) == "re.compile"
        return is_plain and all(_is_plain(one, imported) for one in arguments)
    if not isinstance(call.func, ast.Name) or call.func.id not in _FREEZING | _PLAIN or call.func.id in imported:
        return False
    if call.func.id in _FREEZING:
        return all(_is_plain(one, imported) or _asks_library(one, imported) for one in arguments)
    return all(_is_plain(one, imported) for one in arguments)


def _asks_library(value: ast.expr, imported: Collection[str]) -> bool:
    """Tell whether an expression asks a library for a constant, such as ``np.finfo("float32").max``."""
    while isinstance(value, ast.Attribute):
        value = value.value
    if not isinstance(value, ast.Call):
        return False
    names = ast.unparse(value.func).split(".")
    arguments = [*value.args, *(keyword.value for keyword in value.keywords)]
    is_known = names[0] in imported and names[-1] in ("finfo", "iinfo", "log", "log2", "log1p", "sqrt", "exp")
    return is_known and all(_is_plain(one, imported) for one in arguments)
