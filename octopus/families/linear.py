"""Linear models: the floor that everything else has to beat, and often the answer."""

from __future__ import annotations

from collections.abc import Sequence

from octopus.families.shape import can_log, is_uneven
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
            "sklearn.impute",
            "sklearn.linear_model",
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
        drafts = [_baseline(task, profile), _stronger(task, profile), _bending(task), _paired(task)]
        if is_uneven(profile):
            drafts.append(_weighted(profile))
        if can_log(profile):
            drafts.insert(1, _logged(profile))
        return [*drafts, _weaker(task), _sampled(task, profile)]


def _baseline(task: Task, profile: Profile) -> Recipe:
    n_used = sum(column.used for column in profile.columns)
    what = f"{n_used} column{'s' if n_used != 1 else ''} over {profile.n_rows} rows"
    return _recipe(
        task,
        idea="one-hot and a regularised line",
        hypothesis=f"one-hot and a regularised line as the baseline: {what} may add up without interactions",
        expected="a floor for everything after it",
        strength=1.0,
    )


def _stronger(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        idea="stronger regularisation",
        hypothesis=f"stronger regularisation: {profile.n_rows} rows do not pin every coefficient down",
        expected="folds that agree more, a little gain where columns are many",
        strength=20.0,
        answers=("OCT612",),
    )


def _weaker(task: Task) -> Recipe:
    return _recipe(
        task,
        idea="weaker regularisation",
        hypothesis="weaker regularisation: a few columns carry the signal and are being held back",
        expected="a small gain where the signal is strong",
        strength=0.05,
    )


def _bending(task: Task) -> Recipe:
    return _recipe(
        task,
        idea="bends at the quartiles",
        hypothesis="the measured columns act in bends, not in straight lines",
        expected="a gain where an effect levels off or turns",
        strength=1.0,
        before=("Curves",),
        answers=("OCT601",),
    )


def _paired(task: Task) -> Recipe:
    return _recipe(
        task,
        idea="products of measured columns",
        hypothesis="measured columns matter in proportion to one another: their products tell more than they alone",
        expected="a gain where two columns act together",
        strength=2.0,
        before=("Products",),
    )


def _weighted(profile: Profile) -> Recipe:
    counts = [level.count for level in profile.target.levels] or [0]
    rarest = min(counts) / max(1, sum(counts))
    return Recipe(
        idea="balanced class weights",
        hypothesis=f"balanced class weights: the rarest class has {rarest:.1%} of the rows and is passed over",
        expected="more of the rare class found, at the price of false alarms",
        encoding="one_hot",
        model=f'LogisticRegression(class_weight="balanced", max_iter={_MAX_ITER})',
        imports=(_LOGISTIC_IMPORT,),
        answers=("OCT606",),
    )


def _logged(profile: Profile) -> Recipe:
    target = profile.target.numeric
    span = f", from {target.minimum:.3g} to {target.maximum:.3g} around {target.median:.3g}" if target else ""
    return Recipe(
        idea="log target",
        hypothesis=f"the target is skewed{span}: effects multiply, so its logarithm is closer to a line",
        expected="smaller errors for the many small values",
        encoding="one_hot",
        model="Ridge(alpha=1.0)",
        imports=(_RIDGE_IMPORT,),
        log_target=True,
        answers=("OCT607",),
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
        answers=("OCT201", "OCT202", "OCT203", "OCT204"),
    )


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
