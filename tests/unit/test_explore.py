"""What a search knows beside its journal: whose errors differ most where a family is saturated."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import numpy as np
import pandas as pd
import pytest

from octopus.dataset import Dataset
from octopus.explore import Exploration
from octopus.intervals import FOLDER
from octopus.predictions import PredictionStore
from octopus.records import Budget, Decision
from octopus.testing.examples import example_task
from tests.strategies import journal_of, valid

RNG = np.random.default_rng(0)
Y, SHARED, OWN, OTHER = RNG.normal(size=(4, 500))
#: The best, the same once more, one that errs like it, one that errs elsewhere, and one of no family that takes part.
TOLD = {1: Y + SHARED, 2: Y + SHARED + 0.1 * OWN, 3: Y + SHARED + 0.5 * OWN, 4: Y + OTHER, 5: Y - SHARED}
FAMILIES = ("gbm", "gbm", "forest", "linear", "unheard of")


def _exploration(folder: Path, kept: dict[int, Any]) -> Exploration:
    tried = [valid(n, family, (1.0 - 0.1 * n,) * 5) for n, family in enumerate(FAMILIES, start=1)]
    for number, predictions in kept.items():
        PredictionStore(folder / FOLDER).save(number, predictions)
    train = Dataset(table=pd.DataFrame({"x": Y}), y=Y, row_ids=np.arange(500, dtype=np.int64))
    parts = SimpleNamespace(families=[SimpleNamespace(name=name) for name in FAMILIES[:4]])
    run = SimpleNamespace(journal=journal_of(tried), file=SimpleNamespace(path=folder / "journal.jsonl"))
    return Exploration(
        example_task("regression"),
        cast("Any", parts),
        cast("Any", SimpleNamespace(train=train)),
        Budget(),
        cast("Any", run),
    )


SATURATED = Decision(action="improve", reason="the family is saturated", parent=1, code="OCT608")


def test_where_a_family_is_saturated_the_one_that_differs_most_is_named(tmp_path: Path) -> None:
    told = _exploration(tmp_path, TOLD)._with_families_apart(SATURATED)
    assert told.apart == ("linear", "forest")
    assert told.reason.startswith("the family is saturated: the errors of linear differ most, correlation ")
    assert msgspec.structs.replace(told, apart=(), reason=SATURATED.reason) == SATURATED


@pytest.mark.parametrize("kept", [{}, {1: TOLD[1]}, {3: TOLD[3], 4: TOLD[4]}])
def test_without_predictions_nothing_is_said(tmp_path: Path, kept: dict[int, Any]) -> None:
    assert _exploration(tmp_path, kept)._with_families_apart(SATURATED) == SATURATED


def test_other_symptoms_ask_for_no_other_family(tmp_path: Path) -> None:
    other = msgspec.structs.replace(SATURATED, code="OCT602")
    assert _exploration(tmp_path, TOLD)._with_families_apart(other) == other
