"""What tokens cost."""

from __future__ import annotations

import pytest

from octopus.backends.openai import OpenAIBackend
from octopus.backends.prices import price_of
from octopus.errors import InvalidParameter
from octopus.records import Usage


@pytest.mark.parametrize(
    ("model", "of"),
    [
        ("gpt-5-2025-08-07", "gpt-5"),
        ("openai/gpt-5-mini", "gpt-5-mini"),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-opus-4-5@20251101", "claude-opus-4-5"),
        ("gemini-2.5-pro-preview-05-06", "gemini-2.5-pro"),
        ("GPT-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("o3-2025-04-16", "o3"),
    ],
)
def test_a_dated_name_has_the_price_of_its_model(model: str, of: str) -> None:
    assert price_of(model) is not None
    assert price_of(model) == price_of(of)


@pytest.mark.parametrize(
    "model", ["gpt-5-pro", "gpt-5.9", "gpt-5-mini-audio", "smollm2", "llama3:8b", "o3-pro", "o", ""]
)
def test_no_price_is_guessed_from_a_likeness(model: str) -> None:
    assert price_of(model) is None


def test_the_users_prices_come_first_then_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_PRICES", '{"gpt-5": [1, 0.5, 2], "my": [3, 3, 3]}')
    assert price_of("gpt-5") == (1, 0.5, 2)
    assert price_of("my-model-7") == (3, 3, 3)
    assert price_of("my-model-7", {"my": (9, 9, 9), "my-model": (4, 4, 4)}) == (4, 4, 4)


@pytest.mark.parametrize("text", ["{", "[]", '{"m": 3}', '{"m": [1, 2]}', '{"m": [1, 2, -3]}', '{"m": [1, 2, NaN]}'])
def test_prices_that_are_none_are_refused_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("OCTOPUS_PRICES", text)
    with pytest.raises(InvalidParameter, match="OCTOPUS_PRICES"):
        OpenAIBackend("m")


def test_what_a_cache_held_costs_less() -> None:
    backend = OpenAIBackend("m", prices={"m": (10.0, 1.0, 40.0)})
    usage = Usage(input_tokens=1_000_000, cached_tokens=750_000, output_tokens=100_000)
    assert backend.cost_usd(usage) == pytest.approx(2.5 + 0.75 + 4.0)
    assert OpenAIBackend("m").cost_usd(usage) is None
