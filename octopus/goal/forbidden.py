"""Words that forbid a column: do not use, ignore, leave out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from octopus.errors import InvalidParameter
from octopus.goal.clauses import clause_around, keyboard
from octopus.goal.stems import stems
from octopus.records import Understanding

#: Words before the name of a column that is not to be used; "do not ignore" forbids nothing.
_FORBID = (
    r"(?<!not )(?<!n't )(?<!never )"
    r"\b(?:do not use|don't use|never use|without using|must not use|ignore|leave out)\b:?\s+"
    r"(?:the\s+)?(?:columns?\b:?\s+)?"
)
#: What joins two names.
_JOINED = r"\s*[,/&]\s*(?:(?:and|or|nor)\s+)?|\s+(?:and|or|nor)\s+"
#: How alike a name and a column are (ratio of difflib, whose usual bound is 0.6): a word that nobody called a column
#: must be a letter or so away, or "ignore test" would stumble over a column "text2".
_NEAR_NAMED, _NEAR_SAID = 0.6, 0.75
#: Words of the longest name that is looked for.
_MAX_WORDS = 4
#: What may follow a name and is no part of it.
_ASIDE = re.compile(
    r"^(?:named|called)\s+|,?\s*\b(?:please|thanks|as\s+(?:a\s+|an\s+)?(?:features?|inputs?|predictors?)|at\s+all|anywhere)\b.*$",
    re.IGNORECASE,
)
#: After "columns" these begin a description: "ignore columns that leak".
_DESCRIBES = frozenset(
    ("with", "that", "which", "of", "from", "whose", "where", "containing", "like", "about", "having", "in", "after",
     "before", "if", "unless", "for", "as", "it", "they", "because", "since")
)  # fmt: skip
#: What people ignore in data and is a column in none.
_ORDINARY = frozenset(("outliers", "noise", "duplicates", "errors", "missing values", "weekends", "holidays"))


def read_forbidden(goal: str, features: Sequence[str]) -> tuple[Understanding, ...]:
    """Return the columns that the goal says not to use.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    features : sequence of str
        Names of the columns: only a name that exists is understood.

    Returns
    -------
    tuple of Understanding
        One for each column, with the words that said so.
    """
    return tuple(
        Understanding(what="ignore", value=name, words=f"{phrase.lead.strip()} … {name}")
        for phrase in forbidding_phrases(goal, features)
        for name in phrase.names
    )


@dataclass(frozen=True, kw_only=True)
class ForbiddingPhrase:
    """One "do not use …" of the goal.

    Parameters
    ----------
    lead : str
        The words before the first name.
    names : tuple of str
        The columns that it names.
    start : int
        Where it begins.
    end : int
        Where the last name ends that is a column.
    rest : str
        What follows and may be a name that is no column: to the end of the clause, empty where no name is expected.
    """

    lead: str
    names: tuple[str, ...]
    start: int
    end: int
    rest: str


def forbidding_phrases(goal: str, features: Sequence[str]) -> tuple[ForbiddingPhrase, ...]:
    """Return every phrase of the goal that forbids something, a column or not.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    features : sequence of str
        Names of the columns.

    Returns
    -------
    tuple of ForbiddingPhrase
        In order.
    """
    plain = keyboard(goal)
    phrases = []
    for start in re.finditer(_FORBID, plain, re.IGNORECASE):
        at = end = start.end()
        names: list[str] = []
        is_name_next = True
        while is_name_next and (name := _leading_name(plain[at:], features)):
            names.append(name)
            at += len(plain[at:]) - len(plain[at:].lstrip("\"'`")) + len(name)
            at = end = at + len(plain[at:]) - len(plain[at:].lstrip("\"'`"))
            joined = re.match(_JOINED, plain[at:])
            is_name_next = joined is not None
            at += joined.end() if joined else 0
        rest = clause_around(plain, at, at)[1] if is_name_next else ""
        phrases.append(
            ForbiddingPhrase(lead=start.group(0), names=tuple(names), start=start.start(), end=end, rest=rest)
        )
    return tuple(phrases)


def refuse_unknown(goal: str, columns: Sequence[str]) -> None:
    """Refuse a goal that forbids a column that does not exist: the one that was meant would be used in silence.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    columns : sequence of str
        Names of the target and the features.

    Raises
    ------
    InvalidParameter
        A name is no column; "ignore outliers", which says no "column" and is like none, is no name.
    """
    for phrase in forbidding_phrases(goal, columns):
        for item in re.split(_JOINED, phrase.rest) if phrase.rest.strip() else ():
            unknown = _unknown_name(item, columns, is_column="column" in phrase.lead.lower())
            if unknown is None or _leading_name(item, columns):
                continue
            name, near = unknown
            listed = f"The columns are {', '.join(columns[:10])}{', …' if len(columns) > 10 else ''}."
            raise InvalidParameter(
                "goal", goal, f"it forbids {name!r}, which is no column", f"Did you mean {near!r}?" if near else listed
            )


def _unknown_name(item: str, columns: Sequence[str], *, is_column: bool) -> tuple[str, str | None] | None:
    """Return what is meant as a column's name and the column that is like it; None where no name is meant."""
    item = _ASIDE.sub("", item.strip())
    quoted = re.match(r"([\"'`])(.+?)\1", item)
    if quoted:
        near = _near(quoted[2], columns, _NEAR_NAMED)
        return (quoted[2], near) if near or is_column else None
    words = item.split()
    if not words or words[0].lower() in _DESCRIBES:
        return None
    is_named = is_column or (len(words) > 1 and words[-1].lower() == "column")
    if not is_named:
        near = None if item.lower() in _ORDINARY else _near(item, columns, _NEAR_SAID)
        return (item, near) if near else None
    found = []
    for n_words in range(1, min(len(words), _MAX_WORDS) + 1):
        name = " ".join(words[:n_words])
        if near := _near(name, columns, _NEAR_NAMED):
            found.append((difflib.SequenceMatcher(None, name.lower(), near.lower()).ratio(), name, near))
    if found:
        _, name, near = max(found, key=lambda one: one[0])
        return name, near
    return (item, None) if is_column and len(words) == 1 else None


def _near(name: str, columns: Sequence[str], cutoff: float) -> str | None:
    """Return the column whose name is most like a word: a typo, two letters the wrong way round, another ending."""
    folded = {column.lower(): column for column in columns if column.strip()}
    like = [known for known in folded if sorted(known) == sorted(name.lower()) or stems(known) == stems(name)]
    near = like or difflib.get_close_matches(name.lower(), list(folded), n=1, cutoff=cutoff)
    return folded[near[0]] if near else None


def _leading_name(text: str, features: Sequence[str]) -> str | None:
    """Return the longest column name that the text starts with, quotes aside."""
    bare = text.lstrip("\"'`")
    plain = {feature: re.escape(keyboard(feature)) for feature in features if feature}
    names = [name for name, word in plain.items() if re.match(rf"{word}(?!-?\w)", bare, re.IGNORECASE)]
    return max(names, key=len, default=None)
