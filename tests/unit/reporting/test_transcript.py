"""Prompts and replies as text: all of them, each once, harmless on a terminal."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from octopus.records import Message, ModelCall
from octopus.reporting.transcript import transcript
from tests.led import called, led
from tests.strategies import records


def _shown(*arguments: object, **options: bool) -> str:
    return "\n".join(transcript(*arguments, **options))  # type: ignore[arg-type]


def test_every_prompt_and_every_reply_is_there_in_order() -> None:
    shown = _shown(led().calls)
    at = [shown.index(f"=== call {number} of 8 · ") for number in range(1, 9)]
    assert at == sorted(at)
    for call in led().calls:
        assert call.reply in shown
        assert call.messages[-1].text.rpartition("\n")[2] in shown
    assert "--- reply\n(none came)" in shown
    assert "step · failed: no answer in 60 s · openai:gpt-5 · 1,000 tokens in (80.0% cached), 100 out" in shown


def test_what_was_shown_is_referred_to_and_shown_again_where_it_is_asked_for() -> None:
    calls = led().calls
    rules = calls[0].messages[0].text
    assert _shown(calls).count(rules) == 1
    assert _shown(calls).count("(the same 147 words as in call 1)") == 7
    assert _shown(calls, None, full=True).count(rules) == 8
    assert _shown(calls, 3).count(rules) == 1, "alone it is whole"


def test_a_prompt_that_grew_shows_what_is_new() -> None:
    ledger = "\n".join(f"{number} gbm 0.8" for number in range(30))
    calls = [called("step", ledger, "a"), called("step", f"{ledger}\n30 gbm 0.9\nWhat next?", "b")]
    shown = _shown(calls).partition("=== call 2")[2]
    assert "words as in call 1)\n30 gbm 0.9\nWhat next?" in shown
    assert "29 gbm" not in shown


def test_a_line_that_differs_in_its_middle_is_shown_whole() -> None:
    calls = [called("step", "word " * 60 + end, "a") for end in ("one", "two")]
    assert "word two" in _shown(calls).partition("=== call 2")[2]


@given(st.lists(records(ModelCall), max_size=4))
def test_nothing_steers_the_terminal(calls: list[ModelCall]) -> None:
    assert all(sign.isprintable() or sign == "\t" for line in transcript(calls) for sign in line)


@given(st.text(), st.text(), st.text())
def test_nothing_is_lost_where_all_is_asked_for(common: str, one: str, other: str) -> None:
    calls = [
        msgspec.structs.replace(
            called("step", "", "r"), messages=(Message(role="user", text=f"{common * 50}\n{end}"),)
        )
        for end in (one, other)
    ]  # fmt: skip
    for call, text in zip(calls, _shown(calls, None, full=True).split("=== call")[1:], strict=True):
        assert len(text) >= len(call.messages[0].text)
