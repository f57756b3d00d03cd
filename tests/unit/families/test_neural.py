"""Which tables networks take, how many of them, and how long they learn."""

from __future__ import annotations

import msgspec
import pytest

from octopus.families.neural import Neural
from tests.unit.families.test_recipes import KINDS, nasty_table, profile_of, target_of, task_of


def asked(n_rows: int, scoring: str = "roc_auc"):
    table = nasty_table()
    task_type = "binary" if scoring == "roc_auc" else "regression"
    _, target = target_of(task_type, table)
    task = task_of(task_type, scoring, 2 if task_type == "binary" else 0, list(table.columns))
    return task, msgspec.structs.replace(profile_of(table, KINDS, target), n_rows=n_rows)


def test_it_says_why_it_does_not_take_part():
    assert "59 rows are too few" in Neural().reason_against(*asked(59))
    assert Neural().reason_against(*asked(60)) is None
    assert Neural().reason_against(*asked(200_000)) is None
    assert "200,001 rows" in Neural().reason_against(*asked(200_001))
    task, known = asked(500)
    bare = msgspec.structs.replace(
        known, columns=tuple(msgspec.structs.replace(column, used=False) for column in known.columns)
    )
    assert "no column" in Neural().reason_against(task, bare)


@pytest.mark.parametrize(
    ("n_rows", "written"),
    [
        (300, "NetworksClassifier(n_members=6, n_epochs=150)"),
        (4_000, "NetworksClassifier(n_members=4, n_epochs=150)"),
        (19_000, "NetworksClassifier(n_members=2, n_epochs=105)"),
        (50_000, "NetworksClassifier(n_members=1, n_epochs=40)"),
        (200_000, "NetworksClassifier(n_members=1, n_epochs=10)"),
    ],
)
def test_more_rows_are_seen_by_fewer_networks_less_often(n_rows, written):
    assert Neural().recipes(*asked(n_rows))[0].model == written


def test_variations_answer_symptoms_and_a_skewed_target_gets_its_logarithm():
    by_idea = {recipe.idea: recipe for recipe in Neural().recipes(*asked(500, "neg_root_mean_squared_error"))}
    assert list(by_idea) == [
        "an average of small networks",
        "log target",
        "pieces of each number",
        "smaller weights",
        "wider layers",
        "a smaller network on a sample",
    ]
    assert by_idea["log target"].log_target
    assert by_idea["pieces of each number"].model.startswith("make_pipeline(Curves(), NetworksRegressor(")
    assert "OCT602" in by_idea["smaller weights"].answers
    assert "OCT201" in by_idea["a smaller network on a sample"].answers
    assert "log target" not in {recipe.idea for recipe in Neural().recipes(*asked(500))}
