"""Words for a metric: ranking, probability, accuracy, RMSE, within x percent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from octopus.goal.clauses import clause_around, is_denied, keyboard
from octopus.records import TaskType, Understanding

#: Words for a metric, most specific first: (pattern, scorer for binary, multiclass, regression). Where a task
#: has no such metric the words are left alone.
_METRICS: tuple[tuple[str, str | None, str | None, str | None], ...] = (
    (r"\bbalanced[ _-]accuracy\b", "balanced_accuracy", "balanced_accuracy", None),
    (r"\baverage[ _-]precision\b|\bpr[- ]?auc\b|\bprecision[- ]recall\b", "average_precision", None, None),
    (r"\b(?:roc[-_ ]?)?auc\b|\barea under the (?:roc )?curve\b|\broc\b|\bgini\b", "roc_auc", "roc_auc_ovr", None),
    (r"\b(?:neg_)?log[-_ ]?loss\b|\bcross[- ]entropy\b", "neg_log_loss", "neg_log_loss", None),
    (r"\bbrier\b", "neg_brier_score", None, None),
    (r"\bf1\b|\bf[- ]score\b", "f1", "f1_macro", None),
    (r"\bmcc\b|\bmatthews\b", "matthews_corrcoef", "matthews_corrcoef", None),
    (r"(?<!top[- ]\d )\baccuracy\b|\baccurate(?:ly)? classif", "accuracy", "accuracy", None),
    (r"\brmsle\b|\broot[ _]mean[ _]squared?[ _]log", None, None, "neg_root_mean_squared_log_error"),
    (r"\brmse\b|(?<![^\W_])root[ _]mean[ _]squared?[ _]error", None, None, "neg_root_mean_squared_error"),
    (r"\bmse\b|(?<![^\W_])mean[ _]squared?[ _]error", None, None, "neg_mean_squared_error"),
    (
        r"\bmape\b|\bwithin \d+(?:[.,]\d+)? ?(?:%|percent)|\bpercentage error",
        None, None, "neg_mean_absolute_percentage_error",
    ),
    (r"(?<![^\W_])median[ _]absolute[ _]error", None, None, "neg_median_absolute_error"),
    (r"\bmae\b|(?<![^\W_])mean[ _]absolute[ _]error|\b(?:mean )?absolute error", None, None, "neg_mean_absolute_error"),
    (r"\br2\b|\br²|\br[- ]squared\b|\bexplained variance\b", None, None, "r2"),
    (r"\brank(?:ing|ed|s)?\b(?:(?: \w+){0,2} (?:matters?|counts?))?|\bprioriti[sz]e", "roc_auc", "roc_auc_ovr", None),
    (r"\bprobabilit(?:y|ies)\b|\bcalibrated\b|\bhow likely\b", "neg_log_loss", "neg_log_loss", None),
)  # fmt: skip
#: The last two are everyday words as well: "rank customers by probability" does not ask for two metrics.
_EVERYDAY = frozenset(pattern for pattern, *_ in _METRICS[-2:])
#: What stands before a word that is meant as a metric, although a column has the same name.
_ASKS = re.compile(
    r"(?:\b(?:maximi|minimi|optimi)[sz]\w*|\b(?:best|high|higher|highest|low|lower|lowest|good)|\bmetric\b.*"
    r"|\bscor\w+(?: by)?)(?: for| the| possible)*\s+$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class MetricMention:
    """Words for a metric, where they stand.

    Parameters
    ----------
    span : tuple of int and int
        Where the words begin and end.
    scorers : tuple of str or None
        The metric for a binary, a multiclass and a regression task; None where a task has no such metric.
    is_denied : bool
        Whether the goal says that it does not count.
    is_everyday : bool
        Whether the words have another meaning that is more common.
    """

    span: tuple[int, int]
    scorers: tuple[str | None, str | None, str | None]
    is_denied: bool
    is_everyday: bool

    def scorer(self, task_type: TaskType) -> str | None:
        """Return the metric for a task; None where it has none."""
        return self.scorers[("binary", "multiclass", "regression").index(task_type)]

    def counts_for(self, task_type: TaskType) -> bool:
        """Return whether the goal asks for it and the task has it."""
        return not self.is_denied and self.scorer(task_type) is not None


def read_metric(goal: str, task_type: TaskType, columns: Sequence[str] = ()) -> Understanding | None:
    """Return the metric that the goal asks for.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    task_type : {"binary", "multiclass", "regression"}
        The task: "ranking" means another metric for two classes than for five.
    columns : sequence of str
        Names of the target and the features: "predict accuracy" names a column that is called so, not a metric.

    Returns
    -------
    Understanding or None
        The scorer's name and the words that said so; None if no known word is there, or if it is denied.
    """
    named = next((found for found in find_metrics(goal, columns) if found.counts_for(task_type)), None)
    if named is None:
        return None
    return Understanding(what="scoring", value=str(named.scorer(task_type)), words=keyboard(goal)[slice(*named.span)])


def find_metrics(goal: str, columns: Sequence[str] = ()) -> Iterator[MetricMention]:
    """Find every word for a metric, whatever the task.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    columns : sequence of str
        Names of the target and the features.

    Yields
    ------
    MetricMention
        The most specific words first; the words of one never lie in those of another.
    """
    plain = keyboard(goal)
    named = name_spans(goal, columns)
    taken: list[tuple[int, int]] = []
    for pattern, *names in _METRICS:
        for found in re.finditer(pattern, plain, re.IGNORECASE):
            before, _ = clause_around(plain, *found.span())
            is_column = _overlaps(found.span(), named) and not _ASKS.search(before)
            if is_column or _overlaps(found.span(), taken):
                continue
            taken.append(found.span())
            yield MetricMention(
                span=found.span(),
                scorers=(names[0], names[1], names[2]),
                is_denied=is_denied(plain, *found.span()),
                is_everyday=pattern in _EVERYDAY,
            )


def name_spans(goal: str, columns: Sequence[str]) -> list[tuple[int, int]]:
    """Return where the goal has the names of columns.

    Parameters
    ----------
    goal : str
        What the model is for, in plain words.
    columns : sequence of str
        Names of the target and the features.

    Returns
    -------
    list of tuple of int and int
        Beginnings and ends.
    """
    plain = keyboard(goal)
    return [
        mention.span()
        for name in columns
        if name.strip()
        for mention in re.finditer(rf"(?<!\w){re.escape(keyboard(name))}(?!\w)", plain, re.IGNORECASE)
    ]


def _overlaps(span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)
