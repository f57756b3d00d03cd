"""Greedy selection with replacement: which candidates go into a blend, and how often, by any measure of a mixture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from octopus.dataset import Float

#: What a mixture is worth, greater is better, by the shares of the candidates in it; None where that is undefined.
Measure = Callable[[Float], float | None]

#: Additions at most: one more would change a share by less than what is dropped anyway.
_ROUNDS = 25
#: Additions without a gain before it stops.
_PATIENCE = 8
#: Candidates of one family that may take part, its best ones: more of them differ by little from one another, and on
#: few rows the more there are to choose from, the more is chosen by luck (Caruana et al., 2004, section 2.3).
_PER_FAMILY = 3
#: Candidates in all that may take part: the best by score, whatever their families.
_MOST_CANDIDATES = 10
#: Members at most: each is fitted twice more and asked at every prediction.
_MOST_MEMBERS = 5
#: A smaller share is dropped: it costs a fit as well, and changes predictions by less than the noise of a seed.
_LEAST_SHARE = 0.05
#: Gains below this share of the value are rounding.
_ROUNDING = 1e-9


def greedy_shares(
    measure: Measure, families: Sequence[str], costs_s: Sequence[float], max_cost_s: float | None
) -> Float | None:
    """Choose shares of candidates so that their mixture is worth the most.

    The best candidate comes first; then, round by round, the one whose addition leaves the best mixture, the same one
    again if need be (Caruana et al., 2004, doi:10.1145/1015330.1015432). The best mixture on the way counts.

    Parameters
    ----------
    measure : callable
        Shares of shape (n_candidates,), summing to one -> what the mixture is worth.
    families : sequence of str
        Of each candidate: three of one at most take part.
    costs_s : sequence of float
        Seconds of each.
    max_cost_s : float or None
        Seconds that all members together may cost; None for any.

    Returns
    -------
    ndarray of shape (n_candidates,) or None
        Shares of 5 % or more, five at most, summing to one; None where no candidate can be measured or paid for.
    """
    limit = np.inf if max_cost_s is None else max_cost_s
    alone = [measure(unit) for unit in np.eye(len(families))]
    ranked = sorted((-value, i) for i, value in enumerate(alone) if value is not None and costs_s[i] <= limit)
    eligible = _few_of_each([i for _, i in ranked], families)
    if not eligible:
        return None
    counts = np.zeros(len(families))
    counts[eligible[0]] = 1
    best_value, best_counts, last_gain = -ranked[0][0], counts.copy(), 0
    for turn in range(1, _ROUNDS):
        added = _best_addition(measure, counts, _addable(eligible, counts, costs_s, limit))
        if added is None:
            break
        position, value = added
        counts[position] += 1
        if _is_more(value, best_value):
            best_value, best_counts, last_gain = value, counts.copy(), turn
        elif turn - last_gain >= _PATIENCE:
            break
    shares = best_counts / best_counts.sum()
    shares[shares < _LEAST_SHARE] = 0
    kept: Float = shares / shares.sum()
    return kept


def _few_of_each(ranked: Sequence[int], families: Sequence[str]) -> list[int]:
    kept: list[int] = []
    for i in ranked:
        if len(kept) < _MOST_CANDIDATES and [families[j] for j in kept].count(families[i]) < _PER_FAMILY:
            kept.append(i)
    return kept


def _addable(eligible: Sequence[int], counts: Float, costs_s: Sequence[float], limit: float) -> list[int]:
    """Return whom one more round may add: members first, so that of equals no new one comes in."""
    members = [i for i in eligible if counts[i] > 0]
    if len(members) >= _MOST_MEMBERS:
        return members
    spent = sum(costs_s[i] for i in members)
    return members + [i for i in eligible if not counts[i] and spent + costs_s[i] <= limit]


def _best_addition(measure: Measure, counts: Float, addable: Sequence[int]) -> tuple[int, float] | None:
    best: tuple[int, float] | None = None
    for i in addable:
        counts[i] += 1
        value = measure(counts / counts.sum())
        counts[i] -= 1
        if value is not None and (best is None or _is_more(value, best[1])):
            best = i, value
    return best


def _is_more(value: float, than: float) -> bool:
    return value > than + _ROUNDING * abs(than)
