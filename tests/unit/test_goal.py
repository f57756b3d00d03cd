"""Plain words → what is asked; what is not understood is left alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("the share of variance, R squared", "regression", "r2", "R squared"),
        ("low MAE", "regression", "neg_mean_absolute_error", "MAE"),
        ("mean absolute percentage error", "regression", "neg_mean_absolute_percentage_error", "percentage error"),
        ("a good ROC AUC", "binary", "roc_auc", "ROC AUC"),
        ("area: PR-AUC", "binary", "average_precision", "PR-AUC"),
        ("low log loss", "multiclass", "neg_log_loss", "log loss"),
        ("Brier score", "binary", "neg_brier_score", "Brier"),
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
        ("do not use: age", ["age"]),
        ("Never use the columns: age, zip code, and O'Brien", ["age", "zip code", "O'Brien"]),
        ("ignore age,zip code", ["age", "zip code"]),
        ("ignore age/zip code & a.*", ["age", "zip code", "a.*"]),
        ("don\u2019t use \u201cage\u201d", ["age"]),
        ("DO NOT USE AGE", ["age"]),
        ("do not use\nage", ["age"]),
        ("without using `zip code`, please", ["zip code"]),
        ("leave out age; ignore zip", ["age", "zip"]),
        ("do not use age as a feature, and zip codes matter", ["age"]),
        ("do not ignore age", []),
        ("don't ignore age, it matters", []),
        ("never leave out age", []),
        ("undignore age", []),
        ("ignore age-related noise", []),
        ("ignore the outliers in age", []),
        ("do not use axx", []),
    ],
)
def test_forbidden_columns_are_those_that_exist(goal: str, forbidden: list[str]) -> None:
    understood = read_forbidden(goal, ["age", "zip", "zip code", "net (%)", "a.*", "O'Brien", ""])
    assert [u.value for u in understood] == forbidden
    assert all(u.what == "ignore" and u.words for u in understood)


_NAMES = st.text(st.characters(exclude_categories=["Cs", "Zs", "Cc"]), min_size=1, max_size=8)


@given(name=_NAMES.filter(lambda name: name.lower() not in ("the", "column", "columns")))
def test_any_name_can_be_forbidden_whatever_its_characters(name: str) -> None:
    if name[0] in "\"'`\u2018\u2019\u201c\u201d":
        return
    assert [u.value for u in read_forbidden(f"do not use {name}", [name])] == [name]


@given(goal=st.text(), names=st.lists(_NAMES, max_size=4))
def test_only_columns_that_exist_and_are_named_are_forbidden(goal: str, names: list[str]) -> None:
    for understood in read_forbidden(f"{goal} do not use {goal}", names):
        assert understood.value in names
        assert re.search(r"use|ignore|out", understood.words)
