"""Plain words → what is asked, with the words that said so. An explicit argument always wins."""

from __future__ import annotations

import re
from collections.abc import Sequence

from octopus.records import TaskType, Understanding

#: Words for a metric, most specific first: (pattern, scorer for binary, multiclass, regression). Where a task
#: has no such metric the words are left alone.
_METRICS: tuple[tuple[str, str | None, str | None, str | None], ...] = (
    (r"balanced accuracy", "balanced_accuracy", "balanced_accuracy", None),
    (r"average precision|pr[- ]?auc|precision[- ]recall", "average_precision", None, None),
    (r"(?:roc[- ]?)?\bauc\b|\broc\b", "roc_auc", "roc_auc_ovr", None),
    (r"log[- ]?loss|cross[- ]entropy", "neg_log_loss", "neg_log_loss", None),
    (r"brier", "neg_brier_score", None, None),
    (r"\bf1\b", "f1", "f1_macro", None),
    (r"accuracy|accurate(?:ly)? classif", "accuracy", "accuracy", None),
    (r"\brmse\b|root mean squared? error", None, None, "neg_root_mean_squared_error"),
    (r"\bmape\b|within \d+ ?(?:%|percent)|percentage error", None, None, "neg_mean_absolute_percentage_error"),
    (r"\bmae\b|mean absolute error|absolute error", None, None, "neg_mean_absolute_error"),
    (r"\br2\b|r²|r[- ]squared|explained variance", None, None, "r2"),
    (r"\brank(?:ing|ed|s)?\b(?:(?: \w+){0,2} (?:matters?|counts?))?|prioriti[sz]e", "roc_auc", "roc_auc_ovr", None),
    (r"probabilit(?:y|ies)|calibrated|how likely", "neg_log_loss", "neg_log_loss", None),
)
#: Words before the name of a column that is not to be used; "do not ignore" forbids nothing.
_FORBID = (
    r"(?<!not )(?<!n't )(?<!never )"
    r"\b(?:do not use|don't use|never use|without using|must not use|ignore|leave out)\b:?\s+"
    r"(?:the\s+)?(?:columns?\b:?\s+)?"
)
#: What joins two names.
_JOINED = r"\s*[,/&]\s*(?:(?:and|or|nor)\s+)?|\s+(?:and|or|nor)\s+"
#: Quotes as a word processor sets them, and as a keyboard has them.
_PLAIN_QUOTES = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")


def read_metric(goal: str, task_type: TaskType) -> Understanding | None:
    """Return the metric that the goal asks for.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    task_type : {"binary", "multiclass", "regression"}
        The task: "ranking" means another metric for two classes than for five.

    Returns
    -------
    Understanding or None
        The scorer's name and the words that said so; None if no known word is there.
    """
    column = ("binary", "multiclass", "regression").index(task_type)
    for pattern, *names in _METRICS:
        name = names[column]
        if name and (found := re.search(pattern, goal, re.IGNORECASE)):
            return Understanding(what="scoring", value=name, words=found.group(0).strip())
    return None


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
    plain = goal.translate(_PLAIN_QUOTES)
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
    plain = {feature: re.escape(feature.translate(_PLAIN_QUOTES)) for feature in features if feature}
    names = [name for name, word in plain.items() if re.match(rf"{word}(?!-?\w)", bare, re.IGNORECASE)]
    return max(names, key=len, default=None)
