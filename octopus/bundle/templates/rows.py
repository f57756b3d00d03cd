"""A request's body → rows, or what is wrong with them: the row, the column, what was expected."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from octopus.bundle.templates.predict import Model
from octopus.frame import Column, Schema, SchemaError

Row = Mapping[str, object]

#: Rows and bytes of one request; more belong into several requests, or into predict.py. These two variables overrule.
MAX_ROWS = int(os.environ.get("OCTOPUS_MAX_ROWS", "10000"))
MAX_BODY_BYTES = int(os.environ.get("OCTOPUS_MAX_BODY_BYTES", str(16 << 20)))
#: Problems that one reply lists.
_MAX_PROBLEMS = 100
_LONGEST_VALUE = 60
_EXPECTED = {
    "number": "a number",
    "boolean": "true or false",
    "datetime": "a date such as 2024-03-01 or 2024-03-01T12:30:00Z",
    "text": "text",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Parameters
    ----------
    row : int or None
        Position of the row in the request, from 0; None where it is the request itself.
    column : str or None
        Name of the column; None where it is the whole row.
    problem : str
        What was expected and what was got.
    """

    row: int | None
    column: str | None
    problem: str


class InvalidRequest(ValueError):
    """A request that cannot be answered.

    Parameters
    ----------
    problems : sequence of Problem
        What is wrong.
    status : int
        HTTP status that says so.
    """

    def __init__(self, problems: Sequence[Problem], status: int = 422) -> None:
        self.problems, self.status = tuple(problems), status
        super().__init__("; ".join(f"row {p.row}, column {p.column!r}: {p.problem}" for p in self.problems))

    def as_json(self) -> dict[str, Any]:
        """Return the body of the reply."""
        shown = self.problems[:_MAX_PROBLEMS]
        errors = [{"row": p.row, "column": p.column, "problem": p.problem} for p in shown]
        more = len(self.problems) - len(shown)
        return {"errors": errors, "more": more} if more else {"errors": errors}


def read_rows(body: bytes, model: Model) -> list[Row]:
    """Read the rows of a request: ``{"rows": [{column: value, …}, …]}``, or one row by itself.

    Parameters
    ----------
    body : bytes
        JSON.
    model : Model
        Knows the columns.

    Returns
    -------
    list of dict
        At least one row, each with every column that is needed and with plain values.

    Raises
    ------
    InvalidRequest
        It is no JSON, of another shape, too long, or lacks columns.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest([Problem(None, None, f"the body is no JSON: {error}")]) from error
    rows = _rows_in(document)
    problems = [problem for number, row in enumerate(rows) for problem in _shape_problems(number, row, model)]
    if problems:
        raise InvalidRequest(problems)
    return rows


def read_table(rows: list[Row], model: Model) -> pd.DataFrame:
    """Return rows in the shape that the pipeline takes.

    Parameters
    ----------
    rows : list of dict
        From :func:`read_rows`.
    model : Model
        Knows the columns.

    Returns
    -------
    DataFrame of shape (n_rows, n_used_columns)
        In canonical shape.

    Raises
    ------
    InvalidRequest
        Values are of another kind than in training.
    """
    try:
        return model.table(rows)
    except SchemaError:
        problems = [problem for column in model.schema.columns for problem in _value_problems(rows, column)]
        if not problems:
            raise
        raise InvalidRequest(sorted(problems, key=lambda problem: problem.row or 0)) from None


def unknown_columns(rows: list[Row], model: Model) -> list[str]:
    """Return names in the rows that the model does not know, in order of appearance.

    Parameters
    ----------
    rows : list of dict
        From :func:`read_rows`.
    model : Model
        Knows the columns.

    Returns
    -------
    list of str
        They are ignored.
    """
    known = set(model.schema.names)
    return list(dict.fromkeys(name for row in rows for name in row if name not in known))


def _rows_in(document: object) -> list[Row]:
    wanted = 'expected {"rows": [{"column": value, …}, …]} or one row {"column": value, …}'
    if not isinstance(document, dict):
        raise InvalidRequest([Problem(None, None, f"{wanted}, got {_name_of(document)}")])
    rows = document.get("rows", [document])
    if not isinstance(rows, list):
        rows = [document]  # a column of that name
    if not rows:
        raise InvalidRequest([Problem(None, None, "there are no rows: send at least one")])
    if len(rows) > MAX_ROWS:
        text = f"{len(rows):,} rows in one request, which takes {MAX_ROWS:,} at most: send several requests"
        raise InvalidRequest([Problem(None, None, text)], status=413)
    problems = [
        Problem(number, None, f"expected an object {{column: value, …}}, got {_name_of(row)}")
        for number, row in enumerate(rows)
        if not isinstance(row, dict)
    ]
    if problems:
        raise InvalidRequest(problems)
    return rows


def _shape_problems(number: int, row: Row, model: Model) -> Iterator[Problem]:
    for column in model.schema.columns:
        if column.name not in row:
            if column.name not in model.description["optional"]:
                text = f"missing: expected {_EXPECTED[column.kind]}, or null where it is not known"
                yield Problem(number, column.name, text)
        elif _is_of_another_kind(row[column.name], column):
            yield Problem(number, column.name, _unexpected(column, row[column.name]))


def _is_of_another_kind(value: object, column: Column) -> bool:
    """Tell what a table cannot hold, and what pandas would read as 0 and 1 without a word."""
    return isinstance(value, dict | list) or (isinstance(value, bool) and column.kind == "number")


def _value_problems(rows: list[Row], column: Column) -> Iterator[Problem]:
    alone = Schema(columns=(column,))
    for number, row in enumerate(rows):
        try:
            alone.apply(pd.DataFrame([{column.name: row.get(column.name)}], dtype=object))
        except SchemaError:
            yield Problem(number, column.name, _unexpected(column, row[column.name]))


def _unexpected(column: Column, value: object) -> str:
    return f"expected {_EXPECTED[column.kind]}, got {_name_of(value)}"


def _name_of(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    shown = repr(value) if isinstance(value, str) else json.dumps(value)
    return shown if len(shown) <= _LONGEST_VALUE else f"{shown[:_LONGEST_VALUE]}…"
