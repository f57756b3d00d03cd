"""The one place that every call of a language model passes: caps before it, a record after it, an end to failures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import msgspec

from octopus.backends.secrets import whole_characters, without_secrets
from octopus.budget import unaffordable
from octopus.errors import BackendError, BackendUnreachable
from octopus.protocols import Backend, ChatReply, ChatRequest
from octopus.records import Budget, CallKind, Message, ModelCall, Retirement, Usage
from octopus.scientists.llm.prompt import reask_prompt
from octopus.scientists.llm.reply import Answer, Unreadable, read_reply
from octopus.tokens import estimate_prompt

_ResultT = TypeVar("_ResultT")

#: Most tokens of a reply by kind: a script of 150 lines; an edit of some lines; a few lines.
MAX_REPLY_TOKENS: dict[CallKind, int] = {"step": 1800, "fix": 800, "goal": 400, "reask": 1800}
#: Seconds for one question with all its attempts: longer than a provider's bad minute, shorter than one's patience.
DEADLINE_S = 120.0
#: Below this many seconds nothing is asked: no model answers in them.
_SHORTEST_S = 3.0
#: Questions in a row without a reply, and turns in a row without a usable one, after which a model is asked no more.
_FAILED_IN_A_ROW, _UNUSABLE_IN_A_ROW = 2, 3
#: Attempts of one question that may be charged: what a backend allows itself (:mod:`octopus.backends`).
_CHARGED = 2
#: What is kept for mending the script that a step brings: tokens of one fix.
_FIX = Usage(input_tokens=1200, output_tokens=MAX_REPLY_TOKENS["fix"])


class Asking:
    """The conversation of one run: what was asked, what it took, and whether there is more to ask.

    Parameters
    ----------
    budget : Budget
        Limits of tokens and money.
    columns : tuple of str
        Names of the table's columns, by which a reply is read.
    """

    def __init__(self, budget: Budget, columns: tuple[str, ...] = ()) -> None:
        self.budget, self.columns = budget, columns
        self.is_over = False
        self._written: list[ModelCall | Retirement] = []
        self._n_failed = self._n_unusable = 0

    def take(self) -> tuple[ModelCall | Retirement, ...]:
        """Return what there is to write down, once."""
        written, self._written = tuple(self._written), []
        return written

    def retire(self, reason: str) -> None:
        """Ask no more, and say why."""
        if not self.is_over:
            self.is_over = True
            self._written.append(Retirement(reason=reason))

    def ask(  # what a question consists of
        self,
        kind: CallKind,
        messages: tuple[Message, ...],
        backend: Backend,
        spent: Usage,
        deadline_s: float,
        use: Callable[[Answer], _ResultT],
    ) -> _ResultT | None:
        """Ask, once more with the parser's words where the reply is no use, and make something of the reply.

        Parameters
        ----------
        kind : {"step", "fix"}
            What is asked for.
        messages : tuple of Message
            The prompt.
        backend : Backend
            Who is asked.
        spent : Usage
            What calls took that are in the journal.
        deadline_s : float
            Seconds that are left.
        use : callable
            From the answer to what comes of it; raises Unreadable where it cannot be used.

        Returns
        -------
        object or None
            None where nothing came of it; what was asked is written down in any case.
        """
        return self.ask_for(kind, messages, backend, spent, deadline_s, lambda text: use(self._read(text, kind)))

    def ask_for(  # likewise
        self,
        kind: CallKind,
        messages: tuple[Message, ...],
        backend: Backend,
        spent: Usage,
        deadline_s: float,
        use: Callable[[str], _ResultT],
    ) -> _ResultT | None:
        """Do the same for a reply in a format of its own: ``use`` takes the text."""
        attempt, began = messages, time.monotonic()
        for this in (kind, "reask"):
            left_s = deadline_s - (time.monotonic() - began)
            reply = self._call(this, attempt, backend, spent, left_s)
            if reply is None:
                return None
            try:
                result = use(_whole(reply))
            except Unreadable as unreadable:
                self._mark(reply, unreadable)
                attempt = reask_prompt(messages, reply.text, unreadable.problem)
            else:
                self._n_unusable = 0
                return result
        self._n_unusable += 1
        if self._n_unusable >= _UNUSABLE_IN_A_ROW:
            self.retire(f"{backend.name} gave nothing usable {self._n_unusable} times in a row")
        return None

    def _call(
        self, kind: CallKind, messages: tuple[Message, ...], backend: Backend, spent: Usage, deadline_s: float
    ) -> ChatReply | None:
        """Make one call unless a limit forbids it; write down what came of it."""
        if self.is_over or deadline_s < _SHORTEST_S or not self._affords(kind, messages, backend, spent):
            return None
        request = ChatRequest(
            kind=kind,
            messages=messages,
            max_tokens=MAX_REPLY_TOKENS[kind],
            deadline_s=min(deadline_s, DEADLINE_S),
        )
        call = ModelCall(kind=kind, backend=backend.name, model="", messages=messages, reply="", status="failed")
        began = time.monotonic()
        try:
            reply = backend.complete(request)
        except Exception as error:  # noqa: BLE001  boundary: a plug-in that fails ends the model's part, not the run
            usage = (error.usage if isinstance(error, BackendError) else None) or Usage(requests=1)
            problem, wall_s = _said(error), round(time.monotonic() - began, 3)
            self._written.append(msgspec.structs.replace(call, problem=problem, usage=usage, wall_s=wall_s))
            self._count_failure(error, backend)
            return None
        self._n_failed = 0
        # What cannot be written as UTF-8 cannot be written down.
        reply = replace(reply, text=whole_characters(reply.text), model=whole_characters(reply.model))
        self._written.append(
            msgspec.structs.replace(
                call,
                model=reply.model,
                reply=reply.text,
                status="ok",
                usage=reply.usage,
                wall_s=round(time.monotonic() - began, 3),
            )
        )
        return reply

    def _affords(self, kind: CallKind, messages: tuple[Message, ...], backend: Backend, spent: Usage) -> bool:
        """Tell whether the caps allow a call at its dearest, and after a step one fix of what it brings."""
        spent = sum((one.usage for one in self._written if isinstance(one, ModelCall)), spent)
        dearest = Usage(
            input_tokens=_CHARGED * estimate_prompt(messages), output_tokens=_CHARGED * MAX_REPLY_TOKENS[kind]
        )
        if kind == "step":
            dearest += _FIX
        cost_usd = backend.cost_usd(dearest)
        if self.budget.max_cost_usd is not None and cost_usd is None:
            self.retire(
                f"max_cost cannot be kept: the price of {backend.name} is not known. Give it by OCTOPUS_PRICES, or a "
                "limit by max_tokens"
            )
            return False
        dearest = msgspec.structs.replace(dearest, cost_usd=cost_usd or 0.0)
        if reason := unaffordable(self.budget, spent, dearest):
            self.retire(reason)
            return False
        return True

    def _count_failure(self, error: Exception, backend: Backend) -> None:
        self._n_failed += 1
        if not isinstance(error, BackendError):
            self.retire(f"{backend.name} failed: {_said(error)}")
        elif not isinstance(error, BackendUnreachable):
            self.retire(_said(error))
        elif self._n_failed >= _FAILED_IN_A_ROW:
            self.retire(f"{self._n_failed} questions in a row had no reply, the last because {_said(error)}")

    def _mark(self, reply: ChatReply, unreadable: Unreadable) -> None:
        """Say of the last call why its reply was no use."""
        at = max(i for i, one in enumerate(self._written) if isinstance(one, ModelCall))
        last = self._written[at]
        assert isinstance(last, ModelCall)
        status = "unusable"
        if not reply.text.strip():
            status = "empty"
        elif unreadable.refused or reply.finish == "refused":
            status = "refused"
        elif unreadable.truncated or reply.finish == "length":
            status = "truncated"
        self._written[at] = msgspec.structs.replace(last, status=status, problem=unreadable.problem)

    def _read(self, text: str, kind: CallKind) -> Answer:
        return read_reply(text, kind, self.columns)


def _said(error: Exception) -> str:
    """Return the words of an error; those of one that is none of a backend's may hold anything, and are cut."""
    if isinstance(error, BackendError):
        return whole_characters(str(error))
    return without_secrets(f"{type(error).__name__}: {error}")


def _whole(reply: ChatReply) -> str:
    """Return the text of a reply that came to its end."""
    if reply.finish == "refused":
        raise Unreadable("You declined. Answer with one ACTION in the format that was given.", refused=True)
    if not reply.text.strip():
        raise Unreadable("Your reply was empty. Answer with one ACTION in the format that was given.")
    if reply.finish == "length":
        raise Unreadable(
            "Your reply was cut off at its limit. Send a shorter one: less prose, a shorter script.", truncated=True
        )
    return reply.text
