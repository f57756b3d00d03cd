"""XGBoost (Chen and Guestrin, 2016, doi:10.1145/2939672.2939785): trees on histograms, levels split as sets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from octopus.blocks.boosters import Booster, BoosterClassifier, BoosterRegressor


class XGBoosted(Booster):
    """How XGBoost grows trees and predicts."""

    def grow(
        self, n_trees: int, n_classes: int, values: np.ndarray, y: np.ndarray, weight: np.ndarray, held: np.ndarray
    ) -> tuple[object, int]:
        """Return a model of the rows that are not set aside, and its number of trees."""
        from xgboost import train

        usual = {0: "reg:squarederror", 2: "binary:logistic"}.get(n_classes, "multi:softprob")
        settings = {
            "objective": self.loss or usual, "tree_method": "hist", "seed": self.random_state or 0,
            "nthread": self.n_jobs or 0, "verbosity": 0, **({"num_class": n_classes} if n_classes > 2 else {}),
            **self.settings,
        }  # fmt: skip
        rows = self.as_matrix(values[~held], y[~held], weight[~held])
        if not held.any():
            return train(settings, rows, n_trees), n_trees
        judged = self.as_matrix(values[held], y[held], weight[held])
        stop = {"early_stopping_rounds": self.patience, "verbose_eval": False}
        model = train(settings, rows, n_trees, evals=[(judged, "held")], **stop)
        return model[: model.best_iteration + 1], model.best_iteration + 1

    def as_matrix(self, values: np.ndarray, y: np.ndarray | None = None, weight: np.ndarray | None = None) -> object:
        """Return rows as XGBoost takes them: levels as codes, a gap as NaN."""
        from xgboost import DMatrix

        types = ["c" if is_category else "q" for is_category in self.is_category_]
        return DMatrix(
            values, y, weight=weight, feature_types=types, enable_categorical=True, nthread=self.n_jobs or None
        )

    def predicted(self, X: pd.DataFrame) -> np.ndarray:
        """Return shape (n_rows, n_classes), or (n_rows,) for numbers and for the second of two classes."""
        values = self.as_numbers(X)
        if self.model_ is None:
            return np.repeat(self.constant_[None, :], len(values), axis=0)
        return np.asarray(self.model_.predict(self.as_matrix(values)), dtype=np.float64)


class XGBoostedClassifier(XGBoosted, BoosterClassifier):
    """XGBoost for classes, the number of trees found on rows set aside.

    Parameters
    ----------
    settings : dict
        Parameters by the library's own names; ``learning_rate`` is one of them.
    loss : str or None
        The library's name for it; squared errors or the log loss where None.
    n_estimators : int
        The most trees there may be.
    patience : int
        Trees without a gain before it stops.
    random_state : int or None
        Draws those rows, and what the library draws.
    n_jobs : int or None
        Threads; as the library has it where None.
    """


class XGBoostedRegressor(XGBoosted, BoosterRegressor):
    """XGBoost for numbers, the number of trees found on rows set aside.

    Parameters
    ----------
    settings : dict
        Parameters by the library's own names; ``learning_rate`` is one of them.
    loss : str or None
        The library's name for it; squared errors or the log loss where None.
    n_estimators : int
        The most trees there may be.
    patience : int
        Trees without a gain before it stops.
    random_state : int or None
        Draws those rows, and what the library draws.
    n_jobs : int or None
        Threads; as the library has it where None.
    """
