"""What a column's name says: its words, and whether they name an identifier."""

from __future__ import annotations

import re

_ID_WORDS = frozenset({"id", "uuid", "guid", "identifier", "rowid", "rownum"})
#: Words that end the name of an identifier.
ID_LAST_WORDS = _ID_WORDS | {"no", "nr", "nbr", "num", "number", "key", "code", "ref", "reference", "serial"}
_GLUED_ID = re.compile(
    r"(customer|client|patient|user|subject|participant|person|member|household|account|session|store|passenger"
    r"|record|row|case|order|invoice|transaction|ticket|product|item|device|visitor|player|employee|student)(id|no|nr)"
)


def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a column's name in lower case.

    Parameters
    ----------
    name : str
        The name, in snake case, camel case or plain words.

    Returns
    -------
    tuple of str
        Its words.

    Examples
    --------
    >>> name_words("PassengerId"), name_words("customerid"), name_words("order date")
    (('passenger', 'id'), ('customer', 'id'), ('order', 'date'))
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words: list[str] = []
    for word in re.findall(r"[^\W_]+", apart.lower()):
        glued = _GLUED_ID.fullmatch(word)
        words.extend(glued.groups() if glued else [word])
    return tuple(words)


def names_an_id(name: str) -> bool:
    """Return whether a column's name says that it is an identifier.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    bool
        ``invoice_no`` and ``id_client`` say so; ``no_children`` and ``n_rooms`` do not.
    """
    words = name_words(name)
    return bool(words) and (words[-1] in ID_LAST_WORDS or words[0] in _ID_WORDS)
