"""Small real plug-ins for the tests of plug-in authors, and for our own."""

from __future__ import annotations

from dataclasses import dataclass

from octopus.protocols import Recipe
from octopus.records import Profile, Task


@dataclass(frozen=True)
class OneRecipe:
    """A family with a single recipe that always applies: a way to run a script of one's own through the whole loop.

    Parameters
    ----------
    recipe : Recipe
        What it offers.
    name : str
        Its name.
    imports : tuple of str
        Modules that the zygote loads for it.
    """

    recipe: Recipe
    name: str = "one_recipe"
    imports: tuple[str, ...] = ("sklearn.dummy",)

    def reason_against(self, task: Task, profile: Profile) -> str | None:  # noqa: ARG002
        """Return None: it always applies."""
        return None

    def recipes(self, task: Task, profile: Profile) -> tuple[Recipe, ...]:  # noqa: ARG002
        """Return the recipe."""
        return (self.recipe,)
