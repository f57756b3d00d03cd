"""Estimates from above."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.records import Message
from octopus.tokens import estimate_prompt, estimate_tokens

#: As many as SmolLM2's tokenizer makes, whose vocabulary is the smallest of those that were compared.
COUNTED = {
    "": 0,
    "ready": 1,
    "0.8421 ± 0.0040": 14,
    "Gesamtbetrag_der_Rechnung": 12,
    "机器学习是人工智能的一个分支": 22,
    "    return x\n\n": 4,
    "👩\u200d💻": 8,
    "def build_pipeline():\n    return LGBMClassifier(n_estimators=300, learning_rate=0.05)\n": 30,
    "| 3 | gbm | 0.8421 | target means of `port` |\n": 23,
}


@pytest.mark.parametrize("text", COUNTED)
def test_a_real_tokenizer_makes_no_more_and_not_much_less(text: str) -> None:
    assert COUNTED[text] <= estimate_tokens(text) <= 2 * COUNTED[text] + 3


@given(st.text(), st.text())
def test_two_texts_take_no_less_than_both(one: str, other: str) -> None:
    assert estimate_tokens(one + " " + other) + 2 >= estimate_tokens(one) + estimate_tokens(other)
    assert estimate_tokens(one) <= 4 * len(one)


def test_a_prompt_takes_more_than_its_texts() -> None:
    messages = (Message(role="system", text="Be brief."), Message(role="user", text="What next?"))
    assert estimate_prompt(messages) > sum(estimate_tokens(message.text) for message in messages)
    assert estimate_prompt(messages) > estimate_prompt(messages[:1])
