"""Gradient boosted trees: LightGBM, and CatBoost and XGBoost where installed; native categories, early stopping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from octopus.blocks.rendering import listed
from octopus.families.boosters import (
    booster_recipes,
    installed_imports,
    trees_for_classes,
)
from octopus.families.shape import (
    LIMITS,
    LOGARITHMIC,
    MEDIAN,
    RATES,
    answered_by_weights,
    asks_for_weights,
    can_log,
    rarest_share,
    strongest_in_words,
    target_span,
)
from octopus.families.signatures import signature
from octopus.protocols import Recipe, Tunable
from octopus.records import Profile, Task

#: Rows below which a tree of any size is luck: two leaves of LightGBM's least leaf (20 rows) do not fit in
#: the rows of a fold.
_MIN_ROWS = 30
#: Rows below which small trees come first.
_SMALL = 1000
#: Rows from which on random cuts come first among variations of a classifier: on 2,644 rows of health log loss 0.534,
#: 0.539 with slower learning; on 13,363 of insurance AUC 0.8839 and 0.8830; on 392 of crx slower learning is ahead.
_MEDIUM = 2000
#: Rows from which on larger trees come before smaller ones, which 2000 steps do not fit: on 100,000 rows of 50 columns
#: 127 leaves have AUC 0.879 and R² 0.82, 7 leaves at a low rate 0.875 and 0.74, 3 leaves 0.860 and 0.77. On 32,364
#: rows of diamonds 127 leaves have RMSE 552, 31 leaves 538.
_MANY_ROWS = 50_000
#: Trees at most; early stopping decides.
_MAX_TREES = 2000
#: Values of a table from which on the first draft takes steps twice as large, in trees of 15 leaves: on 100,000 made
#: rows of 50 columns about as good as 31 leaves at half the rate (R² 0.836 beside 0.835, AUC 0.884 beside 0.884; one
#: seed) in about half the time of 31 leaves at the same rate.
_LARGE = 2_000_000
#: Trees of a class that are enough at the usual rate; where there is time for fewer, steps are larger.
_STEPS_TO_GO = 300
#: Levels that LightGBM splits one by one (its ``max_cat_to_onehot``): the rows of a level do not matter there.
_FEW_LEVELS = 4
#: Idea of the first draft.
_FIRST_IDEA = "native categories, early stopping"
#: Leaves of small trees, of which there may be many.
_FEW_LEAVES = 15
#: What a local search may change; the number of trees follows from the rate by early stopping.
_TUNABLE = (
    Tunable(name="learning_rate", low=0.01, high=0.3, is_log=True),
    Tunable(name="num_leaves", low=3, high=255, is_log=True, is_whole=True),
    Tunable(name="min_child_samples", low=3, high=300, is_log=True, is_whole=True),
    Tunable(name="colsample_bytree", low=0.3, high=1.0),
    Tunable(name="reg_lambda", low=0.01, high=100.0, is_log=True),
)
#: Losses of LightGBM by the metric that they are, where the usual loss is another.
_LOSSES = {**dict.fromkeys(MEDIAN, "mae"), "neg_mean_absolute_percentage_error": "mape", **RATES}


class GradientBoosting:
    """Boosted trees on the table as it is: LightGBM, with CatBoost and XGBoost beside it where they are installed."""

    @property
    def name(self) -> str:
        """Name by which users and plans refer to it."""
        return "gbm"

    @property
    def imports(self) -> tuple[str, ...]:
        """Modules that its scripts import."""
        return (
            "lightgbm", "numpy", "pandas", "sklearn.base", "sklearn.decomposition", "sklearn.feature_extraction.text",
            "sklearn.feature_selection", "sklearn.linear_model", "sklearn.metrics", "sklearn.pipeline",
            "sklearn.utils.validation", *installed_imports(),
        )  # fmt: skip

    def reason_against(self, task: Task, profile: Profile) -> str | None:  # noqa: ARG002
        """Return why it does not take part: too few rows, or no column to split on."""
        if profile.n_rows < _MIN_ROWS:
            return f"{profile.n_rows} rows are too few to split: it takes {_MIN_ROWS}"
        if not any(column.used for column in profile.columns):
            return "no column is left to split on"
        return None

    def recipes(self, task: Task, profile: Profile) -> Sequence[Recipe]:
        """Return the first draft, those of other libraries, and variations.

        Parameters
        ----------
        task : Task
            What is asked.
        profile : Profile
            What is known of the rows.

        Returns
        -------
        sequence of Recipe
            The first draft, then one of each other library that is there, then variations of the first.
        """
        variations = [_slower(task, profile), _shallow(task, profile)]
        is_medium = task.is_classification and _MEDIUM <= profile.n_rows < _MANY_ROWS
        variations.insert(0 if is_medium else 2, _randomised(task, profile))
        variations.insert(0 if profile.n_rows >= _MANY_ROWS else 2, _larger(task, profile))
        return [
            _draft(task, profile),
            *booster_recipes(task, profile),
            *_by_metric(task, profile),
            *_by_target(task, profile),
            *variations,
            *_by_level(task, profile),
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
        shown = ("num_leaves", "learning_rate", "min_child_samples", "subsample", "subsample_freq", "colsample_bytree",
                 "reg_lambda", "objective")  # fmt: skip
        few = f" {profile.n_rows} rows: few leaves, low rate." if profile.n_rows < _SMALL else ""
        model = f"LGBM{suffix}(n_estimators={_MAX_TREES}, learning_rate=0.05, num_leaves=15)"
        return (
            f"lightgbm: {signature('lightgbm', f'LGBM{suffix}', shown)}. Takes Features() with gaps and categories. "
            f"Write EarlyStopped{suffix}({model}).{few}"
        )


def _draft(task: Task, profile: Profile) -> Recipe:
    categories = [c.name for c in profile.columns if c.used and c.kind == "categorical"]
    gaps = sum(c.used and c.missing_fraction > 0 for c in profile.columns)
    with_levels = f" ({listed(categories, 3)})" if categories else ""
    with_gaps = f"; {gaps} column{'s have' if gaps > 1 else ' has'} gaps, which trees take as they are" if gaps else ""
    is_usual = profile.n_rows >= _SMALL and profile.n_rows * profile.n_columns < _LARGE
    leaves = 31 if is_usual else _FEW_LEAVES
    return _recipe(
        task,
        profile,
        _FIRST_IDEA,
        f"native categories{with_levels}, early stopping: interactions that a line cannot see{with_gaps}",
        "better than the line where columns act together",
        {"learning_rate": 0.05, "num_leaves": leaves, "min_child_samples": _leaf(profile), "colsample_bytree": 0.8},
    )


def _by_metric(task: Task, profile: Profile) -> list[Recipe]:
    """Return a loss that fits the metric, where the usual one does not."""
    loss, target = _LOSSES.get(task.scoring), profile.target.numeric
    if task.is_classification or loss is None or target is None:
        return []
    if task.scoring in RATES and target.minimum < 0:
        return []
    if loss == "gamma" and target.minimum == 0:
        loss = "poisson"
    return [
        _recipe(
            task,
            profile,
            "the metric as the loss",
            f"{task.scoring} is no squared error, and the target runs {target_span(profile)}: train on {loss} itself",
            "smaller errors by the metric that counts",
            {"objective": f'"{loss}"', "learning_rate": 0.05, "num_leaves": 31, "min_child_samples": _leaf(profile)},
            answers=("OCT605",),
        )
    ]


def _by_target(task: Task, profile: Profile) -> list[Recipe]:
    """Return what a rare class or a skewed target asks for."""
    if asks_for_weights(task, profile):
        return [
            _recipe(
                task,
                profile,
                "balanced class weights",
                f"balanced class weights: {rarest_share(profile)} and is passed over",
                "more of the rare class found, at the price of false alarms",
                {"learning_rate": 0.05, "num_leaves": 15, "class_weight": '"balanced"'},
                answers=answered_by_weights(task),
            )
        ]
    target = profile.target.numeric
    if target is None or target.minimum <= -1 or not (can_log(profile) or task.scoring in LOGARITHMIC):
        return []
    span = target_span(profile)
    logged = _recipe(
        task,
        profile,
        "log target",
        f"the target is skewed, {span}: on its logarithm the few large values do not rule the splits",
        "smaller errors for the many small values",
        {"learning_rate": 0.05, "num_leaves": 31, "min_child_samples": _leaf(profile)},
        answers=("OCT605", "OCT607"),
        log_target=True,
    )
    if target.minimum < 0 or task.scoring in _LOSSES:
        return [logged]
    tweedie = _recipe(
        task,
        profile,
        "tweedie loss",
        f"the target is skewed, {span}: its spread grows with its size, as a tweedie loss has it, and the mean "
        "remains what is fitted",
        "large values count less, without the bias of a logarithm",
        {"objective": '"tweedie"', "learning_rate": 0.05, "num_leaves": 31, "min_child_samples": _leaf(profile)},
        answers=("OCT607",),
    )
    return [logged, tweedie]


def _slower(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        profile,
        "slower learning, fewer leaves",
        f"slower learning, fewer leaves: {profile.n_rows} rows invite trees that fit chance",
        "folds that agree more",
        {"learning_rate": 0.02, "num_leaves": 7, "min_child_samples": 2 * _leaf(profile), "reg_lambda": 5.0},
        answers=("OCT602", "OCT612"),
    )


def _shallow(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        profile,
        "effects that add up",
        f"effects that add up: trees of three leaves, so that of {strongest_in_words(profile)} no more than two act "
        "together",
        "a gain where the rows are few or the signal is weak",
        {"learning_rate": 0.05, "num_leaves": 3, "colsample_bytree": 0.7},
        answers=("OCT601", "OCT602", "OCT612"),
    )


def _randomised(task: Task, profile: Profile) -> Recipe:
    """Return, for classes, nearly configuration r96 of TabRepo's portfolio (see ``octopus.families.boosters``).

    Larger steps for numbers: 2000 of these small ones do not reach RMSE 152 of the draft (computers), but 212.
    """
    settings = {"learning_rate": 0.05, "num_leaves": 31, "min_child_samples": _leaf(profile), "colsample_bytree": 0.5}
    if task.is_classification:
        least = 48 if profile.n_rows >= _SMALL else _leaf(profile)
        settings = {"learning_rate": 0.02, "num_leaves": 16, "min_child_samples": least, "colsample_bytree": 0.56}
    return _recipe(
        task,
        profile,
        "random cuts",
        f"random cuts: thresholds of {strongest_in_words(profile)} drawn by chance average out what single columns "
        "say by accident (Geurts et al., 2006, doi:10.1007/s10994-006-6226-1)",
        "a smoother model, a little gain on noisy columns",
        settings | {"extra_trees": True},
        answers=("OCT602",),
    )


def _by_level(task: Task, profile: Profile) -> list[Recipe]:
    """Return splits that a level with few rows has a say in, where there are levels."""
    categories = [c.name for c in profile.columns if c.used and c.kind == "categorical" and c.n_unique > _FEW_LEVELS]
    if not categories:
        return []
    base = {"learning_rate": 0.05, "num_leaves": 31, "min_child_samples": _leaf(profile), "colsample_bytree": 0.8}
    return [
        _recipe(
            task,
            profile,
            "small levels count",
            f"small levels count: LightGBM asks 100 rows of a level of {listed(categories, 3)} before it splits by it; "
            "here 5 do",
            "a gain where levels differ much",
            base | {"min_data_per_group": 5, "cat_smooth": 1.0, "cat_l2": 1.0},
            answers=("OCT603", "OCT609"),
        )
    ]


def _larger(task: Task, profile: Profile) -> Recipe:
    leaves = 127 if profile.n_rows >= _SMALL else 31
    return _recipe(
        task,
        profile,
        "more leaves",
        f"more leaves, {leaves} a tree: {profile.n_rows} rows carry finer distinctions of "
        f"{strongest_in_words(profile)}",
        "a gain where many columns act together",
        {"learning_rate": 0.03, "num_leaves": leaves, "min_child_samples": _leaf(profile), "colsample_bytree": 0.7},
        answers=("OCT603", "OCT609"),
    )


def _small(task: Task, profile: Profile) -> Recipe:
    """Return what answers a limit: few trees, coarse bins, no search for their number."""
    kind = "LGBMClassifier" if task.is_classification else "LGBMRegressor"
    block = "SampledClassifier" if task.is_classification else "SampledRegressor"
    n_rows = max(_MIN_ROWS, min(50_000, profile.n_rows // 2))
    stopped = "EarlyStoppedClassifier" if task.is_classification else "EarlyStoppedRegressor"
    model = f"{kind}(n_estimators=100, learning_rate=0.1, num_leaves=15, max_bin=63)"
    return Recipe(
        idea="fewer trees on a sample",
        hypothesis=f"fewer trees on {n_rows} of {profile.n_rows} rows say most of what all of them say",
        expected="a model within the limits",
        encoding="native",
        model=f"{block}({stopped}({model}, patience=10), n_rows={n_rows})",
        imports=(f"from lightgbm import {kind}",),
        blocks=(block, stopped),
        answers=LIMITS,
    )


def _leaf(profile: Profile) -> int:
    """Return the least rows of a leaf: LightGBM's 20, less where that would be a tenth of the rows."""
    return 20 if profile.n_rows >= _SMALL else max(3, min(20, profile.n_rows // 50))


def _recipe(
    task: Task,
    profile: Profile,
    idea: str,
    hypothesis: str,
    expected: str,
    settings: dict[str, Any],
    *,
    answers: tuple[str, ...] = (),
    log_target: bool = False,
) -> Recipe:
    """Return early-stopped LightGBM with these settings."""
    kind = "LGBMClassifier" if task.is_classification else "LGBMRegressor"
    block = "EarlyStoppedClassifier" if task.is_classification else "EarlyStoppedRegressor"
    every = {"n_estimators": trees_for_classes(task, profile, _MAX_TREES), **settings}
    if every["n_estimators"] < _MAX_TREES:
        larger = max(1.0, round(_STEPS_TO_GO / every["n_estimators"], 1))
        every["learning_rate"] = round(larger * every["learning_rate"], 4)
    elif profile.n_rows * profile.n_columns >= _LARGE:
        every["learning_rate"] *= 2
        every["n_estimators"] = _MAX_TREES if every["num_leaves"] <= _FEW_LEAVES else _MAX_TREES // 2
    arguments = ", ".join(f"{name}={value}" for name, value in every.items())
    return Recipe(
        idea=idea,
        hypothesis=hypothesis,
        expected=expected,
        encoding="native",
        model=f"{block}({kind}({arguments}))",
        imports=(f"from lightgbm import {kind}",),
        blocks=(block,),
        tunable=_TUNABLE,
        log_target=log_target,
        answers=answers,
    )
