"""The playbook: recipes of the families, tried in the order that the journal suggests."""

from __future__ import annotations

from collections.abc import Sequence

from octopus.journal import Journal
from octopus.protocols import Family
from octopus.records import Decision, ExperimentProposal, Profile, Proposal, StopProposal, Task
from octopus.registry import FAMILIES, load_all
from octopus.scientists.playbook.moves import next_moves, stock_shelf
from octopus.scientists.playbook.writer import write_script


class Playbook:
    """A scientist without a model: offline, free, and the same for the same journal.

    Parameters
    ----------
    families : sequence of Family or None, default=None
        Families in the order in which they are drafted; where None all registered ones, linear first, for the floor
        costs little.
    """

    def __init__(self, families: Sequence[Family] | None = None) -> None:
        self.families = families

    @property
    def name(self) -> str:
        """Name for the journal and the console."""
        return "playbook"

    def propose(self, decision: Decision, task: Task, profile: Profile, journal: Journal) -> Proposal:
        """Return the next experiment.

        Parameters
        ----------
        decision : Decision
            Draft, repair or improve.
        task, profile, journal : Task, Profile, Journal
            What is asked, what is known and what was done.

        Returns
        -------
        Proposal
            An experiment that was not run yet, or the wish to stop where none is left.
        """
        families = _registered_families() if self.families is None else self.families
        elapsed_s, journal = journal.elapsed_s, journal.standing
        shelf = stock_shelf(families, task, profile, journal, elapsed_s)
        if not shelf.recipes:
            reasons = "; ".join(f"{v.family}: {v.reason}" for v in profile.families if not v.applies)
            return StopProposal(reason=f"no family applies ({reasons or 'none is registered'})")
        run = {experiment.script.sha256 for experiment in journal.experiments}
        for move in next_moves(decision, shelf):
            script = write_script(move, task, profile, journal)
            if script.sha256 not in run:  # two ideas may come to the same on these columns
                return ExperimentProposal(plan=move.plan, script=script)
        limit_s = journal.started.budget.time_limit_s if journal.started else None
        in_time = "" if limit_s is None else f" for what is left of {limit_s:.0f} s"
        return StopProposal(reason=f"no idea left in {' and '.join(shelf.recipes)}{in_time}")


def _registered_families() -> tuple[Family, ...]:
    """Return an instance of every registered family, linear first."""
    instances = (plugin() if isinstance(plugin, type) else plugin for plugin in load_all(FAMILIES))
    families = [family for family in instances if isinstance(family, Family)]
    return tuple(sorted(families, key=lambda family: family.name != "linear"))
