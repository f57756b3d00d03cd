"""AnalysisProposal → Analysed: a script of a scientist's looks at the training rows and prints; it earns no score."""

from __future__ import annotations

import numpy as np

from octopus.bench import Bench
from octopus.protocols import Job
from octopus.records import Limits, Outcome, Script, Task

#: Characters of what was printed that come back: some 500 tokens.
_MAX_OUTPUT = 2_000
#: Rows that it looks at: a share of a million, or a mean, is the same to three digits.
_MAX_ROWS = 50_000
#: Seconds that it may take: a look, not a fit.
_MAX_WALL_S = 30.0


def analyse(script: Script, task: Task, bench: Bench, wall_s: float) -> tuple[Outcome, str]:
    """Run an analysis on the training rows.

    Parameters
    ----------
    script : Script
        It defines ``analyse(X, y)``.
    task : Task
        What is asked.
    bench : Bench
        Where scripts run.
    wall_s : float
        Seconds that it may take at most.

    Returns
    -------
    outcome : Outcome
        What happened; whatever the script does, nothing is raised.
    str
        What it printed, cut in the middle where it is long.
    """
    # What the first fold is scored on stays unseen, so that what was read off the labels does not flatter every fold.
    rows = bench.folds[0].train_rows
    if len(rows) > _MAX_ROWS:
        rows = np.sort(np.random.default_rng(task.random_state).choice(rows, _MAX_ROWS, replace=False))
    result = bench.sandbox.run(
        Job(
            kind="analysis",
            source=script.source,
            features=bench.features,
            train_rows=rows,
            y=bench.train.y[rows],
            predict_rows=rows[:0],
            n_classes=task.n_classes,
            random_state=task.random_state,
            limits=Limits(
                wall_s=max(1.0, min(wall_s, _MAX_WALL_S)), memory_bytes=bench.memory_bytes, n_threads=bench.n_jobs
            ),
        )
    )
    return result.outcome, _cut(result.outcome.stdout_tail)


def _cut(text: str) -> str:
    """Return the beginning and the end of a text that is too long."""
    text = text.strip()
    if len(text) <= _MAX_OUTPUT:
        return text
    half = _MAX_OUTPUT // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
