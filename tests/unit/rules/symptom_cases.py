"""Evidence for the symptom rules: made by hand, or by really fitting a model on a real table."""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from octopus.dataset import Dataset, Fold
from octopus.frame import Schema
from octopus.journal import Journal
from octopus.protocols import Evidence
from octopus.records import (
    ColumnProfile,
    Decision,
    Experiment,
    ExperimentFinished,
    Outcome,
    Plan,
    Profile,
    Script,
    TargetProfile,
    Task,
    ValidationPlan,
)
from octopus.scoring import constant_predictions, make_scoring, secondary_scores, summarise

#: Scored over fitted rows of five folds.
RATIO = 0.25


def evidence(task_type="binary", scoring="roc_auc", y=(), predictions=(), folds=(0.8, 0.81, 0.8), constant=0.5, **more):
    """Return evidence of what is given; what is not is as plain as can be."""
    y, predictions = np.asarray(y, dtype=float), np.asarray(predictions, dtype=float)
    n_classes = 0 if task_type == "regression" else max(2, predictions.shape[1] if predictions.ndim == 2 else 0)
    labels = np.array(["no", "yes"]) if n_classes == 2 else np.array([f"class {i}" for i in range(n_classes)])
    if "labels" in more:
        labels = more["labels"]
    table = more.get("table", pd.DataFrame(index=range(len(y))))
    table = Schema.of(table).apply(table) if table.shape[1] else table
    score = msgspec.structs.replace(
        summarise(scoring, tuple(folds), RATIO), train=more.get("train"), others=more.get("others", {})
    )
    return Evidence(
        task=Task(
            goal="", type=task_type, type_reason="", target="t", scoring=scoring, features=tuple(table.columns),
            classes=tuple(str(label) for label in labels) if n_classes else (), random_state=0,
            group=more.get("group"), time=more.get("time_name"),
        ),
        profile=Profile(
            n_rows=len(y), n_columns=table.shape[1], n_sealed=0, sealed_reason="", memory_bytes=1,
            columns=columns_of(table, more.get("signals", {}), more.get("unused", ())),
            target=TargetProfile(n_missing=0), findings=more.get("findings", ()),
        ),
        validation=ValidationPlan(kind=more.get("kind", "random"), n_splits=5, reason=""),
        journal=journal_of(*more.get("before", ())),
        plan=Plan(family=more.get("family", "gbm"), idea="i", hypothesis="h", expected="e"),
        rows=Dataset(
            table=table, y=y, row_ids=np.arange(len(y)), groups=more.get("groups"), time=more.get("time"),
            sample_weight=more.get("weight"),
        ),
        folds=more.get("splits", ()),
        scoring=make_scoring(more.get("metric", scoring), task_type, labels if n_classes else None),
        score=score,
        predictions=predictions,
        constant_score=constant,
    )  # fmt: skip


def columns_of(table, signals, unused):
    """Return a profile of each column by its type."""
    kinds = {"f": "numeric", "M": "datetime"}
    return tuple(
        ColumnProfile(
            name=name, kind=kinds.get(values.dtype.kind, "categorical"), dtype=str(values.dtype), missing_fraction=0.0,
            n_unique=values.nunique(), used=name not in unused, signal=signals.get(name),
        )
        for name, values in table.items()
    )  # fmt: skip


def journal_of(*before):
    """Return a journal of experiments: (family, scores of the folds), or a family alone for a failure."""
    events = []
    for number, (family, folds) in enumerate(before, start=1):
        experiment = Experiment(
            number=number,
            decision=Decision(action="draft", reason="r"),
            plan=Plan(family=family, idea="i", hypothesis="h", expected="e"),
            script=Script(source="s", author="playbook"),
            outcome=Outcome(status="ok" if folds else "error", stage="done"),
            score=summarise("s", tuple(folds), RATIO) if folds else None,
        )
        events.append(ExperimentFinished(at="", elapsed_s=0.0, experiment=experiment))
    return Journal(events=tuple(events))


def fitted(X, y, model, scoring, *, splits=None, **more):
    """Return evidence of a model that was really fitted on five folds."""
    X = X.reset_index(drop=True)
    task_type = (
        "regression" if np.asarray(y).dtype.kind == "f" else "binary" if len(np.unique(y)) == 2 else "multiclass"
    )
    labels = None if task_type == "regression" else np.unique(y)
    codes = np.asarray(y, dtype=float) if labels is None else np.searchsorted(labels, y).astype(float)
    splits = splits or five_folds(len(X))
    metric = make_scoring(scoring, task_type, labels)
    predictions = np.full((len(X), len(labels)) if labels is not None else len(X), np.nan)
    train, scored = None, []
    for fold in splits:
        numbers = make_pipeline(SimpleImputer(), StandardScaler())
        encode = make_column_transformer(
            (numbers, make_column_selector(dtype_include="number")),
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_exclude="number")),
        )
        pipeline = make_pipeline(encode, clone(model)).fit(X.iloc[fold.train_rows], codes[fold.train_rows])
        predict = pipeline.predict if labels is None else pipeline.predict_proba
        if train is None:
            train = metric.score(codes[fold.train_rows], predict(X.iloc[fold.train_rows]))
        predictions[fold.valid_rows] = predict(X.iloc[fold.valid_rows])
        scored.append((codes[fold.valid_rows], predictions[fold.valid_rows], None))
    return evidence(
        task_type, scoring, codes, predictions, [metric.score(*fold) for fold in scored],
        metric.score(codes, constant_predictions(codes, len(labels) if labels is not None else 0, len(X))),
        table=X, splits=splits, train=train, others=secondary_scores(metric, scored),
        **({} if labels is None else {"labels": labels}), **more,
    )  # fmt: skip


def five_folds(n_rows):
    """Return random folds."""
    return tuple(
        Fold(train_rows=a, valid_rows=b) for a, b in KFold(5, shuffle=True, random_state=0).split(range(n_rows))
    )
