"""A bundle → a model in this process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octopus.bundle.contents import Manifest
from octopus.bundle.templates import predict as bundled
from octopus.bundle.templates.predict import BundleProblem, Model, Rows
from octopus.bundle.verify import check_trust, verify
from octopus.errors import BundleError, InvalidData
from octopus.frame import SchemaError


class LoadedModel:
    """An exported model, loaded: it takes raw rows.

    Parameters
    ----------
    model : Model
        The pipeline with its columns and labels.
    manifest : Manifest
        What the bundle is.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels (classification only).
    feature_names_in_ : ndarray of shape (n_features,)
        Columns that a table needs; further ones are ignored.
    manifest : Manifest
        Task, versions, scores, files.
    """

    def __init__(self, model: Model, manifest: Manifest) -> None:
        self._model, self.manifest = model, manifest
        self.feature_names_in_ = np.asarray(model.schema.names, dtype=object)
        if len(model.classes_):
            self.classes_ = model.classes_

    def __repr__(self) -> str:
        task = self.manifest.task
        return (
            f"<{type(self).__name__}: {task.type}, predicts {task.target!r} from {len(self.feature_names_in_)} columns>"
        )

    def predict(self, X: Rows) -> NDArray[Any]:
        """Predict labels or values.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_features) or list of dict
            Raw rows, columns in any order.

        Returns
        -------
        ndarray of shape (n_samples,)
            Class labels of the user's own type, or numbers.

        Raises
        ------
        InvalidData
            Columns are missing or hold values of another kind.
        """
        try:
            return self._model.predict(X)
        except SchemaError as error:
            raise InvalidData(str(error)) from error

    def predict_proba(self, X: Rows) -> NDArray[np.float64]:
        """Predict probabilities.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_features) or list of dict
            Raw rows, columns in any order.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.

        Raises
        ------
        InvalidData
            Columns are missing or hold values of another kind.
        AttributeError
            The model predicts numbers.
        """
        try:
            return self._model.predict_proba(X)
        except SchemaError as error:
            raise InvalidData(str(error)) from error


def load(directory: str | os.PathLike[str], *, allow_pickle: bool = False) -> LoadedModel:
    """Load an exported model into this process.

    Parameters
    ----------
    directory : path-like
        Where the bundle lies.
    allow_pickle : bool, default=False
        Whether the pickle of a pipeline whose script a language model wrote may be loaded, which runs that code with
        your rights. Pipelines of the built-in playbook need no such word.

    Returns
    -------
    LoadedModel
        With ``predict``, ``predict_proba``, ``classes_`` and ``manifest``.

    Raises
    ------
    BundleError
        It is no bundle, is damaged, is not to be trusted, or needs another Python or other packages.
    """
    path = Path(directory)
    manifest = verify(path)
    check_trust(path, manifest, allow_pickle)
    try:
        return LoadedModel(bundled.load(path), manifest)
    except BundleProblem as error:
        raise BundleError(path, str(error), "Serve it from the container that its Dockerfile makes.") from error
    except Exception as error:  # unpickling runs the code of whatever versions are installed
        raise BundleError(
            path,
            f"its pipeline cannot be loaded here ({type(error).__name__}: {error})",
            "Install the versions that its requirements.txt names.",
        ) from error
