"""What the shape of a table and its target asks for, whatever the family; and words for it."""

from __future__ import annotations

from octopus.blocks.rendering import listed, shown
from octopus.records import ColumnProfile, Profile, Task

#: Crashes that ask for a smaller model on fewer rows: time, memory, a signal, other limits, a hang.
LIMITS = ("OCT201", "OCT202", "OCT203", "OCT204", "OCT205")

#: Metrics that a conditional median makes best, not a mean.
MEDIAN = frozenset(
    {"neg_mean_absolute_error", "neg_median_absolute_error", "d2_absolute_error_score", "d2_pinball_score"}
)
#: Metrics of rates, with the name of the likelihood that they are.
RATES = {
    "neg_mean_poisson_deviance": "poisson", "neg_mean_gamma_deviance": "gamma", "d2_tweedie_score": "poisson",
}  # fmt: skip
#: Metrics of errors on a logarithmic scale.
LOGARITHMIC = frozenset({"neg_mean_squared_log_error", "neg_root_mean_squared_log_error"})
#: Metrics of probabilities as such.
PROBABILITIES = frozenset({"neg_log_loss", "neg_brier_score", "d2_log_loss_score", "d2_brier_score"})
#: Metrics of the order of the rows.
RANKING = frozenset(
    {"roc_auc", "roc_auc_ovr", "roc_auc_ovo", "roc_auc_ovr_weighted", "roc_auc_ovo_weighted", "average_precision"}
)


def asks_for_weights(task: Task, profile: Profile) -> bool:
    """Tell whether weights for the classes may help: some class is rare, and the metric is none of probabilities.

    Parameters
    ----------
    task : Task
        With the metric.
    profile : Profile
        With the target's classes.

    Returns
    -------
    bool
        False where weights would spoil what is scored: probabilities that come true as often as they say.
    """
    return is_uneven(profile) and task.scoring not in PROBABILITIES


def answered_by_weights(task: Task) -> tuple[str, ...]:
    """Return the codes of the diagnoses that weights for the classes are a remedy for.

    Parameters
    ----------
    task : Task
        With the metric.

    Returns
    -------
    tuple of str
        A rare class that is passed over; and, unless the metric looks at the order alone, a loss that is not the
        metric.
    """
    return ("OCT606",) if task.scoring in RANKING else ("OCT605", "OCT606")


def can_log(profile: Profile) -> bool:
    """Tell whether the target may go through log(1 + y): all above -1, and skewed to the right.

    Parameters
    ----------
    profile : Profile
        With the target's location and shape.

    Returns
    -------
    bool
        Skewness above 1, which Bulmer (Principles of Statistics, 1979) calls high.
    """
    target = profile.target.numeric
    return target is not None and target.minimum > -1 and (target.skew or 0.0) > 1


def is_measured(profile: Profile) -> bool:
    """Tell whether some column holds measurements.

    Parameters
    ----------
    profile : Profile
        With the columns.

    Returns
    -------
    bool
        More values than :func:`octopus.blocks.curves.measured_columns` asks for.
    """
    kinds = ("numeric", "number_as_text", "datetime")
    return any(column.used and column.kind in kinds and column.n_unique > 10 for column in profile.columns)


def is_uneven(profile: Profile) -> bool:
    """Tell whether some class is rare enough to be passed over.

    Parameters
    ----------
    profile : Profile
        With the target's classes.

    Returns
    -------
    bool
        The rarest class has less than half of an equal share of the rows; False for regression.
    """
    counts = [level.count for level in profile.target.levels]
    return bool(counts) and min(counts) * len(counts) < 0.5 * sum(counts)


def rarest_share(profile: Profile) -> str:
    """Return the share of the rarest class in words.

    Parameters
    ----------
    profile : Profile
        With the target's classes.

    Returns
    -------
    str
        Such as "yes has 3.1% of the rows".
    """
    rarest = min(profile.target.levels, key=lambda level: level.count)
    return f"{shown(rarest.value)} has {rarest.count / sum(v.count for v in profile.target.levels):.1%} of the rows"


def target_span(profile: Profile) -> str:
    """Return the target's range in words.

    Parameters
    ----------
    profile : Profile
        With the target's location and shape.

    Returns
    -------
    str
        Such as "from 3 to 900 around 40"; empty where it is no number.
    """
    target = profile.target.numeric
    return f"from {target.minimum:.3g} to {target.maximum:.3g} around {target.median:.3g}" if target else ""


def strongest(profile: Profile, kinds: tuple[str, ...] = (), at_most: int = 3) -> list[ColumnProfile]:
    """Return the used columns that tell most of the target by themselves.

    Parameters
    ----------
    profile : Profile
        With the columns' signals, as far as they were measured.
    kinds : tuple of str
        Kinds of columns to look at; all where empty.
    at_most : int
        How many.

    Returns
    -------
    list of ColumnProfile
        The strongest first; where nothing was measured, as the table orders them.
    """
    candidates = [column for column in profile.columns if column.used and (not kinds or column.kind in kinds)]
    return sorted(candidates, key=lambda column: -(column.signal or 0.0))[:at_most]


def strongest_in_words(profile: Profile, kinds: tuple[str, ...] = (), at_most: int = 3) -> str:
    """Return the strongest columns as prose, with what they tell.

    Parameters
    ----------
    profile : Profile
        With the columns.
    kinds : tuple of str
        Kinds of columns to look at; all where empty.
    at_most : int
        How many.

    Returns
    -------
    str
        Such as "age (0.31), hours (0.22)"; empty where there is none.
    """
    columns = strongest(profile, kinds, at_most)
    if any(column.signal is None for column in columns):
        return listed([column.name for column in columns])
    return ", ".join(f"{shown(column.name)} ({column.signal:.2f})" for column in columns)
