"""Decision → Proposal: ask the scientist, and refuse what was tried before."""

from __future__ import annotations

import msgspec

from octopus.journal import Journal
from octopus.protocols import Scientist
from octopus.records import Author, Decision, Profile, Proposal, StopProposal, Task


def propose(
    scientist: Scientist, author: Author, decision: Decision, task: Task, profile: Profile, journal: Journal
) -> Proposal:
    """Return the scientist's proposal; a script that already ran ends the search, and so does a scientist that fails.

    Parameters
    ----------
    scientist : Scientist
        Who decides what to try.
    author : {"playbook", "model"}
        Who writes its scripts: whatever a scientist says, only our own playbook's pass for the playbook's.
    decision : Decision
        What kind of step is next.
    task, profile, journal : Task, Profile, Journal
        What is asked, what is known and what was done.

    Returns
    -------
    Proposal
        An experiment to run, or the wish to stop.
    """
    try:
        proposal = scientist.propose(decision, task, profile, journal)
    except Exception as error:  # noqa: BLE001  boundary: a plug-in that fails ends the search, not the run
        return StopProposal(reason=f"{scientist.name} failed: {type(error).__name__}: {error}")
    if isinstance(proposal, StopProposal):
        return proposal
    if author != "playbook":
        script = msgspec.structs.replace(proposal.script, author=author)
        proposal = msgspec.structs.replace(proposal, script=script)
    for earlier in journal.experiments:
        if earlier.script.sha256 == proposal.script.sha256:
            return StopProposal(reason=f"{scientist.name} proposes what experiment {earlier.number} was already")
    return proposal
