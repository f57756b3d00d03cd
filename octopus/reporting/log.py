"""A run in the log of the library: three kinds of lines, silent until the application asks for them."""

from __future__ import annotations

import logging

from octopus.records import AnyEvent, ExperimentFinished, RunFinished, RunStarted, SearchStopped

_log = logging.getLogger("octopus")


def log_event(event: AnyEvent) -> None:
    """Write a line where a run starts, an experiment ends, the search stops or a model ships.

    Parameters
    ----------
    event : AnyEvent
        What was journalled.
    """
    if isinstance(event, RunStarted):
        task = event.task
        _log.info("run %s: %s by %s, %s leads", event.run, task.target, task.scoring, event.scientist)
    elif isinstance(event, ExperimentFinished):
        experiment = event.experiment
        came = experiment.outcome.status if experiment.score is None else f"{experiment.score.mean:.6g}"
        _log.info("experiment %d, %s, %s: %s", experiment.number, experiment.plan.family, experiment.plan.idea, came)
    elif isinstance(event, SearchStopped):
        _log.info("stopped after %.1f s: %s", event.elapsed_s, event.decision.reason)
    elif isinstance(event, RunFinished):
        _log.info("finished after %.1f s: %s", event.elapsed_s, event.reason)
