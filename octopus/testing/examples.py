"""Small tasks, profiles, outcomes and evidence, for the contract suites: made, and of every kind."""

from __future__ import annotations

import signal

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
#: Messages as the libraries word them, each with the exception's type and where it happened.
_MESSAGES: tuple[tuple[str, str, Stage], ...] = (
    ("ModuleNotFoundError", "No module named 'nowhere_to_be_found'", "load"),
    ("TypeError", "OneHotEncoder.__init__() got an unexpected keyword argument 'sparse'", "build"),
    ("FileNotFoundError", "[Errno 2] No such file or directory: 'train.csv'", "load"),
    ("NameError", "name 'FEATURES' is not defined", "fit"),
    ("NotFittedError", "This StandardScaler instance is not fitted yet.", "predict"),
    ("RuntimeError", "no such luck", "fit"),
    ("MemoryError", "Unable to allocate 74.5 GiB for an array", "fit"),
    ("EOFError", "EOF when reading a line", "fit"),
    ("OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB.", "fit"),
    ("RuntimeError", "No CUDA GPUs are available", "fit"),
    ("ValueError", "could not convert string to float: '1,240.50 €'", "fit"),
    ("KeyError", "\"['amuont'] not in index\"", "fit"),
    ("KeyError", "'amount'", "fit"),
    ("ValueError", "Input X contains NaN.", "fit"),
    ("ValueError", "Input X contains infinity or a value too large for dtype('float64').", "fit"),
    ("ValueError", "Found unknown categories ['green'] in column 0 during transform", "predict"),
    ("ValueError", "Expected 2D array, got 1D array instead:\narray=[1. 2.].", "fit"),
    ("ValueError", "X has 4 features, but LogisticRegression is expecting 5 features as input.", "predict"),
    ("ValueError", "Unknown label type: continuous. Maybe you are trying to fit a classifier.", "fit"),
    ("ValueError", "cannot reindex on an axis with duplicate labels", "fit"),
    ("LinAlgError", "Singular matrix", "fit"),
    ("ValueError", "assignment destination is read-only", "fit"),
    ("LightGBMError", "Do not support special JSON characters in feature name.", "fit"),
    ("AttributeError", "'numpy.ndarray' object has no attribute 'columns'", "fit"),
    ("AttributeError", "Can only use .str accessor with string values!", "fit"),
    ("PicklingError", "Can't pickle local object <lambda>", "save"),
    ("RuntimeError", "Running on CPU with more than 1000 samples is not allowed by default", "fit"),
    ("URLError", "<urlopen error [Errno -3] Temporary failure in name resolution>", "load"),
)
#: Endings that are no exception: status, stage and what the supervisor or the collector said.
_ENDINGS: tuple[tuple[Status, Stage, str], ...] = (
    ("rejected", "check", "the script defines no function build_pipeline"),
    ("rejected", "check", "as an example"),
    ("timeout", "fit", "it took more than 30 s"),
    ("memory", "fit", "it held 4100 MB of memory"),
    ("processes", "fit", "it started 257 processes"),
    ("disk", "save", "it wrote 2100 MB"),
    ("output", "fit", "it printed 70 MB"),
    ("killed", "fit", "it died of signal 9"),
    ("no_result", "build", "it left no pred.npy"),
    ("bad_result", "done", "predictions are of type <f4, float64 is expected"),
    ("bad_result", "done", "3 of 120 predictions are missing or infinite"),
    ("bad_result", "done", "predictions have shape (30, 2), (30, 3) is expected"),
    ("bad_result", "done", "probabilities lie between -3 and 4"),
    ("tampered", "done", "the table features.arrow changed while the script ran"),
    ("not_run", "start", "no child could be started"),
)

#: What a check refuses before a script runs, as it words it.
_REFUSALS = (
    ("SyntaxError", "invalid syntax", "the script does not parse"),
    ("PolicyViolation", "the use of os has no business in a script, for it touches the system", ""),
    ("BlanketExcept", "every exception around fit() is caught and goes no further", ""),
    ("QuarantinedColumn", "the column 'amount' is quarantined, for it may know the answer", ""),
    ("SilentPandas", "chained assignment changes a copy, not the table", ""),
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
        Outcome(status="error", stage=stage, failure=Failure(type=kind, message=message, frames=frames))
        for kind, message, stage in _MESSAGES
    ]
    refused = [
        Outcome(
            status="rejected",
            stage="check",
            reason=reason or message,
            failure=Failure(type=kind, message=message, frames=frames),
        )
        for kind, message, reason in _REFUSALS
    ]
    ended = [
        Outcome(
            status=status,
            stage=stage,
            reason=reason,
            wall_s=30.0,
            cpu_s=29.0,
            signal=signal.SIGKILL if status == "killed" else None,
        )
        for status, stage, reason in _ENDINGS
    ]
    return tuple((outcome, script) for outcome in (*errors, *refused, *ended))


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
        score=Score(
            scoring=task.scoring,
            mean=float(np.mean(folds)),
            standard_error=0.2,
            folds=folds,
            train=0.55 if n_classes else -4.9,
            others={"roc_auc": 0.5} if n_classes else {"r2": 0.0},
        ),
        predictions=predictions,
        constant_score=0.5 if n_classes else -5.0,
    )


def _column(name: str, kind: str, **details: object) -> ColumnProfile:
    fields = {"name": name, "kind": kind, "dtype": "", "missing_fraction": 0.1, "n_unique": 9, "used": True, **details}
    return ColumnProfile(**fields)  # type: ignore[arg-type]
