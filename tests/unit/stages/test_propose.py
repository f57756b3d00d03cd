"""A scientist is asked once, with everything there is, and does not say whose a script is."""

from __future__ import annotations

from octopus.journal import Journal
from octopus.records import Decision, ExperimentProposal, Plan, Profile, Proposal, Script, StopProposal, Task
from octopus.stages.propose import propose
from octopus.testing.examples import example_profile, example_task
from tests.strategies import failed, journal_of, valid

TASK, PROFILE = example_task("binary"), example_profile("binary")
DECISION = Decision(action="draft", reason="r")
JOURNAL = journal_of([valid(1, "linear", (0.8,) * 5), failed(2, "gbm", "a", repairable=True)])


class _Prepared:
    """A scientist with one answer."""

    name = "oracle"

    def __init__(self, answer: Proposal) -> None:
        self.answer = answer
        self.asked: list[tuple[Decision, Task, Profile, Journal]] = []

    def propose(self, decision: Decision, task: Task, profile: Profile, journal: Journal) -> Proposal:
        self.asked.append((decision, task, profile, journal))
        return self.answer


def _experiment(source: str) -> ExperimentProposal:
    plan = Plan(family="linear", idea="i", hypothesis="h", expected="e")
    return ExperimentProposal(plan=plan, script=Script(source=source, author="model"))


def test_a_new_script_is_passed_on() -> None:
    scientist = _Prepared(_experiment("script 3"))
    assert propose(scientist, True, DECISION, TASK, PROFILE, JOURNAL) is scientist.answer
    assert scientist.asked == [(DECISION, TASK, PROFILE, JOURNAL)]


def test_the_wish_to_stop_is_passed_on() -> None:
    wish = StopProposal(reason="nothing left")
    assert propose(_Prepared(wish), False, DECISION, TASK, PROFILE, JOURNAL) is wish


def test_a_scientist_that_fails_ends_the_search_with_its_reason():
    class Faulty:
        name = "faulty"

        def propose(self, *_):
            raise ZeroDivisionError("no ideas to divide")

    refused = propose(Faulty(), False, DECISION, TASK, PROFILE, JOURNAL)
    assert isinstance(refused, StopProposal)
    assert refused.reason == "faulty failed: ZeroDivisionError: no ideas to divide"


def test_whose_a_script_is_nobody_says_of_himself() -> None:
    """Calling a script the playbook's does not get its pipeline loaded in the user's process."""
    plan = _experiment("x = 1").plan
    claimed = ExperimentProposal(plan=plan, script=Script(source="x = 1", author="playbook"))
    proposal = propose(_Prepared(claimed), False, DECISION, TASK, PROFILE, JOURNAL)
    assert isinstance(proposal, ExperimentProposal)
    assert proposal.script.author == "model"
