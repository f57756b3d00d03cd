"""A backend against a real endpoint on a bad day."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sklearn.base import clone

from octopus.backends.openai import OpenAIBackend
from octopus.errors import BackendError, BackendRefused, BackendUnreachable, InvalidParameter, PromptTooLong
from octopus.protocols import ChatReply, ChatRequest
from octopus.records import Message, Usage
from octopus.tokens import estimate_prompt
from tests.endpoint import (
    Answer,
    drops,
    endpoint,
    fails,
    hangs_up,
    http_date,
    refuses,
    says,
    sends,
    sleeps,
    trickles,
)

MESSAGES = (Message(role="system", text="Be brief."), Message(role="user", text="What next?"))
TOO_LATE = 60.0


def question(deadline_s: float = 20.0, messages: tuple[Message, ...] = MESSAGES) -> ChatRequest:
    return ChatRequest(kind="step", messages=messages, max_tokens=100, deadline_s=deadline_s)


def ask(*answers: Answer, deadline_s: float = 20.0, **parameters: object) -> ChatReply:
    with endpoint(*answers) as there:
        return OpenAIBackend("m", base_url=there.address, **parameters).complete(question(deadline_s))


def failure(*answers: Answer, deadline_s: float = 20.0) -> BackendError:
    with pytest.raises(BackendError) as caught:
        ask(*answers, deadline_s=deadline_s)
    return caught.value


LOST = Usage(requests=1, input_tokens=estimate_prompt(MESSAGES), output_tokens=100, is_estimated=True)


def test_a_reply_comes_with_what_it_took_and_who_gave_it() -> None:
    counted = {"prompt_tokens": 20, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 16}}
    reply = ask(says("ACTION: stop", usage=counted), prices={"m": (1e6, 1e5, 1e7)})
    assert (reply.text, reply.finish, reply.model) == ("ACTION: stop", "stop", "the-model-itself")
    assert reply.usage == Usage(requests=1, input_tokens=20, cached_tokens=16, output_tokens=5, cost_usd=4 + 1.6 + 50)


def test_the_prompt_is_sent_as_it_is_with_a_bound_on_the_reply() -> None:
    with endpoint(says()) as there:
        OpenAIBackend("m", base_url=there.address, temperature=0.5).complete(question())
    assert there.bodies == [
        {
            "model": "m",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What next?"}],
            "max_tokens": 100,
            "temperature": 0.5,
        }
    ]


def test_half_characters_of_cells_do_not_keep_a_prompt_from_being_sent() -> None:
    with endpoint(says()) as there:
        OpenAIBackend("m", base_url=there.address).complete(question(messages=(Message(role="user", text="a\ud800b"),)))
    assert there.bodies[0]["messages"] == [{"role": "user", "content": "a\ufffdb"}]


# --------------------------------------------------------------------------- tried again


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again_and_costs_nothing(status: int) -> None:
    reply = ask(fails(status), says())
    assert reply.usage == Usage(requests=2, input_tokens=20, output_tokens=5)


@pytest.mark.parametrize("lost", [drops, hangs_up, sends(b'{"choices": ['), sends(b""), sends(b"[1]"), sends(b"{}")])
def test_what_was_lost_on_the_way_is_tried_again_and_may_have_been_charged(lost: Answer) -> None:
    reply = ask(lost, says())
    assert reply.usage == LOST + Usage(requests=1, input_tokens=20, output_tokens=5)
    assert reply.usage.is_estimated


def test_an_endpoint_that_always_loses_what_it_sends_is_paid_twice_at_most() -> None:
    error = failure(sends(b"<html>Welcome</html>"))
    assert isinstance(error, BackendUnreachable)
    assert error.usage == LOST + LOST
    assert "OPENAI_BASE_URL" in error.remedy


@pytest.mark.parametrize("after", [lambda: "0.05", lambda: http_date(1.0)], ids=["seconds", "date"])
def test_the_endpoint_says_when_to_come_back(after: Callable[[], str]) -> None:
    assert ask(fails(429, headers=[("Retry-After", after())]), says()).usage.requests == 2


@pytest.mark.parametrize("after", [lambda: "3600", lambda: http_date(3600)], ids=["seconds", "date"])
def test_who_must_come_back_after_the_deadline_gives_up_at_once(after: Callable[[], str]) -> None:
    began = time.monotonic()
    error = failure(fails(429, "slow down", headers=[("Retry-After", after())]), deadline_s=TOO_LATE)
    assert isinstance(error, BackendUnreachable)
    assert "429: slow down" in str(error)
    assert error.usage == Usage(requests=1)
    assert time.monotonic() - began < TOO_LATE / 2


def test_who_never_gets_an_answer_gives_up_in_the_end() -> None:
    error = failure(fails(500), deadline_s=1.0)
    assert isinstance(error, BackendUnreachable)
    assert error.usage is not None
    assert error.usage.requests >= 2
    assert error.usage.tokens == 0


@pytest.mark.parametrize("slow", [sleeps, trickles])
def test_the_deadline_holds_against_a_server_that_is_slow_or_trickles(slow: Answer) -> None:
    began = time.monotonic()
    error = failure(slow, deadline_s=0.5)
    assert isinstance(error, BackendUnreachable)
    assert "no answer in" in str(error)
    assert error.usage == LOST
    assert time.monotonic() - began < TOO_LATE / 2


def test_an_attempt_may_be_given_less_than_the_deadline() -> None:
    reply = ask(sleeps, says(), timeout=0.5)
    assert reply.usage.requests == 2
    assert reply.usage.is_estimated


def test_where_nobody_listens_it_is_soon_said_so() -> None:
    with endpoint(says()) as there:
        pass
    began = time.monotonic()
    with pytest.raises(BackendUnreachable, match=r"does not answer .*refused") as caught:
        OpenAIBackend("m", base_url=there.address).complete(question(deadline_s=TOO_LATE))
    assert caught.value.usage == Usage(requests=3)
    assert time.monotonic() - began < TOO_LATE / 2


# --------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (fails(401, "Incorrect API key"), BackendRefused, "OPENAI_API_KEY"),
        (fails(403, "Country not supported"), BackendRefused, "403"),
        (fails(404, "The model `m` does not exist"), BackendRefused, "model's name"),
        (fails(400, "messages must not be empty"), BackendRefused, "messages must not be empty"),
        (fails(422, "no"), BackendRefused, "422: no"),
        (fails(402, "Insufficient credits"), BackendRefused, "no credit left"),
        (fails(429, "You exceeded your current quota", code="insufficient_quota"), BackendRefused, "no credit left"),
        (fails(400, "Too much.", code="context_length_exceeded"), PromptTooLong, "Too much"),
        (fails(400, "This model's maximum context length is 8192 tokens. max_tokens…"), PromptTooLong, "8192"),
        (fails(400, "request (9 tokens) exceeds the available context size (8)"), PromptTooLong, "size"),
        (fails(400, "prompt is too long: 9 tokens > 8 maximum"), PromptTooLong, "too long"),
        (fails(429, "Request too large for m on tokens per min"), PromptTooLong, "too large"),
        (sends(b"Payload Too Large", 413), PromptTooLong, "413"),
        (sends(b'{"detail": "no such route"}', 404), BackendRefused, "no such route"),
        (sends(b'{"error": {"message": "no provider", "code": 404}}'), BackendRefused, "404: no provider"),
    ],
)
def test_what_no_repetition_mends_is_not_repeated(answer: Answer, kind: type[BackendError], words: str) -> None:
    error = failure(answer)
    assert type(error) is kind
    assert words in str(error)
    assert error.usage == Usage(requests=1)


def test_what_an_endpoint_says_is_cut_and_stands_on_one_line() -> None:
    error = failure(fails(400, "a\x1b[31m\nb" + "x" * 5000))
    assert "a [31m b" in error.why
    assert len(error.why) < 400


def test_a_page_in_place_of_an_error_is_read_as_text() -> None:
    assert "answered 404: Not Found nginx" in str(failure(sends(b"<html><h1>Not Found</h1>nginx</html>", 404)))


# --------------------------------------------------------------------------- done without


@pytest.mark.parametrize(
    ("refusal", "first", "then"),
    [
        (refuses("temperature", code="unsupported_value", param="temperature"), "temperature", None),
        (refuses("temperature", 422, "[{'loc': ['body','temperature'], 'msg': 'Extra inputs are not permitted'}]"),
         "temperature", None),
        (refuses("max_tokens", message="Unsupported parameter: 'max_tokens' is not supported with this model. "
                 "Use 'max_completion_tokens' instead.", param="max_tokens", code="unsupported_parameter"),
         "max_tokens", "max_completion_tokens"),
    ],
)  # fmt: skip
def test_a_parameter_that_is_refused_is_left_out_once_and_for_all(
    refusal: Answer, first: str, then: str | None
) -> None:
    with endpoint(refusal) as there:
        backend = OpenAIBackend("m", base_url=there.address, temperature=0.5)
        assert backend.complete(question()).usage.requests == 2
        assert backend.complete(question()).usage.requests == 1
    assert [first in body for body in there.bodies] == [True, False, False]
    assert then is None or there.bodies[1][then] == there.bodies[2][then] == 100


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
        (500, "System role not supported"),
        (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
    ],
)
def test_where_there_is_no_system_role_the_user_says_it(status: int, message: str) -> None:
    with endpoint(refuses("system", status, message)) as there:
        backend = OpenAIBackend("m", base_url=there.address)
        backend.complete(question())
        assert backend.complete(question()).usage.requests == 1
    assert there.bodies[2]["messages"] == [{"role": "user", "content": "Be brief.\n\nWhat next?"}]


def test_several_refusals_are_met_one_after_the_other() -> None:
    def picky(handler: object, body: dict[str, object]) -> None:
        for name in ("temperature", "max_tokens", "system"):
            if name in body or (name == "system" and len(body["messages"]) > 1):
                return refuses(name, message=f"{name} role or parameter not supported")(handler, body)
        return says()(handler, body)

    with endpoint(picky) as there:
        reply = OpenAIBackend("m", base_url=there.address, temperature=0.1).complete(question())
    assert reply.usage == Usage(requests=4, input_tokens=20, output_tokens=5)
    assert set(there.bodies[-1]) == {"model", "messages", "max_completion_tokens"}


def test_a_value_out_of_bounds_does_not_take_the_bound_away() -> None:
    message = "max_tokens is too large: 100. This model supports at most 50 completion tokens."
    assert isinstance(failure(fails(400, message, param="max_tokens", code="invalid_value")), BackendRefused)


# --------------------------------------------------------------------------- endings


def test_close_ends_a_request_under_way_and_the_endpoint_sees_it() -> None:
    with endpoint(sleeps, says()) as there, ThreadPoolExecutor(1) as pool:
        backend = OpenAIBackend("m", base_url=there.address)
        reply = pool.submit(backend.complete, question(deadline_s=TOO_LATE))
        assert there.asked.wait(TOO_LATE)
        backend.close()
        with pytest.raises(BackendUnreachable, match="was ended from here"):
            reply.result(TOO_LATE / 2)
        assert there.hung_up.wait(TOO_LATE / 2)
        backend.close()
        assert backend.complete(question()).text == "ready"


def test_close_ends_a_pause_between_attempts() -> None:
    with endpoint(fails(429, headers=[("Retry-After", "50")])) as there, ThreadPoolExecutor(1) as pool:
        backend = OpenAIBackend("m", base_url=there.address)
        reply = pool.submit(backend.complete, question(deadline_s=TOO_LATE))
        assert there.asked.wait(TOO_LATE)
        while not reply.done():
            backend.close()
        with pytest.raises(BackendUnreachable):
            reply.result()


def test_ctrl_c_ends_it_at_once() -> None:
    program = """
import os, signal, sys, threading
from octopus.backends.openai import OpenAIBackend
from octopus.protocols import ChatRequest
from octopus.records import Message
request = ChatRequest(kind="step", messages=(Message(role="user", text="?"),), max_tokens=9, deadline_s=600.0)
threading.Thread(target=lambda: (sys.stdin.readline(), os.kill(os.getpid(), signal.SIGINT)), daemon=True).start()
try:
    OpenAIBackend("m", base_url=sys.argv[1]).complete(request)
except KeyboardInterrupt:
    print("interrupted")
"""
    with endpoint(sleeps) as there:
        command = [sys.executable, "-c", program, there.address]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert there.asked.wait(TOO_LATE)
            output, _ = process.communicate("now\n", timeout=TOO_LATE)
        assert there.hung_up.wait(TOO_LATE / 2)
    assert output == "interrupted\n"
    assert process.returncode == 0


def test_several_threads_ask_at_once() -> None:
    with endpoint(fails(500), says()) as there, ThreadPoolExecutor(4) as pool:
        backend = OpenAIBackend("m", base_url=there.address)
        replies = list(pool.map(lambda _: backend.complete(question()), range(8)))
    assert [reply.text for reply in replies] == ["ready"] * 8
    assert sum(reply.usage.requests for reply in replies) == len(there.bodies) == 9


def test_what_an_endpoint_refuses_is_known_to_copies_too() -> None:
    with endpoint(refuses("system", message="system role not supported")) as there:
        backend = OpenAIBackend("m", base_url=there.address)
        backend.complete(question())
        assert clone(backend, safe=False).complete(question()).usage.requests == 1


def test_nothing_of_a_call_is_left_behind() -> None:
    with endpoint(says()) as there:
        OpenAIBackend("m", base_url=there.address).complete(question())
    for thread in threading.enumerate():
        if thread.name == "octopus-backend":
            thread.join(TOO_LATE)
            assert not thread.is_alive()


# --------------------------------------------------------------------------- where, and with which key


def test_the_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint(says()) as there:
        monkeypatch.setenv("OPENAI_BASE_URL", f" {there.address}\n")
        assert OpenAIBackend("m").complete(question()).text == "ready"
    assert there.headers[0]["authorization"] == "Bearer none"  # the client insists on one


def test_the_key_is_read_when_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint(says()) as there:
        backend = OpenAIBackend("m", base_url=there.address)
        monkeypatch.setenv("OPENAI_API_KEY", "planted-key-1\n")
        backend.complete(question())
    assert there.headers[0]["authorization"] == "Bearer planted-key-1"


def test_without_key_and_address_it_says_what_to_set() -> None:
    with pytest.raises(BackendRefused, match=r"neither OPENAI_API_KEY nor OPENAI_BASE_URL is set\. Set OPENAI_API_KEY"):
        OpenAIBackend("m").complete(question())


@pytest.mark.parametrize("address", ["localhost:11434", "ftp://host/v1", "http:///v1"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(BackendRefused, match="no address of an endpoint"):
        OpenAIBackend("m", base_url=address).complete(question())


@pytest.mark.parametrize(
    "parameters",
    [{"model": " "}, {"model": "m", "base_url": "http://u:p@host/v1"}, {"model": "m", "timeout": 0}],
)
def test_parameters_that_cannot_be_used_are_refused(parameters: dict[str, object]) -> None:
    with pytest.raises(InvalidParameter) as caught:
        OpenAIBackend(**parameters)
    assert "u:p" not in str(caught.value)


def test_a_server_behind_a_gate_gets_user_and_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint(says(), fails(403)) as there:
        monkeypatch.setenv("OPENAI_BASE_URL", there.address.replace("//", "//me:planted-word@"))
        backend = OpenAIBackend("m")
        assert backend.complete(question()).text == "ready"
        with pytest.raises(BackendRefused) as caught:
            backend.complete(question())
    assert there.headers[0]["authorization"] == "Basic bWU6cGxhbnRlZC13b3Jk"
    assert "planted-word" not in str(caught.value)
