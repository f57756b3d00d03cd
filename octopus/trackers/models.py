"""The bundle of a run as an MLflow model: its files as they are, nothing loaded, nothing pickled anew."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from octopus.trackers.client import asked_once
from octopus.trackers.duplicates import remove
from octopus.trackers.place import Place
from octopus.trackers.tags import ID_TAG

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
    model = find_model(place, known_model_id)
    if model is None:
        with asked_once():
            model = client.create_logged_model(
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
    if not _is_output(place, model.model_id):
        with asked_once():
            client.log_outputs(place.run_id, [LoggedModelOutput(model.model_id, step=0)])
    client.finalize_logged_model(model.model_id, "READY")
    find_model(place, model.model_id)  # what came twice meanwhile goes
    return str(model.model_id)


def find_model(place: Place, known_model_id: str) -> Any | None:
    """Return the model of a run, and remove what is there twice.

    Parameters
    ----------
    place : Place
        The run.
    known_model_id : str
        The model that was made for it; empty where that is not known.

    Returns
    -------
    mlflow.entities.LoggedModel or None
        The known one, else one that is ready, else the oldest; None where there is none.
    """
    found = place.client.search_logged_models([place.experiment_id], f"source_run_id = '{place.run_id}'")
    ours = [model for model in found if model.tags.get(ID_TAG) == place.identity[ID_TAG]]
    ours.sort(key=lambda one: (one.model_id != known_model_id, str(one.status) != "READY", one.creation_timestamp))
    twice = (model.model_id for model in ours[1:] if str(model.status) != "READY")  # a ready one may be in use
    place.removed.extend(remove(place.client.delete_logged_model, twice))
    return ours[0] if ours else None


def _is_output(place: Place, model_id: str) -> bool:
    """Return whether a run names a model as its own; said twice, it is there twice."""
    outputs = place.client.get_run(place.run_id).outputs
    return any(output.model_id == model_id for output in (outputs.model_outputs if outputs else ()))
