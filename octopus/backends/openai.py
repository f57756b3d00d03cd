"""Any endpoint that speaks OpenAI's chat API: OpenAI, Azure, Ollama, vLLM, llama.cpp, OpenRouter and their like."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace

import msgspec
import tenacity

from octopus.backends.answers import lost
from octopus.backends.dialect import Feature, body_of, host_of
from octopus.backends.endpoint import find_endpoint
from octopus.backends.exchange import Exchange
from octopus.backends.faults import Fault
from octopus.backends.prices import price_of
from octopus.backends.secrets import shown_address
from octopus.errors import BackendError, BackendRefused, BackendUnreachable, InvalidParameter, PromptTooLong
from octopus.protocols import ChatReply, ChatRequest
from octopus.records import Usage

#: Attempts at one question: with the pauses between them some 15 s, in which what is busy or starts again comes back.
_ATTEMPTS = 6
#: … and where no connection comes about at all: a server that is not there seldom comes up in these seconds.
_ATTEMPTS_AT_NOBODY = 3
#: … and those that may be charged though nothing came of them: so a question costs at most twice what it should.
_ATTEMPTS_CHARGED = 2
#: First pause and longest, in seconds; each is a random share of twice the one before, so that many clients do not
#: come back together (Brooker, "Exponential backoff and jitter", 2015).
_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 20.0
#: Seconds below which an attempt is of no use.
_LEAST_S = 0.01

_ERRORS: dict[str, type[BackendError]] = {
    "again": BackendUnreachable,
    "ended": BackendUnreachable,
    "too_long": PromptTooLong,
}


class OpenAIBackend:
    """A model behind an endpoint that speaks OpenAI's chat API.

    Nothing but chat completions is asked of it: no functions, no JSON mode. A system role, a temperature and the name
    of the bound on a reply are left out or changed where the endpoint refuses them, once, and remembered. The key is
    ``OPENAI_API_KEY``, read when it is asked; it is kept nowhere.

    Parameters
    ----------
    model : str
        The model's name, as the endpoint knows it.
    base_url : str, optional
        The endpoint's address; else ``OPENAI_BASE_URL``; else OpenAI's own.
    prices : mapping of str to (float, float, float), optional
        USD per million tokens of prompt, cached prompt and reply, by model; they come before those in
        ``OCTOPUS_PRICES`` and the known ones of :mod:`octopus.backends.prices`.
    temperature : float, optional
        Else the endpoint's own.
    timeout : float, optional
        Most seconds for one attempt; else what is left of the question's deadline, for a small machine may take minutes
        to write a reply, and what is cut off and asked again is paid for twice.

    Examples
    --------
    >>> OpenAIBackend("gpt-5").name
    'openai:gpt-5'
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        prices: Mapping[str, tuple[float, float, float]] | None = None,
        temperature: float | None = None,
        timeout: float | None = None,
    ) -> None:
        if not model.strip():
            raise InvalidParameter("backend", f"openai:{model}", "no model is named", "Write openai:MODEL.")
        if base_url is not None and "@" in base_url.partition("//")[2].partition("/")[0]:
            raise InvalidParameter(
                "base_url", shown_address(base_url), "it holds a password", "Set OPENAI_BASE_URL instead."
            )
        if timeout is not None and not timeout > 0:
            raise InvalidParameter("timeout", timeout, "no time is left", "Give it seconds, or None.")
        self.model, self.base_url, self.temperature, self.timeout = model.strip(), base_url, temperature, timeout
        self._price = price_of(self.model, prices)
        self._without: frozenset[Feature] = frozenset()
        self._under_way: set[Exchange] = set()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """``openai:`` and the model's name."""
        return f"openai:{self.model}"

    def complete(self, request: ChatRequest) -> ChatReply:
        """Ask, again where that may help, within the deadline.

        Parameters
        ----------
        request : ChatRequest
            The question.

        Returns
        -------
        ChatReply
            With the usage of all attempts.

        Raises
        ------
        BackendUnreachable
            No reply came in time, or :meth:`close` ended it.
        BackendRefused
            The endpoint refuses for good.
        PromptTooLong
            The prompt does not fit.
        """
        import openai  # noqa: F401  a second, the first time: before the clock starts

        exchange = Exchange(find_endpoint(self.name, self.base_url), self.model)
        with self._lock:
            self._under_way.add(exchange)
        try:
            outcome, usage = self._ask(exchange, request, time.monotonic() + request.deadline_s)
        finally:
            with self._lock:
                self._under_way.discard(exchange)
        usage = msgspec.structs.replace(usage, cost_usd=self.cost_usd(usage) or 0.0)
        if isinstance(outcome, ChatReply):
            return replace(outcome, usage=usage)
        raise _ERRORS.get(outcome.kind, BackendRefused)(self.name, outcome.why, outcome.remedy, usage)

    def cost_usd(self, usage: Usage) -> float | None:
        """Return what these tokens cost; None where the model has no known price.

        Parameters
        ----------
        usage : Usage
            The tokens.
        """
        return None if self._price is None else self._price.of(usage)

    def close(self) -> None:
        """End every request under way: it raises BackendUnreachable. A later one opens anew."""
        with self._lock:
            under_way = tuple(self._under_way)
        for exchange in under_way:
            exchange.end()

    def _ask(self, exchange: Exchange, request: ChatRequest, deadline: float) -> tuple[ChatReply | Fault, Usage]:
        spent: list[Usage] = []

        def stop(state: tenacity.RetryCallState) -> bool:
            fault = _result(state)
            attempts = _ATTEMPTS_AT_NOBODY if isinstance(fault, Fault) and fault.is_nobody else _ATTEMPTS
            is_late = time.monotonic() + state.upcoming_sleep + _LEAST_S >= deadline
            is_dear = sum(usage.tokens > 0 for usage in spent) >= _ATTEMPTS_CHARGED
            return is_late or is_dear or exchange.is_ended or state.attempt_number >= attempts

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda result: isinstance(result, Fault) and result.kind == "again"),
            wait=_pause_s,
            stop=stop,
            sleep=exchange.pause,
            retry_error_callback=_result,
        )
        outcome = retrying(self._attempt, exchange, request, deadline, spent)
        return outcome, sum(spent, Usage())

    def _attempt(
        self, exchange: Exchange, request: ChatRequest, deadline: float, spent: list[Usage]
    ) -> ChatReply | Fault:
        """Ask once; at once again without what the endpoint turns out not to take."""
        host = host_of(exchange.endpoint.address)
        while True:
            left_s = max(_LEAST_S, deadline - time.monotonic())
            body = body_of(request, model=self.model, temperature=self.temperature, host=host, without=self._without)
            outcome = exchange.attempt(body, request, min(left_s, self.timeout or left_s))
            if isinstance(outcome, ChatReply):
                spent.append(outcome.usage)
                return outcome
            spent.append(lost(request) if outcome.is_charged else Usage(requests=1))
            if outcome.feature is None:
                return outcome
            with self._lock:
                self._without |= {outcome.feature}

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name not in ("_lock", "_under_way")}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state, _lock=threading.Lock(), _under_way=set())

    def __repr__(self) -> str:
        where = "" if self.base_url is None else f", base_url={shown_address(self.base_url)!r}"
        return f"OpenAIBackend({self.model!r}{where})"


def _pause_s(state: tenacity.RetryCallState) -> float:
    """Return what the endpoint asks us to wait, else a random pause that grows."""
    fault = _result(state)
    if isinstance(fault, Fault) and fault.wait_s:
        return fault.wait_s
    return tenacity.wait_random_exponential(multiplier=_PAUSE_S, max=_LONGEST_PAUSE_S)(state)


def _result(state: tenacity.RetryCallState) -> ChatReply | Fault:
    assert state.outcome is not None
    result = state.outcome.result()
    assert isinstance(result, ChatReply | Fault)
    return result
