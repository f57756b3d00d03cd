"""The holdout's report: the score, how sure it is, and whether a plain baseline is beaten."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import mean_absolute_error, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from octopus.dataset import Dataset, Float, Rows
from octopus.records import HoldoutReport, Score
from octopus.scoring import Scoring, constant_predictions, make_scoring
from octopus.stages.report import Contest, report_holdout
from tests.frames import binary_frame, grouped_frame
from tests.strategies import valid

ROC_AUC = make_scoring("roc_auc", "binary", np.array(["no", "yes"]))
ABSOLUTE = make_scoring("neg_mean_absolute_error", "regression", None)
WINNER = valid(3, "gbm", (0.80, 0.82, 0.84))


def _holdout(table: pd.DataFrame, y: Float, groups: Rows | None = None, weight: Float | None = None) -> Dataset:
    row_ids = np.arange(len(y), dtype=np.int64)
    return Dataset(table=table.reset_index(drop=True), y=y, groups=groups, sample_weight=weight, row_ids=row_ids)


def _work(columns: list[str] | None = None, C: float = 1.0) -> tuple[Dataset, Float, Float]:
    """Return every other row with what a model fitted on the others predicts for them, and a constant."""
    X, y = binary_frame()
    X, codes = X.select_dtypes("number"), (y == "yes").to_numpy(dtype=np.float64)
    X = X if columns is None else X[columns]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=C)).fit(X[::2], codes[::2])
    holdout = _holdout(X[1::2], codes[1::2])
    return holdout, model.predict_proba(X[1::2]), constant_predictions(codes[::2], 2, len(holdout))


def _report(
    rows: Dataset, predictions: Float, baselines: Mapping[str, Float], scoring: Scoring = ROC_AUC, seed: int = 0
) -> HoldoutReport:
    contest = Contest(rows=rows, predictions=predictions, baselines=baselines, n_resamples=200)
    report = report_holdout(contest, scoring, WINNER, n_experiments=7, random_state=seed)
    assert report is not None
    return report


def test_the_report_says_what_was_seen() -> None:
    rows, predicted, constant = _work()
    report = _report(rows, predicted, {"constant": constant})
    assert report.score == pytest.approx(roc_auc_score(rows.y, predicted[:, 1]))
    assert report.ci_low < report.score < report.ci_high
    assert (report.scoring, report.n_rows, report.n_groups) == ("roc_auc", len(rows), None)
    assert (report.winner, report.n_experiments) == (3, 7)
    assert report.validation_score == pytest.approx(0.82)
    assert report.gap == pytest.approx(0.82 - report.score)
    (baseline,) = report.baselines
    assert (baseline.name, baseline.score) == ("constant", 0.5)
    assert baseline.difference_low < report.score - 0.5 < baseline.difference_high
    assert msgspec.json.decode(msgspec.json.encode(report), type=HoldoutReport) == report


def test_the_interval_is_about_as_wide_as_theory_has_it() -> None:
    rows, predicted, _ = _work()
    report = _report(rows, predicted, {})
    # Hanley & McNeil (1982, doi:10.1148/radiology.143.1.7063747)
    auc, n_yes, n_no = report.score, rows.y.sum(), (1 - rows.y).sum()
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + (n_yes - 1) * (q1 - auc**2) + (n_no - 1) * (q2 - auc**2)) / (n_yes * n_no)
    assert report.ci_high - report.ci_low == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.25)


def test_a_model_beats_a_constant() -> None:
    rows, predicted, constant = _work()
    assert _report(rows, predicted, {"constant": constant}).beats_baseline == "yes"


def test_a_constant_does_not_beat_a_model() -> None:
    rows, predicted, constant = _work()
    report = _report(rows, constant, {"constant": constant, "plain linear": predicted})
    assert report.beats_baseline == "no"
    assert report.baselines[1].difference_high < 0


def test_the_plain_baseline_does_not_beat_itself() -> None:
    rows, predicted, constant = _work()
    report = _report(rows, predicted, {"constant": constant, "plain linear": predicted})
    assert (report.baselines[1].difference_low, report.baselines[1].difference_high) == (0.0, 0.0)
    assert report.beats_baseline == "no"


def test_a_difference_within_its_interval_is_undecided() -> None:
    rows, predicted, constant = _work()
    _, nearly, _ = _work(C=0.2)
    report = _report(rows, predicted, {"constant": constant, "plain linear": nearly})
    assert report.baselines[1].difference_low <= 0 < report.baselines[1].difference_high
    assert report.beats_baseline == "undecided"


def test_without_a_baseline_nothing_is_decided() -> None:
    rows, predicted, _ = _work()
    assert _report(rows, predicted, {}).beats_baseline == "undecided"


def test_the_strongest_baseline_counts_wherever_it_stands() -> None:
    rows, strong, constant = _work()
    _, weak, _ = _work(columns=["agew"])
    for baselines in ({"a": constant, "b": strong}, {"b": strong, "a": constant}):
        assert _report(rows, weak, baselines).beats_baseline == "no"


def test_the_same_seed_gives_the_same_report() -> None:
    rows, predicted, constant = _work()
    first, again, other = (_report(rows, predicted, {"constant": constant}, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first.score == other.score
    assert first.ci_low != other.ci_low


def test_without_a_defined_score_there_is_no_report() -> None:
    rows, predicted, _ = _work()
    negatives = np.flatnonzero(rows.y == 0)
    contest = Contest(rows=rows.take(negatives), predictions=predicted[negatives], baselines={}, n_resamples=200)
    assert report_holdout(contest, ROC_AUC, WINNER, 7, 0) is None


def test_a_baseline_without_a_defined_score_is_left_out() -> None:
    rows, predicted, constant = _work()
    report = _report(rows, predicted, {"broken": np.full_like(constant, np.nan), "constant": constant})
    assert [baseline.name for baseline in report.baselines] == ["constant"]


def test_resamples_without_a_rare_class_are_left_out() -> None:
    rows, predicted, constant = _work()
    few = np.concatenate([np.flatnonzero(rows.y == 0)[:40], np.flatnonzero(rows.y == 1)[:2]])
    report = _report(rows.take(few), predicted[few], {"constant": constant[few]})
    assert np.isfinite([report.ci_low, report.ci_high, report.baselines[0].difference_low]).all()
    assert report.ci_low <= report.score <= report.ci_high


def _investment() -> tuple[pd.DataFrame, Float, Float, Rows]:
    X, y = grouped_frame()
    predicted = LinearRegression().fit(X[["value", "capital"]], y).predict(X[["value", "capital"]])
    return X, y.to_numpy(dtype=np.float64), predicted, X["firm"].to_numpy(dtype=np.int64)


def test_rows_of_a_group_are_no_independent_witnesses() -> None:
    X, y, predicted, firms = _investment()
    by_row = _report(_holdout(X, y), predicted, {}, ABSOLUTE)
    by_group = _report(_holdout(X, y, groups=firms), predicted, {}, ABSOLUTE)
    assert (by_row.n_groups, by_group.n_groups) == (None, 10)
    assert by_row.score == by_group.score
    assert by_group.ci_high - by_group.ci_low > 1.5 * (by_row.ci_high - by_row.ci_low)


def test_sealed_rows_are_weighed() -> None:
    X, y, predicted, _ = _investment()
    weight = X["value"].to_numpy(dtype=np.float64)
    report = _report(_holdout(X, y, weight=weight), predicted, {}, ABSOLUTE)
    assert report.score == pytest.approx(-mean_absolute_error(y, predicted, sample_weight=weight))
    assert report.ci_low < report.score < report.ci_high


def test_a_metric_of_ones_own_sees_the_rows_of_each_resample() -> None:
    X, y, predicted, _ = _investment()

    def share_of_rows_that_match(estimator: object, rows: pd.DataFrame, truth: Float) -> float:
        return float(np.mean(rows["truth"].to_numpy() == truth)) if "truth" in rows else 0.0

    scoring = make_scoring(share_of_rows_that_match, "regression", None)
    report = _report(_holdout(X.assign(truth=y), y), predicted, {}, scoring)
    assert (report.score, report.ci_low, report.ci_high) == (1.0, 1.0, 1.0)


def test_a_gap_is_what_validation_promised_too_much() -> None:
    rows, predicted, _ = _work()
    contest = Contest(rows=rows, predictions=predicted, baselines={}, n_resamples=200)
    promised = Score(scoring="roc_auc", mean=0.9, standard_error=None, folds=(0.9,))
    report = report_holdout(contest, ROC_AUC, msgspec.structs.replace(WINNER, score=promised), 1, 0)
    assert report is not None
    assert report.gap > 0
    assert report.gap == pytest.approx(0.9 - report.score)
    assert report_holdout(contest, ROC_AUC, msgspec.structs.replace(WINNER, score=None), 1, 0) is None


def _means(report: HoldoutReport) -> list[tuple[float, float, int]]:
    return [(point.predicted, point.observed, point.n_rows) for point in report.curve]


def test_the_curve_of_two_classes_is_the_share_of_the_second_by_its_probability() -> None:
    rows, predicted, _ = _work()
    curve = _report(rows, predicted, {}).curve
    assert len(curve) == 10
    assert sum(point.n_rows for point in curve) == len(rows)
    assert max(point.n_rows for point in curve) - min(point.n_rows for point in curve) <= 2
    assert [point.predicted for point in curve] == sorted(point.predicted for point in curve)
    lowest = np.argsort(predicted[:, 1])[: curve[0].n_rows]
    assert curve[0].predicted == pytest.approx(predicted[lowest, 1].mean())
    assert curve[0].observed == pytest.approx(rows.y[lowest].mean())
    # A logistic regression is calibrated on the rows that it was fitted on, and about so on others.
    assert sum(p.observed * p.n_rows for p in curve) / len(rows) == pytest.approx(predicted[:, 1].mean(), abs=0.05)


def test_the_curve_of_more_classes_is_how_often_the_chosen_one_is_right() -> None:
    y = np.array([0.0, 1.0, 2.0] * 20)
    predicted = np.tile([0.2, 0.7, 0.1], (60, 1))
    predicted[:30] = [0.5, 0.3, 0.2]
    scoring = make_scoring("neg_log_loss", "multiclass", np.array(["a", "b", "c"]))
    report = _report(_holdout(pd.DataFrame(index=range(60)), y), predicted, {}, scoring)
    assert _means(report) == [
        (pytest.approx(0.5), pytest.approx(1 / 3), 30),
        (pytest.approx(0.7), pytest.approx(1 / 3), 30),
    ]


def test_the_curve_of_numbers_is_the_true_mean_by_the_predicted_one() -> None:
    X, y, predicted, _ = _investment()
    curve = _report(_holdout(X, y), predicted, {}, ABSOLUTE).curve
    assert [point.n_rows for point in curve] == [len(y) // 10] * 10
    highest = np.argsort(predicted)[-curve[-1].n_rows :]
    assert curve[-1].predicted == pytest.approx(predicted[highest].mean())
    assert curve[-1].observed == pytest.approx(y[highest].mean())


def test_weights_count_in_the_curve() -> None:
    y, predicted = np.array([0.0, 10.0] * 9), np.array([2.0, 6.0] * 9)
    weight = np.array([1.0, 3.0] * 9)
    report = _report(_holdout(pd.DataFrame(index=range(18)), y, weight=weight), predicted, {}, ABSOLUTE)
    assert _means(report) == [(5.0, 7.5, 18)]


def test_rows_without_weight_are_no_point_of_the_curve() -> None:
    y, predicted = np.arange(20.0), np.repeat([1.0, 2.0], 10)
    weight = np.repeat([0.0, 1.0], 10)
    report = _report(_holdout(pd.DataFrame(index=range(20)), y, weight=weight), predicted, {}, ABSOLUTE)
    assert _means(report) == [(2.0, 14.5, 10)]


def test_equal_predictions_are_one_point() -> None:
    rows, _, constant = _work()
    assert [point.n_rows for point in _report(rows, constant, {}).curve] == [len(rows)]


def test_few_rows_make_few_points() -> None:
    X, y, predicted, _ = _investment()
    few = np.arange(0, len(y), 4)
    curve = _report(_holdout(X.iloc[few], y[few]), predicted[few], {}, ABSOLUTE).curve
    assert len(curve) == len(few) // 10
