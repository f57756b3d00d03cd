"""Decision → Proposal: ask the scientist, and say who wrote the script."""

from __future__ import annotations

import msgspec

from octopus.journal import Journal
from octopus.protocols import Scientist
from octopus.records import (
    AnalysisProposal,
    Decision,
    ExperimentProposal,
    FixProposal,
    Profile,
    Proposal,
    StopProposal,
    Task,
)


def propose(
    scientist: Scientist, is_ours: bool, decision: Decision, task: Task, profile: Profile, journal: Journal
) -> Proposal:
    """Return the scientist's proposal; one that fails ends the search.

    Parameters
    ----------
    scientist : Scientist
        Who decides what to try.
    is_ours : bool
        Whether its word counts on who wrote a script. Of any other scientist's scripts nothing is known, so they are
        treated as a model's, whatever they say.
    decision : Decision
        What kind of step is next.
    task, profile, journal : Task, Profile, Journal
        What is asked, what is known and what was done.

    Returns
    -------
    Proposal
        What to do.
    """
    try:
        proposal = scientist.propose(decision, task, profile, journal)
    except Exception as error:  # noqa: BLE001  boundary: a plug-in that fails ends the search, not the run
        return StopProposal(reason=f"{scientist.name} failed: {type(error).__name__}: {error}")
    if not is_ours and isinstance(proposal, ExperimentProposal | FixProposal | AnalysisProposal):
        script = msgspec.structs.replace(proposal.script, author="model")
        return msgspec.structs.replace(proposal, script=script)
    return proposal
