"""Scores are scikit-learn's own, computed from predictions; the arithmetic around them is checked by hand."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, fbeta_score, get_scorer, log_loss, make_scorer, mean_pinball_loss
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from octopus.dataset import Dataset, Float, Rows
from octopus.errors import InvalidParameter
from octopus.records import Score, TaskType
from octopus.scoring import (
    DEFAULT_SCORING,
    SECONDARY_SCORING,
    Scoring,
    best_constant,
    best_possible,
    bootstrap,
    constant_predictions,
    gain,
    make_scoring,
    secondary_scores,
    summarise,
)
from tests.frames import binary_frame, multiclass_frame, regression_frame

BINARY = [
    "roc_auc", "average_precision", "accuracy", "balanced_accuracy", "neg_log_loss", "neg_brier_score", "f1_macro",
    "f1_weighted", "precision_macro", "recall_macro", "jaccard_macro", "matthews_corrcoef", "f1", "precision", "recall",
]  # fmt: skip
MULTICLASS = [
    "neg_log_loss", "accuracy", "balanced_accuracy", "roc_auc_ovr", "roc_auc_ovo", "roc_auc_ovr_weighted", "f1_macro",
    "f1_micro", "precision_weighted", "recall_macro", "matthews_corrcoef", "top_k_accuracy",
]  # fmt: skip
REGRESSION = [
    "neg_root_mean_squared_error", "neg_mean_squared_error", "neg_mean_absolute_error", "neg_median_absolute_error",
    "r2", "explained_variance", "neg_mean_absolute_percentage_error", "neg_mean_poisson_deviance",
    "d2_absolute_error_score", "neg_max_error",
]  # fmt: skip
#: They take no weights; a fit with weights is scored all the same.
UNWEIGHTED = {"neg_max_error", "roc_auc_ovo"}
#: On string labels they ask which one is positive: it is the second, as class numbers have it.
ASK_FOR_THE_POSITIVE = {"f1", "precision", "recall", "average_precision", "neg_brier_score"}
PROBABILITIES = {"average_precision", "neg_brier_score"}
FRAMES: dict[TaskType, Callable[[], tuple[pd.DataFrame, pd.Series]]] = {
    "binary": binary_frame,
    "multiclass": multiclass_frame,
    "regression": regression_frame,
}


@cache
def _fitted(task_type: TaskType) -> tuple[Pipeline, pd.DataFrame, pd.Series]:
    """Return a model with string labels, fitted on the even rows, and the odd ones."""
    X, y = FRAMES[task_type]()
    X = X.select_dtypes("number")
    model = LinearRegression() if task_type == "regression" else LogisticRegression(C=0.1)
    return make_pipeline(StandardScaler(), model).fit(X[::2], y[::2]), X[1::2], y[1::2]


def _recorded(task_type: TaskType) -> tuple[Float, Float, np.ndarray | None]:
    """Return what the parent has: class numbers or values, predictions, the user's labels."""
    model, X, y = _fitted(task_type)
    if task_type == "regression":
        return y.to_numpy(dtype=np.float64), model.predict(X), None
    return np.searchsorted(model.classes_, y).astype(np.float64), model.predict_proba(X), model.classes_


CASES = [
    (t, n) for t, names in (("binary", BINARY), ("multiclass", MULTICLASS), ("regression", REGRESSION)) for n in names
]


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("task_type", "name"), CASES)
def test_a_score_is_what_scikit_learn_gives_the_fitted_model(task_type: TaskType, name: str, weighted: bool) -> None:
    model, X, y = _fitted(task_type)
    codes, predictions, classes = _recorded(task_type)
    weight = np.random.default_rng(0).uniform(0.1, 5.0, len(y)) if weighted else None
    scoring = make_scoring(name, task_type, classes)
    found = scoring.score(codes, predictions, weight)
    routed = {} if weight is None or name in UNWEIGHTED else {"sample_weight": weight}
    if name in ASK_FOR_THE_POSITIVE and task_type == "binary":
        scorer = get_scorer(name)
        response = predictions[:, 1] if name in PROBABILITIES else predictions.argmax(axis=1)
        expected = scorer._sign * scorer._score_func(codes, response, pos_label=1, **routed)
    else:
        expected = get_scorer(name)(model, X, y, **routed)
    assert found == pytest.approx(expected, abs=1e-12)
    assert scoring.name == name


def test_weights_change_a_score_only_where_the_metric_takes_them() -> None:
    codes, predictions, _ = _recorded("regression")
    weight = np.linspace(0.0, 9.0, len(codes))
    for name, changes in (("r2", True), ("neg_max_error", False)):
        scoring = make_scoring(name, "regression", None)
        assert (scoring.score(codes, predictions, weight) != scoring.score(codes, predictions)) == changes
        assert scoring.takes_weight == changes


def test_the_better_predictions_score_higher_by_every_metric() -> None:
    for task_type, name in CASES:
        codes, predictions, classes = _recorded(task_type)
        n_classes = 0 if classes is None else len(classes)
        perfect = np.eye(n_classes)[codes.astype(int)] * 0.98 + 0.02 / n_classes if n_classes else codes
        scoring = make_scoring(name, task_type, classes)
        best, found = scoring.score(codes, perfect), scoring.score(codes, predictions)
        assert best is not None
        assert found is not None
        assert best > found or (name == "top_k_accuracy" and found == 1.0), name


def test_a_function_of_ones_own_sees_estimator_rows_and_labels() -> None:
    model, X, y = _fitted("binary")
    codes, predictions, classes = _recorded("binary")

    def accuracy_of_the_young(estimator: object, rows: pd.DataFrame, truth: np.ndarray) -> float:
        young = (rows["agew"] < 40).to_numpy() if "agew" in rows else np.ones(len(rows), dtype=bool)
        return float(np.mean((estimator.predict(rows) == truth)[young]))  # type: ignore[attr-defined]

    scoring = make_scoring(accuracy_of_the_young, "binary", classes)
    assert scoring.name == "accuracy_of_the_young"
    assert scoring.looks_at_rows
    assert not scoring.takes_weight
    found = scoring.score(codes, predictions, np.ones(len(codes)), X)
    assert found == accuracy_of_the_young(model, X, y.to_numpy())
    assert found != scoring.score(codes, predictions)


def test_a_made_scorer_gets_the_users_labels() -> None:
    model, X, y = _fitted("binary")
    codes, predictions, classes = _recorded("binary")
    scorer = make_scorer(fbeta_score, beta=2, pos_label="yes")
    scoring = make_scoring(scorer, "binary", classes)
    assert scoring.name == "fbeta_score"
    assert not scoring.looks_at_rows
    assert scoring.score(codes, predictions) == pytest.approx(scorer(model, X, y))


def test_a_made_scorer_of_a_loss_is_greater_where_better() -> None:
    codes, predictions, _ = _recorded("regression")
    scorer = make_scorer(mean_pinball_loss, greater_is_better=False, alpha=0.9)
    found = make_scoring(scorer, "regression", None).score(codes, predictions)
    assert found == pytest.approx(-mean_pinball_loss(codes, predictions, alpha=0.9))


def test_a_function_that_reads_columns_is_taken_at_its_word() -> None:
    _, X, _ = _fitted("binary")
    codes, predictions, classes = _recorded("binary")

    def by_age(estimator: object, rows: pd.DataFrame, truth: np.ndarray, sample_weight: Float | None = None) -> float:
        hit = estimator.predict(rows) == truth  # type: ignore[attr-defined]
        return float(np.average(hit, weights=rows["agew"] * (1.0 if sample_weight is None else sample_weight)))

    scoring = make_scoring(by_age, "binary", classes)
    assert scoring.takes_weight
    plain, weighted = scoring.score(codes, predictions, None, X), scoring.score(codes, predictions, codes + 0.1, X)
    assert plain is not None
    assert weighted is not None
    assert plain != weighted
    assert scoring.score(codes, predictions) is None, "without the rows it has no value, and raises nothing"
    by_attribute = make_scoring(lambda _estimator, rows, _truth: float(rows.agew.mean()), "binary", classes)
    assert by_attribute.score(codes, predictions, None, X) == pytest.approx(X["agew"].mean())
    assert not by_attribute.takes_weight


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("task_type", list(SECONDARY_SCORING))
def test_other_metrics_are_scikit_learns_means_over_folds(task_type: TaskType, weighted: bool) -> None:
    codes, predictions, classes = _recorded(task_type)
    weight = np.random.default_rng(0).uniform(0.1, 5.0, len(codes)) if weighted else None
    parts = [np.arange(len(codes)) % 2 == i for i in range(2)]
    scoring = make_scoring(DEFAULT_SCORING[task_type], task_type, classes)
    found = secondary_scores(
        scoring, [(codes[p], predictions[p], None if weight is None else weight[p]) for p in parts]
    )
    assert set(found) == set(SECONDARY_SCORING[task_type]) - {scoring.name}
    for name, value in found.items():
        other = make_scoring(name, task_type, classes)
        values = [other.score(codes[p], predictions[p], None if weight is None else weight[p]) for p in parts]
        assert value == pytest.approx(np.mean(np.asarray(values, dtype=float))), name


def test_no_metric_is_computed_twice_under_another_name() -> None:
    codes, predictions, classes = _recorded("binary")
    fold = (codes, predictions, None)
    accuracy = make_scoring(make_scorer(accuracy_score), "binary", classes)
    assert accuracy.name == "accuracy_score"
    assert "accuracy" not in secondary_scores(accuracy, [fold])
    twice = make_scoring(make_scorer(fbeta_score, beta=2, pos_label="yes"), "binary", classes)
    assert "f1" in secondary_scores(twice, [fold])


def test_the_positive_class_of_other_metrics_is_the_one_that_the_labels_say() -> None:
    codes, predictions, _ = _recorded("binary")
    for labels, positive in (
        (np.array([1, 2]), 0),
        (np.array([0, 1]), 1),
        (np.array([3, 5]), 1),
        (np.array(["a", "b"]), 1),
    ):
        found = secondary_scores(make_scoring("roc_auc", "binary", labels), [(codes, predictions, None)])
        assert found["f1"] == pytest.approx(f1_score(codes, predictions.argmax(axis=1), pos_label=positive))


def test_a_metric_that_is_defined_nowhere_is_left_out_without_a_word() -> None:
    codes, _, classes = _recorded("binary")
    one_class = codes == 0
    scoring = make_scoring("accuracy", "binary", classes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = secondary_scores(scoring, [(codes[one_class], np.tile([0.9, 0.1], (one_class.sum(), 1)), None)])
    assert not {"roc_auc", "average_precision"} & set(found)
    assert "neg_log_loss" in found


def test_of_a_large_fold_evenly_spaced_rows_count() -> None:
    y = np.arange(30_000.0)
    found = secondary_scores(make_scoring("r2", "regression", None), [(y, np.where(y % 3 == 0, y, y + 1), None)])
    assert found["neg_mean_absolute_error"] == 0.0


@pytest.mark.parametrize(
    ("name", "task_type", "best"),
    [("roc_auc", "binary", 1.0), ("neg_log_loss", "binary", 0.0), ("r2", "regression", 1.0),
     ("neg_max_error", "regression", 0.0), ("positive_likelihood_ratio", "binary", None)],
)  # fmt: skip
def test_the_best_possible_value(name: str, task_type: TaskType, best: float | None) -> None:
    classes = np.array([0, 1]) if task_type == "binary" else None
    scorer = get_scorer(name)
    scoring = Scoring(name=name, scorer=scorer, classes=classes, takes_weight=True)
    assert best_possible(scoring) == best
    assert best_possible(make_scoring(lambda _e, _X, y: float(len(y)), "regression", None)) is None


@pytest.mark.parametrize("task_type", list(DEFAULT_SCORING))
def test_the_default_fits_its_task(task_type: TaskType) -> None:
    codes, predictions, classes = _recorded(task_type)
    assert make_scoring(DEFAULT_SCORING[task_type], task_type, classes).score(codes, predictions) is not None


def _raises(estimator: object, X: object, y: object) -> float:
    raise ZeroDivisionError("no row is worth anything")


@pytest.mark.parametrize(
    ("scoring", "task_type", "why"),
    [
        ("nonsense", "binary", "it is not the name of a scikit-learn scorer"),
        ("r2", "binary", "it is a regression metric and the task is binary"),
        ("neg_mean_squared_error", "multiclass", "it is a regression metric and the task is multiclass"),
        ("accuracy", "regression", "it is a classification metric and the task is regression"),
        ("roc_auc", "regression", "it is a ranking metric and the task is regression"),
        ("adjusted_rand_score", "multiclass", "it is a cluster metric and the task is multiclass"),
        ("roc_auc", "multiclass", "it cannot score a multiclass task"),
        ("f1", "multiclass", "it cannot score a multiclass task"),
        (_raises, "regression", "no row is worth anything"),
    ],
)
def test_a_metric_that_does_not_fit_is_refused(scoring: str, task_type: TaskType, why: str) -> None:
    with pytest.raises(InvalidParameter, match=why) as caught:
        make_scoring(scoring, task_type, _recorded(task_type)[2])
    assert caught.value.parameter == "scoring"
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_a_ranking_is_undefined_on_a_fold_without_positives(name: str) -> None:
    codes, predictions, classes = _recorded("binary")
    negatives = codes == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert make_scoring(name, "binary", classes).score(codes[negatives], predictions[negatives]) is None


def test_log_loss_is_defined_where_a_fold_lacks_a_class() -> None:
    codes, predictions, classes = _recorded("multiclass")
    assert classes is not None
    rows = codes != 2
    found = make_scoring("neg_log_loss", "multiclass", classes).score(codes[rows], predictions[rows])
    assert found == pytest.approx(-log_loss(codes[rows], predictions[rows], labels=[0, 1, 2]))


def test_a_number_that_is_not_finite_is_no_score() -> None:
    endless = make_scoring(lambda _estimator, _X, y: math.inf if len(y) > 50 else 1.0, "regression", None)
    codes, predictions, _ = _recorded("regression")
    assert endless.score(codes, predictions) is None
    assert endless.score(codes[:50], predictions[:50]) == 1.0


def test_mean_and_standard_error_by_hand() -> None:
    score = summarise("r2", (0.5, 0.6, 0.7), test_over_train=0.5)
    # s² = 0.01; (1/3 + 1/2) · 0.01
    assert score.mean == pytest.approx(0.6)
    assert score.standard_error == pytest.approx(math.sqrt(0.01 * (1 / 3 + 1 / 2)))
    assert (score.scoring, score.folds) == ("r2", (0.5, 0.6, 0.7))
    assert summarise("r2", (0.5,), 0.5).standard_error is None


def test_a_gain_is_paired_fold_by_fold() -> None:
    reference, candidate = summarise("r2", (0.1, 0.5, 0.9), 0.5), summarise("r2", (0.2, 0.6, 1.2), 0.5)
    difference, error = gain(candidate, reference, 0.5)
    # differences 0.1, 0.1, 0.3: mean 1/6, s² = 0.04/3
    assert difference == pytest.approx(1 / 6)
    assert error == pytest.approx(math.sqrt(0.04 / 3 * (1 / 3 + 1 / 2)))
    assert error < (candidate.standard_error or 0.0), "what both find hard does not count"


def test_a_gain_on_unequal_folds_takes_the_spread_of_one() -> None:
    def score(mean: float, standard_error: float | None, folds: int) -> Score:
        return Score(scoring="r2", mean=mean, standard_error=standard_error, folds=(mean,) * folds)

    factor = math.sqrt(2 * (1 - 0.9))
    assert gain(score(0.7, 0.1, 5), score(0.6, 0.3, 4), 0.25) == pytest.approx((0.1, 0.1 * factor))
    assert gain(score(0.7, None, 1), score(0.6, 0.3, 4), 0.25) == pytest.approx((0.1, 0.3 * factor))
    assert gain(score(0.7, None, 1), score(0.6, None, 1), 0.25) == pytest.approx((0.1, 0.0))


@given(seed=st.integers(0, 2**32 - 1), n_rows=st.integers(1, 30))
def test_resamples_are_those_of_the_seed(seed: int, n_rows: int) -> None:
    drawn: list[list[Rows]] = [[], []]
    for picked in drawn:
        bootstrap(lambda rows, picked=picked: picked.append(rows) or 0.0, n_rows, None, seed, 5)
    for first, second in zip(*drawn, strict=True):
        assert_array_equal(first, second)
        assert len(first) == n_rows
        assert first.min() >= 0
        assert first.max() < n_rows


@given(groups=st.lists(st.integers(0, 6), min_size=1, max_size=40), seed=st.integers(0, 99))
def test_resampled_groups_stay_together(groups: list[int], seed: int) -> None:
    of_row = np.asarray(groups, dtype=np.int64)
    n_groups = len(set(groups))

    def check(rows: Rows) -> float:
        times_of_group = 0
        for group in set(groups):
            times = {int(np.sum(rows == row)) for row in np.flatnonzero(of_row == group)}
            assert len(times) == 1, "every row of a group is drawn as often as the others"
            times_of_group += times.pop()
        assert times_of_group == n_groups, "as many groups are drawn as there are"
        return float(len(rows))

    assert len(bootstrap(check, len(groups), of_row, seed, 10)) == 10


def test_another_seed_draws_other_rows() -> None:
    y = regression_frame()[1].to_numpy(dtype=np.float64)
    first, again, other = (bootstrap(lambda rows: float(y[rows].mean()), len(y), None, s, 50) for s in (1, 1, 2))
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_interval_of_a_mean_holds_it_nearly_as_often_as_it_says() -> None:
    y = regression_frame()[1].to_numpy(dtype=np.float64)
    rng, held, n_trials = np.random.default_rng(0), 0, 200
    for trial in range(n_trials):
        sample = rng.choice(y, 60)
        draws = bootstrap(lambda rows, sample=sample: float(sample[rows].mean()), 60, None, trial, 400)
        low, high = np.percentile(draws, [2.5, 97.5])
        held += low <= y.mean() <= high
    assert 0.90 <= held / n_trials <= 0.98


def test_resampling_groups_is_wider_than_rows_where_groups_differ() -> None:
    groups = np.repeat(np.arange(10), 20)
    values = np.repeat(np.random.default_rng(0).normal(size=10), 20)
    by_row, by_group = (bootstrap(lambda rows: float(values[rows].mean()), 200, g, 0, 400) for g in (None, groups))
    # each group counts as one observation: √20 times the spread of 200 independent rows
    assert 3.0 < by_group.std() / by_row.std() < 6.0


def test_a_constant_model_predicts_frequencies_or_the_mean() -> None:
    y = np.array([0.0, 1.0, 1.0, 1.0])
    weight = np.array([5.0, 1.0, 1.0, 1.0])
    assert_allclose(constant_predictions(y, 2, 3), np.tile([0.25, 0.75], (3, 1)))
    assert_allclose(constant_predictions(y, 2, 1, weight), [[5 / 8, 3 / 8]])
    assert_allclose(constant_predictions(y, 3, 1), [[0.25, 0.75, 0.0]])
    assert_allclose(constant_predictions(y, 0, 2), [0.75, 0.75])
    assert_allclose(constant_predictions(y, 0, 2, weight), [3 / 8, 3 / 8])


def _rows(y: list[float], weight: list[float] | None = None) -> Dataset:
    values = np.asarray(y, dtype=np.float64)
    return Dataset(
        table=pd.DataFrame({"a": np.arange(float(len(y)))}),
        y=values,
        sample_weight=None if weight is None else np.asarray(weight, dtype=np.float64),
        row_ids=np.arange(len(y)),
    )


@pytest.mark.parametrize(
    ("scoring", "y", "weight", "constant"),
    [
        ("f1", [0.0] * 8 + [1.0] * 2, None, [0, 1]),
        (make_scorer(fbeta_score, beta=2), [0.0] * 8 + [1.0] * 2, None, [0, 1]),
        ("recall", [0.0] * 8 + [1.0] * 2, None, [0, 1]),
        ("accuracy", [0.0] * 8 + [1.0] * 2, None, [0.8, 0.2]),
        ("accuracy", [0.0] * 8 + [1.0] * 2, [1] * 8 + [9] * 2, [4 / 13, 9 / 13]),
        ("roc_auc", [0.0] * 8 + [1.0] * 2, None, [0.8, 0.2]),
        ("neg_log_loss", [0.0] * 8 + [1.0] * 2, None, [0.8, 0.2]),
        ("neg_brier_score", [0.0] * 8 + [1.0] * 2, None, [0.8, 0.2]),
        ("neg_log_loss", [0.0, 1.0, 1.0, 2.0], None, [0.25, 0.5, 0.25]),
        ("neg_mean_squared_error", [0.0, 0.0, 0.0, 8.0], None, 2.0),
        ("neg_mean_absolute_error", [0.0, 0.0, 0.0, 8.0], None, 0.0),
        ("neg_mean_absolute_error", [0.0, 0.0, 0.0, 8.0], [1, 1, 1, 9], 8.0),
        ("neg_mean_squared_log_error", [-1.0, -1.0, -1.0, 0.0], None, -0.75),
    ],
)
def test_the_best_constant_is_the_one_that_the_metric_likes(
    scoring: str | Callable[..., float], y: list[float], weight: list[float] | None, constant: float | list[float]
) -> None:
    n_classes = len(constant) if isinstance(constant, list) else 0
    task_type: TaskType = "binary" if n_classes == 2 else "multiclass" if n_classes else "regression"
    metric = make_scoring(scoring, task_type, np.arange(n_classes) if n_classes else None)
    found = best_constant(metric, _rows(y, weight), n_classes, 3)
    assert_allclose(found, np.tile(constant, (3, 1)) if n_classes else np.full(3, constant))


def test_a_class_among_many_may_be_the_best_constant() -> None:
    y = [0.0] * 30 + [1.0] * 20 + [float(k) for k in range(2, 40)]
    metric = make_scoring(make_scorer(fbeta_score, beta=1, labels=[1], average="macro"), "multiclass", np.arange(40))
    assert_allclose(best_constant(metric, _rows(y), 40, 1), np.eye(40)[[1]])


def test_a_metric_of_the_users_own_chooses_the_constant_with_the_rows_at_hand() -> None:
    def cost(estimator: Pipeline, rows: pd.DataFrame, truth: np.ndarray) -> float:
        predicted = estimator.predict(rows) == "yes"
        if not predicted.any():
            raise ZeroDivisionError("nothing was called")
        return float(((truth == "yes") - 0.1)[predicted].sum() + 0 * rows["a"].sum())

    metric = make_scoring(cost, "binary", np.array(["no", "yes"]))
    assert_allclose(best_constant(metric, _rows([0.0] * 8 + [1.0] * 2), 2, 2), [[0, 1], [0, 1]])
    fails = Scoring(name="own", scorer=make_scorer(_raises), classes=np.array([0, 1]), takes_weight=False)
    assert_allclose(best_constant(fails, _rows([0.0, 1.0, 1.0, 1.0]), 2, 1), [[0.25, 0.75]])


def test_the_constant_of_many_rows_is_chosen_on_evenly_spaced_ones() -> None:
    seen: list[int] = []

    def count(_estimator: object, _rows: object, truth: Float) -> float:
        seen.append(len(truth))
        return 1.0

    metric = Scoring(name="count", scorer=count, classes=None, takes_weight=False)
    assert_allclose(best_constant(metric, _rows(np.arange(25_001.0).tolist()), 0, 2), [12_500.0, 12_500.0])
    assert set(seen) == {8_334}
