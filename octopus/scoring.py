"""Scores, computed by the parent from predictions and labels that no script ever holds together.

scikit-learn's own scorers do the arithmetic: a recorded-predictions estimator stands in for the model, so that
names, ``make_scorer`` objects and callables with the signature ``(estimator, X, y)`` all work, and greater is
always better.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer, get_scorer_names, log_loss, make_scorer

from octopus.dataset import Dataset, Float, Rows
from octopus.errors import InvalidParameter
from octopus.records import Score, TaskType

#: What is optimised where neither ``scoring`` nor the goal says it.
DEFAULT_SCORING: dict[TaskType, str] = {
    "binary": "roc_auc",
    "multiclass": "neg_log_loss",
    "regression": "neg_root_mean_squared_error",
}
#: What is computed beside the metric that is optimised: ranking, probabilities, decisions; squares, distances, shares.
SECONDARY_SCORING: dict[TaskType, tuple[str, ...]] = {
    "binary": ("roc_auc", "average_precision", "neg_log_loss", "accuracy", "balanced_accuracy", "f1"),
    "multiclass": ("roc_auc_ovr", "neg_log_loss", "accuracy", "balanced_accuracy", "f1_macro"),
    "regression": ("neg_root_mean_squared_error", "neg_mean_absolute_error", "r2"),
}
#: Rows of a fold that secondary metrics look at: the standard error of a share over five folds is 0.2 %, and many
#: classes on many rows would cost more than a fit.
_SECONDARY_ROWS = 10_000
#: Classes that are tried as the constant: of many, the best one is among the most frequent.
_MAX_CONSTANTS = 20
#: Rows that the best constant is chosen on, evenly spaced: what is compared are gross differences, one experiment after
#: the other.
_CONSTANT_ROWS = 10_000
#: Names of metrics without a best possible value.
_UNBOUNDED = frozenset({"positive_likelihood_ratio"})
#: Correlation assumed between two candidates' errors on one shared split, where it cannot be measured.
_SHARED_SPLIT_CORRELATION = 0.9
#: What scikit-learn says before it gives 0 for a precision-recall curve that rows of one class do not have.
_NO_POSITIVES = "No positive class found"

Scorer = Callable[..., float]


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """A metric, ready to be computed from predictions.

    Parameters
    ----------
    name : str
        Name for records and the console.
    scorer : callable
        ``(estimator, X, y) -> float``, greater is better.
    classes : ndarray of shape (n_classes,) or None
        What class numbers stand for when the scorer is called; None for regression.
    takes_weight : bool
        Whether the scorer accepts ``sample_weight``.
    """

    name: str
    scorer: Scorer
    classes: NDArray[np.generic] | None
    takes_weight: bool

    @property
    def looks_at_rows(self) -> bool:
        """Whether the metric is the user's own function, which may look at the features."""
        return not hasattr(self.scorer, "_score_func")

    def score(
        self, y: Float, predictions: Float, sample_weight: Float | None = None, table: pd.DataFrame | None = None
    ) -> float | None:
        """Return the score of predictions, greater is better.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Class numbers or target values.
        predictions : ndarray of shape (n, n_classes) or (n,)
            Probabilities or predicted values of the same rows.
        sample_weight : ndarray of shape (n,) or None
            Weights, used where the metric takes them.
        table : DataFrame of shape (n, n_features) or None
            The rows, for metrics that look at them.

        Returns
        -------
        float or None
            None where the metric is undefined on these rows (one class only, say).
        """
        rows = pd.DataFrame(index=range(len(y))) if table is None else table.reset_index(drop=True)
        truth = y if self.classes is None else self.classes[y.astype(np.int64)]
        weight = {"sample_weight": sample_weight} if self.takes_weight and sample_weight is not None else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            warnings.filterwarnings("error", _NO_POSITIVES, UserWarning)
            try:
                value = float(self.scorer(_recorded(predictions, self.classes), rows, truth, **weight))
            except (ValueError, UserWarning):
                return None  # a class of the fold was never seen, say: undefined here, as by scikit-learn's word
            except Exception:  # boundary: a user's own function may raise anything on rows that it did not foresee
                if self.looks_at_rows:
                    return None
                raise
        return value if math.isfinite(value) else None


def make_scoring(scoring: str | Scorer, task_type: TaskType, classes: NDArray[np.generic] | None) -> Scoring:
    """Resolve ``scoring`` and prove on made-up predictions that it fits the task.

    Parameters
    ----------
    scoring : str or callable
        Name of a scikit-learn scorer, a ``make_scorer`` object, or ``(estimator, X, y) -> float``.
    task_type : {"binary", "multiclass", "regression"}
        The task.
    classes : ndarray of shape (n_classes,) or None
        The user's class labels in order; None for regression.

    Returns
    -------
    Scoring
        Called with the user's labels where the scorer takes them, with class numbers else (``f1`` on
        "no" and "yes" takes the second label for the positive one).

    Raises
    ------
    InvalidParameter
        The name is unknown or the metric does not fit the task.
    """
    scorer = _log_loss(classes) if scoring == "neg_log_loss" and classes is not None else _resolve(scoring)
    name = scoring if isinstance(scoring, str) else _name_of(scorer)
    _refuse_other_kind(name, scorer, task_type)
    numbers = None if classes is None else np.arange(len(classes))
    failure: Exception | None = None
    for labels in (classes, numbers) if classes is not None else (None,):
        for takes_weight in (True, False):
            candidate = Scoring(name=name, scorer=scorer, classes=labels, takes_weight=takes_weight)
            try:
                _probe(candidate, 0 if classes is None else len(classes))
            except Exception as error:  # noqa: BLE001  boundary: a user's metric may raise anything
                if not takes_weight:  # with weights a metric may only complain that it knows none
                    failure = failure or error
            else:
                return candidate
    if _asks_for_columns(scorer, failure):  # the made-up rows have none, so its first fold is its proof
        return Scoring(name=name, scorer=scorer, classes=classes, takes_weight=_names_weight(scorer))
    raise InvalidParameter(
        "scoring",
        scoring,
        f"it cannot score a {task_type} task ({type(failure).__name__}: {failure})",
        f"Choose a metric for {task_type}, such as {DEFAULT_SCORING[task_type]!r}.",
    ) from failure


def summarise(name: str, folds: tuple[float, ...], test_over_train: float) -> Score:
    """Return mean and standard error of the folds' scores.

    The variance of the mean carries the correction of Nadeau & Bengio (2003,
    doi:10.1023/A:1024068626366) for training sets that overlap: (1/k + n_test/n_train) s².
    """
    k = len(folds)
    error = float(np.std(folds, ddof=1) * math.sqrt(1 / k + test_over_train)) if k > 1 else None
    return Score(scoring=name, mean=float(np.mean(folds)), standard_error=error, folds=folds)


def secondary_scores(scoring: Scoring, folds: Sequence[tuple[Float, Float, Float | None]]) -> dict[str, float]:
    """Return what other metrics say of the same predictions.

    Parameters
    ----------
    scoring : Scoring
        The metric that is optimised, which is left out here.
    folds : sequence of (y, predictions, sample_weight)
        Of the scored rows: class numbers or target values, of shape (n,); predictions, of shape (n, n_classes) or
        (n,); weights of shape (n,), or None.

    Returns
    -------
    dict of str to float
        Means over the folds on which a metric is defined, greater is better; a metric that is defined on none is
        left out. Of a fold with more than 10,000 rows evenly spaced ones count.
    """
    few = [_few(*fold) for fold in folds]
    found: dict[str, float] = {}
    # What was predicted has been checked, and some thirty calls of a millisecond each would check it again.
    with sklearn.config_context(skip_parameter_validation=True, assume_finite=True), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a fold lacks a class is told of the metric that counts, if at all
        for other in _beside(scoring):
            values = [other.score(*fold) for fold in few]
            defined = [value for value in values if value is not None]
            if defined:
                found[other.name] = float(np.mean(defined))
    return found


def best_possible(scoring: Scoring) -> float | None:
    """Return the value of a metric for perfect predictions.

    Parameters
    ----------
    scoring : Scoring
        The metric.

    Returns
    -------
    float or None
        0 for losses, 1 for what scikit-learn's other scorers measure; None for a metric of someone's own.
    """
    if scoring.looks_at_rows or scoring.name not in get_scorer_names() or scoring.name in _UNBOUNDED:
        return None
    return 0.0 if scoring.name.startswith("neg_") else 1.0


def gain(candidate: Score, reference: Score, test_over_train: float) -> tuple[float, float]:
    """Return by how much a candidate is better, and the standard error of that, paired fold by fold."""
    difference = candidate.mean - reference.mean
    if len(candidate.folds) == len(reference.folds) > 1:
        paired = np.subtract(candidate.folds, reference.folds)
        error = float(np.std(paired, ddof=1) * math.sqrt(1 / len(paired) + test_over_train))
    else:
        spread = candidate.standard_error or reference.standard_error or 0.0
        error = spread * math.sqrt(2 * (1 - _SHARED_SPLIT_CORRELATION))
    return difference, error


def bootstrap(
    score: Callable[[Rows], float], n_rows: int, groups: Rows | None, random_state: int, n_resamples: int
) -> Float:
    """Return scores over resampled rows, or over resampled groups where rows come in groups.

    The same seed draws the same resamples, so that two models can be compared draw by draw.
    """
    rng = np.random.default_rng(random_state)
    units = np.arange(n_rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    order = np.argsort(units, kind="stable")
    sizes = np.bincount(units)
    starts = np.cumsum(sizes) - sizes
    values = []
    for _ in range(n_resamples):
        drawn = rng.integers(0, len(sizes), len(sizes))
        lengths = sizes[drawn]
        shifts = starts[drawn] - (np.cumsum(lengths) - lengths)
        values.append(score(order[np.arange(lengths.sum()) + np.repeat(shifts, lengths)]))
    return np.asarray(values, dtype=np.float64)


def constant_predictions(y: Float, n_classes: int, n_rows: int, sample_weight: Float | None = None) -> Float:
    """Return what a model that ignores the features would predict: class frequencies, or the mean."""
    if not n_classes:
        return np.full(n_rows, np.average(y, weights=sample_weight))
    frequencies = np.bincount(y.astype(np.int64), weights=sample_weight, minlength=n_classes).astype(np.float64)
    return np.tile(frequencies / frequencies.sum(), (n_rows, 1))


def best_constant(scoring: Scoring, train: Dataset, n_classes: int, n_rows: int) -> Float:
    """Return the predictions without features that a metric likes best.

    Frequencies are best where probabilities count; where predicted classes do, one class for every row may be: the
    rare one for ``f1``. Of values the mean is best for squares, the median for distances.

    Parameters
    ----------
    scoring : Scoring
        The metric.
    train : Dataset
        The rows that it is chosen on: up to 10,000 of them, evenly spaced.
    n_classes : int
        Number of classes, 0 for regression.
    n_rows : int
        Rows to predict.

    Returns
    -------
    ndarray of shape (n_rows, n_classes) or (n_rows,)
        The same for every row; frequencies, or the mean, where nothing is better or the metric is undefined.
    """
    every = slice(None, None, math.ceil(len(train) / _CONSTANT_ROWS) or 1)
    y, weight = train.y[every], None if train.sample_weight is None else train.sample_weight[every]
    table = train.table.iloc[every] if scoring.looks_at_rows else None
    usual = constant_predictions(train.y, n_classes, 1, train.sample_weight)
    best, best_score = usual, -math.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a constant is an odd prediction is no news
        for constant in (usual, *_other_constants(train, usual)):
            try:
                score = scoring.score(y, np.repeat(constant, len(y), axis=0), weight, table)
            except Exception:  # noqa: BLE001  boundary: a user's metric may raise on predictions that it did not foresee
                score = None
            if score is not None and score > best_score:
                best, best_score = constant, score
    repeated: Float = np.repeat(best, n_rows, axis=0)
    return repeated


def _other_constants(train: Dataset, usual: Float) -> list[Float]:
    """Return the median; or each class, surely, the frequent ones first."""
    if usual.ndim == 1:
        return [np.array([_median(train.y, train.sample_weight)])]
    frequent = np.argsort(-usual[0], kind="stable")[:_MAX_CONSTANTS]
    return list(np.eye(usual.shape[1])[frequent][:, None, :])


def _median(y: Float, sample_weight: Float | None) -> float:
    if sample_weight is None:
        return float(np.median(y))
    order = np.argsort(y)
    reached = np.cumsum(sample_weight[order])
    return float(y[order][np.searchsorted(reached, reached[-1] / 2)])


def _resolve(scoring: str | Scorer) -> Scorer:
    if callable(scoring):
        return scoring
    if scoring in get_scorer_names():
        scorer: Scorer = get_scorer(scoring)
        return scorer
    raise InvalidParameter(
        "scoring",
        scoring,
        "it is not the name of a scikit-learn scorer",
        "Use a name of sklearn.metrics.get_scorer_names(), a make_scorer object or a callable (estimator, X, y).",
    )


def _log_loss(classes: NDArray[np.generic]) -> Scorer:
    """Return scikit-learn's log loss told which classes exist: a fold may lack one of them."""
    scorer: Scorer = make_scorer(log_loss, greater_is_better=False, response_method="predict_proba", labels=classes)
    return scorer


def _few(y: Float, predictions: Float, sample_weight: Float | None) -> tuple[Float, Float, Float | None]:
    every = slice(None, None, math.ceil(len(y) / _SECONDARY_ROWS) or 1)
    return y[every], predictions[every], None if sample_weight is None else sample_weight[every]


def _beside(scoring: Scoring) -> tuple[Scoring, ...]:
    """Return the secondary metrics, on class numbers unless the user's own numbers say which class is positive."""
    classes, task_type = scoring.classes, _task_type(scoring.classes)
    if classes is not None and not (classes.dtype.kind in "biuf" and (classes == 1).any()):
        classes = np.arange(len(classes))
    others = []
    for name in SECONDARY_SCORING[task_type]:
        scorer = _log_loss(classes) if name == "neg_log_loss" and classes is not None else _resolve(name)
        if name != scoring.name and not _is_same(scorer, scoring.scorer):
            others.append(Scoring(name=name, scorer=scorer, classes=classes, takes_weight=True))
    return tuple(others)


def _task_type(classes: NDArray[np.generic] | None) -> TaskType:
    if classes is None:
        return "regression"
    return "binary" if len(classes) == 2 else "multiclass"


def _is_same(scorer: Scorer, other: Scorer) -> bool:
    """Tell whether two scorers of scikit-learn compute the same, whatever they are called."""
    parts = ("_score_func", "_sign", "_kwargs", "_response_method")
    return hasattr(other, "_score_func") and all(getattr(scorer, p, None) == getattr(other, p, None) for p in parts)


def _asks_for_columns(scorer: Scorer, failure: Exception | None) -> bool:
    """Tell whether a function of the user's own failed for want of a column."""
    wanted = isinstance(failure, KeyError) or isinstance(getattr(failure, "obj", None), pd.DataFrame)
    return wanted and not hasattr(scorer, "_score_func")


def _names_weight(scorer: Scorer) -> bool:
    parameters = signature(scorer).parameters
    return "sample_weight" in parameters or any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values())


def _name_of(scorer: Scorer) -> str:
    function = getattr(scorer, "_score_func", scorer)
    return str(getattr(function, "__name__", type(scorer).__name__))


def _refuse_other_kind(name: str, scorer: Scorer, task_type: TaskType) -> None:
    """Refuse a metric of another kind of task that would compute a number all the same (r2 on class numbers)."""
    module = str(getattr(getattr(scorer, "_score_func", None), "__module__", ""))
    kind = next((k for k in ("regression", "classification", "ranking", "cluster") if k in module), None)
    fits = kind is None or (kind == "regression") == (task_type == "regression")
    if kind == "cluster" or not fits:
        raise InvalidParameter(
            "scoring",
            name,
            f"it is a {kind} metric and the task is {task_type}",
            f"Choose a metric for {task_type}, such as {DEFAULT_SCORING[task_type]!r}, or overrule with task=.",
        )


def _probe(scoring: Scoring, n_classes: int) -> None:
    """Compute the metric on a few made-up rows; raise what the metric raises."""
    n = max(8, 2 * n_classes)
    rows = pd.DataFrame(index=range(n))
    weight = {"sample_weight": np.ones(n)} if scoring.takes_weight else {}
    if n_classes:
        y = np.arange(n) % n_classes
        predictions = np.full((n, n_classes), 0.5 / n_classes)
        predictions[np.arange(n), y] += 0.5
        assert scoring.classes is not None
        scoring.scorer(_recorded(predictions, scoring.classes), rows, scoring.classes[y], **weight)
    else:
        y_real = np.linspace(1.0, 2.0, n)
        scoring.scorer(_recorded(y_real + 0.1, None), rows, y_real, **weight)


class _RecordedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Gives back recorded probabilities for rows named by the index of the frame."""

    def __init__(self, probabilities: Float, classes: NDArray[np.generic]) -> None:
        self.probabilities, self.classes_ = probabilities, classes

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict_proba(self, X: pd.DataFrame) -> Float:
        """Return the recorded rows."""
        rows: Float = self.probabilities[X.index.to_numpy()]
        return rows

    def predict(self, X: pd.DataFrame) -> NDArray[np.generic]:
        """Return the most probable class."""
        best: NDArray[np.generic] = self.classes_[np.argmax(self.predict_proba(X), axis=1)]
        return best


class _RecordedRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Gives back recorded values for rows named by the index of the frame."""

    def __init__(self, values: Float) -> None:
        self.values = values

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: pd.DataFrame) -> Float:
        """Return the recorded rows."""
        rows: Float = self.values[X.index.to_numpy()]
        return rows


def _recorded(predictions: Float, classes: NDArray[np.generic] | None) -> _RecordedClassifier | _RecordedRegressor:
    return _RecordedRegressor(predictions) if classes is None else _RecordedClassifier(predictions, classes)
