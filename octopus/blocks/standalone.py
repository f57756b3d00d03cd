"""A script with the lines by which it runs alone: ``python script.py data.csv --target y`` refits and saves."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from octopus.blocks.rendering import import_block, literal
from octopus.blocks.source import pieces

#: The function that the last line calls.
_NAME = "run_by_itself"


def with_main(source: str, types: Mapping[str, str], target: str, is_classification: bool) -> str:
    """Return a script that reads a file, fits its pipeline on every row and saves it, without octopus.

    Parameters
    ----------
    source : str
        Source of a script that defines ``build_pipeline``.
    types : mapping of str to str
        What each column of the table holds: number, boolean, datetime or text.
    target : str
        Column to predict.
    is_classification : bool
        Whether the target holds classes.

    Returns
    -------
    str
        The source as it was, and what runs it.
    """
    main = pieces(["fit_and_save"])
    columns = "\n".join(f"    {literal(name)}: {literal(kind)}," for name, kind in types.items())
    body = [
        '"""Fit on every row of a table and save: nothing here runs where the script is imported."""',
        import_block(main.imports),
        *main.definitions,
        f"types = {{\n{columns}\n}}",
        f"fit_and_save(build_pipeline, types, {literal(target)}, is_classification={is_classification})",
    ]
    # All of it in one function: no name of these lines can take the place of one of the script's.
    indented = textwrap.indent("\n\n".join(body), "    ")
    return f'{source.rstrip()}\n\n\ndef {_NAME}():\n{indented}\n\n\nif __name__ == "__main__":\n    {_NAME}()\n'
