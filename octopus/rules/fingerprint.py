"""What makes two failures the same: the code, the type, and the message without what varies from run to run."""

from __future__ import annotations

import re

from octopus.records import Diagnosis, Outcome

#: Characters of a message that identify a failure; what follows is detail.
_LENGTH = 120
#: Begins the stack of XGBoost's own code.
_STACK = "\nStack trace:"
#: Codes whose cause is the very name that the message quotes: another name is another failure.
_NAMED = frozenset({"OCT102", "OCT104", "OCT105", "OCT106", "OCT107", "OCT108", "OCT112", "OCT302"})
#: What varies: quoted names and values, addresses, numbers, lists in brackets.
_QUOTES = (re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`"), "…")
_VARYING = (
    (re.compile(r"0x[0-9a-fA-F]+"), "#"),
    (re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?"), "#"),
    (re.compile(r"\[[^\]]*\]|\{[^}]*\}"), "[…]"),
    (re.compile(r"\s+"), " "),
)


def fingerprint(code: str, outcome: Outcome) -> str:
    """Return what identifies a failure within a run.

    Parameters
    ----------
    code : str
        Code of the diagnosis.
    outcome : Outcome
        The failure.

    Returns
    -------
    str
        Such as ``OCT301:ValueError:could not convert string to float: …``; the same in every process.
    """
    if outcome.failure is None:
        return f"{code}:{outcome.status}:{outcome.stage}"
    return f"{code}:{outcome.failure.type}:{normalised(outcome.failure.message, names=code in _NAMED)}"


def normalised(message: str, *, names: bool = False) -> str:
    """Return a message without quoted values, numbers, line breaks and the stack of a library in C++.

    Parameters
    ----------
    message : str
        Of an exception.
    names : bool, default=False
        What stands in quotes is a name, not a value, and stays.

    Returns
    -------
    str
        At most 120 characters.
    """
    message = message.partition(_STACK)[0].strip().strip('"')  # a KeyError shows the repr of its sentence
    for pattern, replacement in _VARYING if names else (_QUOTES, *_VARYING):
        message = pattern.sub(replacement, message)
    return message.strip()[:_LENGTH]


def evidence(outcome: Outcome) -> str:
    """Return what shows the failure: exception and line, or status and stage.

    Parameters
    ----------
    outcome : Outcome
        The failure.

    Returns
    -------
    str
        One line, at most 400 characters.
    """
    failure = outcome.failure
    if failure is None:
        detail = outcome.reason or outcome.stderr_tail.strip()[-200:]
        return f"{outcome.status} in {outcome.stage}{f': {detail}' if detail else ''}"[:400]
    where = f" (line {failure.frames[-1].line}: {failure.frames[-1].code.strip()})" if failure.frames else ""
    message = " ".join(failure.message.partition(_STACK)[0].split())
    return f"{failure.type} in {outcome.stage}: {message[:250]}{where}"[:400]


def crash(
    code: str, title: str, outcome: Outcome, *, cause: str, remedy: str, repairable: bool, known_by: str = ""
) -> Diagnosis:
    """Return the diagnosis of a crash with its evidence and fingerprint.

    Parameters
    ----------
    code, title : str
        Of the rule.
    outcome : Outcome
        The failure.
    cause, remedy : str
        In words.
    repairable : bool
        Whether the remedy needs no language model.
    known_by : str, default=""
        What stands in the fingerprint for type and message, where one cause ends now in an exception, now otherwise.

    Returns
    -------
    Diagnosis
        Of kind ``crash``.
    """
    return Diagnosis(
        code=code,
        title=title,
        kind="crash",
        cause=cause,
        evidence=evidence(outcome),
        remedy=remedy,
        repairable=repairable,
        fingerprint=f"{code}:{known_by}:{outcome.stage}" if known_by else fingerprint(code, outcome),
    )
