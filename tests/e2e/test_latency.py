"""A latency limit in the goal is kept where a model can keep it; where none can, the quickest ships and says so."""

from __future__ import annotations

import re
import warnings
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from octopus import AutonomousRegressor
from octopus.errors import LatencyWarning
from octopus.protocols import Recipe
from octopus.reporting.card import model_card
from octopus.reporting.console import ConsoleView
from octopus.reporting.page import report_page
from octopus.testing import OneRecipe
from tests.frames import regression_frame

#: Waits before it predicts a row alone, once it is fitted on more than so many rows.
_SLEEPER = """
class Sleeper({base}):
    def __init__(self, wait_s=0.0, quick_rows=0):
        super().__init__()
        self.wait_s = wait_s
        self.quick_rows = quick_rows

    def fit(self, X, y, sample_weight=None):
        self.n_rows_ = len(y)
        return super().fit(X, y, sample_weight)

    def predict(self, X):
        if X.shape[0] == 1 and self.n_rows_ > self.quick_rows:
            time.sleep(self.wait_s)
        return super().predict(X)
"""


def _sleeper(base: str, wait_s: float, quick_rows: int = 0) -> OneRecipe:
    module = "sklearn.linear_model" if base == "Ridge" else "sklearn.dummy"
    recipe = Recipe(
        idea=f"{base} that waits",
        hypothesis="there is time",
        expected="a late answer",
        encoding="one_hot",
        model=f"Sleeper(wait_s={wait_s}, quick_rows={quick_rows})",
        imports=("import time", f"from {module} import {base}"),
        definitions=_SLEEPER.format(base=base),
    )
    return OneRecipe(recipe, name=f"waiting_{base.lower()}", imports=(module,))


def _fit(families: list[OneRecipe], goal: str, run_dir: Path) -> AutonomousRegressor:
    X, y = regression_frame()
    return AutonomousRegressor(
        goal=goal,
        families=families,
        sandbox="process",
        max_experiments=len(families),
        time_limit=None,
        random_state=0,
        run_dir=run_dir,
    ).fit(X, y)


def test_a_model_that_is_too_slow_is_passed_over_for_the_next(tmp_path: Path) -> None:
    slow, quick = _sleeper("Ridge", 1.0), _sleeper("DummyRegressor", 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", LatencyWarning)
        estimator = _fit([slow, quick], "predictions within 0.5 s", tmp_path / "run")
    journal = estimator.journal_
    assert journal.best is not None
    assert journal.best.plan.family == "waiting_ridge"
    assert estimator.best_experiment_.plan.family == "waiting_dummyregressor"
    passed_over, scored, refitted = journal.fits
    assert passed_over.experiment == journal.best.number
    assert all(check.passed for fit in journal.fits for check in fit.checks)
    assert passed_over.latency is not None
    assert passed_over.latency.median_ms >= 1000
    assert scored.latency is not None
    assert refitted.latency is not None
    assert refitted.latency.median_ms < 500
    assert estimator.holdout_report_ is not None
    assert estimator.holdout_report_.winner == estimator.best_experiment_.number
    page, card = report_page(journal), model_card(journal)
    for text in (page, card):
        assert f"A fit of #{passed_over.experiment} was passed over: one row takes it 1," in text
        assert "rows asked alone" in text
        assert "at most 500 ms for one row" in text
    assert "A waiting_dummyregressor model" in card
    ConsoleView(Console(width=300, file=(shown := StringIO()))).replay(journal)
    assert "for a row alone, above the goal's 500 ms" in shown.getvalue()


def test_where_none_is_quick_enough_the_quickest_ships_and_says_so(tmp_path: Path) -> None:
    slowest, slow = _sleeper("Ridge", 1.0), _sleeper("DummyRegressor", 0.2)
    with pytest.warns(LatencyWarning, match="no model that was tried keeps the goal's 1 ms for one row"):
        estimator = _fit([slowest, slow], "at most 1 ms per row", tmp_path / "run")
    journal = estimator.journal_
    assert estimator.best_experiment_.plan.family == "waiting_dummyregressor"
    assert [fit.model.fitted_on for fit in journal.fits] == ["train", "train", "all"]
    assert journal.finished is not None
    assert journal.finished.shipped == "all"
    assert re.search(r"the quickest ships, which takes \d{3} ms", journal.finished.reason)
    assert "limit of 1 ms for one row is not kept: the quickest that was tried takes" in model_card(journal)
    assert "A waiting_dummyregressor model predicts" in report_page(journal)


def test_where_only_the_refit_is_too_slow_the_scored_fit_ships(tmp_path: Path) -> None:
    estimator = _fit([_sleeper("Ridge", 1.0, quick_rows=400)], "predictions within 0.5 s", tmp_path / "run")
    journal = estimator.journal_
    assert [fit.model.fitted_on for fit in journal.fits] == ["train", "all"]
    assert journal.finished is not None
    assert journal.finished.shipped == "train"
    assert "takes longer for one row than the goal allows: the scored fit ships" in journal.finished.reason
    assert f"sha256 {journal.fits[0].model.sha256}" in model_card(journal)


def test_without_a_limit_it_is_measured_and_nothing_is_passed_over(tmp_path: Path) -> None:
    estimator = _fit([_sleeper("Ridge", 0.2)], "", tmp_path / "run")
    scored, refitted = estimator.journal_.fits
    assert scored.latency is None, "only what ships is timed"
    assert refitted.latency is not None
    assert refitted.latency.median_ms >= 200
    assert "say within how many ms in the goal" in model_card(estimator.journal_)
