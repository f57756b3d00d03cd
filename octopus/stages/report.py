"""Holdout rows and predictions → HoldoutReport: the one honest number, with its interval and baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import sklearn

from octopus.dataset import Dataset, Float, Rows
from octopus.records import Baseline, CurvePoint, Experiment, HoldoutReport
from octopus.scoring import Scoring, bootstrap

#: Points of the curve: ten (as in Niculescu-Mizil & Caruana, 2005, doi:10.1145/1102351.1102430), fewer where one would
#: stand for fewer than ten rows, whose share has a standard error of up to 0.16.
_MAX_POINTS, _MIN_ROWS_PER_POINT = 10, 10


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The sealed rows and what everybody predicts for them.

    Parameters
    ----------
    rows : Dataset
        The holdout.
    predictions : ndarray of shape (n_rows, n_classes) or (n_rows,)
        The winner's.
    baselines : mapping of str to ndarray
        Those of the baselines, the one to beat last.
    n_resamples : int
        How many resamples of the rows give the intervals.
    """

    rows: Dataset
    predictions: Float
    baselines: Mapping[str, Float]
    n_resamples: int


def report_holdout(
    contest: Contest, scoring: Scoring, winner: Experiment, n_experiments: int, random_state: int
) -> HoldoutReport | None:
    """Score the winner on the sealed rows and compare it with the baselines on the same rows.

    Parameters
    ----------
    contest : Contest
        Rows and predictions.
    scoring : Scoring
        The metric.
    winner : Experiment
        What won on validation.
    n_experiments : int
        How many were tried: the more, the more validation flatters the winner.
    random_state : int
        Seed of the bootstrap.

    Returns
    -------
    HoldoutReport or None
        None where the metric is undefined on these rows.
    """
    rows = contest.rows
    score = _score(contest.predictions, contest, scoring, None)
    if score is None or winner.score is None:
        return None

    def resampled(predictions: Float) -> Float:
        def at(picked: Rows) -> float:
            value = _score(predictions, contest, scoring, picked)
            return np.nan if value is None else value

        # The whole holdout was scored with every check above: its resamples hold the same values.
        with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
            return bootstrap(at, len(rows), rows.groups, random_state, contest.n_resamples)

    draws = resampled(contest.predictions)
    low, high = _interval(draws, score)
    baselines = []
    for name, predictions in contest.baselines.items():
        value = _score(predictions, contest, scoring, None)
        if value is not None:
            is_winner = predictions is contest.predictions
            d_low, d_high = _interval(draws - (draws if is_winner else resampled(predictions)), score - value)
            baselines.append(Baseline(name=name, score=value, difference_low=d_low, difference_high=d_high))
    return HoldoutReport(
        scoring=scoring.name,
        n_rows=len(rows),
        n_groups=None if rows.groups is None else len(np.unique(rows.groups)),
        score=score,
        ci_low=low,
        ci_high=high,
        validation_score=winner.score.mean,
        n_experiments=n_experiments,
        winner=winner.number,
        baselines=tuple(baselines),
        beats_baseline=_verdict(baselines),
        curve=_curve(contest),
    )


def _score(predictions: Float, contest: Contest, scoring: Scoring, picked: Rows | None) -> float | None:
    rows = contest.rows
    at: Rows | slice = slice(None) if picked is None else picked
    weight = None if rows.sample_weight is None else rows.sample_weight[at]
    table = rows.table.iloc[at] if scoring.looks_at_rows else None
    return scoring.score(rows.y[at], predictions[at], weight, table)


def _interval(draws: Float, fallback: float) -> tuple[float, float]:
    """Return the central 95 % of the draws; the number itself where the metric was undefined on every draw."""
    defined = draws[np.isfinite(draws)]
    if not len(defined):
        return fallback, fallback
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def _verdict(baselines: list[Baseline]) -> Literal["yes", "no", "undecided"]:
    """Compare with the strongest baseline: beyond its interval either way, or undecided."""
    if not baselines:
        return "undecided"
    strongest = max(baselines, key=lambda b: b.score)
    if strongest.difference_low > 0:
        return "yes"
    return "no" if strongest.difference_high <= 0 else "undecided"


def _curve(contest: Contest) -> tuple[CurvePoint, ...]:
    """Return predicted beside observed means over bins of equal counts, rows of equal predictions in one bin."""
    predicted, observed = _forecasts(contest.predictions, contest.rows.y)
    weight = np.ones(len(predicted)) if contest.rows.sample_weight is None else contest.rows.sample_weight
    values, at, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    n_bins = int(np.clip(len(predicted) // _MIN_ROWS_PER_POINT, 1, _MAX_POINTS))
    middles = (np.cumsum(counts) - counts / 2) / max(1, len(predicted))
    bins = np.minimum((middles * n_bins).astype(np.int64), n_bins - 1)[at] if len(values) else at
    points = []
    for number in np.unique(bins[weight > 0]):
        rows = bins == number
        means = np.average(predicted[rows], weights=weight[rows]), np.average(observed[rows], weights=weight[rows])
        if np.isfinite(means).all():
            points.append(CurvePoint(predicted=float(means[0]), observed=float(means[1]), n_rows=int(rows.sum())))
    return tuple(points)


def _forecasts(predictions: Float, y: Float) -> tuple[Float, Float]:
    """Return what was said of each row, and what came: a number; or a probability, and whether it happened."""
    if predictions.ndim == 1:
        return predictions, y
    chosen = np.ones(len(y), dtype=np.int64) if predictions.shape[1] == 2 else predictions.argmax(axis=1)
    return predictions[np.arange(len(y)), chosen], (y == chosen).astype(np.float64)
