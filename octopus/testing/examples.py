"""Small tasks, profiles, outcomes and evidence, for the contract suites: made, and of every kind."""

from __future__ import annotations

import numpy as np
import pandas as pd

from octopus.dataset import Dataset, Float, Fold, Rows
from octopus.journal import Journal
from octopus.protocols import Evidence
from octopus.records import (
    ColumnProfile,
    Failure,
    FamilyVerdict,
    Frame,
    Level,
    NumericSummary,
    Outcome,
    Plan,
    Profile,
    Score,
    Script,
    Stage,
    Status,
    TargetProfile,
    Task,
    TaskType,
    ValidationPlan,
)
from octopus.scoring import make_scoring

TASK_TYPES: tuple[TaskType, ...] = ("binary", "multiclass", "regression")
_SCORING: dict[TaskType, str] = {
    "binary": "accuracy",
    "multiclass": "neg_log_loss",
    "regression": "neg_root_mean_squared_error",
}
_N_CLASSES: dict[TaskType, int] = {"binary": 2, "multiclass": 4, "regression": 0}
#: Messages as the libraries word them, each with the exception's type.
_MESSAGES = (
    ("ValueError", "could not convert string to float: '1,240.50 €'"),
    ("KeyError", "'amount'"),
    ("ValueError", "Input X contains NaN."),
    ("ValueError", "Input X contains infinity or a value too large for dtype('float64')."),
    ("PicklingError", "Can't pickle local object <lambda>"),
    ("RuntimeError", "no such luck"),
    ("MemoryError", "Unable to allocate 74.5 GiB for an array"),
)
_STATUSES: tuple[tuple[Status, Stage], ...] = (
    ("rejected", "check"),
    ("timeout", "fit"),
    ("memory", "fit"),
    ("processes", "fit"),
    ("disk", "save"),
    ("output", "fit"),
    ("killed", "fit"),
    ("no_result", "build"),
    ("bad_result", "done"),
    ("tampered", "done"),
    ("not_run", "start"),
)


def example_task(task_type: TaskType) -> Task:
    """Return a task with three columns."""
    return Task(
        goal="",
        type=task_type,
        type_reason="an example",
        target="y",
        scoring=_SCORING[task_type],
        classes=tuple(f"class {i}" for i in range(_N_CLASSES[task_type])),
        features=("amount", "colour", "day"),
        random_state=0,
    )


def example_profile(task_type: TaskType, n_rows: int = 1000) -> Profile:
    """Return a profile of those columns."""
    n_classes = _N_CLASSES[task_type]
    levels = tuple(Level(value=f"class {i}", count=n_rows // n_classes) for i in range(n_classes))
    numbers = NumericSummary(mean=3.0, std=2.0, minimum=0.0, median=2.5, maximum=90.0, skew=4.0)
    return Profile(
        n_rows=n_rows,
        n_columns=3,
        n_sealed=n_rows // 4,
        sealed_reason="random rows",
        memory_bytes=24 * n_rows,
        columns=(
            _column("amount", "numeric", numeric=numbers),
            _column("colour", "categorical", levels=(Level(value="red", count=n_rows // 2),)),
            _column("day", "datetime"),
        ),
        target=TargetProfile(n_missing=0, levels=levels, numeric=None if n_classes else numbers),
        families=(FamilyVerdict(family="linear", applies=True, reason=""),),
    )


def example_failures() -> tuple[tuple[Outcome, Script], ...]:
    """Return an outcome of every failing status, and errors as the libraries word them."""
    script = Script(source="def build_pipeline():\n    return amount\n", author="playbook")
    frames = (Frame(line=2, function="build_pipeline", code="return amount"),)
    errors = [
        (Outcome(status="error", stage="fit", failure=Failure(type=kind, message=message, frames=frames)), script)
        for kind, message in _MESSAGES
    ]
    syntax = Failure(type="SyntaxError", message="invalid syntax", frames=frames)
    others = [(Outcome(status=status, stage=stage, reason="as an example"), script) for status, stage in _STATUSES]
    no_entry = Outcome(status="rejected", stage="check", reason="the script defines no function build_pipeline")
    return (*errors, (Outcome(status="rejected", stage="check", failure=syntax), script), (no_entry, script), *others)


def example_evidence(task_type: TaskType) -> Evidence:
    """Return what came of an experiment that did not do well."""
    task, profile = example_task(task_type), example_profile(task_type, 200)
    rng = np.random.default_rng(0)
    n_classes = task.n_classes
    y: Float = np.asarray(np.arange(200) % n_classes if n_classes else rng.lognormal(size=200), dtype=np.float64)
    predictions = np.full((200, n_classes), 1 / n_classes) if n_classes else np.full(200, y.mean())
    every: Rows = np.arange(200, dtype=np.int64)
    table = pd.DataFrame({"amount": rng.normal(size=200), "colour": ["red", "blue"] * 100, "day": ["2024-03-01"] * 200})
    folds = (0.1, 0.9, 0.2, 0.8) if n_classes else (-1.0, -9.0, -2.0, -8.0)
    classes = np.array(task.classes) if n_classes else None
    return Evidence(
        task=task,
        profile=profile,
        validation=ValidationPlan(kind="random", n_splits=4, reason="an example"),
        journal=Journal(),
        plan=Plan(family="linear", idea="an example", hypothesis="an example", expected="an example"),
        rows=Dataset(table=table, y=y, row_ids=every),
        folds=tuple(Fold(train_rows=every[every % 4 != k], valid_rows=every[every % 4 == k]) for k in range(4)),
        scoring=make_scoring(task.scoring, task_type, classes),
        score=Score(scoring=task.scoring, mean=float(np.mean(folds)), standard_error=0.2, folds=folds),
        predictions=predictions,
        constant_score=0.5 if n_classes else -5.0,
    )


def _column(name: str, kind: str, **details: object) -> ColumnProfile:
    fields = {"name": name, "kind": kind, "dtype": "", "missing_fraction": 0.1, "n_unique": 9, "used": True, **details}
    return ColumnProfile(**fields)  # type: ignore[arg-type]
