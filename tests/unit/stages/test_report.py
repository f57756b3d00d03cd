"""The one honest number: its interval, its baselines, and the verdict."""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import root_mean_squared_error

from octopus.dataset import Dataset
from octopus.records import Decision, Experiment, HoldoutReport, Outcome, Plan, Score, Script
from octopus.scoring import make_scoring
from octopus.stages.report import Contest, report_holdout

_WINNER = Experiment(
    number=4,
    decision=Decision(action="draft", reason="r"),
    plan=Plan(family="gbm", idea="i", hypothesis="h", expected="e"),
    script=Script(source="s", author="playbook"),
    outcome=Outcome(status="ok", stage="done"),
    score=Score(scoring="neg_root_mean_squared_error", mean=-0.9, standard_error=0.1, folds=(-0.8, -1.0)),
)
_RNG = np.random.default_rng(5)
_TRUTH = _RNG.normal(size=400)


def _report(noise: float, baseline_noise: float, groups: np.ndarray | None = None) -> HoldoutReport:
    rows = Dataset(table=pd.DataFrame(index=range(400)), y=_TRUTH, groups=groups, row_ids=np.arange(400))
    rng = np.random.default_rng(1)
    by_group = rng.normal(size=400) if groups is None else rng.normal(size=400)[groups]
    contest = Contest(
        rows=rows,
        predictions=_TRUTH + noise * by_group,
        baselines={"constant": np.zeros(400), "plain linear": _TRUTH + baseline_noise * rng.normal(size=400)},
    )
    report = report_holdout(contest, make_scoring("neg_root_mean_squared_error", "regression", None), _WINNER, 7, 0)
    assert report is not None
    return report


def test_the_score_is_that_of_the_predictions_and_lies_in_its_interval() -> None:
    report = _report(0.3, 0.9)
    assert report.score == pytest.approx(-0.3, rel=0.1)
    assert report.ci_low < report.score < report.ci_high < 0
    assert report.gap == pytest.approx(-0.9 - report.score)
    assert (report.winner, report.n_experiments, report.n_rows, report.n_groups) == (4, 7, 400, None)
    constant = next(b for b in report.baselines if b.name == "constant")
    assert constant.score == pytest.approx(-root_mean_squared_error(_TRUTH, np.zeros(400)))
    assert constant.difference_low > 0


@pytest.mark.parametrize(
    ("noise", "baseline_noise", "verdict"), [(0.3, 0.9, "yes"), (0.9, 0.3, "no"), (0.3, 0.305, "undecided")]
)
def test_the_verdict_against_the_strongest_baseline(noise: float, baseline_noise: float, verdict: str) -> None:
    assert _report(noise, baseline_noise).beats_baseline == verdict


def test_rows_that_come_in_groups_say_less_than_their_number() -> None:
    groups = np.arange(400) // 40
    grouped, single = _report(0.3, 0.9, groups), _report(0.3, 0.9)
    assert grouped.n_groups == 10
    assert grouped.ci_high - grouped.ci_low > 1.5 * (single.ci_high - single.ci_low)


def test_the_same_seed_gives_the_same_interval() -> None:
    assert _report(0.3, 0.9) == _report(0.3, 0.9)
    assert msgspec.json.decode(msgspec.json.encode(_report(0.3, 0.9)), type=HoldoutReport) == _report(0.3, 0.9)


def test_where_the_metric_is_undefined_there_is_no_report() -> None:
    rows = Dataset(table=pd.DataFrame(index=range(9)), y=np.zeros(9), row_ids=np.arange(9))
    contest = Contest(rows=rows, predictions=np.full((9, 2), 0.5), baselines={})
    scoring = make_scoring("roc_auc", "binary", np.array(["no", "yes"]))
    assert report_holdout(contest, scoring, _WINNER, 1, 0) is None
