"""Columns that the goal says not to use."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.errors import InvalidParameter
from octopus.goal.forbidden import read_forbidden, refuse_unknown


@pytest.mark.parametrize(
    ("goal", "forbidden"),
    [
        ("do not use column age", ["age"]),
        ("Do not use the columns age, zip code and 'net (%)'", ["age", "zip code", "net (%)"]),
        ("never use zip code or age.", ["zip code", "age"]),
        ("ignore ages", []),
        ("do not use magic", []),
        ('leave out "net (%)"', ["net (%)"]),
        ("use age", []),
        ("do not use: age", ["age"]),
        ("Never use the columns: age, zip code, and O'Brien", ["age", "zip code", "O'Brien"]),
        ("ignore age,zip code", ["age", "zip code"]),
        ("ignore age/zip code & a.*", ["age", "zip code", "a.*"]),
        ("don\u2019t use \u201cage\u201d", ["age"]),
        ("DO NOT USE AGE", ["age"]),
        ("do not use\nage", ["age"]),
        ("without using `zip code`, please", ["zip code"]),
        ("leave out age; ignore zip", ["age", "zip"]),
        ("do not use age as a feature, and zip codes matter", ["age"]),
        ("do not ignore age", []),
        ("don't ignore age, it matters", []),
        ("never leave out age", []),
        ("undignore age", []),
        ("ignore age-related noise", []),
        ("ignore the outliers in age", []),
        ("do not use axx", []),
    ],
)
def test_forbidden_columns_are_those_that_exist(goal: str, forbidden: list[str]) -> None:
    understood = read_forbidden(goal, ["age", "zip", "zip code", "net (%)", "a.*", "O'Brien", ""])
    assert [u.value for u in understood] == forbidden
    assert all(u.what == "ignore" and u.words for u in understood)


_NAMES = st.text(st.characters(exclude_categories=["Cs", "Zs", "Cc"]), min_size=1, max_size=8)


@given(name=_NAMES.filter(lambda name: name.lower() not in ("the", "column", "columns")))
def test_any_name_can_be_forbidden_whatever_its_characters(name: str) -> None:
    if name[0] in "\"'`\u2018\u2019\u201c\u201d":
        return
    assert [u.value for u in read_forbidden(f"do not use {name}", [name])] == [name]


@given(goal=st.text(), names=st.lists(_NAMES, max_size=4))
def test_only_columns_that_exist_and_are_named_are_forbidden(goal: str, names: list[str]) -> None:
    for understood in read_forbidden(f"{goal} do not use {goal}", names):
        assert understood.value in names
        assert re.search(r"use|ignore|out", understood.words)


_COLUMNS = ("age", "sex", "fare", "zip code", "outlets", "survived")


@pytest.mark.parametrize(
    ("goal", "name", "remedy"),
    [
        ("predict survived; do not use column sxe; a false alarm costs 20", "sxe", "Did you mean 'sex'?"),
        ("do not use sxe", "sxe", "Did you mean 'sex'?"),
        ("ignore Fares.", "Fares", "Did you mean 'fare'?"),
        ("don\u2019t use \u201csexx\u201d", "sexx", "Did you mean 'sex'?"),
        ("leave out age and sxe, please", "sxe", "Did you mean 'sex'?"),
        ("do not use the columns age, zip cde and fare", "zip cde", "Did you mean 'zip code'?"),
        ("do not use column zip cde as it leaks", "zip cde", "Did you mean 'zip code'?"),
        ("do not use the sxe column", "sxe", "Did you mean 'sex'?"),
        ("do not use column banana", "banana", "The columns are age, sex, "),
        ("do not use column 'big banana'", "big banana", "The columns are age, sex, "),
    ],
)
def test_a_forbidden_name_that_is_no_column_is_refused(goal: str, name: str, remedy: str) -> None:
    with pytest.raises(InvalidParameter, match=re.escape(f"it forbids {name!r}, which is no column. {remedy}")):
        refuse_unknown(goal, _COLUMNS)


@pytest.mark.parametrize(
    "goal",
    [
        "",
        "ignore outliers",
        "ignore the outliers in age",
        "do not use magic",
        "do not use columns that leak",
        "ignore columns with many missing values",
        "do not use column age, rank them",
        "do not use the columns age and sex, please",
        "do not use column sex as a feature",
        "do not use age and optimise accuracy",
        "do not use test data",
        "do not use more than 3 features",
        "do not ignore sxe",
        "do not use column survived",
        "ignore the last column",
        "do not use Column AGE",
    ],
)
def test_other_words_are_no_names(goal: str) -> None:
    refuse_unknown(goal, _COLUMNS)
