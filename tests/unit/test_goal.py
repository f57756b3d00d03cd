"""Plain words → what is asked; what is not understood is left alone."""

from __future__ import annotations

import pytest

from octopus.goal import read_forbidden, read_metric


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
    ],
)
def test_nothing_is_invented(goal: str, task: str) -> None:
    assert read_metric(goal, task) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("goal", "forbidden"),
    [
        ("do not use column age", ["age"]),
        ("Do not use the columns age, zip code and 'net (%)'", ["age", "zip code", "net (%)"]),
        ("never use zip code or age.", ["zip code", "age"]),
        ("ignore ages", []),
        ("do not use magic", []),
        ('leave out "net (%)"', ["net (%)"]),
        ("use age", []),
    ],
)
def test_forbidden_columns_are_those_that_exist(goal: str, forbidden: list[str]) -> None:
    understood = read_forbidden(goal, ["age", "zip", "zip code", "net (%)", "a.*"])
    assert [u.value for u in understood] == forbidden
    assert all(u.what == "ignore" and u.words for u in understood)
