"""Question: what is each part of octopus worth: racing, blend, portfolio, target encoding, tuning, networks, patience.

Octopus as it is (``whole``) beside octopus with one part switched off, within the same seconds on the same two cores,
each run in a fresh process as in ``benchmarks/quality.py``. The unit is what ``whole`` gains over the best constant
(shares of the classes, mean of the target) on the rows kept aside: -0.02 says that without the part two hundredths of
that gain are gone. A failed run counts as the constant, and as a failure. Seeds of one set are averaged first; the
intervals are 95 % bootstrap intervals over sets. ``in play`` counts the sets on which ``whole`` used the part at all:
elsewhere a difference is chance, as two runs within the same seconds are never quite alike.

Losing: a part without which octopus is better, its interval above zero; or a failure. A part whose interval holds zero
is not shown to be worth anything.

``make bench-ablation`` writes ``benchmarks/results/ablation.json``. Rows are keyed by (set, seed, budget, variant):
what is not run again stays in the file; ``--merge FILE …`` adds the rows of results from elsewhere and runs nothing.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import quality, record
from benchmarks.ablation_variants import VARIANTS, WHOLE
from benchmarks.quality import Job, score_of
from benchmarks.quality_sets import BY_NAME, SUBSET, chosen, split
from benchmarks.quality_table import interval

CHILD = Path(__file__).with_name("ablation_variants.py")
KEY = ("set", "seed", "budget", "variant")
SEED = 0
NORMALISED = "(variant - whole) / (whole - best constant), failed = best constant; seeds averaged, sets weigh the same"
#: Differences of a thousandth of the gain or less are ties.
TIE = 0.001
Row = Mapping[str, Any]


@cache
def constant(name: str, seed: int) -> float:
    """Return the score of the best constant: shares of the classes or the mean of the training rows."""
    one = BY_NAME[name]
    _, _, y, y_test = split(one, seed)
    if one.task == "regression":
        return score_of(one.task, y_test, np.full(len(y_test), np.mean(y)), np.array([]))
    classes, counts = np.unique(np.asarray(y, dtype=str), return_counts=True)
    return score_of(one.task, y_test, np.tile(counts / len(y), (len(y_test), 1)), classes)


def run(jobs: Sequence[Job], parallel: int, done: Any, stop_after: float = math.inf) -> None:
    """Run the jobs, whose systems are variants, as ``quality.run`` does; ``done`` is told each row."""

    def told(row: dict[str, Any]) -> None:
        done({"variant": row.pop("system"), **row, "constant": round(constant(row["set"], row["seed"]), 6)})

    quality.run([replace(job, child=CHILD) for job in jobs], parallel, told, stop_after)


def merged(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of both, the new one where both have the key, in the order of the keys."""
    by_key = {tuple(row[name] for name in KEY): row for row in (*old, *new)}
    return [by_key[key] for key in sorted(by_key)]


def summary_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Return for each budget and variant the difference to ``whole``, its interval, wins, ties, losses, and costs."""
    budgets = sorted({row["budget"] for row in rows})
    return {f"{budget:g}": _of_budget([row for row in rows if row["budget"] == budget]) for budget in budgets}


def markdown(summary: Mapping[str, Any]) -> str:
    """Return the summary as one Markdown table per budget."""
    lines = [
        f"Difference: {NORMALISED}. Below zero: octopus is worse without the part. Brackets: 95 % bootstrap interval "
        f"over data sets. Won: sets where octopus is better without it; tied: within {TIE}. In play: sets where "
        "`whole` used it."
    ]
    for budget, of in summary.items():
        lines += [
            "", f"**{budget} s** ({of['n_sets']} sets, {of['n_cells']} cells, {of['left_out']} left out)", "",
            "| variant | difference to whole | won, tied, lost | sets | in play | seconds | experiments | failures |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ]  # fmt: skip
        lines += [f"| {variant} | {_cells(one)} |" for variant, one in of["variants"].items()]
    return "\n".join(lines)


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows and their summary, with the machines, after every row, so that a stopped run loses nothing."""
    result = {
        "name": path.stem,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machines": sorted({row["machine"] for row in rows}),
        "seed": SEED,
        "command": "make bench-ablation",
        "rows": list(rows),
        "summary": summary_of(rows),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is asked for, keep the other rows of the file, and print the table."""
    asked = _asked(arguments)
    path = Path(asked.output)
    rows = _rows(path) if path.exists() else []
    if asked.merge:
        rows = merged(rows, [row for other in asked.merge for row in _rows(Path(other))])
        write(path, rows)
        print(markdown(summary_of(rows)))
        return
    names = asked.variants.split(",")
    if unknown := set(names) - set(VARIANTS):
        raise SystemExit(f"no such variant: {', '.join(sorted(unknown))}; there are {', '.join(VARIANTS)}")
    sets = chosen(asked.sets.split(","))
    jobs = [
        Job(one, int(seed), float(budget), name)
        for budget in asked.budgets.split(",") for seed in asked.seeds.split(",") for one in sets for name in names
    ]  # fmt: skip

    def done(row: dict[str, Any]) -> None:
        nonlocal rows
        rows = merged(rows, [row])
        print({name: row.get(name) for name in (*KEY, "score", "wall_s", "winner", "failure")}, flush=True)
        write(path, rows)

    run(jobs, asked.parallel, done, asked.stop_after)
    print(markdown(summary_of(rows)))


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--sets", default=",".join(SUBSET), help="names, comma-separated")
    parser.add_argument("--budgets", default="60", help="seconds, comma-separated")
    parser.add_argument("--seeds", default=str(SEED))
    parser.add_argument("--parallel", type=int, default=1, help="runs at a time, each on two cores of its own")
    parser.add_argument("--stop-after", type=float, default=math.inf, help="seconds after which no run begins")
    parser.add_argument("--merge", nargs="+", default=[], metavar="FILE", help="only add these results' rows")
    parser.add_argument("--output", default=str(record.RESULTS / "ablation.json"))
    return parser.parse_args(arguments)


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["rows"])


def _of_budget(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the variants of one budget; a cell where ``whole`` has no score above the constant's is left out."""
    cells: dict[tuple[str, int], dict[str, Row]] = defaultdict(dict)
    for row in rows:
        cells[row["set"], row["seed"]][row["variant"]] = row
    usable = {key: cell for key, cell in cells.items() if _gain(cell.get(WHOLE)) > 0}
    present = {row["variant"] for row in rows}
    return {
        "n_sets": len({name for name, _ in usable}),
        "n_cells": len(usable),
        "left_out": len(cells) - len(usable),
        "normalised_by": NORMALISED,
        "variants": {
            variant: _of_variant(variant, [row for row in rows if row["variant"] == variant], usable)
            for variant in VARIANTS if variant in present
        },
    }  # fmt: skip


def _of_variant(
    variant: str, rows: Sequence[Row], cells: Mapping[tuple[str, int], Mapping[str, Row]]
) -> dict[str, Any]:
    by_set: dict[str, list[float]] = defaultdict(list)
    in_play = set()
    for (name, _), cell in cells.items():
        if variant in cell:
            whole = cell[WHOLE]
            by_set[name].append((_gain(cell[variant]) - _gain(whole)) / _gain(whole))
            if whole.get("used", {}).get(variant):
                in_play.add(name)
    differences = {name: round(float(np.mean(values)), 4) for name, values in sorted(by_set.items())}
    values = list(differences.values())
    worked = [row for row in rows if row["score"] is not None]
    of: dict[str, Any] = {
        "difference": round(float(np.mean(values)), 4) if values else None,
        "interval": [round(end, 4) for end in interval(values)] if values else None,
        "wins": sum(value > TIE for value in values),
        "ties": sum(abs(value) <= TIE for value in values),
        "losses": sum(value < -TIE for value in values),
        "n_sets": len(values),
        "in_play": len(in_play) if variant in _counted(cells) else None,
        "mean_s": round(float(np.mean([row["wall_s"] for row in worked])), 1) if worked else None,
        "n_experiments": round(float(np.mean([row["n_experiments"] for row in worked])), 1) if worked else None,
        "failures": len(rows) - len(worked),
        "by_set": differences,
    }
    if variant == WHOLE:  # nothing to compare itself with
        of |= dict.fromkeys(("difference", "interval", "wins", "ties", "losses"))
    return of


def _gain(row: Row | None) -> float:
    """Return what a run gains over the best constant; nothing where it failed."""
    return 0.0 if row is None or row["score"] is None else row["score"] - row["constant"]


def _counted(cells: Mapping[tuple[str, int], Mapping[str, Row]]) -> set[str]:
    """Return the variants whose part's use is noted."""
    return {part for cell in cells.values() for part in cell[WHOLE].get("used", {})}


def _cells(of: Mapping[str, Any]) -> str:
    ends, dash = of["interval"], "–"
    told = (
        f"{of['difference']:+.4f} [{ends[0]:+.4f}, {ends[1]:+.4f}]" if ends else dash,
        f"{of['wins']}, {of['ties']}, {of['losses']}" if ends else dash,
        of["n_sets"],
        *(dash if of[name] is None else of[name] for name in ("in_play", "mean_s", "n_experiments")),
        of["failures"],
    )
    return " | ".join(map(str, told))


if __name__ == "__main__":
    main()
