"""What was sent to a language model and what came back, as text; what was shown once is not shown again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from octopus.records import Message, ModelCall
from octopus.reporting.calls import usage_words
from octopus.reporting.words import count, printable

#: Words from which on a beginning that was shown before is left out: below it, the hint is no shorter.
_WORTH_LEAVING_OUT = 40


def transcript(calls: Sequence[ModelCall], only: int | None = None, full: bool = False) -> Iterator[str]:
    """Yield the lines of some calls.

    Parameters
    ----------
    calls : sequence of ModelCall
        Every call of a run.
    only : int or None, default=None
        Number of the one that is shown, counted from one; None for all of them.
    full : bool, default=False
        Whether beginnings that were shown before are shown again.

    Yields
    ------
    str
        Lines without controls, tabs aside.
    """
    shown = [number for number in range(1, len(calls) + 1) if only in (None, number)]
    earlier: list[tuple[int, Message]] = []
    for number in shown:
        call = calls[number - 1]
        yield from (_head(number, len(calls), call), "")
        for message in call.messages:
            yield f"--- {message.role}"
            yield from _said(message, [] if full else earlier)
            yield ""
        earlier += [(number, message) for message in call.messages]
        yield "--- reply"
        yield from _lines(call.reply) if call.reply else ("(none came)",)
        yield ""


def _head(number: int, n_calls: int, call: ModelCall) -> str:
    model = f" ({call.model})" if call.model else ""
    problem = f": {call.problem}" if call.problem else ""
    retries = f" · {count(call.usage.requests, 'request')}" if call.usage.requests > 1 else ""
    took = f"{usage_words(call.usage)} · {call.wall_s:.1f} s{retries}"
    asked = f"{call.kind} · {call.status}{problem} · {call.backend}{model}"
    return printable(f"=== call {number} of {n_calls} · {asked} · {took}")


def _said(message: Message, earlier: Sequence[tuple[int, Message]]) -> Iterator[str]:
    """Yield a message, without the beginning that it has in common with an earlier one of its role."""
    number, length = 0, 0
    for at, other in earlier:
        if other.role == message.role:
            common = _common(message.text, other.text)
            if common > length:
                number, length = at, common
    n_words = len(message.text[:length].split())
    if n_words < _WORTH_LEAVING_OUT:
        yield from _lines(message.text)
        return
    is_all = any(at == number and other == message for at, other in earlier)
    yield f"({'the same' if is_all else 'begins with the same'} {count(n_words, 'word')} as in call {number})"
    if length < len(message.text):
        yield from _lines(message.text[length:])


def _common(one: str, other: str) -> int:
    """Return how many letters two texts have in common at their beginning, in whole lines."""
    pairs = zip(one.splitlines(keepends=True), other.splitlines(keepends=True), strict=False)
    return sum(len(line) for line, _ in takewhile(lambda pair: pair[0].rstrip("\n") == pair[1].rstrip("\n"), pairs))


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\r\n", "\n").split("\n"):
        yield "\t".join(printable(part) for part in line.split("\t"))
