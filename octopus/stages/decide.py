"""Journal + Budget → Decision: what kind of step is next. Pure: the same journal gives the same decision."""

from __future__ import annotations

from octopus.budget import is_short, spent_out
from octopus.effects import PATIENCE, has_failed, stale_experiments
from octopus.journal import Journal
from octopus.records import Budget, Decision, Diagnosis, Experiment

#: Refinements more where a language model writes some of them: the playbook's own ideas get their turns beside it.
_PATIENCE_WITH_MODEL = 2
#: Refinements without a gain before a search under a time limit stops: that time is all they cost, for a language model
#: has its last word long before, and each is one more voice in the blend, whose members have to be different rather
#: than better (Caruana et al., 2004).
_PATIENCE_WITH_TIME = 12
#: The least share of a time limit, and of it the most seconds, that those refinements take: a search that has five
#: minutes is not over after twelve attempts of a second each.
_PATIENT_SHARE, _PATIENT_S = 0.2, 60.0
#: Attempts to mend a script that a model wrote, before its idea is dropped: rivals allow 3 (AIDE, MLZero) to 20.
MOST_FIXES = 3
#: Families that must have been tried before a plateau counts as one.
_FAMILIES_BEFORE_PLATEAU = 2
#: Families that are drafted before anything else where time is short.
_FAMILIES_IN_A_HURRY = 2
#: The same failure this often in a run ends its line of work.
_SAME_FAILURE = 3
#: Failures in a row, whatever they are, after which going on is pointless.
_FAILURES_IN_A_ROW = 10
#: Time, memory and the like: no repair where the family has a script that works within them, nor under a short limit
#: where any has.
_LIMITS = "OCT2"
#: What the run cannot have: weights, a device, room.
_UNAVAILABLE = "OCT5"
#: As good as these columns allow.
_CEILING = "OCT614"
#: Answers to a symptom of one experiment, after which the next symptom has its turn.
_ANSWERS = 2
#: Variations of one family say the same.
SATURATED = "OCT608"
#: Best values of metrics that have one; within this distance nothing is left to gain.
_CEILINGS = {
    "roc_auc": 1.0, "accuracy": 1.0, "balanced_accuracy": 1.0, "f1": 1.0, "average_precision": 1.0, "r2": 1.0,
    "neg_log_loss": 0.0, "neg_root_mean_squared_error": 0.0, "neg_mean_absolute_error": 0.0,
    "neg_mean_squared_error": 0.0, "neg_brier_score": 0.0,
}  # fmt: skip
_CEILING_DISTANCE = 1e-6


def decide(journal: Journal, budget: Budget) -> Decision:
    """Return what kind of step is next.

    Parameters
    ----------
    journal : Journal
        What was done; elapsed time is read from it.
    budget : Budget
        What may be spent.

    Returns
    -------
    Decision
        ``draft`` (another family), ``repair`` (of a failure), ``improve`` (the best) or ``stop``, with the reason.
    """
    if not journal.experiments:
        return Decision(action="draft", reason="the first experiment sets the floor")
    if reason := spent_out(journal, budget):
        return Decision(action="stop", reason=reason)
    if journal.experiments[-1].decision.action == "blend":
        return Decision(action="stop", reason="what was tried is blended already")
    journal = journal.standing
    if reason := _reason_to_stop(journal, budget):
        return Decision(action="stop", reason=reason)
    experiments = journal.experiments
    if not experiments:
        return Decision(action="draft", reason="no experiment so far counts any more")
    last = experiments[-1]
    hurried = is_short(budget.time_limit_s)
    if has_failed(last) and _worth_repairing(last, experiments, is_led=journal.is_led, hurried=hurried):
        code = last.diagnoses[0].code
        return Decision(action="repair", reason=last.diagnoses[0].title, parent=last.number, code=code)
    best = journal.best
    # Where time is short the best of two families is improved, as long as that helps, before a third one is drafted.
    working = {e.plan.family for e in journal.valid_experiments} & set(_applicable(journal))
    waits = hurried and best is not None and len(working) == _FAMILIES_IN_A_HURRY
    untried = _untried_families(journal)
    if untried and not (waits and stale_experiments(journal) == 0):
        return Decision(action="draft", reason=f"{untried[0]} was not tried yet")
    if best is None:
        return Decision(action="draft", reason="nothing has worked yet")
    symptom = _open_symptom(best, experiments)
    return Decision(
        action="improve",
        reason=symptom.title if symptom else "the best so far may have room",
        parent=best.number,
        code=symptom.code if symptom else None,
    )


def _reason_to_stop(journal: Journal, budget: Budget) -> str | None:
    best = journal.best
    if best is not None and best.score is not None:
        ceiling = _CEILINGS.get(best.score.scoring)
        if ceiling is not None and best.score.mean >= ceiling - _CEILING_DISTANCE:
            return f"{best.score.scoring} is at its best possible value: nothing is left to gain"
        bound = next((d for d in best.diagnoses if d.code == _CEILING), None)
        if bound is not None and not _untried_families(journal):
            return f"#{best.number} is {bound.title}: {bound.evidence}"
    recent = journal.experiments[-_FAILURES_IN_A_ROW:]
    if len(recent) == _FAILURES_IN_A_ROW and all(has_failed(e) for e in recent):
        return f"the last {_FAILURES_IN_A_ROW} experiments failed"
    tried = {e.plan.family for e in journal.valid_experiments}
    needed = min(_FAMILIES_BEFORE_PLATEAU, max(1, len(_applicable(journal))))
    stale = stale_experiments(journal)
    is_stale = stale >= _patience(journal, budget) and sum(
        e.outcome.wall_s for e in journal.experiments[-stale:]
    ) >= _patient_s(budget)
    if is_stale and len(tried) >= needed and not _untried_families(journal):
        families = "one family" if len(tried) == 1 else f"{len(tried)} families"
        return f"{stale} experiments without a gain beyond noise, {families} tried"
    return None


def _patience(journal: Journal, budget: Budget) -> int:
    if budget.time_limit_s is not None:
        return _PATIENCE_WITH_TIME
    wrote = journal.is_led and any(e.script.author == "model" for e in journal.experiments)
    return PATIENCE + (_PATIENCE_WITH_MODEL if wrote else 0)


def _patient_s(budget: Budget) -> float:
    return 0.0 if budget.time_limit_s is None else min(_PATIENT_S, _PATIENT_SHARE * budget.time_limit_s)


def _open_symptom(best: Experiment, experiments: tuple[Experiment, ...]) -> Diagnosis | None:
    """Return the most urgent symptom of the best that was not answered twice; then that its family is saturated."""
    answered = [e.decision.code for e in experiments if e.decision.parent == best.number]
    symptom = next((d for d in best.diagnoses if d.repairable and answered.count(d.code) < _ANSWERS), None)
    if symptom is not None:
        return symptom
    of_family = [e for e in experiments if e.plan.family == best.plan.family]
    return next((d for d in of_family[-1].diagnoses if d.code == SATURATED), None)


def _worth_repairing(last: Experiment, experiments: tuple[Experiment, ...], *, is_led: bool, hurried: bool) -> bool:
    """Tell whether the last failure has a remedy that was not tried to exhaustion."""
    if not last.diagnoses or last.decision.action == "try":  # the user's own is theirs to mend
        return False
    if is_led and last.script.author == "model":
        return _worth_mending(last, experiments)
    if not last.diagnoses[0].repairable:
        return False
    if last.diagnoses[0].code.startswith(_LIMITS) and any(
        e.is_valid and (hurried or e.plan.family == last.plan.family) for e in experiments
    ):
        return False
    fingerprint = last.diagnoses[0].fingerprint
    seen = sum(any(d.fingerprint == fingerprint for d in e.diagnoses) for e in experiments if not e.is_valid)
    return seen < _SAME_FAILURE


def _worth_mending(last: Experiment, experiments: tuple[Experiment, ...]) -> bool:
    """Tell whether a script of a model's is mended once more: whoever wrote it can, as long as the failure changes."""
    if last.diagnoses[0].code.startswith(_UNAVAILABLE):
        return False
    chain = [last]
    by_number = {e.number: e for e in experiments}
    while (before := by_number.get(chain[-1].decision.parent or 0)) and chain[-1].decision.action == "repair":
        chain.append(before)
    alike = sum(e.diagnoses[:1] != () and e.diagnoses[0].fingerprint == last.diagnoses[0].fingerprint for e in chain)
    return len(chain) <= MOST_FIXES and alike < _SAME_FAILURE


def _applicable(journal: Journal) -> tuple[str, ...]:
    return tuple(v.family for v in journal.profile.families if v.applies) if journal.profile else ()


def _untried_families(journal: Journal) -> tuple[str, ...]:
    tried = {e.plan.family for e in journal.experiments}
    return tuple(family for family in _applicable(journal) if family not in tried)
