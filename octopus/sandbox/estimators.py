"""An unfitted estimator → fitted → predictions, as the script contract has it, inside the child."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Protocol

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.preprocessing import TargetEncoder
from sklearn.utils.metadata_routing import get_routing_for_object

#: What a ``fit`` may be told of its rows beside ``X`` and ``y``.
Metadata = Mapping[str, NDArray[np.generic]]


class Estimator(Protocol):
    """The part of scikit-learn's interface that a script must have."""

    def fit(self, X: pd.DataFrame, y: NDArray[np.generic], **metadata: NDArray[np.generic]) -> object:
        """Fit in place."""

    def predict(self, X: pd.DataFrame) -> NDArray[np.generic]:
        """Return one prediction per row."""


def seed(estimator: object, random_state: int, n_jobs: int) -> None:
    """Set every ``random_state`` and ``n_jobs`` that an estimator and its parts have.

    Parameters
    ----------
    estimator : object
        Left as it is if it has no ``get_params``.
    random_state : int
        The same for all parts.
    n_jobs : int
        Threads that the job may use.
    """
    if not (hasattr(estimator, "get_params") and hasattr(estimator, "set_params")):
        return
    for name, value in sorted(estimator.get_params(deep=True).items()):
        leaf = name.rpartition("__")[2]
        if isinstance(value, str) and value == "deprecated":
            continue
        if leaf == "random_state":
            estimator.set_params(**{name: random_state})
        elif leaf == "n_jobs":
            estimator.set_params(**{name: n_jobs})


def fit(estimator: Estimator, X: pd.DataFrame, y: NDArray[np.generic], metadata: Metadata) -> None:
    """Fit an estimator in place and tell its parts of the rows what they accept.

    Weights go to every step whose ``fit`` accepts them, groups and time to every ``fit`` that declares them, both by
    scikit-learn's metadata routing. An estimator outside scikit-learn gets what its own ``fit`` names.

    Parameters
    ----------
    estimator : Estimator
        Unfitted.
    X : DataFrame of shape (n_rows, n_features)
        Features.
    y : ndarray of shape (n_rows,)
        Class numbers, or the target.
    metadata : mapping of str to ndarray of shape (n_rows,)
        Any of ``sample_weight``, ``groups`` and ``time``.
    """
    if not metadata:
        estimator.fit(X, y)
        return
    wanted = _routed(estimator, metadata) if hasattr(estimator, "get_metadata_routing") else set(metadata)
    accepted = {name: values for name, values in metadata.items() if name in wanted and _accepts(estimator.fit, name)}
    estimator.fit(X, y, **accepted)


def _routed(estimator: Estimator, metadata: Metadata) -> set[str]:
    """Have every part ask for what it accepts, and return what any part asked for."""
    sklearn.set_config(enable_metadata_routing=True)
    _mend_target_encoder()
    for part in _parts(estimator):
        _request(part, metadata)
    try:
        return set(get_routing_for_object(estimator).consumes("fit", list(metadata)))
    except NotImplementedError:  # some ensembles of scikit-learn take weights, but cannot route them
        named = set(_parameters(estimator.fit)) & set(metadata)
        if not named:
            raise
        sklearn.set_config(enable_metadata_routing=False)
        return named


def _mend_target_encoder() -> None:
    """Let TargetEncoder fit without groups: scikit-learn 1.9 looks them up unasked as soon as routing is on."""
    original = TargetEncoder.fit_transform

    def fit_transform(
        self: object, X: object, y: object, groups: object = None, **params: object
    ) -> NDArray[np.generic]:
        if groups is not None:
            params["groups"] = groups
        with sklearn.config_context(enable_metadata_routing="groups" in params):
            transformed: NDArray[np.generic] = original(self, X, y, **params)
        return transformed

    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in _parameters(original).values()):  # not before 1.9
        TargetEncoder.fit_transform = fit_transform


def predict(estimator: Estimator, X: pd.DataFrame, n_classes: int) -> NDArray[np.float64]:
    """Return predictions, for classes as probabilities in class order.

    Parameters
    ----------
    estimator : Estimator
        Fitted on class numbers, or on the target.
    X : DataFrame of shape (n_rows, n_features)
        Features; columns in another order than in ``fit`` are put into that order.
    n_classes : int
        Number of classes, 0 for regression.

    Returns
    -------
    ndarray of shape (n_rows, n_classes) or (n_rows,), float64
        A class that ``fit`` never saw has probability 0; an estimator without probabilities gives 0 and 1.
    """
    X = _in_order_of_fit(estimator, X)
    if not n_classes:
        return np.asarray(estimator.predict(X), dtype=np.float64)
    if not hasattr(estimator, "predict_proba"):
        return np.asarray(np.eye(n_classes)[np.asarray(estimator.predict(X)).astype(np.int64)])
    given = np.asarray(estimator.predict_proba(X), dtype=np.float64)
    classes = getattr(estimator, "classes_", None)
    if classes is None or given.ndim != 2 or given.shape[1] != len(classes):
        return given
    ordered = np.zeros((len(given), n_classes))
    ordered[:, np.asarray(classes).astype(np.int64)] = given
    return ordered


def _in_order_of_fit(estimator: object, X: pd.DataFrame) -> pd.DataFrame:
    names = getattr(estimator, "feature_names_in_", None)
    if names is None or list(names) == list(X.columns) or set(names) != set(X.columns):
        return X
    return X[list(names)]


def _parts(estimator: object) -> Iterator[object]:
    yield estimator
    if hasattr(estimator, "get_params"):
        yield from estimator.get_params(deep=True).values()


def _request(part: object, metadata: Metadata) -> None:
    """Ask for what a part's ``fit`` declares, and for weights in the scorers that it chooses its settings by."""
    if hasattr(part, "set_fit_request"):
        declared = {name: True for name in metadata if _declares(part, "fit", name)}
        if declared:
            part.set_fit_request(**declared)
    if "sample_weight" not in metadata:
        return
    if hasattr(part, "set_score_request"):
        with suppress(TypeError):  # its score takes no weights
            part.set_score_request(sample_weight=True)
    scoring = getattr(part, "scoring", None)
    if isinstance(part, LogisticRegressionCV) and not callable(scoring) and scoring not in get_scorer_names():
        scoring = "accuracy"  # its default, which it makes too late to be asked
    if isinstance(scoring, str) and scoring in get_scorer_names() and hasattr(part, "set_params"):
        part.set_params(scoring=get_scorer(scoring).set_score_request(sample_weight=True))


def _declares(part: object, method: str, name: str) -> bool:
    requests = getattr(part, "get_metadata_routing", None)
    if requests is None:
        return False
    function = getattr(part, method, None)
    return function is not None and name in _parameters(function)


def _accepts(function: Callable[..., object], name: str) -> bool:
    parameters = _parameters(function)
    return name in parameters or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())


def _parameters(function: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # a callable without a Python signature
        return {}
