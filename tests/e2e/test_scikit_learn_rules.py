"""scikit-learn's own checks of an estimator, every one, with no expected failures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

from octopus import AutonomousClassifier, AutonomousRegressor

#: One cheap experiment: the checks are about the estimator, not about the search.
_QUICK = {"families": ["linear"], "sandbox": "process", "max_experiments": 1, "cv": 2, "holdout": None, "n_jobs": 1}


@pytest.mark.slow
@parametrize_with_checks(
    [
        AutonomousClassifier(random_state=0, **_QUICK),
        AutonomousRegressor(scoring="r2", random_state=0, **_QUICK),  # a check asks score for at least 0.5
    ]
)
def test_scikit_learn_check(estimator: BaseEstimator, check: Callable[[BaseEstimator], None]) -> None:
    check(estimator)
