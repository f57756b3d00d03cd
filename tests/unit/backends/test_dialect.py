"""Whose endpoint takes what."""

from __future__ import annotations

import pytest

from octopus.backends.dialect import body_of, refused_feature
from octopus.protocols import ChatRequest
from octopus.records import Message


def body(host: str, *roles: str, without: frozenset = frozenset()) -> dict[str, object]:
    messages = tuple(Message(role=role, text=f"{role} {number}") for number, role in enumerate(roles))
    request = ChatRequest(kind="step", messages=messages, max_tokens=7, deadline_s=1.0)
    return body_of(request, model="m", temperature=None, host=host, without=without)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.openai.com", "max_completion_tokens"),
        ("eu.api.openai.com", "max_completion_tokens"),
        ("mine.openai.azure.com", "max_completion_tokens"),
        ("notopenai.com", "max_tokens"),
        ("127.0.0.1", "max_tokens"),
        ("openrouter.ai", "max_tokens"),
    ],
)
def test_a_reply_is_bounded_in_the_words_of_the_vendor(host: str, name: str) -> None:
    assert set(body(host, "user")) == {"model", "messages", name}


def test_where_both_words_are_refused_there_is_no_bound() -> None:
    both = frozenset({"max_tokens", "max_completion_tokens"})
    assert set(body("127.0.0.1", "user", without=both)) == {"model", "messages"}


@pytest.mark.parametrize(
    ("roles", "sent"),
    [
        (("system", "user", "assistant", "user"), ["system 0\n\nuser 1", "assistant 2", "user 3"]),
        (("system", "system", "user"), ["system 0\n\nsystem 1\n\nuser 2"]),
        (("system", "assistant"), ["system 0", "assistant 1"]),
        (("system",), ["system 0"]),
        (("user",), ["user 0"]),
    ],
)
def test_without_a_system_role_its_text_comes_first(roles: tuple[str, ...], sent: list[str]) -> None:
    messages = body("127.0.0.1", *roles, without=frozenset({"system"}))["messages"]
    assert [message["content"] for message in messages] == sent
    assert all(message["role"] != "system" for message in messages)


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "system role not supported"), (400, "the system is busy"), (500, "max_tokens not supported"), (400, "no")],
)
def test_another_matter_takes_nothing_away(status: int, message: str) -> None:
    assert refused_feature(body("127.0.0.1", "system", "user"), status, "", "", message) is None
