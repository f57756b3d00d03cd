"""What every benchmark writes: ``benchmarks/results/NAME.json`` with versions, machine, seed, rows and a summary."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("octopus-estimator", "numpy", "pandas", "scikit-learn", "lightgbm")


def write_result(
    name: str, seed: int, rows: Sequence[Mapping[str, object]], summary: Mapping[str, object], more: Sequence[str] = ()
) -> None:
    """Write one benchmark's result and print its summary; ``more`` names further packages that took part."""
    result = {
        "name": name,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version(), **{n: version(n) for n in (*_PACKAGES, *more)}},
        "machine": {"cores": os.cpu_count(), "memory_gb": round(psutil.virtual_memory().total / 1e9, 1)},
        "seed": seed,
        "command": f"make bench-{name}",
        "rows": list(rows),
        "summary": dict(summary),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(summary, indent=1))
