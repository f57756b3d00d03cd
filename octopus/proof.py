"""From the winning script to what ships: fit, replay, open the holdout, refit, replay again.

What ships is what was proved: a pipeline that does not replay in a clean process is passed over for the next best,
and where only the refit does not replay, the scored fit ships. So it is with one that takes longer for a row than the
goal allows; where none is quick enough, the quickest of those that were tried ships, with a warning.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from dataclasses import dataclass
from typing import Literal

import msgspec

from octopus.bench import Bench
from octopus.budget import n_resamples, worthwhile_threads
from octopus.dataset import Dataset, Float
from octopus.errors import LatencyWarning, NoValidExperiment, ReplayWarning
from octopus.frame import write_table
from octopus.incumbent import NAME, find_incumbent, find_plain
from octopus.intervals import FoldErrors, errors_of
from octopus.journal import INTERRUPTED
from octopus.protocols import JobResult
from octopus.records import (
    Budget,
    Experiment,
    Fitted,
    HoldoutOpened,
    Latency,
    Limits,
    ModelFile,
    RunFinished,
    Script,
    Task,
)
from octopus.reporting.sentences import held_words
from octopus.rundir import Run
from octopus.scoring import best_constant
from octopus.stages.fit import fit_script
from octopus.stages.holdout import Sealed
from octopus.stages.latency import measure_latency
from octopus.stages.replay import predict_rows, replay_model
from octopus.stages.report import Contest, report_holdout

#: Seconds that each final step gets even where the budget is spent: a run always ends with something.
_MIN_FINAL_S = 30.0
#: … and where there is no time limit.
_UNLIMITED_FINAL_S = 3600.0
#: Candidates that are fitted to keep a latency limit once the time is up, the quickest to score first.
_MOST_LATE = 3


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
    latency : Latency or None
        How long it takes for a row alone, where that could be measured.
    errors : FoldErrors or None
        How far off its experiment was out of fold, where numbers are predicted.
    """

    model: bytes
    sha256: str
    experiment: Experiment
    fitted_on: Literal["all", "train"]
    latency: Latency | None = None
    errors: FoldErrors | None = None


@dataclass(frozen=True, kw_only=True)
class _Court:
    """What every step of the proof needs."""

    task: Task
    sealed: Sealed
    bench: Bench
    budget: Budget
    run: Run
    refit: Literal["all", "train"] = "all"

    def is_timed(self, fitted_on: Literal["all", "train"]) -> bool:
        """Whether the time of a row is measured: of what is to ship, and of every fit where the goal has a limit."""
        last = "all" if self.sealed.holdout is None else self.refit
        return self.keeps_a_process and (self.task.latency is not None or fitted_on == last)

    @property
    def limits(self) -> Limits:
        """What a final child may use: the time that is left, and never so little that nothing comes of it."""
        if self.budget.time_limit_s is None:
            wall_s = _UNLIMITED_FINAL_S
        else:
            wall_s = max(_MIN_FINAL_S, self.budget.time_limit_s - self.run.elapsed_s())
        n_threads = worthwhile_threads(*self.bench.train.table.shape, self.bench.n_jobs)
        return Limits(wall_s=wall_s, memory_bytes=self.bench.memory_bytes, n_threads=n_threads)

    @property
    def is_late(self) -> bool:
        """Whether the time of the run is up."""
        limit_s = self.budget.time_limit_s
        return limit_s is not None and self.run.elapsed_s() >= limit_s

    @property
    def keeps_a_process(self) -> bool:
        """Whether a child of the sandbox stays to be asked again: else the time of a row would be that of a start."""
        started = self.run.journal.started
        return os.name == "posix" and (started is None or started.sandbox.by != "container")

    def is_quick_enough(self, shipped: Shipped) -> bool:
        """Whether nothing was measured that is above the goal's limit."""
        return self.task.latency is None or self.task.latency.is_kept(shipped.latency)

    def row_ms(self, shipped: Shipped) -> float:
        """Return what is held to the goal's latency limit; 0 where there is none, or nothing was measured."""
        limit, latency = self.task.latency, shipped.latency
        return 0.0 if limit is None or latency is None else limit.measured_ms(latency)


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
    court = _Court(task=task, sealed=sealed, bench=bench, budget=budget, run=run, refit=refit)
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
    if problem := _latency_problem(court, shipped):
        warnings.warn(LatencyWarning(problem), stacklevel=2)
        reason = f"{reason}; {problem}"
    court.run.file.append(RunFinished(**court.run.stamp(), shipped=shipped.fitted_on, reason=reason))
    return shipped


def _latency_problem(court: _Court, shipped: Shipped) -> str:
    """Return why the goal's latency limit is not kept, or not known to be; empty where it is."""
    limit = court.task.latency
    if limit is None:
        return ""
    if shipped.latency is None:
        return f"whether it keeps the goal's {limit.ms:g} ms for one row could not be measured here"
    if limit.is_kept(shipped.latency):
        return ""
    return (
        f"no model that was tried keeps the goal's {limit.ms:g} ms for one row: the quickest ships, which takes "
        f"{held_words(limit, shipped.latency)}"
    )


def _first_that_replays(court: _Court, fitted_on: Literal["all", "train"]) -> Shipped:
    """Fit the best experiment; where its pipeline does not replay or is too slow for the goal, the next best."""
    left = sorted(court.run.journal.candidates, key=lambda e: -e.score.mean if e.score else 0.0)
    quickest: Shipped | None = None
    n_late = 0
    while left and n_late < _MOST_LATE:
        if quickest is not None and court.is_late:  # something can ship: try what is more likely to be quick
            left.sort(key=lambda e: e.outcome.wall_s)
            n_late += 1
        shipped = _fit_and_replay(court, court.sealed.train, left.pop(0), fitted_on)
        if shipped is None:
            continue
        if court.is_quick_enough(shipped):
            return shipped
        if quickest is None or court.row_ms(shipped) < court.row_ms(quickest):
            quickest = shipped
    if quickest is None:
        raise NoValidExperiment(court.run.journal, "no pipeline could be fitted on all rows and replayed")
    return quickest


def _fit_and_replay(
    court: _Court, data: Dataset, experiment: Experiment, fitted_on: Literal["all", "train"]
) -> Shipped | None:
    """Fit on these rows, replay and time; journal it. Return None where fit or replay failed."""
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
    replays = all(check.passed for check in checks)
    latency = None
    if replays and court.is_timed(fitted_on):
        latency = measure_latency(result.model, probe, court.task, court.bench.sandbox, court.limits)
    court.run.file.append(
        Fitted(**court.run.stamp(), experiment=experiment.number, model=file, checks=checks, latency=latency)
    )
    if not replays:
        return None
    return Shipped(model=result.model, sha256=sha256, experiment=experiment, fitted_on=fitted_on, latency=latency)


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
    plain, present = find_plain(scored), find_incumbent(scored)
    for name, one in ((f"plain {plain.plan.family}" if plain else "", plain), (NAME, present)):
        if one is not None and one.number == shipped.experiment.number:
            baselines[name] = predictions
        elif one is not None and (rival := _plain_predictions(court, one.script, holdout)) is not None:
            baselines[name] = rival
    draws = n_resamples(len(holdout), court.budget.time_limit_s)
    report = report_holdout(
        Contest(rows=holdout, predictions=predictions, baselines=baselines, n_resamples=draws),
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
    """Fit the winner on every row; the scored fit ships where that does not replay, or is too slow where it is not."""
    everything = court.sealed.train.joined(holdout)
    refitted = _fit_and_replay(court, everything, scored.experiment, "all")
    if refitted is None:
        reason = "the refit on every row did not replay: the scored fit ships"
        warnings.warn(ReplayWarning(reason), stacklevel=2)
        return scored, reason
    if court.is_quick_enough(scored) and not court.is_quick_enough(refitted):
        return scored, "the refit on every row takes longer for one row than the goal allows: the scored fit ships"
    return refitted, "the winner was refitted on every row after the holdout was scored"
