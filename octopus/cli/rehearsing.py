"""What ``octopus fit --dry-run`` prints: the first prompts, and about what a run would take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from octopus.cli.words import say
from octopus.reporting.words import printable

if TYPE_CHECKING:
    from octopus.records import Usage
    from octopus.rehearsal import Rehearsal


def show_rehearsal(rehearsal: Rehearsal) -> None:
    """Print a rehearsal.

    Parameters
    ----------
    rehearsal : Rehearsal
        What would be asked.
    """
    for request in rehearsal.requests:
        say("Prompt", f"{request.kind} · to {rehearsal.backend} · at most {request.max_tokens} tokens back")
        for message in request.messages:
            typer.echo(f"--- {message.role}")
            typer.echo("\n".join(printable(line) for line in message.text.splitlines()))
        typer.echo("")
    low, high = rehearsal.at_least, rehearsal.at_most
    money = f" · ${low.cost_usd:.3f} to ${high.cost_usd:.3f}" if rehearsal.is_priced else _NO_PRICE
    say("Estimate", f"{_tokens(low)} to {_tokens(high)} for a run, counted from above{money}")
    say("", "nothing was sent and nothing was run")


_NO_PRICE = " · no price is known for this model: OCTOPUS_PRICES gives one"


def _tokens(usage: Usage) -> str:
    return f"{usage.requests} calls, {usage.tokens:,} tokens"
