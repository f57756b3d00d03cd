"""The exported model: raw rows in, labels or numbers out.

From Python, with this directory on the path::

    from predict import load
    model = load("path/of/this/directory")
    model.predict(table)          # a DataFrame or a list of dicts, columns in any order
    model.predict_proba(table)    # of classes, in the order of model.classes_

From a shell: ``python predict.py data.csv > predictions.csv``. It needs what requirements.txt names and nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.frame import Schema, SchemaError

Rows: TypeAlias = "pd.DataFrame | Sequence[Mapping[str, object]]"

FORMAT = 1
#: What predicting and serving read; a container may lack the rest.
_READ = ("pipeline.pkl", "schema.json", "frame.py", "predict.py", "rows.py", "serve.py")
#: Separators of CSV files; the one that the header line holds most often counts.
_SEPARATORS = ",;\t|"


class BundleProblem(RuntimeError):
    """A file is not what was exported, or this Python cannot load it."""


class Model:
    """A fitted pipeline with the columns that it takes and the labels that it gives.

    Parameters
    ----------
    pipeline : object
        Fitted; takes a table in canonical shape and gives numbers of classes, or values.
    description : mapping of str to object
        What schema.json holds.

    Attributes
    ----------
    schema : Schema
        Columns that the pipeline takes.
    classes_ : ndarray of shape (n_classes,)
        The labels; empty for regression.
    """

    def __init__(self, pipeline: Any, description: Mapping[str, Any]) -> None:
        self.description = description
        self.schema = Schema.from_json(json.dumps(description))
        self.classes_ = _as_labels(description["labels"])
        self._pipeline = pipeline

    def predict(self, rows: Rows) -> NDArray[Any]:
        """Predict labels or values.

        Parameters
        ----------
        rows : DataFrame of shape (n_rows, n_columns) or list of dict
            Raw rows, columns in any order.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels of the type that they had in training, or numbers.
        """
        predicted = self.predict_canonical(self.table(rows))
        return predicted if not len(self.classes_) else self.labels(predicted)

    def predict_proba(self, rows: Rows) -> NDArray[np.float64]:
        """Predict probabilities.

        Parameters
        ----------
        rows : DataFrame of shape (n_rows, n_columns) or list of dict
            Raw rows, columns in any order.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            In the order of ``classes_``.
        """
        if not len(self.classes_):
            raise AttributeError("a model of numbers has no probabilities: use predict")
        return self.predict_canonical(self.table(rows))

    def labels(self, probabilities: NDArray[np.float64]) -> NDArray[Any]:
        """Return the label of each row; two classes are told apart by the threshold where the model has one.

        Parameters
        ----------
        probabilities : ndarray of shape (n_rows, n_classes)
            In the order of ``classes_``.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels.
        """
        threshold, positive = self.description["threshold"], self.description["positive"]
        if threshold is None:
            chosen = np.argmax(probabilities, axis=1)
        else:
            chosen = np.where(probabilities[:, positive] >= threshold, positive, 1 - positive)
        labels: NDArray[Any] = self.classes_[chosen]
        return labels

    def table(self, rows: Rows) -> pd.DataFrame:
        """Return rows in canonical shape; columns that may be left out are missing there.

        Parameters
        ----------
        rows : DataFrame of shape (n_rows, n_columns) or list of dict
            Raw rows.

        Returns
        -------
        DataFrame of shape (n_rows, n_used_columns)
            What the pipeline takes.
        """
        table = rows if isinstance(rows, pd.DataFrame) else self._as_frame(rows)
        absent = [name for name in self.description["optional"] if name not in table.columns]
        return self.schema.apply(table.assign(**dict.fromkeys(absent, None)) if absent else table)

    def predict_canonical(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return what the pipeline predicts for rows in canonical shape.

        Parameters
        ----------
        table : DataFrame of shape (n_rows, n_used_columns)
            From :meth:`table`.

        Returns
        -------
        ndarray of shape (n_rows, n_classes) or (n_rows,)
            Probabilities in the order of ``classes_``, those of a class that the pipeline never saw at 0; or values.
        """
        n_classes = len(self.classes_)
        if not len(table):
            return np.zeros((0, n_classes) if n_classes else 0)
        if not n_classes:
            return np.asarray(self._pipeline.predict(table), dtype=np.float64).reshape(-1)
        if not hasattr(self._pipeline, "predict_proba"):
            return np.asarray(np.eye(n_classes)[np.asarray(self._pipeline.predict(table)).astype(np.int64)])
        given = np.asarray(self._pipeline.predict_proba(table), dtype=np.float64)
        ordered = np.zeros((len(table), n_classes))
        ordered[:, np.asarray(self._pipeline.classes_).astype(np.int64)] = given
        return ordered

    def _as_frame(self, rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
        """Return dicts as objects: whole numbers with gaps between them would else become floats, long ones others."""
        return pd.DataFrame(list(rows), columns=None if len(rows) else list(self.schema.names), dtype=object)


def load(directory: str | Path) -> Model:
    """Load the model of a directory after checking the hash of every file that is read.

    Parameters
    ----------
    directory : path-like
        Where the bundle lies.

    Returns
    -------
    Model
        Ready to predict.

    Raises
    ------
    BundleProblem
        A file is missing or was altered, or this is another Python than the one that the pipeline was pickled by.
    """
    directory = Path(directory)
    manifest = _checked_manifest(directory)
    _check_python(manifest["versions"]["python"])
    description = json.loads((directory / "schema.json").read_text(encoding="utf-8"))
    try:
        pipeline = pickle.loads((directory / "pipeline.pkl").read_bytes())  # noqa: S301  its hash was checked
    except ModuleNotFoundError as error:
        raise BundleProblem(f"{error}: pip install -r {directory / 'requirements.txt'}") from error
    return Model(pipeline, description)


def main() -> None:
    """Predict the rows of a file."""
    parser = argparse.ArgumentParser(description="Predict the rows of a table.")
    parser.add_argument("data", help="CSV or Parquet file")
    parser.add_argument("--output", "-o", help="CSV file to write; the standard output by default")
    asked = parser.parse_args()
    try:
        model = load(Path(__file__).parent)
        predictions = predict_file(model, asked.data)
    except (BundleProblem, SchemaError, OSError, ValueError, ImportError) as error:
        sys.exit(f"predict.py: {error}")
    try:
        predictions.to_csv(asked.output or sys.stdout, index=False)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads wants no more; what Python flushes at exit goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def predict_file(model: Model, path: str) -> pd.DataFrame:
    """Predict the rows of a CSV or Parquet file.

    Parameters
    ----------
    model : Model
        From :func:`load`.
    path : str
        The file.

    Returns
    -------
    DataFrame of shape (n_rows, 1 + n_classes)
        Predictions under the target's name, and the probability of each label.
    """
    predicted = model.predict_canonical(model.table(_read_file(path, model.schema)))
    target = str(model.description["target"])
    if not len(model.classes_):
        return pd.DataFrame({target: predicted})
    probabilities = {f"probability_{label}": predicted[:, i] for i, label in enumerate(model.classes_)}
    return pd.DataFrame({target: model.labels(predicted), **probabilities})


def _read_file(path: str, schema: Schema) -> pd.DataFrame:
    if path.lower().endswith((".parquet", ".pq")):
        return pd.read_parquet(path)
    with Path(path).open(encoding="utf-8-sig", errors="replace") as file:
        header = file.readline()
    texts = {column.name: str for column in schema.columns if column.kind == "text"}
    return pd.read_csv(path, sep=max(_SEPARATORS, key=header.count), dtype=texts, low_memory=False)


def _as_labels(labels: Sequence[object]) -> NDArray[Any]:
    """Return labels as an array of their own type; mixed ones, and text that NumPy would cut, as objects."""
    of_one_type = len({type(label) for label in labels}) == 1
    if of_one_type and not any(isinstance(label, str) and label.endswith("\0") for label in labels):
        return np.asarray(labels)
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array


def _checked_manifest(directory: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
        files = manifest["files"]
    except (OSError, ValueError, KeyError) as error:
        raise BundleProblem(f"{directory} holds no readable manifest.json ({error}): copy the bundle again") from error
    if manifest.get("format") != FORMAT:
        raise BundleProblem(f"the bundle is of format {manifest.get('format')!r} and this code reads {FORMAT}")
    for name in _READ:
        path = directory / name
        if not path.is_file():
            raise BundleProblem(f"{name} is missing in {directory}: copy the bundle again")
        if hashlib.sha256(path.read_bytes()).hexdigest() != files.get(name, {}).get("sha256"):
            raise BundleProblem(f"{name} in {directory} is not the file that was exported: copy the bundle again")
    return manifest


def _check_python(exported_by: str) -> None:
    """Refuse another minor version: functions in the pickle are byte code, which no other version can run."""
    here = platform.python_version()
    if here.split(".")[:2] != exported_by.split(".")[:2]:
        raise BundleProblem(
            f"the pipeline was pickled by Python {exported_by} and this is {here}, which cannot run its code: use "
            f"Python {'.'.join(exported_by.split('.')[:2])}, or the container that the Dockerfile makes"
        )


if __name__ == "__main__":
    main()
