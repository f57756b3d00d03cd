"""Demands of the goal that nothing was made of: they are named, not dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from octopus.goal.clauses import clauses, keyboard
from octopus.goal.costs import read_costs
from octopus.goal.forbidden import forbidding_phrases
from octopus.goal.metric import MetricMention, find_metrics, name_spans
from octopus.records import TaskType, Understanding

_STRESS = (
    r"(?:matters?\b|(?:is|are)\s+(?:\w+\s+){0,2}(?:important|crucial|essential|key|decisive)\b"
    r"|counts?(?=\s*$|\s+(?:most|more)\b))"
)
_LEVEL = (
    r"(?:low|lower|lowest|small|smallest|high|higher|highest|good|best|below|under|above|at\s+(?:least|most)"
    r"|more\s+than|less\s+than)"
)
_ERROR = (
    r"(?:false[ -](?:alarm|positive|negative|alert)s?|wrong\s+(?:alarm|alert|prediction)s?|mistakes?"
    r"|miss(?:es|ed|ing)?)"
)
#: What makes a clause a demand. An order begins its clause or has the model for its subject, for "customers who do not
#: pay" and "they must pay within 30 days" tell of the data.
_DEMAND = re.compile(
    "|".join((
        rf"\b{_STRESS}",
        r"\b(?:maximi|minimi|optimi)[sz](?:e|ing)\b",
        r"\bmetric\b|\baccuracy\b",
        rf"\b{_LEVEL}\b.*\b(?:scores?|errors?|precision|recall|sensitivity|specificity)\b",
        rf"\b(?:scores?|errors?|precision|recall|sensitivity|specificity)\b.*(?:\b{_LEVEL}\b|\d\s*%)",
        rf"\bcosts?\b.*\d|\b{_ERROR}\b.*\bcosts?\b|\bfalse[ -](?:alarm|positive|negative|alert)s?\b",
        r"\bwithin\s+\S+\s*(?:%|percent|€|\$|£|euros?|dollars?|pounds?|points?|degrees?|units?)",
        rf"\b(?:{_LEVEL}|fast|faster)\s+(?:\w+\s+)?latency\b|^(?:within|under|below)\s+\S+\s*(?:ms|milliseconds?)\b",
        r"\b(?:train|fit|finish|run|answer)\w*\b.*\b(?:within|at\s+most|in\s+less\s+than)\b",
        r"\bat\s+(?:least|most)\s+\S+\s*(?:%|percent\b)|\bat\s+(?:least|most)\s+0?\.\d",
        r"\b(?:it|you|we|model|models|predictions?|estimator|threshold|run|training|octopus)\s+(?:must|should)\b",
        r"^(?:(?:please|and|also|so|you)\s+)*(?:do\s+not|don't|never|only|must|should|avoid|ensure|make\s+sure"
        r"|ignore|leave\s+out|use\s+only)\b",
    )),
    re.IGNORECASE,
)  # fmt: skip
#: "We do not care about recall", "it does not matter whether": nothing is asked.
_IDLE = re.compile(
    r"(?:\bnot|n't|\bnever|\bno)\s+(?:need|care|mind|know|matter|ignore|leave\s+out|forget|important)\b", re.IGNORECASE
)


def read_unclear(
    goal: str,
    task_type: TaskType,
    features: Sequence[str],
    target: str,
    understood: Sequence[Understanding],
    *,
    metric_is_given: bool,
) -> tuple[Understanding, ...]:
    """Return what the goal demands and nothing was made of.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    task_type : {"binary", "multiclass", "regression"}
        The task.
    features : sequence of str
        Names of the features.
    target : str
        Name of the target.
    understood : sequence of Understanding
        What was read out of the goal.
    metric_is_given : bool
        Whether the user named the metric apart from the goal, whose metrics then need no choice.

    Returns
    -------
    tuple of Understanding
        Second metrics, forbidden things that are no feature, and clauses in which nothing was understood.
    """
    plain = keyboard(goal)
    columns = (target, *features)
    mentions = tuple(find_metrics(goal, columns))
    claimed = [
        found.span()
        for one in understood
        if one.words.strip()
        for found in re.finditer(re.escape(one.words.strip()), plain)
    ]
    claimed += [one.span for one in mentions if one.is_denied or metric_is_given]
    second = () if metric_is_given else _second_metrics(plain, task_type, mentions)
    unknown, spans = _no_feature(goal, features, target, [one.span for one in mentions if one.is_denied])
    # every word for the metric that is used, or for one that is named already, is understood
    claimed += [one.span for one in mentions if one.counts_for(task_type)]
    claimed += spans
    masked = _masked(plain, name_spans(goal, columns))
    has_costs = any(one.what == "costs" for one in understood)  # said again in other words they are understood, too
    strong = [one.span for one in mentions if not one.is_everyday]
    left = [
        _not_understood(goal[begin:end], goal[begin:end])
        for begin, end in clauses(goal)
        if not any(begin < stop and start < end for start, stop in claimed)
        and not _IDLE.search(plain[begin:end])
        and not (has_costs and _cost_direction(plain[begin:end], columns) == _cost_direction(goal, columns))
        and (
            _DEMAND.search(masked[begin:end].strip())
            or _cost_direction(plain[begin:end], columns) is not None
            or any(begin <= start < end for start, _ in strong)
        )
    ]
    return (*second, *unknown, *left)


def _cost_direction(words: str, columns: Sequence[str]) -> bool | None:
    """Return whether a miss is the dearer error; None where the words say nothing of costs."""
    said = read_costs(words, columns)
    return None if said is None else said.false_negative > said.false_positive


def _not_understood(value: str, words: str) -> Understanding:
    return Understanding(what="not understood", value=" ".join(value.split()), words=" ".join(words.split()))


def _second_metrics(plain: str, task_type: TaskType, mentions: Sequence[MetricMention]) -> tuple[Understanding, ...]:
    """Return the metrics that the goal names beside the one that is used."""
    asked = [one for one in mentions if one.counts_for(task_type)]
    seen = {one.scorer(task_type) for one in asked[:1]}
    second = []
    for one in asked[1:]:
        begin, end = next(span for span in clauses(plain) if span[0] <= one.span[0] < span[1])
        name = one.scorer(task_type)
        if name not in seen and (not one.is_everyday or _DEMAND.search(plain[begin:end].strip())):
            words = plain[slice(*one.span)]
            second.append(_not_understood(f"also names {name}; scoring= says which", words))
            seen.add(name)
    return tuple(second)


def _no_feature(
    goal: str, features: Sequence[str], target: str, denied: Sequence[tuple[int, int]]
) -> tuple[tuple[Understanding, ...], list[tuple[int, int]]]:
    """Return what is forbidden and is no feature, and where anything is forbidden."""
    notes, spans = [], []
    plain = keyboard(goal)
    for phrase in forbidding_phrases(goal, (*features, target)):
        stop = phrase.end + len(phrase.rest) if not phrase.names else phrase.end
        spans.append((phrase.start, stop))
        words = plain[phrase.start : stop]
        if phrase.names and target in phrase.names and target not in features:
            notes.append(_not_understood(f"{target} is the target, which no model sees", words))
        elif not phrase.names and not any(phrase.start <= start < stop for start, _ in denied):
            notes.append(_not_understood(words, words))
    return tuple(notes), spans


def _masked(plain: str, named: Sequence[tuple[int, int]]) -> str:
    """Return the goal with the names of columns blanked out: a column "metric" is no demand."""
    for start, end in named:
        plain = f"{plain[:start]}{'_' * (end - start)}{plain[end:]}"
    return plain
