"""``octopus show``: a run that is finished, under way or was killed, or one of its scripts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from octopus.errors import InvalidParameter, RunDirectoryError

if TYPE_CHECKING:
    from octopus.records import Script, Task


def show(
    run: Annotated[Path, typer.Argument(help="Directory of a run, finished or not.")],
    script: Annotated[int | None, typer.Option(help="Print the script of this experiment instead.")] = None,
    standalone: Annotated[
        bool, typer.Option("--standalone", help="With --script: add the lines with which it runs by itself.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the journal as lines of JSON.")] = False,
) -> None:
    """Show a run: what was found, tried, proved. Runs that were killed show what was finished."""
    import msgspec

    from octopus.journal import read_journal
    from octopus.reporting.console import ConsoleView

    journal = read_journal(run)
    if script is None and standalone:
        raise InvalidParameter("--standalone", True, "there is no script to add lines to", "Give --script NUMBER too.")
    if script is None:
        if as_json:
            for event in journal.events:
                typer.echo(msgspec.json.encode(event).decode())
        else:
            ConsoleView().replay(journal)
        return
    chosen = [experiment for experiment in journal.experiments if experiment.number == script]
    if not chosen:
        raise InvalidParameter(
            "--script", script, f"the run has {len(journal.experiments)} experiments", "Use one of their numbers."
        )
    task = journal.task
    typer.echo(_standalone(run, chosen[0].script, task) if standalone and task else chosen[0].script.source)


def _standalone(run: Path, script: Script, task: Task) -> str:
    from octopus.frame import Schema
    from octopus.reporting.script import standalone_script

    path = run / "schema.json"
    if not path.is_file():
        remedy = "Name the directory of a finished run, or leave --standalone out."
        raise RunDirectoryError(run, "it holds no schema.json, which says what the columns hold", remedy)
    return standalone_script(script, Schema.from_json(path.read_text(encoding="utf-8")), task)
