"""Source → tree, whichever threads do it at once.

CPython 3.11 counts the depth of a tree under construction for the whole interpreter, not for each thread: where two
threads parse at the same time, either may get "SystemError: AST constructor recursion depth mismatch"
(https://github.com/python/cpython/issues/106905). Nothing is wrong with the source then: the next attempt succeeds.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable
from typing import TypeVar

_TreeT = TypeVar("_TreeT")

#: Attempts, and seconds before the next: a thread has the interpreter for 5 ms at a time (``sys.getswitchinterval``).
_ATTEMPTS, _WAIT_S = 20, 0.01


def parse(source: str) -> ast.Module:
    """Return the tree of a module; raises what ``ast.parse`` raises.

    Parameters
    ----------
    source : str
        Its source.
    """
    return _again(lambda: ast.parse(source))


def parse_expression(source: str) -> ast.Expression:
    """Return the tree of an expression; raises what ``ast.parse`` raises.

    Parameters
    ----------
    source : str
        Its source.
    """
    return _again(lambda: ast.parse(source, mode="eval"))


def read_literal(source: str | ast.expr) -> object:
    """Return the value of a literal; raises what ``ast.literal_eval`` raises.

    Parameters
    ----------
    source : str or ast.expr
        The literal.
    """
    return _again(lambda: ast.literal_eval(source))


def _again(attempt: Callable[[], _TreeT]) -> _TreeT:
    for _ in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except SystemError:
            time.sleep(_WAIT_S)
    return attempt()
