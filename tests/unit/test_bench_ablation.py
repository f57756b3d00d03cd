"""What each part is worth: each variant lacks its part, differences in shares of a gain, and their table."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import ablation, ablation_variants, quality
from benchmarks.ablation_variants import VARIANTS, WHOLE
from benchmarks.quality import Job
from benchmarks.quality_sets import BY_NAME
from octopus import AutonomousRegressor
from octopus.effects import PATIENCE
from octopus.explore import Exploration
from octopus.families.gbm import GradientBoosting
from octopus.families.neural import Neural
from octopus.journal import Journal
from octopus.records import Budget, SearchStopped
from octopus.scientists.playbook import moves, ways
from octopus.stages import decide
from tests.strategies import journal_of, valid
from tests.unit.scientists.journals import Run, column, improve, profile, task

#: Variant -> what it replaces.
REPLACED: dict[str, tuple[Any, str]] = {
    "no racing": (Exploration, "_rival"),
    "no blend": (Exploration, "_blend"),
    "no portfolio": (GradientBoosting, "recipes"),
    "no target encoding": (ways, "turns_for"),
    "no tuning": (moves, "next_idea"),
    "no networks": (Neural, "reason_against"),
    "no patience": (decide, "_PATIENCE_WITH_TIME"),
}


@pytest.fixture
def off() -> Any:
    """Return what switches variants off until the test is over."""
    with pytest.MonkeyPatch.context() as patch:
        yield _switch(patch)


def _switch(patch: pytest.MonkeyPatch) -> Callable[..., None]:
    def switch(*variants: str) -> None:
        for variant in variants:
            owner, name = REPLACED[variant]
            for one, its in ((owner, name), (ways, "turns_for"), (decide, "_PATIENT_S")):
                patch.setattr(one, its, getattr(one, its))  # so that it comes back
            VARIANTS[variant]()

    return switch


def row(name: str, variant: str, score: float | None, seed: int = 0, **more: Any) -> dict[str, Any]:
    return {"set": name, "seed": seed, "budget": 60.0, "variant": variant, "score": score, "constant": 0.5,
            "wall_s": 60.0, "n_experiments": 9, "winner": "blend", "machine": "small", **more}  # fmt: skip


def test_every_variant_but_the_whole_replaces_something() -> None:
    assert list(VARIANTS) == [WHOLE, *REPLACED]


@pytest.mark.parametrize("variant", list(REPLACED))
def test_a_variant_fails_where_what_it_replaces_is_gone(variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name = REPLACED[variant]
    monkeypatch.delattr(owner, name)
    with pytest.raises(AttributeError, match=f"has no {name} any more"):
        VARIANTS[variant]()


def test_the_portfolio_leaves_the_draft_and_the_remedies(off: Callable[..., None]) -> None:
    every = GradientBoosting().recipes(task(), profile())
    off("no portfolio")
    left = GradientBoosting().recipes(task(), profile())
    assert left == [every[0], *(recipe for recipe in every[1:] if recipe.answers)]
    assert 1 < len(left) < len(every)


def test_target_encoding_leaves_the_other_turns(off: Callable[..., None]) -> None:
    known = profile(column("shop", "categorical", levels=500), column("size"))
    every = [turn.idea for turn in ways.turns_for(task("neg_log_loss"), known)]
    off("no target encoding")
    left = [turn.idea for turn in ways.turns_for(task("neg_log_loss"), known)]
    assert left == [idea for idea in every if idea != "target means of many levels"]
    assert len(left) == len(every) - 1 > 0


def test_without_networks_their_family_takes_no_part(off: Callable[..., None]) -> None:
    tried = journal_of([valid(1, "linear", (0.8, 0.8)), valid(2, "neural", (0.8, 0.8))], families=("linear", "neural"))
    assert ablation_variants.used(tried)["no networks"] == 1
    off("no networks")
    assert Neural().reason_against(task(), profile()) == "switched off"


def test_without_tuning_numbers_stay_as_they_are(off: Callable[..., None]) -> None:
    def tuned() -> int:
        run = Run().drafted(0.8, 0.85, 0.9)
        run.until_stopped(lambda _: improve(None, 3), lambda _: 0.88)
        return ablation_variants.used(run.journal)["no tuning"]

    assert tuned() > 0
    off("no tuning")
    assert tuned() == 0


def test_without_patience_the_search_stops_as_without_a_limit(off: Callable[..., None]) -> None:
    tried = [valid(1, "linear", (0.8, 0.8)), valid(2, "gbm", (0.8, 0.8))]
    tried += [valid(number, "linear", (0.8, 0.8)) for number in range(3, 3 + PATIENCE)]
    journal, limited = journal_of(tried, families=("linear", "gbm")), Budget(time_limit_s=1000.0)
    assert decide.decide(journal, limited).action == "improve"
    off("no patience")
    assert decide.decide(journal, limited).action == "stop"


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Journal]:
    """Return the journals of the whole, of no racing and no blend, and of the others off."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd"))
    shops = rng.integers(20, size=300)
    corner = np.where((X["a"] > 0) & (X["b"] > 0), 3.0, 0.0)
    y = X.sum(axis=1) + corner + 2 * rng.normal(size=20)[shops] + rng.normal(scale=0.3, size=300)
    X["shop"] = [f"shop {shop}" for shop in shops]
    found = {}
    groups: dict[str, tuple[str, ...]] = {
        "whole": (),
        "ends": ("no racing", "no blend"),
        "ideas": ("no portfolio", "no target encoding", "no tuning", "no networks", "no patience"),
    }
    for name, variants in groups.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(decide, "_PATIENCE_WITH_TIME", 7)  # as soon as everything was seen
            patch.setattr(decide, "_PATIENT_S", 0.0)
            _switch(patch)(*variants)
            found[name] = (
                AutonomousRegressor(
                    families=["linear", "gbm"], sandbox="process", tracker=None, cv=3, n_jobs=2,
                    random_state=0, time_limit=300, run_dir=tmp_path_factory.mktemp(name) / "run",
                ).fit(X, y).journal_
            )  # fmt: skip
    return found


@pytest.mark.slow
def test_each_variants_journal_lacks_its_part(journals: dict[str, Journal]) -> None:
    pytest.importorskip("catboost", reason="the portfolio of this size needs another library")
    used = {name: ablation_variants.used(journal) for name, journal in journals.items()}
    assert all(n > 0 for part, n in used["whole"].items() if part not in ("no networks", "no tuning")), used
    assert used["ends"]["no racing"] == used["ends"]["no blend"] == 0
    assert used["ends"]["no portfolio"] > 0
    assert used["ends"]["no target encoding"] > 0
    assert used["ideas"]["no portfolio"] == used["ideas"]["no target encoding"] == used["ideas"]["no tuning"] == 0
    reasons = {
        name: event.decision.reason
        for name, of in journals.items()
        for event in of.events
        if isinstance(event, SearchStopped)
    }
    assert reasons["ideas"].startswith(f"{PATIENCE} experiments without a gain"), reasons
    assert reasons["whole"].startswith("7 experiments without a gain"), reasons


@pytest.mark.slow
def test_what_was_stopped_in_the_race_runs_every_fold_without_it(journals: dict[str, Journal]) -> None:
    raced = next(e for e in journals["whole"].experiments if e.raced is not None)
    same = next(e for e in journals["ends"].experiments if e.plan.idea == raced.plan.idea)
    assert raced.score is None
    assert same.score is not None


def test_a_variant_runs_in_its_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is found and told the variant; that it does not know one is a row with the reason."""
    told: list[dict[str, Any]] = []
    child, python = quality.CHILD, quality._python
    ablation.run([Job(BY_NAME["diabetes"], 0, 1.0, "no such variant")], 1, told.append)
    assert told[0]["variant"] == "no such variant"
    assert "KeyError: 'no such variant'" in told[0]["failure"]
    assert "system" not in told[0]
    assert (quality.CHILD, quality._python) == (child, python)


def test_no_run_begins_when_the_time_is_over() -> None:
    told: list[dict[str, Any]] = []
    began = time.monotonic()
    ablation.run([Job(BY_NAME["diabetes"], 0, 1.0, WHOLE)], 1, told.append, stop_after=-1.0)
    assert not told
    assert time.monotonic() - began < 1.0


def test_the_constant_is_what_the_gain_starts_from() -> None:
    assert ablation.constant("mroz", 0) == pytest.approx(0.5)
    assert ablation.constant("diabetes", 0) < -50
    assert ablation.constant("health", 0) < 0


def test_differences_are_shares_of_what_the_whole_gains() -> None:
    rows = [row("one", WHOLE, 0.9, used={"no blend": 1}), row("one", "no blend", 0.8)]
    rows += [row("two", WHOLE, 0.7, used={"no blend": 0}), row("two", "no blend", 0.71)]
    rows += [row("three", WHOLE, 0.7), row("three", "no blend", 0.700001)]
    of = ablation.summary_of(rows)["60"]["variants"]["no blend"]
    assert of["by_set"] == {"one": -0.25, "two": 0.05, "three": 0.0}
    assert of["difference"] == pytest.approx(-0.2 / 3, abs=1e-4)
    assert of["interval"][0] <= of["difference"] <= of["interval"][1]
    assert (of["wins"], of["ties"], of["losses"], of["n_sets"], of["in_play"]) == (1, 1, 1, 3, 1)


def test_seeds_of_a_set_count_once_and_failures_as_the_constant() -> None:
    rows = [row("one", WHOLE, 0.9), row("one", "no blend", None)]
    for seed in range(2):
        rows += [row("two", WHOLE, 0.9, seed), row("two", "no blend", 0.7 + seed * 0.2, seed)]
    of = ablation.summary_of(rows)["60"]["variants"]["no blend"]
    assert of["by_set"] == {"one": -1.0, "two": -0.25}
    assert (of["failures"], of["n_sets"]) == (1, 2)


def test_cells_without_a_gain_of_the_whole_are_left_out() -> None:
    rows = [row("one", WHOLE, 0.5), row("one", "no blend", 0.6), row("two", "no blend", 0.6), row("six", WHOLE, None)]
    of = ablation.summary_of(rows)["60"]
    assert (of["n_cells"], of["left_out"]) == (0, 3)
    assert of["variants"]["no blend"]["difference"] is None
    assert "| no blend | – | – | 0 |" in ablation.markdown({"60": of})


def test_the_table_names_every_variant_in_its_order() -> None:
    rows = [row("one", variant, 0.9 if variant == WHOLE else 0.8) for variant in reversed(VARIANTS)]
    text = ablation.markdown(ablation.summary_of(rows))
    lines = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines() if line.startswith("| ")]
    assert lines[2:] == list(VARIANTS)
    assert "| no racing | -0.2500 [-0.2500, -0.2500] | 0, 0, 1 | 1 |" in text


def test_rows_from_elsewhere_are_merged_without_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here, elsewhere = tmp_path / "here.json", tmp_path / "elsewhere.json"
    ablation.write(here, [row("one", WHOLE, 0.9), row("one", "no blend", 0.8)])
    ablation.write(elsewhere, [row("one", "no blend", 0.85, machine="large"), row("two", WHOLE, 0.9)])
    ablation.main(["--merge", str(elsewhere), "--output", str(here)])
    result = json.loads(here.read_text(encoding="utf-8"))
    assert [(r["set"], r["variant"], r["score"]) for r in result["rows"]] == [
        ("one", "no blend", 0.85), ("one", WHOLE, 0.9), ("two", WHOLE, 0.9),
    ]  # fmt: skip
    assert result["machines"] == ["large", "small"]
    assert "| no blend | -0.1250" in capsys.readouterr().out


def test_an_unknown_variant_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no such variant: no luck; there are whole, no racing"):
        ablation.main(["--variants", "no luck", "--output", str(tmp_path / "none.json")])
