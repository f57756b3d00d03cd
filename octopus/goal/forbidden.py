"""Words that forbid a column: do not use, ignore, leave out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from octopus.goal.clauses import keyboard
from octopus.records import Understanding

#: Words before the name of a column that is not to be used; "do not ignore" forbids nothing.
_FORBID = (
    r"(?<!not )(?<!n't )(?<!never )"
    r"\b(?:do not use|don't use|never use|without using|must not use|ignore|leave out)\b:?\s+"
    r"(?:the\s+)?(?:columns?\b:?\s+)?"
)
#: What joins two names.
_JOINED = r"\s*[,/&]\s*(?:(?:and|or|nor)\s+)?|\s+(?:and|or|nor)\s+"


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
    understood = []
    plain = keyboard(goal)
    for start in re.finditer(_FORBID, plain, re.IGNORECASE):
        rest = plain[start.end() :]
        while name := _leading_name(rest, features):
            quote = len(rest) - len(rest.lstrip("\"'`"))
            understood.append(Understanding(what="ignore", value=name, words=f"{start.group(0).strip()} … {name}"))
            rest = rest[quote + len(name) :].lstrip("\"'`")
            joined = re.match(_JOINED, rest)
            rest = rest[joined.end() :] if joined else ""
    return tuple(understood)


def _leading_name(text: str, features: Sequence[str]) -> str | None:
    """Return the longest column name that the text starts with, quotes aside."""
    bare = text.lstrip("\"'`")
    plain = {feature: re.escape(keyboard(feature)) for feature in features if feature}
    names = [name for name, word in plain.items() if re.match(rf"{word}(?!-?\w)", bare, re.IGNORECASE)]
    return max(names, key=len, default=None)
