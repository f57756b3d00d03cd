"""Whether a column tells more of the target than seems possible, measured by all other columns together.

What can be known before the fact shows in many columns a little. A column that leaves a tenth of the doubt that a
quick model leaves with everything else is not of the same kind. Where everything else tells next to nothing there is
no measure: one cause among noise is an ordinary thing (a balance that decides on default, a dose, an age).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from octopus.dataset import Float
from octopus.findings.measure import Measured
from octopus.findings.names import names_a_calendar_part, names_an_id
from octopus.findings.rest import score_together
from octopus.findings.sample import Sample
from octopus.findings.signal import correlation, ranks

#: What a column may leave open, on the scale of the signal, of classes: an AUC of 0.985. Chosen by eye on tables of R
#: packages with their usual targets, where no column that was known before the fact came so near beside weak others.
_OPEN_OF_CLASSES = 0.03
#: … of numbers: an R² of 0.99. What grows in proportion leaves more (claims to policies, in MASS's
#: Insurance: 0.03).
_OPEN_OF_NUMBERS = 0.01
#: Quick look: columns that leave this many times as much are not measured.
_FAR_OFF = 5.0
#: Fewer rows show no such differences.
_MIN_ROWS = 100
#: How much more all others leave open, by ratio and at least: beside an AUC of 0.95 the best column is a good one, …
_MIN_RATIO, _MIN_REST_DOUBT = 10.0, 0.1
#: … what they must tell to be a measure, and how many they must be.
_MIN_REST, _MIN_OTHERS = 0.05, 2
#: A column in the order of the rows foretells whatever moves slowly with them.
_IN_ROW_ORDER = 0.95
#: Columns in one order are one column in two forms: the rest is what is left without both.
_TWINS = 0.98


def beyond_the_rest(
    columns: Sequence[Measured], others: Sequence[Measured], sample: Sample
) -> dict[str, tuple[float, float]]:
    """Return which columns tell impossibly more than all others together.

    Parameters
    ----------
    columns : sequence of Measured
        Columns that tell much by themselves.
    others : sequence of Measured
        All that they are compared with: used columns of which none knows the answer. A column is not compared with
        itself, nor with itself in another form.
    sample : Sample
        The rows.

    Returns
    -------
    dict of str to tuple of float
        What a column tells and what all others tell, on the scale of the signal.
    """
    found: dict[str, tuple[float, float]] = {}
    known: dict[tuple[int, tuple[str, ...]], float] = {}  # columns are mostly compared with the same others
    for column in columns:
        rest = [other for other in others if other.name != column.name and not are_twins(column, other)]
        if len(rest) < _MIN_OTHERS or not _is_measurable(column, sample):
            continue
        alone, scale = _alone(column, sample)
        if 1 - alone > most_open(sample):
            continue
        key = scale, tuple(other.name for other in rest)
        if key not in known:
            parts = [(other.bins, other.numbers) for other in rest]
            known[key] = score_together(parts, _scales(sample)[scale], sample)
        together = known[key]
        if _MIN_REST <= together <= 1 - _MIN_REST_DOUBT and 1 - together >= _MIN_RATIO * (1 - alone):
            found[column.name] = alone, together
    return found


def most_open(sample: Sample) -> float:
    """Return what a column may leave open to be compared.

    Parameters
    ----------
    sample : Sample
        The rows.

    Returns
    -------
    float
        On the scale of the signal.
    """
    return _OPEN_OF_CLASSES if sample.is_classification else _OPEN_OF_NUMBERS


def are_twins(first: Measured, second: Measured) -> bool:
    """Return whether two columns are one in two forms.

    Parameters
    ----------
    first, second : Measured
        The columns.

    Returns
    -------
    bool
        Whether both are numbers in nearly the same order.
    """
    if first.numbers is None or second.numbers is None:
        return False
    kept = ~(np.isnan(first.numbers) | np.isnan(second.numbers))
    return bool(kept.any()) and abs(correlation(ranks(first.numbers[kept]), ranks(second.numbers[kept]))) >= _TWINS


def _is_measurable(column: Measured, sample: Sample) -> bool:
    """Return whether a column is of the kind that is measured by others.

    What has a name for each entity (a country, a station, a patient) or moment tells all that is the same for all of
    its rows, and labels nest in one another (a model in its maker): neither is suspicious. Labels are measured where
    they are about as many as the classes.
    """
    if len(sample) < _MIN_ROWS or 1 - column.signal > _FAR_OFF * most_open(sample):
        return False
    if names_an_id(column.name) or names_a_calendar_part(column.name):
        return False
    if column.numbers is not None:
        place = ranks(sample.positions.astype(np.float64))
        return abs(correlation(ranks(column.numbers), place)) < _IN_ROW_ORDER
    return sample.is_classification and column.profile.n_unique <= len(np.unique(sample.y)) + 1


def _alone(column: Measured, sample: Sample) -> tuple[float, int]:
    """Return what a quick model makes of a column, and on which scale of the target."""
    parts = [(column.bins, column.numbers)]
    return max((score_together(parts, targets, sample), i) for i, targets in enumerate(_scales(sample)))


def _scales(sample: Sample) -> list[Float]:
    """Return the targets, and of numbers their ranks as well: a long tail hides what is told of all the rest."""
    if sample.is_classification:
        return [sample.targets]
    return [sample.targets, rankdata(sample.y)[:, None] / len(sample)]
