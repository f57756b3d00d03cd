"""Question: what do the walls around a script cost, and does any attack get through them.

Each number stands against its own rival in the same run, in alternating pairs:

* ``zygote_over_cold``: a job in a child of the zygote over the same job in a fresh interpreter, both at ``process``,
  with a script that imports numpy, pandas, scikit-learn and LightGBM and fits a mean. Losing: above 1/20.
* ``standard_ms``, ``strict_ms``: milliseconds that all layers of a level add to that job over ``process``, the median
  of the differences. Losing: above 10 and 40.
* ``worker_row_ms``: milliseconds that the confined worker adds to the prediction of a row of 20 floats, over the same
  pipeline in the user's process; the larger of a logistic regression and LightGBM, at ``strict``. Losing: above 1.
* ``worker_10k_over_inprocess``: the same for 10,000 rows of 20 mixed columns, as a ratio. Losing: above 1.5.
* ``attacks``, ``control_succeeded``, ``escaped_standard``, ``escaped_strict``: those of ``tests/sandbox/attacks``,
  how many succeed at ``process`` (so that they are real), and how many at the levels that promise to stop them.
  Losing: any at ``strict``; at ``standard`` any that ``SECURITY.md`` does not name.

Run by ``make bench-sandbox``; writes ``benchmarks/results/sandbox.json``. No data but what is made here.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
from record import write_result
from sandbox_worker import N_CLASSES, mixed, numbers, pipelines, worker_10k_over_inprocess, worker_row_ms

from octopus.frame import write_table
from octopus.protocols import Job
from octopus.records import Limits
from octopus.sandbox import levels, local

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.sandbox.attacks import ATTACKS, run_all  # the repository is no package

SEED = 0
PAIRS, COLD_PAIRS = 40, 7
_IMPORTS = ("numpy", "pandas", "sklearn.dummy", "sklearn.ensemble", "lightgbm")
_LEVELS = ("process", "standard", "strict")
_LIMITS = Limits(wall_s=120.0, memory_bytes=4 << 30)
_SCRIPT = (
    "".join(f"import {module}\n" for module in _IMPORTS)
    + "\n\ndef build_pipeline():\n    return sklearn.dummy.DummyRegressor()\n"
)


def main() -> None:
    """Measure everything and write the result."""
    rows: list[dict[str, float | str]] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        opened = {
            level: stack.enter_context(getattr(levels, f"open_{level}")(imports=_IMPORTS, environment={}))
            for level in _LEVELS
        }
        job = _job(Path(folder))
        rows += measure_starts(opened, job)
        rows += measure_cold(opened["process"], job)
        rows += measure_worker(opened["strict"])
    rows += measure_attacks()
    write_result("sandbox", SEED, rows, summarise(rows))


def measure_starts(opened: dict[str, local.LocalSandbox], job: Job) -> Iterator[dict[str, float | str]]:
    """Run the job at each level in turn; the first round, which starts the zygotes, does not count."""
    for round_ in range(PAIRS + 1):
        for level, sandbox in opened.items():
            wall_s = _timed(sandbox, job)
            if round_:
                yield {"what": "job", "level": level, "round": round_, "wall_s": wall_s}


def measure_cold(sandbox: local.LocalSandbox, job: Job) -> Iterator[dict[str, float | str]]:
    """Run the job in a child of the zygote and in a fresh interpreter, in turn."""
    for round_ in range(1, COLD_PAIRS + 1):
        for how in ("zygote", "cold"):
            local.HAS_ZYGOTE = how == "zygote"
            yield {"what": "start", "how": how, "round": round_, "wall_s": _timed(sandbox, job)}
    local.HAS_ZYGOTE = True


def measure_worker(sandbox: local.LocalSandbox) -> Iterator[dict[str, float | str]]:
    """Predict with the worker and in this process, in turn."""
    for what, table, measure in (
        ("worker_row_ms", numbers(2_000), worker_row_ms),
        ("worker_10k_over_inprocess", mixed(2_000), worker_10k_over_inprocess),
    ):
        for name, pipeline in pipelines(table).items():
            worker = sandbox.open_worker(cloudpickle.dumps(pipeline), n_classes=N_CLASSES, limits=_LIMITS)
            worker.predict(table)
            yield {"what": what, "pipeline": name, "value": measure(worker, pipeline)}
            worker.close()


def measure_attacks() -> Iterator[dict[str, float | str]]:
    """Run every attack at every level."""
    for level in _LEVELS:
        for name, succeeded in run_all(level).items():
            yield {"what": "attack", "level": level, "name": name, "succeeded": float(succeeded)}


def summarise(rows: list[dict[str, float | str]]) -> dict[str, float]:
    """Return the numbers that the docstring names."""

    def of(**wanted: str) -> list[dict[str, float | str]]:
        return [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]

    def walls(**wanted: str) -> list[float]:
        return [float(row["wall_s"]) for row in of(**wanted)]

    def added_ms(level: str) -> float:
        pairs = zip(walls(what="job", level="process"), walls(what="job", level=level), strict=True)
        return round(1e3 * statistics.median(confined - plain for plain, confined in pairs), 2)

    def worst(what: str) -> float:
        return round(max(float(row["value"]) for row in of(what=what)), 3)

    def n_succeeded(level: str) -> int:
        return sum(bool(row["succeeded"]) for row in of(what="attack", level=level))

    cold = zip(walls(what="start", how="zygote"), walls(what="start", how="cold"), strict=True)
    return {
        "zygote_over_cold": round(statistics.median(forked / fresh for forked, fresh in cold), 4),
        "standard_ms": added_ms("standard"),
        "strict_ms": added_ms("strict"),
        "worker_row_ms": worst("worker_row_ms"),
        "worker_10k_over_inprocess": worst("worker_10k_over_inprocess"),
        "attacks": len(ATTACKS),
        "control_succeeded": n_succeeded("process"),
        "escaped_standard": n_succeeded("standard"),
        "escaped_strict": n_succeeded("strict"),
    }


def _timed(sandbox: local.LocalSandbox, job: Job) -> float:
    began = time.perf_counter()
    result = sandbox.run(job)
    wall_s = time.perf_counter() - began
    assert result.outcome.status == "ok", result.outcome
    return wall_s


def _job(folder: Path) -> Job:
    features = folder / "starts.arrow"
    write_table(pd.DataFrame({"a": np.zeros(20)}), features)
    rows = np.arange(20)
    return Job(
        kind="fold", source=_SCRIPT, features=features, train_rows=rows[:10], y=np.zeros(10), predict_rows=rows[10:],
        n_classes=0, random_state=SEED, limits=_LIMITS,
    )  # fmt: skip


if __name__ == "__main__":
    main()
