"""What a column's name says: its words, and whether they name an identifier."""

from __future__ import annotations

import re

_ID_WORDS = frozenset({"id", "uuid", "guid", "identifier", "rowid", "rownum"})
#: Words that end the name of an identifier.
ID_LAST_WORDS = _ID_WORDS | {"no", "nr", "nbr", "num", "number", "key", "code", "ref", "reference", "serial"}
#: Words for what happens after the fact that is to be predicted.
_LATER_WORDS = re.compile(
    r"after|afterwards|later|followup|post(hoc|mortem)|outcomes?|results?|final(ly)?|actual|reali[sz]ed|predict(ed|ion)"
    r"|refund(s|ed)?|chargebacks?|repaid|returned|collect(ed|ions)|recover(y|ies|ed)|settle(d|ment)|writeoff|penalty"
    r"|clos(ed|ing|ure)|resol(ved|ution)|cancel(led|ed|lation)|terminat(ed|ion)|exit(ed)?|churn(ed)?|default(s|ed)"
    r"|discharged?|died|dead|death|deceased|alive|surviv(al|ed)|autopsy|diagnos(is|ed)|remind(ers?|ed)|dunning"
    r"|won|convert(ed)?|conversion|approved|rejected|granted|confirm(ed|ation)|investigat(ion|ed)|feedback|label|target"
)
#: Parts of a date, which change with it.
_CALENDAR_WORDS = re.compile(
    r"(year|yr|month|mon|week|weekday|day|dayofweek|dayofyear|quarter|season|hour|minute|second|decade|date|time"
    r"|timestamp|period|trend|age)s?"
)
#: Before these words *post* is mail.
_MAIL_WORDS = frozenset({"code", "office", "box", "town", "al"})
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


def names_a_later_event(name: str) -> bool:
    """Return whether a column's name says that it is filled in after the fact.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    bool
        Whether one of its words is for what comes later.

    Examples
    --------
    >>> names_a_later_event("refund_date"), names_a_later_event("bp_after"), names_a_later_event("post_code")
    (True, True, False)
    """
    words = name_words(name)
    following = (*words[1:], "")
    return any(
        _LATER_WORDS.fullmatch(word) is not None or (word == "post" and after not in _MAIL_WORDS)
        for word, after in zip(words, following, strict=True)
    )


def names_a_calendar_part(name: str) -> bool:
    """Return whether a column's name says that it is a part of a date or counts time.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    bool
        Whether its last word is one for a time, in one or many.

    Examples
    --------
    >>> names_a_calendar_part("sched_month"), names_a_calendar_part("days_overdue"), names_a_calendar_part("price")
    (True, False, False)
    """
    words = name_words(name)
    return bool(words) and _CALENDAR_WORDS.fullmatch(words[-1]) is not None
