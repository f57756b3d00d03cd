"""Idioms of pandas that do nothing any more, and what does what they were meant to do."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from octopus.scientists.llm.mending.draft import Change, Clue, Draft
from octopus.screening.silent import is_lost_change, is_object_test

_CHOOSES = frozenset({"loc", "at"})


def idioms(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Yield the changes of idioms that do nothing, where the script was refused for one.

    Parameters
    ----------
    draft : Draft
        The script.
    clue : Clue
        Its failure.

    Yields
    ------
    Change
        Those that apply.
    """
    if "OCT113" not in clue.codes:
        return
    tests, lost, chained = _tests(draft), _lost(draft), _chained(draft)
    if tests:
        imports = () if draft.reading.imported.get("pd") == "pandas" else ("import pandas as pd",)
        yield Change(words="text columns are told by is_string_dtype", splices=tuple(tests), imports=imports)
    if lost:
        yield Change(words="changed columns are assigned", splices=tuple(lost))
    if chained:
        yield Change(words="rows and column are chosen by one loc", splices=tuple(chained))


def _tests(draft: Draft) -> list[tuple[int, int, str]]:
    found = []
    for node in draft.reading.nodes:
        if not isinstance(node, ast.Compare) or not is_object_test(node, draft.reading):
            continue
        asked = next((side for side in (node.left, node.comparators[0]) if _dtype_of(side) is not None), None)
        of = _dtype_of(asked) if asked is not None else None
        if asked is None or of is None:
            continue
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            found += _with_text(draft, node.comparators[0])
            continue
        test = _test(draft, of)
        is_denied = isinstance(node.ops[0], ast.NotEq | ast.IsNot)
        found.append((*draft.span(node), f"(not {test})" if is_denied else test))
    return found


def _dtype_of(node: ast.expr) -> ast.expr | None:
    """Return what a comparison asks the type of: ``X[c].dtype``, ``X.dtypes[c]``, ``X.dtypes``, ``str(X[c].dtype)``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str" and node.args:
        node = node.args[0]
    inner = node.value if isinstance(node, ast.Subscript) else node
    return node if isinstance(inner, ast.Attribute) and inner.attr in ("dtype", "dtypes") else None


def _test(draft: Draft, of: ast.expr) -> str:
    if isinstance(of, ast.Attribute) and of.attr == "dtypes":
        return f"{draft.text(of)}.map(pd.api.types.is_string_dtype)"
    kind = draft.text(of)
    return (
        f"(pd.api.types.is_string_dtype({kind}) or pd.api.types.is_object_dtype({kind})"
        f" or isinstance({kind}, pd.CategoricalDtype))"
    )


def _with_text(draft: Draft, listed: ast.expr) -> list[tuple[int, int, str]]:
    """Return the splice that adds ``str`` to a list of names of types."""
    if not isinstance(listed, ast.List | ast.Tuple | ast.Set) or not listed.elts:
        return []
    start = draft.span(listed.elts[0])[0]
    return [(start, start, '"str", ')]


def _lost(draft: Draft) -> list[tuple[int, int, str]]:
    found = []
    for node in draft.reading.nodes:
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and is_lost_change(call, draft.reading):
            picked = call.func.value
            target = draft.text(picked)
            if isinstance(picked, ast.Attribute):
                target = f'{draft.text(picked.value)}["{picked.attr}"]'
            start = draft.span(node)[0]
            found += [(start, start, f"{target} = "), draft.without_keyword(call, "inplace")]
    return found


def _chained(draft: Draft) -> list[tuple[int, int, str]]:
    """Return splices for ``df[c][rows] = v``, ``df[c].loc[rows] = v`` and ``df.loc[rows][c] = v``."""
    found = []
    for node in draft.reading.nodes:
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        target = node.target if isinstance(node, ast.AugAssign) else target
        if not isinstance(target, ast.Subscript):
            continue
        inner: ast.expr = target.value
        is_loc = isinstance(inner, ast.Attribute) and inner.attr in _CHOOSES
        if is_loc and isinstance(inner, ast.Attribute):
            inner = inner.value
        if not isinstance(inner, ast.Subscript) or not draft.reading.is_table(inner.value):
            continue
        if isinstance(target.slice, ast.Slice | ast.Tuple) or isinstance(inner.slice, ast.Slice | ast.Tuple):
            continue
        first, second = draft.text(inner.slice), draft.text(target.slice)
        table = inner.value
        if isinstance(table, ast.Attribute):  # df.loc[rows][c] = v
            if table.attr != "loc" or is_loc:
                continue
            new = f"{draft.text(table.value)}.loc[{first}, {second}]"
        else:
            new = f"{draft.text(table)}.loc[{second}, {first}]"
        found.append((*draft.span(target), new))
    return found
