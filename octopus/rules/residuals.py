"""Symptom of a model that misses something a column says: the errors depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from octopus.dataset import Float, Rows
from octopus.protocols import Evidence
from octopus.records import ColumnProfile, Diagnosis
from octopus.rules.symptom import residuals, scored_rows, symptom

#: Of 5000 rows a column that explains one per cent of the errors is found nine times in ten, at any number of columns.
_MAX_ROWS, _MIN_ROWS = 5000, 200
#: Columns that are looked at, those with the most signal first, and classes, the most frequent first.
_MAX_COLUMNS, _MAX_CLASSES = 50, 4
#: Kinds of column that can be cut into bins as they are stored.
_KINDS = frozenset({"numeric", "boolean", "categorical", "datetime"})
#: Bins of a number, and rows that a bin must have for its mean to be nearly normal.
_N_BINS, _MIN_BIN = 10, 20
#: Chance of a false alarm over all columns of an experiment, shared out among them (Bonferroni).
_LEVEL = 0.01
#: Share of the errors' variance from which an effect is called small rather than none: Cohen, Statistical Power
#: Analysis (1988), section 8.2.
_SMALL_EFFECT = 0.01
#: Variance of a bin, over that of all, below which it is rounding.
_ROUNDING = 1e-12
#: Columns named in a diagnosis.
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class _Found:
    name: str
    share: float
    p: float


class ResidualStructure:
    """The errors depend on a column: the model misses something that it says.

    Evidence: cut into ten bins or its levels (of 20 rows at least), the column's bins differ in their mean
    out-of-fold residual, and that explains at least 1 % of the residuals' variance, corrected for the number of bins
    (a small effect: Cohen, Statistical Power Analysis, 1988). Chance would show such bins anywhere in one experiment of
    a hundred (Cochran's Q of the means, which lets bins vary in spread: Cochran, 1954, doi:10.2307/3001666; divided by
    the number of columns looked at, 50 at most, on 5000 rows at most). For classes the means of the residuals within
    tenths of the predicted probability are taken off before: probabilities that are off alike want calibration, not
    features. The time of the rows is looked at, and their group where folds share groups. Remedy: features of the
    columns that are named, alone and beside others.
    """

    code = "OCT609"

    def match(self, evidence: Evidence) -> Diagnosis | None:
        """Return the diagnosis if chance cannot explain how the errors go with a column."""
        rows = scored_rows(evidence, _MAX_ROWS)
        if len(rows) < _MIN_ROWS:
            return None
        missed = _main_targets(_beyond_calibration(evidence, rows))
        looked_at = dict(_bins(evidence, rows))
        tested = [_tested(name, bins, missed) for name, bins in looked_at.items()]
        level = _LEVEL / max(1, len(tested) * missed.shape[1])
        found = [one for one in tested if one.p < level and one.share >= _SMALL_EFFECT]
        if not found:
            return None
        found.sort(key=lambda one: -one.share)
        named = found[:_NAMED]
        shares = ", ".join(f"{one.name} ({one.share:.1%})" for one in named)
        return symptom(
            self.code,
            "the errors depend on a column",
            cause=f"something that {named[0].name} says is missed",
            evidence=f"share of the residuals' variance by {shares}; {len(found)} of {len(tested)} looked at, at a "
            f"level of {_LEVEL:g} over all",
            remedy=f"features made of {', '.join(one.name for one in named)}, alone and beside others; a model that "
            "bends there",
        )


def _beyond_calibration(evidence: Evidence, rows: Rows) -> Float:
    """Return the residuals; for classes less their mean over rows with a like probability, which no column explains."""
    missed = residuals(evidence, rows)
    if not evidence.task.is_classification:
        return missed
    corrected = missed.copy()
    for i in range(missed.shape[1]):
        bins = _bins_of_numbers(evidence.predictions[rows, evidence.task.n_classes - missed.shape[1] + i])
        means = np.bincount(bins, weights=missed[:, i]) / np.maximum(np.bincount(bins), 1)
        corrected[:, i] -= means[bins]
    return corrected


def _main_targets(missed: Float) -> Float:
    """Return the residuals of the classes that matter most: those with the largest spread."""
    if missed.shape[1] <= _MAX_CLASSES:
        return missed
    largest = np.sort(np.argsort(-missed.std(axis=0), kind="stable")[:_MAX_CLASSES])
    return np.asarray(missed[:, largest])


def _bins(evidence: Evidence, rows: Rows) -> Iterator[tuple[str, Rows]]:
    """Yield the names of what is looked at, with the bin of each row."""
    columns = [c for c in evidence.profile.columns if c.used and c.name in evidence.rows.table]
    columns = sorted(columns, key=lambda c: -(c.signal or 0.0))[:_MAX_COLUMNS]
    table = evidence.rows.table[[c.name for c in columns if c.kind in _KINDS]].iloc[rows]
    for column in columns:
        bins = _bins_of(column, table[column.name]) if column.kind in _KINDS else None
        if bins is not None:
            yield column.name, bins
    task, data = evidence.task, evidence.rows
    if task.time is not None and data.time is not None:
        yield task.time, _bins_of_numbers(data.time[rows].astype("datetime64[ns]").astype(np.int64).astype(np.float64))
    # Groups that no fold shares are new to the model each time: that they differ is no fault of it.
    if task.group is not None and data.groups is not None and evidence.validation.kind != "group":
        yield task.group, np.asarray(np.unique(data.groups[rows], return_inverse=True)[1])


def _bins_of(column: ColumnProfile, values: pd.Series) -> Rows | None:
    if values.dtype.kind == "M":
        numbers = values.to_numpy("datetime64[ns]")
        return _bins_of_numbers(np.where(np.isnat(numbers), np.nan, numbers.astype(np.int64).astype(np.float64)))
    if column.kind == "categorical":
        return np.asarray(pd.factorize(values)[0] + 1, dtype=np.int64)
    return _bins_of_numbers(values.to_numpy(np.float64)) if values.dtype.kind == "f" else None


def _bins_of_numbers(numbers: Float) -> Rows:
    """Return quantile bins from 1 up, the values themselves where they are few; 0 where missing."""
    known = numbers[~np.isnan(numbers)]
    bins = np.zeros(len(numbers), dtype=np.int64)
    if len(known):
        edges = np.unique(np.quantile(known, np.arange(1, _N_BINS) / _N_BINS))
        bins = np.searchsorted(edges, numbers, side="left") + 1
        bins[np.isnan(numbers)] = 0
    return bins


def _tested(name: str, bins: Rows, missed: Float) -> _Found:
    """Compare the mean residuals of the bins; of several targets the one that chance explains least counts."""
    counts = np.bincount(bins)
    kept = counts >= _MIN_BIN
    n, n_bins = int(counts[kept].sum()), int(kept.sum())
    if n_bins < 2:
        return _Found(name=name, share=0.0, p=1.0)
    size = counts[kept].astype(np.float64)
    best = _Found(name=name, share=0.0, p=1.0)
    for one in missed.T:
        mean = np.bincount(bins, weights=one)[kept] / size
        within = np.maximum(np.bincount(bins, weights=one**2)[kept] - size * mean**2, 0.0)
        between = float((size * (mean - (size * mean).sum() / n) ** 2).sum())
        total = between + float(within.sum())
        if total <= 0:
            continue
        variance = np.maximum(within / (size - 1), _ROUNDING * total / n)
        weight = size / variance
        q = float((weight * (mean - (weight * mean).sum() / weight.sum()) ** 2).sum())
        share = 1 - (float(within.sum()) / (n - n_bins)) / (total / (n - 1))
        found = _Found(name=name, share=share, p=float(chdtrc(n_bins - 1, q)))
        if (found.p, -found.share) < (best.p, -best.share):
            best = found
    return best
