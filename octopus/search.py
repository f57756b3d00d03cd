"""The loop: seal, profile, explore until the decision is to stop, then prove.

A newcomer who reads :func:`search` knows the product. Every step is a stage of :mod:`octopus.stages`; records pass
from one to the next, and the journal is the only state that grows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from octopus.bench import Bench
from octopus.budget import is_short
from octopus.dataset import Dataset
from octopus.errors import NoValidExperiment, RunDirectoryError
from octopus.explore import Exploration, Parts, rebuilt, write_calls
from octopus.frame import write_table
from octopus.goal.plans import find_no_time
from octopus.incumbent import find_incumbent, incumbent_plan
from octopus.intervals import errors_of
from octopus.journal import FORMAT, INTERRUPTED, Journal
from octopus.privacy import PrivacyLevel, Shield
from octopus.proof import Shipped, prove
from octopus.protocols import AsksModel, Briefing, Family
from octopus.records import (
    Budget,
    Decision,
    Experiment,
    FamilyVerdict,
    Finding,
    Plan,
    Profile,
    Profiled,
    Quarantined,
    RunStarted,
    Script,
    SearchStopped,
    Task,
    ValidationPlan,
)
from octopus.rundir import Run
from octopus.scoring import Scoring
from octopus.stages.holdout import Sealed, seal_holdout
from octopus.stages.profile import profile_data
from octopus.stages.validation import make_folds, plan_validation


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
    privacy: PrivacyLevel
    descriptions: Mapping[str, str]
    incumbent: Script | None = None


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
    survey = survey_data(question, asked, parts.families, settings)
    task, sealed, profile, plan = survey.task, survey.sealed, survey.profile, survey.plan
    bench = _bench(question, survey, parts, settings, run)
    if run.journal.started is None:  # whatever cannot be used was refused by now, and left no trace
        run.file.append(_started(task, question, parts, settings, run))
        write_calls(parts.scientist, run)  # the goal was read
    if run.journal.profile is None:
        run.file.append(Profiled(**run.stamp(), profile=profile, validation=plan))
    if not run.journal.is_searched:
        if gone := _not_known(task, run.journal):
            run.file.append(_quarantined(gone, task, run))
        if isinstance(parts.scientist, AsksModel):
            parts.scientist.begin(brief(question, survey, settings))
        try:
            stop = _explore(Exploration(task, parts, bench, settings.budget, run), settings.incumbent, run)
        except KeyboardInterrupt:
            stop = Decision(action="stop", reason=INTERRUPTED)
        winner = run.journal.best
        run.file.append(SearchStopped(**run.stamp(), decision=stop, winner=winner.number if winner else None))
    if run.journal.best is None:
        if run.journal.interrupted:  # nothing to return yet, and no failure either
            raise KeyboardInterrupt
        raise NoValidExperiment(run.journal, _why_nothing(run.journal))
    shipped = prove(task, sealed, bench, settings.refit, settings.budget, run)
    return shipped if task.is_classification else _with_errors(shipped, sealed, run)


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What is known before the first experiment.

    Parameters
    ----------
    task : Task
        What is asked, with the columns that name the group and the time.
    sealed : Sealed
        The training rows, and the holdout if there is one.
    profile : Profile
        What was found in the training rows.
    plan : ValidationPlan
        How candidates are compared.
    """

    task: Task
    sealed: Sealed
    profile: Profile
    plan: ValidationPlan


def survey_data(question: Question, asked: Task, families: Sequence[Family], settings: Settings) -> Survey:
    """Seal the holdout, profile the rest and plan its folds: the same for the same question.

    Parameters
    ----------
    question : Question
        The rows.
    asked : Task
        What is asked, with the seed of the run.
    families : sequence of Family
        Kinds of models that may take part.
    settings : Settings
        The user's choices.

    Returns
    -------
    Survey
        Nothing of it is written down yet.
    """
    sealed = seal_holdout(question.data, asked, settings.columns, settings.holdout, given=question.given_holdout)
    task = msgspec.structs.replace(asked, group=sealed.group, time=sealed.time)
    profile = profile_data(task, sealed, settings.columns, (*question.findings, *find_no_time(task)))
    profile = msgspec.structs.replace(profile, families=_verdicts(families, task, profile))
    hurried = is_short(settings.budget.time_limit_s)
    plan = plan_validation(task, profile, sealed.train, sealed.holdout is not None, settings.cv, hurried=hurried)
    return Survey(task=task, sealed=sealed, profile=profile, plan=plan)


def try_script(
    question: Question, parts: Parts, settings: Settings, run: Run, script: Script, hypothesis: str
) -> Experiment:
    """Score a script of the user's on the folds of a run, as one of its experiments.

    Parameters
    ----------
    question, parts, settings : Question, Parts, Settings
        As the run had them.
    run : Run
        Where it is written; it has begun. In one that is finished the experiment is kept and never ships, for its
        holdout is open.
    script : Script
        The user's.
    hypothesis : str
        What it is to show.

    Returns
    -------
    Experiment
        With its score, or the diagnosis of its failure.

    Raises
    ------
    RunDirectoryError
        The run has not begun, or is about something else.
    """
    if run.journal.started is None or run.journal.profile is None:
        raise RunDirectoryError(run.file.path.parent, "its run has not begun", "Name a run that has experiments.")
    survey = survey_data(question, _carried_on(question, run.journal.started, run), parts.families, settings)
    bench = _bench(question, survey, parts, settings, run)
    best = run.journal.best
    plan = Plan(
        family="other",
        idea="a script of the user's",
        hypothesis=hypothesis,
        expected="more than the best so far",
        parent=best.number if best else None,
    )
    return Exploration(survey.task, parts, bench, settings.budget, run).try_script(plan, script)


def _explore(exploration: Exploration, incumbent: Script | None, run: Run) -> Decision:
    """Score the user's present model, unless the run has it already, and go on from there."""
    if incumbent is not None and find_incumbent(run.journal.experiments) is None:
        exploration.try_script(incumbent_plan(), incumbent)
    return exploration.explore()


def _with_errors(shipped: Shipped, sealed: Sealed, run: Run) -> Shipped:
    """Keep how far off the experiment was out of fold: predicting does not need the run."""
    return replace(shipped, errors=errors_of(run.file.path.parent, shipped.experiment.number, sealed.train.y))


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


def _not_known(task: Task, journal: Journal) -> tuple[str, ...]:
    """Return the columns that are not known when predictions are made, by the goal, and that are still used."""
    assert journal.profile is not None, "it was written down"
    used = {column.name for column in journal.profile.columns if column.used}
    named = tuple(one.value for one in task.understood if one.what == "not known" and one.value in used)
    is_first = not any(isinstance(event, Quarantined) for event in journal.events)
    return named if is_first and used - set(named) else ()


def _quarantined(columns: tuple[str, ...], task: Task, run: Run) -> Quarantined:
    words = "; ".join(one.words for one in task.understood if one.what == "not known")
    return Quarantined(
        **run.stamp(), columns=columns, reason=f"not known when predictions are made: the goal says “{words}”"
    )


def brief(question: Question, survey: Survey, settings: Settings) -> Briefing:
    """Return what a scientist with a model is told, and what keeps the rest from leaving.

    Parameters
    ----------
    question : Question
        The versions of what is installed.
    survey : Survey
        The training rows.
    settings : Settings
        What may leave.

    Returns
    -------
    Briefing
        For :class:`octopus.protocols.AsksModel`.
    """
    naming = [name for name in (survey.task.group,) if name]
    shield = Shield.of(survey.sealed.train.table, survey.profile, settings.privacy, naming)
    return Briefing(
        budget=settings.budget,
        versions=question.versions,
        privacy=settings.privacy,
        descriptions=settings.descriptions,
        samples=shield.samples(3),
        hide=shield.hide,
    )


def _bench(question: Question, survey: Survey, parts: Parts, settings: Settings, run: Run) -> Bench:
    """Write the training table, without target and without sealed rows, and make the folds that count now."""
    features, train, plan = run.workspace / "train.arrow", survey.sealed.train, survey.plan
    write_table(train.table, features)
    bench = Bench(
        sandbox=parts.sandbox,
        features=features,
        train=train,
        folds=make_folds(plan, survey.task, train, settings.cv),
        scoring=question.scoring,
        test_over_train=1.0 / max(1, plan.n_splits - 1),
        n_jobs=settings.n_jobs,
        memory_bytes=settings.memory_bytes,
    )
    now = run.journal.validation
    return bench if now is None or now == plan else rebuilt(bench, now, survey.task)


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
