"""The exported model as a service: ``python serve.py --port 8000``, then POST rows to /predict; /docs shows how.

One worker: ``python serve.py``. More of them: ``uvicorn --factory serve:create_app --workers 4``.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads of a small model starve the other requests

import numpy as np
import uvicorn
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from octopus.bundle.templates.predict import BundleProblem, Model, load
from octopus.bundle.templates.rows import (
    MAX_BODY_BYTES,
    InvalidRequest,
    Problem,
    read_rows,
    read_table,
    unknown_columns,
)

_log = logging.getLogger("uvicorn.error")
_JSON_TYPES = {"number": "number", "boolean": "boolean", "datetime": "string", "text": "string"}


def create_app(directory: str | Path | None = None) -> FastAPI:
    """Return the service of a bundle, its model loaded.

    Parameters
    ----------
    directory : path-like or None, default=None
        Where the bundle lies; None for the directory of this file.

    Returns
    -------
    FastAPI
        With /predict, /healthz, /schema and /docs.
    """
    model = load(Path(__file__).parent if directory is None else directory)
    target = model.description["target"]
    app = FastAPI(title=f"Predict {target}", version=str(model.description["model"]), description=_describe(model))

    @app.post("/predict", openapi_extra=_request_body(model), responses=_responses(model))
    async def predict(request: Request) -> JSONResponse:
        """Predict one row, or several under "rows". Further columns are ignored and named in the reply."""
        try:
            body = await _read_body(request)
        except InvalidRequest as error:
            return JSONResponse(error.as_json(), error.status)
        status, reply = await run_in_threadpool(answer, model, body)
        return JSONResponse(reply, status)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Say that the model is loaded, and which."""
        return {"status": "ok", "target": target, "model": model.description["model"]}

    @app.get("/schema")
    async def schema() -> dict[str, Any]:
        """Return the columns with their types, whether they are required, and an example of each."""
        return describe(model)

    return app


def answer(model: Model, body: bytes) -> tuple[int, dict[str, Any]]:
    """Answer the body of a request to /predict.

    Parameters
    ----------
    model : Model
        Predicts.
    body : bytes
        JSON.

    Returns
    -------
    tuple of int and dict
        HTTP status and the reply.
    """
    try:
        rows = read_rows(body, model)
        table = read_table(rows, model)
    except InvalidRequest as error:
        return error.status, error.as_json()
    try:
        predicted = model.predict_canonical(table)
    except Exception as error:  # noqa: BLE001  the boundary to the pipeline: the service goes on
        _log.exception("the model failed on %d row(s)", len(rows))
        text = f"the model cannot predict these rows: {type(error).__name__}: {error}"
        return 500, InvalidRequest([Problem(None, None, text)]).as_json()
    ignored = unknown_columns(rows, model)
    return 200, {**_reply(model, predicted), **({"ignored_columns": ignored} if ignored else {})}


def describe(model: Model) -> dict[str, Any]:
    """Return what /schema tells.

    Parameters
    ----------
    model : Model
        Knows the columns.

    Returns
    -------
    dict
        Target, task, labels, and the columns.
    """
    description = model.description
    columns = [
        {
            "name": column.name,
            "type": column.kind,
            "required": column.name not in description["optional"],
            "nullable": True,
            **description["details"].get(column.name, {}),
        }
        for column in model.schema.columns
    ]
    return {**{key: description[key] for key in ("target", "task", "labels", "threshold")}, "columns": columns}


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve the model of this directory.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    asked = parser.parse_args()
    try:
        listening = _listen(asked.host, asked.port)
        app = create_app()
    except OSError as error:
        sys.exit(
            f"serve.py: cannot listen on {asked.host}:{asked.port}: {error.strerror or error}. Choose another --port."
        )
    except BundleProblem as error:
        sys.exit(f"serve.py: {error}")
    with listening, suppress(KeyboardInterrupt):  # raised anew when all requests are answered
        server = uvicorn.Server(uvicorn.Config(app))
        host, port = listening.getsockname()[:2]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        _log.info("%s: POST /predict, GET /schema, and %s/docs shows how", address, address)
        server.run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before the model is loaded, which takes longer than to see that it is in use."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # The protocol, or asyncio leaves Nagle's algorithm on, and each reply waits 40 ms for an acknowledgement.
    listening = socket.socket(family, kind, protocol)
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(address)
    return listening


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            text = f"the request is longer than {MAX_BODY_BYTES:,} bytes: send several requests"
            raise InvalidRequest([Problem(None, None, text)], status=413)
    return bytes(body)


def _reply(model: Model, predicted: np.ndarray[Any, Any]) -> dict[str, Any]:
    if not len(model.classes_):
        return {"predictions": [_number(value) for value in predicted.tolist()]}
    names = _names(model.classes_.tolist())
    return {
        "predictions": model.labels(predicted).tolist(),
        "probabilities": [
            {name: _number(value) for name, value in zip(names, row, strict=True)} for row in predicted.tolist()
        ],
    }


def _names(labels: list[object]) -> list[str]:
    """Return labels as keys: text as it is, others as JSON spells them; all as JSON where two would be the same."""
    names = [label if isinstance(label, str) else json.dumps(label) for label in labels]
    return names if len(set(names)) == len(names) else [json.dumps(label) for label in labels]


def _number(value: float) -> float | None:
    """Return a number as JSON has it, which knows neither NaN nor infinity."""
    return value if math.isfinite(value) else None


def _example(model: Model) -> dict[str, Any]:
    return {column["name"]: column.get("example") for column in describe(model)["columns"]}


def _describe(model: Model) -> str:
    columns = describe(model)["columns"]
    n_required = sum(column["required"] for column in columns)
    labels = model.description["labels"]
    what = f"one of {', '.join(map(str, labels[:20]))}" if labels else "a number"
    return f"{model.description['target']} is {what}. Rows have {len(columns)} columns, {n_required} of them required."


def _request_body(model: Model) -> dict[str, Any]:
    """Return what OpenAPI says of a request, from the columns of this model."""
    columns = describe(model)["columns"]
    row = {
        "type": "object",
        "properties": {column["name"]: _property(column) for column in columns},
        "required": [column["name"] for column in columns if column["required"]],
        "additionalProperties": True,
    }
    rows = {"type": "object", "properties": {"rows": {"type": "array", "items": row}}, "required": ["rows"]}
    examples = {
        "several rows": {"value": {"rows": [_example(model)]}},
        "one row": {"value": _example(model)},
    }
    content = {"application/json": {"schema": {"anyOf": [rows, row]}, "examples": examples}}
    return {"requestBody": {"required": True, "content": content}}


def _property(column: dict[str, Any]) -> dict[str, Any]:
    seen = {"examples": column["levels"]} if "levels" in column else {}
    dated = {"format": "date-time"} if column["type"] == "datetime" else {}
    spread = (
        {"description": f"{column['minimum']:g} to {column['maximum']:g} in training"} if "minimum" in column else {}
    )
    return {"type": [_JSON_TYPES[column["type"]], "null"], **spread, **dated, **seen}


def _responses(model: Model) -> dict[int | str, dict[str, Any]]:
    labels = model.description["labels"]
    reply: dict[str, Any] = {"predictions": labels[:1] if labels else [1.5]}
    if labels:
        reply["probabilities"] = [dict.fromkeys(_names(labels), round(1 / len(labels), 3))]
    wrong = {"errors": [{"row": 0, "column": "age", "problem": "expected a number, got 'abc'"}]}
    return {
        200: {"description": "A prediction for each row", "content": {"application/json": {"example": reply}}},
        413: {"description": "Too many rows or bytes in one request"},
        422: {"description": "What is wrong, where", "content": {"application/json": {"example": wrong}}},
    }


if __name__ == "__main__":
    main()
