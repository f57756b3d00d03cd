"""Replies written beforehand, for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from octopus.errors import BackendUnreachable
from octopus.protocols import ChatReply, ChatRequest
from octopus.records import Usage
from octopus.tokens import estimate_prompt, estimate_tokens

#: What may stand for a reply: its text, all of it, what is raised, or what makes the text of the question.
Scripted = str | ChatReply | Exception | Callable[[ChatRequest], str]


class ScriptedBackend:
    """A backend that gives replies in order, whatever it is asked.

    Parameters
    ----------
    replies : iterable of str, ChatReply, Exception or callable
        A text comes with estimated tokens; an exception is raised; a callable takes the ChatRequest and returns a text.
        After the last there is nobody: BackendUnreachable.

    Attributes
    ----------
    requests : list of ChatRequest
        What was asked, in order.

    Examples
    --------
    >>> from octopus.records import Message
    >>> backend = ScriptedBackend(["ACTION: stop"])
    >>> question = ChatRequest(
    ...     kind="step", messages=(Message(role="user", text="What next?"),), max_tokens=10, deadline_s=1.0
    ... )
    >>> backend.complete(question).text
    'ACTION: stop'
    """

    name = "scripted"

    def __init__(self, replies: Iterable[Scripted]) -> None:
        self.replies = tuple(replies)
        self.requests: list[ChatRequest] = []
        self._lock = threading.Lock()

    def complete(self, request: ChatRequest) -> ChatReply:
        """Return the next reply.

        Parameters
        ----------
        request : ChatRequest
            The question.

        Raises
        ------
        BackendUnreachable
            All replies are given.
        """
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
        if number >= len(self.replies):
            raise BackendUnreachable(
                self.name, f"it has no reply number {number + 1}", "Write one more.", Usage(requests=1)
            )
        reply = self.replies[number]
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, ChatReply):
            return reply
        text = reply if isinstance(reply, str) else reply(request)
        usage = Usage(
            requests=1,
            input_tokens=estimate_prompt(request.messages),
            output_tokens=estimate_tokens(text),
            is_estimated=True,
        )
        return ChatReply(text=text, finish="stop", model=self.name, usage=usage)

    def cost_usd(self, usage: Usage) -> float | None:  # noqa: ARG002
        """Return None: nobody charges for it."""
        return None

    def close(self) -> None:
        """Do nothing: no request is ever under way."""

    def __getstate__(self) -> dict[str, object]:
        return {"replies": self.replies, "requests": list(self.requests)}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state, _lock=threading.Lock())
