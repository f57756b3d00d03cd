"""Every hostile or broken reply is read as what it is, or refused in words that say what to send instead."""

from __future__ import annotations

import pytest

from octopus.scientists.llm.reply import Answer, Unreadable, read_reply
from tests.corpus.replies.cases import COLUMNS, REPLIES, Reply


def _read(reply: Reply) -> Answer | Unreadable:
    try:
        return read_reply(reply.text, reply.kind, COLUMNS)
    except Unreadable as problem:
        return problem


def _kind(read: Answer | Unreadable) -> str:
    if isinstance(read, Answer):
        return read.action
    return "refused" if read.refused else "truncated" if read.truncated else "unreadable"


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_a_reply_is_read_as_what_it_is(reply: Reply) -> None:
    read = _read(reply)
    assert _kind(read) == reply.expect, read
    if isinstance(read, Answer):
        held = {name: getattr(read, name) for name in reply.has}
        if "code" in held:
            held["code"] = held["code"].strip() + "\n"
        assert held == reply.has
    else:
        assert [words for words in reply.says if words not in read.problem] == [], read.problem
        assert 0 < len(read.problem) < 600


def test_the_corpus_is_large_and_its_names_are_unique() -> None:
    assert len(REPLIES) >= 60
    assert len({reply.name for reply in REPLIES}) == len(REPLIES)
