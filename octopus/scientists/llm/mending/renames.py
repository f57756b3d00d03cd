"""Names, arguments and values that libraries have changed, as models remember them, and what they are now."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from octopus.scientists.llm.mending.draft import Change, Clue, Draft

_NUMPY = {
    "float": "float", "int": "int", "bool": "bool", "object": "object", "str": "str", "complex": "complex",
    "float_": "np.float64", "int_": "np.int64", "in1d": "np.isin", "NaN": "np.nan", "NAN": "np.nan", "Inf": "np.inf",
    "infty": "np.inf", "product": "np.prod", "cumproduct": "np.cumprod", "sometrue": "np.any", "alltrue": "np.all",
    "trapz": "np.trapezoid", "row_stack": "np.vstack", "unicode_": "np.str_", "string_": "np.bytes_",
}  # fmt: skip
_FREQUENCIES = {
    "M": "ME", "H": "h", "T": "min", "S": "s", "Q": "QE", "Y": "YE", "A": "YE", "BM": "BME", "BQ": "BQE", "L": "ms",
    "U": "us", "N": "ns", "SM": "SME", "BH": "bh", "CBM": "CBME",
}  # fmt: skip
_TAKES_FREQUENCY = frozenset({
    "resample", "asfreq", "date_range", "Grouper", "floor", "ceil", "round", "timedelta_range", "bdate_range", "shift",
})  # fmt: skip
_FREQUENCY = re.compile(r"(\d*)([A-Z]{1,3})(-[A-Z]{3})?")
_FILLS = {"ffill": "ffill", "pad": "ffill", "bfill": "bfill", "backfill": "bfill"}
_REGRESSES = re.compile(r"Regressor$|^Isolation")


def renames(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Yield every change of an old name, if one of them is what the failure speaks of.

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
    found = [(says, change) for says, make in _RENAMES if (change := make(draft, clue)) is not None]
    if any(re.search(says, clue.message) for says, _ in found):
        for _, change in found:
            yield change


def _sparse(draft: Draft, clue: Clue) -> Change | None:  # noqa: ARG001
    calls = [call for call in draft.calls if draft.name(call) == "OneHotEncoder"]
    return _renamed_keyword(draft, calls, "sparse", "sparse_output", "OneHotEncoder(sparse=) is sparse_output= now")


def _base_estimator(draft: Draft, clue: Clue) -> Change | None:  # noqa: ARG001
    calls = [call for call in draft.calls if draft.name(call)[:1].isupper()]
    return _renamed_keyword(draft, calls, "base_estimator", "estimator", "base_estimator= is estimator= now")


def _renamed_keyword(draft: Draft, calls: list[ast.Call], old: str, new: str, words: str) -> Change | None:
    starts = [draft.span(keyword)[0] for call in calls for keyword in call.keywords if keyword.arg == old]
    splices = tuple((start, start + len(old), new) for start in starts)
    return Change(words=words, splices=splices) if splices else None


def _attribute(old: str, new: str) -> Callable[[Draft, Clue], Change | None]:
    def change(draft: Draft, clue: Clue) -> Change | None:  # noqa: ARG001
        nodes = (n for n in draft.reading.nodes if isinstance(n, ast.Attribute) and n.attr == old)
        splices = tuple(draft.attribute(node, new) for node in nodes)
        return Change(words=f".{old} is .{new} now", splices=splices) if splices else None

    return change


def _fit_arguments(draft: Draft, clue: Clue) -> Change | None:
    """Early stopping and verbosity as arguments of fit."""
    splices: list[tuple[int, int, str]] = []
    imports: tuple[str, ...] = ()
    for call in draft.calls:
        given = {k.arg: k for k in call.keywords if k.arg in ("early_stopping_rounds", "verbose")}
        if draft.name(call) != "fit" or not given:
            continue
        names = {k.arg for k in call.keywords}
        old, new = draft.span(call), draft.text(call)
        stops = given.get("early_stopping_rounds")
        for name in given:
            new = _without(new, str(name))
        if stops and "eval_set" in names and "callbacks" not in names and "LGBM" in clue.message:
            new = _with(new, f"callbacks=[lightgbm.early_stopping({draft.text(stops.value)}, verbose=False)]")
            imports = ("import lightgbm",)
        splices.append((*old, new))
    if not splices:
        return None
    words = "early_stopping_rounds= and verbose= are no arguments of fit"
    return Change(words=words, splices=tuple(splices), imports=imports)


def _without(call: str, name: str) -> str:
    """Return the text of a call without an argument."""
    draft = Draft.of(call)
    node = draft.tree.body[0] if draft else None
    if draft is None or not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return call
    changed = draft.changed([Change(words="", splices=(draft.without_keyword(node.value, name),))])
    return changed or call


def _with(call: str, argument: str) -> str:
    draft = Draft.of(call)
    node = draft.tree.body[0] if draft else None
    if draft is None or not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return call
    return draft.changed([Change(words="", splices=(draft.with_keywords(node.value, argument),))]) or call


def _squared(draft: Draft, clue: Clue) -> Change | None:  # noqa: ARG001
    splices: list[tuple[int, int, str]] = []
    imports: tuple[str, ...] = ()
    for call in draft.calls:
        squared = next((k for k in call.keywords if k.arg == "squared"), None)
        if draft.name(call) != "mean_squared_error" or squared is None:
            continue
        new = _without(draft.text(call), "squared")
        if isinstance(squared.value, ast.Constant) and squared.value.value is False:
            new = new.replace("mean_squared_error", "root_mean_squared_error", 1)
            if isinstance(call.func, ast.Name):
                imports = ("from sklearn.metrics import root_mean_squared_error",)
        splices.append((*draft.span(call), new))
    if not splices:
        return None
    words = "mean_squared_error(squared=False) is root_mean_squared_error now"
    return Change(words=words, splices=tuple(splices), imports=imports)


def _fill_method(draft: Draft, clue: Clue) -> Change | None:  # noqa: ARG001
    splices = []
    for call in draft.calls:
        method = next((k.value for k in call.keywords if k.arg == "method"), None)
        if not isinstance(call.func, ast.Attribute) or call.func.attr != "fillna":
            continue
        if not isinstance(method, ast.Constant) or method.value not in _FILLS:
            continue
        others = ", ".join(draft.text(k) for k in call.keywords if k.arg not in ("method", "value"))
        start = draft.span(call.func.value)[1]
        splices.append((start, draft.span(call)[1], f".{_FILLS[method.value]}({others})"))
    return Change(words="fillna(method=) is ffill() or bfill() now", splices=tuple(splices)) if splices else None


def _numpy(draft: Draft, clue: Clue) -> Change | None:  # noqa: ARG001
    splices = []
    for node in draft.reading.nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            new = _NUMPY.get(node.attr) if draft.reading.qualified(node.value) == "numpy" else None
            if new:
                splices.append((*draft.span(node), new.replace("np.", f"{node.value.id}.")))
    return Change(words="names that numpy has dropped", splices=tuple(splices)) if splices else None


def _append(draft: Draft, clue: Clue) -> Change | None:
    splices = []
    for call in draft.calls:
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr != "append" or len(call.args) != 1:
            continue
        if not draft.reading.is_table(function.value) and call.lineno != clue.line:
            continue
        more, other = call.args[0], draft.text(call.args[0])
        if isinstance(more, ast.List):
            other = f"*{other}"
        elif isinstance(more, ast.Dict):
            other = f"pd.DataFrame([{other}])"
        options = "".join(f", {draft.text(keyword)}" for keyword in call.keywords)
        splices.append((*draft.span(call), f"pd.concat([{draft.text(function.value)}, {other}]{options})"))
    if not splices:
        return None
    return Change(words="append is pd.concat now", splices=tuple(splices), imports=_pandas(draft))


def _multi_class(draft: Draft, clue: Clue) -> Change | None:  # noqa: ARG001
    calls = [c for c in draft.calls if draft.name(c).startswith("LogisticRegression")]
    found = [draft.without_keyword(c, "multi_class") for c in calls if any(k.arg == "multi_class" for k in c.keywords)]
    return Change(words="LogisticRegression has no multi_class= any more", splices=tuple(found)) if found else None


def _old_values(draft: Draft, clue: Clue) -> Change | None:  # noqa: ARG001
    splices = []
    for call in draft.calls:
        for keyword in call.keywords:
            value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
            if keyword.arg == "penalty" and value == "none":
                splices.append((*draft.span(keyword.value), "None"))
            elif keyword.arg == "max_features" and value == "auto":
                new = "1.0" if _REGRESSES.search(draft.name(call)) else '"sqrt"'
                splices.append((*draft.span(keyword.value), new))
    return Change(words="values that options no longer take", splices=tuple(splices)) if splices else None


def _frequencies(draft: Draft, clue: Clue) -> Change | None:  # noqa: ARG001
    splices = []
    for call in draft.calls:
        if draft.name(call) not in _TAKES_FREQUENCY:
            continue
        given = [*call.args, *(k.value for k in call.keywords if k.arg in ("freq", "rule"))]
        for node in given:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found = _FREQUENCY.fullmatch(node.value)
                if found and found[2] in _FREQUENCIES:
                    new = f"{found[1]}{_FREQUENCIES[found[2]]}{found[3] or ''}"
                    splices.append((*draft.span(node), f'"{new}"'))
    return Change(words="names of frequencies of old", splices=tuple(splices)) if splices else None


def _pandas(draft: Draft) -> tuple[str, ...]:
    return () if draft.reading.imported.get("pd") == "pandas" else ("import pandas as pd",)


_ARGUMENT = "unexpected keyword argument '{}'"
#: What the message of a failure says, and the change that it asks for.
_RENAMES: tuple[tuple[str, Callable[[Draft, Clue], Change | None]], ...] = (
    (_ARGUMENT.format("sparse"), _sparse),
    (_ARGUMENT.format("base_estimator"), _base_estimator),
    (r"no attribute 'get_feature_names'", _attribute("get_feature_names", "get_feature_names_out")),
    (r"no attribute 'iteritems'", _attribute("iteritems", "items")),
    (_ARGUMENT.format("(?:early_stopping_rounds|verbose)"), _fit_arguments),
    (_ARGUMENT.format("squared"), _squared),
    (_ARGUMENT.format("method"), _fill_method),
    (r"module 'numpy' has no attribute|`np\.\w+` was removed", _numpy),
    (r"no attribute 'append'", _append),
    (_ARGUMENT.format("multi_class"), _multi_class),
    (r"The '(?:penalty|max_features)' parameter of", _old_values),
    (r"[Ii]nvalid frequency|no longer supported", _frequencies),
)
