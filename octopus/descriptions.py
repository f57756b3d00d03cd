"""A data dictionary → the user's words on each column: a mapping, or a file in CSV, JSON or lines of ``name: text``."""

from __future__ import annotations

import csv
import difflib
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from octopus.errors import InvalidParameter
from octopus.privacy.patterns import clean

#: Characters of a description that are kept: what a prompt has room for.
MAX_LENGTH = 300
#: A dictionary of 10,000 columns takes less.
_MAX_BYTES = 5_000_000
_SEPARATORS = ",;\t|"
#: How headers call the two columns of a dictionary.
_NAMES = {"name", "column", "column name", "column_name", "variable", "field", "feature", "attribute"}
_TEXTS = {"description", "desc", "meaning", "label", "definition", "text", "details", "comment"}
_REMEDY = "Use {'column': 'what it means'}, or a file: CSV with a name and a description, JSON, or lines 'name: text'."


def parse_descriptions(value: object) -> Mapping[str, str]:
    """Read a data dictionary, whatever columns there are.

    Parameters
    ----------
    value : mapping of str to str, path-like or None
        The dictionary, or the file that holds it.

    Returns
    -------
    mapping of str to str
        Descriptions in one line each, cut to 300 characters, by name; empty ones are left out.

    Raises
    ------
    InvalidParameter
        It is no dictionary, or the file cannot be read as one.
    """
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return _checked(value, value)
    if not isinstance(value, str | os.PathLike) or not str(value):
        raise InvalidParameter("descriptions", value, "it is neither a mapping nor a file", _REMEDY)
    found = _parse(_text(value), Path(value).suffix.lower(), value)
    if not found:
        raise InvalidParameter("descriptions", value, "the file describes nothing", _REMEDY)
    return found


def read_descriptions(value: object, columns: Sequence[str]) -> Mapping[str, str]:
    """Read a data dictionary of a table.

    Parameters
    ----------
    value : mapping of str to str, path-like or None
        The dictionary, or the file that holds it: one that describes more than this table is of use.
    columns : sequence of str
        Names of the columns and of the target.

    Returns
    -------
    mapping of str to str
        Descriptions in one line each, cut to 300 characters, by column; in the order of the columns.

    Raises
    ------
    InvalidParameter
        It is no dictionary; a mapping describes a column that there is not, or a file none that there is.
    """
    described = parse_descriptions(value)
    unknown = [name for name in described if name not in columns]
    is_mapping = isinstance(value, Mapping)
    if unknown and (is_mapping or len(unknown) == len(described)):
        near = difflib.get_close_matches(unknown[0], columns, n=1)
        listed = f"The columns are {', '.join(columns[:10])}{', …' if len(columns) > 10 else ''}."
        raise InvalidParameter(
            "descriptions",
            {unknown[0]: described[unknown[0]]} if is_mapping else value,
            f"X has no column {unknown[0]!r}"
            if is_mapping
            else f"it describes none of the columns, but {unknown[0]!r}",
            f"Did you mean {near[0]!r}?" if near else listed,
        )
    return {name: described[name] for name in columns if name in described}


def _text(value: str | os.PathLike[str]) -> str:
    try:
        with Path(value).open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        why = f"the file cannot be read ({error.strerror or error})"
        raise InvalidParameter("descriptions", value, why, "Check the name and the folder.") from error
    except ValueError as error:  # a zero byte in the name
        raise InvalidParameter("descriptions", value, "it names no file", _REMEDY) from error
    if len(content) > _MAX_BYTES:
        raise InvalidParameter("descriptions", value, "the file is larger than 5 MB", _REMEDY)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # old spreadsheets


def _parse(text: str, suffix: str, value: object) -> Mapping[str, str]:
    if suffix == ".json" or text.lstrip().startswith("{"):
        return _from_json(text, value)
    if suffix in (".csv", ".tsv"):
        first = next((line for line in text.splitlines() if line.strip()), "")
        return _from_csv(text, "\t" if suffix == ".tsv" else max(_SEPARATORS, key=first.count), value)
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return _checked(dict(_pairs(lines, value)), value)


def _from_json(text: str, value: object) -> Mapping[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidParameter("descriptions", value, f"it is no JSON ({error})", _REMEDY) from error
    if not isinstance(found, dict):
        raise InvalidParameter("descriptions", value, "it is no JSON object", _REMEDY)
    return _checked(found, value)


def _from_csv(text: str, separator: str, value: object) -> Mapping[str, str]:
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(row)]
    except csv.Error as error:
        raise InvalidParameter("descriptions", value, f"it is no CSV ({error})", _REMEDY) from error
    if any(len(row) < 2 for row in rows):
        raise InvalidParameter("descriptions", value, "a line has no second value", _REMEDY)
    header = [cell.strip().casefold() for cell in rows[0]] if rows else []
    name = next((place for place, cell in enumerate(header) if cell in _NAMES), None)
    meaning = next((place for place, cell in enumerate(header) if cell in _TEXTS), None)
    if name is None or meaning is None:
        return _checked({row[0]: row[1] for row in rows}, value)
    return _checked({row[name]: row[meaning] for row in rows[1:] if len(row) > max(name, meaning)}, value)


def _pairs(lines: Iterable[str], value: object) -> Iterable[tuple[str, str]]:
    for line in lines:
        name, colon, text = line.partition(":")
        if not colon:
            raise InvalidParameter("descriptions", value, f"no colon stands in {line.strip()[:40]!r}", _REMEDY)
        yield name.strip(" \t'\"-"), text.strip(" \t'\"")


def _checked(described: Mapping[Any, Any], value: object) -> Mapping[str, str]:
    for name, text in described.items():
        if not isinstance(name, str) or not isinstance(text, str):
            why = f"{name!r} is described by what is no text"
            raise InvalidParameter("descriptions", value, why, _REMEDY)
    one_line = {str(name).strip(): " ".join(clean(str(text)).split()) for name, text in described.items()}
    return {name: text[:MAX_LENGTH] for name, text in one_line.items() if name and text}
