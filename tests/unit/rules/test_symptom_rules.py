"""Each symptom rule fires on its case and is silent on a near miss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from octopus.dataset import Dataset
from octopus.journal import Journal
from octopus.protocols import Evidence
from octopus.records import Plan, Profile, TargetProfile, Task, ValidationPlan
from octopus.rules.symptoms import FoldsDisagree, NoBetterThanConstant, RareClass, SkewedTarget
from octopus.scoring import make_scoring, summarise

RULES = (NoBetterThanConstant(), RareClass(), SkewedTarget(), FoldsDisagree())


def evidence(task_type="binary", scoring="roc_auc", y=(), predictions=(), folds=(0.8, 0.81, 0.8), constant=0.5):
    task = Task(
        goal="",
        type=task_type,
        type_reason="",
        target="t",
        scoring=scoring,
        classes=() if task_type == "regression" else ("no", "yes"),
        features=("x",),
        random_state=0,
    )
    profile = Profile(
        n_rows=len(y), n_columns=1, n_sealed=0, sealed_reason="", memory_bytes=1, columns=(),
        target=TargetProfile(n_missing=0),
    )  # fmt: skip
    return Evidence(
        task=task,
        profile=profile,
        validation=ValidationPlan(kind="random", n_splits=3, reason=""),
        journal=Journal(events=()),
        plan=Plan(family="gbm", idea="i", hypothesis="h", expected="e"),
        rows=Dataset(table=pd.DataFrame(index=range(len(y))), y=np.asarray(y, dtype=float), row_ids=np.arange(len(y))),
        folds=(),
        scoring=make_scoring(scoring, task_type, None if task_type == "regression" else np.array(["no", "yes"])),
        score=summarise(scoring, tuple(folds), 0.5),
        predictions=np.asarray(predictions, dtype=float),
        constant_score=constant,
    )


def classes(n_rare: int, n_chosen: int, n_rows: int = 200):
    y = np.r_[np.ones(n_rare), np.zeros(n_rows - n_rare)]
    p = np.where(np.arange(n_rows) < n_chosen, 0.7, 0.1)
    return y, np.column_stack([1 - p, p])


@pytest.mark.parametrize(
    ("folds", "constant", "fires"),
    [
        ((0.50, 0.51, 0.49), 0.5, True),
        ((0.40, 0.41, 0.42), 0.5, True),
        ((0.53, 0.58, 0.48), 0.5, True),
        ((0.60, 0.61, 0.60), 0.5, False),
        ((0.50, 0.51, 0.49), None, False),
    ],
)
def test_no_better_than_a_constant(folds, constant, fires):
    found = NoBetterThanConstant().match(evidence(folds=folds, constant=constant))
    assert (found is not None) is fires


@pytest.mark.parametrize(
    ("scoring", "n_rare", "n_chosen", "fires"),
    [
        ("f1", 8, 4, True),
        ("f1_macro", 8, 4, True),
        ("accuracy", 40, 0, True),
        ("accuracy", 40, 3, False),
        ("roc_auc", 8, 0, False),
        ("neg_log_loss", 8, 0, False),
        ("f1", 80, 0, False),
    ],
)
def test_rare_class(scoring, n_rare, n_chosen, fires):
    y, predictions = classes(n_rare, n_chosen)
    found = RareClass().match(evidence(scoring=scoring, y=y, predictions=predictions))
    assert (found is not None) is fires


def test_rows_that_no_fold_scored_are_left_out():
    y, predictions = classes(40, 3)
    predictions[:3] = np.nan
    assert RareClass().match(evidence(scoring="accuracy", y=y, predictions=predictions)) is not None
    y = np.exp(np.random.default_rng(0).normal(0, 1, 300))
    hidden = np.where(np.arange(300) < 20, np.nan, np.median(y))
    assert SkewedTarget().match(evidence("regression", "r2", y, hidden)) is not None


def test_skewed_target():
    rng = np.random.default_rng(0)
    skewed, even = np.exp(rng.normal(0, 1, 500)), rng.normal(5, 1, 500)
    flat = np.full(500, 1.5)
    close = skewed + rng.normal(0, 0.1, 500)
    fires = {
        "errors in the tail": (skewed, flat),
        "tail well predicted": (skewed, close),
        "even target": (even, flat),
        "below minus one": (skewed - 3, flat - 3),
        "skewed to the left": (10 - skewed, flat),
    }
    found = {name for name, (y, p) in fires.items() if SkewedTarget().match(evidence("regression", "r2", y, p))}
    assert found == {"errors in the tail"}
    y, predictions = classes(8, 0)
    assert SkewedTarget().match(evidence(y=y, predictions=predictions)) is None


@pytest.mark.parametrize(
    ("folds", "constant", "fires"),
    [
        ((0.9, 0.6, 0.5), 0.5, True),
        ((0.9, 0.8, 0.85), 0.5, False),
        ((0.9, 0.5), 0.5, False),
        ((0.4, 0.6, 0.2), 0.5, False),
        ((0.9, 0.6, 0.5), None, False),
    ],
)
def test_folds_disagree(folds, constant, fires):
    assert (FoldsDisagree().match(evidence(folds=folds, constant=constant)) is not None) is fires


def test_codes_titles_and_kind():
    y, predictions = classes(8, 0)
    cases = (
        evidence(folds=(0.5, 0.5, 0.5)),
        evidence(scoring="f1", y=y, predictions=predictions),
        evidence("regression", "r2", np.exp(np.random.default_rng(0).normal(0, 1, 500)), np.ones(500)),
        evidence(folds=(0.9, 0.6, 0.5)),
    )
    for rule, case, code in zip(RULES, cases, ("OCT601", "OCT606", "OCT607", "OCT612"), strict=True):
        found = rule.match(case)
        assert (found.code, found.kind, found.fingerprint, rule.code) == (code, "symptom", code, code)
        assert found.evidence
        assert found.remedy
