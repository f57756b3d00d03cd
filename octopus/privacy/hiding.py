"""One text → the same without what a table's cells say: word by word, and between quotes more strictly."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from octopus.privacy.cells import NUMBER, Cells, Flags, Hashes, hashes, held, runs, spans
from octopus.privacy.patterns import DAYS, HIDDEN, PERSONAL, QUOTED, clean, unescape
from octopus.privacy.vocabulary import CORE, MESSAGES, WORDS

#: Characters of a text that are gone through, in a quarter of a second: no prompt has room for more.
MAX_LENGTH = 100_000
#: A whole number below this may be a count of rows.
_MAX_COUNT = 10_000
#: From this length on a text may have been cut in the middle of a word.
_MAYBE_CUT = 150
#: Digits of a lowest or highest number that one row alone holds: its size, and not the number.
_DIGITS_OF_EXTREMES = 1
#: Exponents of numbers that are written out.
_SMALLEST, _LARGEST = -6, 15
_VOCABULARY = WORDS | {word for _, _, word in spans(MESSAGES) if not NUMBER.fullmatch(word)}
_LONG_DIGITS = re.compile(r"\d{5}")
_MONTH = re.compile(r"\d{4}-\d{2}")
_NESTED = re.compile(r"['\"`\[(]")
_MANY_HIDDEN = re.compile(rf"{HIDDEN}(?:[ \t,;.:/-]{{0,2}}{HIDDEN})+")


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What must not be told of a table, and what may.

    Parameters
    ----------
    cells : Cells
        Words of the cells.
    identifiers : ndarray of float64
        Sorted numbers that name rows.
    extremes : ndarray of float64
        Sorted lowest and highest numbers that one row alone holds: these keep one digit.
    names : frozenset of str
        Names of columns and values that may be shown, folded to one case.
    known : frozenset of str
        Words of these.
    n_rows : int
        Rows of the table: a number up to it may be a count.
    digits : int
        Digits that a number keeps; 0 where no number may be told.
    """

    cells: Cells
    identifiers: NDArray[np.float64]
    extremes: NDArray[np.float64]
    names: frozenset[str]
    known: frozenset[str]
    n_rows: int
    digits: int


@dataclass(frozen=True, kw_only=True)
class _Said:
    """The words of the script that the reader knows, and their runs."""

    words: frozenset[str]
    pairs: Hashes
    triples: Hashes


@dataclass
class _Token:
    """A word or number: what stands for it in prose, if anything else, and whether it is known to be harmless."""

    begin: int
    end: int
    instead: str | None
    is_harmless: bool


def hide(text: str, secrets: Secrets, source: str) -> str:
    """Return a text in which ``…`` stands for what must not be told.

    Parameters
    ----------
    text : str
        Any text; what is longer than ``MAX_LENGTH`` is cut.
    secrets : Secrets
        What must not be told.
    source : str
        A script that the reader knows.

    Returns
    -------
    str
        Without control characters, numbers cut to the digits that they keep.
    """
    said = _said(source)
    text = unescape(clean(text[:MAX_LENGTH]))
    text = PERSONAL.sub(lambda found: found[0] if _is_named(found[0], secrets) else HIDDEN, text)
    text = DAYS.sub(lambda found: _month_of(found, secrets, said), text)
    tokens = _judge(text, secrets, said)
    edits = _quotes(text, 0, len(text), tokens, secrets)
    edits += [(token.begin, token.end, token.instead) for token in tokens if token.instead is not None]
    return _MANY_HIDDEN.sub(HIDDEN, _edited(text, edits))


@lru_cache(maxsize=16)
def _said(source: str) -> _Said:
    words = [word for _, _, word in spans(unescape(clean(source)))]
    hashed = hashes(words)
    return _Said(words=frozenset(words), pairs=np.sort(runs(hashed, 2)), triples=np.sort(runs(hashed, 3)))


def _is_named(found: str, secrets: Secrets) -> bool:
    folded = found.casefold()
    return any(folded in name for name in secrets.names)


def _month_of(found: re.Match[str], secrets: Secrets, said: _Said) -> str:
    if _is_named(found[0], secrets) or all(word in said.words for _, _, word in spans(found[0])):
        return found[0]
    return (found["month"] or HIDDEN) if secrets.digits else HIDDEN


def _judge(text: str, secrets: Secrets, said: _Said) -> list[_Token]:
    found = spans(text)
    words = list(dict.fromkeys(word for _, _, word in found))
    of_words = hashes(words)
    harmless, secret = _harmless(words, of_words, secrets, said), held(secrets.cells.words, of_words)
    common = held(secrets.cells.common, of_words)
    instead = [
        _number(word, is_harmless, is_secret, secrets)
        if NUMBER.fullmatch(word)
        else _word(word, is_harmless, is_secret and not is_common, secrets)
        for word, is_harmless, is_secret, is_common in zip(words, harmless, secret, common, strict=True)
    ]
    number = {word: place for place, word in enumerate(words)}
    at = np.fromiter((number[word] for _, _, word in found), np.int64, len(found))
    in_run = _in_runs(of_words[at], secrets.cells, said)
    if not secrets.cells.is_complete:
        in_run |= _in_prose(text, found, secrets, said)
    tokens = []
    for (begin, end, _), place, is_told in zip(found, at, in_run, strict=True):
        is_cut = not (harmless[place] or common[place]) and _is_cut(text, begin, end)
        tokens.append(_Token(begin, end, HIDDEN if is_told or is_cut else instead[place], bool(harmless[place])))
    return tokens


def _harmless(words: list[str], of_words: Hashes, secrets: Secrets, said: _Said) -> list[bool]:
    """Say which words are known to tell nothing; one of a library does where it is all that a cell holds."""
    singles = held(secrets.cells.singles, of_words)
    return [
        word in said.words or word in CORE or word in secrets.known or (word in _VOCABULARY and not is_cell)
        for word, is_cell in zip(words, singles, strict=True)
    ]


def _word(word: str, is_harmless: bool, is_secret: bool, secrets: Secrets) -> str | None:
    if is_harmless:
        return None
    has_digit = any(letter.isdigit() for letter in word)
    if not has_digit and len(word) < 3 and word.isascii():
        return None
    is_number_within = has_digit and (not secrets.digits or _LONG_DIGITS.search(word) is not None)
    return HIDDEN if is_secret or is_number_within or not secrets.cells.is_complete else None


def _number(word: str, is_harmless: bool, is_secret: bool, secrets: Secrets) -> str | None:
    if is_harmless:
        return None
    if not secrets.digits:
        return HIDDEN
    try:
        value = Decimal(word.replace(",", ""))
    except InvalidOperation:  # an exponent beyond all bounds
        return HIDDEN
    if word == str(int(value) if value < _MAX_COUNT else "") and value <= secrets.n_rows:
        return None
    if is_secret or _is_among(secrets.identifiers, float(value)):
        return HIDDEN
    is_extreme = _is_among(secrets.extremes, float(value))
    return _rounded(word, value, _DIGITS_OF_EXTREMES if is_extreme else secrets.digits)


def _is_among(known: NDArray[np.float64], value: float) -> bool:
    place = min(int(np.searchsorted(known, value)), len(known) - 1)
    return place >= 0 and bool(known[place] == value)


def _rounded(word: str, value: Decimal, digits: int) -> str | None:
    n_digits = sum(letter.isdigit() for letter in word.lower().split("e")[0].lstrip("0.,"))
    if n_digits <= digits:
        return None
    with localcontext() as context:
        context.prec = digits
        value = +value
    return f"{value:f}" if _SMALLEST <= value.adjusted() <= _LARGEST else f"{value:e}"


def _in_runs(hashed: Hashes, cells: Cells, said: _Said) -> Flags:
    """Say which words stand in a run that a cell has as well."""
    told = np.zeros(len(hashed), dtype=bool)
    for length, known, of_source in ((2, cells.pairs, said.pairs), (3, cells.triples, said.triples)):
        here = runs(hashed, length)
        hits = np.flatnonzero(held(known, here) & ~held(of_source, here))
        for place in range(length):
            told[hits + place] = True
    return told


def _in_prose(text: str, found: list[tuple[int, int, str]], secrets: Secrets, said: _Said) -> Flags:
    """Say which words stand in a run of three that no library speaks, where not every cell is known."""
    theirs = _said(MESSAGES).triples
    are_theirs = held(theirs, runs(hashes([word for _, _, word in found]), 3))
    told = np.zeros(len(found), dtype=bool)
    for place, is_theirs in enumerate(are_theirs):
        run = found[place : place + 3]
        are_named = any(word in secrets.known or word in said.words or NUMBER.fullmatch(word) for _, _, word in run)
        is_joined = all(text[one[1] : other[0]].isspace() for one, other in pairwise(run))
        if is_joined and not (is_theirs or are_named):
            told[place : place + 3] = True
    return told


def _is_cut(text: str, begin: int, end: int) -> bool:
    """Return whether a word may be a part of one: dots tell that something is left out, or the text ends in it."""
    if text.startswith(("...", HIDDEN), end) or text.endswith(("...", HIDDEN), 0, begin):
        return True
    return len(text) >= _MAYBE_CUT and (begin == 0 or end == len(text))


def _quotes(text: str, begin: int, end: int, tokens: list[_Token], secrets: Secrets) -> list[tuple[int, int, str]]:
    """Go through the quoted parts: decide on their words, and return those that are hidden whole."""
    edits: list[tuple[int, int, str]] = []
    for quoted in QUOTED.finditer(text, begin, end):
        inner, outer = quoted.start() + 1, quoted.end() - 1
        content = text[inner:outer].strip()
        first = bisect_left(tokens, inner, key=lambda token: token.begin)
        within = tokens[first : bisect_left(tokens, outer, key=lambda token: token.begin)]
        if content.casefold() in secrets.names or (secrets.digits and _MONTH.fullmatch(content)):
            for token in within:
                token.instead = None
        elif any(not token.is_harmless or token.instead is not None for token in within):
            if _NESTED.search(content):  # a message within a message
                for token in within:
                    token.instead = token.instead if token.is_harmless else HIDDEN
                edits += _quotes(text, inner, outer, tokens, secrets)
            else:
                for token in within:
                    token.instead = None
                edits.append((inner, outer, HIDDEN))
    return edits


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    done = 0
    for begin, end, instead in sorted(edits):
        parts += (text[done:begin], instead)
        done = end
    return "".join((*parts, text[done:]))
