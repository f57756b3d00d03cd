"""Script → why it is not run: parsed and read, never executed; the walls of a sandbox hold whether or not this does."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable

import pandas as pd

from octopus import syntax
from octopus.records import Failure, Frame, Outcome, Profile
from octopus.screening.policy import violations
from octopus.screening.quarantine import quarantined_columns, uses
from octopus.screening.reading import Offence, Reading
from octopus.screening.silent import silent_faults
from octopus.screening.swallowing import swallowed

#: Below this line of a script stands what was put there for it: it names columns to drop them.
_OURS = "# Columns set aside:"
#: Version of pandas from which on texts have a type of their own, and a picked column is a copy.
_IS_SILENT = int(pd.__version__.partition(".")[0]) >= 3


def check_source(source: str) -> Outcome | None:
    """Return why a script cannot be run at all.

    Parameters
    ----------
    source : str
        The script.

    Returns
    -------
    Outcome or None
        Status ``rejected``; None if nothing speaks against it.
    """
    tree = _parsed(source)
    return tree if isinstance(tree, Outcome) else _without_pipeline(tree)


def check_model_script(source: str, profile: Profile) -> Outcome | None:
    """Return why a script that a language model wrote is not run.

    Parameters
    ----------
    source : str
        The script.
    profile : Profile
        What is known of the columns: those that are quarantined are not to be used.

    Returns
    -------
    Outcome or None
        Status ``rejected`` with the line of the first offence; None if nothing speaks against it.
    """
    tree = _parsed(source)
    refusal = tree if isinstance(tree, Outcome) else _without_pipeline(tree)
    if refusal is not None or isinstance(tree, Outcome):
        return refusal
    reading = Reading(tree)
    last = _first_line_of_ours(source)
    used = (offence for offence in uses(reading, quarantined_columns(profile)) if offence.line < last)
    return _first([*violations(reading), *swallowed(reading), *used, *_silent(reading)], reading, source)


def check_analysis(source: str) -> Outcome | None:
    """Return why a script that only looks at the training rows is not run.

    Parameters
    ----------
    source : str
        The script; it defines ``analyse(X, y)``.

    Returns
    -------
    Outcome or None
        Status ``rejected``; None if nothing speaks against it.
    """
    tree = _parsed(source)
    if isinstance(tree, Outcome):
        return tree
    entry = _function(tree, "analyse")
    if entry is None:
        return _refused("the script defines no function analyse")
    n_positional = len(entry.args.posonlyargs) + len(entry.args.args)
    if _required_arguments(entry.args) > 2 or (n_positional < 2 and entry.args.vararg is None):
        return _refused("analyse must take X and y")
    reading = Reading(tree)
    return _first([*violations(reading), *_silent(reading)], reading, source)


def _parsed(source: str) -> ast.Module | Outcome:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is the script's affair
            return syntax.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # null bytes; nested too deeply
        line = getattr(error, "lineno", None) or 1
        message = str(error)[:500] or "the source is nested too deeply"
        return _refused("the script does not parse", _failure("SyntaxError", message, line, "", source))


def _without_pipeline(tree: ast.Module) -> Outcome | None:
    entry = _function(tree, "build_pipeline")
    if entry is None:
        return _refused("the script defines no function build_pipeline")
    return _refused("build_pipeline must take no arguments") if _required_arguments(entry.args) else None


def _function(tree: ast.Module, name: str) -> ast.FunctionDef | None:
    """Return the last function of that name at module level: it is the one that is called."""
    found = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
    return found[-1] if found else None


def _required_arguments(arguments: ast.arguments) -> int:
    n_positional = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return n_positional + sum(default is None for default in arguments.kw_defaults)


def _silent(reading: Reading) -> Iterable[Offence]:
    return silent_faults(reading) if _IS_SILENT else ()


def _first_line_of_ours(source: str) -> int:
    """Return the number of the line from which on a script is ours; beyond the end if none is."""
    lines = source.split("\n")
    return max((n for n, line in enumerate(lines, start=1) if line.startswith(_OURS)), default=len(lines) + 1)


def _first(offences: list[Offence], reading: Reading, source: str) -> Outcome | None:
    """Return the refusal for the first offence by line."""
    if not offences:
        return None
    first = min(offences, key=lambda offence: offence.line)
    failure = _failure(first.kind, first.message, first.line, reading.function(first.line), source)
    return _refused(first.message, failure)


def _failure(kind: str, message: str, line: int, function: str, source: str) -> Failure:
    lines = source.splitlines()
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return Failure(type=kind, message=message, frames=(Frame(line=line, function=function, code=text[:200]),))


def _refused(reason: str, failure: Failure | None = None) -> Outcome:
    return Outcome(status="rejected", stage="check", reason=reason, failure=failure)
