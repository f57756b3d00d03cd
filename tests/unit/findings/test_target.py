"""Findings in the target."""

import numpy as np

from octopus.findings.target import find_in_target, profile_target
from octopus.records import Finding, Task


def task(classes=(), kind="binary"):
    return Task(
        goal="",
        type=kind,
        type_reason="2 labels",
        target="late",
        scoring="s",
        classes=classes,
        features=(),
        random_state=0,
    )


def codes(asked, y):
    return [f.code for f in find_in_target(asked, profile_target(asked, np.asarray(y, dtype=float), ()))]


def test_levels_stand_in_the_order_of_the_classes():
    profile = profile_target(task(("no", "yes")), np.array([1.0, 0, 0, 0]), ())
    assert [(level.value, level.count) for level in profile.levels] == [("no", 3), ("yes", 1)]
    assert profile.numeric is None


def test_rows_without_target_are_counted():
    said = Finding(
        code="OCT701", message="m", evidence="12 rows without a target", confidence="certain", action="left out"
    )
    other = Finding(code="OCT702", message="m", evidence="99 of 100", confidence="certain", action="left out")
    assert profile_target(task(kind="regression"), np.array([1.0, 2.0]), (said, other)).n_missing == 12
    assert profile_target(task(kind="regression"), np.array([1.0, 2.0]), ()).n_missing == 0


def test_imbalance_and_rare_class():
    binary = task(("no", "yes"))
    assert codes(binary, [0] * 970 + [1] * 30) == ["OCT722"]
    assert codes(binary, [0] * 700 + [1] * 300) == []
    assert codes(binary, [0] * 95 + [1] * 5) == ["OCT724"]


def test_numbers_as_classes():
    assert codes(task(("1", "2", "3"), "multiclass"), [0, 1, 2] * 20) == ["OCT725"]
    assert codes(task(("a", "b", "c"), "multiclass"), [0, 1, 2] * 20) == []
    assert codes(task(("0", "1")), [0, 1] * 20) == []


def test_a_long_tail_is_noted_for_positive_targets_only():
    tail = np.random.default_rng(0).lognormal(0, 1.5, 2000)
    regression = task(kind="regression")
    assert codes(regression, tail) == ["OCT723"]
    assert codes(regression, tail - 5) == []
    assert codes(regression, np.random.default_rng(0).uniform(1, 2, 500)) == []
