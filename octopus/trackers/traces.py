"""Questions to a language model as MLflow's traces: finished ones, with the times of the journal, each of them once.

MLflow takes the id of a trace from its client, so nothing has to be looked for: what is sent again under the same id
(``start_trace`` in mlflow.store.tracking.sqlalchemy_store) replaces itself.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from octopus.records import Usage
from octopus.trackers.client import is_final
from octopus.trackers.entries import Trace, clip
from octopus.trackers.place import Place
from octopus.trackers.store import Store

#: Why there are none at all: servers before 3.4, servers that run MLflow's Flask application alone, Databricks.
NO_TRACES = "it cannot keep them"
#: What MLflow says then.
_MISSING = {"ENDPOINT_NOT_FOUND", "NOT_FOUND", "NOT_IMPLEMENTED", "RESOURCE_DOES_NOT_EXIST"}
_OK, _SERVER_ERROR = 200, 500
#: A reason is a line, not a page.
_REASON = 100


def send_trace(place: Place, store: Store, trace: Trace) -> str:
    """Send a trace, and tie it to the run.

    Parameters
    ----------
    place : Place
        The run.
    store : Store
        Where it stands.
    trace : Trace
        What is sent; sent again, it is there once.

    Returns
    -------
    str
        Why this store can take none; empty where it took it.
    """
    from mlflow.entities import Span, TraceInfo, TraceLocation, TraceState
    from mlflow.tracing.client import TracingClient

    information = TraceInfo(
        trace_id=_trace_id(trace),
        trace_location=TraceLocation.from_experiment_id(place.experiment_id),
        request_time=trace.start_ms,
        execution_duration=trace.end_ms - trace.start_ms,
        state=TraceState.ERROR if trace.problem else TraceState.OK,
        request_preview=trace.shown_request,
        response_preview=trace.shown_reply,
        client_request_id=trace.id,
        trace_metadata={
            "mlflow.sourceRun": place.run_id,  # by which the run's own page finds it
            "mlflow.trace_schema.version": "3",
        },
        tags={"mlflow.traceName": trace.name, **trace.tags},
    )
    client, spans = TracingClient(store.uri), [Span.from_dict(_span(trace))]
    try:
        try:
            client.log_spans(place.experiment_id, spans)
        except NotImplementedError:
            if not _says_its_version(client):
                return NO_TRACES
            client.log_spans(place.experiment_id, spans)
        client.start_trace(information)
    except NotImplementedError:
        return NO_TRACES
    except Exception as error:
        if why := _why_none(error):
            return why
        raise
    return ""


def _says_its_version(client: Any) -> bool:
    """Return whether a server says its version now.

    MLflow asks for it before the first spans, for three seconds, and takes no answer for the answer of a server that is
    too old, as long as the process lives (``_get_server_version`` in mlflow.store.tracking.rest_store): a server that
    only was busy would never get a trace.
    """
    from mlflow.exceptions import MlflowException
    from mlflow.utils.rest_utils import http_request

    creds, version = getattr(client.store, "get_host_creds", None), getattr(client.store, "_get_server_version", None)
    forget = getattr(version, "cache_clear", None)
    if creds is None or forget is None:
        return False
    forget()
    ask: Any = http_request  # MLflow does not type it
    status = ask(creds(), "/version", "GET", raise_on_status=False).status_code
    if status >= _SERVER_ERROR:
        raise MlflowException(f"it answers {status} when asked for its version")
    return bool(status == _OK)


def _why_none(error: Exception) -> str:
    """Return why a store does not take a trace; empty where trying again may help."""
    code, answer = getattr(error, "error_code", ""), getattr(error, "json", None)
    if code in _MISSING or "error code 405" in str(error):
        return NO_TRACES
    if isinstance(answer, dict) and "error_code" not in answer:  # not MLflow's own words for a failure: FastAPI's 4xx
        return f"it refused some: {clip(str(answer.get('detail') or answer), _REASON)}"
    return f"it refused some: {code}" if is_final(error) else ""


def _trace_id(trace: Trace) -> str:
    return f"tr-{trace.id}"


def _span(trace: Trace) -> dict[str, Any]:
    """Return the one span of a trace, as ``mlflow.entities.Span.to_dict`` has it: attributes are JSON."""
    said = {"role": "assistant", "content": trace.reply}
    attributes = {
        "mlflow.traceRequestId": _trace_id(trace),
        "mlflow.spanType": "CHAT_MODEL",
        "mlflow.spanInputs": {
            "model": trace.model or trace.backend,
            "messages": [{"role": one.role, "content": one.text} for one in trace.messages],
        },
        "mlflow.spanOutputs": {"choices": [{"index": 0, "message": said}]},
        "mlflow.message.format": "openai",
        "mlflow.chat.tokenUsage": _tokens(trace.usage),
        "mlflow.llm.model": trace.model or trace.backend,
        "mlflow.llm.provider": trace.backend.partition(":")[0],
        "mlflow.llm.cost": {"input_cost": 0.0, "output_cost": 0.0, "total_cost": trace.usage.cost_usd},
        **trace.tags,
    }
    if not trace.usage.cost_usd:
        del attributes["mlflow.llm.cost"]
    return {
        "trace_id": _base64(trace.id),
        "span_id": _base64(trace.id[:16]),
        "parent_span_id": None,
        "name": trace.name,
        "start_time_unix_nano": trace.start_ms * 1_000_000,
        "end_time_unix_nano": trace.end_ms * 1_000_000,
        "events": [],
        "status": {"code": "STATUS_CODE_ERROR" if trace.problem else "STATUS_CODE_OK", "message": trace.problem},
        "attributes": {name: json.dumps(value, ensure_ascii=False) for name, value in attributes.items()},
    }


def _tokens(usage: Usage) -> dict[str, int]:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.tokens,
        "cache_read_input_tokens": usage.cached_tokens,
    }


def _base64(digits: str) -> str:
    return base64.b64encode(bytes.fromhex(digits)).decode()
