"""Levels, spellings and counted words."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from octopus.blocks.categories import OTHER, as_levels, one_spelling, seen_levels


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_levels_rare_unseen_and_missing():
    column = pd.Series(["b", "a", "a", "b", "once", None])
    levels = seen_levels(column)
    assert levels == ["a", "b"]
    assert as_levels(pd.Series(["a", "new", None]), levels).astype(object).tolist()[:2] == ["a", OTHER]
    assert as_levels(pd.Series([None], dtype=object), []).isna().all()
    assert as_levels(pd.Series([2.0, 9.0]), seen_levels(pd.Series([2.0, 2.0]))).tolist() == [2.0, OTHER]
    assert as_levels(pd.Series([OTHER, "x"]), [OTHER]).tolist() == [OTHER, OTHER]


def test_labels_that_differ_in_case_and_blanks_are_one():
    column = pd.Series(["New York", " new  york", "NEW YORK ", "Straße", "STRASSE", None, 7.0], dtype=object)
    spelled = one_spelling(column)
    assert spelled.tolist()[:5] == ["new york"] * 3 + ["strasse"] * 2
    assert spelled.isna().tolist() == [False] * 5 + [True, False]
    assert spelled.dtype == object
    assert one_spelling(pd.Series([None, np.nan], dtype=object)).isna().all()
    assert one_spelling(pd.Series(["A", "a"], dtype="category")).tolist() == ["a", "a"]


def test_a_new_spelling_of_a_level_is_that_level():
    levels = seen_levels(one_spelling(pd.Series(["Yes", "yes ", "no", "No"])))
    assert as_levels(one_spelling(pd.Series(["YES", " nO", "perhaps"])), levels).tolist() == ["yes", "no", OTHER]
