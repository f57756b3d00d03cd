"""Replies written beforehand."""

from __future__ import annotations

import copy

import pytest

from octopus.errors import BackendRefused, BackendUnreachable
from octopus.protocols import ChatReply, ChatRequest
from octopus.records import Message, Usage
from octopus.testing import ScriptedBackend


def question(text: str) -> ChatRequest:
    return ChatRequest(kind="fix", messages=(Message(role="user", text=text),), max_tokens=9, deadline_s=1.0)


def test_replies_come_in_order_in_all_their_forms_and_then_nobody() -> None:
    whole = ChatReply(text="cut", finish="length", model="m", usage=Usage(requests=1))
    refusal = BackendRefused("scripted", "no", "Ask otherwise.")
    backend = ScriptedBackend(["text", whole, lambda request: request.messages[0].text.upper(), refusal])
    assert backend.complete(question("a")).text == "text"
    assert backend.complete(question("b")) is whole
    assert backend.complete(question("c")).text == "C"
    with pytest.raises(BackendRefused):
        backend.complete(question("d"))
    with pytest.raises(BackendUnreachable, match="no reply number 5"):
        backend.complete(question("e"))
    assert [request.messages[0].text for request in backend.requests] == list("abcde")


def test_a_text_is_counted() -> None:
    usage = ScriptedBackend(["some words"]).complete(question("a")).usage
    assert usage.requests == 1
    assert usage.is_estimated
    assert usage.input_tokens > 0
    assert usage.output_tokens > 0


def test_a_copy_has_the_replies_that_are_left() -> None:
    backend = ScriptedBackend(["one", "two"])
    backend.complete(question("a"))
    other = copy.deepcopy(backend)
    assert other.complete(question("b")).text == backend.complete(question("b")).text == "two"
