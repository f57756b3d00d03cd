"""What is there twice, and which of the two stays.

MLflow takes neither an id nor a key of the client's with a create (``CreateRun`` and ``CreateLoggedModel`` in
mlflow.protos.service_pb2), and what was asked cannot be called back: a server that was too slow for its client may
still carry it out minutes later. So who creates looks for its own tags first, asks once
(:func:`octopus.trackers.client.asked_once`), looks again before it asks again, and at the end; what came after that is
removed at the next look, which ``octopus track`` takes. Removed means deleted as in MLflow's pages, where it can be
restored. Only the name of an MLflow experiment is taken once: there the server itself refuses the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from octopus.trackers.client import is_final
from octopus.trackers.tags import EXPERIMENT_TAG, PARENT_TAG


def parent_of(runs: Sequence[Any]) -> Any | None:
    """Return the run that stands for a run of octopus.

    Parameters
    ----------
    runs : sequence of mlflow.entities.Run
        All that carry its identity.

    Returns
    -------
    mlflow.entities.Run or None
        Of several the one that is ended, has more runs nested in it, or holds more; None where there is none.
    """
    parents = [run for run in runs if EXPERIMENT_TAG not in run.data.tags]
    return max(parents, key=lambda run: (_is_ended(run), _n_nested(run, runs), *_rank(run)), default=None)


def sort_out(runs: Sequence[Any], parent_id: str) -> tuple[dict[int, Any], tuple[str, ...]]:
    """Return the nested runs of a run by number, and what is there twice.

    Of two runs of one experiment the ended one stays, else the one that holds more: their times are the journal's, so
    neither is older. Another parent is there twice only where nothing was ever written to it or nested in it.

    Parameters
    ----------
    runs : sequence of mlflow.entities.Run
        All that carry the identity of the run.
    parent_id : str
        The parent.

    Returns
    -------
    (dict of int to mlflow.entities.Run, tuple of str)
        What stays, and the ids of what does not.
    """
    nested: dict[int, Any] = {}
    twice = []
    for run in sorted(runs, key=_rank):  # the best comes last
        number = run.data.tags.get(EXPERIMENT_TAG, "")
        if run.data.tags.get(PARENT_TAG) == parent_id and number.isdigit():
            if int(number) in nested:
                twice.append(nested[int(number)].info.run_id)
            nested[int(number)] = run
        elif not number and run.info.run_id != parent_id and _is_bare(run) and not _n_nested(run, runs):
            twice.append(run.info.run_id)
    return nested, tuple(twice)


def remove(delete: Callable[[str], object], ids: Iterable[str]) -> tuple[str, ...]:
    """Delete what is there twice; what may not be deleted stays, for a run is complete with it too.

    Parameters
    ----------
    delete : callable
        Deletes one by its id.
    ids : iterable of str
        What is there twice.

    Returns
    -------
    tuple of str
        What was deleted.
    """
    from mlflow.exceptions import MlflowException

    removed = []
    for one in ids:
        try:
            delete(one)
        except MlflowException as error:
            if not is_final(error):
                raise
        else:
            removed.append(one)
    return tuple(removed)


def _rank(run: Any) -> tuple[bool, int, str]:
    return _is_ended(run), len(run.data.params) + len(run.data.metrics), str(run.info.run_id)


def _is_ended(run: Any) -> bool:
    return bool(run.info.status != "RUNNING")


def _is_bare(run: Any) -> bool:
    return not _is_ended(run) and not run.data.params and not run.data.metrics


def _n_nested(run: Any, runs: Sequence[Any]) -> int:
    return sum(other.data.tags.get(PARENT_TAG) == run.info.run_id for other in runs)
