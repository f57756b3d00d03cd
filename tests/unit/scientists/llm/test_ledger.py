"""The ledger: what was tried in few lines, only added to between two clearings."""

from __future__ import annotations

import msgspec
import pytest

from octopus.records import Decision, Quarantined, Script
from octopus.scientists.llm.ledger import ledger
from tests.unit.scientists.llm.views import AT, experiment, finished, hidden, journal, other_events, story


def of(*experiments, extra=()) -> str:
    return ledger(journal(*finished(*experiments), *extra), hidden)


def test_lines_tell_idea_start_score_and_gain():
    text = ledger(story(), hidden)
    assert "#2 gbm: native categories, early stopping | 0.842 ± 0.0021" in text
    assert "#3 gbm from #2: balance beside age | failed OCT302 a column is missing" in text
    assert "#4 gbm from #2 (yours): balance beside age, mended | 0.851 ± 0.0021, gain of 0.009" in text
    assert "#1 linear: one-hot and a regularised line | counts no more" in text


def test_gain_and_loss_are_told_beside_the_best_before():
    text = of(experiment(1, 0.8), experiment(2, 0.85), experiment(3, 0.7), experiment(4, 0.8501))
    assert "#2 gbm: idea 2 | 0.85 ± 0.0021, gain of 0.05 on #1" in text
    assert "#3 gbm: idea 3 | 0.7 ± 0.0021, loss on #2" in text


def test_only_what_is_new_in_an_idea_is_told():
    first = experiment(1, 0.8, idea="a line")
    assert "#2 gbm from #1: + bends | 0.801" in of(first, experiment(2, 0.801, idea="a line + bends", parent=1))


def test_between_clearings_lines_are_only_added():
    every = [experiment(i, 0.8 + 0.001 * (i % 7), parent=i - 1 or None) for i in range(1, 40)]
    for n in range(1, 39):
        before, after = of(*every[:n]), of(*every[: n + 1])
        if (n + 1) % 5:
            assert after.startswith(before)


@pytest.mark.parametrize("n_done", [7, 30, 200])
def test_best_of_each_family_latest_and_failures_stay(n_done):
    families = ("linear", "gbm", "forest")
    every = [experiment(i, 0.7 - 0.001 * i, families[i % 3]) for i in range(1, n_done + 1)]
    every[2] = experiment(3, "OCT302")
    every[4] = experiment(5, 0.9, idea="the winner")
    text = of(*every)
    assert "the winner" in text
    assert "failed OCT302" in text
    assert f"#{n_done} " in text
    assert all(f" {family}" in text for family in families)
    assert len(text.splitlines()) <= 18
    assert len(text) <= 2000


def test_failures_of_one_kind_take_one_line():
    every = [experiment(i, "OCT302") for i in range(1, 13)] + [experiment(13, 0.8)]
    assert of(*every).count("failed OCT302") <= 4


def test_scores_on_other_folds_count_no_more():
    text = of(experiment(1, 0.8), extra=other_events())
    assert "not scored on the folds that count now" in text


def test_words_of_a_failure_are_without_cells():
    broken = experiment(1, "OCT302")
    broken = msgspec.structs.replace(
        broken, diagnoses=(msgspec.structs.replace(broken.diagnoses[0], title="Zaphod is missing"),)
    )
    assert "Zaphod" not in of(broken)


def test_mended_script_of_the_playbook_keeps_its_idea():
    decision = Decision(action="repair", reason="r", parent=1)
    again = experiment(2, 0.8, idea="careful line", decision=decision)
    assert "careful line" in of(experiment(1, "OCT302"), again)
    yours = msgspec.structs.replace(again, script=Script(source="x = 1", author="model"))
    assert "(yours): careful line, mended" in of(experiment(1, "OCT302"), yours)


def test_set_aside_experiments_are_marked_and_never_the_best():
    aside = Quarantined(**AT, columns=("age",), reason="r", set_aside=(1,))
    text = of(experiment(1, 0.99), experiment(2, 0.8), extra=(aside,))
    assert "#1 gbm: idea 1 | counts no more: it read a column that is set aside" in text


def test_what_was_stopped_in_a_race_says_so():
    best, behind = experiment(1, 0.8), experiment(2, 0.5)
    behind = msgspec.structs.replace(behind, score=None, raced=behind.score)
    n_folds = len(behind.raced.folds)
    assert f"#2 gbm: idea 2 | stopped at 0.5 in fold {n_folds}: out of reach" in of(best, behind)
