"""Question: is octopus at least as strong as its peers within the same seconds on the same cores.

Peers: AutoGluon (medium_quality, best_quality), FLAML, LightGBM and CatBoost with their defaults. Everyone gets the
same training rows, metric and two cores (no graphics processor), in a fresh process, one at a time (or ``--parallel N``
at a time on pairs of cores of their own); each row says when and on which machine it was made, under which load and how
many ran beside it. Rows are keyed by (set, seed, budget, system): what is not run again stays in the file, and
``--merge FILE …`` adds the rows of results from elsewhere and runs nothing. A failure is a row without a score and with
its reason. Losing: a failure of octopus, a mean rank behind FLAML, a default or AutoGluon medium, or at 300 s a mean
normalised score more than 0.01 below AutoGluon best.

``make bench-quality`` writes ``benchmarks/results/quality.json``; ``python -m benchmarks.quality --subset --systems
octopus`` is the inner loop. The peers live in an environment of their own, made by ``make bench-peers`` at
``benchmarks/.peers`` or wherever ``OCTOPUS_BENCH_PEERS`` says: a folder with ``bin/python`` in it, or with a script of
that name that sets ``PYTHONPATH`` and calls an interpreter.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pickle
import platform
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error

from benchmarks import record
from benchmarks.quality_sets import METRIC, SETS, SUBSET, QualitySet, chosen, split
from benchmarks.quality_systems import N_JOBS, SYSTEMS
from benchmarks.quality_table import markdown, summary_of

PEERS = Path(os.environ.get("OCTOPUS_BENCH_PEERS", Path(__file__).parent / ".peers"))
CHILD = Path(__file__).parent / "quality_systems.py"
#: A system may take this many budgets and seconds more before it is stopped as a failure.
PATIENCE, GRACE_S = 3, 120
LOOK_S = 0.25
KEY = ("set", "seed", "budget", "system")
SEED = 0


@dataclass(frozen=True)
class Job:
    """One system on one set, with a seed and a budget in seconds; ``warm`` fits a few rows before the clock starts.

    ``child`` is the program that fits it; one of another benchmark's runs where octopus does, not where the peers do.
    """

    one: QualitySet
    seed: int
    budget: float
    system: str
    warm: bool = False
    child: Path = CHILD

    @property
    def python(self) -> Path:
        """The interpreter of the environment that has the system."""
        return Path(sys.executable) if self.child != CHILD else _python(self.system)


def score_of(task: str, y: np.ndarray, told: np.ndarray, classes: np.ndarray) -> float:
    """Return the score, larger better: roc_auc, negative log_loss or negative rmse."""
    if task == "regression":
        return -float(root_mean_squared_error(y, told.ravel()))
    if task == "binary":
        return float(roc_auc_score(np.asarray(y, dtype=str) == classes[1], told[:, 1]))
    rows = told / told.sum(axis=1, keepdims=True)
    return -float(log_loss(np.asarray(y, dtype=str), rows, labels=list(classes)))


def measured(job: Job, cores: Sequence[int] | None = None, beside: int = 0) -> dict[str, Any]:
    """Run one job in a fresh process and return its row; never raises for what the system does."""
    X, X_test, y, y_test = split(job.one, job.seed)
    row: dict[str, Any] = {
        "set": job.one.name, "seed": job.seed, "budget": job.budget, "system": job.system, "task": job.one.task,
        "kinds": list(job.one.kinds), "metric": METRIC[job.one.task], "n_train": len(X), "n_test": len(X_test),
        "n_columns": X.shape[1], "score": None, "wall_s": None, "peak_gb": None, "failure": None,
        "when": datetime.now(UTC).isoformat(timespec="seconds"), "load": round(os.getloadavg()[0], 2),
        "beside": beside, "cores": N_JOBS, "machine": machine(),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        with (folder / "rows.pickle").open("wb") as file:
            pickle.dump({"X": _plain(X), "X_test": _plain(X_test), "y": y}, file)
        code, row["wall_s"], row["peak_gb"] = _watched(job, folder, cores)
        if code is None:
            row["failure"] = f"not done after {PATIENCE} budgets and {GRACE_S} s"
        elif code != 0 or not (folder / "said.json").exists():
            lines = (folder / "errors").read_text(encoding="utf-8", errors="replace").strip().splitlines()
            row["failure"] = f"exit {code}: {lines[-1][:300] if lines else 'nothing said'}"
        else:
            row |= json.loads((folder / "said.json").read_text(encoding="utf-8"))
            with np.load(folder / "told.npz") as told:
                try:
                    row["score"] = round(score_of(job.one.task, y_test, told["told"], told["classes"]), 6)
                except (ValueError, IndexError) as error:
                    row["failure"] = f"predictions without a score: {error}"[:300]
    return row


def run(jobs: Sequence[Job], parallel: int, done: Any, stop_after: float = math.inf) -> None:
    """Run the jobs, each on a pair of cores of its own when several run at a time; ``done`` is told each row.

    After ``stop_after`` seconds no further job begins.
    """
    available = (
        sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    )
    if parallel > 1 and parallel * N_JOBS > len(available):
        raise SystemExit(f"--parallel {parallel} needs {parallel * N_JOBS} cores, there are {len(available)}")
    pairs: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
    for place in range(parallel):
        pairs.put(available[place * N_JOBS : (place + 1) * N_JOBS])
    lock, began = threading.Lock(), time.monotonic()

    def one(job: Job) -> None:
        if time.monotonic() - began > stop_after:
            return
        cores = pairs.get()
        try:
            row = measured(job, cores, beside=parallel - 1)
        finally:
            pairs.put(cores)
        with lock:
            done(row)

    with ThreadPoolExecutor(parallel) as pool:
        list(pool.map(one, jobs))


def merged(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of both, the new one where both have the key, in the order of the keys."""
    by_key = {tuple(row[name] for name in KEY): row for row in (*old, *new)}
    return [by_key[key] for key in sorted(by_key)]


def machine() -> str:
    """Return the processor's name, its cores and the memory."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.machine()
    return f"{name}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 1e9:.0f} GB"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is asked for and keep the other rows of the file."""
    asked = _asked(arguments)
    if asked.merge:
        added = [row for path in asked.merge for row in json.loads(Path(path).read_text(encoding="utf-8"))["rows"]]
        write(Path(asked.output), merged(_rows(Path(asked.output)), added))
        return
    sets = chosen(asked.sets.split(",") if asked.sets else SUBSET if asked.subset else [one.name for one in SETS])
    names = asked.systems.split(",")
    if unknown := set(names) - set(SYSTEMS):
        raise SystemExit(f"no such system: {', '.join(sorted(unknown))}; there are {', '.join(SYSTEMS)}")
    if set(names) - {"octopus"} and not _python("flaml").exists():
        raise SystemExit(f"the peers are not at {PEERS}: run make bench-peers, or set OCTOPUS_BENCH_PEERS")
    jobs = [
        Job(one, int(seed), float(budget), name)
        for budget in asked.budgets.split(",") for seed in asked.seeds.split(",") for one in sets for name in names
    ]  # fmt: skip
    path = Path(asked.output)
    rows = _rows(path)

    def done(row: dict[str, Any]) -> None:
        nonlocal rows
        rows = merged(rows, [row])
        print({name: row[name] for name in (*KEY, "score", "wall_s", "peak_gb", "failure")}, flush=True)
        write(path, rows)

    run(jobs, asked.parallel, done, asked.stop_after)
    print(markdown(summary_of(rows)))


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows and their summary, with the machines, after every row, so that a stopped run loses nothing."""
    result = {
        "name": path.stem,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machines": sorted({row["machine"] for row in rows}),
        "seed": SEED,
        "command": "make bench-quality",
        "rows": list(rows),
        "summary": summary_of(rows),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--sets", default="", help="names, comma-separated; default: all")
    parser.add_argument("--subset", action="store_true", help=f"only {', '.join(SUBSET)}")
    parser.add_argument("--budgets", default="60", help="seconds, comma-separated")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--parallel", type=int, default=1, help="runs at a time, each on two cores of its own")
    parser.add_argument("--stop-after", type=float, default=math.inf, help="seconds after which no run begins")
    parser.add_argument("--merge", nargs="+", default=[], metavar="FILE", help="only add these results' rows")
    parser.add_argument("--output", default=str(record.RESULTS / "quality.json"))
    return parser.parse_args(arguments)


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["rows"]) if path.exists() else []


def _python(system: str) -> Path:
    return Path(sys.executable) if system == "octopus" else PEERS / "bin" / "python"


def _plain(X: Any) -> list[tuple[str, np.ndarray]]:
    """Return columns as arrays that any version of pandas reads: text as objects, gaps in it as None."""
    return [
        (str(name), X[name].to_numpy() if X[name].dtype.kind in "iufb" else
         np.array([value if isinstance(value, str) else None for value in X[name]], dtype=object))
        for name in X.columns
    ]  # fmt: skip


def _watched(job: Job, folder: Path, cores: Sequence[int] | None) -> tuple[int | None, float, float]:
    """Run the child; return its exit code (None when stopped), seconds and peak gigabytes of its process tree."""
    where = ",".join(map(str, cores)) if cores else "-"
    command = [
        job.python,
        "-P",
        job.child,
        folder,
        job.system,
        job.one.task,
        job.budget,
        job.seed,
        where,
        int(job.warm),
    ]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(N_JOBS))
    peak, began = 0, time.monotonic()
    with (folder / "errors").open("w", encoding="utf-8") as errors:
        child = subprocess.Popen(
            [str(part) for part in command], cwd=folder, stdout=subprocess.DEVNULL, stderr=errors,
            env={**os.environ, **threads, "TMPDIR": str(folder), "CUDA_VISIBLE_DEVICES": ""},
        )  # fmt: skip
        tree = psutil.Process(child.pid)
        while (code := child.poll()) is None:
            peak = max(peak, memory_of(child.pid))
            if time.monotonic() - began > PATIENCE * job.budget + GRACE_S:
                _end(tree)
                break
            time.sleep(LOOK_S)
        child.wait()
    return code, round(time.monotonic() - began, 2), round(peak / 1e9, 3)


def memory_of(pid: int) -> int:
    """Return the bytes of a process and its descendants, pages that they share counted once; 0 where it is gone."""
    try:
        tree = psutil.Process(pid)
    except psutil.Error:
        return 0
    total = 0
    for process in _family(tree):
        try:
            full = process.memory_full_info()
            total += getattr(full, "pss", full.rss)
        except psutil.Error:
            continue
    return total


def _family(tree: psutil.Process) -> list[psutil.Process]:
    try:
        return [tree, *tree.children(recursive=True)]
    except psutil.Error:
        return []


def _end(tree: psutil.Process) -> None:
    for process in reversed(_family(tree)):
        try:
            process.kill()
        except psutil.Error:
            continue


if __name__ == "__main__":
    main()
