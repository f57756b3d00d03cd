"""Ranks, normalised scores, wins, time, memory and failures of ``benchmarks/quality.py``, and their table.

``python -m benchmarks.quality_table`` prints ``benchmarks/results/quality.json`` as Markdown. A *cell* is a data set
with a seed; only cells in which every system of the budget has a row take part. A failed system has the last rank and
a normalised score of zero. Normalised: in each cell the worst system that has a score is 0 and the best is 1. Cells of
one data set are averaged first, so that sets with more seeds weigh no more; the intervals are 95 % bootstrap intervals
over data sets.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.record import RESULTS

RESAMPLES = 2000
NORMALISED = "per set and seed: the worst system with a score = 0, the best = 1, failed = 0; sets weigh the same"
Row = Mapping[str, Any]


def ranks(scores: Mapping[str, float | None]) -> dict[str, float]:
    """Return the rank of each system, 1 the best; ties share their mean rank and the failed the last ones."""
    values = {system: -np.inf if score is None else score for system, score in scores.items()}
    return {
        system: 1 + sum(other > value for other in values.values())
        + (sum(other == value for other in values.values()) - 1) / 2
        for system, value in values.items()
    }  # fmt: skip


def normalised(scores: Mapping[str, float | None]) -> dict[str, float]:
    """Return the scores between the worst (0) and the best (1); all 1 where all are alike; failed 0."""
    known = [score for score in scores.values() if score is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    return {
        system: 0.0 if score is None else 1.0 if high == low else (score - low) / (high - low)
        for system, score in scores.items()
    }


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean of one value per data set."""
    rng = np.random.default_rng(seed)
    draws = rng.choice(np.asarray(values, dtype=float), size=(RESAMPLES, len(values)))
    low, high = np.percentile(draws.mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def summary_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Return for each budget what the systems are worth: mean_rank, normalised, wins, time, memory, failures."""
    budgets = sorted({row["budget"] for row in rows})
    return {f"{budget:g}": _of_budget([row for row in rows if row["budget"] == budget]) for budget in budgets}


def markdown(summary: Mapping[str, Any]) -> str:
    """Return the summary as one Markdown table per budget."""
    lines = [f"Normalised {NORMALISED}. Brackets: 95 % bootstrap interval over data sets."]
    for budget, of in summary.items():
        lines += [
            "", f"**{budget} s** ({of['n_sets']} sets, {of['n_cells']} cells, {of['incomplete']} incomplete)", "",
            "| system | mean rank | normalised | wins | seconds | peak GB | failures |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]  # fmt: skip
        lines += [
            f"| {system} | {of['mean_rank'][system]:.2f} {_bracket(of['mean_rank_interval'][system])} "
            f"| {of['normalised'][system]:.3f} {_bracket(of['normalised_interval'][system])} | {of['wins'][system]:g} "
            f"| {_number(of['mean_s'][system])} | {_number(of['peak_gb'][system])} | {of['failures'][system]} |"
            for system in sorted(of["mean_rank"], key=of["mean_rank"].get)
        ]
    return "\n".join(lines)


def main() -> None:
    """Print the table of the result that is there."""
    rows = json.loads((RESULTS / "quality.json").read_text(encoding="utf-8"))["rows"]
    print(markdown(summary_of(rows)))


def _of_budget(rows: Sequence[Row]) -> dict[str, Any]:
    systems = sorted({row["system"] for row in rows})
    cells: dict[tuple[str, int], dict[str, float | None]] = defaultdict(dict)
    for row in rows:
        cells[row["set"], row["seed"]][row["system"]] = row["score"]
    full = {key: scores for key, scores in cells.items() if len(scores) == len(systems)}
    sets = sorted({name for name, _ in full})
    of: dict[str, Any] = {"n_sets": len(sets), "n_cells": len(full), "incomplete": len(cells) - len(full)}
    of |= {"normalised_by": NORMALISED, "failures": _failures(rows, systems)}
    of |= {"mean_s": _mean(rows, systems, "wall_s"), "peak_gb": _mean(rows, systems, "peak_gb")}
    of |= {name: {} for name in ("mean_rank", "mean_rank_interval", "normalised", "normalised_interval", "wins")}
    of["by_set"] = {name: {} for name in sets}
    if not sets:
        return of
    ranked = {key: ranks(scores) for key, scores in full.items()}
    scaled = {key: normalised(scores) for key, scores in full.items()}
    for system in systems:
        for name, cell in (("mean_rank", ranked), ("normalised", scaled)):
            values = [_over_seeds(cell, one, system) for one in sets]
            of[name][system] = round(float(np.mean(values)), 4)
            of[f"{name}_interval"][system] = [round(end, 4) for end in interval(values)]
        of["wins"][system] = sum(1 for one in ranked.values() if one[system] == min(one.values()))
        for one in sets:
            of["by_set"][one][system] = round(_over_seeds(scaled, one, system), 4)
    return of


def _over_seeds(cells: Mapping[tuple[str, int], Mapping[str, float]], name: str, system: str) -> float:
    return float(np.mean([cell[system] for key, cell in cells.items() if key[0] == name]))


def _failures(rows: Sequence[Row], systems: Sequence[str]) -> dict[str, int]:
    return {one: sum(row["system"] == one and row["score"] is None for row in rows) for one in systems}


def _mean(rows: Sequence[Row], systems: Sequence[str], field: str) -> dict[str, float | None]:
    values = {one: [row[field] for row in rows if row["system"] == one and row["score"] is not None] for one in systems}
    return {one: round(float(np.mean(known)), 2) if known else None for one, known in values.items()}


def _bracket(ends: Sequence[float]) -> str:
    return f"[{ends[0]:.2f}, {ends[1]:.2f}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


if __name__ == "__main__":
    main()
