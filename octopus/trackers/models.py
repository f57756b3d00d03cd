"""The bundle of a run as an MLflow model: its files as they are, nothing loaded, nothing pickled anew."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from octopus.trackers.place import Place

#: The file that makes a directory an MLflow model.
MLMODEL = "MLmodel"


def holds_model(directory: Path) -> bool:
    """Return whether a directory is an MLflow model.

    Parameters
    ----------
    directory : Path
        Usually ``RUN_DIR/model``.

    Returns
    -------
    bool
        True with an ``MLmodel`` file.
    """
    return (directory / MLMODEL).is_file()


def send_model(place: Place, directory: Path, name: str, params: Mapping[str, str], known_model_id: str) -> str:
    """Log a directory as the model of a run; once, however often it is called.

    Parameters
    ----------
    place : Place
        The run.
    directory : Path
        An MLflow model.
    name : str
        Of the model, in MLflow's list.
    params : mapping of str to str
        What is known of it.
    known_model_id : str
        The model that was made for it before; empty where that is not known.

    Returns
    -------
    str
        Id of the model: ``models:/ID`` loads it.
    """
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    client = place.client
    model = _made_before(place, known_model_id) or client.create_logged_model(
        place.experiment_id, name=name, source_run_id=place.run_id, tags=place.identity, params=dict(params)
    )
    if str(model.status) == "READY":
        return str(model.model_id)
    client.log_model_artifacts(model.model_id, str(directory))
    described = Model.load(str(directory))  # reads the description, not the model
    described.model_id = described.model_uuid = model.model_id
    described.run_id = place.run_id
    described.artifact_path = model.artifact_location
    with tempfile.TemporaryDirectory(prefix="octopus-") as directory_of_ours:
        described.save(str(Path(directory_of_ours) / MLMODEL))
        client.log_model_artifact(model.model_id, str(Path(directory_of_ours) / MLMODEL))
    client.log_outputs(place.run_id, [LoggedModelOutput(model.model_id, step=0)])
    client.finalize_logged_model(model.model_id, "READY")
    return str(model.model_id)


def _made_before(place: Place, model_id: str) -> Any | None:
    made = place.client.search_logged_models([place.experiment_id], f"source_run_id = '{place.run_id}'")
    return next((model for model in made if not model_id or model.model_id == model_id), None)
