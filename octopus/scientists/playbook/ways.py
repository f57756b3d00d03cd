"""A way is a recipe of a family with the turns that it took: what an experiment tried, read back from its plan."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from octopus.journal import Journal
from octopus.protocols import Family, Recipe
from octopus.records import Experiment, Plan, Profile, Task
from octopus.scientists.playbook.tuning import is_tuned, tuned_part, tuned_turn
from octopus.scientists.playbook.turn import JOINED, Turn, turned
from octopus.scientists.playbook.turns import turns_for

#: Added to an idea that reads every number from text.
CAREFUL = ", every number read as text"
#: The errors depend on a column.
_STRUCTURE = "OCT609"


@dataclass(frozen=True, kw_only=True)
class Way:
    """A recipe and its turns.

    Parameters
    ----------
    family : str
        Whose recipe it is.
    base : str
        Idea of the recipe.
    turns : tuple of str
        Ideas of the turns, in the order in which they were taken.
    """

    family: str
    base: str
    turns: tuple[str, ...] = ()

    @property
    def idea(self) -> str:
        """All of it in one line."""
        return JOINED.join((self.base, *self.turns))

    @property
    def parts(self) -> frozenset[str]:
        """The ideas that it consists of."""
        return frozenset({self.base, *self.turns})

    def with_turn(self, turn: str) -> Way:
        """Return the way with one more turn."""
        return Way(family=self.family, base=self.base, turns=(*self.turns, turn))

    def without(self, turn: str) -> Way:
        """Return the way without one of its turns."""
        return Way(family=self.family, base=self.base, turns=tuple(one for one in self.turns if one != turn))

    def with_base(self, base: str) -> Way:
        """Return the way with another recipe of the family, whose numbers are its own."""
        return Way(family=self.family, base=base, turns=self.untuned.turns)

    @property
    def untuned(self) -> Way:
        """The way with the numbers that the recipe has by itself."""
        return Way(family=self.family, base=self.base, turns=tuple(turn for turn in self.turns if not is_tuned(turn)))


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The recipes of the families that apply, the turns that fit, and what was tried.

    Parameters
    ----------
    families : mapping of str to Family
        By name.
    recipes : mapping of str to tuple of Recipe
        By family, in the order in which families are drafted.
    turns : tuple of Turn
        For every family.
    task, profile, journal : Task, Profile, Journal
        What is asked, what is known and what was done.
    elapsed_s : float
        Seconds of the run that are over.
    """

    families: Mapping[str, Family]
    recipes: Mapping[str, tuple[Recipe, ...]]
    turns: tuple[Turn, ...]
    task: Task
    profile: Profile
    journal: Journal
    elapsed_s: float

    @property
    def careful(self) -> bool:
        """Whether reading every number as text has made a script work."""
        return any(e.plan.idea.endswith(CAREFUL) for e in self.journal.valid_experiments)

    @property
    def tried(self) -> frozenset[tuple[str, frozenset[str]]]:
        """Families and parts of every experiment; the order of turns makes no other idea."""
        return frozenset((e.plan.family, self.way_of(e.plan).parts) for e in self.journal.experiments)

    def recipe(self, family: str, base: str, profile: Profile | None = None) -> Recipe | None:
        """Return the recipe of this idea; with a profile as the family words it for these columns."""
        recipes = self.recipes.get(family, ())
        if profile not in (None, self.profile) and recipes:
            recipes = tuple(self.families[family].recipes(self.task, profile))
        return next((recipe for recipe in recipes if recipe.idea == base), None)

    def way_of(self, plan: Plan) -> Way:
        """Return the way that a plan describes; a plan of someone else's is a way without turns."""
        idea = plan.idea.removesuffix(CAREFUL)
        base = _opening(idea, [recipe.idea for recipe in self.recipes.get(plan.family, ())])
        turns, rest = [], idea[len(base) :]
        while base and rest:
            text = rest[len(JOINED) :]
            taken = tuned_part(text) or _opening(text, [turn.idea for turn in self.turns])
            if not taken:
                base = ""
            turns.append(taken)
            rest = rest[len(JOINED) + len(taken) :]
        return Way(family=plan.family, base=base, turns=tuple(turns)) if base else Way(family=plan.family, base=idea)

    def composed(self, way: Way) -> tuple[Recipe, Mapping[str, Turn]] | None:
        """Return a way's recipe and its turns by idea; None where one does not fit or no column would be left."""
        without = {name for turn in self.turns if turn.idea in way.turns for name in turn.without}
        profile = _without(self.profile, without)
        recipe = self.recipe(way.family, way.base, profile)
        if recipe is None or (without and not any(column.used for column in profile.columns)):
            return None
        known = {turn.idea: turn for turn in _turns(self.task, profile, self.journal)} if without else {}
        taken = {t.idea: known.get(t.idea, t) for t in self.turns if t.idea in way.turns}
        if any(idea not in known for idea, turn in taken.items() if without and not turn.without):
            return None
        taken |= {idea: tuned_turn(idea) for idea in way.turns if is_tuned(idea)}
        for idea in sorted(way.turns, key=lambda idea: taken[idea].n_fits == 1):
            recipe = turned(recipe, taken[idea]) if recipe is not None else None
        return (recipe, taken) if recipe else None


def stock_shelf(
    families: Sequence[Family], task: Task, profile: Profile, journal: Journal, elapsed_s: float | None = None
) -> Shelf:
    """Return the recipes of the families that apply, in the order in which they are given.

    Parameters
    ----------
    families : sequence of Family
        In the order in which they are drafted.
    task, profile, journal : Task, Profile, Journal
        What is asked, what is known and what was done.
    elapsed_s : float or None, default=None
        Seconds of the run that are over; by the journal where None.

    Returns
    -------
    Shelf
        Recipes by family, and turns.
    """
    verdicts = {verdict.family: verdict.applies for verdict in profile.families}
    applying = {family.name: family for family in families if verdicts.get(family.name, not verdicts)}
    return Shelf(
        families=applying,
        recipes={name: tuple(family.recipes(task, profile)) for name, family in applying.items()},
        turns=_turns(task, profile, journal),
        task=task,
        profile=profile,
        journal=journal,
        elapsed_s=journal.elapsed_s if elapsed_s is None else elapsed_s,
    )


def start_of(experiment: Experiment, journal: Journal) -> Experiment | None:
    """Return the experiment that another one's plan set out from.

    Parameters
    ----------
    experiment : Experiment
        Any.
    journal : Journal
        What was done.

    Returns
    -------
    Experiment or None
        None for a first draft.
    """
    return next((e for e in journal.experiments if e.number == experiment.plan.parent), None)


def _opening(text: str, ideas: Sequence[str]) -> str:
    """Return the longest idea that a joined text opens with, empty where there is none; names may hold the joint."""
    found = [idea for idea in ideas if (text + JOINED).startswith(idea + JOINED)]
    return max(found, key=len, default="")


def _turns(task: Task, profile: Profile, journal: Journal) -> tuple[Turn, ...]:
    told = {diagnosis.code for experiment in journal.experiments for diagnosis in experiment.diagnoses}
    return turns_for(task, profile, _noticed(profile, journal), told)


def _noticed(profile: Profile, journal: Journal) -> tuple[str, ...]:
    """Return the columns that a diagnosis of residual structure names, as they came up."""
    told = [f"{d.cause} {d.evidence}" for e in journal.experiments for d in e.diagnoses if d.code == _STRUCTURE]
    names = [c.name for text in told for c in profile.columns if re.search(rf"(?<!\w){re.escape(c.name)}(?!\w)", text)]
    return tuple(dict.fromkeys(name for name in names if name.strip()))


def _without(profile: Profile, names: set[str]) -> Profile:
    columns = tuple(msgspec.structs.replace(c, used=False) if c.name in names else c for c in profile.columns)
    return msgspec.structs.replace(profile, columns=columns) if names else profile
