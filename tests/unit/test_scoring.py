"""Scores: scikit-learn's own numbers, from predictions and labels that no script holds together."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import fbeta_score, get_scorer, log_loss, make_scorer, mean_absolute_error

from octopus.errors import InvalidParameter
from octopus.records import Score
from octopus.scoring import DEFAULT_SCORING, bootstrap, constant_predictions, gain, make_scoring, summarise
from tests.frames import multiclass_frame, regression_frame

_BINARY = ("roc_auc", "neg_log_loss", "accuracy", "balanced_accuracy")
#: scikit-learn computes these for numbers only; octopus hands them the class numbers.
_NUMBERS_ONLY = ("average_precision", "neg_brier_score", "f1")
_MULTICLASS = ("neg_log_loss", "accuracy", "f1_macro", "roc_auc_ovr", "balanced_accuracy")
_REGRESSION = ("neg_root_mean_squared_error", "neg_mean_absolute_error", "r2", "neg_median_absolute_error")


def _classified(n_classes: int) -> tuple[LogisticRegression, pd.DataFrame, np.ndarray, np.ndarray]:
    X, y = multiclass_frame()
    kept = y.isin(sorted(y.unique())[:n_classes])
    X, y = X.loc[kept, X.columns[:2]].reset_index(drop=True), y[kept].to_numpy()
    model = LogisticRegression(max_iter=500).fit(X[::2], y[::2])
    return model, X[1::2], y[1::2], np.searchsorted(model.classes_, y[1::2]).astype(float)


@pytest.mark.parametrize(("name", "n_classes"), [*((n, 2) for n in _BINARY), *((n, 3) for n in _MULTICLASS)])
def test_a_score_of_classes_is_scikit_learns(name: str, n_classes: int) -> None:
    model, X, labels, y = _classified(n_classes)
    scoring = make_scoring(name, "binary" if n_classes == 2 else "multiclass", model.classes_)
    assert scoring.score(y, model.predict_proba(X)) == pytest.approx(get_scorer(name)(model, X, labels))


@pytest.mark.parametrize("name", _NUMBERS_ONLY)
def test_a_metric_of_numbers_scores_labels_that_are_words(name: str) -> None:
    model, X, _, y = _classified(2)
    scoring = make_scoring(name, "binary", model.classes_)
    in_numbers = LogisticRegression(max_iter=500)
    in_numbers.classes_, in_numbers.coef_, in_numbers.intercept_ = np.array([0.0, 1.0]), model.coef_, model.intercept_
    in_numbers.feature_names_in_ = model.feature_names_in_
    assert scoring.score(y, model.predict_proba(X)) == pytest.approx(get_scorer(name)(in_numbers, X, y))


@pytest.mark.parametrize("name", ["neg_log_loss", "accuracy"])
def test_weights_count_where_the_metric_takes_them(name: str) -> None:
    model, X, labels, y = _classified(3)
    weight = np.linspace(0.1, 3.0, len(y))
    scoring = make_scoring(name, "multiclass", model.classes_)
    expected = get_scorer(name)(model, X, labels, sample_weight=weight)
    assert scoring.score(y, model.predict_proba(X), weight) == pytest.approx(expected)
    assert scoring.score(y, model.predict_proba(X)) != pytest.approx(expected)


@pytest.mark.parametrize("name", _REGRESSION)
def test_a_score_of_numbers_is_scikit_learns(name: str) -> None:
    X, y = regression_frame()
    model = Ridge().fit(X[::2], y[::2])
    scoring = make_scoring(name, "regression", None)
    expected = get_scorer(name)(model, X[1::2], y[1::2])
    assert scoring.score(y[1::2].to_numpy(float), model.predict(X[1::2])) == pytest.approx(expected)


def test_a_metric_that_wants_numbers_for_classes_gets_them() -> None:
    scorer = make_scorer(fbeta_score, beta=2)
    scoring = make_scoring(scorer, "binary", np.array(["no", "yes"]))
    y, probabilities = np.array([0.0, 1, 1, 0]), np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]])
    assert scoring.score(y, probabilities) == pytest.approx(fbeta_score([0, 1, 1, 0], [0, 1, 0, 1], beta=2))


def test_a_users_function_may_look_at_the_rows() -> None:
    X, y = regression_frame()

    def error_of_the_young(estimator: object, rows: pd.DataFrame, truth: np.ndarray) -> float:
        young = (rows["age"] < 40).to_numpy() if "age" in rows else np.ones(len(rows), dtype=bool)
        return -float(np.mean(np.abs(truth - estimator.predict(rows))[young]))  # type: ignore[attr-defined]

    scoring = make_scoring(error_of_the_young, "regression", None)
    assert scoring.looks_at_rows
    assert scoring.name == "error_of_the_young"
    young = (X["age"] < 40).to_numpy()
    predictions = np.full(len(y), 150.0)
    expected = -mean_absolute_error(y[young], predictions[young])
    assert scoring.score(y.to_numpy(float), predictions, None, X) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scoring", "task", "classes", "message"),
    [
        ("auroc", "binary", [0, 1], "it is not the name of a scikit-learn scorer"),
        ("r2", "binary", [0, 1], "it is a regression metric and the task is binary"),
        ("accuracy", "regression", None, "it is a classification metric and the task is regression"),
        ("roc_auc", "multiclass", [0, 1, 2], "it cannot score a multiclass task"),
        ("adjusted_rand_score", "multiclass", [0, 1, 2], "it is a cluster metric"),
    ],
)
def test_a_metric_that_does_not_fit_is_refused(
    scoring: str, task: str, classes: list[int] | None, message: str
) -> None:
    with pytest.raises(InvalidParameter, match=message):
        make_scoring(scoring, task, None if classes is None else np.array(classes))  # type: ignore[arg-type]


def test_where_a_metric_is_undefined_there_is_no_score() -> None:
    scoring = make_scoring("roc_auc", "binary", np.array(["no", "yes"]))
    assert scoring.score(np.zeros(3), np.full((3, 2), 0.5)) is None


def test_log_loss_knows_classes_that_a_fold_lacks() -> None:
    scoring = make_scoring("neg_log_loss", "multiclass", np.array(["a", "b", "c"]))
    y, probabilities = np.array([0.0, 1, 0]), np.full((3, 3), 1 / 3)
    assert scoring.score(y, probabilities) == pytest.approx(-math.log(3))


def test_the_defaults_are_scikit_learn_scorers() -> None:
    assert all(get_scorer(name) for name in DEFAULT_SCORING.values())


def test_the_standard_error_carries_the_correction_for_overlapping_training_sets() -> None:
    score = summarise("r2", (0.5, 0.7, 0.6), test_over_train=0.5)
    assert score.mean == pytest.approx(0.6)
    assert score.standard_error == pytest.approx(0.1 * math.sqrt(1 / 3 + 0.5))  # the folds' deviation is 0.1
    assert summarise("r2", (0.5,), 0.25).standard_error is None


def test_a_gain_is_paired_fold_by_fold() -> None:
    reference = summarise("r2", (0.1, 0.5, 0.9), 0.5)
    candidate = summarise("r2", (0.2, 0.6, 1.0), 0.5)
    difference, error = gain(candidate, reference, 0.5)
    assert difference == pytest.approx(0.1)
    assert error == pytest.approx(0.0, abs=1e-12), "every fold gained the same"
    other = Score(scoring="r2", mean=0.7, standard_error=0.2, folds=(0.7,))
    assert gain(other, reference, 0.5)[1] == pytest.approx(0.2 * math.sqrt(0.2))


def test_resamples_of_groups_keep_groups_whole() -> None:
    groups = np.repeat(np.arange(5), [1, 2, 3, 4, 5])
    seen: list[np.ndarray] = []
    bootstrap(lambda rows: seen.append(rows) or 0.0, 15, groups, random_state=0, n_resamples=20)
    for rows in seen:
        for group, size in enumerate([1, 2, 3, 4, 5]):
            assert np.isin(groups[rows], group).sum() % size == 0
    assert len({tuple(rows) for rows in seen}) > 15


def test_an_interval_of_95_percent_holds_the_truth_about_as_often() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for repeat in range(200):
        sample = rng.normal(size=60)
        draws = bootstrap(lambda rows, s=sample: float(s[rows].mean()), 60, None, repeat, 300)  # type: ignore[misc]
        low, high = np.percentile(draws, [2.5, 97.5])
        held += low <= 0.0 <= high
    assert 0.88 <= held / 200 <= 0.99


@given(st.lists(st.integers(0, 2), min_size=3, max_size=30))
def test_the_constant_is_the_best_that_ignores_the_features(labels: list[int]) -> None:
    y = np.array(labels, dtype=float)
    predicted = constant_predictions(y, 3, len(y))
    np.testing.assert_allclose(predicted.sum(axis=1), 1.0)
    best = log_loss(y, predicted, labels=[0, 1, 2])
    assert best <= log_loss(y, np.full((len(y), 3), 1 / 3), labels=[0, 1, 2]) + 1e-12
    weight = np.linspace(1, 2, len(y))
    np.testing.assert_allclose(constant_predictions(y, 0, 2, weight), np.average(y, weights=weight))
