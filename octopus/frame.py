"""Raw table → the one shape that is stored, trained on, predicted on and served.

A :class:`Schema` learns nothing but names, order and kinds of the columns. In canonical shape a table has unique
string names and index 0 … n - 1, and each column is one of

* ``number``: float64 (float32 where 32 bits hold every value of the original type), missing NaN, never infinite;
* ``boolean``: float32 with 0, 1 and NaN;
* ``datetime``: datetime64[ns], UTC without the zone, missing NaT;
* ``text``: strings, missing NaN: words, categories, mixed values and whole numbers too long for a float.

The module stands alone (numpy, pandas, and pyarrow to store a table): it travels with an exported model.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from numbers import Number
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ColumnType = Literal["number", "boolean", "datetime", "text"]
#: A column of anything; pandas' stubs want the type of its values named.
Values: TypeAlias = "pd.Series[Any]"

#: Whole numbers beyond this do not fit a float64 exactly: they are names, not quantities.
_LARGEST_EXACT = 2**53
#: Types whose every value a float32 holds exactly.
_FITS_FLOAT32 = {"int8", "uint8", "int16", "uint16", "float16", "float32"}
_TRUE = {"true", "yes", "y", "t", "1", "1.0"}
_FALSE = {"false", "no", "n", "f", "0", "0.0"}
#: What pandas calls columns that it would turn into numbers without a word.
_NO_NUMBERS = {"datetime", "datetime64", "date", "period", "complex"}
#: What to give, where the bare word does not say it.
_GIVE = {"dates": "dates such as 2024-03-01"}
_FORMAT = 1


class SchemaError(ValueError):
    """A table does not have the columns, or the kinds of values, that the schema names."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """Name and kind of one column.

    Parameters
    ----------
    name : str
        Name of the column.
    kind : {"number", "boolean", "datetime", "text"}
        What it holds.
    dtype : {"float64", "float32", ""}
        Width of a number or boolean; empty for the other kinds.
    """

    name: str
    kind: ColumnType
    dtype: str = ""


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The columns of a table, in order.

    Parameters
    ----------
    columns : tuple of Column
        One for each column.

    Examples
    --------
    >>> import pandas as pd
    >>> schema = Schema.of(pd.DataFrame({"size": [1, 2], "colour": ["red", None]}))
    >>> [(column.name, column.kind) for column in schema.columns]
    [('size', 'number'), ('colour', 'text')]
    >>> schema.apply(pd.DataFrame({"colour": ["blue"], "size": ["3"], "more": [0]}))["size"].tolist()
    [3.0]
    """

    columns: tuple[Column, ...]

    @classmethod
    def of(cls, table: object) -> Schema:
        """Read the schema of a table.

        Parameters
        ----------
        table : DataFrame or array-like of shape (n_rows, n_columns)
            The raw table; columns of an array are named x0, x1, ….

        Returns
        -------
        Schema
            Names and kinds.

        Raises
        ------
        SchemaError
            Two columns have one name, or a column holds complex numbers.
        """
        frame = _as_frame(table)
        return cls(columns=tuple(_column(name, frame[name]) for name in frame.columns))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def apply(self, table: object) -> pd.DataFrame:
        """Bring a table into canonical shape.

        Parameters
        ----------
        table : DataFrame or array-like of shape (n_rows, n_columns)
            The raw table. Columns may come in any order, further ones are dropped; numbers and dates may come as
            text.

        Returns
        -------
        DataFrame of shape (n_rows, len(self.columns))
            Index 0 … n_rows - 1.

        Raises
        ------
        SchemaError
            A column is missing, or holds values of another kind.
        """
        frame = _as_frame(table)
        missing = [name for name in self.names if name not in frame.columns]
        if missing:
            raise SchemaError(
                f"the table lacks {len(missing)} of {len(self.columns)} columns: {_listed(missing)}. "
                "Give it every column that the model was fitted on."
            )
        columns = {column.name: _canonical(frame[column.name], column) for column in self.columns}
        return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)), copy=False)

    def subset(self, names: Iterable[str]) -> Schema:
        """Return the schema of these columns alone, in this schema's order."""
        kept = set(names)
        return Schema(columns=tuple(column for column in self.columns if column.name in kept))

    def to_json(self) -> str:
        """Return the schema as JSON."""
        columns = [{"name": c.name, "kind": c.kind, "dtype": c.dtype} for c in self.columns]
        return json.dumps({"format": _FORMAT, "columns": columns}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """Read a schema that :meth:`to_json` wrote; raises SchemaError if it is of another format."""
        document: Mapping[str, Any] = json.loads(text)
        if document.get("format") != _FORMAT:
            raise SchemaError(f"schema of format {document.get('format')!r}; this version reads {_FORMAT}")
        return cls(columns=tuple(Column(**column) for column in document["columns"]))


def write_table(table: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Store a canonical table as an uncompressed Arrow file, which processes share by mapping it.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        In canonical shape.
    path : path-like
        Where to; overwritten.
    """
    import pyarrow as pa

    stored = to_arrow(table)
    with pa.OSFile(os.fspath(path), "wb") as sink, pa.ipc.new_file(sink, stored.schema) as writer:
        writer.write_table(stored)


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read what :func:`write_table` wrote. Numbers and dates stay on disk, mapped and read-only, until copied.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        In canonical shape.
    """
    import pyarrow as pa

    return from_arrow(pa.ipc.open_file(pa.memory_map(os.fspath(path), "r")).read_all())


def to_arrow(table: pd.DataFrame) -> Any:
    """Return a canonical table as one of Arrow.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        In canonical shape.

    Returns
    -------
    pyarrow.Table
        Also one without columns knows how many rows it has.
    """
    import pyarrow as pa

    arrays = [_to_arrow(table[name]) for name in table.columns]
    fields = [pa.field(str(name), array.type) for name, array in zip(table.columns, arrays, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata={"n_rows": str(len(table))}))


def from_arrow(stored: Any) -> pd.DataFrame:
    """Return the canonical table that :func:`to_arrow` was given; numbers and dates share its memory.

    Parameters
    ----------
    stored : pyarrow.Table
        With its metadata.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        In canonical shape.
    """
    n_rows = int(stored.schema.metadata[b"n_rows"])
    columns = {name: _from_arrow(stored.column(name)) for name in stored.column_names}
    return pd.DataFrame(columns, index=pd.RangeIndex(n_rows), copy=False)


def text_dtype() -> Any:
    """Return ``str`` where that is pandas' text type, ``object`` before pandas 3."""
    return pd.Series(["a"]).dtype


def _as_frame(table: object) -> pd.DataFrame:
    if not isinstance(table, pd.DataFrame):
        array = np.asarray(table)
        if array.ndim != 2:
            raise SchemaError(f"a table has rows and columns; got an array of {array.ndim} dimension(s)")
        table = pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])
    if not all(isinstance(name, str) for name in table.columns):
        table = table.set_axis([str(name) for name in table.columns], axis=1)
    if not table.columns.is_unique:
        repeated = list(dict.fromkeys(table.columns[table.columns.duplicated()]))
        raise SchemaError(
            f"the table has more than one column named {_listed(repeated)}: which one is meant is not clear. "
            "Rename or drop the others."
        )
    return table


def _column(name: str, values: Values) -> Column:
    kind = _kind(name, values)
    if kind == "boolean":
        return Column(name=name, kind=kind, dtype="float32")
    if kind == "number":
        narrow = str(values.dtype).lower() in _FITS_FLOAT32
        return Column(name=name, kind=kind, dtype="float32" if narrow else "float64")
    return Column(name=name, kind=kind)


def _kind(name: str, values: Values) -> ColumnType:
    dtype = values.dtype
    if pd.api.types.is_complex_dtype(dtype):
        raise SchemaError(f"Complex data not supported: column {name!r} holds complex numbers; give its parts")
    if isinstance(dtype, pd.CategoricalDtype):
        return "text"
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pd.api.types.is_integer_dtype(dtype):
        return "text" if _too_long(values) else "number"
    if pd.api.types.is_numeric_dtype(dtype) or dtype.kind == "m":
        return "number"
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return "datetime"
    return _kind_of_objects(name, values) if pd.api.types.is_object_dtype(dtype) else "text"


def _kind_of_objects(name: str, values: Values) -> ColumnType:
    inferred = pd.api.types.infer_dtype(values, skipna=True)
    if inferred == "complex" or (inferred == "mixed" and any(isinstance(value, complex) for value in values)):
        raise SchemaError(f"Complex data not supported: column {name!r} holds complex numbers; give its parts")
    if inferred == "boolean":
        return "boolean"
    if inferred == "integer":
        return "text" if _too_long(values) else "number"
    if inferred in ("floating", "mixed-integer-float", "decimal", "timedelta", "timedelta64", "empty"):
        return "number"
    return "datetime" if inferred in ("datetime", "datetime64", "date") else "text"


def _too_long(values: Values) -> bool:
    """Tell whether some whole number is beyond what a float64 holds exactly."""
    present = values.dropna()
    return len(present) > 0 and max(int(present.max()), -int(present.min())) > _LARGEST_EXACT


def _canonical(values: Values, column: Column) -> Values:
    if isinstance(values.dtype, pd.SparseDtype):
        values = pd.Series(np.asarray(values))
    elif isinstance(values.dtype, pd.CategoricalDtype) and column.kind != "text":
        values = values.astype(object).infer_objects()
    if column.kind == "text":
        canonical = _text(values)
    elif column.kind == "datetime":
        canonical = _datetimes(values, column.name)
    elif column.kind == "boolean":
        canonical = pd.Series(_booleans(values, column.name))
    else:
        canonical = pd.Series(_numbers(values, column))
    return canonical.reset_index(drop=True)


def _numbers(values: Values, column: Column) -> np.ndarray[Any, Any]:
    if values.dtype.kind == "m":
        values = values.dt.total_seconds()
    with np.errstate(over="ignore"):  # what 32 bits cannot hold is infinite, and so missing
        if _is_real(values):
            return _finite(values.to_numpy(dtype=column.dtype, na_value=np.nan))
        return _finite(_numbers_from_objects(values.astype(object), column.name).astype(column.dtype))


def _is_real(values: Values) -> bool:
    return pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_complex_dtype(values.dtype)


def _numbers_from_objects(values: Values, name: str) -> np.ndarray[Any, Any]:
    values = values.mask(_blank(values))
    inferred = pd.api.types.infer_dtype(values, skipna=True)
    if inferred in ("timedelta", "timedelta64"):
        seconds: np.ndarray[Any, Any] = pd.to_timedelta(values).dt.total_seconds().to_numpy(dtype=np.float64)
        return seconds
    if inferred in _NO_NUMBERS:
        _refuse(values[values.notna()], name, "numbers")
    try:
        numbers = pd.to_numeric(values, errors="coerce")
    except OverflowError:
        numbers = pd.to_numeric(values.map(_short_enough), errors="coerce")
    if np.iscomplexobj(numbers):
        numbers = numbers.where(numbers.map(np.isreal)).map(np.real)
    _refuse(values[numbers.isna() & values.notna()], name, "numbers")
    result: np.ndarray[Any, Any] = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return result


def _short_enough(value: object) -> object:
    """Return a whole number beyond every float as infinite, and anything else as it is."""
    return np.inf if isinstance(value, int) and abs(value) > sys.float_info.max else value


def _blank(values: Values) -> NDArray[np.bool_]:
    """Tell where text is empty, as forms and JSON leave what is missing."""
    return np.fromiter((isinstance(value, str) and not value.strip() for value in values), bool, len(values))


def _finite(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the numbers with infinities as missing; copied only where there are some."""
    infinite = np.isinf(numbers)
    return np.where(infinite, np.array(np.nan, dtype=numbers.dtype), numbers) if infinite.any() else numbers


def _booleans(values: Values, name: str) -> np.ndarray[Any, Any]:
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.to_numpy(dtype=np.float32, na_value=np.nan)
    if _is_real(values):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        _refuse(values[~(np.isnan(numbers) | np.isin(numbers, (0, 1)))], name, "true or false")
        return numbers.astype(np.float32)
    values = values.astype(object)
    values = values.mask(_blank(values))
    words = values.map(lambda value: _spelled(value).strip().lower(), na_action="ignore")
    truth = words.map({**dict.fromkeys(_TRUE, 1.0), **dict.fromkeys(_FALSE, 0.0)})
    _refuse(values[truth.isna() & words.notna()], name, "true or false")
    result: np.ndarray[Any, Any] = truth.to_numpy(dtype=np.float32, na_value=np.nan)
    return result


def _datetimes(values: Values, name: str) -> Values:
    if isinstance(values.dtype, pd.PeriodDtype):
        values = pd.Series(values.dt.to_timestamp())
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = _dates_from_objects(values.astype(object), name)
    return _nanoseconds(pd.to_datetime(values, errors="coerce", utc=True).dt.tz_localize(None))


def _dates_from_objects(values: Values, name: str) -> Values:
    """Read dates and text. ISO 8601 alone, so that a row's date does not hang on the rows beside it."""
    values = values.mask(_blank(values))
    present = values[values.notna()]
    _refuse(present[[isinstance(value, Number) for value in present]], name, "dates")
    parsed = pd.to_datetime(values, errors="coerce", utc=True, format="ISO8601")
    odd = values[parsed.isna() & values.notna()]
    _refuse(odd[[not isinstance(value, date) for value in odd]], name, "dates")
    return parsed


def _nanoseconds(dates: Values) -> Values:
    """Return dates as datetime64[ns]; what lies outside its years (1677 to 2262) is missing."""
    try:
        return dates.astype("datetime64[ns]")
    except (pd.errors.OutOfBoundsDatetime, OverflowError):
        inside = dates.between(pd.Timestamp.min, pd.Timestamp.max)
        return dates.where(inside).astype("datetime64[ns]")


def _text(values: Values) -> Values:
    """Spell every value; pandas' own text type where it has one (pandas 3), objects elsewhere."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        spelled = pd.Series([_spelled(level) for level in values.cat.categories], dtype=object)
        codes = values.cat.codes.to_numpy()
        levels: Values = pd.Series(np.append(spelled.to_numpy(dtype=object), np.nan)[codes], dtype=text_dtype())
        return levels
    if values.dtype == text_dtype() and values.dtype != object:
        return values
    objects: Values = values.astype(object)
    words = objects.map(_spelled, na_action="ignore").where(objects.notna(), np.nan)
    return pd.Series(words.astype(text_dtype()))


def _spelled(value: object) -> str:
    """Return a value as text: a whole float as the integer it stands for, bytes as UTF-8."""
    if isinstance(value, str):  # half a surrogate pair cannot be stored
        return value if value.isascii() else value.encode("utf-8", errors="replace").decode("utf-8")
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _refuse(odd: Values, name: str, expected: str) -> None:
    if len(odd):
        raise SchemaError(
            f"column {name!r} held {expected} when the model was fitted and holds {str(odd.iloc[0])[:40]!r} now"
            f" ({len(odd)} such rows); give {_GIVE.get(expected, expected)} or leave them missing"
        )


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _to_arrow(values: Values) -> Any:
    import pyarrow as pa

    if pd.api.types.is_numeric_dtype(values.dtype):  # NaN stays a value, so that reading copies nothing
        return pa.array(np.ascontiguousarray(values.to_numpy()), from_pandas=False)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return pa.array(values.to_numpy(dtype="datetime64[ns]").view(np.int64), type=pa.int64())
    return pa.array(values, type=pa.large_string(), from_pandas=True)


def _from_arrow(stored: Any) -> Any:
    import pyarrow as pa

    if stored.num_chunks != 1:
        stored = pa.chunked_array([pa.concat_arrays(stored.chunks) if stored.num_chunks else pa.array([], stored.type)])
    chunk = stored.chunk(0)
    if pa.types.is_floating(stored.type):
        return chunk.to_numpy(zero_copy_only=True)
    if pa.types.is_int64(stored.type):
        return chunk.to_numpy(zero_copy_only=True).view("datetime64[ns]")
    text = chunk.to_pandas()
    return text.where(text.notna(), np.nan) if text.dtype == object else text
