"""Words for what the two errors of a yes-or-no decision cost: numbers where there are some, else a stated ratio."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from octopus.goal.clauses import NUMBER, is_denied, keyboard, read_number
from octopus.goal.stems import stems
from octopus.records import Costs, Understanding

#: How often the dearer error counts where the goal gives no number: that of the cost matrix of the German credit data
#: (Statlog; Michie, Spiegelhalter & Taylor, 1994, ch. 9), the usual example of unequal costs.
DEFAULT_RATIO = 5.0

_ONE = r"(?:(?:a|an|each|every|one|any|the)\s+)?"
_VERB = r"(?:costs?|is|are|weighs?|counts?|would)"
_MISS = (
    rf"{_ONE}(?:(?:missed|overlooked|undetected|unnoticed|uncaught)\s+(?P<noun>(?!{_VERB}\b)\w+(?:\s+(?!{_VERB}\b)[^\W\d]\w*)?)"
    rf"|false[ -]negatives?|miss(?:es)?\b(?=\s+{_VERB}\b|\s*(?:[.,;:!?)]|$)|\s+(?:and|so|because)\b)"
    rf"|(?:missing|overlooking|failing\s+to\s+(?:catch|detect|spot|find))\s+(?:(?:a|an|one|the|any)\b\s*)?"
    rf"(?P<object>(?!{_VERB}\b)[^\W\d]\w*)?(?:\s+(?!{_VERB}\b)[^\W\d]\w*){{0,3}}?)"
)
_ALARM = (
    rf"{_ONE}(?:false[ -](?:alarm|positive|alert)s?|wrong\s+(?:alarm|alert)s?"
    r"|(?:unnecessary|needless|wasted|superfluous)\s+\w+|(?:\w+\s+)?\w+\s+in\s+vain)"
)
_TIMES = (
    rf"(?:(?:about|around|roughly|some|at\s+least|up\s+to)\s+)?(?P<times>twice|thrice|{NUMBER}\s*(?:times|x\b|×))"
    r"(?:\s+(?:as\s+(?:much|bad|expensive|costly|dear|many)\s+as|as|more(?:\s+\w+)?\s+than|worse\s+than|that\s+of"
    r"|the\s+(?:cost|price)\s+of))?"
)
_AMOUNT = (
    rf"\s*(?:(?:would\s+)?costs?(?:\s+(?:us|me|about|around|roughly))*|is|are|:|=)?\s*(?:€|\$|£|EUR|USD)?\s*"
    rf"(?P<amount>{NUMBER})(?P<thousands>k\b)?(?!\s*(?:times|x\b|×|%|percent|false))"
)
#: "A missed fraud costs 50 times a false alarm", the other way round, and "50 false alarms for each missed fraud".
_MISS_TIMES = rf"{_MISS}\s+{_VERB}\s+{_TIMES}\s+{_ALARM}"
_ALARM_TIMES = rf"{_ALARM}\s+{_VERB}\s+{_TIMES}\s+{_MISS}"
_ALARMS_PER_MISS = (
    rf"(?P<times>{NUMBER})\s+{_ALARM}\s+"
    rf"(?:per|for|are\s+as\s+bad\s+as|are\s+worth|cost\s+as\s+much\s+as|equal)\s+{_MISS}"
)
_MISS_IN_ALARMS = rf"{_MISS}\s+(?:is|are)\s+(?:worth|as\s+bad\s+as)\s+(?P<times>{NUMBER})\s+{_ALARM}"
_RATHER_ALARMS = (
    rf"\b(?:rather|sooner|prefer)\s+(?:have\s+)?(?P<times>{NUMBER})\s+{_ALARM}\s+(?:than|to|over)\s+"
    r"(?:to\s+)?miss(?:ing)?\s+(?:one|an|a(?:\s+single)?)\s+(?P<noun>\w+)"
)
#: Ways to state a ratio, and whether the miss is the dearer error.
_STATED = (
    (_MISS_TIMES, True),
    (_ALARM_TIMES, False),
    (_ALARMS_PER_MISS, True),
    (_MISS_IN_ALARMS, True),
    (_RATHER_ALARMS, True),
)
#: Words of money, without which two numbers are no costs.
_MONEY = re.compile(r"\b(?:costs?|price|euros?|dollars?|pounds?|EUR|USD)\b|[€$£]", re.IGNORECASE)

_MILD = r"(?:(?:quite|very|rather|relatively|fairly|so|really|pretty|too)\s+)?"
_CHEAP = (
    r"(?:cheap|harmless|fine|acceptable|ok(?:ay)?|no\s+problem|tolerable|little|(?:next\s+to\s+|almost\s+)?nothing)\b"
)
_DEAR = r"(?:expensive|costly|dear|bad|dangerous|fatal|terrible|unacceptable|serious|annoying|a\s+disaster|worse)\b"
_ALARMS = r"false[ -](?:alarm|positive|alert)s?"
#: Vague words for a miss that costs more, and for a false alarm that does.
_MISS_IS_DEARER = (
    rf"{_ALARM}\s+(?:are|is|cost|costs)\s+{_MILD}{_CHEAP}",
    rf"{_MISS}\s+(?:are|is|would\s+be)\s+{_MILD}{_DEAR}",
    rf"{_ALARM}\s+(?:are|is)\s*(?:n't|\s+not)\s+{_MILD}{_DEAR}",
    r"\b(?:catch|find|detect|spot|identify)\s+as\s+(?:many|much)(?:\s+of\s+the)?(?:\s+(?P<noun>(?!as\b)\w+(?:\s+(?!as\b)\w+)?))?",
    r"\b(?:catch|detect|spot)\s+(?:every|all|each)(?:\s+(?:single|of\s+the|the))?\s+(?P<noun>\w+)",
    r"\b(?:do\s+not|don't|never|must\s+not|mustn't|cannot\s+afford\s+to)\s+miss\s+(?:a\s+single|any|an|a|one)\s+"
    r"(?P<noun>\w+(?:[ ](?!and\b|or\b)\w+)?)",
    r"\bmiss\s+as\s+few(?:\s+(?P<noun>\w+))?",
    rf"\b(?:rather|sooner|prefer)\s+(?:have\s+)?(?:(?:a|one|some|too\s+many)\s+)?(?:{_ALARMS}|\w+\s+in\s+vain)\s+(?:than|to|over)\b",
    r"\bbetter\s+safe\s+than\s+sorry\b",
    r"\b(?:recall|sensitivity)\s+(?:matters|counts|is\s+(?:more\s+)?important|over\s+precision)",
    r"\b(?:maximi[sz]e|high|highest)\s+(?:recall|sensitivity)\b",
)
_ALARM_IS_DEARER = (
    rf"{_ALARM}\s+(?:are|is)\s+{_MILD}{_DEAR}",
    rf"{_ALARM}\s+(?:are|is)\s*(?:n't|\s+not)\s+{_MILD}{_CHEAP}",
    rf"{_MISS}\s+(?:are|is|cost|costs)\s+{_MILD}{_CHEAP}",
    rf"\b(?:avoid|as\s+few|minimi[sz]e|fewest|no)\s+{_ALARMS}",
    r"\b(?:rather|better(?:\s+to)?|prefer\s+to|sooner)\s+miss\b(?:\s+\w+){0,4}?\s+than\b(?:\s+\w+\s+in\s+vain)?",
    r"\bonly\s+(?:alert|call|act|flag|warn|phone|report)\b(?:\s+\w+){0,3}?\s+(?:sure|certain)\b",
    r"\b(?:precision|specificity)\s+(?:matters|counts|is\s+(?:more\s+)?important|over\s+recall)",
    r"\b(?:maximi[sz]e|high|highest)\s+(?:precision|specificity)\b",
)
#: Stems of words for the two errors: a column whose name has one of them (missed_payment, recall) is no word for costs.
_ERRORS = frozenset({"miss", "overlook", "undetect", "fals", "wrong", "recal", "recall", "precision", "sensitivity"})
#: Labels that mean yes and no.
_YES = frozenset({"yes", "y", "true", "t", "1", "1.0", "positive", "pos"})
_NO = frozenset({"no", "n", "false", "f", "0", "0.0", "-1", "-1.0", "negative", "neg"})


@dataclass(frozen=True, kw_only=True)
class CostWords:
    """What the goal says of costs, before it is known which class is the one to catch.

    Parameters
    ----------
    false_negative, false_positive : float
        What each error costs; only their ratio counts.
    noun : str
        What is missed, in the goal's words; empty where it says none.
    words : str
        The words that said so.
    is_stated : bool
        Whether the goal gives the numbers; else the ratio is :data:`DEFAULT_RATIO`.
    """

    false_negative: float
    false_positive: float
    noun: str
    words: str
    is_stated: bool


def read_costs(goal: str, columns: Sequence[str] = ()) -> CostWords | None:
    """Return what the goal says of the costs of the two errors.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    columns : sequence of str
        Names of the target and the features: "missed payments" is no miss where a column is called so.

    Returns
    -------
    CostWords or None
        None where it says nothing of them, or says that both are dear.
    """
    plain = keyboard(goal)
    said = _times(plain) or _amounts(plain) or _vague(plain)
    return None if said is None or _names_a_column(said.words, columns) else said


def _names_a_column(words: str, columns: Sequence[str]) -> bool:
    said = stems(words)
    for name in columns:
        wanted = stems(name)
        if wanted and _ERRORS & set(wanted):
            starts = range(len(said) - len(wanted) + 1)
            if any(said[start : start + len(wanted)] == wanted for start in starts):
                return True
    return False


def place_costs(said: CostWords, classes: Sequence[str], counts: Sequence[int]) -> tuple[Costs, Understanding]:
    """Return the costs with the class that is to be caught.

    Parameters
    ----------
    said : CostWords
        What the goal says.
    classes : sequence of str
        The two labels.
    counts : sequence of int
        How many rows each has.

    Returns
    -------
    tuple of Costs and Understanding
        The positive class is the label that the goal names, else the one that means yes, else the rarer one, else the
        second; the understanding says which and why.
    """
    positive, why = _positive(said.noun, classes, counts)
    ratio = f"{said.false_negative:g} : {said.false_positive:g}"
    origin = "" if said.is_stated else ", the ratio taken where the goal gives no number"
    value = f"missed {positive} to false alarm {ratio}{origin}; {positive} is {why}; sets the threshold, not the metric"
    costs = Costs(positive=positive, false_negative=said.false_negative, false_positive=said.false_positive)
    return costs, Understanding(what="costs", value=value, words=said.words)


def _times(goal: str) -> CostWords | None:
    """Read "a missed fraud costs 50 times a false alarm" and its like."""
    for pattern, miss_is_dearer in _STATED:
        for found in re.finditer(pattern, goal, re.IGNORECASE):
            times = _multiple(found["times"])
            if times > 0 and not is_denied(goal, *found.span()):
                return CostWords(
                    false_negative=times if miss_is_dearer else 1.0,
                    false_positive=1.0 if miss_is_dearer else times,
                    noun=_noun(found),
                    words=found.group(0).strip(),
                    is_stated=True,
                )
    return None


def _multiple(words: str) -> float:
    fixed = {"twice": 2.0, "thrice": 3.0}
    return fixed.get(words.lower()) or read_number(re.sub(r"\s*(?:times|x|×)$", "", words, flags=re.IGNORECASE))


def _amounts(goal: str) -> CostWords | None:
    """Read "missing one costs 500, a false alarm costs 10"."""
    miss = re.search(_MISS + _AMOUNT, goal, re.IGNORECASE)
    alarm = re.search(_ALARM + _AMOUNT, goal, re.IGNORECASE)
    if miss is None or alarm is None or not _MONEY.search(goal):
        return None
    false_negative, false_positive = (
        read_number(found["amount"]) * (1000 if found["thousands"] else 1) for found in (miss, alarm)
    )
    if false_negative <= 0 or false_positive <= 0 or any(is_denied(goal, *found.span()) for found in (miss, alarm)):
        return None
    begin, end = min(miss.start(), alarm.start()), max(miss.end(), alarm.end())
    return CostWords(
        false_negative=false_negative,
        false_positive=false_positive,
        noun=_noun(miss),
        words=goal[begin:end].strip(),
        is_stated=True,
    )


def _vague(goal: str) -> CostWords | None:
    """Read words that say which error is the worse one, but not by how much."""
    miss, alarm = (_first(patterns, goal) for patterns in (_MISS_IS_DEARER, _ALARM_IS_DEARER))
    found = miss or alarm
    if found is None or (miss and alarm):
        return None
    return CostWords(
        false_negative=DEFAULT_RATIO if miss else 1.0,
        false_positive=1.0 if miss else DEFAULT_RATIO,
        noun=_noun(found),
        words=found.group(0).strip(),
        is_stated=False,
    )


def _first(patterns: Sequence[str], goal: str) -> re.Match[str] | None:
    matches = (m for pattern in patterns for m in re.finditer(pattern, goal, re.IGNORECASE))
    return next((m for m in matches if not is_denied(goal, *m.span())), None)


def _noun(found: re.Match[str]) -> str:
    named = found.groupdict()
    return named.get("noun") or named.get("object") or ""


def _positive(noun: str, classes: Sequence[str], counts: Sequence[int]) -> tuple[str, str]:
    wanted = set(stems(noun))
    named = [label for label in classes if wanted & set(stems(label))]
    if len(named) == 1:
        return named[0], "the class that the goal names"
    first, second = (label.strip().lower() for label in classes)
    if (first in _NO and second in _YES) or (first in _YES and second in _NO):
        return classes[1] if second in _YES else classes[0], "the class that means yes"
    if counts[0] != counts[1]:
        return classes[0] if counts[0] < counts[1] else classes[1], "the rarer class"
    return classes[1], "the second class"
