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
from octopus.journal import Journal
from octopus.predictions import PredictionStore
from octopus.records import Budget, Decision, ModelCall, ModelCalled, NotBlended, Usage
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


@pytest.mark.parametrize(
    ("is_refused", "is_led", "was_over", "goes_on"),
    [
        (True, False, True, True),
        (True, False, False, True),  # the playbook may have wished to stop because its next step was too long
        (True, True, True, True),
        (True, True, False, False),  # a model that wished to stop is not asked again
        (False, False, True, False),
    ],
)
def test_a_refused_blend_gives_its_time_back(
    tmp_path: Path, is_refused: bool, is_led: bool, was_over: bool, goes_on: bool
) -> None:
    search = _exploration(tmp_path, {})
    call = ModelCall(kind="step", backend="b", model="m", messages=(), reply="", status="ok", usage=Usage(), wall_s=0.1)
    when: dict[str, Any] = {"at": "t", "elapsed_s": 2.0}
    events = list(search.run.journal.events)
    events += [ModelCalled(**when, call=call)] if is_led else []
    events += [NotBlended(**when, members=(), reason="no gain")] if is_refused else []
    search.run = cast("Any", SimpleNamespace(journal=Journal(events=tuple(events))))
    assert search._has_time_again(was_over=was_over) is goes_on


def test_what_is_tried_in_the_time_of_a_refused_blend_is_blended_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, done = _exploration(tmp_path, {}), list[str]()
    search.run = cast("Any", SimpleNamespace(journal=search.run.journal, asked_to_stop=lambda: ""))
    search.parts = cast("Any", SimpleNamespace(scientist=None))

    def refuse() -> None:
        done.append("blend")
        refused = NotBlended(at="t", elapsed_s=2.0, members=(), reason="no gain")
        search.run.journal = search.run.journal.with_event(refused)  # type: ignore[misc]

    def tried() -> Decision:
        done.append("search")
        return Decision(action="stop", reason=f"after {len(done)}")

    monkeypatch.setattr(search, "_blend", refuse)
    monkeypatch.setattr(search, "_explore", tried)
    monkeypatch.setattr("octopus.explore.write_calls", lambda *_: None)
    assert search.explore().reason == "after 3"
    assert done == ["search", "blend", "search", "blend"]
