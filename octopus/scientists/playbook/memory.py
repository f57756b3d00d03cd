"""What the journal teaches: what each idea brought, which failures come back, which lines of work are over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from octopus.effects import effect_of
from octopus.journal import Journal
from octopus.records import Experiment
from octopus.scientists.playbook.ways import Shelf, start_of

#: The same failure this often ends the lines of work that it came up in.
GIVEN_UP = 3
#: Codes of families that cannot be had: weights, a library, a device.
_UNAVAILABLE = "OCT5"
#: From what to try first to what to try last.
_RANKS = {"gain": 0, "": 1, "no gain": 2, "loss": 3, "failure": 4}


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What is remembered of ideas and families.

    Parameters
    ----------
    verdicts : mapping of str to tuple of (int, str)
        For each idea the experiments that brought it in, and what came of each: gain, no gain, loss or failure.
    dropped_families, dropped_ideas : frozenset of str
        Lines of work that ended in the same failure three times, or cannot be had.
    """

    verdicts: Mapping[str, tuple[tuple[int, str], ...]]
    dropped_families: frozenset[str]
    dropped_ideas: frozenset[str]

    def rank(self, idea: str) -> int:
        """Return when an idea's turn comes: 0 first, 4 last; by the worst that came of it unless it ever gained."""
        verdicts = [verdict for _, verdict in self.verdicts.get(idea, ())]
        if "gain" in verdicts:
            return _RANKS["gain"]
        return max((_RANKS[verdict] for verdict in verdicts), default=_RANKS[""])

    def story(self, idea: str) -> str:
        """Return what an idea brought before, in words; empty where it is new or brought nothing clear."""
        told = [
            f"{verdict} in experiment {n}" for n, verdict in self.verdicts.get(idea, ()) if verdict in ("gain", "loss")
        ]
        return f"a {' and a '.join(told)}" if told else ""


def recall(shelf: Shelf) -> Memory:
    """Return what the journal teaches of the ideas on a shelf.

    Parameters
    ----------
    shelf : Shelf
        With the journal.

    Returns
    -------
    Memory
        Verdicts, and what was dropped.
    """
    journal = shelf.journal
    verdicts: dict[str, list[tuple[int, str]]] = {}
    for experiment in journal.experiments:
        verdict = _verdict(experiment, journal)
        for idea in sorted(brought_in(experiment, shelf)) if verdict else ():
            verdicts.setdefault(idea, []).append((experiment.number, verdict))
    families, ideas = _dropped(shelf)
    return Memory(
        verdicts={idea: tuple(found) for idea, found in verdicts.items()},
        dropped_families=families,
        dropped_ideas=ideas,
    )


def brought_in(experiment: Experiment, shelf: Shelf) -> frozenset[str]:
    """Return the ideas that an experiment has and the one that it set out from has not; none for a first draft.

    Parameters
    ----------
    experiment : Experiment
        Any.
    shelf : Shelf
        With the journal.

    Returns
    -------
    frozenset of str
        Ideas of recipes and turns.
    """
    start = start_of(experiment, shelf.journal)
    way = shelf.way_of(experiment.plan)
    recipes = shelf.recipes.get(way.family, ())
    drafts = {recipes[0].idea} if recipes else set()
    return way.parts - (shelf.way_of(start.plan).parts if start else frozenset()) - drafts


def times_seen(experiment: Experiment, journal: Journal) -> int:
    """Return how many failures of the run have the fingerprint of this one.

    Parameters
    ----------
    experiment : Experiment
        A failure.
    journal : Journal
        What was done.

    Returns
    -------
    int
        At least 1 for a failure with a diagnosis; the experiment itself counts.
    """
    return len(_with_fingerprint(experiment, journal))


def _verdict(experiment: Experiment, journal: Journal) -> str:
    if experiment.raced is not None:
        return "loss"
    if not experiment.is_valid:
        return "failure"
    effect = effect_of(experiment, journal)
    return effect.verdict if effect else ""


def _dropped(shelf: Shelf) -> tuple[frozenset[str], frozenset[str]]:
    """Return families that never worked and ideas that were brought in where the same failure came three times."""
    journal = shelf.journal
    worked = {e.plan.family for e in journal.valid_experiments}
    families: set[str] = set()
    ideas: set[str] = set()
    for experiment in journal.experiments:
        if experiment.is_valid or not experiment.diagnoses:
            continue
        if experiment.diagnoses[0].code.startswith(_UNAVAILABLE):
            families.add(experiment.plan.family)
        alike = _with_fingerprint(experiment, journal)
        if len(alike) >= GIVEN_UP:
            ideas |= brought_in(experiment, shelf)
            if sum(e.plan.family == experiment.plan.family for e in alike) >= GIVEN_UP - 1:
                families |= {experiment.plan.family} - worked
    return frozenset(families), frozenset(ideas)


def _with_fingerprint(experiment: Experiment, journal: Journal) -> list[Experiment]:
    prints = {d.fingerprint for d in experiment.diagnoses[:1] if d.fingerprint}
    failures = [e for e in journal.experiments if not e.is_valid]
    return [e for e in failures if any(d.fingerprint in prints for d in e.diagnoses)]
