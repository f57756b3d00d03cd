"""Which columns change over time: rows to predict are later still, and may look like none that was fitted.

=======  ==========================================================================================
code     finding
=======  ==========================================================================================
OCT726   the latest rows hold other values of a column than the earlier ones
=======  ==========================================================================================

Where the split is by time, each column is asked how well it tells the latest quarter of the rows from the earlier ones
on rows that were held out ("adversarial validation"). What changes by its nature is left aside: the time itself, dates,
counters and parts of the calendar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.dataset import Rows
from octopus.findings.measure import Measured
from octopus.findings.names import names_a_calendar_part
from octopus.findings.sample import N_FOLDS, Sample
from octopus.findings.signal import correlation, ranks, signal_of
from octopus.records import Finding

DRIFT = "OCT726"
#: The latest part of the rows, and rows that both parts need.
_LATEST, _MIN_ROWS = 0.25, 50
#: 2 AUC - 1 from which on a change is strong: an AUC of 0.8; columns that stay give 0.5 and a few hundredths.
_STRONG = 0.6
#: A column in the order of time is a counter or a clock.
_IN_ORDER = 0.98
#: Columns that are told, the most changed first.
_MAX_TOLD = 5


def find_drift(columns: Sequence[Measured], sample: Sample, roles: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return which columns change over time.

    Parameters
    ----------
    columns : sequence of Measured
        The used columns.
    sample : Sample
        The rows, with their times; nothing is found without.
    roles : mapping of str to str
        What the user says of columns; of those with a role nothing is said.

    Returns
    -------
    tuple of Finding
        One for each changed column, at most five.
    """
    if sample.times is None:
        return ()
    times = sample.times.astype("datetime64[ns]").astype(np.int64)
    is_late = times > np.quantile(times, 1 - _LATEST)
    if min(is_late.sum(), (~is_late).sum()) < _MIN_ROWS:
        return ()
    target = is_late.astype(np.float64)[:, None]
    # Rows of one moment have much in common: they go into one fold, or the moment would be recognised.
    moment = pd.factorize(times)[0]
    folds = np.random.default_rng(sample.seed).permutation(int(moment.max()) + 1)[moment] % N_FOLDS
    asked = replace(sample, targets=target, is_classification=True, folds=folds.astype(np.int64))
    changed = [
        (signal_of(column.bins, asked), column)
        for column in columns
        if column.name not in roles and not _changes_by_nature(column, times)
    ]
    changed = sorted((pair for pair in changed if pair[0] >= _STRONG), key=lambda pair: -pair[0])
    return tuple(_finding(signal, column, is_late) for signal, column in changed[:_MAX_TOLD])


def _changes_by_nature(column: Measured, times: Rows) -> bool:
    profile = column.profile
    if profile.kind == "datetime" or profile.dtype.startswith("datetime") or names_a_calendar_part(column.name):
        return True
    if column.numbers is None:
        return False
    kept = ~np.isnan(column.numbers)
    return abs(correlation(ranks(column.numbers[kept]), ranks(times[kept].astype(np.float64)))) >= _IN_ORDER


def _finding(signal: float, column: Measured, is_late: NDArray[np.bool_]) -> Finding:
    name = column.name
    return Finding(
        code=DRIFT,
        columns=(name,),
        message=f"{name} changes over time: its values tell the latest quarter of the rows from the earlier ones",
        evidence=f"AUC {(signal + 1) / 2:.2f}; {_both(column, is_late)}",
        confidence="weak",
        action="used: tried with and without",
        overrule=f"columns={{{name!r}: 'ignore'}}",
    )


def _both(column: Measured, is_late: NDArray[np.bool_]) -> str:
    """Return what is different: how much is missing, or the middle of the numbers, or the share of new labels."""
    missing = column.values == 0
    before, after = float(missing[~is_late].mean()), float(missing[is_late].mean())
    if abs(after - before) >= _STRONG / 2 or (missing[is_late].all() or missing[~is_late].all()):
        return f"missing in {before:.0%} of the earlier and {after:.0%} of the latest rows"
    if column.numbers is not None:
        earlier, latest = np.nanmedian(column.numbers[~is_late]), np.nanmedian(column.numbers[is_late])
        return f"median {earlier:.4g} in the earlier and {latest:.4g} in the latest rows"
    is_new = ~np.isin(column.values[is_late], column.values[~is_late])
    return f"{is_new.mean():.0%} of the latest rows hold labels that no earlier row has"
