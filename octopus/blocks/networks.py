"""Small networks of scikit-learn, several of them averaged, each stopped by the rows that it was not fitted on."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.class_weight import compute_sample_weight
from threadpoolctl import threadpool_limits

from octopus.blocks.committees import dealt_out
from octopus.blocks.means import rows_worth
from octopus.blocks.shapes import LARGEST_NUMBER

#: Parts that rows are dealt out to; each network stops by one of them. More networks than parts would stop alike.
STOPPING_PARTS = 6
#: Share of the weights before an epoch in the average that is judged and kept, as stochastic weight averaging has it
#: (Izmailov et al., 2018, arXiv:1803.05407): it stands for steps that become smaller.
INERTIA = 0.8
#: Deviations from which on a number is squashed, and towards which (Holzmüller et al., 2024, "Better by default",
#: arXiv:2407.04491).
SQUASHED_FROM = 3.0
#: Size of Adam's steps: with three times scikit-learn's, half the epochs do.
STEP = 3e-3
#: Epochs without a gain before a network stops.
PATIENCE = 15
#: Rows of a step at least: a twentieth of all where that is more.
LEAST_BATCH = 32
#: Rows of a step at most.
MOST_BATCH = 256


class Networks(BaseEstimator):  # type: ignore[misc]
    """What networks for classes and for numbers have in common: members, their inputs, when they stop.

    Parameters
    ----------
    n_members : int
        Networks that are averaged; each goes without one of six parts of the rows and stops by it.
    hidden : tuple of int
        Units of each layer.
    decay : float
        Weight of the squared weights in the loss.
    n_epochs : int
        Times that a network sees the rows at most.
    random_state : int or None
        Draws parts, weights and the order of the rows.
    """

    def __init__(
        self,
        n_members: int = 4,
        hidden: tuple[int, ...] = (128, 128),
        decay: float = 1e-3,
        n_epochs: int = 150,
        random_state: int | None = None,
    ) -> None:
        self.n_members, self.hidden, self.decay, self.n_epochs = n_members, hidden, decay, n_epochs
        self.random_state = random_state

    def fit_networks(
        self, X: np.ndarray, y: np.ndarray, n_classes: int, weight: np.ndarray | None, groups: np.ndarray | None
    ) -> None:
        """Fit the members; y, class numbers where there are classes, and the others have shape (n_rows,)."""
        X = X if sparse.issparse(X) else np.asarray(X)
        if weight is not None:
            # A step of rows that count nothing has no loss, and scikit-learn sets the price of weights against the sum.
            counts = np.flatnonzero(np.asarray(weight) > 0)
            X, y, groups = X[counts], y[counts], None if groups is None else np.asarray(groups)[counts]
            weight = np.asarray(weight, dtype=np.float64)[counts]
            weight = weight / weight.mean()
        inputs = squashed(self, X, learns=True)
        labels = groups if groups is not None else y if n_classes else np.zeros(len(y))
        part = dealt_out(labels, STOPPING_PARTS, self.random_state, groups is not None)
        self.members_ = []
        for number in range(self.n_members):
            held = part == number % (part.max() + 1)  # fewer groups than parts leave some empty
            if n_classes:
                held &= np.isin(y, y[~held])
            held = held if not held.all() else ~held
            seed = None if self.random_state is None else (self.random_state + number) % 2**32
            with threadpool_limits(1, "blas"):  # steps are too small to be shared: two threads take twice the time
                self.members_.append(trained(self, inputs, y, n_classes, weight, held, seed))

    def outputs(self, X: np.ndarray) -> list[np.ndarray]:
        """Return what each member gives out before a link, shape (n_rows, n_outputs)."""
        inputs = squashed(self, X, learns=False)
        return [forward(layers, inputs) for layers in self.members_]


class NetworksClassifier(ClassifierMixin, Networks):  # type: ignore[misc]
    """Networks for classes: their probabilities, averaged.

    Parameters
    ----------
    n_members : int
        Networks that are averaged.
    hidden : tuple of int
        Units of each layer.
    decay : float
        Weight of the squared weights in the loss.
    n_epochs : int
        Times that a network sees the rows at most.
    class_weight : "balanced", dict or None
        How much the rows of a class count, as scikit-learn has it.
    random_state : int or None
        Draws parts, weights and the order of the rows.
    """

    def __init__(
        self,
        n_members: int = 4,
        hidden: tuple[int, ...] = (128, 128),
        decay: float = 1e-3,
        n_epochs: int = 150,
        class_weight: str | dict[object, float] | None = None,
        random_state: int | None = None,
    ) -> None:
        super().__init__(n_members, hidden, decay, n_epochs, random_state)
        self.class_weight = class_weight

    def fit(
        self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> NetworksClassifier:
        """Fit; y, sample_weight and groups have shape (n_rows,)."""
        self.classes_, numbers = np.unique(np.asarray(y), return_inverse=True)
        self.members_ = []
        if self.class_weight is not None:
            sample_weight = compute_sample_weight(self.class_weight, y) * rows_worth(sample_weight, len(numbers))
        if len(self.classes_) > 1:
            self.fit_networks(X, numbers, len(self.classes_), sample_weight, groups)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities of shape (n_rows, n_classes)."""
        if not self.members_:
            return np.ones((X.shape[0], 1))
        return np.asarray(np.mean([probabilities_of(found) for found in self.outputs(X)], axis=0))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the most probable class, shape (n_rows,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class NetworksRegressor(RegressorMixin, Networks):  # type: ignore[misc]
    """Networks for numbers, averaged.

    Parameters
    ----------
    n_members : int
        Networks that are averaged.
    hidden : tuple of int
        Units of each layer.
    decay : float
        Weight of the squared weights in the loss.
    n_epochs : int
        Times that a network sees the rows at most.
    random_state : int or None
        Draws parts, weights and the order of the rows.
    """

    def fit(
        self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> NetworksRegressor:
        """Fit the target at mean 0 and deviation 1; y, sample_weight and groups have shape (n_rows,)."""
        y = np.asarray(y, dtype=np.float64)
        self.centre_ = np.average(y, weights=sample_weight)
        self.spread_ = np.sqrt(np.average((y - self.centre_) ** 2, weights=sample_weight))
        self.members_ = []
        if self.spread_ > 0:
            self.fit_networks(X, (y - self.centre_) / self.spread_, 0, sample_weight, groups)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return predictions of shape (n_rows,)."""
        if not self.members_:
            return np.full(X.shape[0], self.centre_)
        return np.asarray(self.centre_ + self.spread_ * np.mean(self.outputs(X), axis=0)[:, 0])


def squashed(asked: Networks, X: np.ndarray | sparse.csr_matrix, learns: bool) -> np.ndarray | sparse.csr_matrix:
    """Bring numbers to a middle of 0 and a usual deviation of 1, and those far out nearer.

    Parameters
    ----------
    asked : Networks
        Has, or learns, the medians and quartiles.
    X : ndarray or sparse matrix of shape (n_rows, n_columns)
        Numbers without gaps.
    learns : bool
        Whether these rows say where the middle is.

    Returns
    -------
    ndarray or sparse matrix of shape (n_rows, n_columns), float32
        A column that is mostly one value, such as a level's, keeps its place and scale, as does a sparse matrix.
    """
    if sparse.issparse(X):
        rows = sparse.csr_matrix(X)
        near = nearer(rows.data).astype(np.float32)
        return sparse.csr_matrix((near, rows.indices, rows.indptr), shape=rows.shape)
    X = np.clip(np.asarray(X, dtype=np.float64), -LARGEST_NUMBER, LARGEST_NUMBER)
    if learns:
        low, middle, high = np.quantile(X, [0.25, 0.5, 0.75], axis=0)
        usual = (high - low) / 1.349  # of a normal distribution the deviation
        asked.middle_, asked.usual_ = np.where(usual > 0, middle, 0.0), np.where(usual > 0, usual, 1.0)
    return nearer((X - asked.middle_) / asked.usual_).astype(np.float32)


def nearer(values: np.ndarray) -> np.ndarray:
    """Return numbers of the same shape, those far out pulled towards three deviations."""
    return np.asarray(values / np.hypot(1, values / SQUASHED_FROM))


def trained(
    asked: Networks,
    X: np.ndarray | sparse.csr_matrix,
    y: np.ndarray,
    n_classes: int,
    weight: np.ndarray | None,
    held: np.ndarray,
    seed: int | None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Train a network until rows held back no longer gain.

    Parameters
    ----------
    asked : Networks
        With its size and steps.
    X, y, weight : ndarray or sparse matrix of shape (n_rows, n_columns), ndarray and ndarray or None
        All rows.
    n_classes : int
        0 for numbers.
    held : ndarray of shape (n_rows,), bool
        Rows to stop by; where there are none it stops by the others.
    seed : int or None
        Draws weights and the order of the rows.

    Returns
    -------
    list of (ndarray, ndarray)
        Weights and offsets of each layer where the rows held back liked them best, averaged over epochs.
    """
    n_rows = int(np.sum(~held))
    kind = MLPClassifier if n_classes else MLPRegressor
    order = np.random.RandomState(seed)  # as a number it would begin anew, and draw the same order, with every epoch
    network = kind(
        hidden_layer_sizes=asked.hidden, alpha=asked.decay, learning_rate_init=STEP, random_state=order,
        batch_size=min(n_rows, MOST_BATCH, max(LEAST_BATCH, n_rows // 20)),
    )  # fmt: skip
    told: dict[str, np.ndarray] = {} if weight is None else {"sample_weight": np.asarray(weight)[~held]}
    judges = held if held.any() else ~held
    worth = None if weight is None else np.asarray(weight)[judges]
    X_fit, y_fit, X_judged, y_judged = X[~held], y[~held], X[judges], y[judges]
    average: list[tuple[np.ndarray, np.ndarray]] = []
    told |= {"classes": np.arange(n_classes)} if n_classes else {}
    best, since, kept = np.inf, 0, average
    for _ in range(asked.n_epochs):
        network.partial_fit(X_fit, y_fit, **told)
        layers = [
            (weights.copy(), offsets.copy())
            for weights, offsets in zip(network.coefs_, network.intercepts_, strict=True)
        ]
        average = [
            (INERTIA * old_weights + (1 - INERTIA) * weights, INERTIA * old_offsets + (1 - INERTIA) * offsets)
            for (old_weights, old_offsets), (weights, offsets) in zip(average or layers, layers, strict=True)
        ]
        loss = loss_of(forward(average, X_judged), y_judged, n_classes, worth)
        if loss < best:
            best, since, kept = loss, 0, average
        else:
            since += 1
        if since >= PATIENCE:
            break
    return kept or average


def forward(layers: list[tuple[np.ndarray, np.ndarray]], X: np.ndarray | sparse.csr_matrix) -> np.ndarray:
    """Return a network's outputs before a link, shape (n_rows, n_outputs).

    Parameters
    ----------
    layers : list of (ndarray, ndarray)
        Weights and offsets; all but the last are rectified.
    X : ndarray or sparse matrix of shape (n_rows, n_columns)
        Inputs.

    Returns
    -------
    ndarray of shape (n_rows, n_outputs), float64
        In double precision, so that a row alone gets the answer that it gets among others.
    """
    values = X.astype(np.float64)
    for weights, offsets in layers[:-1]:
        values = np.maximum(values @ weights.astype(np.float64) + offsets, 0)
    weights, offsets = layers[-1]
    return np.asarray(values @ weights.astype(np.float64) + offsets)


def probabilities_of(outputs: np.ndarray) -> np.ndarray:
    """Return probabilities of shape (n_rows, n_classes); one output alone is the log odds of the second class."""
    odds = np.hstack([np.zeros_like(outputs), outputs]) if outputs.shape[1] == 1 else outputs
    grown = np.exp(odds - odds.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def loss_of(outputs: np.ndarray, y: np.ndarray, n_classes: int, weight: np.ndarray | None) -> float:
    """Return the log loss, or the mean squared error, that outputs of a network have on rows."""
    if n_classes:
        found = probabilities_of(outputs)[np.arange(len(y)), y]
        return float(-np.average(np.log(np.maximum(found, 1e-15)), weights=weight))
    return float(np.average((outputs[:, 0] - y) ** 2, weights=weight))
