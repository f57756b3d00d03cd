"""Around a model: a target on its logarithmic scale, and late rows that weigh more than early ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter


class LogTarget(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Fit log(1 + y) and predict its inverse; where a value is -1 or less, fit y itself.

    Parameters
    ----------
    regressor : estimator
        The model, unfitted.
    """

    def __init__(self, regressor: BaseEstimator) -> None:
        self.regressor = regressor

    def fit(
        self,
        X: pd.DataFrame,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        time: np.ndarray | None = None,
    ) -> LogTarget:
        """Fit the regressor to the logarithm of y, shape (n_rows,); what is told of the rows goes on to it."""
        y = np.asarray(y, dtype="float64")
        self.logged_ = bool(np.all(y > -1))
        if self.logged_:
            y = np.log1p(y)
        # A straight line may leave the range of y by far, and exp would make that a flight.
        centre = np.average(y, weights=sample_weight)
        spread = np.sqrt(np.average((y - centre) ** 2, weights=sample_weight))
        self.low_, self.high_ = y.min() - spread, y.max() + spread
        told = {"sample_weight": sample_weight, "groups": groups, "time": time}
        self.regressor_ = fitted_knowing(self.regressor, X, y, told)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return predictions on the scale of y, shape (n_rows,)."""
        predicted = np.asarray(self.regressor_.predict(X))
        return np.expm1(np.clip(predicted, self.low_, self.high_)) if self.logged_ else predicted


class RecentClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Fit a classifier to rows that weigh half as much for every half-life that they are older than the last.

    Parameters
    ----------
    model : estimator
        The classifier, unfitted.
    half_life : float
        Share of the time from the first row to the last.
    """

    def __init__(self, model: BaseEstimator, half_life: float = 0.25) -> None:
        self.model, self.half_life = model, half_life

    def fit(
        self,
        X: pd.DataFrame,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        time: np.ndarray | None = None,
    ) -> RecentClassifier:
        """Fit; y and what is told of the rows have shape (n_rows,); without time all rows weigh alike."""
        weight = recency(sample_weight, time, self.half_life)
        self.model_ = fitted_knowing(self.model, X, y, {"sample_weight": weight, "groups": groups})
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return probabilities of shape (n_rows, n_classes)."""
        return np.asarray(self.model_.predict_proba(X))

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the most probable class, shape (n_rows,)."""
        return np.asarray(self.model_.predict(X))


class RecentRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Fit a regressor to rows that weigh half as much for every half-life that they are older than the last.

    Parameters
    ----------
    model : estimator
        The regressor, unfitted.
    half_life : float
        Share of the time from the first row to the last.
    """

    def __init__(self, model: BaseEstimator, half_life: float = 0.25) -> None:
        self.model, self.half_life = model, half_life

    def fit(
        self,
        X: pd.DataFrame,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        time: np.ndarray | None = None,
    ) -> RecentRegressor:
        """Fit; y and what is told of the rows have shape (n_rows,); without time all rows weigh alike."""
        weight = recency(sample_weight, time, self.half_life)
        self.model_ = fitted_knowing(self.model, X, y, {"sample_weight": weight, "groups": groups})
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return predictions of shape (n_rows,)."""
        return np.asarray(self.model_.predict(X))


def recency(sample_weight: np.ndarray | None, time: np.ndarray | None, half_life: float) -> np.ndarray | None:
    """Return weights that fall by half with every half-life before the last row.

    Parameters
    ----------
    sample_weight : ndarray of shape (n_rows,) or None
        Weights that the rows have already.
    time : ndarray of shape (n_rows,), datetime64, or None
        When each row happened; a row without a time is as old as the oldest.
    half_life : float
        Share of the time from the first row to the last.

    Returns
    -------
    ndarray of shape (n_rows,) or None
        The given weights where there is no time, or no time passes.
    """
    if time is None:
        return sample_weight
    seconds = np.where(np.isnat(time), np.nan, time.astype("datetime64[ns]").astype("float64") / 1e9)
    age = np.nanmax(seconds, initial=-np.inf) - seconds
    oldest = np.nanmax(age, initial=0.0)
    if not oldest > 0:
        return sample_weight
    fallen = 0.5 ** (np.nan_to_num(age, nan=oldest) / (half_life * oldest))
    return np.asarray(fallen if sample_weight is None else fallen * np.asarray(sample_weight))


def fitted_knowing(
    model: BaseEstimator, X: pd.DataFrame | np.ndarray, y: np.ndarray, told: dict[str, np.ndarray | None]
) -> BaseEstimator:
    """Return a fitted copy of a model that was told of the rows what it can make use of.

    Parameters
    ----------
    model : estimator
        Unfitted.
    X : DataFrame or matrix of shape (n_rows, n_columns)
        The features.
    y : ndarray of shape (n_rows,)
        The target.
    told : dict of str to ndarray of shape (n_rows,) or None
        Weights, groups, time.

    Returns
    -------
    estimator
        Fitted.
    """
    known = {name: values for name, values in told.items() if values is not None}
    # A pipeline's routing passes on only what its steps asked for before they were known to stand in here.
    with config_context(enable_metadata_routing=False):
        return clone(model).fit(X, y, **known_to(model, known))


def known_to(model: BaseEstimator, told: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what a model's fit declares of what is known, for a pipeline by its steps.

    Parameters
    ----------
    model : estimator
        Unfitted.
    told : dict of str to ndarray of shape (n_rows,)
        Weights, groups, time.

    Returns
    -------
    dict of str to ndarray
        Arguments of ``fit``.
    """
    if isinstance(model, Pipeline):
        steps = [(name, known_to(step, told)) for name, step in model.steps]
        return {f"{name}__{key}": values for name, known in steps for key, values in known.items()}
    return {key: values for key, values in told.items() if has_fit_parameter(model, key)}
