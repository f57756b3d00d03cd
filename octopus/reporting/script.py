"""The script of an experiment as a file that runs by itself."""

from __future__ import annotations

from octopus.blocks.standalone import with_main
from octopus.frame import Schema
from octopus.records import Script, Task


def standalone_script(script: Script, schema: Schema, task: Task) -> str:
    """Return a script with the lines by which ``python script.py data.csv`` refits it and saves the pipeline.

    Parameters
    ----------
    script : Script
        As it ran.
    schema : Schema
        The columns that it gets.
    task : Task
        What is asked.

    Returns
    -------
    str
        Source that needs no octopus.
    """
    types = {column.name: column.kind for column in schema.columns}
    return with_main(script.source, types, task.target, task.is_classification)
