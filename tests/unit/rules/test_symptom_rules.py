"""How a model fits, what the target is like, what the journal says: each rule fires on its case and not beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier

from octopus.records import Finding
from octopus.registry import SYMPTOM_RULES, load_all
from octopus.rules.ceiling import Ceiling
from octopus.rules.constant import ConstantPredictions
from octopus.rules.fit import FoldsDisagree, NoBetterThanConstant, Overfit, Underfit
from octopus.rules.plateau import FamilySaturated, Plateau
from octopus.rules.suspicion import SuspiciousScore
from octopus.rules.targets import RareClass, SkewedTarget
from tests.frames import binary_frame, multiclass_frame, r_frame, regression_frame
from tests.unit.rules.symptom_cases import evidence, fitted, five_folds


def _diabetes():
    table, y = regression_frame()
    return table, y.to_numpy(dtype=float)


def _mroz():
    table, y = binary_frame()
    return table, y.to_numpy()


# ------------------------------------------------------------------ nothing, too much, too little, not twice the same


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


def test_a_nearest_neighbour_on_the_diabetes_table_is_no_better_than_a_constant():
    assert NoBetterThanConstant().match(fitted(*_diabetes(), KNeighborsRegressor(1), "r2"))
    assert not NoBetterThanConstant().match(fitted(*_diabetes(), Ridge(), "r2"))


@pytest.mark.parametrize(
    ("train", "folds", "constant", "fires"),
    [
        (1.0, (0.7, 0.71, 0.7), 0.5, True),  # 0.3 of 0.5 is lost
        (1.0, (0.8, 0.81, 0.8), 0.5, False),  # 0.2 of 0.5
        (0.95, (0.5, 0.9, 0.7), 0.5, False),  # within noise
        (0.95, (0.5, 0.52, 0.5), 0.5, True),
        (0.49, (0.4, 0.41, 0.4), 0.5, False),  # nothing was learned by heart either
        (1.0, (0.7,), 0.5, True),  # one split has no noise to speak of
        (None, (0.7, 0.71, 0.7), 0.5, False),
        (1.0, (0.7, 0.71, 0.7), None, False),
    ],
)
def test_learned_by_heart(train, folds, constant, fires):
    found = Overfit().match(evidence(folds=folds, constant=constant, train=train))
    assert (found is not None) is fires


def test_trees_learn_by_heart_and_lines_do_not():
    found = Overfit().match(fitted(*_mroz(), DecisionTreeClassifier(random_state=0), "roc_auc"))
    assert found
    assert "of what was learned does not hold" in found.evidence
    assert Overfit().match(fitted(*_mroz(), LGBMClassifier(verbose=-1, n_jobs=1), "neg_log_loss"))
    assert not Overfit().match(fitted(*_mroz(), LogisticRegression(max_iter=1000), "roc_auc"))
    assert not Overfit().match(fitted(*_diabetes(), Ridge(), "neg_root_mean_squared_error"))


@pytest.mark.parametrize(
    ("train", "folds", "before", "fires"),
    [
        (0.61, (0.6, 0.61, 0.6), (), True),  # a fifth of the way
        (0.85, (0.84, 0.85, 0.84), (), False),  # most of the way
        (0.85, (0.60, 0.61, 0.60), (), False),  # the fitted rows are easy
        (0.85, (0.84, 0.85, 0.84), (("linear", (0.95, 0.96, 0.95)),), True),  # another family is ahead
        (0.85, (0.84, 0.85, 0.84), (("gbm", (0.95, 0.96, 0.95)),), False),  # the same family is
        (0.85, (0.84, 0.85, 0.84), (("linear", (0.85, 0.86, 0.85)),), False),  # not by a tenth of its gain
        (0.85, (0.80, 0.90, 0.82), (("linear", (0.99, 0.85, 0.92)),), False),  # within noise
        (None, (0.6, 0.61, 0.6), (), False),
    ],
)
def test_too_little_learned(train, folds, before, fires):
    found = Underfit().match(evidence(folds=folds, train=train, before=before))
    assert (found is not None) is fires


def test_without_a_best_possible_value_only_another_family_tells_that_more_can_be_learned():
    def own(estimator, X, y):
        return float(np.mean(estimator.predict(X) == y))

    case = {"folds": (0.6, 0.61, 0.6), "train": 0.61, "metric": own}
    assert Underfit().match(evidence(**case)) is None
    assert Underfit().match(evidence(**case, before=(("linear", (0.7, 0.71, 0.7)),)))


def test_a_line_held_down_learns_too_little():
    found = Underfit().match(fitted(*_diabetes(), Ridge(alpha=1e4), "neg_root_mean_squared_error"))
    assert found
    assert "% of the way from a constant" in found.evidence
    assert not Underfit().match(
        fitted(*_diabetes(), LGBMRegressor(verbose=-1, n_jobs=1), "neg_root_mean_squared_error")
    )
    assert not Underfit().match(fitted(*_mroz(), LogisticRegression(max_iter=1000), "roc_auc"))


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


# ------------------------------------------------------------------ what the target is like


def classes(n_rare: int, n_chosen: int, n_rows: int = 200):
    y = np.r_[np.ones(n_rare), np.zeros(n_rows - n_rare)]
    p = np.where(np.arange(n_rows) < n_chosen, 0.7, 0.1)
    return y, np.column_stack([1 - p, p])


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


# ------------------------------------------------------------------ what the journal says

FLAT = ((0.80, 0.82, 0.81), (0.81, 0.81, 0.81), (0.80, 0.81, 0.82))
BETTER = (0.90, 0.92, 0.91)


@pytest.mark.parametrize(
    ("before", "folds", "fires"),
    [
        (("gbm", FLAT[0]), FLAT[1], False),
        (("gbm", FLAT[0], "gbm", FLAT[1], "gbm", FLAT[2]), FLAT[1], True),
        (("gbm", FLAT[0], "gbm", None, "gbm", None), FLAT[1], True),  # failures bring nothing either
        (
            ("gbm", FLAT[0], "forest", FLAT[1], "linear", FLAT[2]),
            FLAT[1],
            False,
        ),  # firsts of families show where they are
        (("gbm", FLAT[0], "gbm", FLAT[1], "gbm", FLAT[2]), BETTER, False),
        (("gbm", FLAT[0], "gbm", FLAT[1], "gbm", BETTER), FLAT[1], False),  # the gain was just before
        ((), FLAT[0], False),
    ],
)
def test_plateau(before, folds, fires):
    found = Plateau().match(evidence(before=zip(before[::2], before[1::2], strict=True), folds=folds))
    assert (found is not None) is fires


@pytest.mark.parametrize(
    ("before", "folds", "fires"),
    [
        (("gbm", FLAT[0], "gbm", FLAT[1]), FLAT[2], True),
        (("gbm", FLAT[0], "linear", FLAT[1]), FLAT[2], False),  # two of the family
        (("gbm", FLAT[0], "gbm", FLAT[1]), BETTER, False),  # this one stands out
        (("gbm", BETTER, "gbm", FLAT[1]), FLAT[2], False),  # one before does
        (("gbm", FLAT[0], "gbm", FLAT[1]), (0.5, 0.52, 0.51), False),  # this one is a poor variation
        (("gbm", (0.5, 0.5, 0.5), "gbm", FLAT[0], "gbm", FLAT[1]), FLAT[2], True),  # an older one was
        (("gbm", FLAT[0], "gbm", None), FLAT[1], False),  # a failure says nothing of the family
    ],
)
def test_family_saturated(before, folds, fires):
    found = FamilySaturated().match(evidence(before=zip(before[::2], before[1::2], strict=True), folds=folds))
    assert (found is not None) is fires


# ------------------------------------------------------------------ as good as it gets, too good


@pytest.mark.parametrize(
    ("task_type", "scoring", "mean", "fires"),
    [
        ("binary", "roc_auc", 1.0, True),
        ("binary", "roc_auc", 0.999, False),
        ("binary", "neg_log_loss", -1e-7, True),
        ("regression", "r2", 1.0, True),
        ("regression", "neg_mean_absolute_error", -0.01, False),
    ],
)
def test_the_best_possible_value_is_a_ceiling(task_type, scoring, mean, fires):
    found = Ceiling().match(evidence(task_type, scoring, folds=(mean,) * 3, constant=-1.0))
    assert (found is not None) is fires


def test_equal_passengers_who_fared_differently_bound_the_score():
    table = r_frame("COUNT", "titanic")
    X, y = table.drop(columns="survived"), table["survived"].astype(str).to_numpy()
    found = Ceiling().match(fitted(X, y, DecisionTreeClassifier(random_state=0), "neg_log_loss"))
    assert found
    assert "1315 rows have equals" in found.evidence
    assert not Ceiling().match(fitted(X, y, DecisionTreeClassifier(max_depth=1), "neg_log_loss")), "more can be told"
    alone = X.assign(ticket=np.arange(len(X)) + 0.5)
    assert not Ceiling().match(fitted(alone, y, DecisionTreeClassifier(max_depth=4), "neg_log_loss")), (
        "no row has equals"
    )


def test_predictions_that_another_threshold_suits_better_are_not_at_their_ceiling():
    rng = np.random.default_rng(0)
    level = np.repeat(np.arange(50), 100)
    p = np.linspace(0.02, 0.45, 50)[level]
    y = (rng.random(len(p)) < p).astype(float)
    case = {"y": y, "predictions": np.column_stack([1 - p, p]), "table": pd.DataFrame({"level": level.astype(float)})}
    assert Ceiling().match(evidence(scoring="roc_auc", **case))
    assert not Ceiling().match(evidence(scoring="f1", **case)), "no row is predicted yes"


def test_equal_rows_bound_the_errors_of_a_number():
    rng = np.random.default_rng(0)
    level = np.repeat(np.arange(50.0), 20)
    table = pd.DataFrame({"level": level})
    y = level + rng.normal(0, 2, 1000)
    assert Ceiling().match(evidence("regression", "r2", y, level, table=table))
    off = level + rng.normal(0, 1, 50)[level.astype(int)]
    assert not Ceiling().match(evidence("regression", "r2", y, off, table=table)), "a quarter more variance than noise"
    unused = evidence("regression", "r2", y, level, table=table, unused=["level"])
    assert not Ceiling().match(unused)


SUSPECT = Finding(
    code="OCT720", columns=("paid_on",), message="m", evidence="e", confidence="weak", action="a", overrule=""
)


@pytest.mark.parametrize(
    ("mean", "signals", "findings", "fires"),
    [
        (0.999, {"x": 0.97, "paid_on": 0.2}, (), True),
        (0.999, {"x": 0.90}, (), False),  # no column knows it alone
        (0.97, {"x": 0.97}, (), False),  # 94 % of the way: a strong column of a clean table
        (0.999, {"x": 0.5, "paid_on": 0.6}, (SUSPECT,), True),
    ],
)
def test_near_perfect_and_one_column_knows_it(mean, signals, findings, fires):
    table = pd.DataFrame({"x": [0.0, 1.0], "paid_on": [1.0, 2.0]})
    case = evidence(
        y=[0, 1], predictions=[[1, 0], [0, 1]], folds=(mean,) * 3, table=table, signals=signals, findings=findings
    )
    found = SuspiciousScore().match(case)
    assert (found is not None) is fires
    if found:
        assert ("paid_on" if findings else "x") in found.remedy


LOW = (0.70, 0.71, 0.72)


@pytest.mark.parametrize(
    ("before", "folds", "fires"),
    [
        ((LOW, LOW, LOW), (0.96, 0.97, 0.96), True),
        ((LOW, LOW), (0.96, 0.97, 0.96), False),  # too few to compare with
        ((LOW, LOW, LOW), (0.85, 0.86, 0.85), False),  # half of the rest
        ((LOW, LOW, (0.9, 0.91, 0.9)), (0.96, 0.97, 0.96), False),  # the best before was near
        ((LOW, LOW, LOW), (0.85, 1.0, 0.99), False),  # within five errors
    ],
)
def test_a_jump_that_leaves_everything_behind(before, folds, fires):
    found = SuspiciousScore().match(evidence(folds=folds, before=[("gbm", scores) for scores in before]))
    assert (found is not None) is fires


def test_a_leak_in_a_real_table_is_suspicious_and_a_clean_one_is_not():
    X, y = _diabetes()
    later = X.assign(progress_later=y * 1.01 + np.random.default_rng(0).normal(0, 0.5, len(y)))
    signals = {"progress_later": 0.99, "bmi": 0.3}
    found = SuspiciousScore().match(fitted(later, y, Ridge(alpha=0.01), "r2", signals=signals))
    assert found
    assert "progress_later alone tells 0.99 of 1" in found.evidence
    wine, cultivar = multiclass_frame()
    clean = fitted(wine, cultivar.to_numpy(), LogisticRegression(), "accuracy", signals={"flavanoids": 0.9})
    assert clean.score.mean > 0.95
    assert not SuspiciousScore().match(clean)


# ------------------------------------------------------------------ the same for every row


def constant(values, *, folds=(0.5, 0.5, 0.5), against=0.5, unused=(), splits=()):
    values = np.asarray(values, dtype=float)
    table = pd.DataFrame({"x": np.arange(len(values), dtype=float)})
    both = np.column_stack([1 - values, values])
    y = np.arange(len(values)) % 2
    return evidence(y=y, predictions=both, folds=folds, constant=against, table=table, unused=unused, splits=splits)


NEARLY = np.where(np.arange(1000) < 5, 0.9, 0.3)


@pytest.mark.parametrize(
    ("case", "fires"),
    [
        (constant(np.full(100, 0.3)), True),
        (constant(np.full(100, 0.3) + 1e-14 * np.arange(100)), True),
        (constant(np.full(100, 0.3) + 1e-6 * np.arange(100)), False),
        (constant(np.where(np.arange(100) % 5 < 2, 0.3, 0.4), splits=five_folds(100)), False),
        (constant(NEARLY), True),
        (constant(NEARLY, folds=(0.6, 0.6, 0.6)), False),  # five rows are told apart, and that gains
        (constant(NEARLY, against=None), False),
        (constant(np.where(np.arange(1000) < 50, 0.9, 0.3)), False),
        (constant(np.full(100, 0.3), unused=["x"]), False),  # there is nothing to tell rows apart by
        (
            evidence("regression", "r2", np.arange(9.0), np.full(9, 1e9), table=pd.DataFrame({"x": np.arange(9.0)})),
            True,
        ),
    ],
)
def test_the_same_prediction_for_every_row(case, fires):
    assert (ConstantPredictions().match(case) is not None) is fires


def test_each_fold_may_have_a_constant_of_its_own():
    splits = five_folds(100)
    values = np.zeros(100)
    for number, fold in enumerate(splits):
        values[fold.valid_rows] = 0.3 + number / 100
    assert ConstantPredictions().match(constant(values, splits=splits))
    values[splits[0].valid_rows[0]] = 0.9
    assert not ConstantPredictions().match(constant(values, splits=splits))


def test_a_line_that_is_held_back_too_hard_predicts_the_same_for_every_row():
    assert ConstantPredictions().match(fitted(*_diabetes(), Lasso(alpha=1e6), "r2"))
    assert not ConstantPredictions().match(fitted(*_diabetes(), Lasso(alpha=0.1), "r2"))


# ------------------------------------------------------------------ all of them


def test_every_rule_says_what_it_sees_in_its_own_name():
    rules = {rule.code: rule() for rule in load_all(SYMPTOM_RULES)}
    assert set(rules) == {f"OCT6{n:02}" for n in (*range(1, 13), 14, 15, 16)}
    y, predictions = classes(8, 0)
    cases = {
        "OCT601": evidence(folds=(0.5, 0.5, 0.5)),
        "OCT602": evidence(folds=(0.7, 0.71, 0.7), train=1.0),
        "OCT603": evidence(folds=(0.6, 0.61, 0.6), train=0.61),
        "OCT604": evidence(folds=FLAT[0], before=[("gbm", FLAT[1])] * 3),
        "OCT606": evidence(scoring="f1", y=y, predictions=predictions),
        "OCT607": evidence("regression", "r2", np.exp(np.random.default_rng(0).normal(0, 1, 500)), np.ones(500)),
        "OCT608": evidence(folds=FLAT[0], before=[("gbm", FLAT[1]), ("gbm", FLAT[2])]),
        "OCT612": evidence(folds=(0.9, 0.6, 0.5)),
        "OCT614": evidence(folds=(1.0, 1.0, 1.0)),
        "OCT615": evidence(folds=(0.96, 0.97, 0.96), before=[("gbm", LOW)] * 3),
        "OCT616": constant(np.full(100, 0.3)),
    }
    for code, case in cases.items():
        found = rules[code].match(case)
        assert (found.code, found.kind, found.fingerprint) == (code, "symptom", code)
        assert all((found.title, found.cause, found.evidence, found.remedy))
        assert any(character.isdigit() for character in found.evidence)


def test_a_sound_model_on_a_real_table_is_left_alone():
    sound = fitted(*_mroz(), LogisticRegression(max_iter=1000), "roc_auc")
    assert [rule.code for rule in load_all(SYMPTOM_RULES) if rule().match(sound)] == []
    forest = fitted(*_diabetes(), RandomForestRegressor(min_samples_leaf=20, random_state=0), "r2")
    assert [rule.code for rule in load_all(SYMPTOM_RULES) if rule().match(forest)] == []
