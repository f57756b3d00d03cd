"""A run in the log of the library: a line for each step, silent until the application asks for them."""

from __future__ import annotations

import logging

from octopus.records import (
    Analysed,
    AnyEvent,
    ExperimentFinished,
    ModelCalled,
    ModelRetired,
    NotBlended,
    ProposalRefused,
    Quarantined,
    Released,
    Revalidated,
    RunFinished,
    RunStarted,
    SearchStopped,
)
from octopus.reporting.calls import usage_words
from octopus.reporting.dialogue import (
    analysis_words,
    quarantine_words,
    refusal_words,
    release_words,
    unblended_words,
)
from octopus.reporting.sentences import score_words, validation_words

_log = logging.getLogger("octopus")


def log_event(event: AnyEvent) -> None:
    """Write a line where a run starts, an experiment ends, the search stops or a model ships.

    What a language model did is logged too, its calls for those who debug; neither prompts nor replies are.

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
        came = score_words(experiment) if experiment.score is None else f"{experiment.score.mean:.6g}"
        _log.info("experiment %d, %s, %s: %s", experiment.number, experiment.plan.family, experiment.plan.idea, came)
    elif isinstance(event, ModelCalled):
        call, took = event.call, usage_words(event.call.usage)
        _log.debug("asked %s, %s: %s after %.1f s, %s", call.backend, call.kind, call.status, call.wall_s, took)
    elif isinstance(event, ModelRetired):
        _log.info("the model takes no further part: %s", event.retirement.reason)
    elif isinstance(event, Analysed | Quarantined | Released | Revalidated | ProposalRefused | NotBlended):
        _log.info("%s", _step(event))
    elif isinstance(event, SearchStopped):
        _log.info("stopped after %.1f s: %s", event.elapsed_s, event.decision.reason)
    elif isinstance(event, RunFinished):
        _log.info("finished after %.1f s: %s", event.elapsed_s, event.reason)


def _step(event: Analysed | Quarantined | Released | Revalidated | ProposalRefused | NotBlended) -> str:
    match event:
        case Analysed():
            return f"analysis: {analysis_words(event)}"
        case Quarantined():
            return quarantine_words(event)
        case Released():
            return release_words(event)
        case Revalidated():
            return f"from now on {validation_words(event.validation)}"
        case ProposalRefused():
            return refusal_words(event)
        case NotBlended():
            return unblended_words(event)
