"""Question: what does octopus cost beyond the fits themselves.

Each number stands against its own rival in the same run:

* ``experiment_overhead_s``: a fold in a child of the zygote minus the same fit and prediction in a process that has
  everything loaded; the median over alternating pairs. Losing: above 0.15 s.
* ``zygote_over_cold``: start of a child of the zygote over start of a fresh interpreter that imports the same modules,
  both through the sandbox, with a script that imports them and fits a mean. Losing: above 1/15.
* ``profile_100k_x_50_s``: sealing and profiling 100,000 rows of 50 mixed columns. Losing: 3 s or more.
* ``two_threads_over_one_small`` and ``…_large``: a LightGBM fit with two threads that do not spin over one with one,
  on 5,000 × 10 and 400,000 × 20 values. They chose ``octopus.budget.worthwhile_threads``; no rival.
* ``parent_peak_over_data``: (peak resident memory of the user's process − that after import) over the size of the
  data, in a process of its own that fits the same table. Losing: above 3.

Run by ``make bench-overhead``; writes ``benchmarks/results/overhead.json``. The tables are made here, from a fixed
seed: only their size and kinds matter.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from record import write_result

SEED = 0
PAIRS = 15
STARTS = 9
COLD_STARTS = 3
_HOW = ("zygote", "cold", "small 1", "small 2", "large 1", "large 2")


def made_table(n_rows: int, n_columns: int) -> pd.DataFrame:
    """Make a table of numbers, categories, dates, booleans and numbers as text."""
    rng = np.random.default_rng(SEED)
    columns: dict[str, object] = {}
    for i in range(n_columns):
        kind = i % 10
        if kind < 5:
            values = rng.normal(size=n_rows)
            values[rng.random(n_rows) < 0.05] = np.nan
            columns[f"number_{i}"] = values
        elif kind < 7:
            columns[f"category_{i}"] = rng.choice([f"level {j}" for j in range(5 + 40 * (kind - 5))], n_rows)
        elif kind == 7:
            columns[f"date_{i}"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n_rows), "s")
        elif kind == 8:
            columns[f"flag_{i}"] = rng.random(n_rows) < 0.3
        else:
            columns[f"amount_{i}"] = pd.Series(rng.integers(100, 10**6, n_rows) / 100).map("{:,.2f} €".format)
    return pd.DataFrame(columns)


def made_target(table: pd.DataFrame) -> np.ndarray:
    """Make two classes that depend on the first numbers."""
    rng = np.random.default_rng(SEED + 1)
    signal = table["number_0"].fillna(0) + 0.5 * table["number_1"].fillna(0) ** 2
    return (signal + rng.normal(size=len(table)) > 0.5).to_numpy().astype(np.float64)


def measure_folds(workspace: Path) -> list[dict[str, float | str]]:
    """Alternate a fold in the sandbox with the same fit and prediction in this process."""
    from octopus.frame import Schema, read_table, write_table
    from octopus.plugins import choose_families, open_sandbox
    from octopus.protocols import Job
    from octopus.records import Limits

    raw = made_table(2000, 20)
    table = Schema.of(raw).apply(raw)
    y = made_target(raw)
    features = workspace / "folds.arrow"
    write_table(table, features)
    source = (
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import FunctionTransformer\n\n\n"
        "def numbers(X):\n    return X.select_dtypes('number').fillna(0.0)\n\n\n"
        "def build_pipeline():\n    return make_pipeline(FunctionTransformer(numbers), LogisticRegression())\n"
    )
    train, valid = np.arange(0, 1600), np.arange(1600, 2000)
    job = Job(
        kind="fold", source=source, features=features, train_rows=train, y=y[train], predict_rows=valid, n_classes=2,
        random_state=SEED, limits=Limits(wall_s=120.0, memory_bytes=4 << 30),
    )  # fmt: skip
    sandbox = open_sandbox("process", choose_families("auto"), 1)
    namespace: dict[str, object] = {}
    exec(compile(source, "script", "exec"), namespace)

    def loaded() -> float:
        began = time.perf_counter()
        stored = read_table(features)
        pipeline = namespace["build_pipeline"]()  # type: ignore[operator]
        pipeline.fit(stored.iloc[train], y[train].astype(int)).predict_proba(stored.iloc[valid])
        return time.perf_counter() - began

    def confined() -> float:
        began = time.perf_counter()
        result = sandbox.run(job)
        assert result.outcome.status == "ok", result.outcome
        return time.perf_counter() - began

    confined(), loaded()  # the zygote starts, the modules load
    rows: list[dict[str, float | str]] = [
        {"what": "fold", "sandbox_s": confined(), "loaded_s": loaded()} for _ in range(PAIRS)
    ]
    sandbox.close()
    return rows


def measure_starts(workspace: Path) -> list[dict[str, float | str]]:
    """Start children of the zygote, and fresh interpreters with the same modules, for a script that only imports."""
    from octopus.frame import write_table
    from octopus.plugins import choose_families
    from octopus.protocols import Job
    from octopus.records import Limits
    from octopus.sandbox import levels, local

    features = workspace / "starts.arrow"
    write_table(pd.DataFrame({"a": np.zeros(20)}), features)
    imports = tuple(dict.fromkeys(module for family in choose_families("auto") for module in family.imports))
    source = (
        "".join(f"import {module}\n" for module in imports)
        + "\n\ndef build_pipeline():\n    return sklearn.dummy.DummyRegressor()\n"
    )
    rows = np.arange(20)
    job = Job(
        kind="fold", source=source, features=features, train_rows=rows[:10], y=np.zeros(10), predict_rows=rows[10:],
        n_classes=0, random_state=SEED, limits=Limits(wall_s=120.0, memory_bytes=4 << 30),
    )  # fmt: skip
    sandbox = levels.open_process(imports=imports, environment={})

    def start(has_zygote: bool) -> dict[str, float | str]:
        local.HAS_ZYGOTE = has_zygote
        began = time.perf_counter()
        result = sandbox.run(job)
        wall_s = time.perf_counter() - began
        assert result.outcome.status == "ok", result.outcome
        return {"what": "start", "how": "zygote" if has_zygote else "cold", "wall_s": wall_s}

    start(True)  # the zygote itself starts
    measured = []
    for i in range(STARTS):
        measured.append(start(True))
        if i < COLD_STARTS:
            measured.append(start(False))
    local.HAS_ZYGOTE = True
    sandbox.close()
    return measured


def measure_profile() -> list[dict[str, float | str]]:
    """Seal and profile a large table, three times."""
    from octopus.dataset import Dataset
    from octopus.frame import Schema
    from octopus.records import Task
    from octopus.stages.holdout import seal_holdout
    from octopus.stages.profile import profile_data

    raw = made_table(100_000, 50)
    table = Schema.of(raw).apply(raw)
    data = Dataset(table=table, y=made_target(raw), row_ids=np.arange(len(table)))
    task = Task(
        goal="", type="binary", type_reason="", target="y", scoring="roc_auc", classes=("0", "1"),
        features=tuple(table.columns), random_state=SEED,
    )  # fmt: skip
    rows: list[dict[str, float | str]] = []
    for _ in range(3):
        began = time.perf_counter()
        sealed = seal_holdout(data, task, {}, 0.2)
        profile_data(task, sealed, {})
        rows.append({"what": "profile", "wall_s": time.perf_counter() - began})
    return rows


def measure_threads() -> list[dict[str, float | str]]:
    """Fit with one thread and with two, in a process of its own whose waiting threads sleep."""
    printed = subprocess.run(
        [sys.executable, __file__, "--threads"], check=True, capture_output=True, text=True,
        env={**os.environ, "OMP_WAIT_POLICY": "passive"},
    ).stdout  # fmt: skip
    rows: list[dict[str, float | str]] = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return rows


def fit_and_print_threads() -> None:
    """Print the seconds of alternating fits with one thread and with two."""
    from lightgbm import LGBMRegressor

    for size, n_rows, n_columns, n_trees in (("small", 5_000, 10, 200), ("large", 400_000, 20, 40)):
        X = np.random.default_rng(SEED).normal(size=(n_rows, n_columns))
        y = X[:, 0] + X[:, 1] * X[:, 2]
        for _ in range(3):
            for n_threads in (1, 2):
                model = LGBMRegressor(n_estimators=n_trees, n_jobs=n_threads, verbose=-1, force_col_wise=True)
                began = time.perf_counter()
                model.fit(X, y)
                wall_s = time.perf_counter() - began
                print(json.dumps({"what": "threads", "how": f"{size} {n_threads}", "wall_s": wall_s}))


def measure_memory() -> list[dict[str, float | str]]:
    """Fit a table in a process of its own and read its peak."""
    printed = subprocess.run(
        [sys.executable, __file__, "--memory"], check=True, capture_output=True, text=True, env={**os.environ}
    ).stdout
    row: dict[str, float | str] = json.loads(printed.splitlines()[-1])
    return [row]


def fit_and_print_memory() -> None:
    """Print the peak of this process over a fit, and the size of the data."""
    import resource

    from octopus import AutonomousEstimator

    with tempfile.TemporaryDirectory() as directory:
        small = made_table(500, 10)
        warm = AutonomousEstimator(
            max_experiments=1, families=["linear"], sandbox="process", holdout=None, run_dir=Path(directory) / "warm"
        )
        warm.fit(small, made_target(small))
        table = made_table(200_000, 50)
        y = made_target(table)
        data_bytes = int(table.memory_usage(deep=True).sum())
        _reset_peak()
        before = psutil.Process().memory_info().rss
        AutonomousEstimator(
            max_experiments=1, families=["gbm"], sandbox="process", random_state=SEED, run_dir=Path(directory) / "run"
        ).fit(table, y)
        peak = _peak_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    print(json.dumps({
        "what": "memory", "data_bytes": data_bytes, "before_bytes": before, "peak_bytes": peak,
    }))  # fmt: skip


def _reset_peak() -> None:
    """Let the kernel count the peak from here, where it can (Linux)."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def _peak_bytes(fallback: int) -> int:
    status = Path("/proc/self/status")
    if not status.exists():
        return fallback
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def main() -> None:
    """Measure everything and write the result."""
    with tempfile.TemporaryDirectory() as directory:
        rows = measure_folds(Path(directory)) + measure_starts(Path(directory))
    rows += measure_profile() + measure_threads() + measure_memory()
    overhead = [float(r["sandbox_s"]) - float(r["loaded_s"]) for r in rows if r["what"] == "fold"]
    walls = {how: statistics.median(float(r["wall_s"]) for r in rows if r.get("how") == how) for how in _HOW}
    memory = next(r for r in rows if r["what"] == "memory")
    grown = float(memory["peak_bytes"]) - float(memory["before_bytes"])
    summary = {
        "experiment_overhead_s": round(statistics.median(overhead), 4),
        "zygote_over_cold": round(walls["zygote"] / walls["cold"], 4),
        "profile_100k_x_50_s": round(statistics.median(float(r["wall_s"]) for r in rows if r["what"] == "profile"), 3),
        "two_threads_over_one_small": round(walls["small 2"] / walls["small 1"], 2),
        "two_threads_over_one_large": round(walls["large 2"] / walls["large 1"], 2),
        "parent_peak_over_data": round(grown / float(memory["data_bytes"]), 2),
    }
    write_result("overhead", SEED, rows, summary)


if __name__ == "__main__":
    if "--memory" in sys.argv:
        fit_and_print_memory()
    elif "--threads" in sys.argv:
        fit_and_print_threads()
    else:
        main()
