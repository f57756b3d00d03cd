"""A measure prefers the same mixtures as the metric, whatever its short cut."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss, make_scorer, mean_squared_error, roc_auc_score

from octopus.blending import measures
from octopus.blending.measures import measure_on, mixture
from octopus.dataset import Dataset
from octopus.scoring import make_scoring

N = 400


def given_rows(n_classes: int, weighted: bool, n_rows: int = N) -> tuple[Dataset, list[np.ndarray]]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, n_rows).astype(float) if n_classes else rng.normal(size=n_rows)
    predictions = []
    for spread in (1.0, 1.3, 2.0):
        if n_classes:
            raised = np.exp(
                np.round(np.eye(n_classes)[y.astype(int)] + spread * rng.normal(size=(n_rows, n_classes)), 1)
            )
            predictions.append(raised / raised.sum(axis=1, keepdims=True))
        else:
            predictions.append(y + spread * rng.normal(size=n_rows))
    weight = rng.uniform(0, 3, n_rows) if weighted else None
    table = pd.DataFrame({"x": rng.normal(size=n_rows)})
    return Dataset(table=table, y=y, sample_weight=weight, row_ids=np.arange(n_rows)), predictions


def some_shares() -> np.ndarray:
    return np.concatenate([np.eye(3), np.random.default_rng(1).dirichlet(np.ones(3), 20)])


CASES = [
    ("neg_root_mean_squared_error", 0), ("neg_mean_squared_error", 0), ("r2", 0), ("neg_mean_absolute_error", 0),
    ("roc_auc", 2), ("neg_log_loss", 2), ("f1", 2), ("neg_brier_score", 2), ("roc_auc_ovr", 2),
    ("neg_log_loss", 4), ("roc_auc_ovr", 4), ("roc_auc_ovo", 4), ("roc_auc_ovr_weighted", 4), ("accuracy", 4),
]  # fmt: skip
#: What a short cut computes is the metric itself, except for these, which only have to rise together with it.
ORDER_ONLY = {"neg_root_mean_squared_error", "r2"}


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("name", "n_classes"), CASES)
def test_it_is_the_metric_or_rises_with_it(name: str, n_classes: int, weighted: bool) -> None:
    train, predictions = given_rows(n_classes, weighted)
    task = {0: "regression", 2: "binary"}.get(n_classes, "multiclass")
    scoring = make_scoring(name, task, np.arange(n_classes) if n_classes else None)
    rows = np.arange(0, N, 2)
    measure = measure_on(rows, predictions, train, scoring)
    weight = None if train.sample_weight is None else train.sample_weight[rows]
    found = np.array([measure(s) for s in some_shares()])
    expected = [scoring.score(train.y[rows], mixture(s, predictions)[rows], weight) for s in some_shares()]
    if name in ORDER_ONLY:
        assert_array_equal(np.argsort(found), np.argsort(expected))
    else:
        assert_allclose(found, expected, rtol=1e-9)


def test_short_cuts_are_taken_for_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A metric with settings of its own, or turned around, is the metric that is asked."""
    for name in ("_squares", "_logarithms", "_areas"):
        monkeypatch.delattr(measures, name)
    own = [
        (make_scorer(mean_squared_error), 0),
        (make_scorer(log_loss, greater_is_better=True, response_method="predict_proba"), 2),
        (make_scorer(log_loss, greater_is_better=False, response_method="predict_proba", normalize=False), 2),
        (make_scorer(roc_auc_score, response_method="predict"), 2),
        (make_scorer(roc_auc_score, response_method="predict_proba", max_fpr=0.1), 2),
        (make_scorer(roc_auc_score, response_method="predict_proba", multi_class="ovo"), 3),
    ]
    for scorer, n_classes in own:
        train, predictions = given_rows(n_classes, weighted=False)
        task = {0: "regression", 2: "binary"}.get(n_classes, "multiclass")
        scoring = make_scoring(scorer, task, np.arange(n_classes) if n_classes else None)
        assert measure_on(np.arange(N), predictions, train, scoring)(np.eye(3)[0]) is not None


def test_a_metric_that_looks_at_rows_sees_those_that_it_is_asked_about() -> None:
    train, predictions = given_rows(0, weighted=False)
    rows = np.arange(100, 200)
    seen = []

    def far_ones(estimator, X, y):
        seen.append(X["x"].to_numpy())
        return -float(np.mean(np.abs(estimator.predict(X) - y) * X["x"].abs()))

    scoring = make_scoring(far_ones, "regression", None)
    value = measure_on(rows, predictions, train, scoring)(np.eye(3)[0])
    assert_array_equal(seen[-1], train.table["x"].to_numpy()[rows])
    expected = -np.mean(np.abs(predictions[0][rows] - train.y[rows]) * train.table["x"].abs().to_numpy()[rows])
    assert value == pytest.approx(expected)


@pytest.mark.parametrize(("name", "n_classes"), [("roc_auc", 2), ("roc_auc_ovr", 3), ("average_precision", 2)])
def test_where_the_metric_is_undefined_there_is_no_value(name: str, n_classes: int) -> None:
    train, predictions = given_rows(n_classes, weighted=False)
    rows = np.flatnonzero(train.y == 0)
    scoring = make_scoring(name, "binary" if n_classes == 2 else "multiclass", np.arange(n_classes))
    assert measure_on(rows, predictions, train, scoring)(np.eye(3)[0]) is None


def test_of_many_rows_a_part_is_drawn_the_same_one_every_time_and_more_where_a_class_is_rare() -> None:
    train, _ = given_rows(2, weighted=False, n_rows=60_000)
    scoring = make_scoring("accuracy", "binary", np.arange(2))
    first, second = (measures._some(np.arange(60_000), train, scoring, 10_000) for _ in range(2))
    assert_array_equal(first, second)
    assert len(np.unique(first)) == 10_000
    rare = Dataset(table=train.table, y=(np.arange(60_000) % 1000 == 0).astype(float), row_ids=train.row_ids)
    assert len(measures._some(np.arange(60_000), rare, scoring, 10_000)) == 30_000
    assert_array_equal(measures._some(np.arange(50), train, scoring, 10_000), np.arange(50))
