"""A target that spans orders of magnitude, on its logarithmic scale."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone
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
        self, X: pd.DataFrame, y: np.ndarray, sample_weight: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> LogTarget:
        """Fit the regressor to the logarithm of y, shape (n_rows,); weights and groups go on to it."""
        y = np.asarray(y, dtype="float64")
        self.logged_ = bool(np.all(y > -1))
        if self.logged_:
            y = np.log1p(y)
        # A straight line may leave the range of y by far, and exp would make that a flight.
        self.low_, self.high_ = y.min() - y.std(), y.max() + y.std()
        told = {"sample_weight": sample_weight, "groups": groups}
        told = {k: v for k, v in told.items() if v is not None and has_fit_parameter(self.regressor, k)}
        self.regressor_ = clone(self.regressor).fit(X, y, **told)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return predictions on the scale of y, shape (n_rows,)."""
        predicted = np.asarray(self.regressor_.predict(X))
        return np.expm1(np.clip(predicted, self.low_, self.high_)) if self.logged_ else predicted
