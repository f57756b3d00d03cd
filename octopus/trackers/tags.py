"""The tags by which a run is found again, and those that MLflow's own pages read."""

from __future__ import annotations

import hashlib

from octopus.journal import Journal

#: Name of the run, as its directory has it.
RUN_TAG = "octopus.run"
#: What tells it from another run of the same name.
ID_TAG = "octopus.id"
#: Number of the experiment that a nested run stands for.
EXPERIMENT_TAG = "octopus.experiment"
#: Says on a run why the prompts and replies of its language model are not among MLflow's traces.
UNTRACED_TAG = "octopus.traces"
#: MLflow shows it as the description.
NOTE_TAG = "mlflow.note.content"
#: MLflow nests a run under the one that this names.
PARENT_TAG = "mlflow.parentRunId"


def identity(journal: Journal) -> str:
    """Return what tells a run from every other: sixteen hexadecimal digits, safe in a search.

    It is made of the opening event, so a copied or moved run directory is still the same run.

    Parameters
    ----------
    journal : Journal
        Of a run that started.

    Returns
    -------
    str
        The same for the same run.
    """
    started = journal.started
    assert started is not None
    return hashlib.sha256(f"{started.run}\n{started.at}\n{started.data_sha256}".encode()).hexdigest()[:16]
