"""The target named in words: "which invoices will be paid late" means the column paid_late."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from octopus.goal.clauses import clause_around, is_denied, keyboard
from octopus.goal.forbidden import read_forbidden
from octopus.goal.stems import stems
from octopus.records import Understanding

#: Words before what is to be predicted.
_ASKS = re.compile(
    r"\b(?:predict(?:s|ing)?|forecast(?:s|ing)?|estimat(?:e|es|ing)|classify(?:ing)?|tell|guess(?:ing)?|know|detect(?:ing)?|find\s+out"
    r"|identify(?:ing)?|model(?:ling|ing)?|learn|score|rank|flag|spot)\b(?:\s+the\s+(?:probability|likelihood|risk|chance)\s+of)?\s+"
    r"|\b(?:target|label|outcome)(?:\s+(?:column|variable))?\s*(?:is|:|=)\s*"
    r"|\b(?=(?:which|who|whether|how\s+(?:likely|much|many|long|old|far|big|large))\s)",
    re.IGNORECASE,
)
#: Where the words for the target end and those for the features or the reason begin.
_ASIDE = re.compile(
    r"\s+(?:from|using|given|with|without|based\s+on|so\s+that|because|since|for\s+each|per|by|in\s+order)\s",
    re.IGNORECASE,
)
#: What separates who is meant from what happens to them.
_MODAL = re.compile(
    r"\b(?:will|would|is|are|was|were|has|have|had|does|do|did|can|should|going\s+to|likely\s+to)\b", re.IGNORECASE
)
#: In "which loans default" the end says what happens, not the beginning.
_QUESTION = re.compile(r"(?:which|who|whether|if)\s", re.IGNORECASE)
_ARTICLES = re.compile(r"^(?:the|a|an|its|their|our|each|every|all)\s+", re.IGNORECASE)
#: Words of a column's name that say what kind of column it is, not what it holds.
_KIND_WORDS = frozenset(
    stem
    for word in ("is", "was", "has", "had", "did", "does", "will", "be", "been", "the", "of", "a", "an", "to", "target",
                 "label", "flag", "y", "class", "outcome", "indicator", "status", "binary", "bool", "num", "n", "value")
    for stem in stems(word)
)  # fmt: skip
#: What stands in brackets is a unit: "Body Mass (g)".
_UNIT = re.compile(r"[(\[][^)\]]*[)\]]")
#: Of a column's words the goal must name half to be thought of, three quarters to be sure beside others; what is said
#: right after the verb, after "will" or at the end of a question is more likely meant than what is said in passing.
_THOUGHT_OF, _SURE, _PLACE_BONUS, _MARGIN = 0.5, 0.75, 0.5, 0.25


@dataclass(frozen=True, kw_only=True)
class TargetWords:
    """What the goal says of the target.

    Parameters
    ----------
    understood : Understanding or None
        The column and the words that named it; None where that is not clear.
    candidates : tuple of str
        Columns that the goal may mean, the likeliest first.
    """

    understood: Understanding | None
    candidates: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Match:
    name: str
    coverage: float
    score: float


def read_target_words(goal: str, columns: Sequence[str]) -> TargetWords:
    """Return the column that the goal names as the target.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    columns : sequence of str
        Names of the columns of the table.

    Returns
    -------
    TargetWords
        A confident unique best, or the candidates.
    """
    plain = keyboard(goal)
    forbidden = {u.value for u in read_forbidden(goal, columns)}
    allowed = [name for name in columns if name not in forbidden and name.strip()]
    quoted = [name for name in allowed if _is_quoted(name, plain)]
    if len(quoted) == 1:
        return TargetWords(understood=_understood(quoted[0], f'"{quoted[0]}"'), candidates=(quoted[0],))
    phrases = _phrases(plain)
    best = TargetWords(understood=None, candidates=tuple(quoted))
    for phrase in phrases:
        pointed = [name for name in quoted if _is_quoted(name, phrase)]
        if len(pointed) > 1:
            return TargetWords(understood=None, candidates=tuple(pointed))
        ranked = _ranked(phrase, pointed or allowed)
        if ranked and _is_sure(ranked):
            return TargetWords(understood=_understood(ranked[0].name, phrase.strip()), candidates=(ranked[0].name,))
        if ranked and not best.candidates:
            best = TargetWords(understood=None, candidates=tuple(match.name for match in ranked[:5]))
    return best


def _understood(name: str, words: str) -> Understanding:
    return Understanding(what="target", value=name, words=words)


def _is_quoted(name: str, goal: str) -> bool:
    found = re.search(rf"([\"'`]){re.escape(keyboard(name))}\1", goal)
    return found is not None and not is_denied(goal, *found.span())


def _phrases(goal: str) -> list[str]:
    """Return the pieces of the goal that may name the target, the likeliest first."""
    phrases = []
    for asked in _ASKS.finditer(goal):
        if not is_denied(goal, *asked.span()):
            _, rest = clause_around(goal, asked.start(), asked.end())
            aside = _ASIDE.search(rest)
            phrases.append(rest[: aside.start()] if aside else rest)
    if not phrases:  # no verb that asks: the words alone, or what stands after "not … but"
        denied = [asked.start() for asked in _ASKS.finditer(goal)]
        begins = [0, *(found.end() for found in re.finditer(r"\bbut\b", goal, re.IGNORECASE))]
        clauses = [(begin, clause_around(goal, begin, begin)[1]) for begin in begins]
        phrases = [rest for begin, rest in clauses if not any(begin <= at < begin + len(rest) for at in denied)][:2]
    return [phrase for phrase in phrases if phrase.strip()]


def _ranked(phrase: str, columns: Sequence[str]) -> list[_Match]:
    """Return the columns that a phrase may mean, the best first."""
    said = set(stems(phrase))
    opening = stems(_ARTICLES.sub("", phrase.strip()))
    is_question = _QUESTION.match(phrase.strip()) is not None
    modal = _MODAL.search(phrase)
    happens = set(stems(phrase[modal.end() :])) if modal else set()
    matches = []
    for name in columns:
        words = stems(_UNIT.sub(" ", name)) or stems(name)
        telling = tuple(word for word in words if word not in _KIND_WORDS) or words
        n_said = sum(word in said for word in telling)
        coverage = n_said / len(telling) if telling else 0.0
        if coverage >= _THOUGHT_OF:
            ends = is_question and modal is None and opening[-len(telling) :] == telling
            is_placed = ends or opening[: len(telling)] == telling or set(telling) <= happens
            matches.append(_Match(name=name, coverage=coverage, score=n_said * coverage + _PLACE_BONUS * is_placed))
    return sorted(matches, key=lambda match: -match.score)


def _is_sure(ranked: Sequence[_Match]) -> bool:
    if len(ranked) == 1:
        return True
    first, second = ranked[:2]
    return first.coverage >= _SURE and first.score - second.score >= _MARGIN
