"""Words for a metric; what is not understood is left alone."""

from __future__ import annotations

import pytest

from octopus.goal.metric import read_metric


@pytest.mark.parametrize(
    ("goal", "task", "metric", "words"),
    [
        ("we can phone 200 a month, so ranking matters", "binary", "roc_auc", "ranking matters"),
        ("rank customers by risk", "multiclass", "roc_auc_ovr", "rank"),
        ("how likely is a default", "binary", "neg_log_loss", "how likely"),
        ("well calibrated, please", "multiclass", "neg_log_loss", "calibrated"),
        ("accuracy matters", "multiclass", "accuracy", "accuracy"),
        ("balanced accuracy", "binary", "balanced_accuracy", "balanced accuracy"),
        ("maximise F1", "binary", "f1", "F1"),
        ("maximise F1", "multiclass", "f1_macro", "F1"),
        ("low RMSE", "regression", "neg_root_mean_squared_error", "RMSE"),
        ("within 10 percent of the price", "regression", "neg_mean_absolute_percentage_error", "within 10 percent"),
        ("mean absolute error", "regression", "neg_mean_absolute_error", "mean absolute error"),
        ("a good R2", "regression", "r2", "R2"),
        ("the share of variance, R squared", "regression", "r2", "R squared"),
        ("low MAE", "regression", "neg_mean_absolute_error", "MAE"),
        ("mean absolute percentage error", "regression", "neg_mean_absolute_percentage_error", "percentage error"),
        ("a good ROC AUC", "binary", "roc_auc", "ROC AUC"),
        ("area: PR-AUC", "binary", "average_precision", "PR-AUC"),
        ("low log loss", "multiclass", "neg_log_loss", "log loss"),
        ("Brier score", "binary", "neg_brier_score", "Brier"),
        ("F1-score", "binary", "f1", "F1"),
        ("best F-score", "binary", "f1", "F-score"),
        ("MCC", "multiclass", "matthews_corrcoef", "MCC"),
        ("area under the curve", "binary", "roc_auc", "area under the curve"),
        ("roc_auc, please", "binary", "roc_auc", "roc_auc"),
        ("Gini", "binary", "roc_auc", "Gini"),
        ("neg_root_mean_squared_error", "regression", "neg_root_mean_squared_error", "root_mean_squared_error"),
        ("mean squared error", "regression", "neg_mean_squared_error", "mean squared error"),
        ("RMSLE", "regression", "neg_root_mean_squared_log_error", "RMSLE"),
        ("median absolute error", "regression", "neg_median_absolute_error", "median absolute error"),
        ("within 2,5 % of it", "regression", "neg_mean_absolute_percentage_error", "within 2,5 %"),
        ("accuracy is not important, log loss is", "binary", "neg_log_loss", "log loss"),
        ("not AUC but accuracy", "binary", "accuracy", "accuracy"),
        ("accuracy isn\u2019t everything, F1 is", "binary", "f1", "F1"),
        ("AUC matters less than F1", "binary", "f1", "F1"),
        ("instead of accuracy use balanced accuracy", "binary", "balanced_accuracy", "balanced accuracy"),
        ("we don't care about accuracy; rank them", "binary", "roc_auc", "rank"),
        ("what matters is not only accuracy", "binary", "accuracy", "accuracy"),
        ("balanced accuracy rather than accuracy", "multiclass", "balanced_accuracy", "balanced accuracy"),
    ],
)
def test_words_for_a_metric(goal: str, task: str, metric: str, words: str) -> None:
    understood = read_metric(goal, task)  # type: ignore[arg-type]
    assert understood is not None
    assert (understood.what, understood.value, understood.words) == ("scoring", metric, words)


@pytest.mark.parametrize(
    ("goal", "task"),
    [
        ("predict which invoices will be paid late", "binary"),
        ("", "binary"),
        ("low RMSE", "binary"),
        ("accuracy matters", "regression"),
        ("we trained on macro data from the shareholders", "binary"),
        ("auction prices of rocket parts, procured in Brandenburg", "binary"),
        ("an improbable brand of rock music", "multiclass"),
        ("maple syrup, mapped by smaller producers", "regression"),
        ("within ten days", "regression"),
        ("Brier score", "regression"),
        ("average precision", "multiclass"),
        ("no AUC please", "binary"),
        ("do not optimise accuracy", "binary"),
        ("top-3 accuracy", "multiclass"),
        ("high precision", "binary"),
        ("a median household", "regression"),
    ],
)
def test_nothing_is_invented(goal: str, task: str) -> None:
    assert read_metric(goal, task) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("goal", "columns", "metric"),
    [
        ("predict accuracy", ("accuracy", "x"), None),
        ("predict the rank of a team", ("Rank",), None),
        ("predict F1 from the other formulas", ("f1", "f2"), None),
        ("predict auc_0_24 from the dose", ("auc_0_24", "auc"), None),
        ("maximise accuracy; predict f1", ("accuracy", "f1"), "accuracy"),
        ("predict accuracy; score by AUC", ("accuracy",), "roc_auc"),
        ("the metric is accuracy", ("accuracy",), "accuracy"),
        ("predict accuracy", ("accuracy_of_fire",), "accuracy"),
    ],
)
def test_a_column_that_is_called_like_a_metric_is_a_column(
    goal: str, columns: tuple[str, ...], metric: str | None
) -> None:
    understood = read_metric(goal, "binary", columns)
    assert (understood and understood.value) == metric
