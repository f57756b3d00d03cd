"""The commands together, and what becomes of their errors."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from octopus import __version__
from octopus.cli import about, fit, outlets, predict, prompts, show, trying
from octopus.cli.words import say_error
from octopus.errors import (
    BundleError,
    InvalidData,
    InvalidParameter,
    OctopusError,
    PluginError,
    RunDirectoryError,
    ServiceError,
)

NO_MODEL, BAD_INPUT = 1, 2

app = typer.Typer(
    name="octopus",
    help="An autonomous data scientist: reads a table, runs experiments, proves the best model and ships it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    fit.fit, show.show, prompts.prompts, predict.predict, outlets.export, outlets.serve, outlets.track, outlets.ui,
    about.plugins, about.doctor,
):  # fmt: skip
    app.command()(command)
app.command(name="try")(trying.try_script)


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        app(standalone_mode=True)
    except OctopusError as error:
        say_error(str(error))
        unusable = InvalidData | InvalidParameter | RunDirectoryError | PluginError | BundleError | ServiceError
        sys.exit(BAD_INPUT if isinstance(error, unusable) else NO_MODEL)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"octopus {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    from octopus.clash import clash_message

    del version
    if message := clash_message():
        say_error(message)
