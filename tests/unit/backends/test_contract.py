"""The public contract suite over every backend; and that the suite can fail."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from octopus import registry
from octopus.backends.openai import OpenAIBackend
from octopus.backends.replay import RecordingBackend, ReplayBackend
from octopus.errors import BackendRefused, BackendUnreachable
from octopus.protocols import ChatReply, ChatRequest
from octopus.records import Usage
from octopus.testing import ScriptedBackend, check_backend
from octopus.testing.backends import example_question
from tests.endpoint import endpoint, fails, says


@pytest.mark.parametrize("name", registry.names(registry.BACKENDS))
def test_every_registered_backend_is_made_from_what_follows_the_colon(name: str) -> None:
    assert registry.load(registry.BACKENDS, name)("something").name == f"{name}:something"


def test_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "planted-key-4711")
    with endpoint(says()) as there:
        check_backend(OpenAIBackend("m", base_url=there.address, prices={"m": (1.0, 0.1, 4.0)}))


def test_openai_without_an_endpoint_that_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "planted-key-4711")
    with endpoint(fails(401, "planted-key-4711 is wrong")) as there, pytest.raises(BackendRefused, match="401"):
        check_backend(OpenAIBackend("m", base_url=there.address))
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(BackendRefused, match="OPENAI_BASE_URL"):
        check_backend(OpenAIBackend("m"))


def test_replay(tmp_path: Path) -> None:
    path = tmp_path / "cassette.jsonl"
    recorder = RecordingBackend(ScriptedBackend(["ready"] * 3), path)
    for _ in range(3):
        recorder.complete(example_question())
    check_backend(ReplayBackend(path))


def test_scripted_and_recording(tmp_path: Path) -> None:
    check_backend(ScriptedBackend(["ready"] * 4))
    check_backend(RecordingBackend(ScriptedBackend(["ready"] * 4), tmp_path / "cassette.jsonl"))


class Sound:
    """A backend to spoil."""

    name = "sound"

    def complete(self, request: ChatRequest) -> ChatReply:
        return ChatReply(text="ready", finish="stop", model="m", usage=Usage(requests=1, input_tokens=5))

    def cost_usd(self, usage: Usage) -> float | None:
        return None

    def close(self) -> None:
        pass


class Unnamed(Sound):
    name = ""


class Wordless(Sound):
    def complete(self, request: ChatRequest) -> str:
        return "ready"


class Uncounted(Sound):
    def complete(self, request: ChatRequest) -> ChatReply:
        return ChatReply(text="ready", finish="stop", model="m", usage=Usage())


class Oddly(Sound):
    def complete(self, request: ChatRequest) -> ChatReply:
        return ChatReply(text="ready", finish="done", model="m", usage=Usage(requests=1, input_tokens=5))


class Locked(Sound):
    def __init__(self) -> None:
        self.lock = threading.Lock()


class Once(Sound):
    def __init__(self) -> None:
        self.is_closed = False

    def complete(self, request: ChatRequest) -> ChatReply:
        if self.is_closed:
            raise BackendUnreachable(self.name, "it is closed", "Open another.")
        return super().complete(request)

    def close(self) -> None:
        self.is_closed = True


class Talkative(Sound):
    def complete(self, request: ChatRequest) -> ChatReply:
        raise BackendRefused(self.name, "planted-key-4711 is wrong", "Use another.")


class Hoarding(Sound):
    def __init__(self) -> None:
        self.key = "planted-key-4711"


class Paying(Sound):
    def cost_usd(self, usage: Usage) -> float | None:
        return -1.0 if usage.tokens else 0.0


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        (object(), "lacks a member"),
        (Unnamed(), "its name"),
        (Wordless(), "not ChatReply"),
        (Uncounted(), "without a request"),
        (Oddly(), "not one of"),
        (Once(), "now and then not"),
        (Talkative(), "shows a secret"),
        (Hoarding(), "holds a secret"),
        (Paying(), "tokens cost"),
    ],
)
def test_the_suite_finds_what_is_broken(backend: object, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "planted-key-4711")
    check_backend(Sound())
    with pytest.raises(AssertionError, match=words):
        check_backend(backend)


def test_the_suite_wants_it_to_survive_pickle() -> None:
    with pytest.raises(TypeError, match="pickle"):
        check_backend(Locked())
