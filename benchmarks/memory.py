"""Question: how much memory does a run take on a million rows, and how long does its winner take for one.

A table is made here, from a fixed seed: only its size and kinds matter (24 columns of numbers, some with gaps, 6 of
categories, and a target that depends on five of them). It is fitted in a fresh process; every tenth of a second the
memory of that process and of all that come from it is added up, pages that they share counted once (PSS).

* ``peak_gb`` beside ``allowed_gb``, four times the data and 1.5 GB. Losing: more.
* ``row_ms``: the median of the time that the pipeline takes for a row alone, as the run has measured it. Losing: more
  than 20.
* ``wall_s`` beside ``limit_s``. Losing: more.

Run by ``make bench-memory``; writes ``benchmarks/results/memory.json``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.quality import memory_of
from benchmarks.record import write_result

SEED = 0
ROWS, NUMBERS, CATEGORIES = 1_000_000, 24, 6
LIMIT_S = 300.0
LOOK_S = 0.1


def made_table(n_rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Make the rows and their answers."""
    rng = np.random.default_rng(SEED)
    columns: dict[str, object] = {}
    for i in range(NUMBERS):
        values = rng.normal(size=n_rows)
        if i % 4 == 0:
            values[rng.random(n_rows) < 0.05] = np.nan
        columns[f"number_{i}"] = values
    for i in range(CATEGORIES):
        columns[f"category_{i}"] = rng.choice([f"level {j}" for j in range(4 + 10 * i)], n_rows)
    table = pd.DataFrame(columns)
    score = table["number_1"] * table["number_2"] + table["number_3"] + (table["category_1"] == "level 3")
    return table, np.where(score + rng.normal(size=n_rows) > 0, "yes", "no")


def fit(folder: Path, limit_s: float) -> None:
    """Fit octopus on the rows; write down how large they are and what came of it."""
    from octopus import AutonomousClassifier

    table, y = pd.read_pickle(folder / "rows.pickle")
    data_gb = (table.memory_usage(deep=True).sum() + sum(map(sys.getsizeof, set(y))) + y.nbytes) / 1e9
    began = time.monotonic()
    model = AutonomousClassifier(
        backend=None, tracker=None, sandbox="process", time_limit=limit_s, n_jobs=2, random_state=SEED,
        run_dir=folder / "run",
    ).fit(table, y)  # fmt: skip
    shipped = model.journal_.fits[-1].latency
    told = {
        "data_gb": round(float(data_gb), 3),
        "wall_s": round(time.monotonic() - began, 1),
        "row_ms": None if shipped is None else round(shipped.median_ms, 1),
        "n_experiments": len(model.leaderboard_),
        "winner": f"{model.best_experiment_.plan.family}: {model.best_experiment_.plan.idea}",
    }
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


def measured(n_rows: int, limit_s: float) -> dict[str, object]:
    """Fit in a fresh process and return its row."""
    peak = 0
    with tempfile.TemporaryDirectory() as directory:
        pd.to_pickle(made_table(n_rows), Path(directory) / "rows.pickle")
        command = [sys.executable, "-m", "benchmarks.memory", "--folder", directory, "--limit", str(limit_s)]
        child = subprocess.Popen(command)
        while child.poll() is None:
            peak = max(peak, memory_of(child.pid))
            time.sleep(LOOK_S)
        if child.returncode:
            raise SystemExit(f"the fit ended with {child.returncode}")
        told = json.loads((Path(directory) / "told.json").read_text(encoding="utf-8"))
    return {
        "n_rows": n_rows, "n_columns": NUMBERS + CATEGORIES, "limit_s": limit_s, **told,
        "peak_gb": round(peak / 1e9, 3), "allowed_gb": round(4 * told["data_gb"] + 1.5, 3),
    }  # fmt: skip


def main() -> None:
    """Measure and write, or, as the child, fit."""
    parser = argparse.ArgumentParser(description="memory on many rows")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds")
    parser.add_argument("--folder", type=Path, help="for the process that fits")
    asked = parser.parse_args()
    if asked.folder is not None:
        fit(asked.folder, asked.limit)
        return
    row = measured(asked.rows, asked.limit)
    shown = ("peak_gb", "allowed_gb", "data_gb", "row_ms", "wall_s", "limit_s")
    write_result("memory", SEED, [row], {name: row[name] for name in shown})


if __name__ == "__main__":
    main()
