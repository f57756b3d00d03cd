"""How a script is built: its entry point, classes that scikit-learn knows, nothing that a pickle cannot find again."""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Iterator

from octopus.scientists.llm.guard import MARKER
from octopus.scientists.llm.mending.draft import Change, Clue, Draft

_MEANT = re.compile(r"pipe|model|estimator|build|create|make|get|main|clf|reg", re.IGNORECASE)
_SEEDS = {"random_state": "0", "seed": "0", "n_jobs": "1", "verbose": "0", "random_seed": "0"}
_MADE = re.compile(r"pipe|model|estimator|clf|regressor|classifier", re.IGNORECASE)
#: What Python says where a script is called by a name or in a way that it does not have.
_LACKING = re.compile(r"name 'build_pipeline' is not defined|build_pipeline\(\) missing \d+ required")
_BASES = ("TransformerMixin", "ClassifierMixin", "RegressorMixin", "BaseEstimator")


def entry_point(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Give the function that makes the pipeline its name, and its arguments a default.

    Parameters
    ----------
    draft : Draft
        The script.
    clue : Clue
        Its failure.

    Yields
    ------
    Change
        One at most.
    """
    if "OCT102" not in clue.codes and not _LACKING.search(clue.message):
        return
    end = _end_of_theirs(draft)
    functions = [n for n in draft.tree.body if isinstance(n, ast.FunctionDef) and draft.span(n)[0] < end]
    own = [function for function in functions if function.name == "build_pipeline"]
    if own:
        yield from _defaults(draft, own[-1])
        return
    functions = [function for function in functions if not _required(function) and _returns(function)]
    meant = [f.name for f in functions if _MEANT.search(f.name)] or [f.name for f in functions]
    if len(meant) > 1:
        meant = [name for name in meant if "pipe" in name.lower()]
    called = f"{meant[0]}()" if len(meant) == 1 else "" if functions else _variable(draft)
    if called:
        text = f"\n\ndef build_pipeline():\n    return {called}\n"
        yield Change(words=f"build_pipeline() returns {called}", splices=((end, end, text),))


def _end_of_theirs(draft: Draft) -> int:
    """Return where the part of a script ends that is not ours."""
    at = draft.raw.find(f"\n{MARKER}".encode())
    return len(draft.raw) if at < 0 else at + 1


def _required(function: ast.FunctionDef) -> list[ast.arg]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    required = positional[: len(positional) - len(arguments.defaults)]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return [*required, *(argument for argument, default in pairs if default is None)]


def _returns(function: ast.FunctionDef) -> bool:
    return any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(function))


def _defaults(draft: Draft, entry: ast.FunctionDef) -> Iterator[Change]:
    required = _required(entry)
    if required and all(argument.arg in _SEEDS for argument in required):
        ends = [(draft.span(argument)[1], _SEEDS[argument.arg]) for argument in required]
        splices = tuple((end, end, f"={value}") for end, value in ends)
        yield Change(words="the arguments of build_pipeline have defaults", splices=splices)


def _variable(draft: Draft) -> str:
    """Return the name of a pipeline that is made at module level."""
    names = [
        node.targets[0].id
        for node in draft.tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.targets[0], ast.Name)
        and _MADE.search(node.targets[0].id)
    ]
    return names[-1] if names else ""


def bases(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Give classes that fit the bases that scikit-learn asks of them, in the order that it asks for.

    Parameters
    ----------
    draft : Draft
        The script.
    clue : Clue
        Its failure.

    Yields
    ------
    Change
        One at most.
    """
    if "OCT108" not in clue.codes:
        return
    splices: list[tuple[int, int, str]] = []
    needed: set[str] = set()
    for node in draft.tree.body:
        if isinstance(node, ast.ClassDef) and (wanted := _wanted(node, clue)):
            known = {base.id if isinstance(base, ast.Name) else "" for base in node.bases}
            if known <= {*_BASES, "object"} and [getattr(b, "id", "") for b in node.bases] != wanted:
                splices.append(_with_bases(draft, node, wanted))
                needed |= set(wanted)
    missing = sorted(name for name in needed if name not in draft.reading.imported)
    if splices:
        imports = tuple(f"from sklearn.base import {name}" for name in missing)
        yield Change(
            words="classes have scikit-learn's bases, BaseEstimator last", splices=tuple(splices), imports=imports
        )


def _wanted(node: ast.ClassDef, clue: Clue) -> list[str]:
    methods = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
    if "fit" not in methods:  # no base has one
        return []
    if "transform" in methods:
        return ["TransformerMixin", "BaseEstimator"]
    if "predict_proba" in methods:
        return ["ClassifierMixin", "BaseEstimator"]
    if "predict" in methods:
        return ["RegressorMixin" if clue.profile.target.numeric else "ClassifierMixin", "BaseEstimator"]
    return []


def _with_bases(draft: Draft, node: ast.ClassDef, wanted: list[str]) -> tuple[int, int, str]:
    start = draft.span(node)[0]
    head = draft.raw[start:].decode().partition(":\n" if not node.bases else ")")[0]
    after = start + len(f"class {node.name}".encode())
    if node.bases:
        return after, start + len(head.encode()) + 1, f"({', '.join(wanted)})"
    colon = draft.raw.index(b":", after)
    return after, colon, f"({', '.join(wanted)})"


def at_module_level(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Move functions and classes to where a pickle finds them again, if they capture nothing.

    Parameters
    ----------
    draft : Draft
        The script.
    clue : Clue
        Its failure.

    Yields
    ------
    Change
        One for each that is moved.
    """
    if "OCT402" not in clue.codes:
        return
    for number, call in enumerate(_takes_lambda(draft), start=1):
        for value in [*call.args, *(keyword.value for keyword in call.keywords)]:
            if isinstance(value, ast.Lambda) and not _captured(draft, value):
                name = f"function_{number}"
                header = _header(draft, value)
                text = f"def {name}({header}):\n    return {draft.text(value.body)}\n\n\n"
                splices = (draft.before(call, text), (*draft.span(value), name))
                yield Change(words="a lambda is a function at module level", splices=splices)
                break
    for node in draft.reading.nodes:
        if isinstance(node, ast.FunctionDef) and node in draft.tree.body:
            for inner in node.body:
                if isinstance(inner, ast.ClassDef | ast.FunctionDef) and not _captured(draft, inner):
                    start, end = draft.lines(inner)
                    text = textwrap.dedent(draft.raw[start:end].decode()).rstrip("\n") + "\n\n\n"
                    splices = (draft.before(node, text), (start, end, ""))
                    yield Change(words=f"{inner.name} stands at module level", splices=splices)


def _header(draft: Draft, node: ast.Lambda) -> str:
    """Return the arguments of a lambda as they are written."""
    return draft.text(node)[len("lambda") :].partition(draft.text(node.body))[0].strip().removesuffix(":").strip()


def _takes_lambda(draft: Draft) -> Iterator[ast.Call]:
    """Yield calls that make an object which keeps a lambda."""
    for call in draft.calls:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if draft.name(call)[:1].isupper() and any(isinstance(node, ast.Lambda) for node in given):
            yield call


def _captured(draft: Draft, node: ast.Lambda | ast.ClassDef | ast.FunctionDef) -> set[str]:
    """Return the names that it takes from the function around it."""
    inside = list(ast.walk(node))
    bound = {n.arg for n in inside if isinstance(n, ast.arg)}
    bound |= {n.id for n in inside if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    bound |= {n.name for n in inside if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    bound |= {(a.asname or a.name).partition(".")[0] for n in inside if isinstance(n, ast.Import | ast.ImportFrom)
              for a in n.names}  # fmt: skip
    read = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return read - bound - _at_module_level(draft) - set(dir(builtins))


def _at_module_level(draft: Draft) -> set[str]:
    names: set[str] = set()
    for node in draft.tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        else:
            names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names
