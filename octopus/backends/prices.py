"""What tokens cost: the vendors' list prices, or the user's."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from octopus.errors import InvalidParameter
from octopus.records import Usage

#: Environment variable with prices as JSON: ``{"my-model": [1.25, 0.125, 10]}``.
VARIABLE = "OCTOPUS_PRICES"
#: When the prices below were current: those of the vendors' own endpoints, without discounts for batches or at night,
#: as collected in litellm 1.110.2.
PRICES_OF = "2026-11"
#: USD per million tokens: of a prompt, of what a cache held of it, of a reply.
_LIST: dict[str, tuple[float, float, float]] = {
    "claude-fable-5": (10.0, 1.0, 50.0),
    "claude-fable-5-1": (10.0, 0.25, 50.0),
    "claude-haiku-4-5": (1.0, 0.1, 5.0),
    "claude-haiku-5-5": (0.1, 0.01, 0.5),
    "claude-opus-4-5": (5.0, 0.5, 25.0),
    "claude-opus-4-6": (5.0, 0.5, 25.0),
    "claude-opus-4-7": (5.0, 0.5, 25.0),
    "claude-opus-4-8": (5.0, 0.5, 25.0),
    "claude-opus-5": (5.0, 0.5, 25.0),
    "claude-opus-5-5": (4.0, 0.2, 20.0),
    "claude-sonnet-4-5": (3.0, 0.3, 15.0),
    "claude-sonnet-4-6": (3.0, 0.3, 15.0),
    "claude-sonnet-5": (2.0, 0.2, 10.0),
    "claude-sonnet-5-5": (2.0, 0.1, 10.0),
    "deepseek-chat": (0.28, 0.028, 0.42),
    "deepseek-reasoner": (0.28, 0.028, 0.42),
    "deepseek-v4-flash": (0.3, 0.006, 1.2),
    "deepseek-v4-pro": (1.32, 0.044, 3.96),
    "gemini-2.5-flash": (0.3, 0.03, 2.5),
    "gemini-2.5-flash-lite": (0.1, 0.01, 0.4),
    "gemini-2.5-pro": (1.25, 0.125, 10.0),
    "gemini-3-flash": (0.5, 0.05, 3.0),
    "gemini-3.1-flash-lite": (0.25, 0.025, 1.5),
    "gemini-3.1-pro": (2.0, 0.2, 12.0),
    "gemini-3.5-flash": (1.5, 0.15, 9.0),
    "gemini-3.8-flash": (0.75, 0.075, 3.75),
    "gpt-4.1": (2.0, 0.5, 8.0),
    "gpt-4.1-mini": (0.4, 0.1, 1.6),
    "gpt-4.1-nano": (0.1, 0.025, 0.4),
    "gpt-4o": (2.5, 1.25, 10.0),
    "gpt-4o-mini": (0.15, 0.075, 0.6),
    "gpt-5": (1.25, 0.125, 10.0),
    "gpt-5-mini": (0.25, 0.025, 2.0),
    "gpt-5-nano": (0.05, 0.005, 0.4),
    "gpt-5.1": (1.25, 0.125, 10.0),
    "gpt-5.2": (1.75, 0.175, 14.0),
    "gpt-5.4": (2.5, 0.25, 15.0),
    "gpt-5.4-mini": (0.75, 0.075, 4.5),
    "gpt-5.4-nano": (0.2, 0.02, 1.25),
    "gpt-5.5": (5.0, 0.5, 30.0),
    "gpt-5.6": (4.0, 0.4, 20.0),
    "gpt-6-luna": (0.1, 0.01, 0.5),
    "gpt-6-sol": (2.0, 0.2, 10.0),
    "gpt-6.1-sol": (2.0, 0.1, 10.0),
    "gpt-6.1-terra": (1.0, 0.05, 5.0),
    "grok-4.7": (2.0, 0.5, 6.0),
    "mistral-large-4": (0.7, 0.07, 2.1),
    "mistral-medium-3": (1.5, 0.15, 7.5),
    "o3": (2.0, 0.5, 8.0),
    "o4-mini": (1.1, 0.275, 4.4),
}
#: What may follow a name without another price: a date, ``latest``, ``preview``. Not ``-pro`` and not ``-mini``.
_SAME_MODEL = re.compile(r"(?:[-@:](?:latest|preview|exp|\d{4}-\d{2}-\d{2}|\d{8}|\d{2}-\d{4}|\d{2}-\d{2}|\d{3,4}))*")


class Price(NamedTuple):
    """USD per million tokens: of a prompt, of what a cache held of it, of a reply."""

    input: float
    cached: float
    output: float

    def of(self, usage: Usage) -> float:
        """Return what these tokens cost in USD."""
        fresh = max(0, usage.input_tokens - usage.cached_tokens)
        total = fresh * self.input + usage.cached_tokens * self.cached + usage.output_tokens * self.output
        return total / 1e6


def price_of(model: str, prices: Mapping[str, tuple[float, float, float]] | None = None) -> Price | None:
    """Return the price of a model.

    Parameters
    ----------
    model : str
        As the endpoint names it; what stands before a slash (``openai/gpt-5``) is who sells it.
    prices : mapping of str to (float, float, float), optional
        Prices that come before those in ``OCTOPUS_PRICES``, and those before ours. The longest name that a model's name
        begins with counts; of ours only if what follows is a date or the like, so that no price is guessed.

    Returns
    -------
    Price or None
        None where none is known: a local model, a new one.

    Raises
    ------
    InvalidParameter
        A price is not three numbers from 0 on.
    """
    for parameter, table in (("prices", prices or {}), (VARIABLE, _from_environment())):
        checked = {name: _checked(parameter, name, price) for name, price in table.items()}
        fitting = [name for name in checked if model.startswith(name)]
        if fitting:
            return checked[max(fitting, key=len)]
    name = _plain(model)
    fitting = [one for one in _LIST if name.startswith(_plain(one)) and _SAME_MODEL.fullmatch(name[len(one) :])]
    return Price(*_LIST[max(fitting, key=len)]) if fitting else None


def _plain(model: str) -> str:
    """Return a name without its seller, and with one way to write a version: ``claude-sonnet-4.5`` is ``…-4-5``."""
    return model.rsplit("/", 1)[-1].lower().replace(".", "-")


def _from_environment() -> dict[str, object]:
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return {}
    remedy = 'Write {"model": [input, cached, output]}, USD per million tokens.'
    try:
        table = json.loads(text)
    except ValueError as error:
        raise InvalidParameter(VARIABLE, text, f"it is no JSON ({error})", remedy) from error
    if not isinstance(table, dict):
        raise InvalidParameter(VARIABLE, text, "it is no object", remedy)
    return table


def _checked(parameter: str, name: str, price: object) -> Price:
    numbers = list(price) if isinstance(price, list | tuple) else []
    if len(numbers) == len(Price._fields) and all(_is_amount(number) for number in numbers):
        return Price(*map(float, numbers))
    raise InvalidParameter(
        parameter, {name: price}, "a price is not three numbers from 0 on", "Write (input, cached, output)."
    )


def _is_amount(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number) and number >= 0
