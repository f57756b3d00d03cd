"""Every call passes here: caps before it, a record after it, one more try, an end to failures."""

from __future__ import annotations

import pytest

from octopus.backends.scripted import ScriptedBackend
from octopus.errors import BackendRefused, BackendUnreachable, CassetteMiss, PromptTooLong
from octopus.protocols import ChatReply
from octopus.records import Budget, Message, ModelCall, Retirement, Usage
from octopus.scientists.llm.answer import Answer
from octopus.scientists.llm.asking import MAX_REPLY_TOKENS, Asking
from octopus.scientists.llm.unreadable import Unreadable
from octopus.tokens import estimate_prompt

PROMPT = (Message(role="system", text="the rules"), Message(role="user", text="what next?"))
STOP = "ACTION: stop\nREASON: enough"


def _ask(asking: Asking, backend: ScriptedBackend, spent: Usage | None = None, deadline_s: float = 60.0) -> str | None:
    def use(answer: Answer) -> str:
        return answer.reason

    return asking.ask("step", PROMPT, backend, spent or Usage(), deadline_s, use)


def _calls(asking: Asking) -> list[ModelCall]:
    return [one for one in asking.take() if isinstance(one, ModelCall)]


def test_a_call_is_written_down_with_prompt_reply_and_what_it_took() -> None:
    asking, backend = Asking(Budget()), ScriptedBackend([STOP])
    assert _ask(asking, backend) == "enough"
    (call,) = _calls(asking)
    assert (call.kind, call.backend, call.messages, call.reply, call.status) == ("step", "scripted", PROMPT, STOP, "ok")
    assert call.usage.input_tokens == estimate_prompt(PROMPT)
    assert asking.take() == ()
    (request,) = backend.requests
    assert (request.max_tokens, request.deadline_s) == (MAX_REPLY_TOKENS["step"], pytest.approx(60.0, abs=1.0))


def test_what_cannot_be_read_is_asked_for_once_more_with_the_parsers_words() -> None:
    asking, backend = Asking(Budget()), ScriptedBackend(["Let me think about it.", STOP])
    assert _ask(asking, backend) == "enough"
    first, again = _calls(asking)
    assert (first.status, again.kind, again.status) == ("unusable", "reask", "ok")
    assert again.messages[: len(PROMPT)] == PROMPT
    assert first.problem in again.messages[-1].text
    assert again.messages[-2].role == "assistant"


def test_two_unusable_replies_end_a_turn_and_three_such_turns_the_models_part() -> None:
    asking, backend = Asking(Budget()), ScriptedBackend(["?"] * 8)
    assert [_ask(asking, backend) for _ in range(3)] == [None] * 3
    assert len(backend.requests) == 6
    assert asking.is_over
    assert isinstance(asking.take()[-1], Retirement)
    assert _ask(asking, backend) is None
    assert len(backend.requests) == 6


def test_a_usable_reply_forgives_what_came_before() -> None:
    asking, backend = Asking(Budget()), ScriptedBackend(["?", "?", "?", "?", STOP, "?", "?", "?", "?"])
    for _ in range(5):
        _ask(asking, backend)
    assert not asking.is_over


def test_an_answer_that_cannot_be_used_is_asked_for_again_too() -> None:
    asking, backend = Asking(Budget()), ScriptedBackend([STOP, STOP])

    def never(answer: Answer) -> str:
        raise Unreadable(f"{answer.action} is not wanted.")

    assert asking.ask("step", PROMPT, backend, Usage(), 60.0, never) is None
    assert [call.problem for call in _calls(asking)] == ["stop is not wanted."] * 2


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (ChatReply(text="", finish="stop", model="m", usage=Usage(requests=1)), "empty"),
        (ChatReply(text="I cannot", finish="refused", model="m", usage=Usage(requests=1)), "refused"),
        (ChatReply(text=STOP, finish="length", model="m", usage=Usage(requests=1)), "truncated"),
        (ChatReply(text="I'm sorry, but I can't help with that.", finish="stop", model="m", usage=Usage()), "refused"),
    ],
)
def test_what_was_wrong_with_a_reply_is_told_apart(reply: ChatReply, status: str) -> None:
    asking = Asking(Budget())
    assert _ask(asking, ScriptedBackend([reply, STOP])) == "enough"
    assert _calls(asking)[0].status == status


def test_an_outage_costs_a_turn_and_two_in_a_row_the_models_part() -> None:
    down = BackendUnreachable("b", "no answer", "Start it.", Usage(requests=3, input_tokens=9))
    asking, backend = Asking(Budget()), ScriptedBackend([down, STOP, down, down, STOP])
    assert [_ask(asking, backend) for _ in range(5)] == [None, "enough", None, None, None]
    written = asking.take()
    calls = [one for one in written if isinstance(one, ModelCall)]
    assert [call.status for call in calls] == ["failed", "ok", "failed", "failed"]
    assert calls[0].usage == Usage(requests=3, input_tokens=9)
    assert isinstance(written[-1], Retirement)
    assert "no answer" in written[-1].reason


@pytest.mark.parametrize("kind", [BackendRefused, PromptTooLong, CassetteMiss])
def test_what_will_not_change_ends_the_models_part_at_once(kind: type[BackendRefused]) -> None:
    asking, backend = Asking(Budget()), ScriptedBackend([kind("b", "no such model", "Name another."), STOP])
    assert [_ask(asking, backend) for _ in range(2)] == [None, None]
    assert len(backend.requests) == 1


def test_a_cap_on_tokens_is_checked_before_a_call_at_its_dearest_with_room_for_a_fix() -> None:
    dearest = 2 * (estimate_prompt(PROMPT) + MAX_REPLY_TOKENS["step"])
    asking, backend = Asking(Budget(max_tokens=dearest)), ScriptedBackend([STOP])
    assert _ask(asking, backend) is None
    assert not backend.requests
    (retired,) = asking.take()
    assert isinstance(retired, Retirement)
    assert "tokens are spent" in retired.reason
    asking = Asking(Budget(max_tokens=dearest + 2000))
    assert _ask(asking, backend) == "enough"


def test_what_was_spent_before_and_what_is_not_in_the_journal_yet_both_count() -> None:
    dearest = 2 * (estimate_prompt(PROMPT) + MAX_REPLY_TOKENS["step"]) + 2000
    asking, backend = Asking(Budget(max_tokens=dearest + 100)), ScriptedBackend([STOP] * 3)
    assert _ask(asking, backend, spent=Usage(input_tokens=101)) is None
    asking = Asking(Budget(max_tokens=dearest + 20))
    assert _ask(asking, backend) == "enough"
    assert _ask(asking, backend) is None


def test_a_cap_on_money_needs_a_price() -> None:
    asking, backend = Asking(Budget(max_cost_usd=1.0)), ScriptedBackend([STOP])
    assert _ask(asking, backend) is None
    assert not backend.requests
    (retired,) = asking.take()
    assert isinstance(retired, Retirement)
    assert "OCTOPUS_PRICES" in retired.reason


def test_with_no_time_left_nothing_is_asked_and_the_model_is_not_blamed() -> None:
    asking, backend = Asking(Budget()), ScriptedBackend([STOP])
    assert _ask(asking, backend, deadline_s=1.0) is None
    assert not backend.requests
    assert not asking.is_over
    assert asking.take() == ()


def test_a_backend_that_breaks_ends_the_models_part_and_not_the_run() -> None:
    asking, backend = Asking(Budget()), ScriptedBackend([ValueError("no such field \udc80, api_key=hunter22")])
    assert _ask(asking, backend) is None
    call, retired = asking.take()
    assert isinstance(call, ModelCall)
    assert isinstance(retired, Retirement)
    assert (call.status, call.problem) == ("failed", "ValueError: no such field \ufffd, api_key=…")
    assert retired.reason == f"scripted failed: {call.problem}"
    assert asking.is_over


def test_half_a_character_in_a_reply_can_be_written_down() -> None:
    reply = ChatReply(text=STOP + "\ud83d", finish="stop", model="m\udc80", usage=Usage(requests=1))
    asking = Asking(Budget())
    assert _ask(asking, ScriptedBackend([reply])) == "enough\ufffd"
    (call,) = _calls(asking)
    assert (call.reply, call.model) == (STOP + "\ufffd", "m\ufffd")
