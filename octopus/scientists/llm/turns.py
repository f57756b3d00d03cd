"""Journal → whose turn it is: the model's, or the playbook's, which costs nothing and knows what usually helps.

The playbook drafts every family first, so that the model starts from baselines and diagnoses. From then on turns depend
on how many experiments came since the last gain: the model has the first two, the playbook the next two, the model one
more, or the last word. What brings a gain starts it anew.
"""

from __future__ import annotations

from octopus.effects import attempts_of, scored_over_fitted, stale_scores
from octopus.journal import Journal
from octopus.records import ModelCalled, ModelRetired, Plan, ProposalRefused

#: Whose turn it is after so many experiments without a gain; the search ends after the last.
_IS_MODELS = (True, True, False, False, True, False)


def is_models_turn(journal: Journal) -> bool:
    """Return whether a model is asked for the next step.

    Parameters
    ----------
    journal : Journal
        What was done.

    Returns
    -------
    bool
        False until every family was drafted and something works, and after a proposal of the model's was refused.
    """
    journal = journal.standing
    if journal.best is None or undrafted(journal) or was_refused(journal):
        return False
    return _is_models(stale_scores(attempts_of(journal), scored_over_fitted(journal)))


def is_models_turn_after(running: Plan, journal: Journal) -> bool:
    """Return whether a model will be asked once a running experiment has ended, if it brings no gain.

    Parameters
    ----------
    running : Plan
        Of the experiment that runs.
    journal : Journal
        What was done before it.

    Returns
    -------
    bool
        False for the first experiment of a family: what comes of it says where to go.
    """
    journal = journal.standing
    tried = {e.plan.family for e in journal.experiments}
    if journal.best is None or undrafted(journal) or running.family not in tried:
        return False
    attempts = [*attempts_of(journal), (running.family, None)]
    return _is_models(stale_scores(attempts, scored_over_fitted(journal)))


def undrafted(journal: Journal) -> tuple[str, ...]:
    """Return the families that take part and that no experiment has run.

    Parameters
    ----------
    journal : Journal
        What was done.

    Returns
    -------
    tuple of str
        Their names.
    """
    tried = {e.plan.family for e in journal.experiments}
    verdicts = journal.profile.families if journal.profile else ()
    return tuple(v.family for v in verdicts if v.applies and v.family not in tried)


def was_refused(journal: Journal) -> bool:
    """Return whether the last that happened was that a proposal was refused.

    Parameters
    ----------
    journal : Journal
        What was done.

    Returns
    -------
    bool
        Calls of a model do not count as happenings.
    """
    others = (e for e in reversed(journal.events) if not isinstance(e, ModelCalled | ModelRetired))
    return isinstance(next(others, None), ProposalRefused)


def _is_models(stale: int) -> bool:
    return _IS_MODELS[min(stale, len(_IS_MODELS) - 1)]
