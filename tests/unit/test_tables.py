"""Files of the command line: CSV in its dialects, Parquet, and what is neither."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from octopus.errors import InvalidData
from octopus.tables import read_file, write_file

_TABLE = pd.DataFrame({"name": ["Ä, B", "c"], "size": [1.5, None], "note": ['say "x"', "; | "]})


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_in_any_dialect(separator: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    _TABLE.to_csv(path, sep=separator, encoding=encoding, index=False)
    pd.testing.assert_frame_equal(read_file(path), _TABLE)


def test_gzip_parquet_and_separators_inside_quoted_names(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "t.csv.gz", "wt") as file:
        _TABLE.to_csv(file, index=False)
    pd.testing.assert_frame_equal(read_file(tmp_path / "t.csv.gz"), _TABLE)
    _TABLE.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_file(tmp_path / "t.parquet"), _TABLE)
    (tmp_path / "q.csv").write_text('"a;b;c;d","e"\n1,2\n')
    assert list(read_file(tmp_path / "q.csv").columns) == ["a;b;c;d", "e"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"\n\n", "is empty"),
        ("t.csv", b"a,b,a\n1,2,3\n", "more than one column named 'a'"),
        ("t.csv", b'a,b\n1,2\n"3,4\n', "cannot be read"),
        ("t.parquet", b"PAR1 and then nothing", "cannot be read"),
        ("t.xlsx", b"PK", r"of an unknown kind \(.xlsx\)"),
        ("t", b"a,b", "no suffix"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidData, match=message):
        read_file(tmp_path / name)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="there is no file"):
        read_file(tmp_path / "t.csv")


@pytest.mark.parametrize("name", ["p.csv", "p.parquet"])
def test_what_is_written_is_read(name: str, tmp_path: Path) -> None:
    write_file(_TABLE, tmp_path / name)
    pd.testing.assert_frame_equal(read_file(tmp_path / name), _TABLE)
