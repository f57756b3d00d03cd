"""Decision → Move: which recipe of which family is next, from the journal alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from octopus.journal import Journal
from octopus.protocols import Family, Recipe
from octopus.records import Decision, Experiment, Plan, Profile, Task

#: Added to an idea that reads every number from text.
CAREFUL = ", every number read as text"
#: Crashes whose remedy is to read the table with less trust: text where a number was expected, a value missing.
_DATA_CRASHES = frozenset({"OCT301", "OCT303"})
#: Crashes have codes below this one, symptoms above.
_FIRST_SYMPTOM = "OCT600"


@dataclass(frozen=True, kw_only=True)
class Move:
    """What to try.

    Parameters
    ----------
    plan : Plan
        The idea in words.
    recipe : Recipe
        The model.
    careful : bool
        Read every number as if it were text.
    """

    plan: Plan
    recipe: Recipe
    careful: bool = False


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The recipes of the families that apply, and what was tried of them.

    Parameters
    ----------
    recipes : mapping of str to tuple of Recipe
        By family, in the order in which families are drafted.
    journal : Journal
        What was done.
    """

    recipes: Mapping[str, tuple[Recipe, ...]]
    journal: Journal

    def untried(self, family: str) -> Iterator[Recipe]:
        """Yield the recipes of a family that no experiment has run, as the family orders them."""
        tried = {e.plan.idea.removesuffix(CAREFUL) for e in self.journal.experiments if e.plan.family == family}
        return (recipe for recipe in self.recipes.get(family, ()) if recipe.idea not in tried)

    @property
    def careful(self) -> bool:
        """Whether reading every number as text has made a script work."""
        return any(e.plan.idea.endswith(CAREFUL) for e in self.journal.valid_experiments)

    def from_family(self, name: str) -> list[str]:
        """Return the families, this one first."""
        return sorted(self.recipes, key=lambda family: family != name)


def stock_shelf(families: Sequence[Family], task: Task, profile: Profile, journal: Journal) -> Shelf:
    """Return the recipes of the families that apply, in the order in which they are given.

    Parameters
    ----------
    families : sequence of Family
        In the order in which they are drafted.
    task, profile, journal : Task, Profile, Journal
        What is asked, what is known and what was done.

    Returns
    -------
    Shelf
        Recipes by family.
    """
    verdicts = {verdict.family: verdict.applies for verdict in profile.families}
    return Shelf(
        recipes={f.name: tuple(f.recipes(task, profile)) for f in families if verdicts.get(f.name, not verdicts)},
        journal=journal,
    )


def next_move(decision: Decision, shelf: Shelf) -> Move | None:
    """Return what to try for a decision; None where nothing is left.

    Parameters
    ----------
    decision : Decision
        Draft, repair or improve.
    shelf : Shelf
        The recipes.

    Returns
    -------
    Move or None
        Never one whose family and idea were tried.
    """
    moves = {"draft": _drafts, "repair": _repairs, "improve": _improvements}[decision.action](decision, shelf)
    return next(moves, None)


def _drafts(decision: Decision, shelf: Shelf) -> Iterator[Move]:
    """Yield a family that no experiment has run; where nothing works, whatever is left."""
    tried = {e.plan.family for e in shelf.journal.experiments}
    yield from _variations(decision, shelf, [family for family in shelf.recipes if family not in tried])
    yield from _variations(decision, shelf, list(shelf.recipes))


def _repairs(decision: Decision, shelf: Shelf) -> Iterator[Move]:
    """Yield a remedy within the family, then, for a failure met before, another family."""
    parent = _experiment(decision, shelf.journal)
    if parent is None:
        return
    family = parent.plan.family
    if decision.code in _DATA_CRASHES and (careful := _careful_move(parent, decision, shelf)):
        yield careful
    yield from _answers(decision, shelf, [family])
    families = shelf.from_family(family)
    if times_seen(parent, shelf.journal) > 1:
        families = [*families[1:], family]
    yield from _variations(decision, shelf, families)


def _improvements(decision: Decision, shelf: Shelf) -> Iterator[Move]:
    """Yield what answers the symptom, else the next variation of the best family, else of another."""
    best = _experiment(decision, shelf.journal) or shelf.journal.best
    families = shelf.from_family(best.plan.family if best else "")
    yield from _answers(decision, shelf, families)
    yield from _variations(decision, shelf, families)


def _answers(decision: Decision, shelf: Shelf, families: Sequence[str]) -> Iterator[Move]:
    """Yield the untried recipes that answer the decision's code."""
    for family in families:
        for recipe in shelf.untried(family):
            if decision.code in recipe.answers:
                yield _move(family, recipe, decision, shelf.careful)


def _variations(decision: Decision, shelf: Shelf, families: Sequence[str]) -> Iterator[Move]:
    """Yield the untried recipes that are no mere remedy for a crash."""
    for family in families:
        for recipe in shelf.untried(family):
            if not _is_repair(recipe):
                yield _move(family, recipe, decision, shelf.careful)


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
    prints = {d.fingerprint for d in experiment.diagnoses[:1] if d.fingerprint}
    return sum(any(d.fingerprint in prints for d in e.diagnoses) for e in journal.experiments if not e.is_valid)


def _careful_move(parent: Experiment, decision: Decision, shelf: Shelf) -> Move | None:
    """Return the parent's recipe with every number read as text, once."""
    tried = {(e.plan.family, e.plan.idea) for e in shelf.journal.experiments}
    for recipe in shelf.recipes.get(parent.plan.family, ()):
        if recipe.idea == parent.plan.idea and (parent.plan.family, recipe.idea + CAREFUL) not in tried:
            return _move(parent.plan.family, recipe, decision, careful=True)
    return None


def _move(family: str, recipe: Recipe, decision: Decision, careful: bool) -> Move:
    answers = decision.code in recipe.answers or (careful and decision.code in _DATA_CRASHES)
    why = f" ({decision.reason}: {decision.code})" if answers else ""
    return Move(
        plan=Plan(
            family=family,
            idea=recipe.idea + (CAREFUL if careful else ""),
            hypothesis=recipe.hypothesis + why,
            expected=recipe.expected,
            parent=decision.parent,
        ),
        recipe=recipe,
        careful=careful,
    )


def _is_repair(recipe: Recipe) -> bool:
    """Tell whether a recipe is meant for crashes only."""
    return bool(recipe.answers) and all(code < _FIRST_SYMPTOM for code in recipe.answers)


def _experiment(decision: Decision, journal: Journal) -> Experiment | None:
    return next((e for e in journal.experiments if e.number == decision.parent), None)
