"""Names of a module in the source of one of its statements, exchanged where they stand: comments and layout stay."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Mapping

from octopus import syntax
from octopus.blending.refusals import at_import
from octopus.blending.scopes import Reference
from octopus.blending.scripts import MemberScript, Unit

#: A change of source: line and byte where it begins and ends, and what stands there then.
_Edit = tuple[tuple[int, int], tuple[int, int], str]
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
#: Functions that name steps after the classes of what they are given.
_NAMING_STEPS = frozenset({"make_pipeline", "make_union", "make_column_transformer"})
#: Functions that read annotations as code.
_READING_ANNOTATIONS = frozenset({"get_type_hints", "get_annotations", "BaseModel", "TypeAdapter", "validate_call"})


def renamed(unit: Unit, names: Mapping[str, str]) -> str:
    """Return the source of a statement with other names.

    Parameters
    ----------
    unit : Unit
        The statement; its tree is not changed.
    names : mapping of str to str
        Names of the module and what they become.

    Returns
    -------
    str
        Source whose tree is that of the statement with the names exchanged.

    Raises
    ------
    ValueError
        A name stands where it cannot be exchanged.
    """
    found = [r for r in unit.references if names.get(r.name, r.name) != r.name]
    if not found:
        return unit.text
    if unsure := [r.name for r in found if r.is_unsure]:
        raise ValueError(f"{unsure[0]} may be a name of its module or of the class in whose body it stands")
    lines, shift = _own_lines(unit)
    original = {id(r.node): r.name for r in found}
    texts = _outermost_texts(unit.node)
    edits: dict[int, _Edit] = {}
    undo = [_exchange(reference, names[reference.name]) for reference in found]
    try:
        for reference in found:
            holder = texts.get(id(reference.node), reference.node)
            if id(holder) not in edits:
                edits[id(holder)] = _edit(holder, original.get(id(holder), ""), lines, shift)
        expected = ast.dump(unit.node)
    finally:
        for node, field, value in undo[::-1]:
            setattr(node, field, value)
    source = _edited(lines, shift, edits.values(), unit)
    tree = syntax.parse(source)
    if len(tree.body) != 1 or ast.dump(tree.body[0]) != expected:
        raise ValueError(f"line {unit.lines[0]}: its names cannot be exchanged")
    return source


def check_texts(member: MemberScript, names: Mapping[str, str]) -> None:
    """Refuse a script whose texts name what gets another name.

    Parameters
    ----------
    member : MemberScript
        The script.
    names : mapping of str to str
        Its names and what they become.

    Raises
    ------
    ValueError
        A query, a step's name, a comparison or an annotation that is read would look for the old name.
    """
    gone = {name for name, new in names.items() if new != name}
    if hidden := sorted(name for name in gone & set(dir(builtins)) if not _is_hidden_at_once(member, name)):
        raise ValueError(f"the {member.which} script: {hidden[0]} is the builtin in one place and its own in another")
    nodes = list(ast.walk(member.tree))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    asked = {name for text in texts for name in re.findall(r"@\s*(\w+)", text)}
    attributes = {name for node in nodes for name in _attributes(node)}
    if (lost := sorted(asked & gone)) and attributes & {"query", "eval"}:
        raise ValueError(f"the {member.which} script: a query reads {lost[0]} by its name")
    defined = {node.name for node in member.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    if (lost := sorted(gone & defined & set(texts))) and attributes & {"__name__", "__qualname__"}:
        raise ValueError(f"the {member.which} script: something may ask whether a name is {lost[0]!r}")
    read = {node.id for node in nodes if isinstance(node, ast.Name)} | attributes
    annotated = {word for text in texts for word in re.findall(r"\w+", text) if _READING_ANNOTATIONS & read}
    if lost := sorted(annotated & gone):
        raise ValueError(f"the {member.which} script: annotations that are read may name {lost[0]}")
    if _NAMING_STEPS & read:
        _check_steps(member, gone, nodes, texts)


def _is_hidden_at_once(member: MemberScript, name: str) -> bool:
    """Tell whether a script binds the name of a builtin for good before anything reads it."""
    if name in member.imports:
        return True
    using = [unit for unit in member.units if name in unit.reads]
    found = [reference for unit in using for reference in unit.references if reference.name == name]
    if any(isinstance(r.node, ast.Name) and isinstance(r.node.ctx, ast.Del) for r in found):
        return False
    first = using[0].node
    targets = first.targets if isinstance(first, ast.Assign) else []
    binding = [first, *(node for target in targets for node in ast.walk(target))]
    is_bound = any(r.binds and any(r.node is node for node in binding) for r in found)
    # What a decorator or a value calls may read the name before it is bound.
    is_plain = isinstance(first, _DEFINITIONS) and not first.decorator_list
    running = {id(node) for node in (at_import(first) if is_plain else ast.walk(first))}
    return is_bound and not any(not r.binds and id(r.node) in running for r in using[0].references if r.name == name)


def _check_steps(member: MemberScript, gone: set[str], nodes: list[ast.AST], texts: list[str]) -> None:
    """Refuse a script that looks for a step by a name that scikit-learn made of the name of a class."""
    classes = {node.name.lower(): node.name for node in nodes if isinstance(node, ast.ClassDef) and node.name in gone}
    pairs = [node.elts[0] for node in nodes if isinstance(node, ast.Tuple) and len(node.elts) > 1]
    given = {pair.value for pair in pairs if isinstance(pair, ast.Constant)}
    keywords = [node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg]
    attributes = {name for node in nodes for name in _attributes(node)}
    asked = {text.partition("__")[0] for text in (*texts, *keywords) if "__" in text}
    asked |= {part for text in texts for part in re.findall(r"(\w+?)__", text)}
    asked |= {node.slice.value for node in nodes if isinstance(node, ast.Subscript)
              and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)}  # fmt: skip
    asked |= attributes if "named_steps" in attributes or "named_transformers_" in attributes else set()
    if lost := sorted((asked & set(classes)) - given):
        raise ValueError(f"the {member.which} script: a step may be looked for by the name of {classes[lost[0]]}")


def _attributes(node: ast.AST) -> list[str]:
    return [node.attr] if isinstance(node, ast.Attribute) else []


def _own_lines(unit: Unit) -> tuple[list[bytes], int]:
    """Return the lines of a statement and the number that the parser gave to the first of them."""
    lines = [line.encode() for line in unit.text.split("\n")]
    n_comments = len(lines) - (unit.lines[1] - unit.lines[0] + 1)
    if unit.lines[0] == unit.node.lineno:  # behind another statement on its line it had another column
        lines[n_comments] = b" " * unit.node.col_offset + lines[n_comments]
    return lines, unit.lines[0] - n_comments


def _outermost_texts(tree: ast.AST) -> dict[int, ast.JoinedStr]:
    """Return the outermost formatted text that each node is part of: only its own place in the source is reliable."""
    found: dict[int, ast.JoinedStr] = {}
    for node in ast.walk(tree):  # from without to within
        if isinstance(node, ast.JoinedStr) and id(node) not in found:
            found |= {id(inner): node for inner in ast.walk(node)}
    return found


def _exchange(reference: Reference, new: str) -> tuple[ast.AST, str, object]:
    """Put another name into a node, and return how to undo it."""
    node = reference.node
    if isinstance(node, ast.Global):
        before: object = node.names
        node.names = [new if name == reference.name else name for name in node.names]
        return node, "names", before
    fields = ("id", "asname") if isinstance(node, ast.Name | ast.alias) else ("name", "rest")
    field = next(one for one in fields if one in node._fields)
    before = getattr(node, field)
    if isinstance(node, ast.alias) and node.asname is None and "." in node.name:
        raise ValueError(f"an import of {node.name} binds a name that must be another")
    setattr(node, field, new)
    return node, field, before


def _edit(node: ast.AST, old: str, lines: list[bytes], shift: int) -> _Edit:
    """Return the change of source for a node that has its new name already."""
    if isinstance(node, ast.ExceptHandler | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return _edit_behind_keyword(node, old, lines, shift)
    if isinstance(node, ast.MatchAs | ast.MatchStar | ast.MatchMapping):
        raise ValueError(f"line {node.lineno}: {old} gets its value in a pattern")  # noqa: TRY004  the script's fault
    assert isinstance(node, ast.expr | ast.stmt | ast.alias)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    if isinstance(node, ast.Name):
        return start, end, node.id
    text = ast.unparse(node)
    if isinstance(node, ast.JoinedStr) and text.startswith("f'") and not re.search(r"[\"\\]|'.*'", text[2:-1]):
        text = f'f"{text[2:-1]}"'
    return start, end, text


def _edit_behind_keyword(
    node: ast.ExceptHandler | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    old: str,
    lines: list[bytes],
    shift: int,
) -> _Edit:
    """Return the change of a name whose place the tree does not tell: behind ``def``, ``class`` or ``as``."""
    begin = node.lineno, node.col_offset
    keyword = rb"(?:async\s+)?(?:def|class)"
    if isinstance(node, ast.ExceptHandler):
        assert node.type is not None
        assert node.type.end_lineno is not None
        assert node.type.end_col_offset is not None
        begin, keyword = (node.type.end_lineno, node.type.end_col_offset), rb"[\s)]*as"
    line = lines[begin[0] - shift]
    match = re.compile(keyword + rb"\s+(" + re.escape(old.encode()) + rb")\b").match(line, begin[1])
    if match is None:
        raise ValueError(f"line {begin[0]}: the name {old} stands where it cannot be exchanged")
    assert node.name is not None
    return (begin[0], match.start(1)), (begin[0], match.end(1)), node.name


def _edited(lines: list[bytes], shift: int, edits: Iterable[_Edit], unit: Unit) -> str:
    for (first, start), (last, end), text in sorted(edits, reverse=True):
        above, below = lines[first - shift], lines[last - shift]
        lines[first - shift : last - shift + 1] = [above[:start] + text.encode() + below[end:]]
    lines[unit.lines[0] - shift] = lines[unit.lines[0] - shift].lstrip()
    return b"\n".join(lines).decode()
