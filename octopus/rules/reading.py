"""Outcome, script, profile → Raised: what crash rules look at when a script ended with an exception."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from octopus import syntax
from octopus.records import ColumnProfile, Outcome, Profile, Script, Stage

#: Calls of pandas that raise a bare ``KeyError`` for a column, not one out of its own index.
_ASKS_FOR_COLUMN = re.compile(
    r"\.(?:groupby|sort_values|merge|join|pivot|pivot_table|set_index|explode|nlargest|nsmallest|drop_duplicates"
    r"|duplicated|melt|stack|rolling|resample)\("
)
_ONE_PER_CENT = 0.01
_RAISES = re.compile(r"(?<![\w'\"])raise\b")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")


@dataclass(frozen=True, kw_only=True)
class Raised:
    """An exception that ended a script, with what tells it from others of the same words.

    Parameters
    ----------
    type, message : str
        Of the root exception; a message that ``KeyError`` shows as a literal is without its outer quotes.
    wrapped_in : str or None
        Type of the outermost exception, where the root was wrapped.
    stage : str
        Where it happened.
    line : str
        The innermost line of the script that it passed; empty where it passed none.
    number : int
        Number of that line; 0 where there is none.
    source : str
        The script.
    columns : tuple of str
        Columns of the table.
    """

    type: str
    message: str
    wrapped_in: str | None
    stage: Stage
    line: str
    number: int
    source: str
    columns: tuple[str, ...]

    @property
    def in_own_words(self) -> bool:
        """Whether the script raised it itself: its message is the script's, not a library's."""
        return _RAISES.search(self.line) is not None and self.number in raising_lines(self.source)

    @property
    def key(self) -> str:
        """The text that a ``KeyError`` was asked for; empty for numbers, tuples and sentences."""
        found = _QUOTED.fullmatch(self.message)
        return "" if found is None else found[1] or found[2] or ""

    @property
    def names_key(self) -> bool:
        """Whether the key is a column, or a literal of the script."""
        return self.key in self.columns or f"'{self.key}'" in self.source or f'"{self.key}"' in self.source

    @property
    def asks_pandas_for_column(self) -> bool:
        """Whether a bare key is that of a column: out of pandas' index, or of a call that takes names of columns."""
        if not self.key:
            return False
        if self.wrapped_in is not None:
            return self.names_key or self.stage != "predict"
        return _ASKS_FOR_COLUMN.search(self.line) is not None

    def is_own(self, name: str) -> bool:
        """Tell whether the script defines a class or function of this name."""
        return name in definitions(self.source)

    def lacks_own_argument(self, owner: str, attribute: str) -> bool:
        """Tell whether an attribute is an argument of the constructor of a class of the script."""
        return attribute in definitions(self.source).get(owner, ())


def raised(outcome: Outcome, script: Script, profile: Profile) -> Raised | None:
    """Return the exception that ended a script; None if none did.

    Parameters
    ----------
    outcome : Outcome
        What happened.
    script : Script
        What was run.
    profile : Profile
        What is known of the data.
    """
    failure = outcome.failure
    if outcome.status != "error" or failure is None:
        return None
    frame = failure.frames[-1] if failure.frames else None
    message = failure.message
    if failure.type == "KeyError" and message[:1] == '"' and message[-1:] == '"' and "'" in message:
        message = message[1:-1]  # a KeyError shows its sentence as a literal
    return Raised(
        type=failure.type,
        message=message,
        wrapped_in=failure.wrapped_in,
        stage=outcome.stage,
        line=frame.code.strip() if frame else "",
        number=frame.line if frame else 0,
        source=script.source,
        columns=tuple(column.name for column in profile.columns),
    )


def quoted(message: str) -> list[str]:
    """Return what stands in quotes in a message, each once.

    Examples
    --------
    >>> quoted("['amuont', 'note'] not in index")
    ['amuont', 'note']
    """
    return list(dict.fromkeys(first or second for first, second in _QUOTED.findall(message) if first or second))


def nearest(asked: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the names that look most like what was asked for, at most two for each.

    Examples
    --------
    >>> nearest(["amuont"], ["note", "amount"])
    ['amount']
    """
    return list(dict.fromkeys(name for key in asked for name in difflib.get_close_matches(key, names, n=2)))


def listed(names: Sequence[str], at_most: int = 6) -> str:
    """Return names in quotes, cut after the first ones.

    Examples
    --------
    >>> listed(["a", "b", "c"], at_most=2)
    "'a', 'b' and 1 more"
    """
    return _cut([repr(name) for name in names], at_most)


def described(columns: Sequence[ColumnProfile], at_most: int = 6) -> str:
    """Return columns in quotes, each with its type and its gaps, cut after the first ones.

    Parameters
    ----------
    columns : sequence of ColumnProfile
        Such as those that a message means.
    at_most : int, default=6
        How many are named.

    Returns
    -------
    str
        Such as ``'sex' (str, 3 % missing), 'island' (str)``.
    """
    return _cut([f"{column.name!r} ({_nature(column)})" for column in columns], at_most)


def columns_meant(error: Raised, profile: Profile) -> list[ColumnProfile]:
    """Return the columns that an exception is about, as far as its message or its line of the script tells.

    Parameters
    ----------
    error : Raised
        The exception.
    profile : Profile
        What is known of the data.

    Returns
    -------
    list of ColumnProfile
        Those that hold a value which the message quotes; else those that it names; else those that the line names.
    """
    values = set(quoted(error.message))
    if holding := [c for c in profile.columns if values & {level.value for level in c.levels}]:
        return holding
    if named := [c for c in profile.columns if re.search(rf"(?<!\w){re.escape(c.name)}(?:'|\"|: |$)", error.message)]:
        return named
    return [c for c in profile.columns if f"'{c.name}'" in error.line or f'"{c.name}"' in error.line]


def is_number(column: ColumnProfile) -> bool:
    """Tell whether a column comes as numbers."""
    return column.dtype.startswith(("float", "int", "uint", "bool"))


def _nature(column: ColumnProfile) -> str:
    share = column.missing_fraction
    gaps = (
        ""
        if not share
        else ", under 1 % missing"
        if share < _ONE_PER_CENT
        else f", {share:.0%} missing".replace("%", " %")
    )
    return f"{column.dtype or column.kind}{gaps}"


def _cut(shown: Sequence[str], at_most: int) -> str:
    first = ", ".join(shown[:at_most])
    return f"{first} and {len(shown) - at_most} more" if len(shown) > at_most else first


@lru_cache(maxsize=16)
def tree(source: str) -> ast.Module:
    """Return the syntax tree of a script; an empty one where it does not parse."""
    try:
        return syntax.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


@lru_cache(maxsize=16)
def definitions(source: str) -> dict[str, frozenset[str]]:
    """Return the names of a script's classes and functions, with the arguments that they take."""
    return dict(_defined(tree(source)))


@lru_cache(maxsize=16)
def raising_lines(source: str) -> frozenset[int]:
    """Return the numbers of the lines on which a ``raise`` of the script begins."""
    return frozenset(node.lineno for node in ast.walk(tree(source)) if isinstance(node, ast.Raise))


def _defined(module: ast.Module) -> Iterator[tuple[str, frozenset[str]]]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            yield node.name, _arguments(node)
    for node in ast.walk(module):  # after the functions, for methods have the names of classes, too
        if isinstance(node, ast.ClassDef):
            made_by = (n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
            yield node.name, next((_arguments(n) for n in made_by), frozenset())


def _arguments(function: ast.FunctionDef) -> frozenset[str]:
    given = function.args
    return frozenset(a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)) - {"self"}
