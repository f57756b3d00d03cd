"""Decision → Moves: which way of which family is next, from the journal alone.

A move is one step from an experiment that worked: another recipe of its family, one more turn, or the same in another
family. Which step is said by the diagnosis, by what the idea brought before, and by what the data ask for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from octopus.budget import experiment_wall_s, is_short
from octopus.protocols import Recipe
from octopus.records import Decision, Experiment, Plan
from octopus.scientists.playbook.memory import Memory, recall, times_seen
from octopus.scientists.playbook.tuning import is_tuned, next_idea, numbers_of
from octopus.scientists.playbook.turn import Turn
from octopus.scientists.playbook.turns import AVERAGED
from octopus.scientists.playbook.ways import CAREFUL, Shelf, Way, stock_shelf

__all__ = ["CAREFUL", "Move", "Shelf", "next_moves", "stock_shelf"]

#: Crashes whose remedy is to read the table with less trust: text where a number was expected, a value missing.
_DATA_CRASHES = frozenset({"OCT301", "OCT303"})
#: Crashes have codes below this one, symptoms above.
_FIRST_SYMPTOM = "OCT600"
#: Answers to metric and target: an idea that gives one is there only where these ask for it.
_BY_TARGET = frozenset({"OCT605", "OCT607"})
#: Symptoms that call the rows themselves into question: no other library answers them.
_OF_ROWS = frozenset({"OCT610", "OCT611", "OCT615"})
#: Time, memory and the like.
_LIMITS = "OCT2"
#: A class is rare and passed over.
_RARE_CLASS = "OCT606"
#: Kinds of ideas in their order: the draft, drafts of other libraries, what metric or target ask for (turns, then
#: recipes), what columns ask for, variations of the family, and what is worth a try anywhere.
_DRAFT, _OTHER_DRAFT, _TURN_BY_TARGET, _RECIPE_BY_TARGET, _TURN_BY_COLUMNS, _VARIATION, _ANYWHERE = range(7)
#: Variations of the family that come before it is tuned, and between one time and the next.
_OTHERS_BEFORE = 2
#: Times that a family is tuned, at most.
_MOST_TUNED = 20
#: Variations of one family say the same: an average of them is left to try there, then look elsewhere first.
_SATURATED = "OCT608"


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
class _Step:
    """A way, the idea that is new in it, and where it sets out from."""

    way: Way
    idea: str
    answers: tuple[str, ...]
    hypothesis: str
    expected: str
    recipe: Recipe
    start: Experiment | None
    place: tuple[int, int]
    n_inside: int = 1


def next_moves(decision: Decision, shelf: Shelf) -> Iterator[Move]:
    """Yield what to try for a decision, the best first, never a way that was tried.

    Parameters
    ----------
    decision : Decision
        Draft, repair or improve.
    shelf : Shelf
        The recipes and turns.

    Yields
    ------
    Move
        None at all where nothing is left.
    """
    choose = {"draft": _drafts, "repair": _repairs, "improve": _improvements}[decision.action]
    yield from choose(decision, shelf, recall(shelf))


def _drafts(decision: Decision, shelf: Shelf, memory: Memory) -> Iterator[Move]:
    """Yield a family that no experiment has run; where nothing works, the family that has failed least."""
    tried = [e.plan.family for e in shelf.journal.experiments]
    families = _alive(shelf, memory)
    fresh = [family for family in families if family not in tried]
    yield from _moves(decision, shelf, memory, (s for f in fresh for s in _steps(f, shelf)), code=None)
    rotated = sorted(families, key=lambda family: (tried.count(family), family == _last(tried)))
    yield from _moves(decision, shelf, memory, (s for f in rotated for s in _steps(f, shelf)), code=None)


def _repairs(decision: Decision, shelf: Shelf, memory: Memory) -> Iterator[Move]:
    """Yield a remedy: another reading, a smaller model; for a failure met before another family first."""
    parent = _experiment(decision, shelf)
    if parent is None:
        return
    family = parent.plan.family
    if decision.code in _DATA_CRASHES and (careful := _careful(parent, decision, shelf)):
        yield careful
    others = [other for other in _by_score(shelf, memory) if other != family]
    again = times_seen(parent, shelf.journal) > 1
    families = [*others, family] if again else [family, *others]
    if not again:
        yield from _moves(decision, shelf, memory, _steps(family, shelf), code=decision.code)
    for one in families:
        yield from _moves(decision, shelf, memory, _steps(one, shelf), code=decision.code if one == family else None)
        yield from _moves(decision, shelf, memory, _steps(one, shelf), code=None)


def _improvements(decision: Decision, shelf: Shelf, memory: Memory) -> Iterator[Move]:
    """Yield drafts of other libraries, what answers the symptom, the best family first; then what is worth a try."""
    best = _experiment(decision, shelf) or shelf.journal.best
    families = sorted(_by_score(shelf, memory), key=lambda family: _place_in(decision.apart, family))
    if best and best.plan.family in families:
        families = sorted(families, key=lambda family: (family == best.plan.family) is (decision.code == _SATURATED))
    steps = [step for family in families for step in _steps(family, shelf, best)]
    if best and (tuned := _tuned(best, shelf)):
        steps.append(tuned)
    if decision.code not in _OF_ROWS:
        yield from _moves(decision, shelf, memory, _other_drafts(steps, shelf), code=None)
    if decision.code:
        saturated = best.plan.family if best and decision.code == _SATURATED else None
        answers = [step for step in steps if saturated in (None, step.way.family)]
        yield from _moves(decision, shelf, memory, answers, code=decision.code)
    yield from _moves(decision, shelf, memory, steps, code=None)


def _place_in(apart: Sequence[str], family: str) -> int:
    """Return the place of a family among those told apart; behind them where it is not one of them."""
    return apart.index(family) if family in apart else len(apart)


def _other_drafts(steps: Sequence[_Step], shelf: Shelf) -> list[_Step]:
    """Return drafts of other libraries that no experiment has run: they tell more than a variation of the first.

    None of a family that has met a limit: they take longer than its first draft.
    """
    bases = {(family, part) for family, parts in shelf.tried for part in parts}
    limited = {e.plan.family for e in shelf.journal.experiments for d in e.diagnoses[:1] if d.code.startswith(_LIMITS)}
    drafts = [step for step in steps if step.place[0] == _OTHER_DRAFT and step.way.family not in limited]
    return [step for step in drafts if (step.way.family, step.idea) not in bases]


def _moves(
    decision: Decision, shelf: Shelf, memory: Memory, steps: Iterable[_Step], *, code: str | None
) -> Iterator[Move]:
    """Yield the untried steps, those that answer the code or, without one, all but mere repairs."""
    tried = shelf.tried
    open_steps = [step for step in steps if _is_open(step, tried, memory) and _has_time(step, shelf)]
    if code is None:
        chosen = [step for step in open_steps if not _is_repair(step.answers)]
    else:
        chosen = [step for step in open_steps if code in step.answers]
    families = list(dict.fromkeys(step.way.family for step in open_steps))
    started = shelf.journal.started
    hurried = started is not None and is_short(started.budget.time_limit_s)

    def order(step: _Step) -> tuple[bool, int, int, int, int]:
        rank, (kind, place) = memory.rank(step.idea), step.place
        if hurried and step.recipe.leads_in_a_hurry and step.start is None:
            kind, place = _DRAFT, -1
        if kind == _ANYWHERE and code is None:  # from the second variation on in turns with them
            kind, place = _VARIATION, place + 1
        return rank > 2, families.index(step.way.family), rank, kind, place  # losses and failures last, wherever

    for step in sorted(chosen, key=order):
        yield _move(step, decision, shelf, memory, answers=code is not None)


def _steps(family: str, shelf: Shelf, best: Experiment | None = None) -> Iterator[_Step]:
    """Yield every way that is one step from the family's best experiment, or its first recipes where there is none."""
    start = best if best is not None and best.plan.family == family else _best_of(family, shelf)
    here = shelf.way_of(start.plan) if start else None
    recipes = shelf.recipes.get(family, ())
    known = here is not None and shelf.composed(here) is not None
    bases = {shelf.way_of(e.plan).base for e in shelf.journal.experiments if e.plan.family == family}
    passed_over = (
        any(recipe.leads_in_a_hurry and recipe.idea in bases for recipe in recipes) and recipes[0].idea not in bases
    )
    places = _places(recipes, shelf.turns, is_drafted=start is not None and not passed_over)
    for recipe in recipes:
        way = here.with_base(recipe.idea) if here and known else Way(family=family, base=recipe.idea)
        step = _step(way, recipe.idea, shelf, start, places[recipe.idea])
        # A remedy that saves time is not averaged, nor what there is time for once and not five times.
        if AVERAGED in way.turns and (step is None or not _has_time(step, shelf)):
            step = _step(way.without(AVERAGED), recipe.idea, shelf, start, places[recipe.idea])
        if step:
            yield step
    if here is None or not known:
        return
    for turn in shelf.turns:
        way = here.with_turn(turn.idea)
        if turn.idea not in here.turns and (step := _step(way, turn.idea, shelf, start, places[turn.idea])):
            yield step


def _tuned(best: Experiment, shelf: Shelf) -> _Step | None:
    """Return the best with other numbers: a variation that has its turn after two others, each time."""
    here = shelf.way_of(best.plan)
    found = shelf.composed(here)
    if found is None:
        return None
    tuned, tried = set[str](), []
    for e in shelf.journal.experiments:
        way, score = shelf.way_of(e.plan), _worth(e, best)
        tuned |= {turn for turn in way.turns if way.family == here.family and is_tuned(turn)}
        if (way.family, way.untuned.parts) == (here.family, here.untuned.parts) and score is not None:
            alike = shelf.composed(way)
            tried += [(numbers_of(alike[0]), score)] if alike else []
    idea = next_idea(found[0], tried, shelf.task.random_state + len(tuned)) if len(tuned) < _MOST_TUNED else None
    if idea is None:
        return None
    place = (_VARIATION, _OTHERS_BEFORE * (len(tuned) + 1))
    return _step(here.untuned.with_turn(idea), idea, shelf, best, place)


def _worth(experiment: Experiment, best: Experiment) -> float | None:
    """Return the score; of one that was stopped in a race the best's, less what it was behind on the folds it ran."""
    if experiment.score is not None:
        return experiment.score.mean
    if experiment.raced is None or best.score is None or len(experiment.raced.folds) >= len(best.score.folds):
        return None
    behind = [mine - folds for mine, folds in zip(best.score.folds, experiment.raced.folds, strict=False)]
    return best.score.mean - sum(behind) / len(behind)


def _places(recipes: Sequence[Recipe], turns: Sequence[Turn], *, is_drafted: bool) -> dict[str, tuple[int, int]]:
    """Return when ideas come, other things equal, by kind and number; a family's draft first, unless it was."""
    kinds: dict[int, list[str]] = {}
    for turn in turns:
        is_asked = any(recipe.encoding in turn.asked_by for recipe in recipes)
        kind = _TURN_BY_COLUMNS if _BY_TARGET.isdisjoint(turn.answers) else _TURN_BY_TARGET
        kinds.setdefault(kind if is_asked else _ANYWHERE, []).append(turn.idea)
    for number, recipe in enumerate(recipes):
        kind = _VARIATION if _BY_TARGET.isdisjoint(recipe.answers) else _RECIPE_BY_TARGET
        if number and not recipe.answers and _is_of_other_blocks(recipe, recipes[0]):
            kind = _OTHER_DRAFT
        elif number == 0 or recipe.answers == (_RARE_CLASS,):  # weights help a metric of the order of rows now and then
            kind = _ANYWHERE if number or is_drafted else _DRAFT
        kinds.setdefault(kind, []).append(recipe.idea)
    return {idea: (kind, place) for kind, ideas in kinds.items() for place, idea in enumerate(ideas)}


def _is_of_other_blocks(recipe: Recipe, draft: Recipe) -> bool:
    """Tell whether a recipe's model is made of blocks, and of others than the draft's: another library."""
    return bool(recipe.blocks) and set(recipe.blocks).isdisjoint(draft.blocks)


def _step(way: Way, idea: str, shelf: Shelf, start: Experiment | None, place: tuple[int, int]) -> _Step | None:
    found = shelf.composed(way)
    if found is None:
        return None
    recipe, turns = found
    words = turns.get(idea, recipe)  # a turned recipe keeps its words
    return _Step(
        way=way,
        idea=idea,
        answers=words.answers,
        hypothesis=words.hypothesis,
        expected=words.expected,
        recipe=recipe,
        start=start,
        place=place,
        n_inside=turns[idea].n_inside if idea in turns else 1,
    )


def _move(step: _Step, decision: Decision, shelf: Shelf, memory: Memory, *, answers: bool) -> Move:
    start = step.start or _experiment(decision, shelf)
    why = f" ({decision.reason}: {decision.code})" if answers else ""
    before = f"; it was {story}" if (story := memory.story(step.idea)) else ""
    score = start.score if start else None
    more = f": more than {score.mean:.4g} {score.scoring}" if score else ""
    return Move(
        plan=Plan(
            family=step.way.family,
            idea=step.way.idea + (CAREFUL if shelf.careful else ""),
            hypothesis=step.hypothesis + why + before,
            expected=step.expected + more,
            parent=start.number if start else None,
        ),
        recipe=step.recipe,
        careful=shelf.careful,
    )


def _has_time(step: _Step, shelf: Shelf) -> bool:
    """Tell whether a step can be done in the time that is left, by what its like took; what is unknown may try."""
    recipe, journal = step.recipe, shelf.journal
    of_family = [e for e in journal.experiments if e.plan.family == step.way.family and e.raced is None]
    alone = [
        e
        for e, way in ((e, shelf.way_of(e.plan)) for e in of_family)
        if way.base == step.way.base and AVERAGED not in way.turns
    ]
    took = [e.outcome.wall_s for e in alone if e.is_valid]
    if recipe.n_fits > 1 and alone and not took:
        return False  # what fails once fails five times
    budget = journal.started.budget if journal.started else None
    if budget is None or budget.time_limit_s is None:
        return True
    if recipe.n_fits == 1 and is_short(budget.time_limit_s):
        return True
    begun = _begun(step, shelf)
    if begun is not None and step.start is not None:  # the same and one thing more
        needed_s, n_fits = step.start.outcome.wall_s, recipe.n_fits // begun.n_fits * step.n_inside
    else:
        needed_s = min(took or [e.outcome.wall_s for e in of_family if e.is_valid], default=0.0)
        base = shelf.recipe(step.way.family, step.way.base) if alone else None
        n_fits = recipe.n_fits // (base.n_fits if base else 1)
    needed_s *= max(1, n_fits - 1)  # n fits of (n - 1) / n of the rows
    return needed_s <= experiment_wall_s(journal, budget, shelf.elapsed_s)


def _begun(step: _Step, shelf: Shelf) -> Recipe | None:
    """Return the recipe that a step adds something to, numbers apart; None where it sets out from another one."""
    here = shelf.way_of(step.start.plan) if step.start else None
    found = shelf.composed(here) if here and here.untuned.parts < step.way.parts else None
    return found[0] if found else None


def _careful(parent: Experiment, decision: Decision, shelf: Shelf) -> Move | None:
    """Return the parent's way with every number read as text, once."""
    found = shelf.composed(shelf.way_of(parent.plan))
    ideas = {(e.plan.family, e.plan.idea) for e in shelf.journal.experiments}
    if found is None or (parent.plan.family, parent.plan.idea.removesuffix(CAREFUL) + CAREFUL) in ideas:
        return None
    recipe = found[0]
    plan = Plan(
        family=parent.plan.family,
        idea=recipe.idea + CAREFUL,
        hypothesis=f"{recipe.hypothesis} ({decision.reason}: {decision.code})",
        expected=recipe.expected,
        parent=decision.parent,
    )
    return Move(plan=plan, recipe=recipe, careful=True)


def _is_open(step: _Step, tried: Collection[tuple[str, frozenset[str]]], memory: Memory) -> bool:
    is_new = (step.way.family, step.way.parts) not in tried
    return is_new and step.way.family not in memory.dropped_families and step.idea not in memory.dropped_ideas


def _is_repair(answers: Sequence[str]) -> bool:
    """Tell whether an idea is meant for crashes only."""
    return bool(answers) and all(code < _FIRST_SYMPTOM for code in answers)


def _alive(shelf: Shelf, memory: Memory) -> list[str]:
    return [family for family in shelf.recipes if family not in memory.dropped_families]


def _by_score(shelf: Shelf, memory: Memory) -> list[str]:
    """Return the families that are not given up, by their best scores; those without one last."""

    def worst_first(family: str) -> float:
        best = _best_of(family, shelf)
        return best.score.mean if best and best.score else float("-inf")

    return sorted(_alive(shelf, memory), key=worst_first, reverse=True)


def _best_of(family: str, shelf: Shelf) -> Experiment | None:
    """Return the family's experiment with the highest score; the earlier one of two equals."""
    valid = [e for e in shelf.journal.valid_experiments if e.plan.family == family]
    return max(valid, key=lambda e: (e.score.mean if e.score else float("-inf"), -e.number), default=None)


def _experiment(decision: Decision, shelf: Shelf) -> Experiment | None:
    return next((e for e in shelf.journal.experiments if e.number == decision.parent), None)


def _last(families: Sequence[str]) -> str:
    return families[-1] if families else ""
