"""What a score means, in the words of somebody who never heard the metric's name."""

from __future__ import annotations

from octopus.records import HoldoutReport, Task
from octopus.reporting.words import cut, number, share

#: Names that people know for scikit-learn's.
_TITLES = {
    "roc_auc": "ROC AUC",
    "roc_auc_ovr": "ROC AUC, one class against the rest",
    "average_precision": "average precision",
    "neg_log_loss": "log loss",
    "neg_brier_score": "Brier score",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "f1_macro": "F1, mean over the classes",
    "precision": "precision",
    "recall": "recall",
    "r2": "R²",
    "neg_root_mean_squared_error": "root mean squared error",
    "neg_mean_squared_error": "mean squared error",
    "neg_mean_absolute_error": "mean absolute error",
    "neg_median_absolute_error": "median absolute error",
    "neg_mean_absolute_percentage_error": "mean absolute percentage error",
}
#: Longest name of a target or class inside a sentence.
_NAME = 40


def metric_title(scoring: str) -> str:
    """Return the name that people know a metric by.

    Parameters
    ----------
    scoring : str
        Name of the scorer.

    Returns
    -------
    str
        The scorer's own name where there is no better known one.
    """
    return _TITLES.get(scoring, scoring)


def metric_name(scoring: str) -> str:
    """Return the name that people know a metric by, and scikit-learn's where that is another one.

    Parameters
    ----------
    scoring : str
        Name of the scorer.

    Returns
    -------
    str
        As in "log loss (neg_log_loss)".
    """
    title = metric_title(scoring)
    return title if title.replace(" ", "_") == scoring else f"{title} ({scoring})"


def reading(scoring: str) -> str:
    """Return how scores of a metric are read.

    Parameters
    ----------
    scoring : str
        Name of the scorer.

    Returns
    -------
    str
        One sentence.
    """
    if scoring.startswith("neg_"):
        return f"Scores are the {metric_title(scoring)} with a minus before it: nearer to zero is better."
    if scoring in ("roc_auc", "roc_auc_ovr"):
        return "Greater is better: 0.5 is chance, 1 is perfect."
    return "Greater is better: 1 is perfect." if scoring in _TITLES else "Greater is better."


def meaning(report: HoldoutReport, task: Task) -> str:
    """Return what the score on the sealed rows says about the rows to come.

    Parameters
    ----------
    report : HoldoutReport
        Of the sealed rows.
    task : Task
        What is asked.

    Returns
    -------
    str
        One sentence.
    """
    size = abs(report.score)
    target = f"“{cut(task.target, _NAME)}”"
    positive = f"“{cut(task.classes[-1], _NAME)}”" if task.classes else target
    constant = next((f"{number(abs(b.score))}" for b in report.baselines if b.name == "constant"), "")
    beside = f"; one guess for every row errs by {constant}" if constant else ""
    return {
        "accuracy": f"It names the right class for {share(size)} of the rows.",
        "balanced_accuracy": f"It names the right class for {share(size)} of the rows of a class, on average.",
        "roc_auc": f"Of two rows, one {positive} and one not, it ranks the right one higher {share(size)} of the time.",
        "roc_auc_ovr": f"Of rows of two classes, it ranks the right one higher {share(size)} of the time.",
        "r2": f"It explains {share(report.score)} of the variance of {target}.",
        "precision": f"Of the rows that it calls {positive}, {share(size)} are.",
        "recall": f"It finds {share(size)} of the rows that are {positive}.",
        "neg_root_mean_squared_error": f"Its errors in {target} are about {number(size)} (root mean square){beside}.",
        "neg_mean_absolute_error": f"In {target} it errs by {number(size)} on average{beside}.",
        "neg_median_absolute_error": f"In {target} half of its errors are below {number(size)}.",
        "neg_mean_absolute_percentage_error": f"In {target} it errs by {share(size)} of the true value on average.",
    }.get(report.scoring, f"The metric is {metric_title(report.scoring)}. {reading(report.scoring)}")
