"""What a scientist may have, and what it is told where it may not."""

from __future__ import annotations

import msgspec
import pytest

from octopus.effects import PATIENCE
from octopus.journal import Journal
from octopus.records import (
    Analysed,
    AnalysisProposal,
    Decision,
    ExperimentProposal,
    Finding,
    FixProposal,
    Outcome,
    Plan,
    Profile,
    Proposal,
    ProposalRefused,
    QuarantineProposal,
    Released,
    ReleaseProposal,
    Revalidated,
    RevalidateProposal,
    Script,
    StopProposal,
    Understanding,
    ValidationPlan,
)
from octopus.stages.settle import UNSCORED, refusal, refusals_in_a_row, settle
from octopus.testing.examples import example_profile, example_task
from tests.strategies import asked, failed, journal_of, valid

TASK, PROFILE = example_task("binary"), example_profile("binary")
JOURNAL = journal_of([valid(1, "linear", (0.8,) * 5), failed(2, "gbm", "a", repairable=True)])
PLAN = Plan(family="linear", idea="i", hypothesis="h", expected="e")
USED = [column.name for column in PROFILE.columns if column.used]


def _ruling(proposal: Proposal, journal: Journal = JOURNAL, profile: Profile = PROFILE) -> str:
    return refusal(proposal, TASK, profile, journal)


def _script(source: str) -> Script:
    return Script(source=source, author="model")


def _with_column(name: str, **changes: object) -> Profile:
    columns = tuple(
        msgspec.structs.replace(column, **changes) if column.name == name else column for column in PROFILE.columns
    )
    return msgspec.structs.replace(PROFILE, columns=columns)


def _noted(profile: Profile, name: str, code: str, action: str) -> Profile:
    finding = Finding(code=code, columns=(name,), message="m", evidence="e", confidence="weak", action=action)
    return msgspec.structs.replace(profile, findings=(*profile.findings, finding))


@pytest.mark.parametrize("number", [1, 2])
def test_a_script_that_ran_is_not_run_again_whether_or_not_it_worked(number: int) -> None:
    proposal = ExperimentProposal(plan=PLAN, script=_script(f"script {number}"))
    assert _ruling(proposal) == f"experiment {number} was this already"
    assert not _ruling(ExperimentProposal(plan=PLAN, script=_script("script 3")))


def test_what_has_not_failed_is_not_mended() -> None:
    assert "has not failed" in _ruling(FixProposal(parent=1, script=_script("new"), change="c"))
    assert "has not failed" in _ruling(FixProposal(parent=9, script=_script("new"), change="c"))
    assert not _ruling(FixProposal(parent=2, script=_script("new"), change="c"))


def test_after_two_looks_comes_an_experiment_and_after_eight_no_look() -> None:
    look = Analysed(
        at="t", elapsed_s=3.0, question="q", script=_script("s"), outcome=Outcome(status="ok", stage="done"), output="o"
    )
    wish = AnalysisProposal(question="q", script=_script("look"))
    assert not _ruling(wish, JOURNAL.with_event(look))
    assert "2 analyses in a row" in _ruling(wish, JOURNAL.with_event(look).with_event(look))
    journal = JOURNAL
    for number in range(3, 11):
        journal = journal.with_event(look)
        finished = journal_of([valid(number, "gbm", (0.5,) * 5)]).events[-1]
        journal = journal.with_event(finished)
    assert _ruling(wish, journal) == "all 8 analyses of a run are done"


def test_folds_are_changed_for_others_and_never_for_more_flattering_ones() -> None:
    assert not _ruling(RevalidateProposal(kind="group", column=USED[0], reason="r"))
    assert "already" in _ruling(RevalidateProposal(kind="stratified", reason="r"))
    assert not _ruling(RevalidateProposal(kind="stratified", n_repeats=3, reason="r"))
    assert "none" in _ruling(RevalidateProposal(kind="time", column="no such", reason="r"))
    by_group = ValidationPlan(kind="group", n_splits=5, column=USED[0], reason="r")
    grouped = JOURNAL.with_event(Revalidated(at="t", elapsed_s=3.0, validation=by_group, reason="r"))
    assert "flatter" in _ruling(RevalidateProposal(kind="stratified", reason="r"), grouped)
    twice = grouped.with_event(Revalidated(at="t", elapsed_s=4.0, validation=by_group, reason="r"))
    assert "2 times already" in _ruling(RevalidateProposal(kind="time", column=USED[0], reason="r"), twice)
    theirs = msgspec.structs.replace(by_group, kind="custom")
    given = JOURNAL.with_event(Revalidated(at="t", elapsed_s=3.0, validation=theirs, reason="r"))
    assert "obeyed" in _ruling(RevalidateProposal(kind="random", reason="r"), given)


def test_folds_in_time_order_stay_so_and_the_users_number_of_splits_is_kept() -> None:
    def now(**changes: object) -> Journal:
        plan = msgspec.structs.replace(ValidationPlan(kind="time", n_splits=5, column=USED[0], reason="r"), **changes)
        return JOURNAL.with_event(Revalidated(at="t", elapsed_s=3.0, validation=plan, reason="r"))

    assert "flatter" in _ruling(RevalidateProposal(kind="group", column=USED[1], reason="r"), now())
    assert "flatter" in _ruling(RevalidateProposal(kind="time", column=USED[1], reason="r"), now())
    assert not _ruling(RevalidateProposal(kind="time", column=USED[0], n_splits=3, reason="r"), now())
    asked = now(kind="stratified", column=None, n_splits=3, is_asked=True)
    assert "asked for 3 splits" in _ruling(RevalidateProposal(kind="stratified", n_splits=10, reason="r"), asked)
    assert "asked for 3 splits" in _ruling(RevalidateProposal(kind="stratified", n_repeats=4, reason="r"), asked)
    assert not _ruling(RevalidateProposal(kind="group", column=USED[0], reason="r"), asked)
    assert "noise" in _ruling(RevalidateProposal(kind="random", reason="r"))


def test_folds_that_nothing_could_be_scored_on_count_as_tried() -> None:
    wasted = ProposalRefused(at="t", elapsed_s=3.0, kind="revalidate", what="w", reason=f"{UNSCORED} in the time left")
    wish = RevalidateProposal(kind="group", column=USED[0], reason="r")
    assert not _ruling(wish, JOURNAL.with_event(wasted))
    assert "2 times already" in _ruling(wish, JOURNAL.with_event(wasted).with_event(wasted))


def test_what_the_goal_says_is_not_known_is_not_released() -> None:
    idle = _with_column(USED[0], used=False)
    told = msgspec.structs.replace(TASK, understood=(Understanding(what="not known", value=USED[0], words="w"),))
    assert "the goal says" in refusal(ReleaseProposal(columns=(USED[0],), reason="r"), told, idle, JOURNAL)


def test_a_column_is_quarantined_on_the_datas_evidence_or_the_users_words() -> None:
    name = USED[0]
    wish = QuarantineProposal(columns=(name,), reason="its name says so")
    innocent = _with_column(name, signal=0.05)
    assert "propose an experiment without it" in _ruling(wish, profile=innocent)
    assert not _ruling(wish, profile=_with_column(name, signal=0.85))
    assert not _ruling(wish, profile=_noted(innocent, name, "OCT721", "noted"))
    told = msgspec.structs.replace(TASK, understood=(Understanding(what="not known", value=name, words="w"),))
    assert not refusal(wish, told, innocent, JOURNAL)


def test_a_quarantine_leaves_a_column_and_names_columns() -> None:
    assert "no column would be left" in _ruling(QuarantineProposal(columns=tuple(USED), reason="r"))
    assert "has no column" in _ruling(QuarantineProposal(columns=("no such",), reason="r"))
    idle = _with_column(USED[0], used=False)
    assert "not used anyway" in _ruling(QuarantineProposal(columns=(USED[0],), reason="r"), profile=idle)


def test_a_leak_is_released_by_the_user_alone() -> None:
    name = USED[0]
    idle = _with_column(name, used=False)
    wish = ReleaseProposal(columns=(name,), reason="r")
    assert not _ruling(wish, profile=idle)
    assert "only the user" in _ruling(wish, profile=_noted(idle, name, "OCT720", "quarantined: not used"))
    assert "used already" in _ruling(wish)
    released = JOURNAL.with_event(Released(at="t", elapsed_s=3.0, columns=(name,), reason="r"))
    assert released.profile is not None
    again = msgspec.structs.replace(released.profile, columns=idle.columns)
    assert "released before" in _ruling(wish, released, again)


def test_a_judgement_that_it_is_enough_is_heard_once_patience_ends() -> None:
    tried = [valid(1, "linear", (0.9,) * 5), valid(2, "linear", (0.5,) * 5)]
    wish = StopProposal(reason="enough", is_judgement=True)
    assert "the search goes on" in _ruling(wish, journal_of(tried))
    assert not _ruling(StopProposal(reason="no idea left"), journal_of(tried))
    tried += [valid(number, "linear", (0.5,) * 5) for number in range(3, 2 + PATIENCE)]
    assert not _ruling(wish, journal_of(tried))


def test_refusals_are_counted_until_something_is_carried_out() -> None:
    refused = ProposalRefused(at="t", elapsed_s=3.0, kind="stop", what="w", reason="r")
    journal = JOURNAL.with_event(refused).with_event(refused)
    assert refusals_in_a_row(journal) == 2
    assert refusals_in_a_row(journal.with_event(Released(at="t", elapsed_s=4.0, columns=("a",), reason="r"))) == 0


def test_an_idea_that_is_not_mended_is_dropped_and_what_comes_is_no_repair_of_it() -> None:
    tried = [valid(1, "linear", (0.9,) * 5), msgspec.structs.replace(failed(2, "gbm", "a", True), script=_script("b"))]
    decision = Decision(action="repair", reason="t", parent=2, code="OCT301")
    other = ExperimentProposal(plan=PLAN, script=_script("other"))
    settled = settle(decision, other, asked(journal_of(tried)))
    assert settled == Decision(action="improve", reason="the idea of experiment 2 is dropped", parent=1)
    fixed = settle(decision, FixProposal(parent=2, script=_script("fix"), change="c"), journal_of(tried))
    assert fixed == Decision(action="repair", reason="c", parent=2, code="OCT301")
    assert settle(decision, other, journal_of(tried)) is decision  # whoever wrote it, no model was asked
    of_playbook = journal_of([tried[0], failed(2, "gbm", "a", repairable=True)])
    assert settle(decision, other, of_playbook) is decision
