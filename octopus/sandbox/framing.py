"""What passes between the user's process and a worker: tables one way, numbers or a failure the other.

::

    request   kind, rows, bytes of the body   body: names as JSON | numbers column by column | a table as Arrow
    answer    kind, bytes of the body, memory body: none | numbers row by row | a failure as JSON

A request comes from the user's process and is believed. An answer comes from code that a model wrote:
:mod:`octopus.sandbox.worker` reads it, and nothing of it is ever unpickled.
"""

from __future__ import annotations

import json
import struct
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from octopus.errors import InvalidData
from octopus.frame import from_arrow, text_dtype, to_arrow

#: Kind, rows, bytes of the body.
REQUEST: Final = struct.Struct("<cQQ")
#: Kind, bytes of the body, peak of the worker's memory in bytes.
ANSWER: Final = struct.Struct("<cQQ")
#: Kinds of requests. Names are not answered; they hold for the numbers that follow, so that a row alone costs no more
#: than its numbers.
NAMES, NUMBERS, TABLE = b"n", b"f", b"t"
#: Kinds of answers: the model is loaded; predictions; an exception.
READY, PREDICTED, FAILED = b"r", b"p", b"e"
#: As for the failure of a job: five frames of 200 characters in JSON escapes stay below this.
MAX_FAILURE_BYTES: Final = 64 << 10

_FLOAT64: Final = np.dtype(np.float64)
#: Types of a canonical table beside text, see :mod:`octopus.frame`.
_CANONICAL: Final = {_FLOAT64, np.dtype(np.float32), np.dtype("datetime64[ns]")}


def pack_names(names: list[str]) -> bytes:
    """Return the request that names the columns of the numbers to come."""
    body = json.dumps(names).encode("ascii")
    return REQUEST.pack(NAMES, 0, len(body)) + body


def unpack_names(body: bytearray) -> pd.Index[str]:
    """Return what :func:`pack_names` packed, as a table carries it."""
    names: list[str] = json.loads(body)
    return pd.Index(names)


def is_numbers(table: pd.DataFrame) -> bool:
    """Tell whether every column is float64, so that the numbers alone say it all."""
    return all(dtype == _FLOAT64 for dtype in table.dtypes)


def pack_numbers(table: pd.DataFrame) -> tuple[bytes, memoryview]:
    """Return head and body of a request whose columns are all float64."""
    columns = np.ascontiguousarray(table.to_numpy().T)
    return REQUEST.pack(NUMBERS, len(table), columns.nbytes), columns.reshape(-1).view(np.uint8).data


def unpack_numbers(body: bytearray, n_rows: int, names: pd.Index[str]) -> pd.DataFrame:
    """Return the table that was packed; its numbers are those of ``body``, not a copy."""
    columns = np.frombuffer(body, dtype=np.float64).reshape(len(names), n_rows)
    return pd.DataFrame(columns.T, index=pd.RangeIndex(n_rows), columns=names, copy=False)


def pack_table(table: pd.DataFrame) -> tuple[bytes, memoryview]:
    """Return head and body of a request with columns of any canonical type."""
    _check_canonical(table)
    stored = to_arrow(table)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, stored.schema) as writer:
        writer.write_table(stored)
    body = memoryview(sink.getvalue())
    return REQUEST.pack(TABLE, len(table), body.nbytes), body


def unpack_table(body: bytearray) -> pd.DataFrame:
    """Return the table that was packed, in memory that may be written to as in the user's process."""
    return from_arrow(pa.ipc.open_stream(pa.py_buffer(body)).read_all()).copy()


def _check_canonical(table: pd.DataFrame) -> None:
    """Refuse what would arrive as something else."""
    text = text_dtype()
    for name, dtype in table.dtypes.items():
        if dtype != text and dtype not in _CANONICAL:
            raise InvalidData(
                f"column {name!r} is of type {dtype}: a worker predicts tables in canonical shape. Apply the schema."
            )
