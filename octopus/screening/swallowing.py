"""Exceptions that are caught around a fit or a prediction and go no further: a failure that would pass for a result."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from octopus.screening.reading import Offence, Reading

_BROAD = frozenset({"Exception", "BaseException"})
_WORK = frozenset({
    "fit", "partial_fit", "predict", "predict_proba", "predict_log_proba", "decision_function", "transform",
    "fit_transform", "fit_predict", "fit_resample", "inverse_transform",
})  # fmt: skip


def swallowed(reading: Reading) -> Iterator[Offence]:
    """Find handlers of every exception around fit, transform or predict that do not raise again.

    Parameters
    ----------
    reading : Reading
        The script.

    Yields
    ------
    Offence
        At the handler.
    """
    for node in reading.nodes:
        if isinstance(node, ast.Try):
            method = _method(node.body)
            for handler in node.handlers if method else ():
                if _is_broad(handler.type) and not any(isinstance(n, ast.Raise) for n in _within(handler.body)):
                    yield _offence(handler.lineno, method)
        elif isinstance(node, ast.With) and (method := _method(node.body)):
            calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
            for call in calls:
                if reading.qualified(call.func) == "contextlib.suppress" and any(_is_broad(a) for a in call.args):
                    yield _offence(node.lineno, method)


def _offence(line: int, method: str) -> Offence:
    message = (
        f"every exception around {method}() is caught and goes no further, which would hide a failure: let it pass, or "
        "catch the one type that you expect"
    )
    return Offence(kind="BlanketExcept", line=line, message=message)


def _is_broad(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(isinstance(kind, ast.Name) and kind.id in _BROAD for kind in kinds)


def _method(body: Sequence[ast.stmt]) -> str:
    """Return the method of an estimator that is called within statements; empty if there is none."""
    calls = (n.func for n in _within(body) if isinstance(n, ast.Call))
    return next((f.attr for f in calls if isinstance(f, ast.Attribute) and f.attr in _WORK), "")


def _within(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of statements, without those of functions that are only defined there."""
    left: list[ast.AST] = list(body)
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            left += ast.iter_child_nodes(node)
