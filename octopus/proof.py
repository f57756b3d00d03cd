"""From the winning script to what ships: fit, replay, open the holdout, refit, replay again.

What ships is what was proved: a pipeline that does not replay in a clean process is passed over for the next best,
and where only the refit does not replay, the scored fit ships.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from typing import Literal

import msgspec

from octopus.bench import Bench
from octopus.budget import worthwhile_threads
from octopus.dataset import Dataset, Float
from octopus.errors import NoValidExperiment, ReplayWarning
from octopus.frame import write_table
from octopus.incumbent import NAME, find_incumbent, is_incumbent
from octopus.intervals import FoldErrors, errors_of
from octopus.journal import INTERRUPTED
from octopus.protocols import JobResult
from octopus.records import (
    Budget,
    Experiment,
    Fitted,
    HoldoutOpened,
    Limits,
    ModelFile,
    RunFinished,
    Script,
    Task,
)
from octopus.rundir import Run
from octopus.scoring import best_constant
from octopus.stages.fit import fit_script
from octopus.stages.holdout import Sealed
from octopus.stages.replay import predict_rows, replay_model
from octopus.stages.report import Contest, report_holdout

#: Seconds that each final step gets even where the budget is spent: a run always ends with something.
_MIN_FINAL_S = 30.0
#: … and where there is no time limit.
_UNLIMITED_FINAL_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """The pipeline that was proved.

    Parameters
    ----------
    model : bytes
        The fitted pipeline, as the child wrote it.
    sha256 : str
        Its hash.
    experiment : Experiment
        Where it comes from.
    fitted_on : {"all", "train"}
        Every row, or the rows outside the holdout.
    errors : FoldErrors or None
        How far off its experiment was out of fold, where numbers are predicted.
    """

    model: bytes
    sha256: str
    experiment: Experiment
    fitted_on: Literal["all", "train"]
    errors: FoldErrors | None = None


@dataclass(frozen=True, kw_only=True)
class _Court:
    """What every step of the proof needs."""

    task: Task
    sealed: Sealed
    bench: Bench
    budget: Budget
    run: Run

    @property
    def limits(self) -> Limits:
        """What a final child may use: the time that is left, and never so little that nothing comes of it."""
        if self.budget.time_limit_s is None:
            wall_s = _UNLIMITED_FINAL_S
        else:
            wall_s = max(_MIN_FINAL_S, self.budget.time_limit_s - self.run.elapsed_s())
        n_threads = worthwhile_threads(*self.bench.train.table.shape, self.bench.n_jobs)
        return Limits(wall_s=wall_s, memory_bytes=self.bench.memory_bytes, n_threads=n_threads)


def prove(
    task: Task, sealed: Sealed, bench: Bench, refit: Literal["all", "train"], budget: Budget, run: Run
) -> Shipped:
    """Fit and replay the winner, open the holdout once, refit on every row, and say which fit ships.

    Parameters
    ----------
    task : Task
        What is asked.
    sealed : Sealed
        The training rows, and the holdout if there is one.
    bench : Bench
        Where scripts run.
    refit : {"all", "train"}
        Whether the winner is fitted once more on every row.
    budget : Budget
        Limits of the run.
    run : Run
        Where it is written.

    Returns
    -------
    Shipped
        The pipeline that was proved.

    Raises
    ------
    NoValidExperiment
        No experiment's pipeline could be fitted and replayed.
    """
    court = _Court(task=task, sealed=sealed, bench=bench, budget=budget, run=run)
    everything: Literal["all", "train"] = "all" if sealed.holdout is None else "train"
    try:
        shipped = _first_that_replays(court, everything)
    except KeyboardInterrupt:
        if run.journal.interrupted:  # the second time: the user means it
            raise
        shipped = _first_that_replays(court, everything)
        return _finish(court, shipped, f"{INTERRUPTED} before the holdout was opened: the winner ships unproved")
    if sealed.holdout is None:
        return _finish(court, shipped, "there is no holdout: the winner was fitted on every row")
    try:
        holdout = sealed.holdout.open()
        problem = "" if run.journal.holdout is not None else _open_holdout(court, holdout, shipped)
        shipped, reason = _refit(court, holdout, shipped) if refit == "all" else (shipped, "refit='train'")
    except KeyboardInterrupt:
        scored = "the scored fit ships" if run.journal.holdout else "the fit on the other rows ships, unproved"
        return _finish(court, shipped, f"{INTERRUPTED} in the proof: {scored}")
    return _finish(court, shipped, f"{reason}; {problem}" if problem else reason)


def _finish(court: _Court, shipped: Shipped, reason: str) -> Shipped:
    """Journal which fit ships, and why that one."""
    court.run.file.append(RunFinished(**court.run.stamp(), shipped=shipped.fitted_on, reason=reason))
    return shipped


def _first_that_replays(court: _Court, fitted_on: Literal["all", "train"]) -> Shipped:
    """Fit the best experiment; where its pipeline does not replay, the next best."""
    by_score = sorted(court.run.journal.candidates, key=lambda e: -e.score.mean if e.score else 0.0)
    for experiment in by_score:
        shipped = _fit_and_replay(court, court.sealed.train, experiment, fitted_on)
        if shipped is not None:
            return shipped
    raise NoValidExperiment(court.run.journal, "no pipeline could be fitted on all rows and replayed")


def _fit_and_replay(
    court: _Court, data: Dataset, experiment: Experiment, fitted_on: Literal["all", "train"]
) -> Shipped | None:
    """Fit on these rows and replay; journal both. Return None where either failed."""
    if data is court.sealed.train:
        features = court.bench.features
    else:
        features = court.run.workspace / "all.arrow"
        write_table(data.table, features)
    result, rows = fit_script(experiment.script, court.task, data, features, court.bench.sandbox, court.limits)
    if result.model is None or result.predictions is None:
        return None
    probe = data.table.iloc[rows].reset_index(drop=True)
    checks = replay_model(
        result.model, probe, result.predictions, court.task, court.run.workspace, court.bench.sandbox, court.limits
    )
    sha256 = hashlib.sha256(result.model).hexdigest()
    file = ModelFile(path="model/pipeline.pkl", sha256=sha256, size_bytes=len(result.model), fitted_on=fitted_on)
    court.run.file.append(Fitted(**court.run.stamp(), experiment=experiment.number, model=file, checks=checks))
    if not all(check.passed for check in checks):
        return None
    return Shipped(model=result.model, sha256=sha256, experiment=experiment, fitted_on=fitted_on)


def _open_holdout(court: _Court, holdout: Dataset, shipped: Shipped) -> str:
    """Predict the sealed rows with the fit that was replayed, score them once; return why nothing is proved by them."""
    result = _predict(court, shipped.model, holdout)
    predictions = result.predictions
    if predictions is None:
        outcome = result.outcome
        problem = (
            f"the winner could not predict the sealed rows ({outcome.status} in {outcome.stage}: {outcome.reason})"
        )
        warnings.warn(ReplayWarning(problem), stacklevel=2)
        return problem
    train, task = court.sealed.train, court.task
    baselines = {"constant": best_constant(court.bench.scoring, train, task.n_classes, len(holdout))}
    scored = court.run.journal.candidates
    others = [e for e in scored if not is_incumbent(e)]
    plain = next((e for e in others if e.script.author == "playbook"), others[0] if others else None)
    present = find_incumbent(scored)
    for name, one in ((f"plain {plain.plan.family}" if plain else "", plain), (NAME, present)):
        if one is not None and one.number == shipped.experiment.number:
            baselines[name] = predictions
        elif one is not None and (rival := _plain_predictions(court, one.script, holdout)) is not None:
            baselines[name] = rival
    report = report_holdout(
        Contest(rows=holdout, predictions=predictions, baselines=baselines),
        court.bench.scoring,
        shipped.experiment,
        len(court.run.journal.experiments),
        task.random_state,
    )
    if report is None:
        return f"{task.scoring} is undefined on the sealed rows, so nothing is proved by them"
    errors = None
    if not task.is_classification:
        errors = errors_of(court.run.file.path.parent, shipped.experiment.number, train.y)
    if errors is not None:
        report = msgspec.structs.replace(report, coverage=errors.coverage(predictions, holdout.y))
    court.run.file.append(HoldoutOpened(**court.run.stamp(), report=report))
    return ""


def _plain_predictions(court: _Court, script: Script, holdout: Dataset) -> Float | None:
    """Fit the script of a baseline on the same rows and predict the same holdout."""
    bench = court.bench
    result, _ = fit_script(script, court.task, court.sealed.train, bench.features, bench.sandbox, court.limits)
    return None if result.model is None else _predict(court, result.model, holdout).predictions


def _predict(court: _Court, model: bytes, rows: Dataset) -> JobResult:
    return predict_rows(model, rows.table, court.task, court.run.workspace, court.bench.sandbox, court.limits)


def _refit(court: _Court, holdout: Dataset, scored: Shipped) -> tuple[Shipped, str]:
    """Fit the winner on every row; the scored fit ships where that does not replay."""
    everything = court.sealed.train.joined(holdout)
    refitted = _fit_and_replay(court, everything, scored.experiment, "all")
    if refitted is not None:
        return refitted, "the winner was refitted on every row after the holdout was scored"
    reason = "the refit on every row did not replay: the scored fit ships"
    warnings.warn(ReplayWarning(reason), stacklevel=2)
    return scored, reason
