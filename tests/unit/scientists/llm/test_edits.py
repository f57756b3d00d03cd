"""Edits are made where they fit, once; anything else is refused in words that say where it fails."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.scientists.llm.edits import Edit, apply_edits, edits_of_diff, find_edits
from octopus.scientists.llm.unreadable import Unreadable

SOURCE = """import numpy as np


class A:
    def fit(self, X, y=None):
        self.n_ = 1
        return self

    def transform(self, X):
        return X


def build_pipeline():
    return A(depth=3, rate=0.1)
"""


def changed(search: str, replace: str, source: str = SOURCE) -> str:
    return apply_edits(source, [Edit(search=search, replace=replace)])


def test_lines_are_replaced_as_they_are() -> None:
    assert changed("        self.n_ = 1\n", "        self.n_ = 2\n") == SOURCE.replace("n_ = 1", "n_ = 2")


def test_blanks_at_the_ends_of_lines_do_not_count() -> None:
    assert "n_ = 2" in changed(
        "        self.n_ = 1   \n        return self\t", "        self.n_ = 2\n        return self"
    )


def test_another_indentation_is_given_to_the_new_lines() -> None:
    result = changed(
        "def transform(self, X):\n    return X",
        "def transform(self, X):\n    if len(X):\n        return X\n    return X",
    )
    assert "    def transform(self, X):\n        if len(X):\n            return X\n        return X\n" in result


def test_a_part_of_a_line_is_replaced() -> None:
    assert "A(depth=5, rate=0.1)" in changed("depth=3", "depth=5")


def test_a_part_of_a_word_is_not() -> None:
    with pytest.raises(Unreadable, match="do not stand in the script"):
        changed("dept", "x")


def test_edits_follow_one_another() -> None:
    edits = [Edit(search="depth=3", replace="depth=4"), Edit(search="depth=4", replace="depth=5")]
    assert "depth=5" in apply_edits(SOURCE, edits)


def test_lines_are_taken_out_where_nothing_stands_instead() -> None:
    assert "n_ =" not in changed("        self.n_ = 1\n", "")


@pytest.mark.parametrize(
    ("search", "replace", "says"),
    [
        ("        self.m_ = 1", "x", "Edit block 1.*nearest are.*self.n_ = 1"),
        ("nothing of the kind", "x", "Copy lines of the script exactly"),
        ("return", "pass", "3 places"),
        ("", "x = 1", "no old line"),
        ("        return X", "        return X", "change nothing"),
        ("        return X", "        return (X", "does not parse: line"),
    ],
)
def test_what_does_not_fit_is_told(search: str, replace: str, says: str) -> None:
    with pytest.raises(Unreadable, match=f"(?s){says}"):
        changed(search, replace)


def test_the_second_block_is_named() -> None:
    with pytest.raises(Unreadable, match="Edit block 2"):
        apply_edits(SOURCE, [Edit(search="depth=3", replace="depth=4"), Edit(search="depth=3", replace="depth=5")])


def test_no_edits_change_nothing() -> None:
    with pytest.raises(Unreadable, match="change nothing"):
        apply_edits(SOURCE, [])


def test_a_diff_becomes_edits_that_apply() -> None:
    head, lines = "--- a/s.py\n+++ b/s.py\n@@ -5,3 +5,3 @@\n", "-        self.n_ = 1\n+        self.n_ = 7\n"
    diff = f"{head}     def fit(self, X, y=None):\n{lines}         return self\n"
    assert "n_ = 7" in apply_edits(SOURCE, edits_of_diff(diff))


def test_edit_blocks_know_the_lines_that_they_come_from() -> None:
    lines = ["CHANGE: x", "<<<<<<< SEARCH", "a", "=======", "b", ">>>>>>> REPLACE", "rest"]
    (found,) = find_edits(lines)
    assert (found.start, found.end, found.edit) == (1, 6, Edit(search="a", replace="b"))


@given(
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=3), st.integers(0, 12), st.integers(1, 4)
)
def test_whatever_is_edited_the_result_parses(pairs: list[tuple[str, str]], start: int, length: int) -> None:
    lines = "\n".join(SOURCE.split("\n")[start : start + length])
    edits = [
        Edit(search=lines, replace=pairs[0][1] if pairs else "pass"),
        *(Edit(search=a, replace=b) for a, b in pairs),
    ]
    try:
        result = apply_edits(SOURCE, edits)
    except Unreadable:
        return
    ast.parse(result)
    assert result != SOURCE
