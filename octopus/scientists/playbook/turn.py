"""A turn: an idea that changes a recipe of any family."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from octopus.protocols import Encoding, Recipe

#: What joins the idea of a recipe and the turns that it took.
JOINED = " + "
#: A number in the source of a model.
NUMBER = r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\w.])"
#: Every encoding, that of lines, those of trees, and none.
ALL: frozenset[Encoding] = frozenset({"one_hot", "native", "ordinal"})
LINES: frozenset[Encoding] = frozenset({"one_hot"})
TREES: frozenset[Encoding] = frozenset({"native", "ordinal"})
NONE: frozenset[Encoding] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Turn:
    """An idea that changes a recipe.

    Parameters
    ----------
    idea, hypothesis, expected : str
        As of a recipe.
    answers : tuple of str
        Codes of the diagnoses that it is a remedy for.
    asked_by : frozenset of str
        Encodings whose models columns or metric ask it of; with others it is worth a try after the family's own ideas.
    encodings : frozenset of str
        Encodings that it fits.
    steps : tuple of str
        Transformers to add.
    around : str
        What stands around the model, with ``{model}`` in its place; empty for nothing.
    imports, blocks : tuple of str
        What both need.
    without : tuple of str
        Columns to leave out.
    whole_texts : bool
        Whether texts must come as they are.
    numbers : mapping of str to float
        What takes the place of the recipe's tunable numbers.
    n_fits : int
        How many models it makes of one; more than one of those that are fitted once and tunable alone, and before any
        other turn: what stands around a model stands around their average.
    n_inside : int
        How many times what stands inside is fitted anew.
    """

    idea: str
    hypothesis: str
    expected: str
    answers: tuple[str, ...] = ()
    asked_by: frozenset[Encoding] = ALL
    encodings: frozenset[Encoding] = ALL
    steps: tuple[str, ...] = ()
    around: str = ""
    imports: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    whole_texts: bool = False
    numbers: Mapping[str, float] = field(default_factory=dict)
    n_fits: int = 1
    n_inside: int = 1


def turned(recipe: Recipe, turn: Turn) -> Recipe | None:
    """Return a recipe with a turn; None where they do not fit.

    Parameters
    ----------
    recipe : Recipe
        As a family offers it, or turned before.
    turn : Turn
        What to change.

    Returns
    -------
    Recipe or None
        With the turn's idea joined to its own.
    """
    if recipe.encoding not in turn.encodings or (turn.n_fits > 1 and (recipe.n_fits > 1 or not recipe.tunable)):
        return None
    return msgspec.structs.replace(
        recipe,
        idea=f"{recipe.idea}{JOINED}{turn.idea}",
        model=_changed(recipe, turn),
        steps=(*recipe.steps, *turn.steps),
        imports=(*recipe.imports, *turn.imports),
        blocks=(*recipe.blocks, *turn.blocks),
        without=(*recipe.without, *turn.without),
        whole_texts=recipe.whole_texts or turn.whole_texts,
        n_fits=recipe.n_fits * turn.n_fits,
    )


def number_words(value: float) -> str:
    """Return a number as a source and an idea have it, a whole one without a point."""
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def _changed(recipe: Recipe, turn: Turn) -> str:
    """Return the source of the model with the turn's numbers, and with what stands around it."""
    model = recipe.model
    for one in recipe.tunable:
        if one.name in turn.numbers:
            told = number_words(turn.numbers[one.name])
            model = re.sub(rf"(\b{one.name}(?:=|\": )){NUMBER}", rf"\g<1>{told}", model)
    return turn.around.format(model=model) if turn.around else model
