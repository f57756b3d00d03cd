"""What keeps a script from standing beside others in one module."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping

from octopus.blending.imports import Import, imports_of, qualified
from octopus.blending.scopes import Reference

#: Builtins by which code reaches names by their text.
_BY_TEXT = frozenset({"globals", "eval", "exec", "compile", "__import__"})
#: What a module is told of itself; the last two are of classes and functions.
_OF_ITSELF = re.compile(r"__(?!debug__|class__|qualname__|module__)\w+__")
#: Settings of the whole process: what one member sets, the others would be fitted with.
_SETTINGS = frozenset({
    "sklearn.set_config", "pandas.set_option", "pandas.reset_option", "numpy.seterr", "numpy.random.seed",
    "numpy.random.set_state", "random.seed", "random.setstate", "torch.manual_seed", "torch.set_default_dtype",
    "torch.use_deterministic_algorithms", "locale.setlocale",
})  # fmt: skip
#: Those of them that only draw anew: inside a function they leave another member no worse than any draw does.
_SEEDS = frozenset({"numpy.random.seed", "random.seed", "torch.manual_seed"})
#: Libraries that look names up in the texts of formulas.
_FORMULAS = frozenset({"patsy", "formulaic", "statsmodels"})
#: Statements that may stand at module level with others in them.
_COMPOUND = (ast.If, ast.Try, ast.For, ast.While, ast.With)
#: Statements that may stand at module level by themselves.
_SIMPLE = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Delete,
    ast.Import, ast.ImportFrom, ast.Pass, ast.Assert, ast.Global, ast.Break, ast.Continue,
)  # fmt: skip


def check_names(tree: ast.Module, found: list[Reference]) -> None:
    """Refuse what reaches names by their text, and names whose meaning depends on the module or on a class.

    Parameters
    ----------
    tree : ast.Module
        The script.
    found : list of Reference
        Where names of the module stand in it.

    Raises
    ------
    ValueError
        It holds such a name.
    """
    bound = {r.name for r in found if r.binds}
    loggers = {
        id(call.args[0])
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and call.args and ast.unparse(call.func).endswith("getLogger")
    }
    for reference in found:
        name = reference.name
        if name == "*":
            raise ValueError("it imports everything of a module")
        if name in _BY_TEXT - bound or (name in ("vars", "locals") and name not in bound and _is_bare(tree, reference)):
            raise ValueError(f"it uses {name}(), which names variables by text")
        if reference.binds and name.startswith("__"):
            raise ValueError(f"it binds {name}, a name with a meaning of its own")
        is_allowed = name in bound or id(reference.node) in loggers
        if _OF_ITSELF.fullmatch(name) and not is_allowed:
            raise ValueError(f"it uses {name}, which is of its module")
    classes = [node.name.lstrip("_") for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    if mangled := sorted(name for name in bound if any(name.startswith(f"_{c}__") for c in classes)):
        raise ValueError(f"it binds {mangled[0]}, which is a private name of a class")


def _is_bare(tree: ast.Module, reference: Reference) -> bool:
    """Tell whether a call gives the variables of the module: with no argument, and in no function."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and n.func is reference.node]
    if any(call.args for call in calls):
        return False
    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        and any(inner is reference.node for inner in ast.walk(node))
    ]
    return not functions


def check_statement(statement: ast.stmt, own: Collection[str], imports: Mapping[str, Import]) -> None:
    """Refuse what changes more than the module's own names when the module is imported.

    Parameters
    ----------
    statement : ast.stmt
        A statement of the module.
    own : collection of str
        Names that the module binds, imports left out.
    imports : mapping of str to Import
        What it imports.

    Raises
    ------
    ValueError
        The statement does such a thing, or may do it.
    """
    if isinstance(statement, _COMPOUND):
        inner = [*statement.body, *getattr(statement, "orelse", []), *getattr(statement, "finalbody", [])]
        handled = [s for handler in getattr(statement, "handlers", []) for s in handler.body]
        for one in (*inner, *handled):
            check_statement(one, own, imports)
        return
    if isinstance(statement, ast.Expr):
        if not (isinstance(statement.value, ast.Constant) or _is_harmless(statement.value, own, imports)):
            raise ValueError(f"line {statement.lineno} does something when the module is imported")
        return
    if not isinstance(statement, _SIMPLE):
        raise ValueError(f"line {statement.lineno} is no definition")  # noqa: TRY004  the script's, not the caller's
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    for target in (node for one in targets if one is not None for node in ast.walk(one)):
        is_part = isinstance(target, ast.Attribute | ast.Subscript) and not isinstance(target.ctx, ast.Load)
        if is_part and (_root(target) not in own or "__" in getattr(target, "attr", "")):
            raise ValueError(f"line {statement.lineno} changes {ast.unparse(target)} for the whole process")


def _is_harmless(value: ast.expr, own: Collection[str], imports: Mapping[str, Import]) -> bool:
    """Tell whether a call silences warnings, or changes a value of the module's own: ``COLUMNS.append("age")``."""
    if _is_silencing(value, imports):
        return True
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and _root(value.func) in own


def _is_silencing(value: ast.expr, imports: Mapping[str, Import]) -> bool:
    if not isinstance(value, ast.Call):
        return False
    return qualified(value.func, imports) in ("warnings.filterwarnings", "warnings.simplefilter")


def check_settings(tree: ast.Module) -> None:
    """Refuse settings of the whole process, wherever they stand, and libraries that read names in texts.

    Parameters
    ----------
    tree : ast.Module
        The script.

    Raises
    ------
    ValueError
        It has such a setting or uses such a library.
    """
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    imports = dict(pair for statement in statements for pair in imports_of(statement))
    if formulas := sorted({one.module.partition(".")[0] for one in imports.values()} & _FORMULAS):
        raise ValueError(f"it uses {formulas[0]}, which looks names up in texts")
    running = {id(node) for statement in tree.body for node in at_import(statement)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (called := qualified(node.func, imports)) in _SETTINGS:
            if called in _SEEDS and id(node) not in running:
                continue
            raise ValueError(f"it calls {called}, which changes the whole process")
        is_set = isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
        if is_set and qualified(node, imports).startswith(("pandas.options.", "os.environ")):
            raise ValueError(f"it sets {ast.unparse(node)} for the whole process")


def at_import(node: ast.AST) -> list[ast.AST]:
    """Return the nodes of a statement that run when its module is imported: not the bodies of functions.

    Parameters
    ----------
    node : ast.AST
        The statement, or a part of it.

    Returns
    -------
    list of ast.AST
        The node itself and what runs within.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        outside = [*node.args.defaults, *node.args.kw_defaults, *getattr(node, "decorator_list", [])]
        return [node, *(inner for child in outside if child is not None for inner in at_import(child))]
    return [node, *(inner for child in ast.iter_child_nodes(node) for inner in at_import(child))]


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
