"""Steps of a pipeline and their options: gaps filled, unknown levels taken, names that LightGBM takes, one worker."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from octopus.scientists.llm.mending.draft import Change, Clue, Draft

#: Estimators of scikit-learn that take no gaps.
_NEED_NO_GAPS = frozenset({
    "LogisticRegression", "LogisticRegressionCV", "LinearRegression", "Ridge", "RidgeCV", "RidgeClassifier", "Lasso",
    "LassoCV", "ElasticNet", "ElasticNetCV", "BayesianRidge", "HuberRegressor", "SGDClassifier", "SGDRegressor", "SVC",
    "SVR", "LinearSVC", "LinearSVR", "KNeighborsClassifier", "KNeighborsRegressor", "MLPClassifier", "MLPRegressor",
    "GaussianNB", "GaussianProcessRegressor", "GaussianProcessClassifier", "PoissonRegressor", "GammaRegressor",
    "TweedieRegressor", "LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis", "GradientBoostingClassifier",
    "GradientBoostingRegressor", "AdaBoostClassifier", "AdaBoostRegressor", "QuantileRegressor", "PCA", "TruncatedSVD",
    "SelectKBest", "PolynomialFeatures", "KMeans", "Nystroem", "RBFSampler", "SplineTransformer", "KernelRidge",
    "Perceptron", "PassiveAggressiveClassifier", "TheilSenRegressor", "VarianceThreshold", "SelectPercentile",
})  # fmt: skip
_IMPUTER = 'SimpleImputer(strategy="median", keep_empty_features=True)'
_REFUSES = re.compile(r"^(\w+) does not accept missing values", re.MULTILINE)
_WORKERS = frozenset({"n_jobs", "nthread", "num_threads", "thread_count", "num_workers"})
_PLAIN_NAMES = '''def with_plain_names(X):
    """Return a table whose columns have names of letters and digits."""
    return X.set_axis([f"f{i}_" + "".join(filter(str.isalnum, str(c))) for i, c in enumerate(X.columns)], axis=1)


'''


def unknown_levels(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Have encoders take levels that no fitted row has.

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
    if "OCT304" not in clue.codes:
        return
    splices: list[tuple[int, int, str]] = []
    for call in draft.calls:
        name = draft.name(call)
        if name not in ("OneHotEncoder", "OrdinalEncoder"):
            continue
        value = '"ignore"' if name == "OneHotEncoder" else '"use_encoded_value"'
        given = {k.arg: k.value for k in call.keywords}
        old = given.get("handle_unknown")
        if old is not None and not (isinstance(old, ast.Constant) and old.value == "error"):
            continue
        if old is not None:
            splices.append((*draft.span(old), value))
        extra = "" if old is not None else f"handle_unknown={value}"
        if name == "OrdinalEncoder" and "unknown_value" not in given:
            extra = f"{extra}, unknown_value=-1".lstrip(", ")
        if extra:
            splices.append(draft.with_keywords(call, extra))
    if splices:
        yield Change(words="encoders take levels that they never saw", splices=tuple(splices))


def filled_gaps(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Put an imputer before the step that takes no gaps.

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
    if "OCT303" not in clue.codes or "NaN" not in clue.message or "Input y" in clue.message:
        return
    refused = _REFUSES.search(clue.message)
    name = refused[1] if refused else ""
    for steps, is_named in _pipelines(draft):
        made = [(step, _estimator(step, is_named=is_named)) for step in steps]
        called = [(step, draft.name(call)) for step, call in made if call is not None]
        wanted = [step for step, n in called if n == name] or (
            [called[-1][0]] if called and not name and called[-1][1] in _NEED_NO_GAPS else []
        )
        if not wanted or (name and name not in _NEED_NO_GAPS) or any(n == "SimpleImputer" for _, n in called):
            continue
        start = draft.span(wanted[0])[0]
        text = f'("gaps", {_IMPUTER}), ' if is_named else f"{_IMPUTER}, "
        yield Change(
            words=f"gaps are filled before {name or called[-1][1]}",
            splices=((start, start, text),),
            imports=() if "SimpleImputer" in draft.reading.imported else ("from sklearn.impute import SimpleImputer",),
        )
        return


def plain_names(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Rename columns before LightGBM, which takes no special characters.

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
    if "OCT311" not in clue.codes or "special JSON" not in clue.message or draft.entry is None:
        return
    for steps, is_named in _pipelines(draft):
        call = _estimator(steps[-1], is_named=is_named)
        if call is None:
            continue
        step = "FunctionTransformer(with_plain_names)"
        start = draft.span(steps[-1])[0]
        text = f'("plain_names", {step}), ' if is_named else f"{step}, "
        imports = () if "FunctionTransformer" in draft.reading.imported else (
            "from sklearn.preprocessing import FunctionTransformer",)  # fmt: skip
        splices = ((start, start, text), draft.before(draft.entry, _PLAIN_NAMES))
        yield Change(words="columns have plain names before the model", splices=splices, imports=imports)
        return


def one_worker(draft: Draft, clue: Clue) -> Iterator[Change]:
    """Have everything run in one worker, where a run hung or a library crashed.

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
    if not clue.codes & {"OCT203", "OCT204", "OCT205"}:
        return
    values = [k.value for call in draft.calls for k in call.keywords if k.arg in _WORKERS]
    splices = tuple((*draft.span(value), "1") for value in values if draft.text(value) != "1")
    if splices:
        yield Change(words="everything runs in one worker", splices=splices)


def _pipelines(draft: Draft) -> Iterator[tuple[list[ast.expr], bool]]:
    """Yield the steps of each pipeline and whether they have names, the one of the entry point first."""
    entry = draft.entry
    first = list(ast.walk(entry)) if entry is not None else []
    for node in [*first, *draft.reading.nodes]:
        if not isinstance(node, ast.Call):
            continue
        if draft.name(node) == "make_pipeline" and node.args:
            yield list(node.args), False
        elif draft.name(node) == "Pipeline":
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "steps")]
            if given and isinstance(given[0], ast.List) and given[0].elts:
                yield list(given[0].elts), True


def _estimator(step: ast.expr, *, is_named: bool) -> ast.Call | None:
    """Return the call that makes the estimator of a step."""
    if is_named:
        if not isinstance(step, ast.Tuple) or len(step.elts) != 2:
            return None
        step = step.elts[1]
    return step if isinstance(step, ast.Call) else None
