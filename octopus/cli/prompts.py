"""``octopus prompts``: what a run asked a language model, word for word, and what came back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from octopus.errors import InvalidParameter, RunDirectoryError


def prompts(
    run: Annotated[Path, typer.Argument(help="Directory of a run, finished or not.")],
    call: Annotated[int | None, typer.Option(help="Show this call only.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Show again what several prompts have in common, as it was sent.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each call as a line of JSON.")] = False,
) -> None:
    """Show every prompt that was sent to a language model, and every reply."""
    import msgspec

    from octopus.journal import read_journal
    from octopus.reporting.transcript import transcript

    calls = read_journal(run).calls
    if not calls:
        remedy = "Name a run that a language model led: octopus fit … --backend openai:MODEL."
        raise RunDirectoryError(run, "no language model was asked in this run", remedy)
    if call is not None and not 1 <= call <= len(calls):
        raise InvalidParameter("--call", call, f"the run asked {len(calls)} times", "Use a number from 1 to that.")
    if as_json:
        for number, one in enumerate(calls, start=1):
            if call in (None, number):
                typer.echo(msgspec.json.encode({"call": number, **msgspec.structs.asdict(one)}).decode())
        return
    for line in transcript(calls, call, full):
        typer.echo(line)
