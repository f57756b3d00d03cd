"""Local search: other numbers for the best recipe, near those that it has, chosen by Optuna from what was tried."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence

from octopus.protocols import Recipe, Tunable
from octopus.scientists.playbook.turn import JOINED, NUMBER, Turn, number_words

#: What an idea that tells numbers opens with.
TUNED = "tuned to "
#: How many times as large or as small as it is a number may become.
_NEAR = 3.0
#: Numbers that are tried at random before what came of them says where to look.
_AT_RANDOM = 4
#: Attempts to be told numbers that were not tried yet.
_ATTEMPTS = 8
#: Significant digits: more would be noise.
_DIGITS = 2
_TOLD = re.compile(rf"{TUNED}\w+ {NUMBER}(, \w+ {NUMBER})*")
Numbers = Mapping[str, float]


def is_tuned(idea: str) -> bool:
    """Return whether an idea tells numbers and nothing else."""
    return _TOLD.fullmatch(idea) is not None


def tuned_part(text: str) -> str:
    """Return the idea that tells numbers with which a joined text opens; empty where there is none."""
    part = text.split(JOINED, maxsplit=1)[0]
    return part if is_tuned(part) else ""


def tuned_turn(idea: str) -> Turn:
    """Return the turn of an idea that tells numbers.

    Parameters
    ----------
    idea : str
        As :func:`next_idea` makes it and a journal keeps it.

    Returns
    -------
    Turn
        That puts them in the place of a recipe's.
    """
    told = idea.removeprefix(TUNED)
    return Turn(
        idea=idea,
        hypothesis=f"{told}: near what is best so far, where Optuna expects more by what was tried "
        "(tree-structured Parzen estimator, Bergstra et al., 2011, NeurIPS)",
        expected="a little gain",
        numbers={name: float(value) for name, value in (pair.rsplit(" ", 1) for pair in told.split(", "))},
    )


def numbers_of(recipe: Recipe) -> dict[str, float]:
    """Return the numbers of a recipe's model that may be tuned, as its source has them."""
    names = [one.name for one in recipe.tunable if one.name.isidentifier()]
    found = {name: re.search(rf"\b{name}(?:=|\": ){NUMBER}", recipe.model) for name in names}
    return {name: float(match.group(1)) for name, match in found.items() if match}


def next_idea(recipe: Recipe, tried: Sequence[tuple[Numbers, float]], seed: int) -> str | None:
    """Return the idea that tells which numbers are next.

    Parameters
    ----------
    recipe : Recipe
        With the best numbers so far.
    tried : sequence of (mapping of str to float, float)
        Numbers and what they scored, larger is better.
    seed : int
        Of the search; the same seed after the same trials gives the same idea.

    Returns
    -------
    str or None
        None where the recipe has nothing to tune, or nothing new is found.
    """
    best = numbers_of(recipe)
    spaces = {one.name: one for one in recipe.tunable if one.name in best}
    if not spaces:
        return None
    known = [dict(numbers) for numbers, _ in tried]
    for numbers in _asked(spaces, best, tried, seed):
        if numbers != best and numbers not in known:
            return TUNED + ", ".join(f"{name} {number_words(value)}" for name, value in numbers.items())
    return None


def _asked(
    spaces: Mapping[str, Tunable], best: Numbers, tried: Sequence[tuple[Numbers, float]], seed: int
) -> Iterator[dict[str, float]]:
    """Yield what Optuna suggests, a few times."""
    import optuna
    from optuna.distributions import FloatDistribution, IntDistribution
    from optuna.trial import create_trial

    near: dict[str, FloatDistribution | IntDistribution] = {}
    for name, one in spaces.items():
        low, high = max(one.low, best[name] / _NEAR), min(one.high, best[name] * _NEAR)
        if one.is_whole and math.ceil(low) < math.floor(high):
            near[name] = IntDistribution(math.ceil(low), math.floor(high), one.is_log)
        elif not one.is_whole and low < high:
            near[name] = FloatDistribution(low, high, one.is_log)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(seed=seed % 2**32, multivariate=True, n_startup_trials=_AT_RANDOM)
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for numbers, score in tried:
            if near.keys() <= numbers.keys():
                inside = {name: min(max(numbers[name], one.low), one.high) for name, one in near.items()}
                study.add_trial(create_trial(params=inside, distributions=dict(near), value=score))
        for _ in range(_ATTEMPTS):
            asked = study.ask(dict(near)).params
            yield {
                **best,
                **{name: _within(float(f"{value:.{_DIGITS}g}"), spaces[name]) for name, value in asked.items()},
            }
    finally:
        optuna.logging.set_verbosity(before)


def _within(value: float, one: Tunable) -> float:
    """Return a rounded number between the bounds that it had before it was rounded."""
    return min(max(value, one.low), one.high)
