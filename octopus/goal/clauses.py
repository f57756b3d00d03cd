"""Where a clause of plain words ends, what a negation covers, and numbers in words."""

from __future__ import annotations

import re

#: Quotes and dashes as a word processor sets them, and as a keyboard has them: one character for one.
_KEYBOARD = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014", "''\"\"--")
#: What ends a clause: marks, "but", and "and" before another demand. A dot or comma inside a number ends nothing.
_CLAUSE_END = re.compile(
    r"[;:!?\n]|[.,](?!\d)|\bbut\b"
    r"|\b(?:and|then)\s+(?=(?:optimi|maximi|minimi|rank|report|predict|use|give|we|it|the goal)\w*)",
    re.IGNORECASE,
)
#: Negations that reach over some words to what they deny, and those that deny the next words only.
_FAR = re.compile(
    r"(?:\bnot\b(?! only| just| merely)|n't\b(?! only| just)|\bnever\b|\bnobody\b)(?:\s+\S+){0,5}\s+$", re.IGNORECASE
)
_NEAR = re.compile(
    r"(?:\binstead of|\brather than|\bavoid|\bignor(?:e|ing)|\bwithout|\bforget|\bregardless of|\bno(?: matter)?)"
    r"(?:\s+\S+)?\s+$",
    re.IGNORECASE,
)
#: What follows a word to say that it does not count.
_DENIED = re.compile(
    r"\s+(?:alone\s+|itself\s+|score\s+)?"
    r"(?:(?:is|are|was|does|do|should|will|must|need)(?:\s*n't|\s+not|\s+never)\b(?! only| just)"
    r"|(?:is|are)\s+(?:irrelevant|unimportant|useless|misleading|meaningless|secondary)"
    r"|(?:hardly|barely|never)\s+(?:matter|count)s?|matters?\s+(?:less|little))",
    re.IGNORECASE,
)
_UNITS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50, "a hundred": 100, "one hundred": 100,
    "a thousand": 1000, "one thousand": 1000, "hundred": 100, "thousand": 1000,
}  # fmt: skip
#: A number in digits or words, for the patterns of other modules.
NUMBER = r"(?:\d{1,3}(?:[ \u00a0']\d{3})+\b|\d+(?:[.,]\d+)*|" + "|".join(sorted(_UNITS, key=len, reverse=True)) + ")"


def keyboard(goal: str) -> str:
    """Return a text with plain quotes and dashes, each character at its place."""
    return goal.translate(_KEYBOARD)


def clause_around(goal: str, start: int, end: int) -> tuple[str, str]:
    """Return what stands before and after some words in their clause.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    start, end : int
        Where the words stand.

    Returns
    -------
    tuple of str and str
        The rest of the clause on either side.
    """
    ends = [mark.end() for mark in _CLAUSE_END.finditer(goal, 0, start)]
    after = _CLAUSE_END.search(goal, end)
    return goal[ends[-1] if ends else 0 : start], goal[end : after.start() if after else len(goal)]


def clauses(goal: str) -> tuple[tuple[int, int], ...]:
    """Return where each clause of a text begins and ends.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.

    Returns
    -------
    tuple of tuple of int and int
        In order; a clause of nothing but blanks is left out.

    Examples
    --------
    >>> [("predict age; low MAE"[begin:end]) for begin, end in clauses("predict age; low MAE")]
    ['predict age', ' low MAE']
    """
    plain = keyboard(goal)
    marks = [mark.span() for mark in _CLAUSE_END.finditer(plain)]
    begins = (0, *(end for _, end in marks))
    ends = (*(start for start, _ in marks), len(plain))
    return tuple((begin, end) for begin, end in zip(begins, ends, strict=True) if plain[begin:end].strip())


def is_denied(goal: str, start: int, end: int) -> bool:
    """Return whether some words are negated where they stand.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    start, end : int
        Where the words stand.

    Returns
    -------
    bool
        True for "accuracy" in "do not optimise accuracy" and in "accuracy is not important".

    Examples
    --------
    >>> is_denied("not accuracy but F1", 4, 12), is_denied("not accuracy but F1", 17, 19)
    (True, False)
    """
    plain = keyboard(goal)
    before, after = clause_around(plain, start, end)
    return bool(_FAR.search(before) or _NEAR.search(before) or _DENIED.match(after))


def read_number(words: str) -> float:
    """Return the number that stands in digits or words.

    Parameters
    ----------
    words : str
        What :data:`NUMBER` matched.

    Returns
    -------
    float
        A comma, dot, blank or apostrophe before each group of three digits separates thousands, else a comma or dot is
        the decimal mark: nobody says 1.500 euros or 1.500 customers and means one and a half.

    Examples
    --------
    >>> read_number("1,500"), read_number("1.500,00"), read_number("2,5"), read_number("0.125")
    (1500.0, 1500.0, 2.5, 0.125)
    >>> read_number("a hundred")
    100.0
    """
    text = " ".join(words.lower().split())
    if text in _UNITS:
        return float(_UNITS[text])
    text = re.sub(r"[ ']", "", text)
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", text):
        return float(text.replace(",", ""))
    if re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?", text):
        return float(text.replace(".", "").replace(",", "."))
    head, *rest = re.split(r"[.,]", text)
    return float(f"{head}.{rest[0]}" if rest else head)
