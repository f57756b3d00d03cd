"""A JSON object in a reply, as models write it: with comments, trailing commas, single quotes, broken lines."""

from __future__ import annotations

import json
import re
import warnings

from octopus import syntax

#: Longest text that is read as an object: a reply of 30,000 tokens.
_MAX_LENGTH = 120_000
#: Beginnings that are tried.
_MAX_BEGINNINGS = 4
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\]|\\.)*"|' + r"'(?:[^'\\\n]|\\.)*'|//[^\n]*|/\*.*?\*/|#[^\n]*|[{}\[\]]|,",
    re.DOTALL,
)
_CONSTANTS = re.compile(r"(?<![\w\"'])(?:true|false|null)(?![\w\"'])")
_AS_PYTHON = {"true": "True", "false": "False", "null": "None"}
#: Where a call of a tool keeps what it is called with.
_ARGUMENTS = ("arguments", "parameters", "input", "action_input", "args")


def find_object(text: str, keys: frozenset[str]) -> dict[str, object] | None:
    """Return the first object of a text that has one of these keys.

    Parameters
    ----------
    text : str
        A reply, or a block of it.
    keys : frozenset of str
        Lower-case names, of which it must have one.

    Returns
    -------
    dict or None
        With lower-case keys; the arguments of a call of a tool stand beside its name.
    """
    at, tried = text.find("{"), 0
    while 0 <= at < _MAX_LENGTH and tried < _MAX_BEGINNINGS:
        tried += 1
        found = _read(text[at : at + _MAX_LENGTH])
        if found is not None:
            flat = _flat(found)
            if keys & flat.keys():
                return flat
        at = text.find("{", at + 1)
    return None


def _flat(found: dict[object, object]) -> dict[str, object]:
    """Return an object with lower-case keys, the arguments of a call among them."""
    flat = {str(key).strip().lower(): value for key, value in found.items()}
    function = flat.pop("function", None)
    if isinstance(function, dict):
        flat |= {str(key).strip().lower(): value for key, value in function.items()}
    for name in _ARGUMENTS:
        inner = flat.get(name)
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            inner = _read(inner)
        if isinstance(inner, dict):
            del flat[name]
            flat |= {str(key).strip().lower(): value for key, value in inner.items()}
    return flat


def _read(text: str) -> dict[object, object] | None:
    """Read the object that a text begins with."""
    body = _balanced(text)
    if body is None:
        return None
    try:
        found = json.loads(body, strict=False)
    except (ValueError, RecursionError):
        found = _literal(body)
    return found if isinstance(found, dict) else None


def _balanced(text: str) -> str | None:
    """Return the object without comments and without commas before a closing bracket."""
    pieces: list[str] = []
    depth = at = 0
    for token in _TOKEN.finditer(text):
        word = token.group()
        pieces.append(text[at : token.start()])
        at = token.end()
        if word[0] in "{[":
            depth += 1
        elif word[0] in "}]":
            depth -= 1
            _drop_comma(pieces)
        elif word.startswith(("//", "/*", "#")):
            continue
        pieces.append(word)
        if depth == 0:
            return "".join(pieces)
    return None


def _drop_comma(pieces: list[str]) -> None:
    for index in range(len(pieces) - 1, -1, -1):
        if pieces[index].strip() == ",":
            pieces[index] = ""
        if pieces[index].strip():
            return


def _literal(body: str) -> object:
    source = _CONSTANTS.sub(lambda word: _AS_PYTHON[word.group()], body)
    for attempt in (source, _on_one_line(source)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an invalid escape
                found: object = syntax.read_literal(attempt)
                return found
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
    return None


def _on_one_line(source: str) -> str:
    """Return an object whose texts in double quotes hold no line breaks."""
    return _TOKEN.sub(
        lambda token: token.group().replace("\n", "\\n") if token.group()[0] == '"' else token.group(), source
    )
