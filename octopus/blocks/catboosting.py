"""CatBoost (Prokhorenkova et al., 2018, arXiv:1706.09516): levels as means of the target."""

from __future__ import annotations

import numpy as np
import pandas as pd

from octopus.blocks.boosters import Booster, BoosterClassifier, BoosterRegressor


class CatBoosted(Booster):
    """How CatBoost grows trees and predicts."""

    def grow(
        self, n_trees: int, n_classes: int, values: np.ndarray, y: np.ndarray, weight: np.ndarray, held: np.ndarray
    ) -> tuple[object, int]:
        """Return a model of the rows that are not set aside, and its number of trees."""
        from catboost import CatBoost

        usual = {0: "RMSE", 2: "Logloss"}.get(n_classes, "MultiClass")
        model = CatBoost(
            {
                "loss_function": self.loss or usual, "iterations": n_trees, "random_seed": self.random_state or 0,
                "thread_count": self.n_jobs or -1, "allow_writing_files": False, "allow_const_label": True,
                "logging_level": "Silent", **self.settings,
            }
        )  # fmt: skip
        judged = self.as_pool(values[held], y[held], weight[held]) if held.any() else None
        stop = {"early_stopping_rounds": self.patience, "use_best_model": True} if held.any() else {}
        model.fit(self.as_pool(values[~held], y[~held], weight[~held]), eval_set=judged, **stop)
        return model, model.tree_count_

    def as_pool(self, values: np.ndarray, y: np.ndarray | None = None, weight: np.ndarray | None = None) -> object:
        """Return rows as CatBoost takes them: levels as integers, a gap as a level."""
        from catboost import Pool

        table = pd.DataFrame(values)
        places = [place for place, is_category in enumerate(self.is_category_) if is_category]
        for place in places:
            table[place] = table[place].fillna(-1).astype("int32")
        return Pool(table, y, cat_features=places, weight=weight, thread_count=self.n_jobs or -1)

    def predicted(self, X: pd.DataFrame) -> np.ndarray:
        """Return shape (n_rows, n_classes), or (n_rows,) for numbers."""
        values = self.as_numbers(X)
        if self.model_ is None:
            return np.repeat(self.constant_[None, :], len(values), axis=0)
        kinds = {"Logloss": "Probability", "MultiClass": "Probability", "Poisson": "Exponent"}
        kind = kinds.get(str(self.model_.get_param("loss_function")), "RawFormulaVal")
        return np.asarray(self.model_.predict(self.as_pool(values), prediction_type=kind))


class CatBoostedClassifier(CatBoosted, BoosterClassifier):
    """CatBoost for classes, the number of trees found on rows set aside.

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


class CatBoostedRegressor(CatBoosted, BoosterRegressor):
    """CatBoost for numbers, the number of trees found on rows set aside.

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
