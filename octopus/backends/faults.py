"""What went wrong with an attempt: ask again, ask otherwise, or give up, and in which words."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

from octopus.backends.answers import Malformed, decoded
from octopus.backends.dialect import Feature, refused_feature
from octopus.backends.endpoint import ADDRESS, KEY, Endpoint
from octopus.backends.secrets import without_secrets

_TOO_LONG_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"})
_TOO_LONG = re.compile(
    r"(?i)maximum context|context (?:length|window|size)|(?:prompt|input|messages) (?:is|are) too (?:long|large)"
    r"|(?:prompt|input).{0,60}exceeds? the (?:maximum|available)|reduce the length|inputs?` tokens"
)
#: Of a 429 that no waiting mends: one request is more than a minute's share.
_TOO_LARGE = re.compile(r"(?i)request too large")
#: Codes of a 429 or 403 that no waiting mends.
_NO_MONEY = re.compile(
    r"(?i)insufficient_quota|insufficient (?:credit|balance|funds)|exceeded your current quota|billing"
)
_AGAIN = frozenset({408, 409, 425, 429})
_LATER = "Try again later; the limits of the account may be low."


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An attempt without a reply.

    Parameters
    ----------
    kind : {"again", "refused", "too_long", "feature", "ended"}
        Another attempt may help; none will; the prompt is too long; without this part of the body it may work; it was
        ended from our side.
    why, remedy : str
        For the error, without secrets.
    feature : str or None
        The part of the body that is refused.
    wait_s : float or None
        How long the endpoint asks us to wait.
    is_charged : bool
        Whether the endpoint may charge for it: the request was sent and no answer says that it failed.
    is_nobody : bool
        Whether no connection came about.
    """

    kind: Literal["again", "refused", "too_long", "feature", "ended"]
    why: str
    remedy: str
    feature: Feature | None = None
    wait_s: float | None = None
    is_charged: bool = False
    is_nobody: bool = False


def fault_of_status(
    status: int, headers: Mapping[str, str], content: bytes, body: Mapping[str, object], endpoint: Endpoint
) -> Fault:
    """Return what a response says that is no success.

    Parameters
    ----------
    status : int
        Of HTTP.
    headers : mapping of str to str
        Of the response, names in lower case.
    content : bytes
        Body of the response.
    body : mapping
        Body of the request.
    endpoint : Endpoint
        Who answered.
    """
    code, param, message = _told(content)
    shown = without_secrets(message, endpoint.secrets) or "no reason given"
    why = f"{endpoint.shown} answered {status}: {shown}"
    too_long = _TOO_LARGE if status == 429 else _TOO_LONG
    if status == 413 or code in _TOO_LONG_CODES or (status in (400, 422, 429) and too_long.search(message)):
        return Fault(kind="too_long", why=why, remedy="Ask for less at once, or use a model with a larger context.")
    feature = refused_feature(body, status, code, param, message)
    if feature is not None:
        return Fault(kind="feature", why=why, remedy=_remedy(status, endpoint), feature=feature)
    if status == 402 or (status in (403, 429) and _NO_MONEY.search(f"{code} {message}")):
        return Fault(
            kind="refused", why=why, remedy="The account has no credit left: add some, or use another backend."
        )
    if status in _AGAIN or status >= 500:
        return Fault(kind="again", why=why, remedy=_LATER, wait_s=asked_wait_s(headers, time.time()))
    return Fault(kind="refused", why=why, remedy=_remedy(status, endpoint))


def fault_in_success(content: bytes, body: Mapping[str, object], endpoint: Endpoint) -> Fault | None:
    """Return the fault that a response with status 200 tells in its body, as some gateways do; None without one."""
    try:
        error = decoded(content).get("error")
    except Malformed:
        return None
    if not error:
        return None
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 502
    return fault_of_status(status, {}, content, body, endpoint)


def fault_of_error(error: Exception, endpoint: Endpoint, *, is_connected: bool, is_sent: bool) -> Fault:
    """Return what an exception of the client says.

    Parameters
    ----------
    error : Exception
        Any.
    endpoint : Endpoint
        Who was asked.
    is_connected, is_sent : bool
        How far it came: whether there was a connection, whether the request was sent.
    """
    root = error.__cause__ or error
    said = without_secrets(str(root) or str(error), endpoint.secrets)
    name = type(root).__name__
    words = f"{name}: {said}" if said else name
    if not _is_of_transport(error):
        return Fault(
            kind="refused",
            why=f"the request failed on our side ({words})",
            remedy=_remedy(400, endpoint),
            is_charged=is_sent,
        )
    what = "broke off" if is_sent else "does not answer"
    return Fault(
        kind="again",
        why=f"{endpoint.shown} {what} ({words})",
        remedy=f"See that the endpoint runs and that {ADDRESS} is its address.",
        is_charged=is_sent,
        is_nobody=not is_connected,
    )


def malformed(error: Malformed, endpoint: Endpoint) -> Fault:
    """Return the fault of a response that came whole and is none."""
    return Fault(
        kind="again",
        why=f"{endpoint.shown}: {without_secrets(str(error), endpoint.secrets)}",
        remedy=f"See that {ADDRESS} is the address of an endpoint that speaks OpenAI's API (most end in /v1).",
        is_charged=True,
    )


def late(endpoint: Endpoint, waited_s: float, *, is_connected: bool, is_sent: bool) -> Fault:
    """Return the fault of an attempt whose time is up."""
    return Fault(
        kind="again",
        why=f"{endpoint.shown} gave no answer in {waited_s:.3g} s",
        remedy="Give it more time, or use a faster model.",
        is_charged=is_sent,
        is_nobody=not is_connected,
    )


def ended(endpoint: Endpoint, *, is_sent: bool) -> Fault:
    """Return the fault of an attempt that we ended ourselves."""
    return Fault(
        kind="ended",
        why=f"the request to {endpoint.shown} was ended from here",
        remedy="Ask again.",
        is_charged=is_sent,
    )


def asked_wait_s(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that ``Retry-After`` asks us to wait; None without one that can be read.

    Parameters
    ----------
    headers : mapping of str to str
        Of a response, names in lower case.
    now : float
        Seconds since the epoch, for a ``Retry-After`` that is a date.
    """
    text = headers.get("retry-after-ms", "")
    if _is_number(text):
        return float(text) / 1000
    text = headers.get("retry-after", "").strip()
    if _is_number(text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _told(content: bytes) -> tuple[str, str, str]:
    """Return code, parameter and message of an error's body; servers put them in different places."""
    text = content.decode("utf-8", "replace")
    try:
        body = decoded(content)
    except Malformed:
        return "", "", re.sub(r"<[^>]*>", " ", text)
    error = body.get("error", body)
    if not isinstance(error, dict):
        return "", "", str(error)
    message = error.get("message") or error.get("detail") or text
    code = " ".join(str(error.get(one)) for one in ("code", "type") if isinstance(error.get(one), str))
    known = next((one for one in code.split() if one in _TOO_LONG_CODES), code.split(" ", 1)[0])
    return known, str(error.get("param") or ""), message if isinstance(message, str) else str(message)


def _remedy(status: int, endpoint: Endpoint) -> str:
    if status in (401, 403):
        return f"Check {KEY}: {endpoint.shown} does not take it."
    if status in (404, 405):
        return f"Check the model's name, and {ADDRESS} (most endpoints end in /v1)."
    return "Check that the model takes chat requests."


def _is_of_transport(error: Exception) -> bool:
    """Return whether an exception is of the client's HTTP layer, whichever library that is."""
    names = {f"{kind.__module__.split('.')[0]}.{kind.__name__}" for kind in type(error).__mro__}
    return "openai.APIConnectionError" in names or any(name.startswith("httpx") for name in names)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\s*\d+(?:\.\d+)?\s*", text))
