"""What was tried, a line for each experiment: bounded, and only added to between two clearings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from octopus.effects import effect_of
from octopus.journal import Journal
from octopus.records import Experiment
from octopus.scientists.llm.fence import plain
from octopus.scientists.playbook.turn import JOINED

#: Experiments after which it is cleared: in between lines are added at the end, so that a provider's cache holds.
_CHUNK = 5
#: Experiments that a clearing leaves a line each: the best, the best of each of so many families, the latest, failures.
_BEST, _FAMILIES, _LATEST, _FAILURES = 2, 4, 2, 3
#: Ideas without a line that are named, and their characters.
_NAMED, _IDEA, _SHORT = 3, 56, 34


def ledger(journal: Journal, hide: Callable[[str, str], str]) -> str:
    """Return what was tried and what came of it.

    Parameters
    ----------
    journal : Journal
        What was done.
    hide : callable
        Takes cells out of the words of a failure.

    Returns
    -------
    str
        One line for each of the best, the latest and the distinct failures; the other ideas by name.
    """
    experiments = journal.experiments
    n_cleared = len(experiments) // _CHUNK * _CHUNK
    cleared, added = experiments[:n_cleared], experiments[n_cleared:]
    kept = _kept(cleared, journal)
    built_on = {e.plan.parent for e in experiments if e.number in kept}
    others = [e for e in cleared if e.number not in kept | built_on]
    lines = [_line(e, journal, hide) for e in cleared if e.number in kept]
    if others:
        lines.insert(0, _named(others))
    return "\n".join([*lines, *(_line(e, journal, hide) for e in added)])


def _kept(experiments: Sequence[Experiment], journal: Journal) -> frozenset[int]:
    """Return the numbers of the experiments that keep a line when the ledger is cleared."""
    gone = journal.set_aside
    valid = [e for e in experiments if e.is_valid and e.number not in gone]
    ranked = sorted(valid, key=lambda e: (-_mean(e), e.number))
    of_families: dict[str, Experiment] = {}
    for experiment in ranked:
        of_families.setdefault(experiment.plan.family, experiment)
    best = [*ranked[:_BEST], *list(of_families.values())[:_FAMILIES]]
    mended = {e.decision.parent for e in experiments if e.decision.action == "repair"}
    failed = [e for e in experiments if not e.is_valid and e.outcome.status != "ok" and e.number not in mended]
    failures = {_failure_key(e): e for e in failed}
    kept = [*best, *experiments[-_LATEST:], *list(failures.values())[-_FAILURES:]]
    return frozenset(e.number for e in kept)


def _mean(experiment: Experiment) -> float:
    return experiment.score.mean if experiment.score else float("-inf")


def _failure_key(experiment: Experiment) -> str:
    return experiment.diagnoses[0].code if experiment.diagnoses else experiment.outcome.status


def _line(experiment: Experiment, journal: Journal, hide: Callable[[str, str], str]) -> str:
    """Return an experiment: number, family, idea, and what came of it."""
    by = " (yours)" if experiment.script.author == "model" else ""
    start = f" from #{experiment.plan.parent}" if experiment.plan.parent else ""
    is_fix = experiment.decision.action == "repair" and experiment.decision.parent
    idea = _idea(experiment, journal)
    if is_fix and by:
        idea = f"{idea}, mended"
    head = f"#{experiment.number} {plain(experiment.plan.family, 20)}{start}{by}"
    return f"{head}: {idea} | {_result(experiment, journal, hide)}"


def _idea(experiment: Experiment, journal: Journal) -> str:
    """Return what is new in an experiment beside the one that it set out from."""
    idea = experiment.plan.idea
    start = next((e for e in journal.experiments if e.number == experiment.plan.parent), None)
    if start is not None and idea.startswith(f"{start.plan.idea}{JOINED}"):
        idea = f"+ {idea.removeprefix(start.plan.idea).removeprefix(JOINED)}"
    return plain(idea, _IDEA)


def _result(experiment: Experiment, journal: Journal, hide: Callable[[str, str], str]) -> str:
    score = experiment.score
    if experiment.number in journal.set_aside:
        return "counts no more: it read a column that is set aside"
    if experiment.outcome.status != "ok":
        first = experiment.diagnoses[0] if experiment.diagnoses else None
        if first is None:
            return f"failed: {experiment.outcome.status}"
        return f"failed {first.code} {plain(hide(first.title, ''), 60)}"
    if (raced := experiment.raced) is not None:
        return f"stopped at {raced.mean:.4g} in fold {len(raced.folds)}: out of reach"
    if score is None:
        return "not scored on the folds that count now"
    error = f" ± {score.standard_error:.2g}" if score.standard_error is not None else ""
    effect = effect_of(experiment, journal)
    if effect is None:
        return f"{score.mean:.4g}{error}"
    beside = "" if effect.reference == experiment.plan.parent else f" on #{effect.reference}"
    gained = f"gain of {effect.difference:.2g}" if effect.verdict == "gain" else effect.verdict
    return f"{score.mean:.4g}{error}, {gained}{beside}"


def _named(experiments: Sequence[Experiment]) -> str:
    """Return ideas that have no line any more."""
    ideas = list(dict.fromkeys(f"{plain(e.plan.family, 20)} {_last_part(e.plan.idea)}" for e in experiments))
    more = f"; {len(ideas) - _NAMED} older ones" if len(ideas) > _NAMED else ""
    return f"Tried, no better than these: {'; '.join(ideas[-_NAMED:])}{more}"


def _last_part(idea: str) -> str:
    return plain(idea.rpartition(JOINED)[2], _SHORT)
