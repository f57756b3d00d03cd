"""What a child is told, and what the parent makes of its predictions."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, make_scorer, mean_absolute_error, mean_pinball_loss, r2_score
from sklearn.model_selection import KFold, RepeatedKFold

from octopus import budget
from octopus.bench import Bench
from octopus.dataset import Dataset, Float, Fold, Rows
from octopus.frame import write_table
from octopus.protocols import Job, JobResult, Sandbox
from octopus.records import Failure, Outcome, Score, Script, Status, Task, TaskType
from octopus.sandbox.levels import open_process
from octopus.scoring import Scoring, make_scoring
from octopus.stages.run import Rival, run_script, try_out
from octopus.testing.examples import example_task
from tests.frames import binary_frame, regression_frame, weighted_frame

SCRIPT = Script(source="def build_pipeline():\n    return 1\n", author="playbook")
WALL_S = 1000.0
MEMORY_BYTES = 8 << 30


class _Prepared:
    """A sandbox that gives prepared answers and remembers what it was told."""

    level = "process"

    def __init__(self, answer: Callable[[Job], JobResult]) -> None:
        self.answer, self.jobs, self.n_closed = answer, list[Job](), 0

    def run(self, job: Job) -> JobResult:
        self.jobs.append(job)
        return self.answer(job)

    def close(self) -> None:
        self.n_closed += 1


def _ok(predictions: Float) -> JobResult:
    return JobResult(outcome=Outcome(status="ok", stage="done", cpu_s=1.0, max_rss_bytes=7), predictions=predictions)


def _broken(status: Status = "error") -> JobResult:
    failure = Failure(type="ValueError", message="no such luck")
    return JobResult(outcome=Outcome(status=status, stage="fit", cpu_s=2.0, max_rss_bytes=9, failure=failure))


def _dataset(table: pd.DataFrame, y: Float, **beside: object) -> Dataset:
    return Dataset(table=table, y=y, row_ids=np.arange(len(y), dtype=np.int64), **beside)  # type: ignore[arg-type]


def _regression() -> Dataset:
    """Return rows whose labels are all different, and different from every position of a row."""
    table, _ = regression_frame()
    n_rows = len(table)
    rows = np.random.default_rng(0).permutation(n_rows).astype(np.int64)
    return _dataset(
        table,
        rows + 0.5,
        sample_weight=rows + 1000.25,
        groups=rows + 5000,
        time=np.datetime64("2020-01-01", "ns") + rows * np.timedelta64(1, "D"),
    )


def _binary() -> Dataset:
    table, y = binary_frame()
    return _dataset(table, (y == "yes").to_numpy(dtype=np.float64))


def _folds(data: Dataset, splitter: KFold | RepeatedKFold | None = None) -> tuple[Fold, ...]:
    splits = (splitter or KFold(5, shuffle=True, random_state=0)).split(data.y)
    return tuple(Fold(train_rows=train, valid_rows=valid) for train, valid in splits)


def _bench(
    data: Dataset,
    sandbox: Sandbox,
    folds: Sequence[Fold] | None = None,
    n_jobs: int = 1,
    scoring: Scoring | None = None,
) -> Bench:
    return Bench(
        sandbox=sandbox,
        features=Path("train.arrow"),
        train=data,
        folds=tuple(folds or _folds(data)),
        scoring=scoring or make_scoring("neg_mean_absolute_error", "regression", None),
        test_over_train=0.25,
        n_jobs=n_jobs,
        memory_bytes=MEMORY_BYTES,
    )


def _task(task_type: TaskType = "regression") -> Task:
    return example_task(task_type)


def _true_plus(data: Dataset, error: float = 0.0) -> Callable[[Job], JobResult]:
    return lambda job: _ok(data.y[job.predict_rows] + error)


# ------------------------------------------------------------------ what a child is told


@pytest.mark.parametrize("n_jobs", [1, 4])
def test_a_child_gets_the_labels_of_the_rows_it_fits_on_and_no_other(n_jobs: int) -> None:
    data = _regression()
    sandbox = _Prepared(_true_plus(data))
    run_script(SCRIPT, _task(), _bench(data, sandbox, n_jobs=n_jobs), WALL_S)
    assert len(sandbox.jobs) == 5
    for job in sandbox.jobs:
        assert job.train_rows is not None
        assert not set(job.train_rows) & set(job.predict_rows)
        np.testing.assert_array_equal(job.y, data.y[job.train_rows])
        hidden = data.y[job.predict_rows]
        for field in dataclasses.fields(job):
            value = getattr(job, field.name)
            if isinstance(value, np.ndarray):
                assert not np.isin(hidden, value).any(), f"{field.name} holds labels of scored rows"


def test_a_child_gets_weights_groups_and_time_of_the_rows_it_fits_on() -> None:
    data = _regression()
    assert data.sample_weight is not None
    assert data.groups is not None
    assert data.time is not None
    sandbox = _Prepared(_true_plus(data))
    bench = _bench(data, sandbox)
    run_script(SCRIPT, _task(), bench, WALL_S)
    for job, fold in zip(sandbox.jobs, bench.folds, strict=True):
        rows = fold.train_rows
        np.testing.assert_array_equal(job.train_rows, rows)
        np.testing.assert_array_equal(job.predict_rows, fold.valid_rows)
        np.testing.assert_array_equal(job.sample_weight, data.sample_weight[rows])
        np.testing.assert_array_equal(job.groups, data.groups[rows])
        np.testing.assert_array_equal(job.time, data.time[rows].astype(np.int64))
        assert (job.kind, job.source, job.model, job.n_classes) == ("fold", SCRIPT.source, None, 0)
        assert (job.features, job.random_state) == (bench.features, _task().random_state)


def test_what_is_not_known_of_the_rows_is_not_told() -> None:
    data = _binary()
    sandbox = _Prepared(lambda job: _ok(np.full((len(job.predict_rows), 2), 0.5)))
    run_script(SCRIPT, _task("binary"), _bench(data, sandbox, scoring=_accuracy()), WALL_S)
    assert all((j.sample_weight, j.groups, j.time, j.n_classes) == (None, None, None, 2) for j in sandbox.jobs)


# ------------------------------------------------------------------ what the parent makes of it


def _accuracy() -> Scoring:
    return make_scoring("accuracy", "binary", np.array(["no", "yes"]))


@pytest.mark.parametrize("n_jobs", [1, 4])
def test_the_score_is_computed_from_the_predictions_of_each_fold(n_jobs: int) -> None:
    data = _binary()
    prepared = np.random.default_rng(0).dirichlet([1, 1], len(data))
    sandbox = _Prepared(lambda job: _ok(prepared[job.predict_rows]))
    bench = _bench(data, sandbox, n_jobs=n_jobs, scoring=_accuracy())
    trial = run_script(SCRIPT, _task("binary"), bench, WALL_S)
    expected = [accuracy_score(data.y[f.valid_rows], prepared[f.valid_rows].argmax(axis=1)) for f in bench.folds]
    assert trial.score is not None
    assert trial.score.folds == pytest.approx(expected)
    assert trial.score.mean == pytest.approx(np.mean(expected))
    assert trial.score.standard_error == pytest.approx(np.std(expected, ddof=1) * np.sqrt(1 / 5 + 0.25))
    np.testing.assert_allclose(trial.predictions, prepared)


def test_scored_rows_are_weighed_by_their_own_weights() -> None:
    data = _regression()
    assert data.sample_weight is not None
    bench = _bench(data, _Prepared(lambda job: _ok(data.y[job.predict_rows] * 1.5)))
    trial = run_script(SCRIPT, _task(), bench, WALL_S)
    assert trial.score is not None
    for value, rows in zip(trial.score.folds, (f.valid_rows for f in bench.folds), strict=True):
        error = mean_absolute_error(data.y[rows], data.y[rows] * 1.5, sample_weight=data.sample_weight[rows])
        assert value == pytest.approx(-error)


def test_predictions_are_averaged_over_repeats() -> None:
    data = _regression()
    folds = _folds(data, RepeatedKFold(n_splits=3, n_repeats=2, random_state=0))
    sandbox = _Prepared(lambda job: _ok(data.y[job.predict_rows] + len(sandbox.jobs)))  # the job's number is its error
    trial = run_script(SCRIPT, _task(), _bench(data, sandbox, folds), WALL_S)
    errors = np.zeros(len(data))
    for number, fold in enumerate(folds, start=1):
        errors[fold.valid_rows] += number / 2
    assert trial.predictions is not None
    np.testing.assert_allclose(trial.predictions - data.y, errors)
    assert trial.score is not None
    assert trial.score.folds == pytest.approx([-1.0, -2.0, -3.0, -4.0, -5.0, -6.0])


@pytest.mark.parametrize("task_type", ["regression", "binary"])
def test_a_row_that_no_fold_scores_has_no_prediction(task_type: TaskType) -> None:
    data, is_binary = (_binary(), True) if task_type == "binary" else (_regression(), False)
    rows = np.arange(len(data), dtype=np.int64)
    fold = Fold(train_rows=rows[:300], valid_rows=rows[300:400])
    scoring = _accuracy() if is_binary else None
    shape = (100, 2) if is_binary else (100,)
    bench = _bench(data, _Prepared(lambda _: _ok(np.full(shape, 0.5))), [fold], scoring=scoring)
    trial = run_script(SCRIPT, _task(task_type), bench, WALL_S)
    assert trial.predictions is not None
    scored = np.isfinite(trial.predictions).reshape(len(data), -1).all(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(scored), fold.valid_rows)
    assert trial.score is not None
    assert trial.score.standard_error is None


def test_a_fold_on_which_the_metric_is_undefined_is_left_out() -> None:
    data = _binary()
    folds = _folds(data)
    no_positives = Fold(train_rows=folds[0].train_rows, valid_rows=np.flatnonzero(data.y == 0)[:50])
    scoring = make_scoring("roc_auc", "binary", np.array(["no", "yes"]))
    half = _Prepared(lambda job: _ok(np.full((len(job.predict_rows), 2), 0.5)))
    some = run_script(SCRIPT, _task("binary"), _bench(data, half, [no_positives, *folds[1:]], scoring=scoring), WALL_S)
    assert some.score is not None
    assert some.score.folds == (0.5,) * 4
    none = run_script(SCRIPT, _task("binary"), _bench(data, half, [no_positives], scoring=scoring), WALL_S)
    assert none.score is None
    assert none.outcome.status == "bad_result"
    assert "roc_auc is undefined on every fold" in none.outcome.reason


def test_a_metric_of_ones_own_sees_the_scored_rows() -> None:
    data = _regression()
    seen: list[pd.DataFrame] = []

    def remembers(estimator: object, X: pd.DataFrame, y: Float) -> float:
        seen.append(X)
        return float(len(y))

    scoring = make_scoring(remembers, "regression", None)
    seen.clear()
    bench = _bench(data, _Prepared(_true_plus(data)), scoring=scoring)
    run_script(SCRIPT, _task(), bench, WALL_S)
    for rows, fold in zip(seen, bench.folds, strict=True):
        pd.testing.assert_frame_equal(rows, data.table.iloc[fold.valid_rows].reset_index(drop=True))


def test_costs_are_those_of_all_children() -> None:
    data = _regression()
    outcome = run_script(SCRIPT, _task(), _bench(data, _Prepared(_true_plus(data)), n_jobs=4), WALL_S).outcome
    assert (outcome.status, outcome.cpu_s, outcome.max_rss_bytes) == ("ok", 5.0, 7)


# ------------------------------------------------------------------ what was learned by heart, and other metrics


def _knows_by_heart(data: Dataset, error: float) -> Callable[[Job], JobResult]:
    """Return a model that is right on rows that it was fitted on and off by so much on others."""

    def answer(job: Job) -> JobResult:
        result = _ok(data.y[job.predict_rows] + error)
        return result if job.seen_rows is None else dataclasses.replace(result, seen=data.y[job.seen_rows] + 1.0)

    return answer


@pytest.mark.parametrize("n_jobs", [1, 4])
def test_the_first_fold_alone_predicts_rows_that_it_was_fitted_on(n_jobs: int) -> None:
    data = _regression()
    sandbox = _Prepared(_knows_by_heart(data, 5.0))
    bench = _bench(data, sandbox, n_jobs=n_jobs)
    trial = run_script(SCRIPT, _task(), bench, WALL_S)
    seen = [job.seen_rows for job in sandbox.jobs if job.seen_rows is not None]
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0], bench.folds[0].train_rows)
    assert trial.score is not None
    assert trial.score.train == pytest.approx(-1.0)
    assert trial.score.mean == pytest.approx(-5.0), "they are no part of the validation score"


def test_of_many_fitted_rows_the_same_few_are_predicted_each_time() -> None:
    data = _many_rows()
    sandbox = _Prepared(lambda job: _ok(np.full((len(job.predict_rows), 2), 0.5)))
    bench = _bench(data, sandbox, [_halves(data)], scoring=_accuracy())
    run_script(SCRIPT, _task("binary"), bench, WALL_S)
    run_script(SCRIPT, _task("binary"), bench, WALL_S)
    smoke, first, smoke_again, again = (job.seen_rows for job in sandbox.jobs)
    assert smoke is smoke_again is None
    assert first is not None
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first)) == 2000
    assert set(first) <= set(bench.folds[0].train_rows)


def _halves(data: Dataset) -> Fold:
    rows = np.arange(len(data), dtype=np.int64)
    return Fold(train_rows=rows[100:], valid_rows=rows[:100])


def test_a_sandbox_without_them_leaves_the_score_as_it_is() -> None:
    data = _regression()
    trial = run_script(SCRIPT, _task(), _bench(data, _Prepared(_true_plus(data))), WALL_S)
    assert trial.score is not None
    assert trial.score.train is None


def test_other_metrics_are_means_over_the_folds_with_their_weights() -> None:
    data = _regression()
    assert data.sample_weight is not None
    bench = _bench(data, _Prepared(lambda job: _ok(data.y[job.predict_rows] * 1.5)))
    trial = run_script(SCRIPT, _task(), bench, WALL_S)
    assert trial.score is not None
    assert set(trial.score.others) == {"neg_root_mean_squared_error", "r2"}
    expected = [
        r2_score(data.y[rows], data.y[rows] * 1.5, sample_weight=data.sample_weight[rows])
        for rows in (fold.valid_rows for fold in bench.folds)
    ]
    assert trial.score.others["r2"] == pytest.approx(np.mean(expected))


LINE = Script(
    source="""
from sklearn.linear_model import LinearRegression

def build_pipeline():
    return LinearRegression()
""",
    author="playbook",
)


def _loss_of_the_heavy(estimator: object, X: pd.DataFrame, y: Float, sample_weight: Float | None = None) -> float:
    """Look at the rows, at the weights and at the model, as a metric of someone's own may."""
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    heavy = (X["bmi"] > 25).to_numpy()
    missed = np.abs(y - estimator.predict(X))  # type: ignore[attr-defined]
    return -float(np.average(missed[heavy], weights=weight[heavy]))


@pytest.mark.parametrize("own", [True, False], ids=["function", "made scorer"])
def test_metrics_of_ones_own_score_a_real_script_with_weights(own: bool, tmp_path: Path) -> None:
    table, y = regression_frame()
    weight = np.random.default_rng(0).uniform(0.1, 5.0, len(y))
    data = _dataset(table.astype("float64"), y.to_numpy(dtype=np.float64), sample_weight=weight)
    write_table(data.table, tmp_path / "train.arrow")
    scorer = _loss_of_the_heavy if own else make_scorer(mean_pinball_loss, greater_is_better=False, alpha=0.8)
    sandbox = open_process(imports=("sklearn.linear_model",), environment={})
    bench = _bench(data, sandbox, scoring=make_scoring(scorer, "regression", None))
    trial = run_script(LINE, _task(), dataclasses.replace(bench, features=tmp_path / "train.arrow"), WALL_S)
    assert trial.score is not None, trial.outcome

    def by_hand(fitted: Rows, rows: Rows) -> float:
        model = LinearRegression().fit(data.table.iloc[fitted], data.y[fitted], sample_weight=weight[fitted])
        return float(scorer(model, data.table.iloc[rows], data.y[rows], sample_weight=weight[rows]))

    assert trial.score.folds == pytest.approx([by_hand(f.train_rows, f.valid_rows) for f in bench.folds])
    first = bench.folds[0].train_rows
    assert trial.score.train == pytest.approx(by_hand(first, first))
    assert set(trial.score.others) == {"neg_root_mean_squared_error", "neg_mean_absolute_error", "r2"}


# ------------------------------------------------------------------ order, limits, failures


def test_the_first_fold_runs_alone_and_the_others_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "_VALUES_PER_THREAD", 1)  # the table is small, and threads are divided all the same
    data = _regression()
    together = threading.Barrier(4)

    def answer(job: Job) -> JobResult:
        if len(sandbox.jobs) > 1:
            together.wait(timeout=60)  # passes only when four children run at the same time
        return _ok(data.y[job.predict_rows])

    sandbox = _Prepared(answer)
    trial = run_script(SCRIPT, _task(), _bench(data, sandbox, n_jobs=8), WALL_S)
    assert trial.score is not None
    first, *others = sandbox.jobs
    assert (first.limits.n_threads, first.limits.memory_bytes) == (8, MEMORY_BYTES)
    assert {(j.limits.n_threads, j.limits.memory_bytes) for j in others} == {(2, MEMORY_BYTES // 4)}


def test_results_stay_with_their_folds_whoever_is_first() -> None:
    data = _regression()
    folds = _folds(data)
    number_of = {int(fold.valid_rows[0]): number for number, fold in enumerate(folds)}
    done = [threading.Event() for _ in range(6)]
    done[5].set()

    def answer(job: Job) -> JobResult:
        number = number_of[int(job.predict_rows[0])]
        if number:
            assert done[number + 1].wait(timeout=60), "the last fold is done first"
        done[number].set()
        return _ok(data.y[job.predict_rows] + number)

    trial = run_script(SCRIPT, _task(), _bench(data, _Prepared(answer), folds, n_jobs=4), WALL_S)
    assert trial.score is not None
    assert trial.score.folds == pytest.approx([0.0, -1.0, -2.0, -3.0, -4.0])


@pytest.mark.parametrize("n_jobs", [1, 4])
def test_a_failure_in_the_first_fold_stops_the_others(n_jobs: int) -> None:
    data = _regression()
    sandbox = _Prepared(lambda _: _broken())
    trial = run_script(SCRIPT, _task(), _bench(data, sandbox, n_jobs=n_jobs), WALL_S)
    assert len(sandbox.jobs) == 1
    assert (trial.score, trial.predictions) == (None, None)
    assert trial.outcome.failure == Failure(type="ValueError", message="no such luck")


@pytest.mark.parametrize("n_jobs", [1, 4])
@pytest.mark.parametrize("status", ["error", "timeout", "memory", "bad_result", "killed"])
def test_a_failure_in_a_later_fold_is_the_outcome(n_jobs: int, status: Status) -> None:
    data = _regression()
    folds = _folds(data)

    def answer(job: Job) -> JobResult:
        is_third = job.predict_rows[0] == folds[2].valid_rows[0]
        return _broken(status) if is_third else _ok(data.y[job.predict_rows])

    sandbox = _Prepared(answer)
    trial = run_script(SCRIPT, _task(), _bench(data, sandbox, folds, n_jobs=n_jobs), WALL_S)
    assert trial.outcome.status == status
    assert (trial.score, trial.predictions) == (None, None)
    assert trial.outcome.max_rss_bytes == 9
    if n_jobs == 1:
        assert len(sandbox.jobs) == 3
        assert trial.outcome.cpu_s == 4.0


def test_the_time_of_all_folds_together_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("octopus.stages.run.time", SimpleNamespace(monotonic=lambda: clock[0]))
    data = _regression()

    def answer(job: Job) -> JobResult:
        clock[0] += 4.0
        return _ok(data.y[job.predict_rows])

    sandbox = _Prepared(answer)
    trial = run_script(SCRIPT, _task(), _bench(data, sandbox), 10.0)
    assert [job.limits.wall_s for job in sandbox.jobs] == [2.0, 6.0, 2.0, 0.5, 0.5], "a fifth for the first of five"
    assert trial.outcome.wall_s == 20.0


@pytest.mark.parametrize("n_jobs", [1, 4])
def test_ctrl_c_is_passed_on_and_leaves_no_child(n_jobs: int) -> None:
    data = _regression()

    def answer(job: Job) -> JobResult:
        if len(sandbox.jobs) > 1:
            raise KeyboardInterrupt
        return _ok(data.y[job.predict_rows])

    sandbox = _Prepared(answer)
    with pytest.raises(KeyboardInterrupt):
        run_script(SCRIPT, _task(), _bench(data, sandbox, n_jobs=n_jobs), WALL_S)
    assert sandbox.n_closed == (n_jobs > 1), "in one thread the sandbox's own run has already ended its child"


# ------------------------------------------------------------------ the smoke run


def _many_rows() -> Dataset:
    table, y, weight = weighted_frame()
    codes = np.zeros(len(y))
    codes[np.flatnonzero(y == "yes")[:3]] = 1.0  # of 2,500 rows, three are of the rare class
    return _dataset(table, codes, sample_weight=weight.to_numpy())


def test_many_rows_are_preceded_by_a_run_on_few() -> None:
    data = _many_rows()
    sandbox = _Prepared(lambda job: _ok(np.full((len(job.predict_rows), 2), 0.5)))
    bench = _bench(data, sandbox, n_jobs=4, scoring=_accuracy())
    trial = run_script(SCRIPT, _task("binary"), bench, WALL_S)
    smoke, *folds = sandbox.jobs
    assert len(folds) == 5
    assert smoke.train_rows is not None
    assert smoke.y is not None
    assert (len(smoke.train_rows), len(smoke.predict_rows)) == (500, 100)
    assert set(smoke.train_rows) <= set(bench.folds[0].train_rows)
    assert set(smoke.predict_rows) <= set(bench.folds[0].valid_rows)
    np.testing.assert_array_equal(smoke.y, data.y[smoke.train_rows])
    assert set(smoke.y) == {0.0, 1.0}, "the rare class is among the few rows"
    assert trial.score is not None
    assert len(trial.score.folds) == 5


def test_a_script_that_fails_on_few_rows_never_sees_the_many() -> None:
    sandbox = _Prepared(lambda _: _broken())
    trial = run_script(SCRIPT, _task("binary"), _bench(_many_rows(), sandbox, scoring=_accuracy()), WALL_S)
    assert len(sandbox.jobs) == 1
    assert trial.outcome.status == "error"
    assert trial.score is None


def test_few_rows_need_no_smoke_run() -> None:
    data = _regression()
    sandbox = _Prepared(_true_plus(data))
    run_script(SCRIPT, _task(), _bench(data, sandbox), WALL_S)
    assert len(sandbox.jobs) == 5


@pytest.mark.parametrize(("n_jobs", "share"), [(1, 5), (2, 3), (4, 2), (16, 2)])
def test_a_script_that_hangs_at_once_costs_one_round_of_its_time(n_jobs: int, share: int) -> None:
    data = _regression()
    sandbox = _Prepared(lambda job: JobResult(outcome=Outcome(status="timeout", stage="fit")))
    run_script(SCRIPT, _task(), _bench(data, sandbox, n_jobs=n_jobs), 600.0)
    assert len(sandbox.jobs) == 1
    assert sandbox.jobs[0].limits.wall_s == pytest.approx(600.0 / share, abs=5.0)


@pytest.mark.parametrize(("n_jobs", "n_first", "share"), [(1, 1, 1.25 / 5), (2, 2, 1.25 / 3), (16, 5, 1.0)])
def test_many_rows_that_take_too_long_cost_the_first_folds_share_of_the_time(
    n_jobs: int, n_first: int, share: float
) -> None:
    data = _many_rows()

    def answer(job: Job) -> JobResult:
        assert job.train_rows is not None
        is_smoke = len(job.train_rows) == 500
        return _ok(np.full((len(job.predict_rows), 2), 0.5)) if is_smoke else _broken("timeout")

    sandbox = _Prepared(answer)
    bench = _bench(data, sandbox, n_jobs=n_jobs, scoring=_accuracy())
    trial = run_script(SCRIPT, _task("binary"), bench, 600.0)
    smoke, *folds = sandbox.jobs
    assert smoke.limits.wall_s <= 600.0
    assert trial.outcome.status == "timeout"
    assert len(folds) <= n_first, "the others do not start"
    assert folds[0].limits.wall_s == pytest.approx(600.0 * share, abs=5.0)


# ------------------------------------------------------------------ racing

#: A rival whose folds spread by little; errors of 1 are far behind, those of 0.1 are not.
RIVAL = Rival(
    score=Score(
        scoring="neg_mean_absolute_error", mean=-0.1, standard_error=0.01, folds=(-0.09, -0.1, -0.11, -0.1, -0.1)
    ),
    margin=0.05,
)


@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_a_script_that_is_far_behind_is_stopped_after_its_first_fold(n_jobs: int) -> None:
    data = _regression()
    sandbox = _Prepared(_true_plus(data, 1.0))
    trial = run_script(SCRIPT, _task(), _bench(data, sandbox, n_jobs=n_jobs), WALL_S, RIVAL)
    assert (trial.score, trial.predictions, trial.outcome.status) == (None, None, "ok")
    assert trial.raced is not None
    assert trial.raced.folds == pytest.approx((-1.0,))
    assert len(sandbox.jobs) == 1


@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_of_many_rows_the_same_folds_count_however_many_run_at_once(
    n_jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octopus.stages.run._SMOKE_ABOVE_ROWS", 10)
    data = _regression()
    sandbox = _Prepared(_true_plus(data, 1.0))
    trial = run_script(SCRIPT, _task(), _bench(data, sandbox, n_jobs=n_jobs), WALL_S, RIVAL)
    assert trial.raced is not None
    assert len(trial.raced.folds) == 1
    assert n_jobs > 1 or len(sandbox.jobs) == 1 + 1


def test_a_script_that_may_catch_up_runs_every_fold() -> None:
    data = _regression()
    sandbox = _Prepared(_true_plus(data, 0.12))
    trial = run_script(SCRIPT, _task(), _bench(data, sandbox), WALL_S, RIVAL)
    assert trial.raced is None
    assert trial.score is not None
    assert len(sandbox.jobs) == 5


def test_without_a_rival_nothing_is_spared() -> None:
    data = _regression()
    sandbox = _Prepared(_true_plus(data, 1000.0))
    assert run_script(SCRIPT, _task(), _bench(data, sandbox), WALL_S).score is not None
    assert len(sandbox.jobs) == 5


def test_a_failure_in_a_race_is_a_failure() -> None:
    trial = run_script(SCRIPT, _task(), _bench(_regression(), _Prepared(lambda _: _broken())), WALL_S, RIVAL)
    assert (trial.outcome.status, trial.raced) == ("error", None)


def test_folds_without_a_spread_are_nothing_to_judge_by():
    even = Rival(score=Score(scoring="accuracy", mean=0.8, standard_error=0.0, folds=(0.8,) * 5), margin=0.006)
    assert not even.is_out_of_reach([0.7])
    assert even.is_out_of_reach([0.7, 0.6, 0.65])


def test_small_losses_that_are_certain_are_no_reason_to_stop() -> None:
    assert not RIVAL.is_out_of_reach([-0.13, -0.14, -0.15])
    assert RIVAL.is_out_of_reach([-0.23, -0.24, -0.25])


@given(
    folds=st.lists(st.floats(-1.0, 0.0), min_size=3, max_size=10),
    values=st.lists(st.floats(-2.0, 0.0), min_size=1, max_size=9),
    margin=st.floats(0.0, 1.0),
)
def test_whoever_is_not_behind_on_average_is_never_stopped(
    folds: list[float], values: list[float], margin: float
) -> None:
    rival = Rival(score=Score(scoring="r2", mean=0.0, standard_error=None, folds=tuple(folds)), margin=margin)
    values = values[: len(folds) - 1]
    behind = float(np.mean(np.subtract(folds[: len(values)], values)))
    assert behind > margin or not rival.is_out_of_reach(values)
    assert not rival.is_out_of_reach(folds)
    assert not rival.is_out_of_reach([])


def test_a_metric_that_is_undefined_on_a_fold_ends_the_race_not_the_script() -> None:
    data = _binary()
    sandbox = _Prepared(lambda job: _ok(np.full((len(job.predict_rows), 2), 0.5)))
    only = np.flatnonzero(data.y == data.y[0])[:3]
    rest = np.setdiff1d(np.arange(len(data)), only)
    folds = [Fold(train_rows=rest, valid_rows=only), *_folds(data)[1:]]
    rival = Rival(score=Score(scoring="roc_auc", mean=1.0, standard_error=None, folds=(1.0,) * 5), margin=0.0)
    bench = _bench(data, sandbox, folds, scoring=make_scoring("roc_auc", "binary", np.array(["no", "yes"])))
    trial = run_script(SCRIPT, _task("binary"), bench, WALL_S, rival)
    assert trial.raced is None
    assert trial.score is not None


def test_trying_out_takes_a_few_rows_once() -> None:
    data = _regression()
    sandbox = _Prepared(_true_plus(data))
    assert try_out(SCRIPT, _task(), _bench(data, sandbox), WALL_S).status == "ok"
    (job,) = sandbox.jobs
    assert len(job.train_rows) <= 500
