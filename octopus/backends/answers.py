"""The body of a response → a reply; endpoints leave fields out, fill them with null, and count in their own ways."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Literal

from octopus.backends.secrets import whole_characters
from octopus.protocols import ChatReply, ChatRequest
from octopus.records import Usage
from octopus.tokens import estimate_prompt, estimate_tokens

Finish = Literal["stop", "length", "refused"]

_FINISH: dict[str, Finish] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refused",
    "safety": "refused",
}
#: More than any context holds.
_MOST_TOKENS = 10**9
#: What a model thought before it answered, where the server leaves it in the text. Some templates write the opening
#: themselves, so that only the end is in the text; and a reply that was cut off may have no end.
_THOUGHT = re.compile(r"\A\s*<(think|thinking)>.*?(?:</\1>|\Z)\s*", re.DOTALL)
_END_OF_THOUGHT = re.compile(r"\A(?:(?!<think).)*?</think(?:ing)?>\s*", re.DOTALL)


class Malformed(ValueError):
    """A body that is no response."""


def reply_of(content: bytes, request: ChatRequest, model: str) -> ChatReply:
    """Return what a body says.

    Parameters
    ----------
    content : bytes
        The body.
    request : ChatRequest
        The question: where the endpoint does not count, its tokens are estimated from above.
    model : str
        Who was asked, for an endpoint that does not say who answered.

    Raises
    ------
    Malformed
        It holds no reply.
    """
    body = decoded(content)
    choice = _first(body.get("choices"))
    message = _mapping(choice.get("message"))
    if not message:
        raise Malformed("there is no message in the response")
    refusal = message.get("refusal")
    text = _text(message.get("content"))
    is_refusal = isinstance(refusal, str) and bool(refusal.strip())
    finish = _FINISH.get(str(choice.get("finish_reason")), "stop")
    thought = _text(message.get("reasoning_content")) + _text(message.get("reasoning"))
    named = body.get("model")
    return ChatReply(
        text=whole_characters(text.strip() or str(refusal) if is_refusal else _answer(text)),
        finish="refused" if is_refusal else finish,
        model=whole_characters(named) if isinstance(named, str) and named else model,
        usage=_usage(_mapping(body.get("usage")), request, text + thought),
    )


def decoded(content: bytes) -> dict[str, object]:
    """Return the JSON object in a body.

    Raises
    ------
    Malformed
        There is none.
    """
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the response is no JSON: {error}" if content.strip() else "the response is empty") from None
    if not isinstance(body, dict):
        raise Malformed("the response is no JSON object")
    return body


def lost(request: ChatRequest) -> Usage:
    """Return what an attempt took at most whose response did not come whole, but may be charged."""
    return Usage(
        requests=1,
        input_tokens=estimate_prompt(request.messages),
        output_tokens=request.max_tokens,
        is_estimated=True,
    )


def _answer(text: str) -> str:
    without = _THOUGHT.sub("", text, count=1)
    return without if without != text else _END_OF_THOUGHT.sub("", text, count=1)


def _usage(counted: Mapping[str, object], request: ChatRequest, text: str) -> Usage:
    prompt = _count(counted.get("prompt_tokens"))
    replied = _count(counted.get("completion_tokens"))
    # Some vendors count what a model thinks in the total alone.
    replied = max(replied, _count(counted.get("total_tokens")) - prompt if prompt else 0)
    is_estimated = prompt == 0 or (replied == 0 and bool(text))
    prompt = prompt or estimate_prompt(request.messages)
    return Usage(
        requests=1,
        input_tokens=prompt,
        cached_tokens=min(prompt, _count(_mapping(counted.get("prompt_tokens_details")).get("cached_tokens"))),
        output_tokens=replied or estimate_tokens(text),
        is_estimated=is_estimated,
    )


def _text(content: object) -> str:
    """Return the text of a message: a string, or parts of which some are text."""
    if isinstance(content, str):
        return content
    parts = [_mapping(part).get("text") for part in content] if isinstance(content, list) else []
    return "".join(part for part in parts if isinstance(part, str))


def _first(choices: object) -> Mapping[str, object]:
    return _mapping(choices[0]) if isinstance(choices, list) and choices else {}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    """Return a number of tokens; 0 where there is none that can be true."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST_TOKENS else 0
