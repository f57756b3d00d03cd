"""TabPFN beside the other families on small public tables: ``python -m benchmarks.tabpfn.run``, where weights lie.

Without weights it says which command brings them, and ends.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from octopus import AutonomousClassifier, AutonomousRegressor
from octopus.families.tabpfn import TabPFN
from tests.frames import binary_frame, mixed_frame, multiclass_frame, regression_frame

_RESULTS = Path(__file__).parents[1] / "results" / "tabpfn.json"
_TABLES = {
    "Mroz": (AutonomousClassifier, binary_frame),
    "wine": (AutonomousClassifier, multiclass_frame),
    "penguins": (AutonomousClassifier, mixed_frame),
    "diabetes": (AutonomousRegressor, regression_frame),
}
#: Each family by itself, with as many experiments and seconds.
_EXPERIMENTS, _SECONDS = 3, 600


def main() -> None:
    """Fit each family alone on each table, and write down the scores over folds and on the holdout."""
    if not TabPFN().imports:
        print("no weights, nothing to measure; the verdict of a run says what to do:")
    rows = []
    for table, (make, frame) in _TABLES.items():
        X, y = frame()
        for family in (TabPFN(), "linear", "gbm"):
            name = family if isinstance(family, str) else family.name
            began = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                model = make(
                    "", families=["linear", family] if name == "tabpfn" else [family], backend=None, tracker=None,
                    run_dir=Path(folder) / "run", random_state=0, n_jobs=2, max_experiments=_EXPERIMENTS,
                    time_limit=_SECONDS,
                )  # fmt: skip
                if name == "tabpfn" and not TabPFN().imports:
                    model.set_params(max_experiments=1)
                model.fit(X, y)
            journal = model.journal_
            verdict = next((v for v in journal.profile.families if v.family == name and not v.applies), None)
            if verdict is not None:
                print(f"{table}: {name} takes no part: {verdict.reason}")
                break
            scores = [e.score.mean for e in journal.valid_experiments if e.plan.family == name]
            rows.append(
                {
                    "table": table, "family": name, "scores": scores, "scoring": journal.started.task.scoring,
                    "wall_s": round(time.perf_counter() - began, 1), "load": os.getloadavg()[0],
                    "date": datetime.now(UTC).date().isoformat(), "tabpfn": version("tabpfn"),
                }
            )  # fmt: skip
            print(rows[-1])
    if rows and any(row["family"] == "tabpfn" for row in rows):
        _RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
