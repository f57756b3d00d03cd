"""Octopus with one part switched off, on one data set in a process of its own, for ``benchmarks/ablation.py``.

``python benchmarks/ablation_variants.py FOLDER VARIANT TASK BUDGET SEED CORES WARM`` does what ``quality_systems.py``
does for octopus, after it has replaced what makes the part work; the product has no switch for it. It notes how many
experiments used each part, and fails where what was to be replaced is gone or the part was used all the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from octopus.journal import Journal

WHOLE = "whole"


def own(owner: Any, name: str) -> Any:
    """Return a class's or a module's own value; an ``AttributeError`` where there is none."""
    if name not in vars(owner):
        raise AttributeError(f"{owner.__name__} has no {name} any more: say in {__file__} how the part is switched off")
    return vars(owner)[name]


def replace(owner: Any, name: str, value: Any) -> None:
    """Put a value in the place of a class's or a module's own."""
    own(owner, name)
    setattr(owner, name, value)


def no_racing() -> None:
    """Let every refinement run every fold."""
    from octopus.explore import Exploration

    replace(Exploration, "_rival", lambda *_: None)


def no_blend() -> None:
    """Let one experiment ship alone; the seconds that a blend would have are kept for it all the same."""
    from octopus.explore import Exploration

    replace(Exploration, "_blend", lambda *_: None)


def no_portfolio() -> None:
    """Leave of the boosted trees the first draft and the remedies: no other library, no committee, no average."""
    from octopus.families.gbm import GradientBoosting

    leave_out(lambda turn: turn.n_fits > 1)

    every = own(GradientBoosting, "recipes")

    def few(*question: Any) -> list[Any]:
        first, *others = every(*question)
        return [first, *(recipe for recipe in others if recipe.answers)]

    replace(GradientBoosting, "recipes", few)


def no_target_encoding() -> None:
    """Leave out the turn that tells levels by means of the target; what CatBoost does within itself stays."""
    from octopus.blocks.means import TargetMeans

    leave_out(lambda turn: TargetMeans.__name__ in turn.blocks)


def leave_out(is_out: Callable[[Any], bool]) -> None:
    """Leave out the turns of which this is true."""
    from octopus.scientists.playbook import ways

    every = own(ways, "turns_for")

    def without(*question: Any) -> tuple[Any, ...]:
        return tuple(turn for turn in every(*question) if not is_out(turn))

    replace(ways, "turns_for", without)


def no_tuning() -> None:
    """Leave the numbers of every recipe as they are."""
    from octopus.scientists.playbook import moves

    replace(moves, "next_idea", lambda *_: None)


def no_networks() -> None:
    """Let no neural network take part."""
    from octopus.families.neural import Neural

    replace(Neural, "reason_against", lambda *_: "switched off")


def no_patience() -> None:
    """Stop after as many refinements without a gain as a search without a time limit."""
    from octopus.effects import PATIENCE
    from octopus.stages import decide

    replace(decide, "_PATIENCE_WITH_TIME", PATIENCE)
    replace(decide, "_PATIENT_S", 0.0)


#: Variant -> what switches its part off.
VARIANTS: dict[str, Callable[[], None]] = {
    WHOLE: lambda: None,
    "no racing": no_racing,
    "no blend": no_blend,
    "no portfolio": no_portfolio,
    "no target encoding": no_target_encoding,
    "no tuning": no_tuning,
    "no networks": no_networks,
    "no patience": no_patience,
}


def used(journal: Journal) -> dict[str, int]:
    """Return how many experiments used the part that a variant is without; patience is not told by experiments."""
    alone = [e for e in journal.experiments if e.decision.action != "blend"]
    boosted = [e.script.source for e in alone if e.plan.family == "gbm"]
    return {
        "no racing": sum(e.raced is not None for e in alone),
        "no blend": len(journal.experiments) - len(alone),
        "no portfolio": sum(
            any(f"class {block}" in one for block in ("CatBoosted", "XGBoosted", "Committee")) for one in boosted
        ),
        "no target encoding": sum("TargetMeans([" in e.script.source for e in alone),
        "no tuning": sum("tuned to " in e.plan.idea for e in alone),
        "no networks": sum(e.plan.family == "neural" for e in alone),
    }


def main(arguments: list[str]) -> None:
    """Switch the part off, fit, predict and write down."""
    folder, variant, *others = arguments
    systems = _beside("quality_systems")

    def fit(rows: dict[str, Any], task: str, budget: float, seed: int, folder: Path) -> Any:
        VARIANTS[variant]()
        predict, classes, said = systems.octopus(rows, task, budget, seed, folder)
        from octopus import read_journal

        counts = used(read_journal(folder / "run"))
        if counts.get(variant):
            raise RuntimeError(f"{variant}: {counts[variant]} experiments used it all the same")
        return predict, classes, said | {"used": counts}

    systems.SYSTEMS["octopus"] = fit
    systems.main([folder, "octopus", *others])


def _beside(name: str) -> ModuleType:
    """Return a module of this folder, which is not on the path."""
    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(sys.argv[1:])
