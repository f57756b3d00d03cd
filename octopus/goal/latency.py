"""Words for how soon a prediction must be there: a number of milliseconds or seconds that one row may take."""

from __future__ import annotations

import re
from collections.abc import Sequence

from octopus.goal.clauses import NUMBER, clause_around, is_denied, keyboard, read_number
from octopus.goal.metric import name_spans
from octopus.records import LatencyLimit, Understanding

#: A longer wait is not for one row: it is for a batch, or for the training.
_LONGEST_MS = 10_000.0

_AMOUNT = (
    rf"\s*(?:(?:about|around|roughly|some|just|only|the)\s+)?(?:(?P<n>{NUMBER})\s*|(?P<part>half\s+an?|an?)\s+(?=milli|sec))"
    r"(?P<unit>milliseconds?|millis|msecs?|ms|microseconds?|µs|seconds?|secs?|s)\b"
)
_AT_MOST = (
    r"(?:<=?|≤|\bwithin\b"
    r"|(?:\bin\s+)?\b(?:under|below|less\s+than|at\s+most|not?\s+(?:more|longer|slower)\s+than|up\s+to|max(?:imum|imal|\.)?(?:\s+of)?)"
    r"|\b(?:faster|quicker|shorter|sooner)\s+than"
    r"|\b(?:not|never|\w+n't)\s+(?:exceed|(?:take|need|be)\s+(?:more|longer|slower|higher)\s+than|be\s+(?:above|over))"
    r"|\b(?:may|can|must|should|to)\s+take(?:\s+only)?|\bin\b)"
)
_ROW = (
    r"(?:row|record|request|call|query|case|customer|transaction|item|sample|answer|decision|prediction|inference)s?\b"
)
#: What is to be quick, and nothing of what the rows are about.
_SUBJECT = (
    r"(?P<subject>\b(?:predict(?:ions?|ing|s)?|inferences?|scor(?:e|es|ed|ing)|answer(?:s|ed|ing)?|repl(?:y|ies)"
    rf"|respon(?:d|ds|ding|se|ses)|latency|serv(?:e|es|ed|ing)|(?:each|every|one|a|single)\s+{_ROW}))"
)
#: What may stand between that and the limit: nothing of what is predicted.
_BETWEEN = (
    rf"(?:\s+(?:times?|latency|{_ROW}|model|service|api|budget|limit|target|goal|must|should|shall|ha(?:s|ve)|needs?|needed"
    r"|required|may|can|could|will|would|to|be|come|back|arrive|return(?:ed)?|made|ready|take|done|given|available"
    r"|delivered|is|are|it|them|an?|one|the|single|each|every|per|for|of|at|only|always|online|live|real[- ]time|in"
    r"|p\d\d|production)\b)*?\s*(?:[:=(]\s*)?"
)
#: "Predictions within 50 ms", "at most 10 ms per row", "below 20 ms latency".
_WAYS = (
    rf"{_SUBJECT}{_BETWEEN}{_AT_MOST}{_AMOUNT}",
    rf"\b(?P<subject>latency|response\s+time)(?:\s+(?:budget|limit|target|requirement)\s*(?:of|is|:|=)?|\s*[:=]){_AMOUNT}",
    rf"\b(?:max(?:imum|imal|\.)?|worst[- ]case)\s+(?P<subject>latency|response\s+time)\s*(?:of|is|:|=)?{_AMOUNT}",
    rf"(?:{_AT_MOST}|\bhave(?:\s+only)?\b|\bbudget\s+(?:of|is)\b){_AMOUNT}\s+(?:per|for|an?|each|every)\s+"
    rf"(?:(?:an?|one|each|every|single)\s+)*{_ROW}",
    rf"(?:{_AT_MOST}|\bsub-?){_AMOUNT}\s+(?:of\s+)?(?:(?:prediction|inference|response)\s+)?"
    r"(?P<subject>latency|predictions?|inference|answers?|response\s+times?)\b",
)
#: Words after which a time is something to predict, or tells of the rows: "whether a request is answered within 2 s".
_OF_THE_ROWS = re.compile(
    r"\b(?:whether|who|whose|how|when|where|(?<!only )if"
    r"|(?<!model )(?<!pipeline )(?<!estimator )(?<!so )(?:that|which))\b",
    re.IGNORECASE,
)
#: Words that hold more than the usual prediction to the limit.
_TAIL = re.compile(
    r"\bp9\d\b|\b9\d(?:\.\d+)?(?:th|st|nd|rd)?[- ]percentile\b|\b9\d(?:\.\d+)?\s*(?:%|percent)\s+of\b|\bworst[- ]case\b"
    r"|\btail\b|\balways\b|\bnever\b|\bguarantee",
    re.IGNORECASE,
)
#: A column of times makes these words ambiguous.
_TIMES = re.compile(r"latenc|respon", re.IGNORECASE)


def read_latency(goal: str, columns: Sequence[str] = ()) -> tuple[LatencyLimit, Understanding] | None:
    """Return how long a prediction of one row may take.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    columns : sequence of str
        Names of the target and the features: "latency below 20 ms" is no limit where a column holds latencies.

    Returns
    -------
    tuple of LatencyLimit and Understanding, or None
        The limit in milliseconds; it is for the median of many single rows, or where the goal speaks of a percentile,
        of the worst case or of "always", for the 95th percentile. None where the goal names no such time.

    Examples
    --------
    >>> limit, understood = read_latency("rank the leads; predictions within 50 ms")
    >>> limit.ms, understood.words
    (50.0, 'predictions within 50 ms')
    >>> read_latency("predict who pays within 30 days")
    """
    plain = keyboard(goal)
    for pattern in _WAYS:
        for found in re.finditer(pattern, plain, re.IGNORECASE):
            limit_ms = _milliseconds(found)
            before, after = clause_around(plain, *found.span())
            if (
                0 < limit_ms <= _LONGEST_MS
                and not _OF_THE_ROWS.search(before)
                and not is_denied(plain, *found.span())
                and not _is_of_a_column(found, plain, columns)
            ):
                words = found.group(0).strip()
                tail = _TAIL.search(f"{before} {words} {after}")
                limit = LatencyLimit(ms=limit_ms, of="p95" if tail else "median")
                held = "the 95th percentile" if tail else "the median"
                value = f"at most {limit_ms:g} ms for one row, by {held} of rows asked alone"
                return limit, Understanding(what="latency", value=value, words=words)
    return None


def _milliseconds(found: re.Match[str]) -> float:
    unit, part = found["unit"].lower(), found["part"]
    number = read_number(found["n"]) if found["n"] else 0.5 if part.lower().startswith("half") else 1.0
    if unit.startswith(("mic", "µ")):
        return number / 1000
    return number if unit.startswith("m") else number * 1000


def _is_of_a_column(found: re.Match[str], plain: str, columns: Sequence[str]) -> bool:
    """Return whether what is to be quick is what a column holds."""
    if "subject" not in found.re.groupindex:
        return False
    start, end = found.span("subject")
    named = any(begin < end and start < stop for begin, stop in name_spans(plain, columns))
    return named or (bool(_TIMES.search(found["subject"])) and any(_TIMES.search(name) for name in columns))
