"""Models that answer together: each is fitted on all of the rows, and their predictions are averaged by weights."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import column_or_1d, get_tags
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_is_fitted

from octopus.blocks.targets import fitted_knowing, known_to


class WeighedMembers(_BaseComposition):  # type: ignore[misc]
    """What blends of classifiers and of regressors have in common: named members, each fitted as if it were alone.

    Members are fitted one after the other, so that each may use all the threads that there are.

    Parameters
    ----------
    members : list of (str, estimator)
        Unfitted models with names; ``name__parameter`` sets what a member has.
    weights : list of float or None, default=None
        One for each member, 0 or more; all alike where None.
    """

    def __init__(self, members: list[tuple[str, BaseEstimator]], weights: list[float] | None = None) -> None:
        self.members, self.weights = members, weights

    def get_params(self, deep: bool = True) -> dict[str, object]:
        """Return parameters, those of the members by their names."""
        return dict(self._get_params("members", deep=deep))

    def set_params(self, **params: object) -> WeighedMembers:
        """Set parameters, or members, by their names."""
        self._set_params("members", **params)
        return self

    def fit_members(self, X: pd.DataFrame, y: np.ndarray, told: dict[str, np.ndarray | None]) -> None:
        """Fit copies of the members to y, shape (n_rows,), and tell each of the rows what it can make use of."""
        y = column_or_1d(y, warn=True)
        if not self.members:
            raise ValueError("a blend needs members: give at least one pair of a name and a model")
        self._validate_names([name for name, _ in self.members])
        weights = np.ones(len(self.members)) if self.weights is None else np.asarray(self.weights, dtype="float64")
        if len(weights) != len(self.members) or weights.min() < 0 or not 0 < weights.sum() < np.inf:
            raise ValueError(f"weights {self.weights} are not one number of 0 or more for each of {len(self.members)}")
        self.weights_ = weights / weights.sum()
        self.members_ = [fitted_as_if_alone(member, X, y, told) for _, member in self.members]
        for name in ("n_features_in_", "feature_names_in_"):
            self.__dict__.pop(name, None)
            for member in self.members_:
                if hasattr(member, name):
                    setattr(self, name, getattr(member, name))

    def __sklearn_tags__(self) -> object:
        tags = super().__sklearn_tags__()
        of_members = [get_tags(member).input_tags for _, member in self.members if hasattr(member, "__sklearn_tags__")]
        tags.input_tags.allow_nan = bool(of_members) and all(one.allow_nan for one in of_members)
        tags.input_tags.sparse = bool(of_members) and all(one.sparse for one in of_members)
        return tags


class BlendedClassifier(ClassifierMixin, WeighedMembers):  # type: ignore[misc]
    """Average the probabilities of classifiers.

    Parameters
    ----------
    members : list of (str, estimator)
        Unfitted classifiers with names.
    weights : list of float or None, default=None
        One for each member, 0 or more; all alike where None.
    """

    def fit(
        self,
        X: pd.DataFrame,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        time: np.ndarray | None = None,
    ) -> BlendedClassifier:
        """Fit every member; y and what is told of the rows have shape (n_rows,)."""
        self.fit_members(X, y, {"sample_weight": sample_weight, "groups": groups, "time": time})
        self.classes_ = np.unique(np.asarray(y))
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return averaged probabilities of shape (n_rows, n_classes)."""
        check_is_fitted(self)
        given = [class_shares(member, X, self.classes_) for member in self.members_]
        return np.asarray(np.average(given, axis=0, weights=self.weights_))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the class that is most probable on average, shape (n_rows,)."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return np.asarray(self.classes_[best])


class BlendedRegressor(RegressorMixin, WeighedMembers):  # type: ignore[misc]
    """Average the predictions of regressors.

    Parameters
    ----------
    members : list of (str, estimator)
        Unfitted regressors with names.
    weights : list of float or None, default=None
        One for each member, 0 or more; all alike where None.
    """

    def fit(
        self,
        X: pd.DataFrame,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        time: np.ndarray | None = None,
    ) -> BlendedRegressor:
        """Fit every member; y and what is told of the rows have shape (n_rows,)."""
        self.fit_members(X, y, {"sample_weight": sample_weight, "groups": groups, "time": time})
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return averaged predictions, shape (n_rows,)."""
        check_is_fitted(self)
        given = [np.asarray(member.predict(X), dtype="float64") for member in self.members_]
        return np.asarray(np.average(given, axis=0, weights=self.weights_))


def fitted_as_if_alone(
    member: BaseEstimator, X: pd.DataFrame, y: np.ndarray, told: dict[str, np.ndarray | None]
) -> BaseEstimator:
    """Return a fitted copy of a model that was told of the rows what it would be told if it were no member.

    Parameters
    ----------
    member : estimator
        Unfitted.
    X : DataFrame of shape (n_rows, n_columns)
        The features.
    y : ndarray of shape (n_rows,)
        The target.
    told : dict of str to ndarray of shape (n_rows,) or None
        Weights, groups, time.

    Returns
    -------
    estimator
        Fitted: by scikit-learn's metadata routing where that is switched on, else by what each step's ``fit`` declares.
    """
    # A copy of all that it is: a model that cannot be cloned can be fitted alone, and so it can be here.
    member, known = copy.deepcopy(member), {name: values for name, values in told.items() if values is not None}
    if not known:
        return member.fit(X, y)
    if get_config()["enable_metadata_routing"] and hasattr(member, "get_metadata_routing"):
        try:
            wanted = get_routing_for_object(member).consumes("fit", list(known))
        except NotImplementedError:  # some ensembles of scikit-learn take weights, but cannot route them
            return fitted_knowing(member, X, y, told)
        return member.fit(X, y, **{name: known[name] for name in wanted})
    return member.fit(X, y, **known_to(member, known))


def class_shares(member: BaseEstimator, X: pd.DataFrame, classes: np.ndarray) -> np.ndarray:
    """Return a classifier's probabilities of given classes.

    Parameters
    ----------
    member : estimator
        Fitted.
    X : DataFrame of shape (n_rows, n_columns)
        The features.
    classes : ndarray of shape (n_classes,)
        In order.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
        0 for a class that the member does not know; 0 and 1 where it has no probabilities.
    """
    if not hasattr(member, "predict_proba"):
        return np.asarray(np.asarray(member.predict(X))[:, None] == classes, dtype="float64")
    given = np.asarray(member.predict_proba(X), dtype="float64")
    known = np.asarray(getattr(member, "classes_", classes))
    if len(known) == len(classes):
        return given
    shares = np.zeros((len(given), len(classes)))
    shares[:, np.searchsorted(classes, known)] = given
    return shares
