"""Words for a metric: ranking, probability, accuracy, RMSE, within x percent."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
#: What stands before a word that is meant as a metric, although a column has the same name.
_ASKS = re.compile(
    r"(?:\b(?:maximi|minimi|optimi)[sz]\w*|\b(?:best|high|higher|highest|low|lower|lowest|good)|\bmetric\b.*"
    r"|\bscor\w+(?: by)?)(?: for| the| possible)*\s+$",
    re.IGNORECASE,
)


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
    plain = keyboard(goal)
    column = ("binary", "multiclass", "regression").index(task_type)
    named = [
        mention.span()
        for name in columns
        if name.strip()
        for mention in re.finditer(rf"(?<!\w){re.escape(keyboard(name))}(?!\w)", plain, re.IGNORECASE)
    ]
    for pattern, *names in _METRICS:
        name = names[column]
        for found in re.finditer(pattern, plain, re.IGNORECASE) if name else ():
            before, _ = clause_around(plain, *found.span())
            is_column = any(start < found.end() and found.start() < end for start, end in named)
            if not is_denied(plain, *found.span()) and (not is_column or _ASKS.search(before)):
                return Understanding(what="scoring", value=str(name), words=found.group(0).strip())
    return None
