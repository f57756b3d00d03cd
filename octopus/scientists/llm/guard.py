"""Columns that are set aside never reach the pipeline of a script that a model wrote, whatever it does with types."""

from __future__ import annotations

from collections.abc import Sequence

from octopus.blocks.rendering import list_constant
from octopus.records import Profile

#: How the guard begins in a script.
MARKER = "# Columns set aside:"
_GUARD = """

{marker} the pipeline does not see them.
{constant}


def without_set_aside(X):
    return X.drop(columns=SET_ASIDE, errors="ignore")


build_on_the_rest = build_pipeline


def build_pipeline():
    pipeline = build_on_the_rest()
    drop = FunctionTransformer(without_set_aside)
    if isinstance(pipeline, Pipeline):
        return Pipeline([("without_set_aside", drop), *pipeline.steps])
    return Pipeline([("without_set_aside", drop), ("rest", pipeline)])
"""
_IMPORTS = "from sklearn.pipeline import Pipeline\nfrom sklearn.preprocessing import FunctionTransformer\n"


def set_aside_columns(profile: Profile) -> tuple[str, ...]:
    """Return the columns that a finding has quarantined.

    Parameters
    ----------
    profile : Profile
        What is known now.

    Returns
    -------
    tuple of str
        In the order of the table.
    """
    unused = {column.name for column in profile.columns if not column.used}
    named = {name for f in profile.findings if f.action.startswith("quarantined") for name in f.columns}
    return tuple(column.name for column in profile.columns if column.name in unused & named)


def guarded(source: str, columns: Sequence[str]) -> str:
    """Return a script whose pipeline never sees some columns.

    Parameters
    ----------
    source : str
        It defines ``build_pipeline``.
    columns : sequence of str
        The columns; where there are none, the script stays as it is.

    Returns
    -------
    str
        The script with a guard at its end.
    """
    if not columns:
        return source
    guard = _GUARD.format(marker=MARKER, constant=list_constant("SET_ASIDE", list(columns)))
    head, _, rest = guard.partition(f"{MARKER} the pipeline does not see them.\n")
    return f"{unguarded(source).rstrip()}\n{head}{MARKER} the pipeline does not see them.\n{_IMPORTS}\n{rest}"


def unguarded(source: str) -> str:
    """Return a script without the guard.

    Parameters
    ----------
    source : str
        With a guard or without.

    Returns
    -------
    str
        As it was written.
    """
    head, marker, _ = source.partition(f"\n{MARKER}")
    return f"{head.rstrip()}\n" if marker else source
