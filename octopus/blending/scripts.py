"""A member's script → its imports and the statements that define something; or why it cannot stand beside others."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from octopus import syntax
from octopus.blending.imports import Import, imports_of
from octopus.blending.refusals import check_names, check_settings, check_statement
from octopus.blending.scopes import Reference, references
from octopus.blending.state import changed_names, has_no_state

#: What the runner calls.
ENTRY = "build_pipeline"


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A statement of a module that defines something.

    Parameters
    ----------
    node : ast.stmt
        The statement.
    text : str
        Its source with the comments above it.
    lines : tuple of int
        First line, comments left out, and last.
    references : tuple of Reference
        Where names of the module stand in it.
    binds : frozenset of str
        Names of the module that get a value in it, also when a function of it runs.
    reads : frozenset of str
        Names of the module, or of the builtins, that it refers to.
    is_shareable : bool
        Whether one of it does for several members: it has no state.
    """

    node: ast.stmt
    text: str
    lines: tuple[int, int]
    references: tuple[Reference, ...]
    binds: frozenset[str]
    reads: frozenset[str]
    is_shareable: bool


@dataclass(frozen=True, kw_only=True)
class MemberScript:
    """A script taken apart.

    Parameters
    ----------
    which : str
        Who it is: first, second …
    docstring : str
        What it says of itself.
    has_text_annotations : bool
        Whether it imports annotations from ``__future__``.
    imports : dict of str to Import
        By the name that each brings in.
    loaded : frozenset of str
        Modules of imports such as ``import a.b``, which bring in ``a``.
    units : tuple of Unit
        All other statements, in order.
    changed : frozenset of str
        Names whose values change after they got them, as far as source tells.
    tree : ast.Module
        The script.
    """

    which: str
    docstring: str
    has_text_annotations: bool
    imports: dict[str, Import]
    loaded: frozenset[str]
    units: tuple[Unit, ...]
    changed: frozenset[str]
    tree: ast.Module

    @property
    def bound(self) -> frozenset[str]:
        """Names of the module."""
        return frozenset(self.imports).union(*(unit.binds for unit in self.units))

    @property
    def free(self) -> frozenset[str]:
        """Names that are looked up among the builtins."""
        return frozenset().union(*(unit.reads for unit in self.units)) - self.bound

    def units_of(self, name: str) -> list[Unit]:
        """Return the statements that bind a name."""
        return [unit for unit in self.units if name in unit.binds]


def read_script(source: str, which: str, *, has_entry: bool = True) -> MemberScript:
    """Take a script apart.

    Parameters
    ----------
    source : str
        The script.
    which : str
        Who it is, for messages.
    has_entry : bool
        Whether it must define ``build_pipeline``.

    Returns
    -------
    MemberScript
        Its parts.

    Raises
    ------
    ValueError
        It cannot stand beside others in one module; the message says why.
    """
    try:
        return _read(source, which, has_entry=has_entry)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"the {which} script does not parse: {str(error) or 'it is nested too deeply'}") from None
    except ValueError as error:
        raise ValueError(f"the {which} script: {error}") from None


def _read(source: str, which: str, *, has_entry: bool) -> MemberScript:
    tree = syntax.parse(source)
    docstring = ast.get_docstring(tree) or ""
    has_text_annotations = any("annotations" in _future(statement) for statement in tree.body)
    tree.body = [_emptied(statement) for statement in tree.body]
    found = references(tree)
    check_names(tree, found)
    imports = _hoisted(tree, found)
    own = {r.name for r in found if r.binds} - set(imports)
    kept = [n for n, s in enumerate(tree.body) if not isinstance(s, ast.Import | ast.ImportFrom | ast.Pass)]
    for number in kept:
        check_statement(tree.body[number], own, imports)
    check_settings(tree)
    texts = _texts(source, tree, kept)
    units = tuple(_unit(tree.body[n], texts[n], [r for r in found if r.statement == n], imports) for n in kept)
    if has_entry and not any(isinstance(u.node, ast.FunctionDef) and u.node.name == ENTRY for u in units):
        raise ValueError(f"it defines no function {ENTRY}")
    plain = [alias for s in tree.body if isinstance(s, ast.Import) for alias in s.names if not alias.asname]
    return MemberScript(
        which=which,
        docstring=docstring,
        has_text_annotations=has_text_annotations,
        imports=imports,
        loaded=frozenset(alias.name for alias in plain if "." in alias.name),
        units=units,
        changed=changed_names(tree, found),
        tree=tree,
    )


def _emptied(statement: ast.stmt) -> ast.stmt:
    """Return nothing in the place of a statement that is of no use in another module: a text, a main program."""
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    is_list = isinstance(statement, ast.Assign) and [ast.unparse(t) for t in statement.targets] == ["__all__"]
    return ast.copy_location(ast.Pass(), statement) if is_text or is_list or _is_main(statement) else statement


def _is_main(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.If) or statement.orelse:
        return False
    return ast.unparse(statement.test) in ("__name__ == '__main__'", "'__main__' == __name__")


def _unit(node: ast.stmt, text: str, found: list[Reference], imports: dict[str, Import]) -> Unit:
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    return Unit(
        node=node,
        text=text,
        lines=(first, node.end_lineno or node.lineno),
        references=tuple(found),
        binds=frozenset(r.name for r in found if r.binds),
        reads=frozenset(r.name for r in found),
        is_shareable=has_no_state(node, set(imports)),
    )


def _hoisted(tree: ast.Module, found: list[Reference]) -> dict[str, Import]:
    """Return what the import statements of the module bring in, which nothing else may bind."""
    imports: dict[str, Import] = {}
    for statement in tree.body:
        for bound, one in imports_of(statement):
            if imports.setdefault(bound, one) != one:
                raise ValueError(f"it imports {bound} from two places")
    aliases = {id(alias) for s in tree.body if isinstance(s, ast.Import | ast.ImportFrom) for alias in s.names}
    if again := sorted({r.name for r in found if r.binds and r.name in imports and id(r.node) not in aliases}):
        raise ValueError(f"it imports {again[0]} and binds it anew")
    return imports


def _future(statement: ast.stmt) -> set[str]:
    is_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
    return {alias.name for alias in statement.names} if is_future and isinstance(statement, ast.ImportFrom) else set()


def _texts(source: str, tree: ast.Module, kept: list[int]) -> dict[int, str]:
    """Return the source of statements with the comments above them, also those of imports that stand between."""
    lines = [line.encode() for line in _lines(source)]
    found: dict[int, str] = {}
    comments: list[bytes] = []
    end, is_first = 0, True
    for number, node in enumerate(tree.body):
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
        assert node.end_lineno is not None
        comments += [line for line in lines[end : first - 1] if line.startswith(b"#")]
        if number in kept:
            found[number] = b"\n".join([*comments, *_cut(lines, first, node)]).decode()
            comments, is_first = [], False
        elif is_first:
            comments = []  # what stands above the imports is of the file
        end = node.end_lineno
    return found


def _cut(lines: list[bytes], first: int, node: ast.stmt) -> list[bytes]:
    """Return the lines of a statement, with what is written behind it unless that is another."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    cut = lines[first - 1 : node.end_lineno]
    rest = cut[-1][node.end_col_offset :]
    if not rest.strip().startswith(b"#") and rest.strip():
        cut[-1] = cut[-1][: node.end_col_offset]
    if first == node.lineno:
        cut[0] = cut[0][node.col_offset :]
    return [line.rstrip() if number == len(cut) - 1 else line for number, line in enumerate(cut)]


def _lines(source: str) -> list[str]:
    """Return lines as the parser counts them: a form feed ends none."""
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
