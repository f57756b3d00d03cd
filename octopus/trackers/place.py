"""Where a run stands in MLflow: found by its tags, made where it is not there yet, and once."""

from __future__ import annotations

import getpass
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from octopus.journal import Journal
from octopus.trackers.client import asked_once
from octopus.trackers.duplicates import parent_of, remove, sort_out
from octopus.trackers.entries import Entry, clip
from octopus.trackers.mapping import experiment_name, run_name, start_ms
from octopus.trackers.store import Store
from octopus.trackers.tags import EXPERIMENT_TAG, ID_TAG, PARENT_TAG, RUN_TAG, identity

#: What the experiment is for, as MLflow's pages keep it. MLflow's list of experiments (3.17) leads to the pages for
#: prompts and traces all the same: :mod:`octopus.trackers.ui` names the page of the runs itself.
_KIND = {"mlflow.experimentKind": "custom_model_development"}
#: Names that are tried where the user deleted the MLflow experiment: what was deleted stays so.
_MAX_NAMES = 20


@dataclass(frozen=True, kw_only=True)
class Naming:
    """What MLflow's own settings name in the fitting process; empty where they name nothing.

    Parameters
    ----------
    experiment, experiment_id : str
        MLflow experiment.
    parent_run_id : str
        MLflow run that was active around the fit.
    """

    experiment: str = ""
    experiment_id: str = ""
    parent_run_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A run in MLflow.

    Parameters
    ----------
    client : mlflow.MlflowClient
        Asked.
    experiment_id, run_id : str
        The MLflow experiment and the parent run.
    identity : dict of str to str
        Tags of everything that belongs to the run.
    nested : dict of int to str
        MLflow run of each experiment; grows.
    params : dict of str to set of str
        Names of the parameters that each run has: MLflow takes each once; grows.
    removed : list of str
        Ids of the runs and models that were there twice and are deleted; grows.
    untraced : list of str
        Why traces are not there; grows.
    """

    client: Any
    experiment_id: str
    run_id: str
    identity: dict[str, str]
    nested: dict[int, str] = field(default_factory=dict)
    params: dict[str, set[str]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    untraced: list[str] = field(default_factory=list)

    def run_for(self, entry: Entry) -> str:
        """Return the MLflow run of an entry, made if need be.

        Parameters
        ----------
        entry : Entry
            Of the run or of one of its experiments.

        Returns
        -------
        str
            Its id.
        """
        if entry.experiment is None:
            return self.run_id
        if entry.experiment not in self.nested:
            tags = {**self.identity, PARENT_TAG: self.run_id, EXPERIMENT_TAG: str(entry.experiment)}
            with asked_once():
                run = self.client.create_run(self.experiment_id, entry.start_ms, tags, entry.name)
            self.nested[entry.experiment] = run.info.run_id
        return self.nested[entry.experiment]

    def look(self) -> None:
        """Learn which nested runs are there, and remove what is there twice."""
        nested, twice = sort_out(_with_identity(self.client, self.experiment_id, self.identity[ID_TAG]), self.run_id)
        for number, run in nested.items():
            self.nested[number] = run.info.run_id
            self.params[run.info.run_id] = set(run.data.params)
        self.removed.extend(remove(self.client.delete_run, twice))


def find_place(client: Any, store: Store, journal: Journal, naming: Naming, known_run_id: str) -> tuple[Place, bool]:
    """Return where a run stands in MLflow.

    Parameters
    ----------
    client : mlflow.MlflowClient
        Asked.
    store : Store
        Says where artifacts of a new MLflow experiment go.
    journal : Journal
        Of the run.
    naming : Naming
        For a run that is not there yet.
    known_run_id : str
        Where it was put; empty where that is not known.

    Returns
    -------
    (Place, bool)
        The place, and whether it was made just now.
    """
    tags = _identity_tags(journal)
    found = _known(client, known_run_id, tags[ID_TAG])
    is_new = False
    if found is None:
        experiment_id, parent_run_id = _home(client, store, journal, naming)
        found = parent_of(_with_identity(client, experiment_id, tags[ID_TAG]))
        if is_new := found is None:
            nesting = {PARENT_TAG: parent_run_id} if parent_run_id else {}
            with asked_once():
                found = client.create_run(experiment_id, start_ms(journal), {**tags, **nesting}, run_name(journal))
    place = Place(client=client, experiment_id=found.info.experiment_id, run_id=found.info.run_id, identity=tags)
    place.params[place.run_id] = set(found.data.params)
    if not is_new:
        place.look()
    return place, is_new


def _identity_tags(journal: Journal) -> dict[str, str]:
    return {
        RUN_TAG: run_name(journal),
        ID_TAG: identity(journal),
        "mlflow.user": _user(),
        "mlflow.source.name": "octopus",
        "mlflow.source.type": "LOCAL",
    }


def _known(client: Any, run_id: str, run_identity: str) -> Any | None:
    """Return the run under an id, unless it is gone, deleted, or another's."""
    from mlflow.exceptions import MlflowException

    if not run_id:
        return None
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    is_ours = run.data.tags.get(ID_TAG) == run_identity and run.info.lifecycle_stage == "active"
    return run if is_ours else None


def _with_identity(client: Any, experiment_id: str, run_identity: str) -> list[Any]:
    """Return all runs that carry an identity: the parent and what is nested in it."""
    query, found, token = f"tags.`{ID_TAG}` = '{run_identity}'", [], None
    while True:
        page = client.search_runs([experiment_id], query, max_results=1000, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def _home(client: Any, store: Store, journal: Journal, naming: Naming) -> tuple[str, str]:
    """Return the MLflow experiment for a new run, and the run around it if there is one."""
    around = _run(client, naming.parent_run_id)
    if around is not None:
        return around.info.experiment_id, naming.parent_run_id
    if naming.experiment_id and _experiment(client, naming.experiment_id):
        return naming.experiment_id, ""
    name = naming.experiment or experiment_name(journal)
    for number in range(1, _MAX_NAMES + 1):
        numbered = name if number == 1 else f"{clip(name, 490)} ({number})"
        experiment = client.get_experiment_by_name(numbered)
        if experiment is None:
            experiment = _made(client, numbered, _artifacts(store, numbered))
        if experiment.lifecycle_stage == "active":
            return experiment.experiment_id, ""
    return "0", ""  # MLflow's own "Default", which is always there


def _made(client: Any, name: str, artifacts: str | None) -> Any:
    """Return a new MLflow experiment, or the one that somebody else made under its name in between."""
    from mlflow.exceptions import MlflowException

    try:
        with asked_once():
            return client.get_experiment(client.create_experiment(name, artifacts, _KIND))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        return client.get_experiment_by_name(name)


def _run(client: Any, run_id: str) -> Any | None:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id) if run_id else None
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _experiment(client: Any, experiment_id: str) -> bool:
    from mlflow.exceptions import MlflowException

    try:
        return bool(client.get_experiment(experiment_id).lifecycle_stage == "active")
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise


def _artifacts(store: Store, name: str) -> str | None:
    """Return a directory of its own for an MLflow experiment; None where a server says."""
    if not store.artifacts:
        return None
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return f"{store.artifacts}/{slug}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without an entry for its user
        return "unknown"
