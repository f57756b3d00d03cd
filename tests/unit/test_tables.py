"""Files of the command line: CSV in its dialects, Parquet, and what is neither."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from octopus.errors import InvalidData, InvalidParameter
from octopus.tables import Dialect, read_file, write_file

_TABLE = pd.DataFrame({"name": ["Ä, B", "c"], "size": [1.5, None], "note": ['say "x"', "; | "]})


def _packed(content: bytes) -> bytes:
    """Return the same bytes at any time of day, for they name a test."""
    return gzip.compress(content, mtime=0)


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
        ("t.csv", b"\xef\xbb\xbf", "is empty"),
        ("t.csv", b"\n\na,b,a\n1,2,3\n", "more than one column named 'a'"),
        ("t.csv", b'"a\nb",c,c\n1,2,3\n', "more than one column named 'c'"),
        ("t.csv", b"a,b\n1,2,3\n4,5,6\n", "more values than the header has names"),
        ("t.csv", b"a,b\n1,2\n3,4,5\n", "cannot be read"),
        ("t.csv", b"# made by hand\na,b\n1,2\n", "more values than the header has names"),
        ("t.csv", b"a,b\n\x81,\xe9\n", "cannot be read"),
        ("t.csv", bytes(range(256)) * 4, "cannot be read"),
        ("t.csv.gz", b"a,b\n1,2\n", "cannot be read"),
        ("t.csv.gz", _packed(b"a,b\n" + b"1,2\n" * 1000)[:-12], "cannot be read"),
        ("t.csv.gz", _packed(b""), "is empty"),
        ("t.parquet", b"", "cannot be read"),
        ("t.gz", _packed(b"a,b\n1,2\n"), r"of an unknown kind \(.gz\)"),
        ("t.xlsx", b"PK", r"of an unknown kind \(.xlsx\)"),
        ("t", b"a,b", "no suffix"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidData, match=message):
        read_file(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("t.csv", b"a,b\n1,2,\n3,4,\n", {"a": [1, 3], "b": [2, 4]}),
        ("t.csv", b"a,b\n1\n3,4\n", {"a": [1, 3], "b": [None, 4]}),
        ("t.csv", b"a,b\r\n1,2\r\n", {"a": [1], "b": [2]}),
        ("t.csv", b"\n \na,b\n1,2\n", {"a": [1], "b": [2]}),
        ("t.csv", b'"a\nb",c\n1,2\n', {"a\nb": [1], "c": [2]}),
        ("t.csv", b'a,"b ""c"", d"\n1,2\n', {"a": [1], 'b "c", d': [2]}),
        ("t.csv", "a\u2028b,c\n1,2\n".encode(), {"a\u2028b": [1], "c": [2]}),
        ("t.csv", "a;b\nä;2\n".encode("utf-16"), {"a": ["ä"], "b": [2]}),
        ("t.csv", b"a\n1\n2\n", {"a": [1, 2]}),
        ("t.CSV", b"a,b\n1,2\n", {"a": [1], "b": [2]}),
        ("t.tsv", b"a, b\tc\n1\t2\n", {"a, b": [1], "c": [2]}),
        ("t.txt", b"a|b\n1|2\n", {"a": [1], "b": [2]}),
        ("t.csv.GZ", _packed(b"a,b\n1,2\n"), {"a": [1], "b": [2]}),
        ("t.tsv.gz", _packed(b"a\tb\n1\t2\n"), {"a": [1], "b": [2]}),
        ("my.data.csv", b"a,b\n1,2\n", {"a": [1], "b": [2]}),
    ],
)
def test_every_value_stays_in_its_column(
    name: str, content: bytes, expected: dict[str, list[object]], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    pd.testing.assert_frame_equal(read_file(tmp_path / name), pd.DataFrame(expected))


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n")
    assert read_file(tmp_path / "t.csv").shape == (0, 2)


def test_an_old_code_page_is_seen_also_far_into_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n" + b"1,x\n" * 40_000 + "2,é\n".encode("cp1252"))
    table = read_file(tmp_path / "t.csv")
    assert table["b"].iloc[-1] == "é"
    assert table["a"].dtype == "int64"


def test_signs_that_the_sample_cuts_in_half_are_no_other_encoding(tmp_path: Path) -> None:
    for shift in range(4):
        (tmp_path / "t.csv").write_bytes(b"a,b" + b" " * shift + b"\n" + "é,ü\n".encode() * 20_000)
        assert read_file(tmp_path / "t.csv").iloc[-1].tolist() == ["é", "ü"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "t.csv", tmp_path):
        with pytest.raises(InvalidData, match="there is no file"):
            read_file(path)


@pytest.mark.parametrize("name", ["p.csv", "p.parquet"])
def test_what_is_written_is_read(name: str, tmp_path: Path) -> None:
    write_file(_TABLE, tmp_path / name)
    pd.testing.assert_frame_equal(read_file(tmp_path / name), _TABLE)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a;b\n1,5;x\n2;y\n", [1.5, 2.0]),
        ("a\tb\n-1,5\tx\n2,25\ty\n", [-1.5, 2.25]),
        ("a;b\n1.5;x,y\n2.5;1,5\n", [1.5, 2.5]),
        ("a;b\n1,5;2.5\n2;3.5\n", ["1,5", "2"]),
        ('a,b\n"1,5",2\n"2",3\n', ["1,5", "2"]),
    ],
)
def test_the_decimal_mark_is_found_out(content: str, expected: list[object], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(content)
    assert read_file(tmp_path / "t.csv")["a"].tolist() == expected


def test_what_the_user_says_of_the_dialect_wins(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("a:b,c\n1,5:\xe4\n".encode("cp1252"))
    table = read_file(tmp_path / "t.csv", Dialect(separator=":", decimal=",", encoding="cp1252"))
    assert table.to_dict("list") == {"a": [1.5], "b,c": ["\xe4"]}


@pytest.mark.parametrize(
    ("dialect", "message"),
    [
        (Dialect(separator="::"), "--sep"),
        (Dialect(decimal=":"), "no decimal mark"),
        (Dialect(decimal=",", separator=","), "separates the columns"),
        (Dialect(encoding="utf-9"), "no such encoding"),
    ],
)
def test_a_dialect_that_cannot_be(dialect: Dialect, message: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InvalidParameter, match=message):
        read_file(tmp_path / "t.csv", dialect)


def test_another_encoding_than_the_user_says_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,\xe9\n")
    with pytest.raises(InvalidData, match="cannot be read"):
        read_file(tmp_path / "t.csv", Dialect(encoding="utf-8"))
