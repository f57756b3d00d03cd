"""Random forests and extra trees (scikit-learn): many deep trees, averaged."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from octopus.families.shape import (
    LIMITS,
    LOGARITHMIC,
    answered_by_weights,
    asks_for_weights,
    can_log,
    rarest_share,
    strongest_in_words,
    target_span,
)
from octopus.families.signatures import signature
from octopus.protocols import Recipe
from octopus.records import Profile, Task

#: Rows below which a tree cannot split twice with leaves of a few rows.
_MIN_ROWS = 20
#: Rows that one tree sees at most: time grows faster than rows, and the error falls little. On 100,000 rows of 50
#: columns, one core, 100 trees for two classes take 9 s with 10,000 rows each (AUC 0.830), 24 s with 30,000 (0.833) and
#: 186 s with all (0.836); for a number 21 s with 10,000 (R² 0.58) and 82 s with 30,000 (0.60).
_ROWS_OF_A_TREE = 10_000
#: Trees: the score of an average of trees levels off around a hundred (Probst and Boulesteix, 2018,
#: http://jmlr.org/papers/v18/17-269.html).
_TREES = 200
#: Values of a table above which fewer trees do.
_LARGE = 1_000_000
#: Rows of a leaf.
_LEAF = 3
#: Extra trees of numbers look at every column at each split, as their authors advise for regression: with leaves of 3
#: rows RMSE 196 on computers, 0.142 on hedonic, 683 on 8,000 rows of diamonds, where random forests of a third of the
#: columns have 212, 0.154 and 889 (three folds; on males, a weak signal, 0.467 and 0.459). Grown out to one row 193,
#: 0.130, 640 and 0.499; for classes, out to two rows, log loss 1.00 on libras and 0.20 on splice beside 1.24 and 0.36,
#: on contraceptive 0.94 beside 0.92.
_EVERY_COLUMN: dict[str, object] = {"max_features": 1.0}
#: Rows from which on trees that are grown out are half as many: 100 of 10,000 rows take 150 MB.
_MANY_LEAVES = 5_000


class Forest:
    """Random forests and extremely randomised trees on the table in numbers."""

    @property
    def name(self) -> str:
        """Name by which users and plans refer to it."""
        return "forest"

    @property
    def imports(self) -> tuple[str, ...]:
        """Modules that its scripts import."""
        return (
            "numpy",
            "pandas",
            "sklearn.base",
            "sklearn.decomposition",
            "sklearn.ensemble",
            "sklearn.feature_extraction.text",
            "sklearn.feature_selection",
            "sklearn.linear_model",
            "sklearn.metrics",
            "sklearn.pipeline",
        )

    def reason_against(self, task: Task, profile: Profile) -> str | None:  # noqa: ARG002
        """Return why it does not take part: too few rows, or no column to split on."""
        if profile.n_rows < _MIN_ROWS:
            return f"{profile.n_rows} rows are too few to resample: it takes {_MIN_ROWS}"
        if not any(column.used for column in profile.columns):
            return "no column is left to split on"
        return None

    def recipes(self, task: Task, profile: Profile) -> Sequence[Recipe]:
        """Return the first draft and its variations.

        Parameters
        ----------
        task : Task
            What is asked.
        profile : Profile
            What is known of the rows.

        Returns
        -------
        sequence of Recipe
            The first draft, then variations.
        """
        drafts = [_draft(task, profile), _extra(task, profile), _grown(task, profile)]
        return [
            *(drafts if task.is_classification else drafts[1:] + drafts[:1]),
            *([_weighted(task, profile)] if asks_for_weights(task, profile) else []),
            *([_logged(task, profile)] if can_log(profile) or task.scoring in LOGARITHMIC else []),
            _coarser(task, profile),
            _greedier(task, profile),
            _finer(task, profile),
            _humbler(task, profile),
            _small(task, profile),
        ]

    def brief(self, task: Task, profile: Profile) -> str:
        """Return what a language model has to know.

        Parameters
        ----------
        task : Task
            What is asked.
        profile : Profile
            What is known of the rows.

        Returns
        -------
        str
            The estimators as they are installed, what they take, what usually goes wrong.
        """
        suffix = "Classifier" if task.is_classification else "Regressor"
        shown = ("n_estimators", "min_samples_leaf", "max_features", "max_samples")
        estimator = signature("sklearn.ensemble", f"RandomForest{suffix}", shown)
        share = f" Above {_ROWS_OF_A_TREE} rows set max_samples." if profile.n_rows > _ROWS_OF_A_TREE else ""
        leaves = f"leaves of {_LEAF} rows" if task.is_classification else "max_features=1.0"
        return (
            f"sklearn.ensemble: {estimator}, ExtraTrees{suffix}. Needs LevelCodes() before it; takes NaN. "
            f"{_n_trees(profile)} trees with {leaves} do.{share}"
        )


def _draft(task: Task, profile: Profile) -> Recipe:
    columns = strongest_in_words(profile)
    return _recipe(
        task,
        profile,
        "trees on resampled rows",
        f"trees on resampled rows: steps and interactions of {columns} without a choice of steps or rates, "
        f"averaged over {_n_trees(profile)} trees",
        "steadier than one model, close to boosting where the signal is weak",
        {"min_samples_leaf": _LEAF, "max_features": _usual_share(task)},
    )


def _extra(task: Task, profile: Profile) -> Recipe:
    shares: dict[str, object] = {"max_features": 0.5, "bootstrap": True} if task.is_classification else _EVERY_COLUMN
    return _recipe(
        task,
        profile,
        "extra trees",
        f"extra trees: cuts of {strongest_in_words(profile)} drawn by chance differ more from tree to tree, and their "
        "average is smoother (Geurts et al., 2006, doi:10.1007/s10994-006-6226-1)",
        "a little gain on noisy columns"
        if task.is_classification
        else "steps and interactions without a choice of rates, smoother than a forest of best cuts",
        {"min_samples_leaf": _LEAF, **shares},
        answers=("OCT602",) if task.is_classification else (),
        kind="ExtraTrees",
    )


def _grown(task: Task, profile: Profile) -> Recipe:
    shares: dict[str, object] = {"max_features": 0.5} if task.is_classification else _EVERY_COLUMN
    trees = {"n_estimators": _n_trees(profile) // 2} if profile.n_rows > _MANY_LEAVES else {}
    leaf = 2 if task.is_classification else 1
    return _recipe(
        task,
        profile,
        "extra trees grown out",
        f"extra trees grown until a leaf holds {'two rows' if leaf > 1 else 'one'}: where the "
        f"{profile.n_rows} rows carry a strong signal, the chance in the cuts is all the smoothing it takes",
        "a gain where the signal is strong and fine, none where it is weak",
        {**trees, "min_samples_leaf": leaf, **shares},
        answers=("OCT603", "OCT609"),
        kind="ExtraTrees",
    )


def _weighted(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        profile,
        "balanced class weights",
        f"balanced class weights: {rarest_share(profile)} and is passed over",
        "more of the rare class found, at the price of false alarms",
        {"min_samples_leaf": _LEAF, "max_features": _usual_share(task), "class_weight": '"balanced_subsample"'},
        answers=answered_by_weights(task),
    )


def _logged(task: Task, profile: Profile) -> Recipe:
    recipe = _recipe(
        task,
        profile,
        "log target",
        f"the target is skewed, {target_span(profile)}: on its logarithm the few large values do not rule the splits",
        "smaller errors for the many small values",
        {"min_samples_leaf": _LEAF, "max_features": _usual_share(task)},
        answers=("OCT605", "OCT607"),
    )
    return msgspec.structs.replace(recipe, log_target=True)


def _coarser(task: Task, profile: Profile) -> Recipe:
    leaf = max(10, min(100, profile.n_rows // 200))
    return _recipe(
        task,
        profile,
        "more rows in a leaf",
        f"more rows in a leaf: {leaf} of {profile.n_rows} rows must agree before a tree says anything",
        "folds that agree more, a smaller gap between rows seen and not seen",
        {"min_samples_leaf": leaf, "max_features": _usual_share(task)},
        answers=("OCT601", "OCT602", "OCT612"),
    )


def _greedier(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        profile,
        "more columns per split",
        f"more columns per split: {strongest_in_words(profile)} may carry most of the signal and is left out of too "
        "many splits",
        "a gain where few of many columns matter",
        {"min_samples_leaf": _LEAF, "max_features": 0.7 if task.is_classification else 1.0},
        answers=("OCT603",),
    )


def _finer(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        profile,
        "fewer rows in a leaf",
        f"fewer rows in a leaf: trees may follow single rows among {profile.n_rows}, the average smooths them",
        "a gain where the signal is strong and fine",
        {"min_samples_leaf": 1, "max_features": _usual_share(task)},
        answers=("OCT603",),
    )


def _humbler(task: Task, profile: Profile) -> Recipe:
    n_used = sum(column.used for column in profile.columns)
    return _recipe(
        task,
        profile,
        "fewer columns per split",
        f"fewer columns per split: with a few of {n_used} columns to choose from, trees differ more and weak columns "
        "have their say",
        "a little gain where many columns say little each",
        {"min_samples_leaf": _LEAF, "max_features": '"log2"'},
    )


def _small(task: Task, profile: Profile) -> Recipe:
    """Return what answers a limit: few shallow trees on a sample."""
    block = "SampledClassifier" if task.is_classification else "SampledRegressor"
    n_rows = max(_MIN_ROWS, min(20_000, profile.n_rows // 2))
    kind = "RandomForestClassifier" if task.is_classification else "RandomForestRegressor"
    model = f"{kind}(n_estimators=50, min_samples_leaf=5, max_depth=12, max_features={_usual_share(task)})"
    return Recipe(
        idea="fewer trees on a sample",
        hypothesis=f"fewer trees on {n_rows} of {profile.n_rows} rows say most of what all of them say",
        expected="a model within the limits",
        encoding="ordinal",
        model=f"{block}({model}, n_rows={n_rows})",
        imports=(f"from sklearn.ensemble import {kind}",),
        blocks=(block,),
        answers=LIMITS,
    )


def _usual_share(task: Task) -> object:
    """Return the columns per split: the root of their number for classes, a third for numbers (Breiman, 2001)."""
    return '"sqrt"' if task.is_classification else 0.33


def _n_trees(profile: Profile) -> int:
    return _TREES if profile.n_rows * profile.n_columns <= _LARGE else _TREES // 2


def _recipe(
    task: Task,
    profile: Profile,
    idea: str,
    hypothesis: str,
    expected: str,
    settings: dict[str, object],
    *,
    answers: tuple[str, ...] = (),
    kind: str = "RandomForest",
) -> Recipe:
    """Return a forest with these settings; a tree of a large table sees a share of its rows."""
    name = f"{kind}{'Classifier' if task.is_classification else 'Regressor'}"
    share: dict[str, object] = {}
    if profile.n_rows > _ROWS_OF_A_TREE:
        drawn = {} if kind == "RandomForest" else {"bootstrap": True}
        share = drawn | {"max_samples": round(_ROWS_OF_A_TREE / profile.n_rows, 3)}
    every = {"n_estimators": _n_trees(profile), **settings, **share}
    return Recipe(
        idea=idea,
        hypothesis=hypothesis,
        expected=expected,
        encoding="ordinal",
        model=f"{name}({', '.join(f'{key}={value}' for key, value in every.items())})",
        imports=(f"from sklearn.ensemble import {name}",),
        answers=answers,
    )
