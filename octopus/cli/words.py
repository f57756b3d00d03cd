"""What the commands say, in the look of a run on the console."""

from __future__ import annotations

import warnings

from rich.console import Console
from rich.text import Text

from octopus.errors import OctopusWarning


def say(label: str, text: str, room: int | None = None) -> None:
    """Print text beside a label on standard output; a column of long labels needs more room."""
    from octopus.reporting.console import ConsoleView

    if room is None:
        ConsoleView().line(label, text)
    else:
        ConsoleView().line(label, text, room)


def say_error(message: str) -> None:
    """Print a message in red on standard error."""
    from octopus.reporting.words import printable

    Console(stderr=True, highlight=False).print(Text(f"octopus: {printable(message)}", style="red"), soft_wrap=True)


def show_warning(warning: warnings.WarningMessage) -> None:
    """Print a warning of octopus as a note on standard error; hand on whatever is another's."""
    if issubclass(warning.category, OctopusWarning):
        from octopus.reporting.words import printable

        note = f"octopus: note: {printable(str(warning.message))}"
        Console(stderr=True, highlight=False).print(Text(note, style="yellow"), soft_wrap=True)
    else:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
