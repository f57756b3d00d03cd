"""Scripts as prompts show them: compact, without docstring, and where they are long the parts that count."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from octopus.records import Failure, Profile, Script, Task
from octopus.scientists.llm.fence import visible
from octopus.scientists.llm.layout import first_line
from octopus.scientists.llm.python import parse
from octopus.scientists.llm.source import compact

#: Characters of a script that is shown whole: 450 tokens.
_WHOLE = 1600
#: Lines around the one that failed.
_AROUND = 15
#: Characters of an excerpt.
_EXCERPT = 1300


def shown_script(script: Script, task: Task, profile: Profile) -> str:
    """Return a script as it is shown where it may be changed.

    Parameters
    ----------
    script : Script
        Of an experiment.
    task, profile : Task, Profile
        Of the run.

    Returns
    -------
    str
        Lines of its compact form; ``# …`` where some are left out.
    """
    source = compact(script.source, task, profile)
    tree = parse(source)
    if tree is None:
        return visible(source)[:_WHOLE]
    nodes = [node for node in tree.body if not _is_docstring(node)]
    text = _without_docstring(source, tree)
    if len(text) <= _WHOLE:
        return visible(text)
    entry = [n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == "build_pipeline"]
    kept: list[ast.stmt] = [*entry]
    room = _WHOLE - sum(len(_lines_of(source, [node])) for node in entry)
    for node in [n for n in nodes if isinstance(n, ast.ClassDef)] + [n for n in nodes if _is_import(n)]:
        room -= len(_lines_of(source, [node]))
        if room >= 0:
            kept.append(node)
    return visible(_lines_of(source, sorted(kept, key=lambda n: n.lineno)))[: _WHOLE + _EXCERPT]


def known_source(script: Script, task: Task, profile: Profile) -> str:
    """Return what a reader of prompts knows of a script: its compact form, without the docstring.

    Parameters
    ----------
    script : Script
        Of an experiment or an analysis; the whole one has codes for missing values, which are cells, and much prose.
    task, profile : Task, Profile
        Of the run.

    Returns
    -------
    str
        What needs not be hidden of it in a message.
    """
    source = compact(script.source, task, profile)
    tree = parse(source)
    return source if tree is None else _without_docstring(source, tree)


def failing_part(script: Script, failure: Failure | None, task: Task, profile: Profile) -> tuple[str, str]:
    """Return the part of a script that failed, and the line of it that did.

    Parameters
    ----------
    script : Script
        Of a failed experiment.
    failure : Failure or None
        Its lines are those of the whole script: they are found again by their text.
    task, profile : Task, Profile
        Of the run.

    Returns
    -------
    part, line : str
        Lines of the compact form around the one that failed, and that line; the entry point and an empty line where
        none is found. Imports come first, for they are what a mend often needs.
    """
    source = compact(script.source, task, profile)
    lines = source.split("\n")
    at, code = _place(lines, failure)
    tree = parse(source)
    if tree is None:
        return visible("\n".join(lines[max(0, at - _AROUND) : at + _AROUND + 1]))[:_EXCERPT], code
    nodes = [node for node in tree.body if not _is_docstring(node)]
    holding = next((n for n in nodes if first_line(n) <= at + 1 <= (n.end_lineno or 0)), None) if code else None
    if holding is None or _is_import(holding):
        holding = next((n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == "build_pipeline"), None)
    if len(whole := _without_docstring(source, tree)) <= _EXCERPT:
        return visible(whole), code
    parts = [_lines_of(source, [node]) for node in nodes if _is_import(node)]
    if holding is not None:
        first, last = first_line(holding), holding.end_lineno or holding.lineno
        if code and last - first > 2 * _AROUND:
            first, last = max(first, at + 1 - _AROUND), min(last, at + 1 + _AROUND)
        parts.append("\n".join(lines[first - 1 : last]))
    entry = next((n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == "build_pipeline"), None)
    if entry is not None and entry is not holding and sum(map(len, parts)) < _EXCERPT - 300:
        parts.append(_lines_of(source, [entry]))
    return visible("\n".join(parts))[: _EXCERPT + 400], code


def _place(lines: Sequence[str], failure: Failure | None) -> tuple[int, str]:
    """Return the place of the innermost line of a traceback that the script still has."""
    for frame in reversed(failure.frames if failure else ()):
        code = frame.code.strip()
        places = [i for i, line in enumerate(lines) if code and line.strip() == code]
        within = [i for i in places if _function_around(lines, i) == frame.function]
        if places:
            return (within or places)[0], code
    return 0, ""


def _function_around(lines: Sequence[str], at: int) -> str:
    """Return the name of the function that a line is in, by its indentation."""
    indent = len(lines[at]) - len(lines[at].lstrip())
    for line in reversed(lines[:at]):
        found = re.match(r"(\s*)def (\w+)", line)
        if found and len(found[1]) < indent:
            return found[2]
    return "<module>"


def _lines_of(source: str, nodes: Sequence[ast.stmt]) -> str:
    """Return the lines of statements as they stand, with a mark where lines between them are left out."""
    lines = source.split("\n")
    found: list[str] = []
    last = 0
    for node in nodes:
        first, end = first_line(node), node.end_lineno or node.lineno
        between = lines[last : first - 1] if last else []
        found += ["# …"] if any(line.strip() for line in between) else between
        found += lines[first - 1 : end]
        last = end
    return "\n".join(found)


def _without_docstring(source: str, tree: ast.Module) -> str:
    """Return a script from its first statement on, as it stands: edits are looked for line by line."""
    if not tree.body or not _is_docstring(tree.body[0]):
        return source.strip("\n")
    return "\n".join(source.split("\n")[tree.body[0].end_lineno :]).strip("\n")


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
