"""Files → tables, for the command line: CSV in its dialects, and Parquet."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import warnings
import zlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from octopus.errors import InvalidData, InvalidParameter

#: Bytes that are looked at for the dialect.
_SAMPLE = 65_536
_SEPARATORS = ",;\t|"
_CSV = {".csv", ".tsv", ".txt"}
_PARQUET = {".parquet", ".pq"}
#: Rows that are looked at for the decimal mark.
_SAMPLE_ROWS = 1000


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a CSV file is written; what is None is found out.

    Parameters
    ----------
    separator : str or None
        What stands between two values.
    decimal : {".", ","} or None
        The mark before decimals.
    encoding : str or None
        Name of the encoding, as Python knows it.
    """

    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None


def read_file(path: Path, dialect: Dialect | None = None) -> pd.DataFrame:
    """Read a table from a file.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv`` or ``.txt`` (gzipped too), or ``.parquet``.
    dialect : Dialect or None
        How a CSV file is written, as far as the user says it.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        The values as the file has them.

    Raises
    ------
    InvalidData
        The file is not there, empty, of another kind, damaged, or names a column twice.
    InvalidParameter
        The dialect cannot be.
    """
    dialect = dialect or Dialect()
    _check(dialect)
    if not path.is_file():
        raise InvalidData(f"there is no file {str(path)!r}. Check the name and the folder.")
    suffix = Path(path.stem).suffix if _is_gzipped(path) else path.suffix
    try:
        if suffix.lower() in _PARQUET:
            return pd.read_parquet(path)
        if suffix.lower() in _CSV:
            return _read_csv(path, dialect)
    except (ValueError, OSError, EOFError, zlib.error, csv.Error) as error:  # ValueError: parser, encoding, Arrow
        if isinstance(error, InvalidData):
            raise
        raise InvalidData(f"{str(path)!r} cannot be read: {error}. Check that the file is whole.") from error
    raise InvalidData(
        f"{str(path)!r} is of an unknown kind ({path.suffix or 'no suffix'}). Give a CSV or Parquet file."
    )


def check_output(path: Path) -> None:
    """Raise InvalidParameter where a table cannot be written to a file of this name."""
    if path.is_dir() or path.suffix.lower() not in {".csv", *_PARQUET}:
        raise InvalidParameter("--output", str(path), "it names no table", "Use a file that ends in .csv or .parquet.")
    if not path.parent.is_dir():
        raise InvalidParameter("--output", str(path), f"there is no folder {str(path.parent)!r}", "Make it first.")


def write_file(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, or as Parquet where the name says so."""
    if path.suffix.lower() in _PARQUET:
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)


def _check(dialect: Dialect) -> None:
    if dialect.separator is not None and len(dialect.separator) != 1:
        raise InvalidParameter("--sep", dialect.separator, "it is no single character", "Use one such as ';'.")
    if dialect.decimal not in (None, ".", ","):
        raise InvalidParameter("--decimal", dialect.decimal, "it is no decimal mark", "Use '.' or ','.")
    if dialect.decimal is not None and dialect.decimal == dialect.separator:
        raise InvalidParameter("--decimal", dialect.decimal, "it separates the columns as well", "Give another --sep.")
    if dialect.encoding is not None:
        try:
            codecs.lookup(dialect.encoding)
        except LookupError as error:
            why = "Python knows no such encoding"
            raise InvalidParameter("--encoding", dialect.encoding, why, "Use one such as utf-8 or cp1252.") from error


def _read_csv(path: Path, dialect: Dialect) -> pd.DataFrame:
    head = _head(path)
    encoding = dialect.encoding or _encoding(head)
    text = head.decode(encoding, errors="replace").lstrip()
    if not text:
        raise InvalidData(f"{str(path)!r} is empty. Give a file with a header line and rows.")
    is_tsv = ".tsv" in path.suffixes[-2:]
    separator = dialect.separator or ("\t" if is_tsv else _separator(text.splitlines()[0]))
    names = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidData(
            f"{str(path)!r} has more than one column named {', '.join(map(repr, repeated[:5]))}: which one is meant is "
            "not clear. Rename or drop the others."
        )
    decimal = dialect.decimal or _decimal(text, separator)
    try:
        return _parse(path, separator, decimal, encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8-sig":
            raise
        return _parse(path, separator, decimal, "cp1252")


def _parse(path: Path, separator: str, decimal: str, encoding: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(
                path,
                sep=separator,
                decimal=decimal,
                encoding=encoding,
                compression="gzip" if _is_gzipped(path) else None,
                index_col=False,  # a separator that ends each line would shift every value to the next column
                low_memory=False,
            )
        except pd.errors.ParserWarning as error:
            raise InvalidData(
                f"{str(path)!r} has rows with more values than the header has names, so which value belongs to which "
                "column is not clear. Give each column a name, and quote values that hold the separator."
            ) from error


def _is_gzipped(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _head(path: Path) -> bytes:
    if _is_gzipped(path):
        with gzip.open(path, "rb") as packed:
            return packed.read(_SAMPLE)
    with path.open("rb") as file:
        return file.read(_SAMPLE)


def _encoding(head: bytes) -> str:
    """Return UTF-16 where the file says so, UTF-8 where the bytes are that, else the code page of old spreadsheets."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        head[: head.rfind(b"\n") + 1 or None].decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _separator(header: str) -> str:
    """Return the separator that the header line holds most often outside quotes."""
    bare = "".join(part for number, part in enumerate(header.split('"')) if number % 2 == 0)
    return max(_SEPARATORS, key=bare.count)


def _decimal(text: str, separator: str) -> str:
    """Return a comma where more values are written 1,5 than 1.5 and the comma separates no columns."""
    if separator == ",":
        return "."
    rows = islice(csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1, _SAMPLE_ROWS)
    values = [value.strip() for row in rows for value in row]
    n_comma = sum(re.fullmatch(r"[-+]?\d+,\d+", value) is not None for value in values)
    n_point = sum(re.fullmatch(r"[-+]?\d+\.\d+", value) is not None for value in values)
    return "," if n_comma > n_point else "."
