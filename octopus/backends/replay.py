"""Replies that were recorded once: the same run again without a model, in tests and for whoever has a recording."""

from __future__ import annotations

import os
import threading
from collections import Counter
from pathlib import Path

import msgspec

from octopus.backends.cassettes import Recording, fingerprint, read_cassette, what_differs
from octopus.errors import CassetteMiss, InvalidParameter
from octopus.protocols import Backend, ChatReply, ChatRequest
from octopus.records import Usage


class ReplayBackend:
    """A backend that answers from a cassette.

    A prompt is found by its text with versions and measured numbers masked (:func:`octopus.backends.cassettes.masked`),
    so that a recording outlives an update of a library and the noise of a machine. The same prompt asked again gets
    what was recorded next for it. :meth:`close` winds it back.

    Parameters
    ----------
    path : str or path-like
        A file of :class:`RecordingBackend`, or a run that a model led. As a name: ``replay:path``.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not os.fspath(path):
            raise InvalidParameter("backend", "replay:", "no cassette is named", "Write replay:path.")
        self.path = Path(path)
        self._played: Counter[str] = Counter()
        self._recordings: tuple[Recording, ...] | None = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """``replay:`` and the path."""
        return f"replay:{self.path}"

    def complete(self, request: ChatRequest) -> ChatReply:
        """Return what was recorded for this prompt.

        Parameters
        ----------
        request : ChatRequest
            The question.

        Raises
        ------
        CassetteMiss
            Nothing was recorded for it, or it was asked less often.
        BackendRefused
            The cassette cannot be read.
        """
        key = fingerprint(request.messages)
        with self._lock:
            if self._recordings is None:
                self._recordings = read_cassette(self.path, self.name)
            recordings = self._recordings
            fitting = [one for one in recordings if fingerprint(one.messages) == key]
            played = self._played[key]
            self._played[key] += 1
        if not fitting:
            raise CassetteMiss(
                self.name,
                f"no prompt like this one ({request.kind}) is recorded; {what_differs(request.messages, recordings)}",
                "Record it anew if the prompt was meant to change",
            )
        if played >= len(fitting):
            raise CassetteMiss(
                self.name,
                f"this prompt ({request.kind}) was recorded {len(fitting)} times and is asked for the {played + 1}th",
                "Record it anew if that was meant to change",
            )
        found = fitting[played]
        return ChatReply(text=found.reply, finish=found.finish, model=found.model, usage=found.usage)

    def cost_usd(self, usage: Usage) -> float | None:  # noqa: ARG002
        """Return None: a recording costs nothing; what it cost once is in its usage."""
        return None

    def close(self) -> None:
        """Wind back to the beginning."""
        with self._lock:
            self._played.clear()
            self._recordings = None

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path, "_played": self._played.copy()}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state, _recordings=None, _lock=threading.Lock())

    def __repr__(self) -> str:
        return f"ReplayBackend({os.fspath(self.path)!r})"


class RecordingBackend:
    """A backend that asks another one and writes down what comes, for :class:`ReplayBackend`.

    Parameters
    ----------
    backend : Backend
        Who is asked.
    path : str or path-like
        The cassette; what comes is appended. It holds the prompts, so keep it as you would keep the data.
    """

    def __init__(self, backend: Backend, path: str | os.PathLike[str]) -> None:
        self.backend, self.path = backend, Path(path)
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Name of the backend that is asked."""
        return self.backend.name

    def complete(self, request: ChatRequest) -> ChatReply:
        """Ask, and write the reply down.

        Parameters
        ----------
        request : ChatRequest
            The question.
        """
        reply = self.backend.complete(request)
        line = msgspec.json.encode(
            Recording(
                messages=request.messages, reply=reply.text, finish=reply.finish, model=reply.model, usage=reply.usage
            )
        )
        with self._lock, self.path.open("ab") as file:
            file.write(line + b"\n")
        return reply

    def cost_usd(self, usage: Usage) -> float | None:
        """Return what the backend says that these tokens cost.

        Parameters
        ----------
        usage : Usage
            The tokens.
        """
        return self.backend.cost_usd(usage)

    def close(self) -> None:
        """Close the backend."""
        self.backend.close()

    def __getstate__(self) -> dict[str, object]:
        return {"backend": self.backend, "path": self.path}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state, _lock=threading.Lock())
