"""Text that may be Python → source that parses: what chat programs do to code is undone, nothing is guessed."""

from __future__ import annotations

import ast
import html
import re
import textwrap
import warnings
from collections.abc import Iterator
from functools import lru_cache

from octopus import syntax

#: Characters that nobody sees and Python refuses outside of texts.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_TYPESET = str.maketrans({
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u00a0": " ",
    "\u2007": " ", "\u202f": " ", "\u2212": "-", "\u3000": " ",
})  # fmt: skip
#: Text literals and comments, whose insides stay as they are.
_LITERAL = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|' + r"'''(?:[^\\]|\\.)*?'''|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'(?:[^'\\\n]|\\.)*'|#[^\n]*",
    re.DOTALL,
)
#: Longest source that is parsed: eight times the longest script of the playbook.
_MAX_LENGTH = 100_000
_PROMPT = re.compile(r"^(?:>>>|\.\.\.) ?", re.MULTILINE)


def parse(source: str) -> ast.Module | None:
    """Return the tree of a source; None if it does not parse.

    Parameters
    ----------
    source : str
        Text that may be Python.

    Returns
    -------
    ast.Module or None
        Its tree.
    """
    return _attempt(source)[0]


def syntax_problem(source: str) -> str:
    """Say where and why a source does not parse.

    Parameters
    ----------
    source : str
        Text that does not parse.

    Returns
    -------
    str
        Line, reason and the line itself; empty if it parses.
    """
    tree, problem = _attempt(source)
    return "" if tree is not None else problem


def recovered(text: str) -> str | None:
    """Return source that parses, made of what a chat program may have done to it.

    Parameters
    ----------
    text : str
        A block of a reply.

    Returns
    -------
    str or None
        The text itself where it parses; else without common indentation, invisible characters, typeset quotes, prompts
        of an interactive session or escapes, whichever parses first; None if none does.
    """
    return next((source for source in _readings(text) if parse(source) is not None), None)


def defines(source: str, name: str) -> bool:
    """Tell whether a source defines a function at module level.

    Parameters
    ----------
    source : str
        Text that may be Python.
    name : str
        Name of the function.

    Returns
    -------
    bool
        False where it does not parse.
    """
    tree = parse(source)
    return tree is not None and any(isinstance(n, ast.FunctionDef) and n.name == name for n in tree.body)


@lru_cache(maxsize=16)  # a block is looked at from several sides
def _attempt(source: str) -> tuple[ast.Module | None, str]:
    if len(source) > _MAX_LENGTH:
        return None, f"it is longer than {_MAX_LENGTH:,} characters"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in a model's text is its own affair
            return syntax.parse(source), ""
    except SyntaxError as error:
        lines = source.splitlines()
        number = error.lineno or 1
        line = lines[number - 1].strip()[:120] if 0 < number <= len(lines) else ""
        return None, f"line {number}: {error.msg}" + (f": {line}" if line else "")
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, lone surrogates; nested too deeply
        return None, str(error)[:120] or "it is nested too deeply"


def _readings(text: str) -> Iterator[str]:
    yield text
    flush = textwrap.dedent(text).strip("\n") + "\n"
    yield flush
    if _PROMPT.match(flush):
        yield "\n".join(_PROMPT.sub("", line) for line in flush.split("\n") if _PROMPT.match(line))
    cleaned = _outside_literals(flush)
    if cleaned != flush:
        yield cleaned
    if "\n" not in text.strip() and "\\n" in text:
        yield text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")
    if "&lt;" in text or "&gt;" in text or "&quot;" in text or "&amp;" in text:
        yield html.unescape(flush)


def _outside_literals(source: str) -> str:
    """Return source without invisible characters and typeset punctuation, texts and comments left as they are."""
    pieces, at = [], 0
    for literal in _LITERAL.finditer(source):
        pieces += [_INVISIBLE.sub("", source[at : literal.start()]).translate(_TYPESET), literal.group()]
        at = literal.end()
    pieces.append(_INVISIBLE.sub("", source[at:]).translate(_TYPESET))
    return "".join(pieces)
