"""A script whose parts can be replaced where they stand, so that all the rest keeps its form."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from octopus.records import Profile
from octopus.scientists.llm.python import parse
from octopus.screening.reading import Reading


@dataclass(frozen=True, kw_only=True)
class Clue:
    """What is known of a failure.

    Parameters
    ----------
    codes : frozenset of str
        Codes of its diagnoses.
    type, message : str
        Of the exception; the reason where there was none.
    line : int
        Innermost line of the script; 0 where none is known.
    profile : Profile
        What is known of the data.
    """

    codes: frozenset[str]
    type: str
    message: str
    line: int
    profile: Profile


@dataclass(frozen=True, kw_only=True)
class Change:
    """A repair: what is replaced, and what it was, in words.

    Parameters
    ----------
    words : str
        What was done, in a few words.
    splices : tuple of (int, int, str)
        Beginning and end in bytes, and what stands there instead.
    imports : tuple of str
        Statements that the script needs at its beginning.
    """

    words: str
    splices: tuple[tuple[int, int, str], ...] = ()
    imports: tuple[str, ...] = field(default=())


class Draft:
    """A script that parses, with the places of its parts.

    Parameters
    ----------
    source : str
        The script.
    tree : ast.Module
        Its tree.
    """

    def __init__(self, source: str, tree: ast.Module) -> None:
        self.raw = source.encode()
        self.tree = tree
        self.reading = Reading(tree)
        self._starts = [0]
        for line in self.raw.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    @classmethod
    def of(cls, source: str) -> Draft | None:
        """Return a draft of a source; None if it does not parse."""
        source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ").replace("\x0b", " ")
        tree = parse(source)
        return None if tree is None else cls(source, tree)

    @property
    def calls(self) -> Iterator[ast.Call]:
        """Every call."""
        return (node for node in self.reading.nodes if isinstance(node, ast.Call))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends, in bytes."""
        assert isinstance(node, ast.expr | ast.stmt | ast.keyword | ast.alias | ast.arg)
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self._starts[node.lineno - 1] + node.col_offset, self._starts[end_line - 1] + end_column

    def text(self, node: ast.AST) -> str:
        """Return a node as it is written."""
        start, end = self.span(node)
        return self.raw[start:end].decode()

    def lines(self, node: ast.stmt) -> tuple[int, int]:
        """Return where the lines of a statement begin and end, its decorators and the last line break among them."""
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        last = node.end_lineno or node.lineno
        return self._starts[first - 1], self._starts[min(last, len(self._starts) - 1)]

    def name(self, call: ast.Call) -> str:
        """Return the last part of the name of what is called."""
        function = call.func
        return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")

    def attribute(self, node: ast.Attribute, new: str) -> tuple[int, int, str]:
        """Return the splice that gives an attribute another name."""
        end = self.span(node)[1]
        return end - len(node.attr.encode()), end, new

    def without_keyword(self, call: ast.Call, name: str) -> tuple[int, int, str]:
        """Return the splice that takes an argument out of a call."""
        parts = sorted([*call.args, *call.keywords], key=lambda part: self.span(part)[0])
        index = next(i for i, part in enumerate(parts) if isinstance(part, ast.keyword) and part.arg == name)
        start, end = self.span(parts[index])
        if index:
            return self.span(parts[index - 1])[1], end, ""
        if len(parts) > 1:
            return start, self.span(parts[1])[0], ""
        return start, self.span(call)[1] - 1, ""

    def with_keywords(self, call: ast.Call, text: str) -> tuple[int, int, str]:
        """Return the splice that adds arguments to a call."""
        end = self.span(call)[1] - 1
        parts = [*call.args, *call.keywords]
        if not parts:
            return end, end, text
        last = max(self.span(part)[1] for part in parts)
        return last, last, f", {text}"

    def before(self, node: ast.AST, text: str) -> tuple[int, int, str]:
        """Return the splice that puts text before the statement at module level that holds a node."""
        top = next((s for s in self.tree.body if any(n is node for n in ast.walk(s))), self.tree.body[0])
        start = self.lines(top)[0]
        return start, start, text

    @property
    def entry(self) -> ast.FunctionDef | None:
        """The function that makes the pipeline."""
        found = [n for n in self.tree.body if isinstance(n, ast.FunctionDef) and n.name == "build_pipeline"]
        return found[-1] if found else None

    def changed(self, changes: Sequence[Change]) -> str | None:
        """Return the source with changes made; None if it does not parse or is the same."""
        splices = sorted({splice for change in changes for splice in change.splices})
        kept: list[tuple[int, int, str]] = []
        for splice in splices:
            if not kept or splice[0] >= kept[-1][1]:
                kept.append(splice)
        pieces, at = [], 0
        for start, end, text in kept:
            pieces += [self.raw[at:start].decode(), text]
            at = end
        source = "".join([*pieces, self.raw[at:].decode()])
        source = _with_imports(source, [i for change in changes for i in change.imports])
        return source if source != self.raw.decode() and parse(source) is not None else None


def _with_imports(source: str, imports: Sequence[str]) -> str:
    """Return a source with statements before its first one, its docstring and imports from the future aside."""
    tree = parse(source)
    missing = [line for line in dict.fromkeys(imports) if line not in source.split("\n")]
    if tree is None or not missing:
        return source
    body = tree.body
    n_opening = 1 if body and ast.get_docstring(tree) is not None else 0
    while n_opening < len(body) and _is_future(body[n_opening]):
        n_opening += 1
    at = (body[n_opening - 1].end_lineno or 0) if n_opening else 0
    lines = source.split("\n")
    return "\n".join([*lines[:at], *missing, *lines[at:]])


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
