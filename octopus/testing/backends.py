"""What every backend must do, as a function that raises AssertionError where it does not."""

from __future__ import annotations

import copy
import os
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from typing import cast, get_args, get_type_hints

from sklearn.base import clone

from octopus.errors import BackendError
from octopus.protocols import Backend, ChatReply, ChatRequest
from octopus.records import Message, Usage

#: Names of variables in the environment whose values are secrets, and characters from which on a value can be one.
_SECRET = re.compile(r"(?i)key|token|secret|passw")
_SHORTEST_SECRET = 8


def example_question() -> ChatRequest:
    """Return the question that :func:`check_backend` asks: a few tokens, a minute."""
    return ChatRequest(
        kind="step",
        messages=(
            Message(role="system", text="You answer with one word."),
            Message(role="user", text="Reply with the word: ready"),
        ),
        max_tokens=16,
        deadline_s=60.0,
    )


def check_backend(backend: Backend) -> None:
    """Check that a backend answers, counts, fails with a typed error, can be copied and closed, and shows no secret.

    It is asked up to seven times: once, by three copies, after it was closed, and by two threads at once.

    Parameters
    ----------
    backend : Backend
        The plug-in.

    Raises
    ------
    BackendError
        It cannot answer here; what it says of that is checked, and so is all that needs no reply.
    """
    _expect(isinstance(backend, Backend), "it lacks a member of the Backend protocol")
    name = backend.name
    _expect(bool(name) and name.isprintable(), f"its name {name!r} is not to be printed")
    copies = {
        "a pickle": pickle.loads(pickle.dumps(backend)),  # noqa: S301  of an object that is here already
        "a deep copy": copy.deepcopy(backend),
        "sklearn.clone": clone(cast("object", backend), safe=False),
    }
    _check_costs(backend)
    failures = [_check_answer(backend, "it")]
    for how, one in copies.items():
        _expect(one.name == name, f"{how} of it is called {one.name!r}")
        failures.append(_check_answer(one, how))
    pickle.dumps(backend)
    _check_secrets(backend)
    backend.close()
    backend.close()
    failures.append(_check_answer(backend, "it, once closed,"))
    with ThreadPoolExecutor(2) as pool:
        failures += pool.map(lambda _: _check_answer(backend, "it, in a thread,"), range(2))
    backend.close()
    _expect(backend.name == name, "its name changes")
    failed = [error for error in failures if error is not None]
    if failed:
        _expect(len(failed) == len(failures), f"it answers now and then not: {failed[0]}")
        raise failed[0]


def _check_answer(backend: Backend, who: str) -> BackendError | None:
    """Ask once, and check what comes; return the error if none does."""
    try:
        reply = backend.complete(example_question())
    except BackendError as error:
        _check_error(error)
        return error
    _expect(isinstance(reply, ChatReply), f"{who} gave {type(reply).__name__}, not ChatReply")
    finishes = get_args(get_type_hints(ChatReply)["finish"])
    _expect(isinstance(reply.text, str), f"{who} gave a reply whose text is none")
    _expect(reply.finish in finishes, f"{who} ended with {reply.finish!r}, not one of {finishes}")
    _expect(bool(reply.model), f"{who} does not say which model answered")
    _check_usage(reply.usage)
    _expect(reply.usage.requests >= 1, f"{who} answered without a request")
    _expect(reply.usage.input_tokens > 0, f"{who} counts no token of the prompt")
    return None


def _check_error(error: BackendError) -> None:
    _expect(bool(error.backend and error.why and error.remedy), "an error must say who, why and what to do")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  of an object that is here already
    _expect(str(again) == str(error), "its error does not survive pickle")
    _expect(not _secrets_in(f"{error} {error!r}"), "its error shows a secret")
    if error.usage is not None:
        _check_usage(error.usage)


def _check_usage(usage: Usage) -> None:
    counts = (usage.requests, usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.cost_usd)
    _expect(all(count >= 0 for count in counts), f"a count is below zero: {usage}")
    _expect(usage.cached_tokens <= usage.input_tokens, f"more tokens were cached than sent: {usage}")


def _check_costs(backend: Backend) -> None:
    nothing, much = backend.cost_usd(Usage()), backend.cost_usd(Usage(input_tokens=1000, output_tokens=1000))
    _expect((nothing is None) == (much is None), "a model has a price or has none")
    _expect(nothing in (None, 0.0), f"nothing costs {nothing}")
    _expect(much is None or much >= 0, f"tokens cost {much}")


def _check_secrets(backend: Backend) -> None:
    _expect(not _secrets_in(backend.name), "its name shows a secret")
    _expect(not _secrets_in(repr(backend)), "its repr shows a secret")
    _expect(not _secrets_in(pickle.dumps(backend).decode("latin-1")), "its pickle holds a secret")


def _secrets_in(text: str) -> list[str]:
    return [
        name
        for name, value in os.environ.items()
        if _SECRET.search(name) and len(value) >= _SHORTEST_SECRET and value in text
    ]


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)
