"""Linear models: the floor that everything else has to beat, and often the answer."""

from __future__ import annotations

from collections.abc import Sequence

from octopus.blocks.rendering import listed
from octopus.families.shape import (
    LIMITS,
    LOGARITHMIC,
    MEDIAN,
    RATES,
    answered_by_weights,
    asks_for_weights,
    can_log,
    is_measured,
    rarest_share,
    strongest_in_words,
    target_span,
)
from octopus.families.signatures import signature
from octopus.protocols import Recipe
from octopus.records import Profile, Task

_LOGISTIC_IMPORT = "from sklearn.linear_model import LogisticRegression"
_RIDGE_IMPORT = "from sklearn.linear_model import Ridge"
_PIPELINE_IMPORT = "from sklearn.pipeline import make_pipeline"
#: Steps of the solver: scaled columns converge in tens, a few badly conditioned ones need hundreds.
_MAX_ITER = 1000


class Linear:
    """Logistic and ridge regression on scaled numbers and one-hot categories."""

    @property
    def name(self) -> str:
        """Name by which users and plans refer to it."""
        return "linear"

    @property
    def imports(self) -> tuple[str, ...]:
        """Modules that its scripts import."""
        return (
            "numpy",
            "pandas",
            "scipy.sparse",
            "sklearn.base",
            "sklearn.dummy",
            "sklearn.feature_extraction.text",
            "sklearn.feature_selection",
            "sklearn.impute",
            "sklearn.linear_model",
            "sklearn.metrics",
            "sklearn.pipeline",
            "sklearn.preprocessing",
        )

    def reason_against(self, task: Task, profile: Profile) -> str | None:  # noqa: ARG002
        """Return None: a line can always be drawn, and something has to set the floor."""
        return None

    def recipes(self, task: Task, profile: Profile) -> Sequence[Recipe]:
        """Return the baseline and its variations.

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
        return [
            _baseline(task, profile),
            *_by_metric(task, profile),
            *([_logged(profile)] if can_log(profile) or task.scoring in LOGARITHMIC else []),
            *([_weighted(task, profile)] if asks_for_weights(task, profile) else []),
            *([_bending(task, profile), _paired(task, profile)] if is_measured(profile) else []),
            _stronger(task, profile),
            _weaker(task, profile),
            _sampled(task, profile),
        ]

    def brief(self, task: Task, profile: Profile) -> str:  # noqa: ARG002
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
        if task.is_classification:
            estimator = signature(
                "sklearn.linear_model", "LogisticRegression", ("C", "l1_ratio", "class_weight", "solver")
            )
            others = ""
        else:
            estimator = signature("sklearn.linear_model", "Ridge", ("alpha", "solver"))
            others = ", HuberRegressor, PoissonRegressor, QuantileRegressor"
        return (
            f"sklearn.linear_model: {estimator}{others}, max_iter={_MAX_ITER}. Needs make_union(ScaledNumbers(), "
            "OneHotLevels()) before it; Curves() or Products() between them for bends and interactions."
        )


def _baseline(task: Task, profile: Profile) -> Recipe:
    used = [column.name for column in profile.columns if column.used]
    what = f"{listed(used, 3)} over {profile.n_rows} rows" if used else f"{profile.n_rows} rows"
    return _recipe(
        task,
        idea="one-hot and a regularised line",
        hypothesis=f"one-hot and a regularised line as the baseline: {what} may add up without interactions",
        expected="a floor for everything after it",
        strength=1.0,
    )


def _by_metric(task: Task, profile: Profile) -> list[Recipe]:
    """Return a loss that fits the metric, where squares do not."""
    target = profile.target.numeric
    if task.is_classification or target is None:
        return []
    if task.scoring in MEDIAN:
        return [
            Recipe(
                idea="the metric as the loss",
                hypothesis=f"{task.scoring} asks for a median, and squares fit a mean: the target runs "
                f"{target_span(profile)}, so beyond a tenth of the usual error count absolute errors",
                expected="smaller errors by the metric that counts",
                encoding="one_hot",
                model=f"HuberRegressor(epsilon=1.1, alpha=0.01, max_iter={_MAX_ITER})",
                imports=("from sklearn.linear_model import HuberRegressor",),
                answers=("OCT605",),
            )
        ]
    if task.scoring in RATES and target.minimum >= 0:
        name = "PoissonRegressor" if RATES[task.scoring] == "poisson" or target.minimum == 0 else "GammaRegressor"
        return [
            Recipe(
                idea="the metric as the loss",
                hypothesis=f"{task.scoring} counts errors relative to the rate: a target {target_span(profile)} is "
                "fitted by its own likelihood",
                expected="smaller errors by the metric that counts",
                encoding="one_hot",
                model=f"{name}(alpha=0.001, max_iter={_MAX_ITER})",
                imports=(f"from sklearn.linear_model import {name}",),
                answers=("OCT605",),
            )
        ]
    return []


def _stronger(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        idea="stronger regularisation",
        hypothesis=f"stronger regularisation: {profile.n_rows} rows do not pin every coefficient down",
        expected="folds that agree more, a little gain where columns are many",
        strength=20.0,
        answers=("OCT602", "OCT612"),
    )


def _weaker(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        idea="weaker regularisation",
        hypothesis=f"weaker regularisation: {strongest_in_words(profile)} may carry the signal and be held back",
        expected="a small gain where the signal is strong",
        strength=0.05,
        answers=("OCT603",),
    )


def _bending(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        idea="bends at the quartiles",
        hypothesis=f"{_measured(profile)} may act in bends, not in straight lines: four slopes each, cut at quartiles",
        expected="a gain where an effect levels off or turns",
        strength=1.0,
        before=("Curves",),
        answers=("OCT601", "OCT603", "OCT609"),
    )


def _paired(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        idea="products of measured columns",
        hypothesis=f"{_measured(profile)} may matter in proportion to one another: products tell more than they alone",
        expected="a gain where two columns act together",
        strength=2.0,
        before=("Products",),
        answers=("OCT603", "OCT609"),
    )


def _weighted(task: Task, profile: Profile) -> Recipe:
    return Recipe(
        idea="balanced class weights",
        hypothesis=f"balanced class weights: {rarest_share(profile)} and is passed over",
        expected="more of the rare class found, at the price of false alarms",
        encoding="one_hot",
        model=f'LogisticRegression(class_weight="balanced", max_iter={_MAX_ITER})',
        imports=(_LOGISTIC_IMPORT,),
        answers=answered_by_weights(task),
    )


def _logged(profile: Profile) -> Recipe:
    return Recipe(
        idea="log target",
        hypothesis=f"the target is skewed, {target_span(profile)}: effects multiply, so its logarithm is closer to a "
        "line",
        expected="smaller errors for the many small values",
        encoding="one_hot",
        model="Ridge(alpha=1.0)",
        imports=(_RIDGE_IMPORT,),
        log_target=True,
        answers=("OCT605", "OCT607"),
    )


def _sampled(task: Task, profile: Profile) -> Recipe:
    n_rows = max(200, min(20_000, profile.n_rows // 4))
    block = "SampledClassifier" if task.is_classification else "SampledRegressor"
    model = f"LogisticRegression(max_iter={_MAX_ITER // 5})" if task.is_classification else "Ridge(alpha=1.0)"
    return Recipe(
        idea="a sample of the rows",
        hypothesis=f"{n_rows} of {profile.n_rows} rows draw almost the same line at a fraction of the cost",
        expected="a model within the limits",
        encoding="one_hot",
        model=f"{block}({model}, n_rows={n_rows})",
        imports=(_LOGISTIC_IMPORT if task.is_classification else _RIDGE_IMPORT,),
        blocks=(block,),
        answers=LIMITS,
    )


def _measured(profile: Profile) -> str:
    """Return the strongest columns of numbers in words."""
    return strongest_in_words(profile, ("numeric", "number_as_text")) or "what is measured"


def _recipe(
    task: Task,
    *,
    idea: str,
    hypothesis: str,
    expected: str,
    strength: float,
    before: tuple[str, ...] = (),
    answers: tuple[str, ...] = (),
) -> Recipe:
    """Return a line of this strength of regularisation (LogisticRegression's C is its inverse)."""
    if task.is_classification:
        model, statement = f"LogisticRegression(C={1 / strength:g}, max_iter={_MAX_ITER})", _LOGISTIC_IMPORT
    else:
        model, statement = f"Ridge(alpha={strength:g})", _RIDGE_IMPORT
    steps = [f"{block}()" for block in before]
    return Recipe(
        idea=idea,
        hypothesis=hypothesis,
        expected=expected,
        encoding="one_hot",
        model=f"make_pipeline({', '.join([*steps, model])})" if steps else model,
        imports=(statement, *([_PIPELINE_IMPORT] if steps else [])),
        blocks=before,
        answers=answers,
    )
