"""Compact scripts, which a model reads and writes, and whole ones, which run: blocks by name, or their source."""

from __future__ import annotations

import ast
import builtins
import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from octopus import syntax
from octopus.blocks.rendering import docstring, list_constant
from octopus.blocks.source import pieces
from octopus.journal import Journal
from octopus.records import Profile, Task
from octopus.scientists.llm.features import (
    CONSTANTS,
    Columns,
    FeaturesSource,
    columns_read,
    features_source,
    reads_texts,
)
from octopus.scientists.llm.guard import unguarded
from octopus.scientists.llm.layout import (
    docstring_apart,
    is_import,
    laid_out,
    merged_imports,
    renamed_in,
    segment,
    shares_lines,
    statements_of,
    without,
)
from octopus.scientists.llm.library import FEATURES, MODULE, OFFERED, Block, defined_name, library, shape_of, used_names
from octopus.scientists.llm.python import parse
from octopus.scientists.llm.unreadable import Unreadable
from octopus.scientists.playbook.ways import CAREFUL

#: Settings of a compact script: columns that ``Features`` does not read; whether it reads every number as text.
LEFT_OUT, NUMBERS_AS_TEXT = "LEFT_OUT", "NUMBERS_AS_TEXT"
#: Ends the name of a block where a script has another use for that name.
_SUFFIX = "_of_blocks"
#: What a user's model is kept in (:mod:`octopus.incumbent`): its parameters may hold cells, and no reader needs it.
_PICKLED = re.compile(r'^(PICKLED = """)[^"]*(""")', re.MULTILINE)
_OURS = re.compile(rf"(?:octopus\.)?{MODULE}(?:\.\w+)*")


def compact(source: str, task: Task | None = None, profile: Profile | None = None) -> str:
    """Return a script with one import in place of the sources of blocks.

    Parameters
    ----------
    source : str
        A whole script.
    task, profile : Task and Profile, optional
        Of the run: with them the playbook's ``Features`` is imported, too.

    Returns
    -------
    str
        The script without what :func:`expand` puts back, and without a host's guard; the source itself where it does
        not parse.
    """
    source = _PICKLED.sub(r"\1…\2", unguarded(source))
    tree = parse(source)
    if tree is None:
        return source
    if shares_lines(tree):
        source = f"{ast.unparse(tree)}\n"
        tree = syntax.parse(source)
    nodes = {name: node for node in tree.body if (name := defined_name(node))}
    known = _unchanged(source, nodes)
    settings, features = [], _features_nodes(source, nodes, known, task, profile)
    if features is not None:
        known |= features.known
        settings = features.settings
    rest = without(source, [nodes[name] for name in known] + [node for node in tree.body if is_import(node)], known)
    kept = parse(rest)
    if kept is None:
        return source
    mentioned = used_names(kept)
    names = [name.removesuffix(_SUFFIX) for name in known if name in mentioned and name not in CONSTANTS]
    own = [statement for node in tree.body if is_import(node) for statement in statements_of(node, mentioned)]
    opening, body = docstring_apart(renamed_in(rest, {n: n.removesuffix(_SUFFIX) for n in known if _SUFFIX in n}))
    imports = [*([f"from {MODULE} import {', '.join(sorted(names))}"] if names else []), *own]
    return laid_out([opening, merged_imports(imports), *settings, body], apart=1)


def expand(text: str, task: Task, profile: Profile, journal: Journal) -> str:
    """Return a script that stands alone: the sources of its blocks in place of their import.

    Parameters
    ----------
    text : str
        A script, compact or whole.
    task, profile : Task, Profile
        Of the run, for ``Features``.
    journal : Journal
        What was done: where numbers had to be read as text before, ``Features`` does so.

    Returns
    -------
    str
        The script itself where it uses no block or does not parse.

    Raises
    ------
    Unreadable
        A name that is imported is no block, or a setting names no column.
    """
    tree = parse(text)
    if tree is None:
        return text
    if shares_lines(tree):
        text = f"{ast.unparse(tree)}\n"
        tree = syntax.parse(text)
    asked = _Asked.of(tree)
    if not asked.names:
        return text
    _refuse_unknown(asked.names)
    text, tree = _plain(text, tree, asked)
    own = _own_names(tree)
    blocks = asked.names - {FEATURES}
    features = None
    if FEATURES in asked.names:
        features = _features(tree, task, profile, journal, reads_texts(blocks)).with_other_names(own)
        blocks = blocks | features.blocks
    found = pieces(sorted(blocks))
    definitions = [*([features.definition] if features else []), *found.definitions]
    names = {defined_name(syntax.parse(source).body[0]) for source in definitions}
    renamed = {name: f"{name}{_SUFFIX}" for name in names & own}
    definitions = [renamed_in(source, renamed) for source in definitions]
    imports = [*found.imports, *(features.imports if features else ())]
    own_imports = [node for node in tree.body if is_import(node)]
    settings = [n for n in tree.body if defined_name(n) in (LEFT_OUT, NUMBERS_AS_TEXT) and features is not None]
    opening, body = docstring_apart(without(text, own_imports + settings, ()))
    kept = used_names(parse(body) or ast.Module(body=[], type_ignores=[]))
    if any(defined_name(n) in kept for n in settings):  # the script looks at its setting itself
        opening, body = docstring_apart(without(text, own_imports, ()))
    if renamed:
        body = _with_renamed_bases(body, renamed)
    statements = [statement for node in own_imports for statement in statements_of(node, None)]
    aliases = [f"{alias} = {renamed.get(name, name)}" for alias, name in asked.aliases.items()]
    constants = "\n".join(features.constants) if features else ""
    return laid_out(
        [opening, merged_imports([*statements, *imports]), constants, *definitions, "\n".join(aliases), body]
    )


def with_hypothesis(source: str, hypothesis: str) -> str:
    """Return a script whose docstring is its hypothesis.

    Parameters
    ----------
    source : str
        A script, compact or whole; one that does not parse is returned as it is.
    hypothesis : str
        In words, which may hold names from the data.

    Returns
    -------
    str
        The script with that docstring in the place of its own.
    """
    if parse(source) is None:
        return source
    _, body = docstring_apart(source)
    return laid_out([docstring([f"Hypothesis: {hypothesis.rstrip('.')}."]), body])


# --------------------------------------------------------------------------- whole → compact


@dataclass(frozen=True)
class _Found:
    known: set[str]
    settings: list[str]


def _unchanged(source: str, nodes: Mapping[str, ast.stmt]) -> set[str]:
    """Return the names of the blocks that a script holds as they are, and all that they use with them."""
    known = library()
    same = {name for name, node in nodes.items() if _is_same(source, name, node, known)}
    while True:
        held = {name.removesuffix(_SUFFIX) for name in same}
        broken = {name for name in same if not known[name.removesuffix(_SUFFIX)].needs <= held}
        if not broken:
            return same
        same -= broken


def _is_same(source: str, name: str, node: ast.stmt, known: Mapping[str, Block]) -> bool:
    block = known.get(name.removesuffix(_SUFFIX))
    if block is None:
        return False
    text = segment(source, node)
    if _SUFFIX not in text:
        return shape_of(node) == block.shape
    tree = parse(text.replace(_SUFFIX, ""))
    return tree is not None and len(tree.body) == 1 and shape_of(tree.body[0]) == block.shape


def _features_nodes(
    source: str, nodes: Mapping[str, ast.stmt], blocks: Collection[str], task: Task | None, profile: Profile | None
) -> _Found | None:
    """Return the constants and the class that ``Features`` stands for, and the settings that differ from the usual."""
    name = next((n for n in (f"{FEATURES}{_SUFFIX}", FEATURES) if isinstance(nodes.get(n), ast.ClassDef)), None)
    if name is None or task is None or profile is None:
        return None
    definition = segment(source, nodes[name]).replace(_SUFFIX, "")
    constants = {c: n for c in CONSTANTS for n in (f"READ_{c}", c) if f"{n}" in nodes and _mentions(definition, n)}
    plain = re.sub(r"\bREAD_(?=[A-Z])", "", definition)
    held = {c: _assigning(c, nodes[n]) for c, n in constants.items()}
    columns = columns_read(held, plain, task, profile, {block.removesuffix(_SUFFIX) for block in blocks})
    if columns is None:
        return None
    settings = [list_constant(LEFT_OUT, columns.left_out)] if columns.left_out else []
    if columns.careful:
        settings.append(f"{NUMBERS_AS_TEXT} = True")
    return _Found(known={name, *constants.values()}, settings=settings)


def _mentions(definition: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", definition) is not None


def _assigning(name: str, node: ast.stmt) -> ast.stmt:
    """Return an assignment to another name."""
    assert isinstance(node, ast.Assign)
    return syntax.parse(f"{name} = {ast.unparse(node.value)}").body[0]


# --------------------------------------------------------------------------- compact → whole


@dataclass(frozen=True)
class _Asked:
    """What a script takes from the blocks: names, other names for them, and names of the module itself."""

    names: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, tree: ast.Module) -> _Asked:
        """Read the imports; a block that is used and neither imported nor defined counts as imported."""
        asked = cls()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and _is_ours(node.module):
                for alias in node.names:
                    if alias.name != "*":
                        asked.names.add(alias.name)
                    if alias.asname not in (None, alias.name):
                        asked.aliases[str(alias.asname)] = alias.name
            elif isinstance(node, ast.Import):
                asked.modules.update(a.asname or a.name for a in node.names if _is_ours(a.name))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and asked.modules and ast.unparse(node.value) in asked.modules:
                asked.names.add(node.attr)
        bound = _bound_names(tree)
        free = used_names(tree) - bound
        asked.names.update(free & set(OFFERED))
        return asked


def _is_ours(module: str | None) -> bool:
    return module is not None and _OURS.fullmatch(module) is not None


def _refuse_unknown(names: Collection[str]) -> None:
    known = {FEATURES, *library()}
    for name in sorted(names):
        if name not in known:
            near = difflib.get_close_matches(name, OFFERED, n=2, cutoff=0.5)
            instead = f"import {' or '.join(near)}" if near else "import one of the blocks that are listed"
            raise Unreadable(f"`{MODULE}` has no {name!r}: {instead}, or define {name} in the script.")


def _features(tree: ast.Module, task: Task, profile: Profile, journal: Journal, whole_texts: bool) -> FeaturesSource:
    """Return the class that reads the columns, with the settings of the script."""
    settings = {name: node for node in tree.body if (name := defined_name(node)) in (LEFT_OUT, NUMBERS_AS_TEXT)}
    left_out = _names_in(settings[LEFT_OUT], profile) if LEFT_OUT in settings else ()
    careful = any(e.plan.idea.endswith(CAREFUL) for e in journal.valid_experiments)
    if NUMBERS_AS_TEXT in settings:
        careful = careful or "True" in ast.unparse(settings[NUMBERS_AS_TEXT])
    found = features_source(task, profile, Columns(left_out=left_out, careful=careful, whole_texts=whole_texts))
    if found is None:
        raise Unreadable(f"No column is left for {FEATURES}: leave fewer out.")
    return found


def _names_in(node: ast.stmt, profile: Profile) -> tuple[str, ...]:
    """Return the columns that a setting names."""
    assert isinstance(node, ast.Assign)
    try:
        value = syntax.read_literal(node.value)
    except ValueError:
        value = None
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set) or not all(isinstance(name, str) for name in names):
        raise Unreadable(f'{LEFT_OUT} must be a list of column names, such as {LEFT_OUT} = ["a", "b"].')
    known = [column.name for column in profile.columns]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise Unreadable(f"{LEFT_OUT} names {name!r}, which is no column{f': {near[0]!r} is' if near else ''}.")
    return tuple(name for name in known if name in names)


def _plain(text: str, tree: ast.Module, asked: _Asked) -> tuple[str, ast.Module]:
    """Return a script without imports of blocks and without the module's name before a block's."""
    lines = text.split("\n")
    attributes = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and asked.modules and ast.unparse(node.value) in asked.modules
    ]
    for attribute in sorted(attributes, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        start, end = attribute.value.col_offset, attribute.value.end_col_offset
        if attribute.value.end_lineno == attribute.lineno and end is not None:
            raw = lines[attribute.lineno - 1].encode()  # offsets count bytes
            lines[attribute.lineno - 1] = (raw[:start] + raw[end:].lstrip().removeprefix(b".")).decode()
    top = set(map(id, tree.body))
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    ours = [n for n in imports if _without_ours(n) is not None]
    for node in sorted(ours, key=lambda n: n.lineno, reverse=True):
        others = _without_ours(node)
        instead = others or ("" if id(node) in top else "pass")
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        lines[first:last] = [f"{lines[first][: node.col_offset]}{instead}"] if instead else []
    plain = "\n".join(lines)
    return plain, syntax.parse(plain)


def _without_ours(node: ast.AST) -> str | None:
    """Return what is left of an import without blocks; None where it has none of them."""
    if isinstance(node, ast.ImportFrom):
        return "" if _is_ours(node.module) else None
    if isinstance(node, ast.Import):
        others = [alias for alias in node.names if not _is_ours(alias.name)]
        if len(others) < len(node.names):
            return ast.unparse(ast.Import(names=others)) if others else ""
    return None


def _own_names(tree: ast.Module) -> set[str]:
    """Return the names that a script defines at the level of the module."""
    names = {name for node in tree.body if (name := defined_name(node)) not in ("", LEFT_OUT, NUMBERS_AS_TEXT)}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names - {LEFT_OUT, NUMBERS_AS_TEXT}


def _bound_names(tree: ast.AST) -> set[str]:
    """Return every name that a script binds anywhere, and the names of the language."""
    bound = set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return bound


def _with_renamed_bases(body: str, renamed: Mapping[str, str]) -> str:
    """Return own code in which a class that extends a block of its own name extends the block."""
    lines = body.split("\n")
    for node in ast.walk(syntax.parse(body)):
        if isinstance(node, ast.ClassDef) and node.name in renamed:
            for base in node.bases:
                if isinstance(base, ast.Name) and base.id == node.name:
                    raw = lines[base.lineno - 1].encode()
                    end = base.end_col_offset or 0
                    lines[base.lineno - 1] = (raw[: base.col_offset] + renamed[base.id].encode() + raw[end:]).decode()
    return "\n".join(lines)
