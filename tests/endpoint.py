"""An endpoint that speaks OpenAI's API over real HTTP, and does what endpoints do on bad days."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Body = dict[str, object]
#: What an endpoint does with a request.
Answer = Callable[["Handler", Body], None]


@dataclass
class Endpoint:
    """Where it listens, and what it was asked."""

    address: str
    closing: threading.Event
    bodies: list[Body] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)


@contextmanager
def endpoint(*answers: Answer) -> Iterator[Endpoint]:
    """Serve these answers in order, the last of them for ever."""
    closing, lock = threading.Event(), threading.Lock()
    server = _Server(("127.0.0.1", 0), Handler)
    server.told = told = Endpoint(f"http://127.0.0.1:{server.server_port}/v1", closing)

    def answer(handler: Handler, body: Body) -> None:
        with lock:
            number = len(told.bodies)
            told.bodies.append(body)
            told.headers.append({name.lower(): value for name, value in handler.headers.items()})
        told.asked.set()
        answers[min(number, len(answers) - 1)](handler, body)

    server.answer = answer
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def says(text: str | None = "ready", finish: str | None = "stop", *, usage: object = ..., **message: object) -> Answer:
    """Answer as a model does."""
    counted = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25} if usage is ... else usage

    def answer(handler: Handler, body: Body) -> None:
        choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
        found = {"id": "1", "object": "chat.completion", "model": "the-model-itself", "choices": [choice]}
        handler.send(200, json.dumps(found if counted is None else {**found, "usage": counted}).encode())

    return answer


def sends(content: bytes, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Answer:
    """Answer with these bytes."""
    return lambda handler, _: handler.send(status, content, headers)


def fails(status: int, message: str = "on purpose", headers: Sequence[tuple[str, str]] = (), **error: object) -> Answer:
    """Answer with an error as OpenAI words it."""
    return sends(json.dumps({"error": {"message": message, **error}}).encode(), status, headers)


def drops(handler: Handler, body: Body) -> None:
    """Send half a body and hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def hangs_up(handler: Handler, body: Body) -> None:
    """Hang up without a word."""
    handler.close_connection = True


def sleeps(handler: Handler, body: Body) -> None:
    """Give no answer while the endpoint is up; note when the client hangs up."""
    handler.connection.settimeout(0.05)
    while not handler.server.told.closing.is_set():
        try:
            if handler.connection.recv(1) == b"":
                handler.server.told.hung_up.set()
                break
        except TimeoutError:
            continue
    handler.close_connection = True


def trickles(handler: Handler, body: Body) -> None:
    """Send a byte now and then: no single read takes long, and there is no end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.server.told.closing.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def refuses(name: str, status: int = 400, message: str = "", **error: object) -> Answer:
    """Refuse requests with a parameter of this name, or with a message of this role."""

    def answer(handler: Handler, body: Body) -> None:
        messages = body["messages"]
        assert isinstance(messages, list)
        if name in body or any(one["role"] == name for one in messages):
            told = message or f"Unsupported parameter: '{name}' is not supported with this model."
            fails(status, told, **error)(handler, body)
        else:
            says()(handler, body)

    return answer


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            self.server.answer(self, body)
        except (BrokenPipeError, ConnectionResetError):
            self.server.told.hung_up.set()
            self.close_connection = True

    def send(self, status: int, content: bytes, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Type", "application/json"), ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    told: Endpoint
    answer: Answer


def http_date(seconds_from_now: float) -> str:
    """Return a moment as HTTP writes it."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + seconds_from_now))
