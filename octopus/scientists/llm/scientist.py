"""The scientist that asks a language model: the playbook's first experiments, then the model's ideas beside them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

from octopus.budget import remaining_s
from octopus.journal import Journal
from octopus.protocols import Backend, Briefing, ChatRequest, Family, GoalQuestion
from octopus.records import (
    AnalysisProposal,
    CallKind,
    Decision,
    Experiment,
    ExperimentProposal,
    FixProposal,
    GoalReading,
    Message,
    ModelCall,
    Plan,
    Profile,
    Proposal,
    QuarantineProposal,
    ReleaseProposal,
    Retirement,
    RevalidateProposal,
    Script,
    StopProposal,
    Task,
    Usage,
)
from octopus.scientists.llm.asking import DEADLINE_S, MAX_REPLY_TOKENS, Asking
from octopus.scientists.llm.edits import apply_edits
from octopus.scientists.llm.goal import read_goal_reply
from octopus.scientists.llm.guard import guarded, set_aside_columns
from octopus.scientists.llm.prompt import View, fix_prompt, goal_prompt, step_prompt
from octopus.scientists.llm.repairs import mend
from octopus.scientists.llm.reply import Answer, Unreadable
from octopus.scientists.llm.source import compact, expand, with_hypothesis
from octopus.scientists.llm.turns import is_models_turn, is_models_turn_after, was_refused
from octopus.scientists.playbook.scientist import Playbook

#: Share of the time that reading the goal may take.
_GOAL_SHARE = 0.2
#: What a blend is called, and a script of no registered family.
_BLEND, _OTHER = "blend", "other"
#: How a change is marked that no model was asked for.
_UNASKED = "no model asked"
#: A mended script that is less like the failed one than this is another idea: half the lines of a short script may go.
_LIKENESS = 0.4


class LLMScientist:
    """A scientist that a language model leads.

    The first experiments are the playbook's, and so is every turn in which the model does not answer, answers with
    nothing usable, or may not be asked because a limit is reached: a run never ends for want of a model.

    Parameters
    ----------
    backend : Backend
        Who is asked for hypotheses and scripts.
    fix_backend : Backend or None
        Who is asked first to mend a script that failed; None for the same.
    families : sequence of Family
        Kinds of models that take part.
    """

    def __init__(self, backend: Backend, fix_backend: Backend | None, families: Sequence[Family]) -> None:
        self.backend, self.fix_backend, self.families = backend, fix_backend, families
        self.playbook = Playbook(families)
        self._briefing: Briefing | None = None
        self._asking: Asking | None = None
        self._ahead: _Ahead | None = None
        self._has_read = False
        self._given_up: int | None = None
        self._entered = 0.0

    @property
    def name(self) -> str:
        """Name for the journal and the console."""
        return self.backend.name

    def read_goal(self, question: GoalQuestion) -> GoalReading | None:
        """Return what the goal says, each point with the words that say it.

        Parameters
        ----------
        question : GoalQuestion
            The goal, and what it may speak of.

        Returns
        -------
        GoalReading or None
            None where nothing came of asking.
        """

        def read(text: str) -> GoalReading:
            names = [name for name, _ in question.columns]
            return read_goal_reply(text, question.goal, names, question.task_type, question.classes)

        self._asking, self._has_read = Asking(question.budget), True
        limit_s = question.budget.time_limit_s
        deadline_s = DEADLINE_S if limit_s is None else min(DEADLINE_S, _GOAL_SHARE * limit_s)
        return self._asking.ask_for("goal", _goal_prompt(question), self.backend, Usage(), deadline_s, read)

    def first_requests(
        self, question: GoalQuestion, task: Task, profile: Profile, journal: Journal
    ) -> tuple[ChatRequest, ...]:
        """Return what would be asked first: to read the goal, where there is one, and for a step."""
        prompts: list[tuple[CallKind, tuple[Message, ...]]] = []
        if question.goal.strip():
            prompts.append(("goal", _goal_prompt(question)))
        prompts.append(("step", step_prompt(self._view(task, profile, journal, None))))
        return tuple(
            ChatRequest(kind=kind, messages=messages, max_tokens=MAX_REPLY_TOKENS[kind], deadline_s=DEADLINE_S)
            for kind, messages in prompts
        )

    def cost_usd(self, usage: Usage) -> float | None:
        """Return what these tokens would cost; None where the model has no known price."""
        return self.backend.cost_usd(usage)

    def begin(self, briefing: Briefing) -> None:
        """Be told what holds for this run."""
        self._briefing = briefing
        if self._asking is None or not self._has_read:
            self._asking = Asking(briefing.budget)
        self._has_read = False

    def propose(self, decision: Decision, task: Task, profile: Profile, journal: Journal) -> Proposal:
        """Return what to do for a decision to draft, repair or improve.

        Parameters
        ----------
        decision : Decision
            Draft, repair or improve.
        task, profile, journal : Task, Profile, Journal
            What is asked, what is known and what was done.

        Returns
        -------
        Proposal
            The model's, or the playbook's.
        """
        self._entered = time.monotonic()
        if self._ahead is not None:
            self._ahead.join()  # it stays until then: what it took is written down also where this is interrupted
        ahead, self._ahead = self._ahead, None
        if decision.action == "repair" and _wrote_last(journal):
            if (fix := self._mend(task, profile, journal)) is not None:
                self._ahead = ahead
                return fix
            decision = _dropped(journal)
        proposal: Proposal | None = None
        if ahead is not None and not was_refused(journal):
            proposal = ahead.proposal
        elif decision.action == "improve" and is_models_turn(journal):
            proposal = self._step(task, profile, journal, None)
        if proposal is not None:
            return proposal
        proposal = self.playbook.propose(decision, task, profile, journal.of_playbook)
        if isinstance(proposal, StopProposal) and journal.best is not None and not was_refused(journal):
            return self._step(task, profile, journal, None) or proposal
        return proposal

    def think_ahead(self, running: Plan, task: Task, profile: Profile, journal: Journal) -> None:
        """Ask for what comes after a running experiment while it runs, knowing that it does and not how it ends."""
        if self._ahead is None and not self._is_over and is_models_turn_after(running, journal):
            self._entered = time.monotonic()
            self._ahead = _Ahead(lambda: self._step(task, profile, journal, running))
            self._ahead.start()

    def drain(self) -> tuple[ModelCall | Retirement, ...]:
        """Return the calls that have ended since the last time."""
        if self._asking is None or (self._ahead is not None and self._ahead.is_alive()):
            return ()
        return self._asking.take()

    def close(self) -> None:
        """End a call under way; what it took is drained afterwards, and a later run begins anew."""
        ahead, self._ahead = self._ahead, None
        if self._asking is not None:
            self._asking.is_over = True  # first, so that nothing is asked again where a call is ended
        if ahead is not None and ahead.is_alive():
            self.backend.close()
            ahead.join(timeout=DEADLINE_S)
        self.backend.close()
        if self.fix_backend is not None:
            self.fix_backend.close()
        self._briefing, self._given_up = None, None

    @property
    def _is_over(self) -> bool:
        return self._asking is None or self._asking.is_over

    def _step(self, task: Task, profile: Profile, journal: Journal, running: Plan | None) -> Proposal | None:
        """Ask what to do next; None where nothing usable comes."""
        if self._asking is None or self._asking.is_over:
            return None
        asking = self._asking
        asking.columns = tuple(column.name for column in profile.columns)
        try:
            return asking.ask(
                "step",
                step_prompt(self._view(task, profile, journal, running)),
                self.backend,
                journal.usage,
                self._deadline_s(journal),
                lambda answer: self._proposal(answer, task, profile, journal),
            )
        except Exception as error:  # noqa: BLE001  boundary: whatever a reply brings up, the playbook goes on
            asking.retire(f"a reply could not be dealt with ({type(error).__name__}: {error})")
            return None

    def _mend(self, task: Task, profile: Profile, journal: Journal) -> Proposal | None:
        """Mend the model's last script: without asking where the failure has a known remedy."""
        failed = journal.experiments[-1]
        if failed.number == self._given_up:
            return None
        try:
            mended = mend(failed.script.source, failed.diagnoses, failed.outcome, profile)
            script = Script(source=mended[0], author="model") if mended else None
            if mended and script and all(e.script.sha256 != script.sha256 for e in journal.experiments):
                return FixProposal(parent=failed.number, script=script, change=f"{mended[1]} ({_UNASKED})")
            fix = self._ask_for_fix(failed, task, profile, journal)
        except Exception as error:  # noqa: BLE001  boundary: as of a step
            fix = None
            if self._asking is not None:
                self._asking.retire(f"a script could not be mended ({type(error).__name__}: {error})")
        if fix is None:  # asked once: the idea is dropped
            self._given_up = failed.number
        return fix

    def _ask_for_fix(self, failed: Experiment, task: Task, profile: Profile, journal: Journal) -> FixProposal | None:
        if self._asking is None or self._asking.is_over:
            return None
        n_asked = _n_fixes(failed, journal)
        backend = self.fix_backend if self.fix_backend is not None and not n_asked else self.backend
        return self._asking.ask(
            "fix",
            fix_prompt(self._view(task, profile, journal, None), failed, n_asked + 1),
            backend,
            journal.usage,
            self._deadline_s(journal),
            lambda answer: self._fix(answer, failed, task, profile, journal),
        )

    def _fix(
        self, answer: Answer, failed: Experiment, task: Task, profile: Profile, journal: Journal
    ) -> FixProposal | None:
        if answer.action == "stop":  # it gives the idea up
            return None
        before = compact(failed.script.source, task, profile)
        if answer.edits:
            after = apply_edits(before, answer.edits)
        elif answer.code:
            after = answer.code
        else:
            raise Unreadable("There is no edit in your reply. Send SEARCH/REPLACE blocks for the script above.")
        if SequenceMatcher(None, before.splitlines(), after.splitlines()).ratio() < _LIKENESS:
            raise Unreadable("That is another script. Keep the hypothesis and change only what failed, by edit blocks.")
        source = with_hypothesis(expand(after, task, profile, journal), failed.plan.hypothesis)
        script = _guarded(source, profile)
        return FixProposal(parent=failed.number, script=script, change=answer.change or "an edit of the model's")

    def _proposal(self, answer: Answer, task: Task, profile: Profile, journal: Journal) -> Proposal:
        """Make a proposal of an answer; raises Unreadable with words for the model where that cannot be."""
        if answer.action in ("experiment", "edit", "fix"):
            return self._experiment(answer, task, profile, journal)
        if answer.action == "analysis":
            return self._analysis(answer, task, profile, journal)
        return _OTHERS[answer.action](answer)

    def _experiment(self, answer: Answer, task: Task, profile: Profile, journal: Journal) -> ExperimentProposal:
        parent = _parent(answer, journal)
        if answer.action == "edit":
            if parent is None:
                raise Unreadable("PARENT names no experiment that has a script. Use a number from the ledger.")
            source = (
                apply_edits(compact(parent.script.source, task, profile), answer.edits) if answer.edits else answer.code
            )
        else:
            source = answer.code
        applicable = {v.family for v in profile.families if v.applies}
        family = answer.family or (parent.plan.family if parent and answer.action == "edit" else "")
        plan = Plan(
            family=family if family in applicable | {_BLEND} else _OTHER,
            idea=answer.idea or "an idea of the model's",
            hypothesis=answer.hypothesis or answer.idea,
            expected=answer.expected or f"more {task.scoring}",
            parent=parent.number if parent else None,
        )
        source = with_hypothesis(expand(source, task, profile, journal), plan.hypothesis)
        return ExperimentProposal(plan=plan, script=_guarded(source, profile))

    def _analysis(self, answer: Answer, task: Task, profile: Profile, journal: Journal) -> AnalysisProposal:
        if self._briefing is not None and self._briefing.privacy == "schema":
            raise Unreadable("Nothing that is computed from cells may leave here: no analysis. Choose another ACTION.")
        script = Script(source=expand(answer.code, task, profile, journal), author="model")
        return AnalysisProposal(question=answer.question or answer.idea or "a look at the data", script=script)

    def _view(self, task: Task, profile: Profile, journal: Journal, running: Plan | None) -> View:
        assert self._briefing is not None, "begin comes before the first proposal"
        applicable = {v.family for v in profile.families if v.applies}
        return View(
            task=task,
            profile=profile,
            validation=journal.validation,
            journal=journal,
            families=tuple(family for family in self.families if family.name in applicable),
            versions=self._briefing.versions,
            privacy=self._briefing.privacy,
            hide=self._briefing.hide,
            descriptions=self._briefing.descriptions,
            samples=self._briefing.samples,
            running=running,
        )

    def _deadline_s(self, journal: Journal) -> float:
        assert self._briefing is not None, "begin comes before the first proposal"
        left_s = remaining_s(journal, self._briefing.budget)
        since_s = time.monotonic() - self._entered  # the journal's clock stands still while it is thought
        return DEADLINE_S if left_s is None else min(DEADLINE_S, left_s - since_s)


def _guarded(source: str, profile: Profile) -> Script:
    return Script(source=guarded(source, set_aside_columns(profile)), author="model")


def _goal_prompt(question: GoalQuestion) -> tuple[Message, ...]:
    return goal_prompt(
        question.goal,
        question.columns,
        question.task_type,
        question.target,
        tuple("…" if label in question.rare else label for label in question.classes),
        question.privacy,
        question.descriptions,
    )


class _Ahead(threading.Thread):
    """A question that is asked while an experiment runs; it does not keep the process from ending."""

    def __init__(self, ask: Callable[[], Proposal | None]) -> None:
        super().__init__(name="octopus-model", daemon=True)
        self._ask = ask
        self.proposal: Proposal | None = None

    def run(self) -> None:
        """Ask; what goes wrong in it is said by whoever asks."""
        self.proposal = self._ask()


def _wrote_last(journal: Journal) -> bool:
    """Tell whether the experiment that failed last is the model's."""
    return bool(journal.experiments) and journal.experiments[-1].script.author == "model"


def _dropped(journal: Journal) -> Decision:
    """Return what is next where an idea is given up: the best so far is improved."""
    if journal.best is None:
        return Decision(action="draft", reason="nothing has worked yet")
    return Decision(action="improve", reason="the best so far may have room", parent=journal.best.number)


def _n_fixes(failed: Experiment, journal: Journal) -> int:
    """Return how many times the model has mended this idea already."""
    by_number, n = {e.number: e for e in journal.experiments}, 0
    while failed.decision.action == "repair" and failed.decision.parent in by_number:
        n += _UNASKED not in failed.decision.reason
        failed = by_number[failed.decision.parent]
    return n


def _parent(answer: Answer, journal: Journal) -> Experiment | None:
    """Return the experiment that an answer sets out from: the one that it names, and for an edit else the best."""
    if answer.parent is None:
        return journal.best if answer.action == "edit" else None
    return next((e for e in journal.experiments if e.number == answer.parent), None)


def _revalidation(answer: Answer) -> RevalidateProposal:
    if answer.split not in ("random", "stratified", "group", "time"):
        raise Unreadable("SPLIT must be one of random, stratified, group, time.")
    return RevalidateProposal(
        kind=answer.split,
        column=answer.column or None,
        n_splits=answer.n_splits,
        n_repeats=answer.n_repeats,
        reason=answer.reason or "the model asks for it",
    )


def _quarantine(answer: Answer) -> QuarantineProposal:
    return QuarantineProposal(columns=_named(answer), reason=answer.reason or "the model says that it is not known")


def _release(answer: Answer) -> ReleaseProposal:
    return ReleaseProposal(columns=_named(answer), reason=answer.reason or "the model says that it is known")


def _named(answer: Answer) -> tuple[str, ...]:
    if not answer.columns:
        raise Unreadable("COLUMNS names no column of the table. Use the names of the profile, separated by commas.")
    return tuple(answer.columns)


def _stop(answer: Answer) -> StopProposal:
    return StopProposal(reason=answer.reason or "the model sees nothing worth trying", is_judgement=True)


#: What is made of an answer that has no script.
_OTHERS: dict[str, Callable[[Answer], Proposal]] = {
    "revalidate": _revalidation,
    "quarantine": _quarantine,
    "release": _release,
    "stop": _stop,
}
