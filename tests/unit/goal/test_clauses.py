"""Clauses, denials and numbers in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.goal.clauses import NUMBER, clause_around, is_denied, keyboard, read_number


@pytest.mark.parametrize(
    ("goal", "is_it"),
    [
        ("do not optimise WORD", True),
        ("don\u2019t look at WORD", True),
        ("never trust WORD", True),
        ("nobody cares about WORD", True),
        ("WORD is not important", True),
        ("WORD isn't everything", True),
        ("WORD matters less than F1", True),
        ("WORD is irrelevant", True),
        ("instead of WORD", True),
        ("rather than the WORD", True),
        ("no matter the WORD", True),
        ("not F1 but WORD", False),
        ("not only WORD", False),
        ("WORD is not only nice", False),
        ("we do not know yet; WORD", False),
        ("we do not know yet. WORD matters", False),
        ("it is not F1: WORD is what counts", False),
        ("do not use age and optimise WORD", False),
        ("WORD", False),
    ],
)
def test_a_denial_reaches_to_the_end_of_its_clause(goal: str, is_it: bool) -> None:
    plain = keyboard(goal)
    start = plain.index("WORD")
    assert is_denied(plain, start, start + len("WORD")) == is_it


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("5", 5), ("1500", 1500), ("1,500", 1500), ("1.500", 1500), ("1 500", 1500), ("1'500", 1500),
        ("1,500.50", 1500.5), ("1.500,50", 1500.5), ("2.000.000", 2e6), ("2,5", 2.5), ("2.5", 2.5), ("0.125", 0.125),
        ("0,125", 0.125), ("12,50", 12.5), ("twelve", 12), ("a  Hundred", 100), ("one thousand", 1000), ("ten", 10),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(words: str, value: float) -> None:
    assert read_number(words) == value
    found = re.match(NUMBER, words.replace("  ", " "), re.IGNORECASE)
    assert found is not None
    assert found.group(0) == words.replace("  ", " ")


@given(value=st.integers(0, 10**9))
def test_a_whole_number_is_read_whichever_way_its_thousands_are_set_apart(value: int) -> None:
    assert {read_number(f"{value:,}".replace(",", mark)) for mark in (",", ".", " ", "'", "")} == {value}


@given(goal=st.text(max_size=60), start=st.integers(0, 60), length=st.integers(0, 20))
def test_a_clause_is_a_part_of_the_goal_around_its_words(goal: str, start: int, length: int) -> None:
    start = min(start, len(goal))
    end = min(start + length, len(goal))
    before, after = clause_around(goal, start, end)
    assert before + goal[start:end] + after in goal
    is_denied(goal, start, end)
