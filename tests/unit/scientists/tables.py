"""A table that asks for every turn, and the scripts that are written for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec
import numpy as np
import pandas as pd

from octopus.families.forest import Forest
from octopus.families.gbm import GradientBoosting
from octopus.families.linear import Linear
from octopus.journal import Journal
from octopus.protocols import Recipe
from octopus.records import Finding, NumericSummary, Plan, Profile, Task
from octopus.scientists.playbook.moves import Move
from octopus.scientists.playbook.turn import Turn, turned
from octopus.scientists.playbook.turns import turns_for
from octopus.scientists.playbook.writer import write_script
from tests.unit.families.test_recipes import KINDS, N_ROWS, nasty_table, profile_of, target_of, task_of

FAMILIES = {"one_hot": Linear(), "ordinal": Forest(), "native": GradientBoosting()}
SCORING = {"binary": "f1", "multiclass": "neg_log_loss", "regression": "neg_mean_absolute_error"}
#: Columns that the errors of an experiment depend on, of which one has a name that wants to be code.
NOTICED = ("size", "in\ncome")
_KINDS = {**KINDS, "many": "categorical", "in\ncome": "numeric", "coded": "numeric", "spelled": "categorical"}
#: Trees of the families and of these tests.
_SMALLER = {"n_estimators=2000": "n_estimators=12", "n_estimators=200": "n_estimators=4"}


def rich_table() -> pd.DataFrame:
    """Return the unfriendly table with many levels, a long tail, codes for missing and labels in several spellings."""
    rng = np.random.default_rng(5)
    table = nasty_table()
    table["many"] = pd.Series([f"m{i}" for i in rng.integers(0, 30, N_ROWS)], dtype=object)
    table["in\ncome"] = rng.lognormal(3, 2, N_ROWS)
    table["coded"] = np.where(rng.random(N_ROWS) < 0.1, -999.0, rng.normal(20, 3, N_ROWS))
    table["spelled"] = pd.Series(rng.choice(["Yes", "yes ", " YES", "No", "no", "perhaps"], N_ROWS), dtype=object)
    return table


@cache
def question(task_type: str, scoring: str | None = None) -> tuple[Task, Profile, np.ndarray]:
    """Return a task, the profile of the table and the target."""
    table = rich_table()
    y, target = target_of(task_type, table)
    n_classes = 0 if task_type == "regression" else len(np.unique(y))
    task = task_of(task_type, scoring or SCORING[task_type], n_classes, list(table))
    profile = profile_of(table, _KINDS, target)
    numeric = NumericSummary(mean=99, std=500, minimum=0.01, median=20, maximum=9000, skew=9.0)
    changes = {
        "size": {"signal": 0.6},
        "in\ncome": {"numeric": numeric, "signal": 0.2},
        "coded": {"missing_codes": (-999.0,), "signal": 0.001},
        "spelled": {"respelled": True, "signal": 0.0},
    }
    columns = tuple(
        msgspec.structs.replace(c, **{"signal": 0.1, **changes.get(c.name, {})}) if c.used else c
        for c in profile.columns
    )
    weak = {"code": "OCT721", "message": "knows the answer.", "evidence": "", "confidence": "weak", "action": "noted"}
    drift = {**weak, "code": "OCT726"}
    findings = (Finding(columns=("flag",), **weak), Finding(columns=("store", "gone"), **drift))
    task = msgspec.structs.replace(task, time="day")
    return task, msgspec.structs.replace(profile, columns=columns, findings=findings), y


def turns_of(task: Task, profile: Profile) -> dict[str, Turn]:
    return {turn.idea: turn for turn in turns_for(task, profile, NOTICED, {"OCT615"})}


def draft(encoding: str, task: Task, profile: Profile) -> Recipe:
    """Return the first recipe of the family with this encoding, its model made small."""
    recipe = FAMILIES[encoding].recipes(task, profile)[0]
    model = recipe.model
    for long, short in _SMALLER.items():
        model = model.replace(long, short)
    return msgspec.structs.replace(recipe, model=model)


def taken(recipe: Recipe, turns: Sequence[Turn]) -> Recipe | None:
    """Return a recipe after these turns; None where one does not fit."""
    found: Recipe | None = recipe
    for turn in turns:
        found = turned(found, turn) if found else None
    return found


def composed(encoding: str, ideas: Sequence[str], task: Task, profile: Profile) -> Recipe | None:
    """Return the draft after the turns of these ideas, which are those of the columns that are left."""
    turns = turns_of(task, profile)
    left_out = {name for idea in ideas for name in turns[idea].without}
    columns = tuple(msgspec.structs.replace(c, used=c.used and c.name not in left_out) for c in profile.columns)
    left = msgspec.structs.replace(profile, columns=columns)
    known = {idea: turn for idea, turn in turns.items() if turn.without} | turns_of(task, left)
    recipe = draft(encoding, task, left)
    return taken(recipe, [known[idea] for idea in ideas]) if set(ideas) <= set(known) else None


def written(recipe: Recipe, family: str, task: Task, profile: Profile, *, careful: bool = False) -> str:
    """Return the source of a recipe's script."""
    plan = Plan(family=family, idea=recipe.idea, hypothesis=recipe.hypothesis, expected=recipe.expected)
    move = Move(plan=plan, recipe=recipe, careful=careful)
    return write_script(move, task, profile, Journal(events=())).source
