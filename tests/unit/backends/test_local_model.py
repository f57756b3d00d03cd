"""A real model behind a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from octopus.backends.openai import OpenAIBackend
from octopus.errors import PromptTooLong
from octopus.protocols import ChatRequest
from octopus.records import Message
from octopus.tokens import estimate_prompt, estimate_tokens
from tests.local_model import CONTEXT, local_model, what_lacks

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(what_lacks()), reason=what_lacks() or "all is there")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with local_model() as address:
        yield address


def ask(text: str) -> ChatRequest:
    messages = (Message(role="system", text="You are brief."), Message(role="user", text=text))
    return ChatRequest(kind="step", messages=messages, max_tokens=32, deadline_s=240.0)


def test_a_small_model_answers_something_and_its_server_counts(address: str) -> None:
    request = ask("Name a family of models for a table with 344 rows: forest, gbm or linear?")
    reply = OpenAIBackend("smollm2", base_url=address, temperature=0.0).complete(request)
    assert reply.text
    assert reply.finish in ("stop", "length")
    assert not reply.usage.is_estimated
    assert 0 < reply.usage.input_tokens <= estimate_prompt(request.messages)
    assert 0 < reply.usage.output_tokens <= 32
    assert reply.usage.output_tokens <= estimate_tokens(reply.text) + 1  # the end is a token without letters


def test_what_its_context_does_not_hold_is_known_to_be_too_long(address: str) -> None:
    with pytest.raises(PromptTooLong, match="context"):
        OpenAIBackend("smollm2", base_url=address).complete(ask("word " * 2 * CONTEXT))
