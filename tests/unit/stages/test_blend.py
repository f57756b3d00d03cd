"""Experiments that are better together, and the reasons why others are not."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from octopus.bench import Bench
from octopus.dataset import Dataset, Float, Fold
from octopus.incumbent import IDEA
from octopus.journal import Journal
from octopus.records import Budget, Experiment, Score, Script, Task
from octopus.scoring import make_scoring, summarise
from octopus.stages.blend import Blended, Unblended, blend_experiments
from octopus.testing.examples import example_task
from tests.frames import regression_frame
from tests.strategies import failed, journal_of, raced, valid

TABLE, _ = regression_frame()
N = len(TABLE)
RNG = np.random.default_rng(0)
Y = RNG.normal(size=N)
#: Two that are off by themselves and not together, one that is just as the first, and one that knows nothing.
LEFT, RIGHT = Y + (noise := RNG.normal(size=N)), Y - noise + RNG.normal(scale=0.1, size=N)
SCORING = make_scoring("neg_root_mean_squared_error", "regression", None)
SOURCE = """from sklearn.linear_model import Ridge


def build_pipeline():
    return Ridge(alpha={alpha})
"""


def _bench() -> Bench:
    rows = np.arange(N)
    folds = tuple(Fold(train_rows=rows[rows % 5 != k], valid_rows=rows[rows % 5 == k]) for k in range(5))
    train = Dataset(table=TABLE, y=Y, row_ids=rows.astype(np.int64))
    return Bench(
        sandbox=None, features=Path("train.arrow"), train=train, folds=folds, scoring=SCORING,
        test_over_train=0.25, n_jobs=1, memory_bytes=1 << 30,
    )  # type: ignore[arg-type]  # fmt: skip


def _tried(number: int, family: str, predictions: Float, **changes: object) -> Experiment:
    values = [SCORING.score(Y[f.valid_rows], predictions[f.valid_rows], None, None) for f in _bench().folds]
    score: Score = summarise(SCORING.name, tuple(float(value) for value in values if value is not None), 0.25)
    source = Script(source=SOURCE.format(alpha=number), author="playbook")
    return msgspec.structs.replace(valid(number, family, score.folds), score=score, script=source, **changes)


def _blend(
    journal: Journal, predictions: dict[int, Float], budget: Budget | None = None, elapsed_s: float = 10.0
) -> Blended | Unblended | None:
    task: Task = example_task("regression")
    return blend_experiments(task, _bench(), journal, budget or Budget(), elapsed_s, predictions.get)


def test_two_that_err_differently_are_better_together() -> None:
    journal = journal_of([_tried(1, "linear", LEFT), _tried(2, "gbm", RIGHT)])
    blended = _blend(journal, {1: LEFT, 2: RIGHT})
    assert isinstance(blended, Blended)
    assert journal.best is not None
    assert journal.best.score is not None
    assert blended.blend.score.mean > journal.best.score.mean + 0.5
    assert sum(member.weight for member in blended.members) == pytest.approx(1.0)
    assert {member.number for member in blended.members} == {1, 2}
    assert (blended.plan.family, blended.plan.parent) == ("blend", journal.best.number)
    assert " × #1" in blended.plan.idea
    assert " × #2" in blended.plan.idea
    assert "linear" in blended.plan.hypothesis
    assert "gbm" in blended.plan.hypothesis
    scope: dict[str, object] = {}
    exec(blended.script.source, scope)
    pipeline = scope["build_pipeline"]()  # type: ignore[operator]
    assert sorted(model.alpha for _, model in pipeline.members) == [1, 2]


def test_a_gain_within_noise_is_none_and_says_by_how_little() -> None:
    other = LEFT + np.random.default_rng(2).normal(scale=0.1, size=N)
    journal = journal_of([_tried(1, "linear", LEFT), _tried(2, "gbm", other)])
    found = _blend(journal, {1: LEFT, 2: other})
    assert isinstance(found, Unblended)
    assert "beside #2 alone, no gain beyond its error of 0.0019" in found.reason
    assert {member.number for member in found.members} == {1, 2}


def test_one_alone_or_one_without_predictions_is_no_blend() -> None:
    assert _blend(journal_of([_tried(1, "linear", LEFT)]), {1: LEFT}) is None
    assert _blend(journal_of([_tried(1, "linear", LEFT), _tried(2, "gbm", RIGHT)]), {1: LEFT}) is None
    assert _blend(journal_of([]), {}) is None


def test_what_failed_or_was_stopped_in_a_race_is_no_member() -> None:
    tried = [_tried(1, "linear", LEFT), failed(2, "gbm", "a", True), raced(3, "gbm", (0.5,))]
    assert _blend(journal_of(tried), {1: LEFT, 2: RIGHT, 3: RIGHT}) is None


def test_the_users_present_model_stays_a_rival() -> None:
    present = _tried(2, "other", RIGHT)
    present = msgspec.structs.replace(
        present,
        plan=msgspec.structs.replace(present.plan, idea=IDEA),
        script=msgspec.structs.replace(present.script, author="user"),
    )
    assert _blend(journal_of([_tried(1, "linear", LEFT), present]), {1: LEFT, 2: RIGHT}) is None


def test_members_for_whose_fits_there_is_no_time_are_left_out() -> None:
    slow = msgspec.structs.replace(_tried(2, "gbm", RIGHT).outcome, wall_s=1000.0)
    journal = journal_of([_tried(1, "linear", LEFT), _tried(2, "gbm", RIGHT, outcome=slow)])
    assert _blend(journal, {1: LEFT, 2: RIGHT}, Budget(time_limit_s=100.0)) is None
    assert isinstance(_blend(journal, {1: LEFT, 2: RIGHT}, Budget(time_limit_s=10_000.0)), Blended)


@pytest.mark.parametrize(("authors", "author"), [(("playbook", "user"), "user"), (("model", "user"), "model")])
def test_a_blend_is_as_little_trusted_as_the_least_of_its_members(authors: tuple[str, str], author: str) -> None:
    tried = [
        msgspec.structs.replace(one, script=msgspec.structs.replace(one.script, author=by))
        for one, by in zip((_tried(1, "linear", LEFT), _tried(2, "gbm", RIGHT)), authors, strict=True)
    ]
    blended = _blend(journal_of(tried), {1: LEFT, 2: RIGHT})
    assert isinstance(blended, Blended)
    assert blended.script.author == author


def test_scripts_that_do_not_go_together_are_said_so() -> None:
    odd = _tried(2, "gbm", RIGHT)
    odd = msgspec.structs.replace(
        odd, script=Script(source=f"from math import *\n{odd.script.source}", author="playbook")
    )
    found = _blend(journal_of([_tried(1, "linear", LEFT), odd]), {1: LEFT, 2: RIGHT})
    assert isinstance(found, Unblended)
    assert "do not go into one module" in found.reason


def test_a_blend_is_not_blended_again() -> None:
    journal = journal_of([_tried(1, "linear", LEFT), _tried(2, "gbm", RIGHT)])
    blended = _blend(journal, {1: LEFT, 2: RIGHT})
    assert isinstance(blended, Blended)
    both = msgspec.structs.replace(
        _tried(3, "blend", (LEFT + RIGHT) / 2), members=blended.members, script=blended.script, plan=blended.plan
    )
    again = journal_of([*journal.experiments, both])
    assert _blend(again, {1: LEFT, 2: RIGHT, 3: (LEFT + RIGHT) / 2}) is None
