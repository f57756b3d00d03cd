"""Out-of-fold predictions of experiments → weights, and a score in which no row had a say in its own weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from octopus.blending.greedy import greedy_shares
from octopus.blending.measures import measure_on, mixture, weight_of
from octopus.dataset import Dataset, Float, Fold, Rows
from octopus.records import Score
from octopus.scoring import Scoring, secondary_scores, summarise

#: Parts of a fold that lend one another their weights where no row outside of it has predictions.
_N_PARTS = 5


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An experiment that may become a member.

    Parameters
    ----------
    number : int
        Of the experiment.
    family : str
        Its model family.
    predictions : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Out of fold, averaged over repeats, NaN for rows that no fold scored.
    cost_s : float
        Seconds that its fit on all rows takes.
    score : Score or None, default=None
        On the same folds, each fold by its own fit. Where rows are scored more than once a candidate without it is
        left out: the average of several fits is better than any of them, and what that is worth has to be known.
    """

    number: int
    family: str
    predictions: Float
    cost_s: float
    score: Score | None = None


@dataclass(frozen=True, kw_only=True)
class Blend:
    """Experiments together.

    Parameters
    ----------
    members : tuple of (int, float)
        Number and weight of each experiment, the largest weight first; weights sum to one.
    score : Score
        Fold by fold, each by weights that were chosen without its rows.
    predictions : ndarray of shape (n_rows, n_classes) or (n_rows,)
        Of the same weights, NaN for rows that no fold scored.
    """

    members: tuple[tuple[int, float], ...]
    score: Score
    predictions: Float


def choose_weights(
    candidates: Sequence[Candidate],
    train: Dataset,
    folds: Sequence[Fold],
    scoring: Scoring,
    *,
    max_cost_s: float | None = None,
    test_over_train: float | None = None,
) -> Blend | None:
    """Choose weights of experiments by what they predicted out of fold.

    Greedy selection with replacement (Caruana et al., 2004, doi:10.1145/1015330.1015432) on all scored rows gives the
    weights. The same selection, made anew for each fold on the rows outside of it, gives the score.

    Parameters
    ----------
    candidates : sequence of Candidate
        Whom to choose from, in any number.
    train : Dataset
        The rows.
    folds : sequence of Fold
        Which of them were fitted and which were scored.
    scoring : Scoring
        The metric.
    max_cost_s : float or None, default=None
        Seconds that fits of all members together may take.
    test_over_train : float or None, default=None
        Scored rows over fitted rows, for the standard error; as the folds have it where None.

    Returns
    -------
    Blend or None
        Two to five members; None where fewer than two candidates can be used, all weight goes to one, or the metric is
        undefined on every fold.
    """
    every = np.concatenate([fold.valid_rows for fold in folds])
    scored = np.unique(every)
    usable = [candidate for candidate in candidates if _is_usable(candidate, train, scored, scoring)]
    bonuses = None
    if len(scored) < len(every):
        measured = [(candidate, _bonus(candidate, train, folds, scoring)) for candidate in usable]
        usable = [candidate for candidate, bonus in measured if bonus is not None]
        bonuses = [bonus for _, bonus in measured if bonus is not None]
    if len(usable) < 2:
        return None
    chooser = _Chooser(usable, train, scoring, max_cost_s)
    shares = chooser.shares(scored)
    if shares is None or np.count_nonzero(shares) < 2:
        return None
    pieces = [_honest(fold, scored, chooser) for fold in folds]
    honest = [piece for piece in pieces if piece is not None]
    if len(honest) < len(folds):
        return None
    ratio = _ratio(folds) if test_over_train is None else test_over_train
    score = _score(honest, folds, chooser, bonuses, ratio)
    if score is None:
        return None
    order = np.argsort(-shares, kind="stable")[: np.count_nonzero(shares)]
    members = tuple((usable[i].number, float(shares[i])) for i in order)
    return Blend(members=members, score=score, predictions=_out_of_fold(honest, folds, usable[0].predictions))


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """A fold predicted by weights of others: predictions of its rows, and the shares (on average over its parts)."""

    predictions: Float
    shares: Float


class _Chooser:
    """Chooses shares on any rows, by nothing but these rows."""

    def __init__(
        self, candidates: Sequence[Candidate], train: Dataset, scoring: Scoring, max_cost_s: float | None
    ) -> None:
        self.predictions = [candidate.predictions for candidate in candidates]
        self.families = [candidate.family for candidate in candidates]
        self.costs_s = [candidate.cost_s for candidate in candidates]
        self.train, self.scoring, self.max_cost_s = train, scoring, max_cost_s

    def of(self, rows: Rows) -> list[Float]:
        return [predicted[rows] for predicted in self.predictions]

    def shares(self, rows: Rows) -> Float | None:
        if not len(rows):
            return None
        measure = measure_on(rows, self.predictions, self.train, self.scoring)
        return greedy_shares(measure, self.families, self.costs_s, self.max_cost_s)


def _is_usable(candidate: Candidate, train: Dataset, scored: Rows, scoring: Scoring) -> bool:
    shape = (len(train),) if scoring.classes is None else (len(train), len(scoring.classes))
    return candidate.predictions.shape == shape and bool(np.isfinite(candidate.predictions[scored]).all())


def _honest(fold: Fold, scored: Rows, chooser: _Chooser) -> _Piece | None:
    """Predict a fold by shares chosen on scored rows outside of it, or part by part where there are none."""
    rows = fold.valid_rows
    shares = chooser.shares(np.setdiff1d(scored, rows))
    if shares is not None:
        return _Piece(predictions=mixture(shares, chooser.of(rows)), shares=shares)
    part = _parts(rows, chooser.train)
    predictions = np.full_like(chooser.predictions[0][rows], np.nan)
    found = []
    for k in np.unique(part):
        shares = chooser.shares(np.unique(rows[part != k]))
        if shares is None:
            return None
        predictions[part == k] = mixture(shares, chooser.of(rows[part == k]))
        found.append(shares)
    return _Piece(predictions=predictions, shares=np.mean(found, axis=0))


def _parts(rows: Rows, train: Dataset) -> Rows:
    """Return the part of each row, drawn by a fixed seed; rows of one group, and a row that comes twice, share one."""
    units = np.unique(rows if train.groups is None else train.groups[rows], return_inverse=True)[1]
    parts: Rows = (np.random.default_rng(0).permutation(units.max() + 1) % _N_PARTS)[units]
    return parts


def _score(
    honest: Sequence[_Piece],
    folds: Sequence[Fold],
    chooser: _Chooser,
    bonuses: Sequence[_Bonus] | None,
    test_over_train: float,
) -> Score | None:
    train, scoring = chooser.train, chooser.scoring
    found = [_value(fold, piece.predictions, train, scoring) for fold, piece in zip(folds, honest, strict=True)]
    others = secondary_scores(scoring, [_scored(f, p.predictions, train) for f, p in zip(folds, honest, strict=True)])
    if bonuses is not None:
        shares = [piece.shares for piece in honest]
        less = np.einsum("fm,mf->f", shares, [bonus.folds for bonus in bonuses])
        found = [None if value is None else value - float(off) for value, off in zip(found, less, strict=True)]
        on_average = np.mean(shares, axis=0)
        for name in list(others):
            if all(name in bonus.others for bonus in bonuses):
                others[name] -= float(on_average @ [bonus.others[name] for bonus in bonuses])
            else:
                del others[name]
    values = tuple(value for value in found if value is not None)
    if not values:
        return None
    return msgspec.structs.replace(summarise(scoring.name, values, test_over_train), others=others)


@dataclass(frozen=True, kw_only=True)
class _Bonus:
    """By how much averages over repeats score more than single fits did: fold by fold, and by secondary metrics.

    A blend of single fits is worth the blend of the averages less the members' bonuses by their shares, or more: for
    squared errors exactly so, for among averages there is less disagreement to gain from (Krogh & Vedelsby, 1995,
    "Neural network ensembles, cross validation, and active learning", NeurIPS).
    """

    folds: Float
    others: dict[str, float]


def _bonus(candidate: Candidate, train: Dataset, folds: Sequence[Fold], scoring: Scoring) -> _Bonus | None:
    score, averages = candidate.score, [candidate.predictions[fold.valid_rows] for fold in folds]
    found = [_value(fold, predicted, train, scoring) for fold, predicted in zip(folds, averages, strict=True)]
    defined = np.array([value is not None for value in found])
    if score is None or len(score.folds) != np.count_nonzero(defined):
        return None
    more = np.zeros(len(folds))
    more[defined] = np.subtract([value for value in found if value is not None], score.folds)
    others = secondary_scores(scoring, [_scored(f, p, train) for f, p in zip(folds, averages, strict=True)])
    return _Bonus(folds=more, others={n: others[n] - score.others[n] for n in others if n in score.others})


def _value(fold: Fold, predictions: Float, train: Dataset, scoring: Scoring) -> float | None:
    table = train.table.iloc[fold.valid_rows] if scoring.looks_at_rows else None
    return scoring.score(*_scored(fold, predictions, train), table)


def _scored(fold: Fold, predictions: Float, train: Dataset) -> tuple[Float, Float, Float | None]:
    return train.y[fold.valid_rows], predictions, weight_of(fold.valid_rows, train)


def _out_of_fold(honest: Sequence[_Piece], folds: Sequence[Fold], like: Float) -> Float:
    total, times = np.zeros(like.shape), np.zeros(len(like))
    for piece, fold in zip(honest, folds, strict=True):
        total[fold.valid_rows] += piece.predictions
        times[fold.valid_rows] += 1
    divisor = np.where(times > 0, times, np.nan)
    averaged: Float = (total.T / divisor).T
    return averaged


def _ratio(folds: Sequence[Fold]) -> float:
    return sum(len(fold.valid_rows) for fold in folds) / sum(len(fold.train_rows) for fold in folds)
