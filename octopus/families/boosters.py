"""CatBoost and XGBoost beside LightGBM, where they are installed: recipes for the family of boosted trees.

Their settings are near the defaults and the first configurations of the portfolio that Salinas and Erickson (2024,
TabRepo, arXiv:2311.02971) found best over 200 data sets, as AutoGluon publishes it (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from octopus.families.shape import LOGARITHMIC, MEDIAN, RATES, strongest_in_words
from octopus.protocols import Recipe, Tunable
from octopus.records import Profile, Task

#: Trees at most; early stopping decides.
_MAX_TREES = 1000
#: Rows below which trees are small and steps too: on 300 to 600 rows (crx, german, diabetes; 5 folds) CatBoost has AUC
#: 0.925 and 0.785, RMSE 55.2 so, 0.917, 0.780 and 55.5 with depth 6 at twice the rate; XGBoost gains as much.
_SMALL = 1000
#: Values of a table, times classes where there are more than two, from which on steps are larger.
_LARGE = 300_000
#: Classes above which there are fewer trees, in larger steps, and CatBoost looks at fewer borders: each class costs as
#: much as a tree, and 1000 small steps for 15 classes of 90 columns take minutes.
_MANY_CLASSES, _FEWER_TREES = 4, 300
#: Values of the table, times trees, times classes, that are worth waiting for, and trees of a class at least; CatBoost
#: takes several times as long for each. On 8,000 rows of letter (26 classes, one core) LightGBM has log loss 0.204
#: after 128 trees at rate 0.12 in 3.9 s, 0.202 after 440 at 0.05 in 7.7 s; XGBoost 0.205 after 128 in 4.5 s, 0.186
#: after 300 in 11.4 s; CatBoost 0.308 after 100 in 3.9 s, 0.281 after 300 in 13 s. On 21,600 of diamonds (five cuts)
#: LightGBM has 0.564 after 128 in 1.8 s and 0.561 after 440 in 6.6 s.
_TREE_VALUES, _LEAST_TREES, _SLOWER = 4e8, 128, 4.0
#: The first draft where time is short. On twelve tables of 174 to 14,383 rows (KEEL, Ecdat; none of them in
#: ``benchmarks/quality_sets.py``) its folds scored more than those of LightGBM's draft on eight, in 0.8 to 1.5 times as
#: long; on ``computers`` what ships is fitted in 1 s, LightGBM's draft in 2.
_IN_A_HURRY = "XGBoost"
#: What a local search may change, of each library; the number of trees follows from the rate by early stopping.
_RATE = Tunable(name="learning_rate", low=0.01, high=0.3, is_log=True)
_TUNABLE = {
    "CatBoost": (_RATE, Tunable(name="depth", low=2, high=9, is_whole=True)),
    "XGBoost": (
        _RATE,
        Tunable(name="max_depth", low=2, high=10, is_whole=True),
        Tunable(name="subsample", low=0.5, high=1.0),
        Tunable(name="colsample_bytree", low=0.3, high=1.0),
    ),
}
#: Losses of CatBoost and of XGBoost by the metric that they are.
_CAT_LOSSES = {**dict.fromkeys(MEDIAN, "MAE"), "neg_mean_absolute_percentage_error": "MAPE"}
_XGB_LOSSES = dict.fromkeys(MEDIAN, "reg:absoluteerror")
#: Metrics of rates as both libraries have them: no loss for zeros but this one.
_CAT_RATE, _XGB_RATE = "Poisson", "count:poisson"


def is_installed(module: str) -> bool:
    """Return whether a library is there, without loading it.

    Parameters
    ----------
    module : str
        Its name.

    Returns
    -------
    bool
        A folder of that name is no library.
    """
    spec = find_spec(module)
    return spec is not None and spec.origin is not None


def installed_imports() -> tuple[str, ...]:
    """Return the modules of the libraries that are there."""
    return tuple(module for module in ("catboost", "xgboost") if is_installed(module))


def booster_recipes(task: Task, profile: Profile) -> list[Recipe]:
    """Return a draft for each library that is there: XGBoost's, then CatBoost's, which takes about four times as long.

    Parameters
    ----------
    task : Task
        What is asked.
    profile : Profile
        What is known of the rows.

    Returns
    -------
    list of Recipe
        Empty where neither is installed. They answer no code: each is a first draft of its library.
    """
    makers = {"xgboost": _xgboost, "catboost": _catboost}
    return [make(task, profile) for module, make in makers.items() if is_installed(module)]


def _catboost(task: Task, profile: Profile) -> Recipe:
    n_categories = sum(c.used and c.kind == "categorical" for c in profile.columns)
    of = f"{n_categories} categories" if n_categories > 1 else "a category"
    told = f"levels of {of} as means of the target in other rows, " if n_categories else ""
    depth = 4 if profile.n_rows < _SMALL else 6
    settings = {"learning_rate": _rate(task, profile, _SLOWER), "depth": depth, "one_hot_max_size": 10}
    if task.n_classes > _MANY_CLASSES:
        settings["border_count"] = 64
    return _recipe(
        task,
        profile,
        "CatBoost",
        "symmetric trees",
        f"symmetric trees of CatBoost: {told}one question for all branches of a level, which chance misleads less "
        "(Prokhorenkova et al., 2018, arXiv:1706.09516)",
        "ahead where categories count or rows are few",
        settings,
        _loss(task, profile, _CAT_LOSSES, _CAT_RATE),
    )


def _xgboost(task: Task, profile: Profile) -> Recipe:
    depth = 3 if profile.n_rows < _SMALL else 6
    settings = {"learning_rate": _rate(task, profile, 1), "max_depth": depth, "subsample": 0.8, "colsample_bytree": 0.7}
    return _recipe(
        task,
        profile,
        "XGBoost",
        "trees level by level",
        f"trees of XGBoost: grown level by level where LightGBM follows the largest gain, they cut "
        f"{strongest_in_words(profile)} elsewhere (Chen and Guestrin, 2016, doi:10.1145/2939672.2939785)",
        "about as good, with errors of its own",
        settings,
        _loss(task, profile, _XGB_LOSSES, _XGB_RATE),
    )


def _rate(task: Task, profile: Profile, slower: float) -> float:
    """Return the size of a step: small where rows set aside are few and stop by chance, large where steps take long."""
    values = profile.n_rows * profile.n_columns * max(1, task.n_classes - 1)
    if task.n_classes > _MANY_CLASSES:
        return round(0.1 * _FEWER_TREES / _n_trees(task, profile, slower), 2)
    if values >= _LARGE:
        return 0.1
    return 0.03 if profile.n_rows < _SMALL else 0.06


def trees_for_classes(task: Task, profile: Profile, most: int, slower: float = 1.0) -> int:
    """Return how many trees of each class there is time for, where there are more than two of them.

    Parameters
    ----------
    task : Task
        With the classes.
    profile : Profile
        With the size of the table.
    most : int
        How many there are at most.
    slower : float, default=1.0
        How many times as long a library takes as LightGBM.

    Returns
    -------
    int
        128 at least: with larger steps these lose little.
    """
    if task.n_classes <= 2:
        return most
    work = profile.n_rows * profile.n_columns * task.n_classes * slower
    return min(most, max(_LEAST_TREES, int(_TREE_VALUES // max(1, work))))


def _n_trees(task: Task, profile: Profile, slower: float) -> int:
    is_slow = task.n_classes > _MANY_CLASSES
    return trees_for_classes(task, profile, _FEWER_TREES, slower) if is_slow else _MAX_TREES


def _loss(task: Task, profile: Profile, losses: dict[str, str], rate: str) -> str | None:
    """Return the loss that is the metric, where that is not the usual one."""
    target = profile.target.numeric
    if task.is_classification or target is None:
        return None
    if task.scoring in RATES:
        return rate if target.minimum >= 0 else None
    return losses.get(task.scoring)


def _recipe(
    task: Task,
    profile: Profile,
    library: str,
    idea: str,
    hypothesis: str,
    expected: str,
    settings: Mapping[str, float],
    loss: str | None,
) -> Recipe:
    short = {"CatBoost": "CatBoosted", "XGBoost": "XGBoosted"}[library]
    block = f"{short}Classifier" if task.is_classification else f"{short}Regressor"
    written = ", ".join(f'"{key}": {value}' for key, value in settings.items())
    n_trees = _n_trees(task, profile, _SLOWER if library == "CatBoost" else 1)
    of_loss = f', loss="{loss}"' if loss else ""
    target = profile.target.numeric
    return Recipe(
        idea=f"{idea} ({library})",
        hypothesis=hypothesis,
        expected=expected,
        encoding="native",
        model=f"{block}({{{written}}}{of_loss}, n_estimators={n_trees})",
        blocks=(block,),
        tunable=_TUNABLE[library],
        leads_in_a_hurry=library == _IN_A_HURRY,
        log_target=task.scoring in LOGARITHMIC and target is not None and target.minimum > -1,
    )
