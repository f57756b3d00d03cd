"""Text as Python source, laid out as a formatter would: names from data become literals and nothing else."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from octopus import syntax

#: Length of a line of source.
WIDTH = 120
#: Characters of a name from the data that are shown in prose.
_SHOWN = 40


def literal(text: str) -> str:
    r"""Return a text as a Python literal: its ``repr``, in double quotes where that needs no escape.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Source that evaluates to the text.

    Examples
    --------
    >>> literal("amount"), literal('say "x"')
    ('"amount"', '\'say "x"\'')
    """
    source = repr(text)
    plain = source[0] == "'" and '"' not in source and "\\'" not in source
    return f'"{source[1:-1]}"' if plain else source


def list_constant(name: str, texts: Sequence[str]) -> str:
    """Return the assignment of a list of texts.

    Parameters
    ----------
    name : str
        Name of the constant.
    texts : sequence of str
        Its items.

    Returns
    -------
    str
        Source on one line, on three, or with one item per line, as space allows.
    """
    items = [literal(text) for text in texts]
    one_line = f"{name} = [{', '.join(items)}]"
    if len(one_line) <= WIDTH:
        return one_line
    return "\n".join([f"{name} = [", *(f"    {item}," for item in items), "]"])


def dict_constant(name: str, values: Mapping[str, str]) -> str:
    """Return the assignment of a dictionary from texts to values.

    Parameters
    ----------
    name : str
        Name of the constant.
    values : mapping of str to str
        Source of each value.

    Returns
    -------
    str
        Source on one line, or with one item per line, as space allows.
    """
    items = [f"{literal(text)}: {value}" for text, value in values.items()]
    one_line = f"{name} = {{{', '.join(items)}}}"
    if len(one_line) <= WIDTH:
        return one_line
    return "\n".join([f"{name} = {{", *(f"    {item}," for item in items), "}"])


def shown(name: str) -> str:
    """Return a name from the data as prose shows it: on one line, not too long.

    Parameters
    ----------
    name : str
        Name of a column or level.

    Returns
    -------
    str
        The name itself where it is plain, else its ``repr``.
    """
    cut = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
    return cut if cut.isprintable() and cut.strip() == cut and cut else repr(cut)


def listed(names: Sequence[str], at_most: int = 6) -> str:
    """Return names as prose lists them.

    Parameters
    ----------
    names : sequence of str
        Names from the data.
    at_most : int
        How many to name; the others are counted.

    Returns
    -------
    str
        "a, b and c", or "a, b and 4 more".
    """
    words = [shown(name) for name in names[:at_most]]
    if len(names) > at_most:
        words.append(f"{len(names) - at_most} more")
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def docstring(paragraphs: Iterable[str]) -> str:
    """Return a module's docstring that no text can break out of.

    Parameters
    ----------
    paragraphs : iterable of str
        Prose, which may hold names from the data.

    Returns
    -------
    str
        Source of the docstring: wrapped; quotes and backslashes escaped, and whatever is not printable written as
        an escape, so that what a reader sees is what the compiler reads (Boucher and Anderson, 2021,
        arXiv:2111.00169).
    """
    lines = [line for text in paragraphs for line in textwrap.wrap(" ".join(text.split()), WIDTH - 10)]
    escaped = "\n".join("".join(_escaped(character) for character in line) for line in lines)
    # No two quotes in a row and none at the end: the docstring ends where it should.
    safe = re.sub(r'"(?="|\Z)', r"\"", escaped)
    return f'"""{safe}"""'


def import_block(statements: Iterable[str]) -> str:
    """Return import statements merged and sorted: the standard library first.

    Parameters
    ----------
    statements : iterable of str
        Import statements of modules or names.

    Returns
    -------
    str
        Source; two groups with an empty line between them where both are there.
    """
    plain: set[str] = set()
    named: dict[str, set[str]] = {}
    for node in syntax.parse("\n".join(statements)).body:
        if isinstance(node, ast.Import):
            plain |= {ast.unparse(ast.Import(names=[alias])) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named.setdefault(node.module, set()).update(ast.unparse(alias) for alias in node.names)
    groups: dict[bool, list[str]] = {False: [], True: []}
    for statement in sorted(plain):
        groups[_is_third_party(statement.split()[1])].append(statement)
    for module in sorted(named):
        names = ", ".join(sorted(named[module], key=_import_order))
        groups[_is_third_party(module)].append(f"from {module} import {names}")
    return "\n\n".join("\n".join(group) for group in groups.values() if group)


def expression(source: str, prefix: str, indent: int) -> str:
    """Return a line of source, its calls broken over lines where it is too long for one.

    Parameters
    ----------
    source : str
        An expression.
    prefix : str
        What stands before it on its line, such as ``return``.
    indent : int
        Spaces before the line.

    Returns
    -------
    str
        Source of the same meaning.
    """
    return "\n".join(_broken(prefix + source, syntax.parse_expression(source).body, source, "", indent))


def _broken(line: str, node: ast.expr, source: str, end: str, indent: int) -> list[str]:
    """Return the lines of a call: whole, its arguments on a line of their own, or each on one."""
    whole = f"{' ' * indent}{line}{end}"
    if len(whole) <= WIDTH or not isinstance(node, ast.Call):
        return [whole]
    arguments: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    texts = [ast.get_source_segment(source, argument) or "" for argument in arguments]
    opening = f"{' ' * indent}{line[: line.index('(', len(line) - len(source)) + 1]}"
    closing = f"{' ' * indent}){end}"
    together = f"{' ' * (indent + 4)}{', '.join(texts)}"
    if len(together) <= WIDTH:
        return [opening, together, closing]
    inner = [_one_argument(argument, text, indent + 4) for argument, text in zip(arguments, texts, strict=True)]
    return [opening, *(line for lines in inner for line in lines), closing]


def _one_argument(argument: ast.expr | ast.keyword, text: str, indent: int) -> list[str]:
    if isinstance(argument, ast.keyword):
        return [f"{' ' * indent}{text},"]
    return _broken(text, syntax.parse_expression(text).body, text, ",", indent)


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def _import_order(name: str) -> tuple[int, str]:
    """Order names as isort does: CONSTANTS, Classes, functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def _is_third_party(module: str) -> bool:
    return module.partition(".")[0] not in sys.stdlib_module_names
