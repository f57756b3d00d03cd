"""The same model several times, each without another part of the rows: a cross-validation committee."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone

from octopus.blocks.blending import class_shares
from octopus.blocks.sampling import chosen_rows
from octopus.blocks.targets import fitted_knowing


class CommitteeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Average the probabilities of classifiers, each fitted without another part of the rows.

    Parmanto, Munro and Doyle (1996, "Reducing variance of committee prediction with resampling techniques",
    doi:10.1080/095400996116848) call it a cross-validation committee.

    Parameters
    ----------
    model : estimator
        The classifier, unfitted.
    n_members : int
        How many; each is fitted without one part of so many.
    random_state : int or None
        Draws the parts, and the seed of each member.
    """

    def __init__(self, model: BaseEstimator, n_members: int = 5, random_state: int | None = None) -> None:
        self.model, self.n_members, self.random_state = model, n_members, random_state

    def fit(
        self, X: pd.DataFrame, y: np.ndarray, sample_weight: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> CommitteeClassifier:
        """Fit; y, sample_weight and groups have shape (n_rows,)."""
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        part = dealt_out(labels if groups is None else groups, self.n_members, self.random_state, groups is not None)
        # A class that is in one part only stays with every member, so that each knows all of them.
        alone = [label for label in np.unique(labels) if len(np.unique(part[labels == label])) == 1]
        part[np.isin(labels, alone)] = -1
        self.members_ = committee(self, X, np.asarray(y), {"sample_weight": sample_weight, "groups": groups}, part)
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return probabilities of shape (n_rows, n_classes)."""
        return np.asarray(np.mean([class_shares(member, X, self.classes_) for member in self.members_], axis=0))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the class that is most probable on average, shape (n_rows,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class CommitteeRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Average the predictions of regressors, each fitted without another part of the rows.

    Parmanto, Munro and Doyle (1996, "Reducing variance of committee prediction with resampling techniques",
    doi:10.1080/095400996116848) call it a cross-validation committee.

    Parameters
    ----------
    model : estimator
        The regressor, unfitted.
    n_members : int
        How many; each is fitted without one part of so many.
    random_state : int or None
        Draws the parts, and the seed of each member.
    """

    def __init__(self, model: BaseEstimator, n_members: int = 5, random_state: int | None = None) -> None:
        self.model, self.n_members, self.random_state = model, n_members, random_state

    def fit(
        self, X: pd.DataFrame, y: np.ndarray, sample_weight: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> CommitteeRegressor:
        """Fit; y, sample_weight and groups have shape (n_rows,)."""
        units = np.zeros(len(y), dtype=int) if groups is None else groups
        part = dealt_out(units, self.n_members, self.random_state, groups is not None)
        self.members_ = committee(self, X, np.asarray(y), {"sample_weight": sample_weight, "groups": groups}, part)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return predictions of shape (n_rows,)."""
        return np.asarray(np.mean([member.predict(X) for member in self.members_], axis=0))


def dealt_out(labels: np.ndarray, n_parts: int, random_state: int | None, whole: bool) -> np.ndarray:
    """Deal rows out to parts: of every label the same share to each, or labels as a whole.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        Classes, or groups.
    n_parts : int
        How many.
    random_state : int or None
        Draws them.
    whole : bool
        Whether all rows of a label stay together.

    Returns
    -------
    ndarray of shape (n_rows,), int
        From 0 to ``n_parts - 1``.
    """
    _, labels = np.unique(labels, return_inverse=True)
    rng = np.random.default_rng(random_state)
    if whole:
        return np.asarray((rng.permutation(labels.max() + 1) % n_parts)[labels])
    order = rng.permutation(len(labels))
    dealt = np.zeros(len(labels), dtype=int)
    dealt[order[np.argsort(labels[order], kind="stable")]] = np.arange(len(labels)) % n_parts
    return dealt


def committee(
    asked: BaseEstimator, X: pd.DataFrame, y: np.ndarray, told: dict[str, np.ndarray | None], part: np.ndarray
) -> list[BaseEstimator]:
    """Fit the members of a committee.

    Parameters
    ----------
    asked : CommitteeClassifier or CommitteeRegressor
        With the model, the seed and how many.
    X, y : DataFrame of shape (n_rows, n_columns), ndarray of shape (n_rows,)
        All rows.
    told : dict of str to ndarray of shape (n_rows,) or None
        Weights and groups.
    part : ndarray of shape (n_rows,), int
        Which member goes without the row; -1 for none.

    Returns
    -------
    list of estimator
        Fitted, each with a seed of its own; one that would be left without rows has all of them.
    """
    members = []
    for number in range(asked.n_members):
        rows = np.flatnonzero(part != number)
        rows = rows if len(rows) else np.arange(len(y))
        model = clone(asked.model)
        seeds = [name for name in model.get_params() if name.split("__")[-1] == "random_state"]
        seed = None if asked.random_state is None else (asked.random_state + number) % 2**32
        model.set_params(**dict.fromkeys(seeds, seed))
        known = {name: None if values is None else np.asarray(values)[rows] for name, values in told.items()}
        members.append(fitted_knowing(model, chosen_rows(X, rows), y[rows], known))
    return members
