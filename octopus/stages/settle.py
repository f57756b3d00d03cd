"""Proposal → refusal or none: what a scientist may have. Pure: the same journal and proposal give the same ruling."""

from __future__ import annotations

from typing import cast

from octopus.effects import PATIENCE, has_failed, stale_experiments
from octopus.journal import SCIENTISTS_CHOICE, Journal
from octopus.records import (
    Analysed,
    AnalysisProposal,
    ColumnProfile,
    Decision,
    ExperimentFinished,
    ExperimentProposal,
    FixProposal,
    Profile,
    Proposal,
    ProposalKind,
    ProposalRefused,
    Quarantined,
    QuarantineProposal,
    Released,
    ReleaseProposal,
    Revalidated,
    RevalidateProposal,
    StopProposal,
    Task,
)

#: Looks at the data between two experiments, and in a run: they cost time and tokens and earn nothing by themselves.
_LOOKS_IN_A_ROW, _LOOKS = 2, 8
#: Changes of the folds in a run: each scores the earlier candidates again.
_REVALIDATIONS = 2
#: How it is said that other folds were tried and no candidate could be scored on them.
UNSCORED = "no candidate could be scored on these folds"
#: What a column must tell of the target by itself for a scientist's reading of its name to have it quarantined: 2 AUC
#: - 1 or R². An AUC of 0.9 by a single column is rare unless it knows the answer.
_SUSPECT_SIGNAL = 0.8
#: Findings that a column knows the target too well, or holds other values later.
_SUSPICIONS = ("OCT720", "OCT721", "OCT726", "OCT727")
_LEAKS = ("OCT720", "OCT721")


def refusal(proposal: Proposal, task: Task, profile: Profile, journal: Journal) -> str:
    """Return why a proposal is not carried out.

    Parameters
    ----------
    proposal : Proposal
        What the scientist wants.
    task, profile, journal : Task, Profile, Journal
        What is asked, what is known now and what was done.

    Returns
    -------
    str
        In a sentence that helps to propose something better; empty where nothing speaks against it.
    """
    if isinstance(proposal, ExperimentProposal | FixProposal):
        return _repeats(proposal, journal)
    if isinstance(proposal, AnalysisProposal):
        return _looks_enough(journal)
    if isinstance(proposal, RevalidateProposal):
        return _keeps_folds(proposal, task, profile, journal)
    if isinstance(proposal, QuarantineProposal):
        return _keeps_columns(proposal, task, profile)
    if isinstance(proposal, ReleaseProposal):
        return _stays_unused(proposal, task, profile)
    return _goes_on(proposal, journal)


def settle(decision: Decision, proposal: Proposal, journal: Journal) -> Decision:
    """Return what was decided once a scientist has spoken.

    Parameters
    ----------
    decision : Decision
        What kind of step was next.
    proposal : Proposal
        What is carried out.
    journal : Journal
        What was done.

    Returns
    -------
    Decision
        A fix repairs what it says; where a model's script was to be mended and something else comes, its idea is
        dropped.
    """
    if isinstance(proposal, FixProposal):
        failed = next(e for e in journal.experiments if e.number == proposal.parent)
        code = failed.diagnoses[0].code if failed.diagnoses else None
        return Decision(action="repair", reason=proposal.change, parent=failed.number, code=code)
    last = journal.experiments[-1] if journal.experiments else None
    if decision.action == "repair" and journal.is_led and last is not None and last.script.author == "model":
        parent = journal.best.number if journal.best else None
        return Decision(
            action="improve" if parent else "draft",
            reason=f"the idea of experiment {last.number} is dropped",
            parent=parent,
        )
    return decision


def kind_of(proposal: Proposal) -> ProposalKind:
    """Return what kind of proposal it is, as the journal names it."""
    return cast("ProposalKind", proposal.__struct_config__.tag)


def words_of(proposal: Proposal) -> str:
    """Return what was wanted, in a few words."""
    if isinstance(proposal, ExperimentProposal):
        return proposal.plan.idea
    if isinstance(proposal, FixProposal):
        return f"mend experiment {proposal.parent}: {proposal.change}"
    if isinstance(proposal, AnalysisProposal):
        return proposal.question
    if isinstance(proposal, RevalidateProposal):
        return f"{proposal.kind} folds" + (f" by {proposal.column}" if proposal.column else "")
    if isinstance(proposal, QuarantineProposal | ReleaseProposal):
        return ", ".join(proposal.columns)
    return proposal.reason


def refusals_in_a_row(journal: Journal) -> int:
    """Return how many proposals were refused since something was carried out."""
    n = 0
    for event in reversed(journal.events):
        if isinstance(event, ProposalRefused):
            n += 1
        elif isinstance(event, ExperimentFinished | Analysed | Quarantined | Released | Revalidated):
            break
    return n


def _repeats(proposal: ExperimentProposal | FixProposal, journal: Journal) -> str:
    for earlier in journal.experiments:
        if earlier.script.sha256 == proposal.script.sha256:
            return f"experiment {earlier.number} was this already"
    if isinstance(proposal, FixProposal):
        failed = next((e for e in journal.experiments if e.number == proposal.parent), None)
        if failed is None or not has_failed(failed):
            return f"experiment {proposal.parent} has not failed: there is nothing to mend"
    return ""


def _looks_enough(journal: Journal) -> str:
    looks = [e for e in journal.events if isinstance(e, Analysed | ExperimentFinished)]
    in_a_row = next((i for i, e in enumerate(reversed(looks)) if isinstance(e, ExperimentFinished)), len(looks))
    if in_a_row >= _LOOKS_IN_A_ROW:
        return f"{in_a_row} analyses in a row: run an experiment on what they showed"
    total = sum(isinstance(e, Analysed) for e in looks)
    return f"all {_LOOKS} analyses of a run are done" if total >= _LOOKS else ""


def _keeps_folds(proposal: RevalidateProposal, task: Task, profile: Profile, journal: Journal) -> str:
    """Refuse folds that are the same, that the user chose otherwise, or that would flatter."""
    now = journal.validation
    if now is None or now.kind == "custom":
        return "the user gave the splits: they are obeyed"
    tried = sum(isinstance(e, Revalidated) or _is_refused_fold(e) for e in journal.events)
    if tried >= _REVALIDATIONS:
        return f"other folds were tried {tried} times already"
    if proposal.kind in ("group", "time") and all(c.name != proposal.column for c in profile.columns):
        return f"{proposal.kind} folds need a column of the table, and {proposal.column!r} is none"
    if now.is_asked and (proposal.n_splits not in (None, now.n_splits) or proposal.n_repeats not in (None, 1)):
        return f"the user asked for {now.n_splits} splits"
    same = proposal.n_splits in (None, now.n_splits) and proposal.n_repeats in (None, now.n_repeats)
    if (proposal.kind, proposal.column) == (now.kind, now.column) and same:
        return "the folds are made in this way already"
    if now.kind == "time" and (proposal.kind, proposal.column) != ("time", now.column):
        return "later rows are predicted from earlier ones: other folds would flatter"
    if now.kind == "group" and proposal.kind not in ("group", "time"):
        return "rows of one group stay together: other folds would flatter"
    if task.is_classification and proposal.kind == "random":
        return "the folds keep the shares of the classes: random ones only add noise"
    return ""


def _is_refused_fold(event: object) -> bool:
    """Tell whether other folds were tried for nothing: that took time too."""
    return isinstance(event, ProposalRefused) and event.kind == "revalidate" and event.reason.startswith(UNSCORED)


def _keeps_columns(proposal: QuarantineProposal, task: Task, profile: Profile) -> str:
    """Refuse unless the data or the user's own words speak against each column too."""
    columns = {column.name: column for column in profile.columns}
    used = [name for name, column in columns.items() if column.used]
    if unknown := [name for name in proposal.columns if name not in columns]:
        return f"the table has no column {', '.join(map(repr, unknown))}"
    if idle := [name for name in proposal.columns if not columns[name].used]:
        return f"{', '.join(idle)} is not used anyway"
    if not set(used) - set(proposal.columns):
        return "no column would be left"
    for name in proposal.columns:
        if not _is_suspect(columns[name], profile) and not _was_told(name, task):
            return (
                f"nothing in the data speaks against {name}, and the goal does not: "
                "propose an experiment without it and compare"
            )
    return ""


def _is_suspect(column: ColumnProfile, profile: Profile) -> bool:
    noted = any(column.name in f.columns and f.code in _SUSPICIONS for f in profile.findings)
    return noted or (column.signal is not None and column.signal >= _SUSPECT_SIGNAL)


def _was_told(name: str, task: Task) -> bool:
    return any(one.what == "not known" and one.value == name for one in task.understood)


def _stays_unused(proposal: ReleaseProposal, task: Task, profile: Profile) -> str:
    columns = {column.name: column for column in profile.columns}
    if unknown := [name for name in proposal.columns if name not in columns]:
        return f"the table has no column {', '.join(map(repr, unknown))}"
    if used := [name for name in proposal.columns if columns[name].used]:
        return f"{', '.join(used)} is used already"
    for name in proposal.columns:
        if _was_told(name, task):
            return f"the goal says that {name} is not known when predictions are made"
        about = [f for f in profile.findings if name in f.columns]
        if any(f.code in _LEAKS and f.action.startswith("quarantined") for f in about):
            return f"{name} is quarantined on the evidence of the data: only the user can say that it is known in time"
        if any("ignore" in f.action for f in about):
            return f"the user said not to use {name}"
        if any(f.code == SCIENTISTS_CHOICE and f.action.startswith("used") for f in about):
            return f"{name} was released before"
    return ""


def _goes_on(proposal: StopProposal, journal: Journal) -> str:
    if not proposal.is_judgement:
        return ""
    stale = stale_experiments(journal.standing)
    if stale >= PATIENCE:
        return ""
    return f"{stale} experiments without a gain: the search goes on until there were {PATIENCE}"
