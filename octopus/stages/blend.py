"""The best of a search together: weights by predictions out of fold, one script; better beyond noise, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from octopus.bench import Bench
from octopus.blending.compose import compose
from octopus.blending.evidence import error_over_rows
from octopus.blending.weights import Blend, Candidate, choose_weights
from octopus.budget import blend_fit_s, final_fit_s
from octopus.dataset import Float
from octopus.incumbent import is_incumbent
from octopus.journal import Journal
from octopus.records import Author, Budget, Experiment, Member, Plan, Script, Task
from octopus.scoring import gain

#: What a blend is called where a family is named.
FAMILY = "blend"
#: Whose word counts least comes last: a blend is as little trusted as the least trusted of its members.
_TRUST: tuple[Author, ...] = ("playbook", "user", "model")


@dataclass(frozen=True, kw_only=True)
class Blended:
    """Experiments that are better together.

    Parameters
    ----------
    plan : Plan
        What is blended, and why.
    script : Script
        One module with theirs in it.
    blend : Blend
        Its members, its score and its predictions out of fold.
    """

    plan: Plan
    script: Script
    blend: Blend

    @property
    def members(self) -> tuple[Member, ...]:
        """Whom it consists of, the heaviest first."""
        return members_of(self.blend)


@dataclass(frozen=True, kw_only=True)
class Unblended:
    """Experiments that are not better together.

    Parameters
    ----------
    members : tuple of Member
        Those that were to be blended.
    reason : str
        What spoke against it.
    """

    members: tuple[Member, ...]
    reason: str


def blend_experiments(
    task: Task,
    bench: Bench,
    journal: Journal,
    budget: Budget,
    elapsed_s: float,
    predictions_of: Callable[[int], Float | None],
) -> Blended | Unblended | None:
    """Blend what was tried, where that is better than the best of it.

    Parameters
    ----------
    task : Task
        What is asked.
    bench : Bench
        The training rows, the folds and the metric.
    journal : Journal
        What was done.
    budget : Budget
        Members are fitted twice after the search; what there is no time for is left out.
    elapsed_s : float
        Seconds since the run began.
    predictions_of : callable
        Number of an experiment -> its predictions out of fold, or None.

    Returns
    -------
    Blended, Unblended or None
        None where fewer than two experiments could be blended, or all of the weight goes to one. A blend has to be
        better by more than the standard error over rows: that of folds also holds how much fits differ from fold to
        fold, which an average of members tends to make less. On 22 tables that ``benchmarks/quality_sets.py``
        does not have, it let three blends through that the error of folds did not (phoneme, SLID, segment): on test
        rows they changed the AUC from 0.9561 to 0.9583, the RMSE from 6.271 to 6.250, the log loss from 0.0409 to
        0.0423.
    """
    best = journal.best
    single = [e for e in journal.valid_experiments if not is_incumbent(e) and not e.members]
    if best is None or best.score is None or best not in single or len(single) < 2:
        return None
    loaded = [(e, predictions_of(e.number)) for e in single]
    candidates = [
        Candidate(
            number=e.number, family=e.plan.family, predictions=found, cost_s=final_fit_s(e, journal), score=e.score
        )
        for e, found in loaded
        if found is not None
    ]
    blend = choose_weights(
        candidates,
        bench.train,
        bench.folds,
        bench.scoring,
        max_cost_s=blend_fit_s(journal, budget, elapsed_s),
        test_over_train=bench.test_over_train,
    )
    if blend is None:
        return None
    members = members_of(blend)
    difference, of_folds = gain(blend.score, best.score, bench.test_over_train)
    alone = predictions_of(best.number)
    of_rows = None if alone is None else error_over_rows(blend.predictions, alone, bench.train, bench.scoring)
    error = of_folds if of_rows is None else of_rows
    if difference <= error:
        beside = f"{difference:+.2g} beside #{best.number} alone, no gain beyond its error of {error:.2g}"
        return Unblended(members=members, reason=f"{_words(members)} is {beside}")
    chosen = [next(e for e in single if e.number == member.number) for member in members]
    try:
        source = compose(
            [(e.script.source, member.weight) for e, member in zip(chosen, members, strict=True)],
            is_classification=task.is_classification,
        )
    except ValueError as error_:
        return Unblended(members=members, reason=f"their scripts do not go into one module: {error_}")
    plan = Plan(
        family=FAMILY,
        idea=_words(members),
        hypothesis=f"{_families(chosen)}: their errors differ, so that the average of them is nearer to the truth",
        expected=f"more than the {best.score.mean:.4g} of #{best.number} alone",
        parent=best.number,
    )
    author = max((e.script.author for e in chosen), key=_TRUST.index)
    return Blended(plan=plan, script=Script(source=source, author=author), blend=blend)


def members_of(blend: Blend) -> tuple[Member, ...]:
    """Return the members of a blend as the journal keeps them."""
    return tuple(Member(number=number, weight=weight) for number, weight in blend.members)


def _words(members: Sequence[Member]) -> str:
    return " + ".join(f"{member.weight:.2g} × #{member.number}" for member in members)


def _families(chosen: Sequence[Experiment]) -> str:
    names = list(dict.fromkeys(e.plan.family for e in chosen))
    return " and ".join(names) if len(names) > 1 else f"{len(chosen)} of {names[0]}"
