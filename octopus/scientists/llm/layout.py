"""Lines of a script: cut, renamed, put together anew; what is left stays as it was written."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Collection, Iterable, Mapping

from octopus import syntax
from octopus.blocks.rendering import import_block
from octopus.scientists.llm.library import defined_name
from octopus.scientists.llm.python import parse


def is_import(node: ast.AST) -> bool:
    """Tell whether a statement is an import."""
    return isinstance(node, ast.Import | ast.ImportFrom)


def statements_of(node: ast.stmt, mentioned: Collection[str] | None) -> list[str]:
    """Return an import as statements of one name each; with names, those that are mentioned."""
    assert isinstance(node, ast.Import | ast.ImportFrom)
    found = []
    for alias in node.names:
        bound = (alias.asname or alias.name).partition(".")[0]
        is_kept = mentioned is None or bound in mentioned or bound == "*"
        if isinstance(node, ast.Import) and is_kept:
            found.append(ast.unparse(ast.Import(names=[alias])))
        elif isinstance(node, ast.ImportFrom) and (is_kept or node.module == "__future__"):
            found.append(ast.unparse(ast.ImportFrom(module=node.module, names=[alias], level=node.level)))
    return found


def merged_imports(statements: Iterable[str]) -> str:
    """Return import statements merged and sorted; what changes the language comes first."""
    every = list(dict.fromkeys(statements))
    first = [s for s in every if s.startswith("from __future__")]
    relative = [s for s in every if s.startswith("from .")]
    merged = import_block(s for s in every if s not in first and s not in relative)
    return "\n".join(part for part in ("\n".join(first), merged, "\n".join(relative)) if part)


def docstring_apart(source: str) -> tuple[str, str]:
    """Return a script's docstring and the rest."""
    tree = syntax.parse(source)
    if not tree.body or ast.get_docstring(tree, clean=False) is None:
        return "", source
    node = tree.body[0]
    return segment(source, node), without(source, [node], ())


def segment(source: str, node: ast.stmt) -> str:
    """Return the lines of a statement of the module."""
    return "\n".join(source.split("\n")[first_line(node) - 1 : node.end_lineno])


def without(source: str, nodes: Iterable[ast.stmt], blocks: Collection[str]) -> str:
    """Return source without some of its statements; with a block goes the comment right above it."""
    lines = source.split("\n")
    gone: set[int] = set()
    for node in nodes:
        first = first_line(node)
        gone.update(range(first, (node.end_lineno or first) + 1))
        if defined_name(node) in blocks:
            while first > 1 and lines[first - 2].startswith("#"):
                first -= 1
                gone.add(first)
    return "\n".join(line for number, line in enumerate(lines, start=1) if number not in gone)


def renamed_in(source: str, names: Mapping[str, str]) -> str:
    """Return source with other names, attributes and texts left as they are."""
    if not names:
        return source
    lines = source.split("\n")
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for before, token in reversed(list(zip([None, *tokens], tokens, strict=False))):
        is_attribute = before is not None and before.string == "."
        if token.type == tokenize.NAME and token.string in names and not is_attribute:
            row, start = token.start[0] - 1, token.start[1]
            lines[row] = lines[row][:start] + names[token.string] + lines[row][start + len(token.string) :]
    return "\n".join(lines)


def shares_lines(tree: ast.Module) -> bool:
    """Tell whether two statements of the module stand on one line."""
    return any(a.end_lineno == b.lineno for a, b in zip(tree.body, tree.body[1:], strict=False))


def laid_out(sections: Iterable[str], apart: int = 2) -> str:
    """Return sections as a module, so many empty lines before and after a definition and one elsewhere."""
    text = "\n\n".join(section.strip("\n") for section in sections if section.strip())
    tree = parse(text)
    if tree is None:
        return f"{text}\n"
    lines, found, end = text.split("\n"), list[str](), 0
    before: ast.stmt | None = None
    for node in tree.body:
        between = lines[end : first_line(node) - 1]
        if before is not None:
            is_apart = any(isinstance(n, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) for n in (before, node))
            found += [""] * (apart if is_apart else min(1, between.count("")))
        found += [line for line in between if line.strip()]
        end = node.end_lineno or node.lineno
        found += lines[first_line(node) - 1 : end]
        before = node
    rest = [line for line in lines[end:] if line.strip()]
    return "\n".join([*found, *rest, ""])


def first_line(node: ast.stmt) -> int:
    """Return the line on which a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])
