"""Words for what will be done with the predictions: how far ahead they look, and how many cases can be handled."""

from __future__ import annotations

import re

from octopus.goal.clauses import NUMBER, is_denied, keyboard, read_number
from octopus.records import Finding, Task, Understanding

#: Code of the finding that a goal looks ahead and no column says when rows happened.
NO_TIME = "OCT719"

_UNIT = r"(?P<unit>hour|day|week|month|quarter|year|season)s?"
_HORIZON = (
    rf"\b(?:next|coming|following)\s+(?:(?P<n>{NUMBER})\s+)?(?:business\s+|working\s+)?{_UNIT}\b(?!\s+(?:delivery|shipping))",
    rf"\b(?P<n>{NUMBER})\s+(?:business\s+|working\s+)?{_UNIT}\s+(?:ahead|in\s+advance|from\s+now|beforehand)\b",
    r"\b(?:the\s+)?day\s+after\s+tomorrow\b",
    r"\btomorrow\b",
)
_HANDLE = (
    r"(?:phone|call|contact|visit|inspect|check|review|handle|treat|mail|e-?mail|investigate|audit|process|offer|reach"
    r"|screen|examine|serve|invite|test|approve|look\s+at|follow\s+up)"
)
#: A number of cases: not of hours, money, bytes or models.
_CASES = (
    rf"(?P<n>{NUMBER})\b(?!\s*(?:%|€|\$|£|(?:percent|minutes?|hours?|days?|weeks?|months?|years?|euros?|EUR|USD|dollars?|pounds?"
    r"|models?|ideas?|[KMGT]i?B)\b))"
)
_PERIOD = r"(?:(?:\s+\w+){0,2}?\s+(?:a|an|per|each|every)\s+(?P<period>hour|day|week|month|quarter|year))?"
_CAPACITY = (
    rf"\b(?:can|could|able\s+to|time\s+to|capacity\s+to|budget\s+to)\s+(?:only\s+|just\s+)?{_HANDLE}\s+"
    rf"(?:only\s+|at\s+most\s+|up\s+to\s+|about\s+)?(?:the\s+)?(?:top\s+)?{_CASES}{_PERIOD}",
    rf"\b(?:capacity|budget|time|room)\s+(?:of|for|is)\s+(?:only\s+)?{_CASES}{_PERIOD}",
)


def read_horizon(goal: str) -> Understanding | None:
    """Return how far ahead the goal looks.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.

    Returns
    -------
    Understanding or None
        "14 days" for "in the next 14 days", "1 day" for "tomorrow".
    """
    plain = keyboard(goal)
    for pattern in _HORIZON:
        for found in re.finditer(pattern, plain, re.IGNORECASE):
            if not is_denied(plain, *found.span()):
                return Understanding(what="horizon", value=_horizon(found), words=found.group(0))
    return None


def read_capacity(goal: str) -> Understanding | None:
    """Return how many cases can be handled: who comes first is then what counts, which is a ranking.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.

    Returns
    -------
    Understanding or None
        "200 a month" for "we can phone 200 a month".
    """
    plain = keyboard(goal)
    for pattern in _CAPACITY:
        for found in re.finditer(pattern, plain, re.IGNORECASE):
            if not is_denied(plain, *found.span()) and read_number(found["n"]) >= 1:
                period = f" a {found['period'].lower()}" if found["period"] else ""
                value = f"{read_number(found['n']):g}{period}"
                return Understanding(what="capacity", value=value, words=found.group(0))
    return None


def find_no_time(task: Task) -> tuple[Finding, ...]:
    """Return the finding that the goal looks ahead and no column says when rows happened.

    Parameters
    ----------
    task : Task
        What is asked, with the time column where there is one.

    Returns
    -------
    tuple of Finding
        One, or none; it is weak evidence, for the table may be of one moment.
    """
    if task.time is not None:
        return ()
    return tuple(
        Finding(
            code=NO_TIME,
            message=f'the goal looks ahead ("{horizon.words}") and no column says when a row happened',
            evidence="no column holds the times of the rows",
            confidence="weak",
            action="rows are split as if their order did not matter, which flatters a model whose world changes",
            overrule="columns={NAME: 'time'} or --time NAME",
        )
        for horizon in task.understood
        if horizon.what == "horizon"
    )


def _horizon(found: re.Match[str]) -> str:
    named = found.groupdict()
    if "unit" not in named:
        return "2 days" if "after" in found.group(0).lower() else "1 day"
    number = read_number(named["n"]) if named["n"] else 1.0
    return f"{number:g} {named['unit'].lower()}{'' if number == 1 else 's'}"
