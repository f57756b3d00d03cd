"""What all other columns tell of the target together: the measure of a column that tells too much alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from octopus.dataset import Float, Rows
from octopus.findings.sample import Sample
from octopus.findings.signal import encoded, ranks, score_of

#: Rows and trees of the forest: enough to tell 0.9 from 0.99 within a second.
_ROWS, _TREES = 1000, 40
#: Targets (classes) that it is asked about; of many classes the most frequent.
_MAX_TARGETS = 5


def score_together(columns: Sequence[tuple[Rows, Float | None]], targets: Float, sample: Sample) -> float:
    """Return what columns tell of the target together, on rows that a quick model did not fit.

    Parameters
    ----------
    columns : sequence of tuple of ndarray of shape (n_rows,) and ndarray or None
        Bins and, where it holds some, numbers of each column.
    targets : ndarray of shape (n_rows, n_targets)
        What is predicted.
    sample : Sample
        The rows.

    Returns
    -------
    float
        On the scale of :func:`octopus.findings.signal.signal_of`: the better one of a random forest, scored on rows
        out of its bag (Breiman, 2001, doi:10.1023/A:1010933404324), and a ridge on ranks and numbers, cross-validated.
    """
    if not columns or not targets.shape[1]:
        return 0.0
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import Ridge

    targets = targets[:, :_MAX_TARGETS]
    features = np.column_stack([_features(bins, numbers, targets, sample) for bins, numbers in columns])
    # A line needs the numbers themselves: ranks bend what is proportional.
    lines = np.column_stack([features, *(_standardised(numbers) for _, numbers in columns if numbers is not None)])
    rows = np.arange(len(sample))
    if len(sample) > _ROWS:
        rows = np.sort(np.random.default_rng(sample.seed).choice(len(sample), _ROWS, replace=False))
    features, lines, targets, folds = features[rows], lines[rows], targets[rows], sample.folds[rows]
    # One process and Cython's own loops: nothing here starts threads in the user's process.
    forest = RandomForestRegressor(
        n_estimators=_TREES, max_features=1 / 3, min_samples_leaf=2, oob_score=True, n_jobs=1, random_state=sample.seed
    )
    forest.fit(features, targets if targets.shape[1] > 1 else targets[:, 0])
    by_forest = np.asarray(forest.oob_prediction_, dtype=np.float64).reshape(targets.shape)
    by_ridge = np.empty_like(targets)
    for fold in np.unique(folds):
        held_out = folds == fold
        ridge = Ridge(alpha=1.0).fit(lines[~held_out], targets[~held_out])
        by_ridge[held_out] = np.asarray(ridge.predict(lines[held_out])).reshape(-1, targets.shape[1])
    looked_at = replace(sample, table=sample.table.iloc[rows], y=sample.y[rows], targets=targets, folds=folds)
    return max(score_of(predicted, targets, looked_at) for predicted in (by_forest, by_ridge))


def _features(bins: Rows, numbers: Float | None, targets: Float, sample: Sample) -> Float:
    """Return ranks of numbers, means of the target over labels, and whether the value is missing."""
    parts = encoded(bins, targets, sample) if numbers is None else ranks(numbers)[:, None]
    missing = (bins == 0).astype(np.float64)
    return np.column_stack([parts, missing]) if 0 < missing.sum() < len(missing) else parts


def _standardised(numbers: Float) -> Float:
    """Return numbers with mean 0 and standard deviation 1; missing values at 0, as all are where floats overflow."""
    with np.errstate(all="ignore"):
        scaled = (numbers - np.nanmean(numbers)) / np.nanstd(numbers)
    return np.where(np.isfinite(scaled), scaled, 0.0)
