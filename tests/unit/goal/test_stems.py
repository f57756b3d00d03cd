"""Words without their endings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.goal.stems import stems


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("paid late", "PaidLate"), ("churners", "churn"), ("survival", "Survived"), ("deliveries", "delivery"),
        ("buying", "bought"), ("stopped", "stop"), ("prices", "price"), ("sales", "sell"), ("fraudulent", "FRAUD"),
        ("defaults", "default"), ("cancelled", "cancellation"), ("losses", "loss"), ("HTTPErrors", "http_error"),
    ],
)  # fmt: skip
def test_forms_of_one_word_meet(said: str, name: str) -> None:
    assert stems(said) == stems(name)


@pytest.mark.parametrize(("one", "other"), [("price", "prize"), ("sex", "six"), ("class", "clan"), ("age", "wage")])
def test_other_words_do_not(one: str, other: str) -> None:
    assert stems(one) != stems(other)


@given(text=st.text())
def test_any_text_has_stems_and_none_is_empty(text: str) -> None:
    assert all(stems(text))
