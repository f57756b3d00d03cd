"""Averages of small networks: what they learn, by what they stop, and that a row alone is the row among others."""

from __future__ import annotations

import cloudpickle
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier

from octopus.blocks import networks
from octopus.blocks.networks import NetworksClassifier, NetworksRegressor, forward, probabilities_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 4))
#: A product of two columns, which no line sees.
Y = X[:, 0] * X[:, 1] + 0.1 * RNG.normal(size=400)
LABELS = np.where(Y > 0.4, "high", np.where(Y < -0.4, "low", "mid"))
NEW = RNG.normal(size=(400, 4))
NEW_Y = NEW[:, 0] * NEW[:, 1]


@pytest.fixture
def held(monkeypatch):
    """Return the rows that each member of a fit was stopped by."""
    seen: list[np.ndarray] = []
    train = networks.trained

    def watch(asked, X, y, n_classes, weight, held, seed):
        seen.append(held.copy())
        return train(asked, X, y, n_classes, weight, held, seed)

    monkeypatch.setattr(networks, "trained", watch)
    return seen


def test_they_see_what_no_line_sees():
    line, fitted = Ridge().fit(X, Y), NetworksRegressor(random_state=0).fit(X, Y)
    assert np.mean((fitted.predict(NEW) - NEW_Y) ** 2) < 0.2 * np.mean((line.predict(NEW) - NEW_Y) ** 2)
    truth = np.where(NEW_Y > 0.4, "high", np.where(NEW_Y < -0.4, "low", "mid"))
    logistic, classes = LogisticRegression().fit(X, LABELS), NetworksClassifier(random_state=0).fit(X, LABELS)
    assert np.mean(classes.predict(NEW) == truth) > 0.85 > 0.7 > np.mean(logistic.predict(NEW) == truth)


def test_each_member_stops_by_another_sixth_of_the_rows(held):
    NetworksRegressor(n_members=6, n_epochs=2, random_state=0).fit(X, Y)
    assert {len(X) // 6, len(X) // 6 + 1} >= {int(rows.sum()) for rows in held}
    np.testing.assert_array_equal(np.sum(held, axis=0), 1)


def test_groups_stay_together_on_one_side(held):
    groups = RNG.integers(0, 30, len(X))
    NetworksClassifier(n_members=6, n_epochs=2, random_state=0).fit(X, LABELS, groups=groups)
    assert all(0 < rows.sum() < len(X) for rows in held)
    for rows in held:
        assert not set(groups[rows]) & set(groups[~rows])


def test_a_class_of_one_row_is_known_to_every_member():
    labels = LABELS.copy()
    labels[7] = "once"
    fitted = NetworksClassifier(n_members=6, n_epochs=3, random_state=0).fit(X, labels)
    assert list(fitted.classes_) == ["high", "low", "mid", "once"]
    assert fitted.predict_proba(NEW).shape == (400, 4)
    np.testing.assert_allclose(fitted.predict_proba(NEW).sum(axis=1), 1)


def test_one_class_and_one_group_and_few_rows_are_no_error():
    assert (NetworksClassifier().fit(X, np.repeat("same", 400)).predict(NEW) == "same").all()
    alone = NetworksRegressor(n_epochs=3, random_state=0).fit(X, Y, groups=np.zeros(400))
    assert np.isfinite(alone.predict(NEW)).all()
    for n_rows in (1, 2, 5):
        few = NetworksRegressor(n_epochs=3, random_state=0).fit(X[:n_rows], Y[:n_rows])
        assert np.isfinite(few.predict(NEW)).all()
        assert np.isfinite(NetworksClassifier(n_epochs=3).fit(X[:n_rows], LABELS[:n_rows]).predict_proba(NEW)).all()


def test_a_constant_target_is_predicted():
    np.testing.assert_allclose(
        NetworksRegressor(n_epochs=5, random_state=0).fit(X, np.full(400, 3.5)).predict(NEW), 3.5
    )


def test_a_row_alone_is_the_row_among_others_and_a_pickle_predicts_the_same():
    for fitted in (
        NetworksRegressor(n_epochs=5, random_state=0).fit(X, Y),
        NetworksClassifier(n_epochs=5, random_state=0).fit(X, LABELS),
    ):
        tell = getattr(fitted, "predict_proba", fitted.predict)
        whole = tell(NEW)
        for row in (0, 17, 399):
            np.testing.assert_allclose(tell(NEW[[row]])[0], whole[row], rtol=1e-12)
        again = cloudpickle.loads(cloudpickle.dumps(fitted))
        np.testing.assert_array_equal(getattr(again, tell.__name__)(NEW), whole)


def test_sparse_rows_are_learned_from_as_dense_ones_of_the_same_place_and_scale():
    ones = (RNG.random((300, 30)) < 0.1).astype(float)  # quartiles are zero: dense columns keep their place as well
    y = ones[:, :3].sum(axis=1)
    dense = NetworksRegressor(n_epochs=10, random_state=0).fit(ones, y)
    thin = NetworksRegressor(n_epochs=10, random_state=0).fit(sparse.csr_matrix(ones), y)
    np.testing.assert_allclose(thin.predict(sparse.csr_matrix(ones)), dense.predict(ones), atol=1e-5)


def test_a_value_far_out_moves_a_prediction_no_further_than_one_near():
    fitted = NetworksRegressor(random_state=0).fit(X, Y)
    near, far = np.zeros((1, 4)), np.zeros((1, 4))
    near[0, 0], far[0, 0] = 50, 5e9
    np.testing.assert_allclose(fitted.predict(far), fitted.predict(near), atol=0.1)


def test_weights_say_which_rows_count():
    y = np.where(np.arange(400) % 2, Y, -Y)
    weight = np.where(np.arange(400) % 2, 1.0, 1e-6)
    fitted = NetworksRegressor(random_state=0).fit(X, y, sample_weight=weight)
    assert np.corrcoef(fitted.predict(NEW), NEW_Y)[0, 1] > 0.9
    assert abs(np.corrcoef(NetworksRegressor(random_state=0).fit(X, y).predict(NEW), NEW_Y)[0, 1]) < 0.5


def test_the_scale_of_weights_changes_nothing_and_a_row_of_none_is_no_row():
    alike = [
        NetworksRegressor(decay=0.1, n_epochs=20, random_state=0).fit(X, Y, sample_weight=weight).predict(NEW)
        for weight in (None, np.ones(400), np.full(400, 1 / 400), np.full(400, 1e6))
    ]
    for one in alike[1:]:
        np.testing.assert_allclose(one, alike[0], rtol=1e-3, atol=1e-3)
    few = np.zeros(400)
    few[::20] = 3.0
    some = NetworksClassifier(n_epochs=5, random_state=0).fit(X, LABELS, sample_weight=few)
    assert list(some.classes_) == ["high", "low", "mid"]
    only = NetworksRegressor(n_epochs=5, random_state=0).fit(X[::20], Y[::20])
    weighed = NetworksRegressor(n_epochs=5, random_state=0).fit(X, Y, sample_weight=few)
    np.testing.assert_allclose(weighed.predict(NEW), only.predict(NEW), rtol=1e-6, atol=1e-6)


def test_a_group_without_weight_is_no_part_to_stop_by():
    groups = np.repeat(np.arange(4), 100)
    weight = np.where(groups == 0, 0.0, 1.0)
    fitted = NetworksClassifier(n_members=6, n_epochs=3, random_state=0).fit(X, LABELS, weight, groups)
    assert np.isfinite(fitted.predict_proba(NEW)).all()


@pytest.mark.parametrize("n_groups", [2, 3, 5])
def test_every_member_stops_by_a_group_where_they_are_fewer_than_parts(held, n_groups):
    NetworksRegressor(n_members=6, n_epochs=2, random_state=0).fit(X, Y, groups=np.arange(400) % n_groups)
    assert all(rows.sum() == 400 / n_groups or abs(rows.sum() - 400 / n_groups) < 1 for rows in held)


def test_rows_come_in_another_order_with_every_epoch(monkeypatch):
    from sklearn.neural_network import _multilayer_perceptron as theirs

    orders = []
    shuffle = theirs.shuffle

    def watched(*arrays, **named):
        found = shuffle(*arrays, **named)
        orders.append(tuple(found[:10]))
        return found

    monkeypatch.setattr(theirs, "shuffle", watched)
    NetworksRegressor(n_members=1, n_epochs=6, random_state=0).fit(X, Y)
    assert len(orders) == len(set(orders)) == 6


@pytest.mark.parametrize("far", [1e20, 1e155, 1.7e308])
def test_a_value_beyond_all_bounds_is_as_one_far_out(far):
    small = X * 1e-3
    fitted = NetworksRegressor(n_epochs=20, random_state=0).fit(small, Y)
    near, beyond = np.zeros((1, 4)), np.zeros((1, 4))
    near[0, 0], beyond[0, 0] = 1e4, far
    np.testing.assert_allclose(fitted.predict(beyond), fitted.predict(near), rtol=1e-3)
    thin = sparse.csr_matrix(np.array([[far, 0.0], [0.0, 1.0]]))
    assert np.isfinite(networks.squashed(fitted, thin, learns=False).toarray()).all()


def test_the_highest_seed_is_no_error():
    assert np.isfinite(NetworksRegressor(n_epochs=2, random_state=2**32 - 1).fit(X, Y).predict(NEW)).all()


def test_a_rare_class_counts_as_much_as_the_others_where_asked_to():
    rare = np.where(Y + RNG.normal(scale=0.5, size=400) > 1.6, "rare", "usual")
    plain, even = (NetworksClassifier(class_weight=w, random_state=0).fit(X, rare) for w in (None, "balanced"))
    assert plain.predict_proba(NEW)[:, 0].mean() < 0.7 * even.predict_proba(NEW)[:, 0].mean()


def test_the_same_seed_learns_the_same_and_another_another():
    first, second = (NetworksClassifier(n_epochs=4, random_state=3).fit(X, LABELS).predict_proba(NEW) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, NetworksClassifier(n_epochs=4, random_state=4).fit(X, LABELS).predict_proba(NEW))
    assert clone(NetworksClassifier(hidden=(8,), decay=0.2)).get_params()["hidden"] == (8,)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_outputs_are_those_of_scikit_learn(n_classes):
    y = np.digitize(Y, [0.0] if n_classes == 2 else [-0.4, 0.4])
    theirs = MLPClassifier((16,), max_iter=5, random_state=0)
    for _ in range(3):
        theirs.partial_fit(X, y, classes=np.arange(n_classes))
    layers = list(zip(theirs.coefs_, theirs.intercepts_, strict=True))
    np.testing.assert_allclose(probabilities_of(forward(layers, NEW)), theirs.predict_proba(NEW), rtol=1e-9)


def test_training_ends_where_rows_held_back_no_longer_gain(monkeypatch):
    epochs = 0
    step = MLPClassifier.partial_fit

    def counted(self, *arguments, **named):
        nonlocal epochs
        epochs += 1
        return step(self, *arguments, **named)

    monkeypatch.setattr(MLPClassifier, "partial_fit", counted)
    noise = RNG.integers(0, 2, 400)
    NetworksClassifier(n_members=1, n_epochs=150, random_state=0).fit(X, noise)
    assert networks.PATIENCE < epochs < 60
