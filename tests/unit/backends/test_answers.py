"""Bodies of responses, as endpoints of all kinds send them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.backends.answers import Malformed, reply_of
from octopus.protocols import ChatReply, ChatRequest
from octopus.records import Message
from octopus.tokens import estimate_prompt, estimate_tokens

REQUEST = ChatRequest(kind="step", messages=(Message(role="user", text="What next?"),), max_tokens=100, deadline_s=1.0)


def read(message: object, usage: object = None, finish: object = "stop", **more: object) -> ChatReply:
    choice = {"message": message, "finish_reason": finish}
    return reply_of(json.dumps({"choices": [choice], "usage": usage, **more}).encode(), REQUEST, "asked")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("ACTION: stop", "ACTION: stop"),
        ("", ""),
        (None, ""),
        (7, ""),
        ([{"type": "text", "text": "one "}, {"type": "image"}, {"type": "text", "text": "two"}], "one two"),
        ("<think>\nstop? no</think>\n\nACTION: edit", "ACTION: edit"),
        ("\n<thinking>x</thinking>ACTION: edit", "ACTION: edit"),
        ("no opening, the template wrote it\n</think>\nACTION: edit", "ACTION: edit"),
        ("<think>cut off before its end", ""),
        ("ACTION: edit\n<think>later is a part of it</think>", "ACTION: edit\n<think>later is a part of it</think>"),
        ("half a character \ud83d", "half a character \ufffd"),
    ],
)
def test_the_text_is_what_the_model_answered_and_not_what_it_thought(content: object, text: str) -> None:
    assert read({"content": content}).text == text


@pytest.mark.parametrize(
    ("message", "finish", "read_as"),
    [
        ({"content": "x"}, "stop", "stop"),
        ({"content": "x"}, None, "stop"),
        ({"content": "x"}, ["odd"], "stop"),
        ({"content": "x"}, "length", "length"),
        ({"content": "x"}, "content_filter", "refused"),
        ({"content": None, "refusal": "I will not."}, "stop", "refused"),
        ({"content": "x", "refusal": None}, "stop", "stop"),
    ],
)
def test_how_it_ended(message: object, finish: object, read_as: str) -> None:
    assert read(message, finish=finish).finish == read_as


def test_a_refusal_is_the_text_where_there_is_no_other() -> None:
    assert read({"content": None, "refusal": "I will not."}).text == "I will not."


def test_who_answered_is_who_was_asked_where_the_endpoint_does_not_say() -> None:
    assert read({"content": "x"}).model == read({"content": "x"}, model=None).model == "asked"
    assert read({"content": "x"}, model="another").model == "another"


@pytest.mark.parametrize(
    "usage", [None, {}, [], "many", {"prompt_tokens": 0}, {"prompt_tokens": -4}, {"prompt_tokens": "9"}]
)
def test_tokens_that_are_not_counted_are_estimated_from_above(usage: object) -> None:
    counted = read({"content": "ACTION: stop"}, usage).usage
    assert counted.is_estimated
    assert counted.input_tokens == estimate_prompt(REQUEST.messages)
    assert counted.output_tokens == estimate_tokens("ACTION: stop")


def test_thoughts_are_counted_though_they_are_not_shown() -> None:
    assert read({"content": "x", "reasoning_content": "long " * 50}).usage.output_tokens >= 50
    in_total_alone = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 90}
    assert read({"content": "x"}, in_total_alone).usage.output_tokens == 80


def test_no_more_is_cached_than_was_sent_and_null_is_none() -> None:
    odd = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 99}}
    assert read({"content": "x"}, odd).usage.cached_tokens == 10
    null = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": None}
    assert read({"content": "x"}, null).usage.cached_tokens == 0


@pytest.mark.parametrize(
    "content", [b"", b"  ", b"{", b"[]", b"3", b"{}", b'{"choices": []}', b'{"choices": [{}]}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_response_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(Malformed):
        reply_of(content, REQUEST, "asked")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


_MESSAGES = st.fixed_dictionaries({}, optional={"content": _JSON, "refusal": _JSON, "reasoning": _JSON})
_COUNTS = st.dictionaries(st.sampled_from(["prompt_tokens", "completion_tokens", "total_tokens"]), _JSON)


@given(message=_MESSAGES, usage=_JSON, counts=_COUNTS, model=_JSON)
def test_any_json_is_a_reply_or_malformed(message: object, usage: object, counts: dict, model: object) -> None:
    for counted in (usage, counts):
        try:
            reply = read(message, counted, model=model)
        except Malformed:
            continue
        assert reply.usage.input_tokens > 0
        assert reply.usage.output_tokens >= 0
        reply.text.encode()
