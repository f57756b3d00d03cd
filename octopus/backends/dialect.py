"""What an endpoint takes of the API: a question → the body of a request, and what a refusal says about the body."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import urlsplit

from octopus.backends.secrets import whole_characters
from octopus.protocols import ChatRequest
from octopus.records import Message

#: What an endpoint may refuse and a question can do without.
Feature = Literal["system", "temperature", "max_tokens", "max_completion_tokens"]

#: Vendors whose newer models refuse ``max_tokens``. Everybody else knows that name, and some pass over the other one
#: without a word: then nothing would bound the reply.
_NEW_NAMES = re.compile(r"(?:^|\.)(?:openai\.com|openai\.azure\.com|services\.ai\.azure\.com)$")
_UNWANTED = re.compile(
    r"(?i)n(?:o|')t (?:be )?(?:support|permit|allow|accept|recogni[sz]e|implement)|only the default|must alternate"
    r"|unsupported|unrecogni[sz]ed|unknown|unexpected|deprecated|extra (?:inputs|fields)|invalid (?:field|param)"
)
_CODES = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden"})
_SYSTEM = re.compile(
    r"(?i)\bsystem\b[\s'\"`]*(?:role|message|prompt|instruction)|role[\s'\"`:=]*system|messages?\W{0,2}0\W{0,2}role"
    r"|roles must alternate"
)


def body_of(
    request: ChatRequest, *, model: str, temperature: float | None, host: str, without: frozenset[Feature]
) -> dict[str, object]:
    """Return the body of a request.

    Parameters
    ----------
    request : ChatRequest
        The question.
    model : str
        Who is asked.
    temperature : float or None
        None for the endpoint's own.
    host : str
        Whose endpoint it is: OpenAI's newer models know no ``max_tokens``.
    without : frozenset of str
        What the endpoint refused before.
    """
    messages = _without_system(request.messages) if "system" in without else request.messages
    body: dict[str, object] = {
        "model": model,
        "messages": [{"role": one.role, "content": whole_characters(one.text)} for one in messages],
    }
    bounds: tuple[Feature, ...] = ("max_tokens", "max_completion_tokens")
    for name in reversed(bounds) if _NEW_NAMES.search(host) else bounds:
        if name not in without:
            body[name] = request.max_tokens
            break
    if temperature is not None and "temperature" not in without:
        body["temperature"] = temperature
    return body


def refused_feature(body: Mapping[str, object], status: int, code: str, param: str, message: str) -> Feature | None:
    """Return which part of a body an endpoint refuses that a question can do without; None where it is another matter.

    Parameters
    ----------
    body : mapping
        What was sent.
    status : int
        HTTP status of the refusal: a chat template that knows no system role makes some servers answer with 500.
    code, param, message : str
        What the endpoint says.
    """
    if status not in (400, 422, 500, 501) or not (code in _CODES or _UNWANTED.search(message)):
        return None
    if _has_system(body) and (_SYSTEM.search(param) or _SYSTEM.search(message)):
        return "system"
    if status >= 500:
        return None
    features: tuple[Feature, ...] = ("temperature", "max_completion_tokens", "max_tokens")
    sent = [name for name in features if name in body]
    named = [name for name in sent if name == param] or [name for name in sent if re.search(rf"\b{name}\b", message)]
    return named[0] if named else None


def host_of(address: str) -> str:
    """Return the host of an endpoint's address; empty where it has none."""
    return urlsplit(address).hostname or ""


def _has_system(body: Mapping[str, object]) -> bool:
    messages = body["messages"]
    return isinstance(messages, list) and any(message["role"] == "system" for message in messages)


def _without_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return a prompt whose system messages stand at the beginning of the first message of the user."""
    told = "\n\n".join(message.text for message in messages if message.role == "system")
    rest = [message for message in messages if message.role != "system"]
    if not told:
        return tuple(rest)
    if rest and rest[0].role == "user":
        return (Message(role="user", text=f"{told}\n\n{rest[0].text}"), *rest[1:])
    return (Message(role="user", text=told), *rest)
