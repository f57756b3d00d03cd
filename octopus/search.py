"""The loop: seal, profile, then decide → propose → run → score → diagnose until the decision is to stop, then prove.

A newcomer who reads :func:`search` knows the product. Every step is a stage of :mod:`octopus.stages`; records pass
from one to the next, and the journal is the only state that grows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from octopus.budget import experiment_wall_s
from octopus.dataset import Dataset
from octopus.errors import NoValidExperiment, RunDirectoryError
from octopus.frame import write_table
from octopus.goal.plans import find_no_time
from octopus.journal import FORMAT, INTERRUPTED, Journal
from octopus.proof import Shipped, prove
from octopus.protocols import CrashRule, Evidence, Family, Sandbox, Scientist, SymptomRule
from octopus.records import (
    Author,
    Budget,
    Decision,
    Experiment,
    ExperimentFinished,
    FamilyVerdict,
    Finding,
    Plan,
    Profile,
    Profiled,
    RunStarted,
    SearchStopped,
    StopProposal,
    Task,
    ValidationPlan,
)
from octopus.rundir import Run
from octopus.scoring import Scoring, best_constant
from octopus.stages.decide import decide, settle
from octopus.stages.diagnose import diagnose_failure, diagnose_symptoms
from octopus.stages.holdout import Sealed, seal_holdout
from octopus.stages.profile import profile_data
from octopus.stages.propose import propose
from octopus.stages.run import Bench, Trial, run_script
from octopus.stages.threshold import choose_threshold
from octopus.stages.validation import make_folds, plan_validation


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The plug-ins of a run, and who writes the scripts that are proposed."""

    scientist: Scientist
    author: Author
    families: Sequence[Family]
    sandbox: Sandbox
    crash_rules: Sequence[CrashRule]
    symptom_rules: Sequence[SymptomRule]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the user chose about the way, not about the task."""

    budget: Budget
    columns: Mapping[str, str]
    cv: object
    holdout: float | None
    refit: Literal["all", "train"]
    n_jobs: int
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class Question:
    """The task with its rows: all of them, before anything is sealed."""

    task: Task
    data: Dataset
    given_holdout: Dataset | None
    scoring: Scoring
    findings: tuple[Finding, ...]
    data_sha256: str
    versions: Mapping[str, str]


def search(question: Question, parts: Parts, settings: Settings, run: Run) -> Shipped:
    """Run experiments until the decision is to stop, then prove and ship the winner.

    Parameters
    ----------
    question : Question
        What is asked, and the rows.
    parts : Parts
        Scientist, families, sandbox, rules.
    settings : Settings
        Budget and choices.
    run : Run
        Where it is written. An unfinished journal is carried on.

    Returns
    -------
    Shipped
        The fitted pipeline that was proved.

    Raises
    ------
    NoValidExperiment
        No script ever worked.
    KeyboardInterrupt
        The user ended the search before a script had worked; the run can be carried on.
    RunDirectoryError
        The unfinished run asks something else, or of other rows.
    """
    asked = question.task if run.journal.started is None else _carried_on(question, run.journal.started, run)
    sealed = seal_holdout(question.data, asked, settings.columns, settings.holdout, given=question.given_holdout)
    task = msgspec.structs.replace(asked, group=sealed.group, time=sealed.time)
    profile = profile_data(task, sealed, settings.columns, (*question.findings, *find_no_time(task)))
    profile = msgspec.structs.replace(profile, families=_verdicts(parts.families, task, profile))
    plan = plan_validation(task, profile, sealed.train, sealed.holdout is not None, settings.cv)
    bench = _bench(task, question.scoring, sealed, plan, parts, settings, run)
    if run.journal.started is None:  # whatever cannot be used was refused by now, and left no trace
        run.file.append(_started(task, question, parts, settings, run))
    if run.journal.profile is None:
        run.file.append(Profiled(**run.stamp(), profile=profile, validation=plan))
    if not run.journal.is_searched:
        try:
            stop = _explore(task, profile, plan, bench, parts, settings.budget, run)
        except KeyboardInterrupt:
            stop = Decision(action="stop", reason=INTERRUPTED)
        winner = run.journal.best
        run.file.append(SearchStopped(**run.stamp(), decision=stop, winner=winner.number if winner else None))
    if run.journal.best is None:
        if run.journal.interrupted:  # nothing to return yet, and no failure either
            raise KeyboardInterrupt
        raise NoValidExperiment(run.journal, _why_nothing(run.journal))
    return prove(task, sealed, bench, settings.refit, settings.budget, run)


def _carried_on(question: Question, started: RunStarted, run: Run) -> Task:
    """Return the task with the seed of the unfinished run, so that the same rows are sealed again."""
    asked = msgspec.structs.replace(question.task, random_state=started.task.random_state)
    before = msgspec.structs.replace(started.task, group=None, time=None)
    remedy = "Carry it on with the same parameters and data, or give another run_dir."
    if question.data_sha256 != started.data_sha256:
        raise RunDirectoryError(run.file.path.parent, "its unfinished run is about other rows", remedy)
    if asked != before:
        differing = [name for name in asked.__struct_fields__ if getattr(asked, name) != getattr(before, name)]
        why = f"its unfinished run asks something else ({', '.join(differing)} differ)"
        raise RunDirectoryError(run.file.path.parent, why, remedy)
    return asked


def _explore(
    task: Task, profile: Profile, plan: ValidationPlan, bench: Bench, parts: Parts, budget: Budget, run: Run
) -> Decision:
    """Run one experiment after another; return the decision to stop."""
    while (decision := decide(run.journal, budget)).action != "stop":
        if run.journal.experiments and (reason := run.asked_to_stop()):
            return Decision(action="stop", reason=reason)
        proposal = propose(parts.scientist, parts.author, decision, task, profile, run.journal)
        decision = settle(decision, proposal)
        if isinstance(proposal, StopProposal):
            break
        run.announce(proposal.plan)
        wall_s = experiment_wall_s(run.journal, budget, run.elapsed_s())
        trial = run_script(proposal.script, task, bench, wall_s)
        if trial.score is None:
            diagnoses = diagnose_failure(trial.outcome, proposal.script, profile, parts.crash_rules)
        else:
            evidence = _evidence(task, profile, plan, proposal.plan, bench, trial, run.journal)
            diagnoses = diagnose_symptoms(evidence, parts.symptom_rules)
        experiment = Experiment(
            number=len(run.journal.experiments) + 1,
            decision=decision,
            plan=proposal.plan,
            script=proposal.script,
            outcome=trial.outcome,
            score=trial.score,
            threshold=choose_threshold(task, bench.train, trial.predictions),
            diagnoses=diagnoses,
        )
        run.file.append(ExperimentFinished(**run.stamp(), experiment=experiment))
    return decision


def _started(task: Task, question: Question, parts: Parts, settings: Settings, run: Run) -> RunStarted:
    return RunStarted(
        **run.stamp(),
        format=FORMAT,
        run=run.name,
        task=task,
        budget=settings.budget,
        scientist=parts.scientist.name,
        sandbox=parts.sandbox.report(),
        data_sha256=question.data_sha256,
        versions=question.versions,
        n_jobs=settings.n_jobs,
    )


def _bench(
    task: Task, scoring: Scoring, sealed: Sealed, plan: ValidationPlan, parts: Parts, settings: Settings, run: Run
) -> Bench:
    """Write the training table, without target and without sealed rows, and make the folds."""
    features = run.workspace / "train.arrow"
    write_table(sealed.train.table, features)
    return Bench(
        sandbox=parts.sandbox,
        features=features,
        train=sealed.train,
        folds=make_folds(plan, task, sealed.train, settings.cv),
        scoring=scoring,
        test_over_train=1.0 / max(1, plan.n_splits - 1),
        n_jobs=settings.n_jobs,
        memory_bytes=settings.memory_bytes,
    )


def _evidence(
    task: Task, profile: Profile, validation: ValidationPlan, plan: Plan, bench: Bench, trial: Trial, journal: Journal
) -> Evidence:
    assert trial.predictions is not None
    assert trial.score is not None
    y, weight = bench.train.y, bench.train.sample_weight
    table = bench.train.table if bench.scoring.looks_at_rows else None
    constant = bench.scoring.score(y, best_constant(bench.scoring, bench.train, task.n_classes, len(y)), weight, table)
    return Evidence(
        task=task,
        profile=profile,
        validation=validation,
        journal=journal,
        plan=plan,
        rows=bench.train,
        folds=bench.folds,
        scoring=bench.scoring,
        score=trial.score,
        predictions=trial.predictions,
        constant_score=constant,
    )


def _verdicts(families: Sequence[Family], task: Task, profile: Profile) -> tuple[FamilyVerdict, ...]:
    verdicts = []
    for family in families:
        try:
            against = family.reason_against(task, profile)
        except Exception as error:  # noqa: BLE001  boundary: a plug-in that fails takes no part
            against = f"it failed: {type(error).__name__}: {error}"
        verdicts.append(FamilyVerdict(family=family.name, applies=against is None, reason=against or ""))
    return tuple(verdicts)


def _why_nothing(journal: Journal) -> str:
    """Say what was tried and what came of it most often."""
    causes = [f"{d.title} ({d.evidence})" for e in journal.experiments for d in e.diagnoses[:1]]
    stopped = journal.stopped.decision.reason if journal.stopped else ""
    if not causes:
        return f"{len(journal.experiments)} were run ({stopped})"
    usual = max(set(causes), key=causes.count)
    return f"{len(causes)} failed, most often: {usual} ({stopped})"
