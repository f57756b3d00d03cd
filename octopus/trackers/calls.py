"""A question to a language model → metrics of the run, as running totals, and a trace."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from octopus.records import Message, ModelCall, Usage
from octopus.trackers.entries import Entry, Point, Trace, clip, make_points, make_tags, storable
from octopus.trackers.tags import ID_TAG
from octopus.trackers.times import milliseconds

#: MLflow shows so much of a request and a reply in its list of traces
#: (TRACE_REQUEST_RESPONSE_PREVIEW_MAX_LENGTH_OSS in mlflow.tracing.constant).
_PREVIEW = 1000
#: Tags of traces hold 4,096 characters (MAX_CHARS_IN_TRACE_INFO_TAGS_VALUE beside it), those of runs more.
_TRACE_TAG = 4000
#: Tags by which a trace is found.
CALL_TAG, KIND_TAG, STATUS_TAG = "octopus.call", "octopus.kind", "octopus.status"


def entry_of_call(calls: Sequence[ModelCall], identity: str, of_run: Entry, end_ms: int) -> Entry:
    """Return what the latest of some calls leaves in MLflow.

    Parameters
    ----------
    calls : sequence of ModelCall
        Every call so far, in order.
    identity : str
        Of the run.
    of_run : Entry
        Without content.
    end_ms : int
        When the last one ended, in milliseconds since 1970.

    Returns
    -------
    Entry
        Of the run itself: totals with the number of the call as their step, and a trace.
    """
    call, number = calls[-1], len(calls)
    points = tuple(msgspec.structs.replace(point, step=number) for point in _totals(calls, end_ms))
    answered = next((one for one in reversed(calls) if one.model), call)
    model = f"{answered.backend} ({answered.model})" if answered.model else answered.backend
    tags = make_tags({"language_model": model})
    return msgspec.structs.replace(of_run, points=points, tags=tags, traces=(_trace(call, number, identity, end_ms),))


def usage_points(usage: Usage) -> dict[str, float]:
    """Return what calls took, under the names of metrics.

    Parameters
    ----------
    usage : Usage
        Of one call or of many.

    Returns
    -------
    dict of str to float
        Tokens and money.
    """
    return {
        "tokens_input": float(usage.input_tokens),
        "tokens_cached": float(usage.cached_tokens),
        "tokens_output": float(usage.output_tokens),
        "cost_usd": usage.cost_usd,
    }


def _totals(calls: Sequence[ModelCall], at_ms: int) -> tuple[Point, ...]:
    of_kind = [call for call in calls if call.kind == calls[-1].kind]
    every, kind = _total(calls), calls[-1].kind
    return make_points(every | {f"{name}.{kind}": value for name, value in _total(of_kind).items()}, at_ms)


def _total(calls: Sequence[ModelCall]) -> dict[str, float]:
    used = sum((call.usage for call in calls), Usage())
    n_failed = sum(call.status == "failed" for call in calls)
    return {
        "calls": float(len(calls)),
        "calls_failed": float(n_failed),
        "model_s": sum(call.wall_s for call in calls),
        **usage_points(used),
    }


def _trace(call: ModelCall, number: int, identity: str, end_ms: int) -> Trace:
    messages = tuple(Message(role=message.role, text=storable(message.text)) for message in call.messages)
    reply, problem = storable(call.reply), storable(call.problem)
    if call.status != "ok" and not problem:
        problem = call.status
    tags = {CALL_TAG: number, KIND_TAG: call.kind, STATUS_TAG: call.status, ID_TAG: identity, "problem": problem}
    return Trace(
        id=hashlib.sha256(f"{identity}\ncall {number}".encode()).hexdigest()[:32],
        name=f"{number:02d} {call.kind}",
        start_ms=max(0, end_ms - milliseconds(call.wall_s)),
        end_ms=end_ms,
        backend=storable(call.backend),
        model=storable(call.model),
        messages=messages,
        reply=reply,
        problem=clip(problem, _PREVIEW),
        usage=call.usage,
        shown_request=clip(f"{call.kind}: {_end(messages)}", _PREVIEW),
        shown_reply=clip(reply or problem, _PREVIEW),
        tags={name: clip(text, _TRACE_TAG) for name, text in make_tags(tags).items()},
    )


def _end(messages: Sequence[Message]) -> str:
    """Return the last paragraph of a prompt: they begin alike, and a list shows no more than a beginning."""
    return messages[-1].text.rstrip().rpartition("\n\n")[2] if messages else ""
