"""Arithmetic of what a run may spend; the journal is the only source of what was spent."""

from __future__ import annotations

import math

from octopus.incumbent import find_incumbent, find_plain
from octopus.journal import Journal
from octopus.records import Budget, Experiment, Usage

#: Values of a table that keep one thread busy. Threads that wait do not spin (spinning threads made a fit ten times
#: slower on shared cores), so each parallel region costs a wake-up, which outweighs its work below two million values
#: for two threads; measured with LightGBM, ``benchmarks/overhead.py``.
_VALUES_PER_THREAD = 1_000_000
#: Share of the remaining search time that one experiment may use, so that a hang cannot eat the run.
EXPERIMENT_SHARE = 0.5
#: … or as long as the best took and half as much, where that is left: what improves it costs about the same.
OF_THE_BEST = 1.5
#: Seconds that the first experiment gets however small the limit is: a run always ends with something.
FIRST_EXPERIMENT_S = 10.0
#: Seconds after which a child is stopped when the run has no time limit.
UNLIMITED_EXPERIMENT_S = 3600.0
#: Fits of the winner after the search: on the training rows, then on all.
_FINAL_FITS = 2
#: How many times as long as the best so far a fit of what ships together with it may take, to be waited for.
_COMPANION = 3.0
#: Seconds for replays, the time of a row, scoring and writing: 1.5 to 2 on a quiet machine, three times that for a busy
#: one; of a short limit no more than this share, else the reserve would be most of it.
_FINAL_OVERHEAD_S, _FINAL_OVERHEAD_SHARE = 6.0, 0.25
#: Seconds up to which a limit is short.
_SHORT_S = 15.0
#: Resamples of the holdout at least.
_FEWEST_RESAMPLES = 200
#: Seconds of one resample of the holdout: a scorer's call, which takes longer for classes than for numbers, and its
#: work for each row; of winner, constant and baseline.
_RESAMPLE_S, _RESAMPLE_NUMBERS_S, _RESAMPLED_ROW_S, _RESAMPLED = 1.5e-3, 5e-4, 5e-7, 3


def reserve_s(journal: Journal, budget: Budget) -> float:
    """Return the seconds to keep for fitting, replaying, proving and refitting the winner.

    Parameters
    ----------
    journal : Journal
        What was done.
    budget : Budget
        The limits.

    Returns
    -------
    float
        For the overhead, for both fits of the best so far, and for the models that stand beside the winner on the
        holdout; in the second half of the time also for the best of another family, which may ship together with it,
        until a blend was refused.
        What takes much longer than the best so far is not waited for.
    """
    best = journal.best
    overhead_s = _overhead_s(journal, budget)
    if best is None or journal.validation is None:
        return overhead_s
    best_s = final_fit_s(best, journal)
    others = [e for e in journal.candidates if e.plan.family != best.plan.family and not best.members]
    if not _is_late(journal, budget) or journal.has_refused_a_blend:
        others = []
    costs = [(e.score.mean if e.score else -math.inf, final_fit_s(e, journal)) for e in others]
    other_s = max((one for one in costs if one[1] <= _COMPANION * best_s), default=(0.0, 0.0))[1]
    return overhead_s + _FINAL_FITS * (best_s + other_s) + _baselines_s(journal)


def final_fit_s(experiment: Experiment, journal: Journal) -> float:
    """Return the seconds that a fit on all training rows will take.

    Parameters
    ----------
    experiment : Experiment
        What is fitted.
    journal : Journal
        With the folds, and with the members of a blend.

    Returns
    -------
    float
        An experiment fits one fold in each of ``n_jobs`` children, then the next ones; a final fit sees ``n_splits /
        (n_splits - 1)`` times the rows of a fold. A blend fits its members one after another.
    """
    if experiment.members:
        numbers = {member.number for member in experiment.members}
        return sum(final_fit_s(e, journal) for e in journal.experiments if e.number in numbers)
    plan = journal.validation
    if plan is None:
        return experiment.outcome.wall_s
    n_children = max(1, plan.n_splits * plan.n_repeats)
    n_parallel = min(n_children, journal.started.n_jobs) if journal.started else 1
    growth = plan.n_splits / max(1, plan.n_splits - 1)
    return growth * experiment.outcome.wall_s / math.ceil(n_children / n_parallel)


def blend_fit_s(journal: Journal, budget: Budget, elapsed_s: float) -> float | None:
    """Return the seconds that one fit of all members of a blend may take.

    Parameters
    ----------
    journal : Journal
        What was done.
    budget : Budget
        The limits.
    elapsed_s : float
        Seconds since the run began.

    Returns
    -------
    float or None
        None without a time limit.
    """
    if budget.time_limit_s is None:
        return None
    left = budget.time_limit_s - elapsed_s - _overhead_s(journal, budget) - _baselines_s(journal)
    return max(0.0, left / _FINAL_FITS)


def remaining_s(journal: Journal, budget: Budget) -> float | None:
    """Return the seconds left for searching, the reserve taken off; None without a time limit."""
    if budget.time_limit_s is None:
        return None
    return budget.time_limit_s - journal.elapsed_s - reserve_s(journal, budget)


def experiment_wall_s(journal: Journal, budget: Budget, elapsed_s: float) -> float:
    """Return the seconds that the next experiment may run.

    Parameters
    ----------
    journal : Journal
        What was done so far.
    budget : Budget
        The limits.
    elapsed_s : float
        Seconds since the run began.
    """
    if budget.time_limit_s is None:
        return UNLIMITED_EXPERIMENT_S
    left = budget.time_limit_s - elapsed_s - reserve_s(journal, budget)
    if not journal.experiments:
        return max(left * EXPERIMENT_SHARE, FIRST_EXPERIMENT_S)
    like_the_best_s = OF_THE_BEST * journal.best.outcome.wall_s if journal.best else 0.0
    return max(left * EXPERIMENT_SHARE, min(left, like_the_best_s), 1.0)


def worthwhile_threads(n_rows: int, n_columns: int, n_cores: int) -> int:
    """Return how many threads a fit on a table of this size can use to its advantage.

    Parameters
    ----------
    n_rows, n_columns : int
        Size of the table.
    n_cores : int
        Cores that the fit has for itself.
    """
    return max(1, min(n_cores, n_rows * n_columns // _VALUES_PER_THREAD))


def spent_out(journal: Journal, budget: Budget) -> str | None:
    """Return what has run out, in words; None while there is enough for another experiment."""
    n_done = len(journal.experiments)
    if n_done == 0:
        return None
    if budget.max_experiments is not None and n_done >= budget.max_experiments:
        return f"all {budget.max_experiments} experiments are spent"
    left = remaining_s(journal, budget)
    needed = _next_s(journal, budget)
    if left is not None and left <= needed:
        spent = f"{journal.elapsed_s:.0f} s of {budget.time_limit_s:.0f} s are spent"
        if left <= 0:
            return f"{spent}, the rest is kept for the final fits"
        return f"{spent}; after the final fits {left:.0f} s would be left, and another experiment takes {needed:.0f} s"
    return None


def unaffordable(budget: Budget, spent: Usage, next_call: Usage) -> str | None:
    """Return why a call of a language model is not made, in words; None where the budget has room for it.

    Parameters
    ----------
    budget : Budget
        The limits.
    spent : Usage
        What all calls so far took.
    next_call : Usage
        What the next takes at most.

    Returns
    -------
    str or None
        Tokens and money end the model's part in a run, not the run.
    """
    if budget.max_tokens is not None and spent.tokens + next_call.tokens > budget.max_tokens:
        of = f"{spent.tokens:,} of {budget.max_tokens:,} tokens are spent"
        return f"{of}, and the next call may take {next_call.tokens:,}"
    if budget.max_cost_usd is not None and spent.cost_usd + next_call.cost_usd > budget.max_cost_usd:
        return (
            f"${spent.cost_usd:.4f} of ${budget.max_cost_usd:.4f} are spent, and the next call may cost "
            f"${next_call.cost_usd:.4f}"
        )
    return None


def is_short(time_limit_s: float | None) -> bool:
    """Return whether so many seconds for a run are few: one draft and its proof may take them all."""
    return time_limit_s is not None and time_limit_s <= _SHORT_S


def n_resamples(n_rows: int, time_limit_s: float | None = None) -> int:
    """Return how many resamples of a holdout give its interval.

    Parameters
    ----------
    n_rows : int
        Rows of the holdout.
    time_limit_s : float or None, default=None
        Seconds for the whole run.

    Returns
    -------
    int
        500 for a 95 % percentile interval: its ends are then uncertain by 0.12 standard errors of the score, which is
        the square root of 0.025 × 0.975 / 500 over the normal density there (Efron & Tibshirani, 1993, ch. 19). Fewer
        where the holdout is large: its interval is narrow, and a resample of 10,000 rows takes milliseconds. And fewer
        where 15 s have to do for everything: 500 took up to a third of ten, 200 leave an uncertainty of 0.19 errors.
    """
    if is_short(time_limit_s):
        return _FEWEST_RESAMPLES
    return max(_FEWEST_RESAMPLES, min(500, 2_000_000 // max(1, n_rows)))


def _is_late(journal: Journal, budget: Budget) -> bool:
    """Tell whether half of the time is over: before that another experiment is worth more than room for a blend.

    Of a short limit what is left after the first experiments buys no better one, and a blend of them is quickly fitted.
    """
    limit_s = budget.time_limit_s
    return limit_s is not None and (is_short(limit_s) or journal.elapsed_s > limit_s / 2)


def _baselines_s(journal: Journal) -> float:
    """Return the seconds for fitting those that stand beside the winner on the holdout, each at most as the best."""
    best = journal.best
    if best is None:
        return 0.0
    most_s = final_fit_s(best, journal)
    beside = (find_plain(journal.candidates), find_incumbent(journal.candidates))
    return sum(min(most_s, final_fit_s(e, journal)) for e in beside if e is not None and e.number != best.number)


def _overhead_s(journal: Journal, budget: Budget) -> float:
    """Return the seconds that the proof takes beside its fits, with the interval of the holdout."""
    limit_s = budget.time_limit_s
    overhead_s = _FINAL_OVERHEAD_S if limit_s is None else min(_FINAL_OVERHEAD_S, _FINAL_OVERHEAD_SHARE * limit_s)
    n_rows = journal.profile.n_sealed if journal.profile else 0
    if not n_rows:
        return overhead_s
    is_of_numbers = journal.task is not None and not journal.task.is_classification
    of_a_draw = _RESAMPLED * ((_RESAMPLE_NUMBERS_S if is_of_numbers else _RESAMPLE_S) + _RESAMPLED_ROW_S * n_rows)
    return overhead_s + n_resamples(n_rows, limit_s) * of_a_draw


def _next_s(journal: Journal, budget: Budget) -> float:
    """Return what the next experiment will take: as much as the cheapest, whatever is left for dearer ones.

    A model's as much as the best, for it improves that. Under a short limit as much as the best, or, of an untried
    family, as the dearest: what is cut off has cost the blend.
    """
    walls = [e.outcome.wall_s for e in journal.valid_experiments]
    tried = {e.plan.family for e in journal.standing.experiments}
    is_untried = journal.profile and any(v.applies and v.family not in tried for v in journal.profile.families)
    if is_short(budget.time_limit_s):
        best_s = journal.best.outcome.wall_s if journal.best else 0.0
        return max(walls, default=0.0) if is_untried else best_s
    if journal.is_led and not is_untried and journal.best:
        return journal.best.outcome.wall_s
    return min(walls, default=0.0)
