"""The words of a table's cells as hashes: every cell is in, and what it takes to look one up is a few bytes a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from octopus.dataset import Rows
from octopus.privacy.patterns import clean, unescape

Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]

#: A number as programs print it, its sign left out.
NUMBER = re.compile(
    r"(?<![^\W_])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![^\W_])",
)
#: An escaped character of ``repr``, which is no part of a word; a number; a word.
TOKEN = re.compile(rf"\\(?:\\|[ntrfvab0'\"])|{NUMBER.pattern}|[^\W_]+")
_IN_CELLS = re.compile(rf"\x00|{TOKEN.pattern}")
#: Characters of cells that are read, which takes about 3 s; of a table with more, every word unknown to us is hidden.
MAX_CHARACTERS = 40_000_000
#: Cells read at a time, and how many of a column are asked which words many rows hold.
_CHUNK, _ASKED = 50_000, 200_000
#: Digits of a cell that is longer than a rounded number.
_DIGIT, _MANY_DIGITS = re.compile(r"\d"), 5
#: Odd numbers that mix the hashes of neighbours: fractions of the golden ratio and of the square roots of 2 and 3.
_MIX = tuple(np.uint64(number) for number in (0x9E3779B97F4A7C15, 0x6A09E667F3BCC909, 0xBB67AE8584CAA73B))


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Distinct cells of one column that may not be shown.

    Parameters
    ----------
    cells : sequence of str
        The cells.
    rows : ndarray of shape (n_cells,), int64
        Rows that hold each.
    are_numbers : bool
        Whether they are numbers in disguise: those are rounded like any number, and only hidden where they are longer
        than that and come in several parts, such as 1.234,56.
    """

    cells: Sequence[str]
    rows: Rows
    are_numbers: bool = False


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Which words, and words in which order, cells hold; sorted hashes.

    Parameters
    ----------
    words : ndarray of uint64
        Every word.
    singles, pairs : ndarray of uint64
        Cells that are one word, or two, and no more.
    triples : ndarray of uint64
        Every three words that follow one another in a cell.
    common : ndarray of uint64
        Words that many rows of a column hold, and that are no cell by themselves.
    is_complete : bool
        Whether all cells were read.
    """

    words: Hashes
    singles: Hashes
    pairs: Hashes
    triples: Hashes
    common: Hashes
    is_complete: bool


def spans(text: str) -> list[tuple[int, int, str]]:
    """Return where each word and number of a text begins and ends, and how it is compared: folded to one case."""
    return [(*found.span(), found[0].casefold()) for found in TOKEN.finditer(text) if found[0][0] != "\\"]


def words_of(text: str) -> list[str]:
    """Return the words and numbers of a text, folded to one case."""
    return [word for _, _, word in spans(text)]


def hashes(words: Sequence[str]) -> Hashes:
    """Return a hash of each word, the same in every process."""
    array = np.empty(len(words), dtype=object)
    array[:] = words
    found: Hashes = pd.util.hash_array(array, categorize=False)
    return found


def runs(hashed: Hashes, length: int) -> Hashes:
    """Return a hash of each run of neighbours.

    Parameters
    ----------
    hashed : ndarray of shape (n,), uint64
        Hashes of words in order.
    length : int
        Words of a run, at most 3.

    Returns
    -------
    ndarray of shape (n - length + 1,), uint64
        By the position where the run begins.
    """
    n = max(0, len(hashed) - length + 1)
    mixed: Hashes = np.zeros(n, dtype=np.uint64)
    for place in range(length):
        mixed = (mixed ^ (hashed[place : place + n] >> np.uint64(7)) ^ hashed[place : place + n]) * _MIX[place]
    return mixed


def held(known: Hashes, asked: Hashes) -> Flags:
    """Return which hashes are among sorted ones."""
    if not len(known):
        return np.zeros(len(asked), dtype=bool)
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    flags: Flags = known[at] == asked
    return flags


def read_cells(columns: Iterable[Texts], exempt: Sequence[str], min_rows: int | None) -> Cells:
    """Read the words of cells.

    Parameters
    ----------
    columns : iterable of Texts
        Cells that may not be shown.
    exempt : sequence of str
        Texts that may: their runs of words count as no cell's.
    min_rows : int or None
        Rows from which a word is common; None where none is.

    Returns
    -------
    Cells
        What they hold; the shortest columns first where there is too much to read.
    """
    read = _Read(min_rows)
    left = MAX_CHARACTERS
    for column, size in sorted(((c, sum(map(len, c.cells))) for c in columns), key=lambda pair: pair[1]):
        left -= size
        if left >= 0:
            read.column(column)
    of_exempt = [hashes(words_of(text)) for text in exempt]
    singles = _distinct(read.singles)
    return Cells(
        words=_distinct(read.words),
        singles=singles,
        pairs=_without(_distinct(read.pairs), _distinct([runs(one, 2) for one in of_exempt])),
        triples=_without(_distinct(read.triples), _distinct([runs(one, 3) for one in of_exempt])),
        common=_without(_distinct(read.common if left >= 0 else []), singles),
        is_complete=left >= 0,
    )


class _Read:
    """What was read so far."""

    def __init__(self, min_rows: int | None) -> None:
        self.min_rows = min_rows
        self.words: list[Hashes] = []
        self.singles: list[Hashes] = []
        self.pairs: list[Hashes] = []
        self.triples: list[Hashes] = []
        self.common: list[Hashes] = []

    def column(self, column: Texts) -> None:
        """Read a column."""
        counted: list[pd.Series[Any]] = []
        for begin in range(0, len(column.cells), _CHUNK):
            cells = column.cells[begin : begin + _CHUNK]
            hashed, cell = self._chunk(cells, column.are_numbers)
            if self.min_rows is not None and begin < _ASKED:
                counted.append(_rows_by_word(hashed, cell, column.rows[begin : begin + _CHUNK]))
            for variant in _variants(cells):
                self._chunk(variant, column.are_numbers)
        if counted:
            rows = pd.concat(counted).groupby(level=0).sum()
            self.common.append(rows.index[rows >= self.min_rows].to_numpy(np.uint64))

    def _chunk(self, cells: Sequence[str], are_numbers: bool) -> tuple[Hashes, Rows]:
        """Read some cells; return the hashes of their words and the number of the cell of each."""
        if are_numbers:
            self._runs(*_hashed(_split([one for one in cells if len(_DIGIT.findall(one)) >= _MANY_DIGITS])))
            hashed, cell = _hashed([word for word in _split(cells) if not NUMBER.fullmatch(word)])
        else:
            hashed, cell = _hashed(_split(cells))
            self._runs(hashed, cell)
        self.words.append(_distinct([hashed]))
        self.singles.append(_distinct([hashed[_n_words(cell) == 1]]))
        return hashed, cell

    def _runs(self, hashed: Hashes, cell: Rows) -> None:
        in_pair = (_n_words(cell)[:-1] == 2) & (cell[1:] == cell[:-1])
        self.pairs.append(_distinct([runs(hashed, 2)[in_pair]]))
        self.triples.append(_distinct([runs(hashed, 3)[cell[2:] == cell[:-2]]]))


def _variants(cells: Sequence[str]) -> Iterable[list[str]]:
    """Return cells as they read once they were printed, where their words are others then."""
    escaping = [one for one in cells if "\\" in one]
    if escaping:  # as repr and JSON would have them read
        yield [unescape(one) for one in escaping]
        yield [one.replace("\\", " ") for one in escaping]
    odd = [one for one in cells if not one.isascii() and not len(one) == len(one.casefold()) == len(one.upper())]
    if odd:  # İ in lower case is an i and a dot that belongs to no word
        yield [one.lower() for one in odd]
        yield [one.upper() for one in odd]


def _hashed(words: list[str]) -> tuple[Hashes, Rows]:
    """Return the hashes of words without the borders, and the number of the cell of each."""
    hashed = hashes(words)
    is_border = hashed == _BORDER
    cell: Rows = np.cumsum(is_border)[~is_border]
    return hashed[~is_border], cell


def _n_words(cell: Rows) -> Rows:
    return np.bincount(cell)[cell] if len(cell) else cell


_BORDER = hashes(["\x00"])[0]
#: Text whose words are what stands between blanks and marks, and in which no number has a mark within.
_PLAIN, _MARKED_NUMBER = re.compile(r"[\x00\t\n -\[\]-~]*"), re.compile(r"\d[.,]\d|\de[-+]\d")
_MARKS = {code: " " for code in range(1, 128) if not chr(code).isalnum()}


def _split(cells: Sequence[str]) -> list[str]:
    """Return the words of cells as they are compared, with a border between any two cells."""
    joined = " \x00 ".join(cells).lower()
    if _PLAIN.fullmatch(joined) and joined.count("\x00") == len(cells) - 1 and not _MARKED_NUMBER.search(joined):
        return joined.translate(_MARKS).split()  # the same as below, in a fifth of the time
    return [word.casefold() for word in _IN_CELLS.findall("\x00".join(map(clean, cells))) if word[0] != "\\"]


def _rows_by_word(hashed: Hashes, cell: Rows, rows: Rows) -> pd.Series[Any]:
    """Return how many rows hold each word; one that a cell repeats counts once."""
    codes, words = pd.factorize(hashed)
    once = ~pd.Series(codes * np.int64(len(rows)) + cell).duplicated().to_numpy(bool)
    counts = np.bincount(codes[once], weights=rows[cell[once]], minlength=len(words))
    return pd.Series(counts, index=words)


def _distinct(parts: Sequence[Hashes]) -> Hashes:
    """Return the different hashes, sorted. By sorting: ``numpy.unique`` of NumPy 2.4 takes ten times as long."""
    ordered = np.sort(np.concatenate([np.empty(0, dtype=np.uint64), *parts]))
    is_last = np.ones(len(ordered), dtype=bool)
    is_last[:-1] = ordered[1:] != ordered[:-1]
    distinct: Hashes = ordered[is_last]
    return distinct


def _without(hashed: Hashes, exempt: Hashes) -> Hashes:
    return hashed[~held(exempt, hashed)]
