"""The exported model as MLflow loads it: ``mlflow.pyfunc.load_model(directory)``, ``mlflow models serve -m directory``.

The parameter ``predict_method="predict_proba"`` asks for probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from octopus.bundle.templates.predict import Model, load


class MLflowModel:
    """A model with the signature that MLflow calls.

    Parameters
    ----------
    model : Model
        Predicts.
    """

    def __init__(self, model: Model) -> None:
        self._model = model

    def predict(self, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None) -> Any:
        """Return labels or values; a table of probabilities where ``params`` asks for them.

        Parameters
        ----------
        model_input : DataFrame of shape (n_rows, n_columns)
            Raw rows.
        params : mapping of str to object or None, default=None
            ``predict_method`` is "predict" or "predict_proba".

        Returns
        -------
        ndarray of shape (n_rows,) or DataFrame of shape (n_rows, n_classes)
            The predictions.
        """
        method = (params or {}).get("predict_method", "predict")
        if method not in ("predict", "predict_proba"):
            raise ValueError(f"predict_method={method!r} is neither 'predict' nor 'predict_proba'")
        if method == "predict":
            return self._model.predict(model_input)
        probabilities = self._model.predict_proba(model_input)
        return pd.DataFrame(probabilities, columns=[str(label) for label in self._model.classes_])


def _load_pyfunc(path: str) -> MLflowModel:
    """Return the model of a directory: the name is MLflow's."""
    return MLflowModel(load(path))
