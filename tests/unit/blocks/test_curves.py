"""Bends and products."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

from octopus.blocks.curves import Curves, Products


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_curves_and_products_say_what_a_line_cannot():
    X = np.random.default_rng(0).normal(size=(500, 3))
    bent, product = np.abs(X[:, 0]), X[:, 0] * X[:, 1]
    assert Ridge().fit(X, bent).score(X, bent) < 0.1
    curves = Curves().fit(X).transform(X)
    assert Ridge().fit(curves, bent).score(curves, bent) > 0.8
    products = Products().fit(X).transform(X)
    assert Ridge().fit(products, product).score(products, product) > 0.99
    flags = np.zeros((50, 2))
    assert Curves().fit(flags).transform(flags).shape == (50, 2)
    assert Products().fit(flags).transform(flags).shape == (50, 2)


@pytest.mark.parametrize("block", [Curves(), Products()])
def test_a_weight_of_two_is_the_row_twice_and_of_nothing_no_row(block):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    X[:, 3] = rng.choice([0.0, 1.0], 60)
    weight = rng.integers(1, 3, 60).astype(float)
    twice = np.repeat(X, weight.astype(int), axis=0)
    weighted = block.fit(X, sample_weight=weight).transform(X)
    np.testing.assert_allclose(block.fit(twice).transform(X), weighted)
    ignored = np.r_[np.ones(41), np.full(19, 1e-9)]
    np.testing.assert_allclose(block.fit(X, sample_weight=ignored).transform(X), block.fit(X[:41]).transform(X))


@pytest.mark.parametrize("block", [Curves(), Products()])
def test_a_sparse_matrix_stays_sparse_and_says_the_same(block):
    X = np.random.default_rng(0).normal(size=(60, 3))
    dense, thin = block.fit(X).transform(X), block.fit(sparse.csr_matrix(X)).transform(sparse.csr_matrix(X))
    assert sparse.issparse(thin)
    np.testing.assert_allclose(thin.toarray(), dense)
