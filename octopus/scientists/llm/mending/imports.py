"""Imports that are missing, that moved, or that nothing uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from octopus.scientists.llm.mending.draft import Change, Clue, Draft

_USUAL = {
    "np": "import numpy as np", "pd": "import pandas as pd", "lgb": "import lightgbm as lgb",
    "lightgbm": "import lightgbm", "numpy": "import numpy", "pandas": "import pandas", "re": "import re",
    "math": "import math", "warnings": "import warnings", "itertools": "import itertools",
    "functools": "import functools", "partial": "from functools import partial",
    "defaultdict": "from collections import defaultdict", "Counter": "from collections import Counter",
    "sklearn": "import sklearn", "scipy": "import scipy", "stats": "from scipy import stats",
    "sparse": "from scipy import sparse", "datetime": "from datetime import datetime",
    "is_numeric_dtype": "from pandas.api.types import is_numeric_dtype",
    "is_string_dtype": "from pandas.api.types import is_string_dtype", "clone": "from sklearn.base import clone",
    "LGBMClassifier": "from lightgbm import LGBMClassifier", "LGBMRegressor": "from lightgbm import LGBMRegressor",
    "XGBClassifier": "from xgboost import XGBClassifier", "XGBRegressor": "from xgboost import XGBRegressor",
    "CatBoostClassifier": "from catboost import CatBoostClassifier",
    "CatBoostRegressor": "from catboost import CatBoostRegressor",
}  # fmt: skip
#: Modules of scikit-learn that a name may come from, the usual ones first.
_MODULES = (
    "base", "pipeline", "compose", "preprocessing", "impute", "linear_model", "ensemble", "model_selection", "metrics",
    "feature_selection", "feature_extraction.text", "decomposition", "neighbors", "svm", "tree", "dummy", "calibration",
    "naive_bayes", "neural_network", "discriminant_analysis", "kernel_approximation", "cluster", "isotonic",
    "multioutput", "multiclass", "gaussian_process", "random_projection", "covariance", "kernel_ridge", "mixture",
    "utils.validation", "utils",
)  # fmt: skip
_MOVED = {("sklearn.externals", "joblib"): "import joblib", ("sklearn.preprocessing", "Imputer"): ""}
_NAME = re.compile(r"name '(\w+)' is not defined")
_CANNOT = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")


def missing_imports(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Import a well-known name that the script uses without having imported it, and all others that it lacks.

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
    found = _NAME.search(clue.message) if clue.type == "NameError" else None
    if found is None or found[1] in draft.reading.imported:
        return
    line = _import_of(found[1])
    if line:
        bound = {n.id for n in draft.reading.nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        bound |= set(draft.reading.imported) | draft.reading.defined
        bound |= {n.arg for n in draft.reading.nodes if isinstance(n, ast.arg)}
        others = sorted(name for name in draft.reading.used - bound if name in _USUAL or name[:1].isupper())
        lines = [line, *(more for name in others if name != found[1] and (more := _import_of(name)))]
        yield Change(words=f"{found[1]} is imported", imports=tuple(lines))


def moved_imports(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Import a name from where it is now.

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
    found = _CANNOT.search(clue.message)
    if found is None:
        return
    name, module = found[1], found[2]
    new = _MOVED.get((module, name)) or _import_of(name)
    for node in draft.reading.nodes:
        if not isinstance(node, ast.ImportFrom) or node.module != module or not new or module in new.split():
            continue
        if any(alias.name == name for alias in node.names):
            kept = [draft.text(alias) for alias in node.names if alias.name != name]
            renamed = next((alias.asname for alias in node.names if alias.name == name and alias.asname), None)
            lines = [f"from {module} import {', '.join(kept)}"] if kept else []
            lines.append(f"{new} as {renamed}" if renamed else new)
            indent = " " * node.col_offset
            splices = ((*draft.span(node), f"\n{indent}".join(lines)),)
            yield Change(words=f"{name} is imported from where it is now", splices=splices)
            return


def idle_imports(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Take out imports that have no business in a script and that nothing uses, and settings of the environment.

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
    if "OCT110" not in clue.codes:
        return
    settings = [node for node in draft.tree.body if _sets_environment(node)]
    at_work = {n.id for node in draft.tree.body if node not in settings for n in ast.walk(node)
               if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}  # fmt: skip
    splices = [(*draft.lines(node), "") for node in settings]
    for node in draft.tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom) or node.lineno != clue.line:
            continue
        bound = {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        if bound & at_work or "*" in bound:
            return
        splices.append((*draft.lines(node), ""))
    if splices:
        yield Change(words="what has no business in the script is left out", splices=tuple(splices))


def _sets_environment(node: ast.stmt) -> bool:
    """Tell whether a statement at module level only sets a variable of the environment."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
        return ast.unparse(node.targets[0].value) == "os.environ"
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func) in ("os.environ.setdefault", "os.environ.update")


def _import_of(name: str) -> str:
    """Return the statement that imports a well-known name; empty if nobody knows it here."""
    if name in _USUAL:
        package = _USUAL[name].split()[1].partition(".")[0]
        return _USUAL[name] if find_spec(package) is not None else ""
    for module in _MODULES:
        if name[:1] != "_" and name in getattr(import_module(f"sklearn.{module}"), "__all__", ()):
            return f"from sklearn.{module} import {name}"
    return ""
