"""OCT605: the same predictions, bent a little, score better by the metric; what is only chance does not."""

from __future__ import annotations

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.linear_model import HuberRegressor, LogisticRegression, Ridge
from sklearn.metrics import get_scorer

from octopus.rules.decisions import METRICS, metric_of_counts
from octopus.rules.mismatch import MetricMismatch
from octopus.scoring import make_scoring
from tests.frames import binary_frame, r_frame, weighted_frame
from tests.unit.rules.symptom_cases import evidence, fitted

RULE = MetricMismatch()


def _insured(share_of_yes=1.0):
    table, y, _ = weighted_frame()
    kept = ((y == "no") | (np.random.default_rng(0).random(len(y)) < share_of_yes)).to_numpy()
    return table[kept], y[kept].to_numpy()


def _diamonds():
    table = r_frame("ggplot2", "diamonds").sample(2000, random_state=0)
    return table.drop(columns="price"), table["price"].to_numpy(dtype=float)


def _probabilities(n_rows=2000, n_classes=2, seed=0):
    """Return classes drawn from probabilities, and those."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(n_classes, 0.5), n_rows)
    y = (p.cumsum(axis=1) < rng.random((n_rows, 1))).sum(axis=1).clip(0, n_classes - 1)
    return y, p


def _sharpened(p, power):
    raised = np.clip(p, 1e-6, 1.0) ** power
    return raised / raised.sum(axis=1, keepdims=True)


# ------------------------------------------------------------------ decisions


def test_a_threshold_at_one_half_is_wrong_for_f1_where_few_are_insured():
    found = RULE.match(fitted(*_insured(0.25), LogisticRegression(max_iter=1000), "f1"))
    assert found
    assert "f1 with the threshold 0.1" in found.evidence
    assert "roc_auc 0.8" in found.cause


def test_a_threshold_at_one_half_is_right_for_accuracy_and_for_balanced_weights():
    assert not RULE.match(fitted(*_insured(), LogisticRegression(max_iter=1000), "accuracy"))
    weighted = LogisticRegression(max_iter=1000, class_weight="balanced")
    assert not RULE.match(fitted(*_insured(0.25), weighted, "balanced_accuracy"))


def test_a_poor_ranking_is_no_mismatch():
    rng = np.random.default_rng(0)
    y = (rng.random(1000) < 0.2).astype(float)
    p = np.clip(0.2 + 0.02 * y + rng.normal(0, 0.05, 1000), 0.01, 0.4)
    case = {"scoring": "f1", "y": y, "predictions": np.column_stack([1 - p, p])}
    assert RULE.match(evidence(**case, others={"roc_auc": 0.85})), "all are predicted no, which f1 scores 0"
    assert not RULE.match(evidence(**case, others={"roc_auc": 0.6}))


@pytest.mark.parametrize("scoring", ["balanced_accuracy", "f1_macro"])
def test_the_odds_of_many_classes(scoring):
    rng = np.random.default_rng(0)
    y = rng.choice(3, 3000, p=[0.85, 0.1, 0.05])
    likelihood = np.exp(-0.5 * (rng.normal(size=3000)[:, None] + 1.5 * y[:, None] - 1.5 * np.arange(3)) ** 2)
    posterior = likelihood * [0.85, 0.1, 0.05]
    even, posterior = (p / p.sum(axis=1, keepdims=True) for p in (likelihood, posterior))
    found = RULE.match(evidence("multiclass", scoring, y, posterior))
    assert found
    assert "frequencies to the power" in found.evidence
    if scoring == "balanced_accuracy":
        assert not RULE.match(evidence("multiclass", scoring, y, even))


@pytest.mark.parametrize("name", sorted(METRICS))
@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_metric_of_counts_is_scikit_learns(name, n_classes):
    if n_classes > 2 and name in ("f1", "jaccard"):
        return
    rng = np.random.default_rng(0)
    y, chosen = rng.integers(0, n_classes, 300), rng.integers(0, n_classes, 300)
    weight = rng.uniform(0.5, 2.0, 300)
    counts = np.bincount(y * n_classes + chosen, weights=weight, minlength=n_classes**2).reshape(n_classes, n_classes)
    scorer = get_scorer(name)
    expected = scorer._score_func(y, chosen, sample_weight=weight, **scorer._kwargs)
    assert metric_of_counts(name, counts.astype(float), 1) == pytest.approx(expected)


def test_the_positive_class_is_the_one_that_the_metric_takes():
    rng = np.random.default_rng(0)
    y = (rng.random(2000) < 0.85).astype(float)  # labels 1 and 2: the rare one is 1, which scikit-learn's f1 is of
    p = np.clip(0.85 + 0.3 * (y - 0.85) + rng.normal(0, 0.1, 2000), 0.51, 0.99)
    predictions = np.column_stack([1 - p, p])
    of_the_rare = RULE.match(evidence(scoring="f1", y=y, predictions=predictions, labels=np.array([1, 2])))
    of_the_frequent = RULE.match(evidence(scoring="f1", y=y, predictions=predictions, labels=np.array([0, 1])))
    assert "instead of 0," in of_the_rare.evidence, "it is predicted for no row"
    assert "instead of 0.9" in of_the_frequent.evidence


# ------------------------------------------------------------------ probabilities


@pytest.mark.parametrize("scoring", ["neg_log_loss", "neg_brier_score"])
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize(("power", "words"), [(3.0, "less sure"), (0.4, "surer"), (1.0, "")])
def test_probabilities_that_are_too_sure_or_not_sure_enough(scoring, n_classes, power, words):
    y, p = _probabilities(n_classes=n_classes)
    task_type = "binary" if n_classes == 2 else "multiclass"
    found = RULE.match(evidence(task_type, scoring, y, _sharpened(p, power)))
    assert (found is not None) is bool(words)
    if found:
        assert f"made {words}" in found.evidence


def test_what_is_reported_is_the_metric_itself():
    y, p = _probabilities()
    for scoring in ("neg_log_loss", "neg_brier_score"):
        found = RULE.match(evidence(scoring=scoring, y=y, predictions=_sharpened(p, 3.0)))
        plain = make_scoring(scoring, "binary", np.array([0, 1])).score(y.astype(float), _sharpened(p, 3.0))
        assert f"instead of {plain:.4g}," in found.evidence


def test_boosted_trees_on_few_women_are_too_sure():
    table, y = binary_frame()
    found = RULE.match(fitted(table, y.to_numpy(), LGBMClassifier(verbose=-1, n_jobs=1), "neg_log_loss"))
    assert found
    assert "made less sure" in found.evidence
    assert not RULE.match(fitted(table, y.to_numpy(), LogisticRegression(max_iter=1000), "neg_log_loss"))
    assert not RULE.match(fitted(table, y.to_numpy(), LGBMClassifier(verbose=-1, n_jobs=1), "roc_auc")), (
        "a ranking has no scale"
    )


# ------------------------------------------------------------------ numbers


def test_a_mean_is_not_what_absolute_errors_ask_for_and_a_median_not_what_squares_do():
    line, robust = Ridge(), HuberRegressor(epsilon=1.05, max_iter=1000)
    found = RULE.match(fitted(*_diamonds(), line, "neg_mean_absolute_error"))
    assert found
    assert "the median of the residuals" in found.evidence
    assert not RULE.match(fitted(*_diamonds(), robust, "neg_mean_absolute_error"))
    found = RULE.match(fitted(*_diamonds(), robust, "neg_root_mean_squared_error"))
    assert found
    assert "the mean of the residuals" in found.evidence
    assert not RULE.match(fitted(*_diamonds(), line, "neg_root_mean_squared_error"))


@pytest.mark.parametrize(
    ("shift", "n_rows", "fires"),
    [(1.0, 400, True), (0.0, 400, False), (0.1, 400, False), (0.1, 40_000, False), (1.0, 60, False)],
)
def test_a_shift_must_be_clear_and_worth_it(shift, n_rows, fires):
    y = np.random.default_rng(0).normal(0, 1, n_rows)
    assert (RULE.match(evidence("regression", "r2", y, np.full(n_rows, -shift))) is not None) is fires
    assert not RULE.match(evidence("regression", "neg_max_error", y, np.full(n_rows, -shift)))
