"""Script → Trial: smoke run, one child per fold; the parent computes the score."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec
import numpy as np
import pandas as pd
from scipy import stats

from octopus.bench import Bench
from octopus.budget import worthwhile_threads
from octopus.dataset import Float, Fold, Rows
from octopus.protocols import Job, JobResult
from octopus.records import Limits, Outcome, Score, Script, Task
from octopus.scoring import secondary_scores, summarise

#: Above this many rows a run on few of them comes first: below, the first fold is as cheap.
_SMOKE_ABOVE_ROWS = 2000
_SMOKE_ROWS = 500
#: Fitted rows that the first child predicts as well: the standard error of an accuracy on 2000 is at most 0.011, far
#: below the gaps between fitted and other rows that a diagnosis looks for, and they cost a child milliseconds.
_SEEN_ROWS = 2000
#: Folds from which on a race is decided by paired differences, and at which confidence; before that, spreads of the
#: rival's folds.
_PAIRED_FOLDS, _CONFIDENCE, _SPREADS = 3, 0.95, 3.0
#: How much longer than the others the first folds may take: when trees stop differs from fold to fold.
_SLACK = 1.25
#: A child that starts with less than this left could not even import.
_MIN_WALL_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of a script.

    Parameters
    ----------
    outcome : Outcome
        Of the child that failed, or of all together.
    score : Score or None
        Validation score; None where there is none.
    raced : Score or None
        Of the folds that ran before it was plain that the script cannot catch its rival; then there is no ``score``.
    predictions : ndarray of shape (n_rows, n_classes) or (n_rows,), or None
        Out-of-fold predictions, averaged over repeats, NaN for rows that no fold scored.
    """

    outcome: Outcome
    score: Score | None = None
    raced: Score | None = None
    predictions: Float | None = None


@dataclass(frozen=True, kw_only=True)
class Rival:
    """Whom a script has to catch, or it is stopped early.

    Parameters
    ----------
    score : Score
        On the same folds.
    margin : float
        A loss so small is never a reason to stop: a model that is about as good may be worth something beside it.
    """

    score: Score
    margin: float

    def is_out_of_reach(self, values: Sequence[float]) -> bool:
        """Tell whether a script that scores so on the first folds cannot catch up on the others.

        Parameters
        ----------
        values : sequence of float
            Its scores, fold by fold.

        Returns
        -------
        bool
            From three folds on by the one-sided confidence bound of the paired differences at 95 % at each look, as
            racing does (Maron & Moore, 1994, "Hoeffding races", NeurIPS; Birattari et al., 2002, "F-race", GECCO);
            before that by three times the spread of the rival's folds, which stands for that of the differences. Where
            there is no spread to judge by, never.
        """
        folds = self.score.folds
        if not values or len(values) >= len(folds):
            return False
        behind = np.subtract(folds[: len(values)], values)
        if len(values) < _PAIRED_FOLDS:
            error = _SPREADS * float(np.std(folds, ddof=1))
        else:
            quantile = float(stats.t.ppf(_CONFIDENCE, len(values) - 1))
            error = quantile * float(np.std(behind, ddof=1)) / math.sqrt(len(values))
        return error > 0 and float(np.mean(behind)) - error > self.margin


def run_script(script: Script, task: Task, bench: Bench, wall_s: float, rival: Rival | None = None) -> Trial:
    """Run a script on every fold and score its predictions.

    Parameters
    ----------
    script : Script
        What to run.
    task : Task
        What is asked.
    bench : Bench
        Where and on what.
    wall_s : float
        Seconds for all folds together.
    rival : Rival or None, default=None
        Whom it has to catch; None to run every fold whatever comes.

    Returns
    -------
    Trial
        Outcome, score and out-of-fold predictions. Whatever the script does, nothing is raised.
    """
    began = time.monotonic()
    deadline = began + wall_s
    race = _Race(bench, rival)
    # A script whose first folds take longer than their share could not finish the others: what is too slow, or hangs,
    # costs that much and no more.
    if len(bench.train) > _SMOKE_ABOVE_ROWS:
        n_first = max(1, min(bench.n_jobs, len(bench.folds)))
        share_s = _SLACK * wall_s / math.ceil(len(bench.folds) / n_first)
        smoke_deadline = min(deadline, began + share_s)
        smoke = bench.sandbox.run(_job(script, task, bench, _smoke_fold(bench, task), smoke_deadline, n_parallel=1))
        if smoke.outcome.status != "ok":
            return Trial(outcome=_over_all([smoke], time.monotonic() - began))
    else:
        n_first, share_s = 1, wall_s / _n_rounds(len(bench.folds), bench.n_jobs)
    first_deadline = min(deadline, time.monotonic() + share_s)
    results = _run_folds(script, task, bench, bench.folds[:n_first], first_deadline, race)
    if race.goes_on:
        results += _run_folds(script, task, bench, bench.folds[n_first:], deadline, race)
    outcome = _over_all(results, time.monotonic() - began)
    if outcome.status != "ok":
        return Trial(outcome=outcome)
    if not race.goes_on:
        return Trial(outcome=outcome, raced=summarise(bench.scoring.name, tuple(race.defined), bench.test_over_train))
    trial = _scored(outcome, race.defined, [r.predictions for r in results if r.predictions is not None], task, bench)
    return _with_train_score(trial, results[0].seen, task, bench)


def try_out(script: Script, task: Task, bench: Bench, wall_s: float) -> Outcome:
    """Run a script on a few rows of the first fold, to see whether it works at all.

    Parameters
    ----------
    script : Script
        What to run.
    task : Task
        What is asked.
    bench : Bench
        Where and on what.
    wall_s : float
        Seconds.

    Returns
    -------
    Outcome
        Of that run.
    """
    deadline = time.monotonic() + wall_s
    return bench.sandbox.run(_job(script, task, bench, _smoke_fold(bench, task), deadline, n_parallel=1)).outcome


def _n_rounds(n_folds: int, n_jobs: int) -> int:
    """Return how many times a fold's time passes until all are done: the first runs alone, the others in parallel."""
    return 1 + math.ceil((n_folds - 1) / max(1, min(n_jobs, n_folds - 1)))


class _Race:
    """The folds so far and their scores, looked at in their order, so that it does not matter which one ends first.

    Scores are computed in the parent, which alone holds the labels of the scored rows; one is None where the metric is
    undefined on a fold.
    """

    def __init__(self, bench: Bench, rival: Rival | None) -> None:
        self.bench, self.rival = bench, rival
        self.goes_on = True
        self.values: list[float | None] = []

    def look(self, fold: Fold, result: JobResult) -> None:
        """Take the next fold's result in."""
        if result.outcome.status != "ok":
            self.goes_on = False
        elif result.predictions is not None:
            told = _told(self.bench, fold, result.predictions)
            self.values.append(self.bench.scoring.score(*told, _table(self.bench, fold.valid_rows)))
            # Where the metric is undefined on a fold, the rival's folds and these do not pair any more.
            if self.rival is not None and len(self.defined) == len(self.values):
                self.goes_on = not self.rival.is_out_of_reach(self.defined)

    @property
    def defined(self) -> list[float]:
        """The scores of the folds on which there is one."""
        return [value for value in self.values if value is not None]


def _run_folds(
    script: Script, task: Task, bench: Bench, folds: Sequence[Fold], deadline: float, race: _Race
) -> list[JobResult]:
    """Run folds, several at a time; once the race is over the folds that have not started are left out."""
    n_parallel = max(1, min(bench.n_jobs, len(folds)))

    def run_fold(fold: Fold) -> JobResult:
        return bench.sandbox.run(_job(script, task, bench, fold, deadline, n_parallel))

    if n_parallel == 1:
        return list(_until_over(folds, map(run_fold, folds), race))
    pool = ThreadPoolExecutor(n_parallel, thread_name_prefix="octopus-fold")
    try:
        return list(_until_over(folds, pool.map(run_fold, folds), race))
    except BaseException:  # Ctrl-C: the children of folds under way end with their processes, not with their work
        bench.sandbox.close()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _until_over(folds: Sequence[Fold], results: Iterable[JobResult], race: _Race) -> Iterator[JobResult]:
    for fold, result in zip(folds, results, strict=True):
        yield result
        race.look(fold, result)
        if not race.goes_on:
            return


def _job(script: Script, task: Task, bench: Bench, fold: Fold, deadline: float, n_parallel: int) -> Job:
    """Describe one fold for its child: the labels of the fitted rows, and of no other row."""
    rows = fold.train_rows
    train = bench.train
    return Job(
        kind="fold",
        source=script.source,
        features=bench.features,
        train_rows=rows,
        y=train.y[rows],
        sample_weight=_weight(bench, rows),
        groups=None if train.groups is None else train.groups[rows],
        time=None if train.time is None else train.time[rows].astype("datetime64[ns]").astype(np.int64),
        predict_rows=fold.valid_rows,
        seen_rows=_seen_rows(bench, task) if fold is bench.folds[0] else None,
        n_classes=task.n_classes,
        random_state=task.random_state,
        limits=Limits(
            wall_s=max(_MIN_WALL_S, deadline - time.monotonic()),
            memory_bytes=bench.memory_bytes // n_parallel,
            n_threads=worthwhile_threads(*train.table.shape, bench.n_jobs // n_parallel),
        ),
    )


def _seen_rows(bench: Bench, task: Task) -> Rows:
    """Return the fitted rows of the first fold that are predicted as well: the same for every experiment."""
    rows = bench.folds[0].train_rows
    if len(rows) <= _SEEN_ROWS:
        return rows
    return np.sort(np.random.default_rng(task.random_state).choice(rows, _SEEN_ROWS, replace=False))


def _smoke_fold(bench: Bench, task: Task) -> Fold:
    """Return a few rows of the first fold, every class among them where it can be."""
    fold = bench.folds[0]
    rng = np.random.default_rng(task.random_state)
    rows = rng.permutation(fold.train_rows)
    if task.is_classification:
        _, first_of_each = np.unique(bench.train.y[rows], return_index=True)
        rows = np.concatenate([rows[first_of_each], np.delete(rows, first_of_each)])
    return Fold(train_rows=np.sort(rows[:_SMOKE_ROWS]), valid_rows=fold.valid_rows[: _SMOKE_ROWS // 5])


def _over_all(results: Sequence[JobResult], wall_s: float) -> Outcome:
    """Return the first failure, or the last success, with the costs of all children."""
    outcomes = [r.outcome for r in results]
    shown = next((o for o in outcomes if o.status != "ok"), outcomes[-1])
    return msgspec.structs.replace(
        shown,
        wall_s=wall_s,
        cpu_s=sum(o.cpu_s for o in outcomes),
        max_rss_bytes=max(o.max_rss_bytes for o in outcomes),
        n_leftover_processes=sum(o.n_leftover_processes for o in outcomes),
    )


def _scored(outcome: Outcome, values: Sequence[float], predictions: Sequence[Float], task: Task, bench: Bench) -> Trial:
    """Sum up the scores of all folds on which there is one."""
    if not values:
        reason = f"{bench.scoring.name} is undefined on every fold of these predictions"
        return Trial(outcome=msgspec.structs.replace(outcome, status="bad_result", reason=reason))
    told = [_told(bench, fold, predicted) for fold, predicted in zip(bench.folds, predictions, strict=True)]
    score = summarise(bench.scoring.name, tuple(values), bench.test_over_train)
    score = msgspec.structs.replace(score, others=secondary_scores(bench.scoring, told))
    return Trial(outcome=outcome, score=score, predictions=_out_of_fold(predictions, task, bench))


def _with_train_score(trial: Trial, seen: Float | None, task: Task, bench: Bench) -> Trial:
    """Add what the first fold's model scores on rows that it was fitted on; the parent has their labels, as ever."""
    if trial.score is None or seen is None:
        return trial
    rows = _seen_rows(bench, task)
    value = bench.scoring.score(bench.train.y[rows], seen, _weight(bench, rows), _table(bench, rows))
    return dataclasses.replace(trial, score=msgspec.structs.replace(trial.score, train=value))


def _told(bench: Bench, fold: Fold, predicted: Float) -> tuple[Float, Float, Float | None]:
    """Return what is true of a fold's scored rows, what was predicted, and their weights."""
    return bench.train.y[fold.valid_rows], predicted, _weight(bench, fold.valid_rows)


def _weight(bench: Bench, rows: Rows) -> Float | None:
    return None if bench.train.sample_weight is None else bench.train.sample_weight[rows]


def _table(bench: Bench, rows: Rows) -> pd.DataFrame | None:
    """Return rows for a metric that looks at them; for others None, which saves the copy."""
    return bench.train.table.iloc[rows] if bench.scoring.looks_at_rows else None


def _out_of_fold(predictions: Sequence[Float], task: Task, bench: Bench) -> Float:
    n_rows = len(bench.train)
    total = np.zeros((n_rows, task.n_classes) if task.n_classes else n_rows)
    times: Rows = np.zeros(n_rows, dtype=np.int64)
    for fold, predicted in zip(bench.folds, predictions, strict=True):
        total[fold.valid_rows] += predicted
        times[fold.valid_rows] += 1
    divisor = np.where(times > 0, times, np.nan)
    averaged: Float = total / (divisor[:, None] if task.n_classes else divisor)
    return averaged
