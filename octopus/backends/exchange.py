"""Attempts at a question, each in a thread of its own.

So a deadline holds against a server that trickles, and Ctrl-C and ``close`` end an attempt at once.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Mapping
from typing import Protocol, cast

from octopus.backends.answers import Malformed, reply_of
from octopus.backends.endpoint import Endpoint
from octopus.backends.faults import (
    Fault,
    ended,
    fault_in_success,
    fault_of_error,
    fault_of_status,
    late,
    malformed,
)
from octopus.protocols import ChatReply, ChatRequest

#: Bytes of a response: many times what the longest reply takes.
_LARGEST = 32 << 20
#: Seconds until there must be a connection.
_CONNECT_S = 10.0


class _Stream(Protocol):
    """A connection of the client's HTTP library."""

    def get_extra_info(self, info: str) -> object: ...


class Exchange:
    """The attempts at one question; another thread may end them.

    Parameters
    ----------
    endpoint : Endpoint
        Who is asked.
    model : str
        Which model.
    """

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self.endpoint, self._model = endpoint, model
        self._ended = threading.Event()
        self._under_way: _Attempt | None = None

    @property
    def is_ended(self) -> bool:
        """Whether it was ended from our side."""
        return self._ended.is_set()

    def attempt(self, body: Mapping[str, object], request: ChatRequest, timeout_s: float) -> ChatReply | Fault:
        """Ask once.

        Parameters
        ----------
        body : mapping
            Body of the request.
        request : ChatRequest
            The question that it puts.
        timeout_s : float
            Seconds until the whole response must be there.
        """
        self._under_way = attempt = _Attempt(self.endpoint, self._model, body, request, timeout_s)
        return ended(self.endpoint, is_sent=False) if self.is_ended else attempt.result()

    def pause(self, seconds: float) -> None:
        """Wait, or less if it is ended meanwhile."""
        self._ended.wait(seconds)

    def end(self) -> None:
        """End it at once."""
        self._ended.set()
        if self._under_way is not None:
            self._under_way.end()


class _Attempt:
    """A request and its response, with the connections that it opened."""

    def __init__(
        self, endpoint: Endpoint, model: str, body: Mapping[str, object], request: ChatRequest, timeout_s: float
    ) -> None:
        self._endpoint, self._model, self._body, self._request = endpoint, model, body, request
        self._timeout_s = timeout_s
        self._results: queue.SimpleQueue[ChatReply | Fault] = queue.SimpleQueue()
        self._streams: list[_Stream] = []
        self._is_sent = False
        self._is_cut = False

    def result(self) -> ChatReply | Fault:
        threading.Thread(target=self._run, name="octopus-backend", daemon=True).start()
        try:
            return self._results.get(timeout=self._timeout_s)
        except queue.Empty:
            return late(self._endpoint, self._timeout_s, is_connected=bool(self._streams), is_sent=self._is_sent)
        finally:
            self._cut()

    def end(self) -> None:
        self._results.put(ended(self._endpoint, is_sent=self._is_sent))
        self._cut()

    def _run(self) -> None:
        self._results.put(self._ask())

    def _ask(self) -> ChatReply | Fault:
        import openai

        try:
            content = self._fetch()
            fault = fault_in_success(content, self._body, self._endpoint)
            return fault or reply_of(content, self._request, self._model)
        except Malformed as error:
            return malformed(error, self._endpoint)
        except openai.APIStatusError as error:
            response = error.response
            headers = {name.lower(): value for name, value in response.headers.items()}
            return fault_of_status(error.status_code, headers, response.content, self._body, self._endpoint)
        except Exception as error:  # noqa: BLE001  boundary: whatever another's client raises is an attempt that failed
            return fault_of_error(error, self._endpoint, is_connected=bool(self._streams), is_sent=self._is_sent)

    def _fetch(self) -> bytes:
        import openai

        hooks = {"request": [self._watch]}
        timeout = openai.Timeout(self._timeout_s, connect=min(_CONNECT_S, self._timeout_s))
        with (
            openai.DefaultHttpxClient(event_hooks=hooks, auth=self._endpoint.login) as http,
            openai.OpenAI(
                api_key=self._endpoint.key,
                base_url=self._endpoint.address,
                max_retries=0,  # octopus repeats, within one deadline
                timeout=timeout,
                http_client=http,
            ) as client,
            client.chat.completions.with_streaming_response.create(**self._body) as response,  # type: ignore[call-overload]
        ):
            content = b""
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > _LARGEST:
                    break
            return content

    def _watch(self, request: object) -> None:
        """Have the HTTP library tell how far a request is and which connection it uses (its documented ``trace``)."""
        extensions = cast("dict[str, object]", getattr(request, "extensions"))  # noqa: B009  of httpx or of httpx2
        extensions["trace"] = self._note

    def _note(self, event: str, info: Mapping[str, object]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._streams.append(cast("_Stream", info["return_value"]))
            if self._is_cut:
                self._cut()
        elif event.endswith(".send_request_body.complete"):
            self._is_sent = True

    def _cut(self) -> None:
        """Shut the connections, so that the thread wakes up and the server knows that nobody waits."""
        self._is_cut = True
        for stream in self._streams:
            connection = stream.get_extra_info("socket")
            if isinstance(connection, socket.socket):
                try:
                    # That of the plain socket: the one of TLS would first take the encryption from under the reader.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
                except OSError:
                    continue  # closed already
