"""The search: decide → propose → carry out → diagnose, until the decision is to stop.

Whatever a scientist proposes goes the same way: refused with a reason, or carried out and written down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from octopus.bench import Bench
from octopus.blending.evidence import error_correlation
from octopus.budget import FIRST_EXPERIMENT_S, experiment_wall_s, remaining_s
from octopus.dataset import Dataset
from octopus.errors import InvalidData
from octopus.frame import write_table
from octopus.intervals import FOLDER
from octopus.journal import Journal
from octopus.predictions import PredictionStore
from octopus.protocols import AsksModel, CrashRule, Evidence, Family, Sandbox, Scientist, SymptomRule
from octopus.records import (
    Analysed,
    AnalysisProposal,
    Author,
    Budget,
    Decision,
    Diagnosis,
    Experiment,
    ExperimentFinished,
    ExperimentProposal,
    FixProposal,
    ModelCall,
    ModelCalled,
    ModelRetired,
    NotBlended,
    Outcome,
    Plan,
    Profile,
    Proposal,
    ProposalRefused,
    Quarantined,
    QuarantineProposal,
    Released,
    ReleaseProposal,
    Rescored,
    Revalidated,
    RevalidateProposal,
    Script,
    StopProposal,
    Task,
    Usage,
    ValidationPlan,
)
from octopus.rundir import Run
from octopus.scoring import best_constant
from octopus.screening.quarantine import quarantined_columns
from octopus.stages.analyse import analyse
from octopus.stages.blend import Blended, Unblended, blend_experiments
from octopus.stages.check import check_analysis, check_model_script, check_source
from octopus.stages.decide import SATURATED, decide
from octopus.stages.diagnose import diagnose_failure, diagnose_symptoms
from octopus.stages.propose import propose
from octopus.stages.run import Rival, Trial, run_script, try_out
from octopus.stages.settle import UNSCORED, kind_of, refusal, refusals_in_a_row, settle, words_of
from octopus.stages.threshold import choose_threshold
from octopus.stages.validation import make_folds, plan_again

#: Share of what the best gains over a constant that a refinement may be behind without being stopped in the race.
RACE_MARGIN = 0.05
#: Refusals in a row after which a scientist has nothing to say.
_REFUSALS = 3


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The plug-ins of a run, and who writes the scripts that are proposed.

    Parameters
    ----------
    scientist : Scientist
        Who leads.
    author : {"playbook", "model"}
        The least trusted of those who write its scripts.
    is_ours : bool
        Whether its word counts on who wrote which.
    families, sandbox, crash_rules, symptom_rules : sequences of Family, CrashRule, SymptomRule; Sandbox
        The others.
    """

    scientist: Scientist
    author: Author
    is_ours: bool
    families: tuple[Family, ...]
    sandbox: Sandbox
    crash_rules: tuple[CrashRule, ...]
    symptom_rules: tuple[SymptomRule, ...]


class Exploration:
    """A search under way: the bench may get other folds, everything else that changes is in the journal.

    Parameters
    ----------
    task : Task
        What is asked.
    parts : Parts
        Scientist, sandbox, rules.
    bench : Bench
        Where scripts run.
    budget : Budget
        What may be spent.
    run : Run
        Where it is written; it holds the profile already.
    """

    def __init__(self, task: Task, parts: Parts, bench: Bench, budget: Budget, run: Run) -> None:
        self.task, self.parts, self.bench, self.budget, self.run = task, parts, bench, budget, run

    def explore(self) -> Decision:
        """Carry out one proposal after another; return the decision to stop."""
        try:
            decision = self._explore()
            if self.run.asked_to_stop():
                return decision
            was_over = decide(self.run.journal, self.budget).action == "stop"
            self._blend()
            if self._has_time_again(was_over=was_over):
                decision = self._explore()
                if not self.run.asked_to_stop():
                    self._blend()
            return decision
        finally:
            if isinstance(self.parts.scientist, AsksModel):
                self.parts.scientist.close()
            write_calls(self.parts.scientist, self.run)

    def try_script(self, plan: Plan, script: Script) -> Experiment:
        """Run a script that the user gave as an experiment of the run, in as much time as a first one has."""
        wall_s = experiment_wall_s(Journal(), self.budget, 0.0)
        decision = Decision(action="try", reason="the user's own script", parent=plan.parent)
        self._experiment(plan, script, decision, wall_s)
        return self.run.journal.experiments[-1]

    def _explore(self) -> Decision:
        run, parts = self.run, self.parts
        while (decision := decide(run.journal, self.budget)).action != "stop":
            if run.journal.experiments and (reason := run.asked_to_stop()):
                return Decision(action="stop", reason=reason)
            profile = self._profile()
            decision = self._with_families_apart(decision)
            proposal = propose(parts.scientist, parts.is_ours, decision, self.task, profile, run.journal)
            write_calls(self.parts.scientist, self.run)
            if reason := refusal(proposal, self.task, profile, run.journal):
                self._refuse(proposal, reason)
                if refusals_in_a_row(run.journal) >= _REFUSALS:
                    return Decision(action="stop", reason=f"{parts.scientist.name} has no other idea: {reason}")
            elif isinstance(proposal, StopProposal):
                return Decision(action="stop", reason=proposal.reason)
            else:
                self._carry_out(proposal, settle(decision, proposal, run.journal))
        return decision

    def _has_time_again(self, *, was_over: bool) -> bool:
        """Tell whether the time that was kept for what would ship with the best can be searched: a blend was refused.

        A scientist that wished to stop before its time was over is not asked again, unless it is the playbook, to which
        a step may have been too long.
        """
        journal = self.run.journal
        if not journal.has_refused_a_blend or not (was_over or not journal.is_led):
            return False
        return decide(journal, self.budget).action != "stop"

    def _carry_out(self, proposal: Proposal, decision: Decision) -> None:
        if isinstance(proposal, ExperimentProposal):
            self._experiment(proposal.plan, proposal.script, decision)
        elif isinstance(proposal, FixProposal):
            failed = next(e for e in self.run.journal.experiments if e.number == proposal.parent)
            plan = msgspec.structs.replace(failed.plan, parent=failed.number)  # family, idea and hypothesis stay
            self._experiment(plan, proposal.script, decision)
        elif isinstance(proposal, AnalysisProposal):
            self._analyse(proposal)
        elif isinstance(proposal, RevalidateProposal):
            self._revalidate(proposal)
        elif isinstance(proposal, QuarantineProposal):
            self._quarantine(proposal)
        elif isinstance(proposal, ReleaseProposal):
            columns, reason = proposal.columns, proposal.reason
            self.run.file.append(Released(**self.run.stamp(), columns=columns, reason=reason))

    def _experiment(self, plan: Plan, script: Script, decision: Decision, wall_s: float | None = None) -> None:
        run = self.run
        profile = self._profile()
        run.announce(plan)
        if decision.action != "try" and isinstance(self.parts.scientist, AsksModel) and self._has_room():
            self.parts.scientist.think_ahead(plan, self.task, profile, run.journal)
        refused = _check(script, profile, self.parts.is_ours)
        if wall_s is None:
            wall_s = experiment_wall_s(run.journal, self.budget, run.elapsed_s())
        bench = self._bench_for(script, profile)
        rival = self._rival(decision)
        trial = Trial(outcome=refused) if refused else run_script(script, self.task, bench, wall_s, rival)
        experiment = Experiment(
            number=len(run.journal.experiments) + 1,
            decision=decision,
            plan=plan,
            script=script,
            outcome=trial.outcome,
            score=trial.score,
            raced=trial.raced,
            threshold=choose_threshold(self.task, self.bench.train, trial.predictions),
            diagnoses=self._diagnose(plan, script, trial),
            usage=_usage_since_last(run),
        )
        run.file.append(ExperimentFinished(**run.stamp(), experiment=experiment))
        self._keep(experiment.number, trial)

    def _with_families_apart(self, decision: Decision) -> Decision:
        """Say, where the best's family only says the same again, whose errors differ most from the best's."""
        journal, store = self.run.journal, PredictionStore(self.run.file.path.parent / FOLDER)
        best = journal.best
        told = store.load(best.number) if best is not None and decision.code == SATURATED else None
        if best is None or told is None:
            return decision
        names = {family.name for family in self.parts.families}
        alike: dict[str, float] = {}
        for one in sorted(journal.candidates, key=lambda e: e.score.mean if e.score else 0.0):  # the best of each last
            other = store.load(one.number) if one.plan.family in names else None
            value = None if other is None else error_correlation(told, other, self.bench.train)
            if value is not None and one.plan.family != best.plan.family:
                alike[one.plan.family] = value
        if not alike:
            return decision
        apart = tuple(sorted(alike, key=lambda family: alike[family]))
        reason = f"{decision.reason}: the errors of {apart[0]} differ most, correlation {alike[apart[0]]:.2f}"
        return msgspec.structs.replace(decision, reason=reason, apart=apart)

    def _rival(self, decision: Decision) -> Rival | None:
        """Return whom a refinement has to catch where time is short; what is new runs every fold, for a blend."""
        best = self.run.journal.best
        if self.budget.time_limit_s is None or decision.action != "improve" or best is None or best.score is None:
            return None
        constant = _constant_score(self.bench, self.task)
        if constant is None or len(best.score.folds) != len(self.bench.folds):
            return None
        return Rival(score=best.score, margin=RACE_MARGIN * max(0.0, best.score.mean - constant))

    def _blend(self) -> None:
        """Let the best of the search ship together where that is better, and there is room for one more experiment."""
        run, limit = self.run, self.budget.max_experiments
        if limit is not None and len(run.journal.experiments) >= limit:
            return
        store = PredictionStore(run.file.path.parent / FOLDER)
        began_s = run.elapsed_s()
        blended = blend_experiments(self.task, self.bench, run.journal, self.budget, began_s, store.load)
        if isinstance(blended, Blended):
            wall_s = max(FIRST_EXPERIMENT_S, experiment_wall_s(run.journal, self.budget, run.elapsed_s()))
            outcome = try_out(blended.script, self.task, self.bench, wall_s)
            if outcome.status == "ok":
                self._keep_blend(blended, msgspec.structs.replace(outcome, wall_s=run.elapsed_s() - began_s))
                return
            blended = Unblended(members=blended.members, reason=f"their one module does not work: {outcome.reason}")
        if blended is not None:
            run.file.append(NotBlended(**run.stamp(), members=blended.members, reason=blended.reason))

    def _keep_blend(self, blended: Blended, outcome: Outcome) -> None:
        run, blend = self.run, blended.blend
        trial = Trial(outcome=outcome, score=blend.score, predictions=blend.predictions)
        experiment = Experiment(
            number=len(run.journal.experiments) + 1,
            decision=Decision(action="blend", reason="the search is over", parent=blended.plan.parent),
            plan=blended.plan,
            script=blended.script,
            outcome=outcome,
            score=blend.score,
            threshold=choose_threshold(self.task, self.bench.train, blend.predictions),
            diagnoses=self._diagnose(blended.plan, blended.script, trial),
            members=blended.members,
        )
        run.file.append(ExperimentFinished(**run.stamp(), experiment=experiment))
        self._keep(experiment.number, trial)

    def _keep(self, number: int, trial: Trial) -> None:
        """Keep what was predicted out of fold, for intervals: beside the journal, whose scores do not need it."""
        if trial.score is not None and trial.predictions is not None:
            PredictionStore(self.run.file.path.parent / FOLDER).save(number, trial.predictions)

    def _bench_for(self, script: Script, profile: Profile) -> Bench:
        """Return the bench; for a script that a model wrote with a table that holds no quarantined column.

        So no script can earn a score by them, whatever it makes of the guard that goes with it.
        """
        gone = [name for name in quarantined_columns(profile) if name in self.bench.train.table]
        if script.author != "model" or not gone:
            return self.bench
        features = self.bench.features.with_name("train-without.arrow")
        write_table(self.bench.train.table.drop(columns=gone), features)
        return replace(self.bench, features=features)

    def _analyse(self, proposal: AnalysisProposal) -> None:
        wall_s = experiment_wall_s(self.run.journal, self.budget, self.run.elapsed_s())
        refused = check_analysis(proposal.script.source)
        outcome, output = (refused, "") if refused else analyse(proposal.script, self.task, self.bench, wall_s)
        outcome = msgspec.structs.replace(outcome, stdout_tail="")  # it is the output
        self.run.file.append(
            Analysed(
                **self.run.stamp(),
                question=proposal.question,
                script=proposal.script,
                outcome=outcome,
                output=output,
            )
        )

    def _quarantine(self, proposal: QuarantineProposal) -> None:
        """Leave columns unused, unless nothing would count any more and there is no room to begin anew."""
        journal = self.run.journal
        set_aside = tuple(e.number for e in journal.experiments if _may_read(e.script, proposal.columns))
        if not {e.number for e in journal.valid_experiments} - set(set_aside) and not self._has_room():
            self._refuse(proposal, "every experiment so far reads them, and there is no room for another")
            return
        self.run.file.append(
            Quarantined(**self.run.stamp(), columns=proposal.columns, reason=proposal.reason, set_aside=set_aside)
        )

    def _has_room(self) -> bool:
        """Tell whether an experiment like the cheapest so far can still be run after the next."""
        journal, budget = self.run.journal, self.budget
        if budget.max_experiments is not None and len(journal.experiments) + 1 >= budget.max_experiments:
            return False
        left_s = remaining_s(journal, budget)
        return left_s is None or left_s > 2 * min((e.outcome.wall_s for e in journal.valid_experiments), default=0.0)

    def _revalidate(self, proposal: RevalidateProposal) -> None:
        """Change the folds and score the earlier candidates again, the best first, as long as there is time."""
        run, before = self.run, self.bench
        assert run.journal.validation is not None, "the plan is written down before the first experiment"
        try:
            plan = plan_again(proposal, run.journal.validation, self.task, before.train)
        except InvalidData as error:
            self._refuse(proposal, str(error))
            return
        self.bench = rebuilt(before, plan, self.task)
        rescored = self._rescored(len(self.bench.folds) / len(before.folds))
        if not any(one.score for one in rescored):
            self.bench = before
            self._refuse(proposal, f"{UNSCORED} in the time that is left")
            return
        run.file.append(Revalidated(**run.stamp(), validation=plan, reason=proposal.reason, rescored=rescored))

    def _rescored(self, growth: float) -> tuple[Rescored, ...]:
        """Score the candidates again as long as there is time; each takes so many times as long as before."""
        run = self.run
        found: list[Rescored] = []
        by_score = sorted(run.journal.valid_experiments, key=lambda e: -e.score.mean if e.score else 0.0)
        for experiment in by_score:
            wall_s = experiment_wall_s(run.journal, self.budget, run.elapsed_s())
            if wall_s < growth * experiment.outcome.wall_s:
                break
            trial = run_script(experiment.script, self.task, self.bench, wall_s)
            self._keep(experiment.number, trial)
            found.append(
                Rescored(
                    number=experiment.number,
                    outcome=trial.outcome,
                    score=trial.score,
                    threshold=choose_threshold(self.task, self.bench.train, trial.predictions),
                    diagnoses=() if trial.score else self._diagnose(experiment.plan, experiment.script, trial),
                )
            )
        return tuple(found)

    def _diagnose(self, plan: Plan, script: Script, trial: Trial) -> tuple[Diagnosis, ...]:
        profile = self._profile()
        if trial.raced is not None:
            return ()
        if trial.score is None:
            return diagnose_failure(trial.outcome, script, profile, self.parts.crash_rules)
        evidence = self._evidence(plan, profile, trial)
        return diagnose_symptoms(evidence, self.parts.symptom_rules)

    def _evidence(self, plan: Plan, profile: Profile, trial: Trial) -> Evidence:
        assert trial.predictions is not None
        assert trial.score is not None
        bench, journal = self.bench, self.run.journal
        validation = journal.validation
        assert validation is not None, "the plan is written down before the first experiment"
        return Evidence(
            task=self.task,
            profile=profile,
            validation=validation,
            journal=journal.standing,
            plan=plan,
            rows=bench.train,
            folds=bench.folds,
            scoring=bench.scoring,
            score=trial.score,
            predictions=trial.predictions,
            constant_score=_constant_score(bench, self.task),
        )

    def _profile(self) -> Profile:
        profile = self.run.journal.profile
        assert profile is not None, "the profile is written down before the first experiment"
        return profile

    def _refuse(self, proposal: Proposal, reason: str) -> None:
        self.run.file.append(
            ProposalRefused(**self.run.stamp(), kind=kind_of(proposal), what=words_of(proposal), reason=reason)
        )


def write_calls(scientist: Scientist, run: Run) -> None:
    """Write down what a language model was asked since the last time.

    Parameters
    ----------
    scientist : Scientist
        Who asks, or not.
    run : Run
        Where it is written.
    """
    for one in scientist.drain() if isinstance(scientist, AsksModel) else ():
        if isinstance(one, ModelCall):
            run.file.append(ModelCalled(**run.stamp(), call=one))
        else:
            run.file.append(ModelRetired(**run.stamp(), retirement=one))


def rebuilt(bench: Bench, plan: ValidationPlan, task: Task) -> Bench:
    """Return a bench with the folds of another plan.

    Parameters
    ----------
    bench : Bench
        As it is.
    plan : ValidationPlan
        How candidates are compared from here on.
    task : Task
        What is asked.

    Returns
    -------
    Bench
        On the same rows.
    """
    folds = make_folds(plan, task, bench.train, "auto")
    return replace(bench, folds=folds, test_over_train=1.0 / max(1, plan.n_splits - 1))


def _check(script: Script, profile: Profile, is_ours: bool) -> Outcome | None:
    """Return why a script is not run; what a prompt of ours told a model to leave out is looked for in its scripts."""
    if script.author == "model" and is_ours:
        return check_model_script(script.source, profile)
    return check_source(script.source)


def _may_read(script: Script, columns: tuple[str, ...]) -> bool:
    """Tell whether a script reads one of these columns: a model's may take columns by their type, unnamed."""
    return script.author != "playbook" or any(repr(name)[1:-1] in script.source for name in columns)


def _constant_score(bench: Bench, task: Task) -> float | None:
    rows: Dataset = bench.train
    constant = best_constant(bench.scoring, rows, task.n_classes, len(rows))
    table = rows.table if bench.scoring.looks_at_rows else None
    return bench.scoring.score(rows.y, constant, rows.sample_weight, table)


def _usage_since_last(run: Run) -> Usage:
    """Return what calls took since the experiment before was finished."""
    usage = Usage()
    for event in reversed(run.journal.events):
        if isinstance(event, ExperimentFinished):
            break
        if isinstance(event, ModelCalled):
            usage += event.call.usage
    return usage
