"""The files that make a bundle's directory an MLflow model, written without MLflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from octopus.bundle.contents import BundleContents


def mlflow_files(contents: BundleContents, created: str, python: str) -> dict[str, str]:
    """Return the files of an MLflow model of the flavor ``python_function``.

    Every column of its signature may hold anything: MLflow would refuse whole numbers and numbers as text where a
    number is declared (a column of integers that was read from a file is one), and dates as text where a date is. The
    bundle's own schema reads all of these and refuses what is of another kind. The types are in the metadata.

    Parameters
    ----------
    contents : BundleContents
        What is exported.
    created : str
        When, as ISO 8601.
    python : str
        Version of Python.

    Returns
    -------
    dict of str to str
        Text by name of file.
    """
    model = {
        "flavors": {
            "python_function": {
                "code": ".",
                "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
                "loader_module": "octopus_bundle",
                "python_version": python,
                "streamable": False,
            }
        },
        "metadata": {
            "target": contents.task.target,
            "task": contents.task.type,
            "columns": {column.name: column.kind for column in contents.schema.columns},
        },
        "signature": {
            "inputs": json.dumps(_inputs(contents)),
            "outputs": None,
            "params": json.dumps([{"name": "predict_method", "type": "string", "default": "predict", "shape": None}]),
        },
        "utc_time_created": created.replace("T", " ").partition("+")[0],
        **({"mlflow_version": exact} if (exact := _mlflow_version()) else {}),
    }
    needs = ["-r requirements.txt", *([f"mlflow=={exact}"] if exact else [])]
    conda = {
        "name": "octopus-model",
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": needs}],
    }
    environment = {"python": python, "build_dependencies": ["pip"], "dependencies": needs}
    # JSON is YAML, and escapes every name that a column may have.
    return {
        "MLmodel": _yaml(model),
        "conda.yaml": _yaml(conda),
        "python_env.yaml": _yaml(environment),
    }


def _inputs(contents: BundleContents) -> list[dict[str, object]]:
    return [{"type": "any", "name": column.name, "required": False} for column in contents.schema.columns]


def _mlflow_version() -> str | None:
    """Return the version that is installed, which serves the bundle; the import of MLflow itself is slow."""
    try:
        return version("mlflow")
    except PackageNotFoundError:
        return None


def _yaml(document: Mapping[str, object]) -> str:
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
