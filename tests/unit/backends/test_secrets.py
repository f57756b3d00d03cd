"""No key in anything that outlives a question."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from octopus.backends.openai import OpenAIBackend
from octopus.backends.replay import RecordingBackend
from octopus.backends.secrets import LONGEST, shown_address, without_secrets
from octopus.errors import BackendError
from octopus.protocols import ChatRequest
from octopus.records import Message
from tests.endpoint import Answer, drops, endpoint, fails, hangs_up, says, sends, sleeps

KEY = "planted+Key/4711"
QUESTION = ChatRequest(kind="step", messages=(Message(role="user", text="?"),), max_tokens=9, deadline_s=0.6)


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Gate: {KEY}-of-the-gate")
    loggers = [logging.getLogger(name) for name in ("openai", "httpx", "httpx2", "httpcore", "httpcore2")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.mark.parametrize(
    "answer",
    [
        fails(401, f"Incorrect API key provided: {KEY}"),
        fails(400, f"got Authorization: Bearer {KEY} and X-Gate: {KEY}-of-the-gate"),
        fails(500, KEY),
        sends(f'{{"error": "{KEY}"}}'.encode()),
        sends(f"{KEY} is no JSON".encode()),
        drops,
        hangs_up,
        sleeps,
    ],
)
def test_an_error_shows_no_key_not_even_with_the_values_of_its_frames(
    answer: Answer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with endpoint(answer) as there, caplog.at_level(logging.DEBUG):
        backend = OpenAIBackend("m", base_url=there.address)
        with pytest.raises(BackendError) as caught:
            backend.complete(QUESTION)
    error = caught.value
    assert there.headers[0]["authorization"] == f"Bearer {KEY}"
    assert error.__traceback__ is not None
    beyond_this_test = error.with_traceback(error.__traceback__.tb_next)
    shown = [
        *traceback.TracebackException.from_exception(beyond_this_test, capture_locals=True).format(),
        str(error),
        repr(error),
        repr(error.__context__),
        repr(vars(error)),
        repr(backend),
        repr(vars(backend)),
        backend.name,
        caplog.text,
        repr([vars(record) for record in caplog.records]),
        *capfd.readouterr(),
    ]
    assert "complete" in shown[1]
    assert [line for text in shown for line in text.splitlines() if KEY in line] == []
    assert error.__context__ is None
    for kept in (error, backend, copy.deepcopy(backend)):
        assert KEY.encode() not in pickle.dumps(kept)


def test_a_refused_connection_shows_no_key() -> None:
    with endpoint(says()) as there:
        pass
    with pytest.raises(BackendError) as caught:
        OpenAIBackend("m", base_url=f"{there.address}?key={KEY}").complete(QUESTION)
    assert KEY not in repr(caught.value)


def test_a_header_that_cannot_be_sent_is_not_repeated_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Gate: {KEY}\u2028of the gate")
    with endpoint(says()) as there, pytest.raises(BackendError) as caught:
        OpenAIBackend("m", base_url=there.address).complete(QUESTION)
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_a_key_that_is_none_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}…")
    with pytest.raises(BackendError, match="OPENAI_API_KEY holds characters") as caught:
        OpenAIBackend("m").complete(QUESTION)
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_a_recording_holds_the_prompt_and_no_key(tmp_path: Path) -> None:
    cassette = tmp_path / "cassette.jsonl"
    with endpoint(says()) as there:
        backend = RecordingBackend(OpenAIBackend("m", base_url=there.address), cassette)
        backend.complete(QUESTION)
    assert KEY.encode() not in cassette.read_bytes() + pickle.dumps(backend)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Incorrect API key provided: sk-proj-ab***************wxyz.", "Incorrect API key provided: …"),
        ("Authorization: Bearer abc.def-ghi, and more", "Authorization: Bearer …, and more"),
        ("authorization: Basic bWU6d29yZA==", "authorization: Basic …"),
        ("api_key=hunter22 is wrong", "api_key=… is wrong"),
        ("jwt eyJhbGciOi.eyJzdWIi.c2ln", "jwt …"),
        ("max_tokens: 3000 is over the limit of 20 tokens", "max_tokens: 3000 is over the limit of 20 tokens"),
        ("the key is any", "the key is any"),
        ("a\x00b\u202ec\n d", "a b c d"),
        ("half \udc80", "half \ufffd"),
    ],
)
def test_what_looks_like_a_key_is_hidden_and_the_rest_is_left(text: str, shown: str) -> None:
    assert without_secrets(text, ["any"]) == shown


def test_words_of_others_are_cut() -> None:
    assert len(without_secrets("word " * 1000)) == LONGEST


def test_an_address_is_shown_without_what_opens_it() -> None:
    assert shown_address("https://me:word@host:8000/v1/?key=1#x") == "https://host:8000/v1"
