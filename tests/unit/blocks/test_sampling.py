"""Models fitted on a sample."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LogisticRegression, Ridge

from octopus.blocks.sampling import SampledClassifier, SampledRegressor


def test_samples_hold_every_class():
    X = np.arange(1000.0)[:, None]
    y = np.where(np.arange(1000) < 2, 2.0, np.arange(1000) % 2)
    fitted = SampledClassifier(LogisticRegression(), n_rows=50, random_state=0).fit(X, y)
    assert fitted.predict_proba(X).shape == (1000, 3)
    assert SampledRegressor(Ridge(), n_rows=50, random_state=0).fit(X, X[:, 0]).predict(X).shape == (1000,)


def test_a_sample_is_drawn_by_its_seed_and_keeps_the_weights_of_its_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 2))
    y = X[:, 0] + rng.normal(size=500)
    model = SampledRegressor(Ridge(), n_rows=50, random_state=3)
    first, second = (clone(model).fit(X, y).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = clone(model).set_params(random_state=4).fit(X, y).predict(X)
    assert not np.allclose(first, other)
    weighted = clone(model).fit(X, y, sample_weight=rng.random(500)).predict(X)
    assert not np.allclose(first, weighted)
    whole = SampledRegressor(Ridge(), n_rows=1000, random_state=0).fit(X, y)
    np.testing.assert_allclose(whole.predict(X), Ridge().fit(X, y).predict(X))


class Remembers(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Keeps what it was told of its rows."""

    def fit(self, X, y, sample_weight=None, groups=None):
        self.rows_, self.weight_, self.groups_ = X[:, 0].astype(int), sample_weight, groups
        return self


@pytest.mark.parametrize(("kind", "y"), [(SampledRegressor, np.arange(100.0)), (SampledClassifier, np.arange(100) % 3)])
def test_weights_and_groups_go_with_their_rows(kind, y):
    X, weight, groups = np.arange(100.0)[:, None], np.arange(100) + 0.5, np.arange(100) // 5
    known = kind(Remembers(), n_rows=30, random_state=0).fit(X, y, sample_weight=weight, groups=groups).model_
    assert len(known.rows_) == 30
    np.testing.assert_array_equal(known.weight_, weight[known.rows_])
    np.testing.assert_array_equal(known.groups_, groups[known.rows_])


@pytest.mark.parametrize("n_rows", [2, 3])
def test_fewer_rows_than_classes_still_hold_every_class(n_rows):
    X, y = np.arange(12.0)[:, None], np.arange(12) % 4
    assert SampledClassifier(LogisticRegression(), n_rows=n_rows, random_state=0).fit(X, y).predict_proba(X).shape == (
        12,
        4,
    )
