"""The estimators: validate, ask the question, run the search, hold what it proved."""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import platform
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import cloudpickle
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import ClassifierTags, RegressorTags, Tags, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from octopus.dataset import Float
from octopus.errors import InterruptedSearch, InvalidData, SandboxError
from octopus.frame import SchemaError
from octopus.goal import read_metric
from octopus.intake import Intake, check_table, data_hash, read_input
from octopus.journal import Journal
from octopus.options import Options, choose_families, choose_scientist, load_rules, open_sandbox, read_options
from octopus.proof import Shipped
from octopus.protocols import Family, Scientist
from octopus.records import AnyEvent, Experiment, HoldoutReport, Limits, Profile, Task, Understanding
from octopus.rundir import open_run
from octopus.scoring import DEFAULT_SCORING, Scorer, Scoring, make_scoring
from octopus.search import Parts, Question, Settings, search
from octopus.stages.replay import predict_rows
from octopus.target import encode

_log = logging.getLogger("octopus")
_log.addHandler(logging.NullHandler())

#: For predicting outside this process, where the pipeline may not be loaded in it.
_PREDICT_LIMITS = Limits(wall_s=3600.0, memory_bytes=1 << 36)
#: Packages whose versions the journal names.
_PACKAGES = ("octopus-estimator", "numpy", "pandas", "scikit-learn", "lightgbm")

Table: TypeAlias = "pd.DataFrame | ArrayLike"


def _classifies(estimator: AutonomousEstimator) -> bool:
    """Tell whether there are probabilities; before ``fit``, from what the user says the task is."""
    fitted: Task | None = getattr(estimator, "task_", None)
    if fitted is not None:
        return fitted.is_classification
    return getattr(estimator, "task", "classification") in ("classification", "binary", "multiclass")


class AutonomousEstimator(BaseEstimator):  # type: ignore[misc]
    """A data scientist in an estimator: reads the data, writes scripts, runs them, proves the best and predicts.

    Parameters
    ----------
    goal : str or None, default=None
        What the model is for, in plain words. Known words choose the metric ("ranking matters", "RMSE") and forbid
        columns ("do not use column …"); an explicit argument wins.
    task : {"auto", "classification", "binary", "multiclass", "regression"}, default="auto"
        What kind of problem it is; "auto" reads it from ``y`` and says from what.
    scoring : str, callable or None, default=None
        A scikit-learn scorer's name, a ``make_scorer`` object or a callable ``(estimator, X, y) -> float``, greater is
        better. None: what the goal says, else "roc_auc" for two classes, "neg_log_loss" for more,
        "neg_root_mean_squared_error" for regression.
    cv : "auto", int, splitter or list of splits, default="auto"
        How candidates are compared. Indices are those of the rows given to ``fit``; sealed rows are taken out.
    families : "auto" or list of str or Family, default="auto"
        Kinds of models that may take part.
    columns : dict of str to str or None, default=None
        Overrules what octopus makes of a column: "use", "ignore", "categorical", "numeric", "datetime", "text",
        "group" or "time".
    backend : "auto", None or str, default="auto"
        Who leads: what ``OCTOPUS_BACKEND`` names, else the built-in playbook, which needs neither key nor network.
        None is always the playbook.
    sandbox : "auto" or str, default="auto"
        Level at which scripts are confined. "auto" takes the best that can be had and warns where that is "process".
    max_experiments : int or None, default=None
        Most experiments; None for no limit.
    time_limit : float or None, default=300
        Seconds from entering ``fit`` to its return; None for no limit.
    memory_limit : int, str or None, default=None
        Memory for all scripts together, in bytes or as "4GB"; None for 80 % of what is free.
    holdout : float or None, default=0.2
        Share of the rows that is sealed before anything looks at them and opened once, for the winner.
    refit : {"all", "train"}, default="all"
        Whether the proved winner is fitted once more on every row, or the scored fit itself ships.
    warm_start : bool, default=False
        Whether an unfinished run in ``run_dir`` is carried on.
    run_dir : path-like or None, default=None
        Where the run is written; None for a new directory in the user's data directory.
    n_jobs : int, default=-1
        Cores to use; -1 for all of them.
    random_state : int, RandomState or None, default=None
        Seed of everything that is drawn.
    verbose : int, default=0
        1 shows the run on the console.

    Attributes
    ----------
    task_ : Task
        What is asked, from what it was read, and in which words.
    profile_ : Profile
        What was found in the data.
    journal_ : Journal
        Everything that was done, in order.
    best_experiment_ : Experiment
        The experiment that ships.
    best_score_ : float
        Its validation score, greater is better.
    holdout_report_ : HoldoutReport or None
        The sealed rows' verdict; None where nothing was sealed.
    leaderboard_ : DataFrame of shape (n_experiments, 7)
        The experiments, the best first.
    classes_ : ndarray of shape (n_classes,)
        Class labels (classification only).
    n_features_in_ : int
        Number of columns given to ``fit``.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all of them are strings.
    run_dir_ : Path
        Where the run is written; predicting does not need it.
    scientist_ : str
        Who led.
    """

    def __init__(
        self,
        goal: str | None = None,
        *,
        task: str = "auto",
        scoring: str | Scorer | None = None,
        cv: object = "auto",
        families: str | Sequence[str | Family] = "auto",
        columns: Mapping[str, str] | None = None,
        backend: str | Scientist | None = "auto",
        sandbox: str = "auto",
        max_experiments: int | None = None,
        time_limit: float | None = 300,
        memory_limit: int | str | None = None,
        holdout: float | None = 0.2,
        refit: str = "all",
        warm_start: bool = False,
        run_dir: str | os.PathLike[str] | None = None,
        n_jobs: int = -1,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.goal = goal
        self.task = task
        self.scoring = scoring
        self.cv = cv
        self.families = families
        self.columns = columns
        self.backend = backend
        self.sandbox = sandbox
        self.max_experiments = max_experiments
        self.time_limit = time_limit
        self.memory_limit = memory_limit
        self.holdout = holdout
        self.refit = refit
        self.warm_start = warm_start
        self.run_dir = run_dir
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self,
        X: Table,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        X_holdout: Table | None = None,
        y_holdout: ArrayLike | None = None,
    ) -> AutonomousEstimator:
        """Search, prove the winner on the sealed rows and keep it.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Raw features: numbers, text, categories, booleans, dates, with missing values.
        y : array-like of shape (n_samples,)
            Numbers, strings or booleans; rows where it is missing are left out, with a finding.
        groups : array-like of shape (n_samples,) or None, default=None
            Rows of one group are never on both sides of a split.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights in fits and scores; rows of weight zero are left out.
        X_holdout : DataFrame or array-like of shape (n_holdout, n_features) or None, default=None
            Rows to prove the winner on, in place of a share of ``X``.
        y_holdout : array-like of shape (n_holdout,) or None, default=None
            Their target.

        Returns
        -------
        AutonomousEstimator
            This estimator.

        Raises
        ------
        InvalidParameter, InvalidData, UnsupportedTask
            Something cannot be used; the message says what, why and what to do.
        RunDirectoryError
            ``run_dir`` is not ours, or holds a finished run.
        NoValidExperiment
            No script ever worked; the exception carries the journal.
        """
        began = time.monotonic()
        options = read_options(self.get_params(deep=False))
        families = choose_families(self.families)
        scientist = choose_scientist(self.backend, families)
        given = None if X_holdout is None and y_holdout is None else (X_holdout, y_holdout)
        intake = read_input(
            X, y, groups=groups, sample_weight=sample_weight, holdout=given,
            task=self.task, goal=self.goal or "", columns=options.columns,
        )  # fmt: skip
        validate_data(self, X, skip_check_array=True, reset=True)
        task, scoring = _ask(intake, self.goal or "", self.scoring, _seed(self.random_state))
        sandbox = open_sandbox(self.sandbox, families, options.n_jobs)
        crash_rules, symptom_rules = load_rules()
        question = _question(task, scoring, intake)
        parts = Parts(
            scientist=scientist,
            families=families,
            sandbox=sandbox,
            crash_rules=crash_rules,
            symptom_rules=symptom_rules,
        )
        _log.info("%s leads; sandbox level %s", scientist.name, sandbox.level)
        with open_run(
            self.run_dir, task.target, lambda: time.monotonic() - began, self.warm_start, _observers(self.verbose)
        ) as (path, run):
            shipped = search(question, parts, _settings(options, self.cv), run)
            journal = run.journal
        self._remember(path, journal, shipped, intake, scientist)
        self._write(path / "model")
        if journal.stopped is not None and journal.stopped.decision.reason == "interrupted":
            warnings.warn(InterruptedSearch("interrupted: the best model so far is returned"), stacklevel=2)
        return self

    def predict(self, X: Table) -> NDArray[Any]:
        """Predict labels or values.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Raw features as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Class labels of the user's own type, or numbers.

        Raises
        ------
        InvalidData
            Columns are missing or hold values of another kind.
        """
        predictions = self._predict(X)
        if not self.task_.is_classification:
            return predictions
        labels: NDArray[Any] = self.classes_[np.argmax(predictions, axis=1)]
        return labels

    @available_if(_classifies)
    def predict_proba(self, X: Table) -> Float:
        """Predict probabilities.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Raw features as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        return self._predict(X)

    def score(self, X: Table, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the score of predictions by the metric of the run, greater is better.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Raw features.
        y : array-like of shape (n_samples,)
            The truth.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights, where the metric takes them.

        Returns
        -------
        float
            The score; NaN where the metric is undefined on these rows.
        """
        predictions = self._predict(X)
        scoring = self._scoring()
        classes = getattr(self, "classes_", None)
        truth = np.asarray(y, dtype=np.float64) if classes is None else encode(y, classes)
        if len(truth) != len(predictions):
            raise InvalidData(f"X has {len(predictions)} rows and y has {len(truth)}. Give y one value per row.")
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        table = self.schema_.apply(check_table(X)) if scoring.looks_at_rows else None
        value = scoring.score(truth, predictions, weight, table)
        return float("nan") if value is None else value

    @property
    def profile_(self) -> Profile:
        """What was found in the data."""
        profile = self._fitted_journal("profile_").profile
        assert profile is not None
        return profile

    @property
    def holdout_report_(self) -> HoldoutReport | None:
        """The sealed rows' verdict; None where nothing was sealed."""
        return self._fitted_journal("holdout_report_").holdout

    @property
    def best_score_(self) -> float:
        """Validation score of the experiment that ships."""
        self._fitted_journal("best_score_")
        score = self.best_experiment_.score
        assert score is not None
        return score.mean

    @property
    def leaderboard_(self) -> pd.DataFrame:
        """The experiments, the best first and the failed ones last."""
        rows = [_row(experiment) for experiment in self._fitted_journal("leaderboard_").experiments]
        board = pd.DataFrame(rows).sort_values("score", ascending=False, kind="stable", na_position="last")
        return board.reset_index(drop=True)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        fitted: Task | None = getattr(self, "task_", None)
        if (fitted is None and self.task == "regression") or (fitted is not None and not fitted.is_classification):
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        elif fitted is not None or self.task in ("classification", "binary", "multiclass"):
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_class=self.task != "binary")
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_pipeline", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "_model"):
            self._pipeline = _load_pipeline(self._model, self._sha256, self.best_experiment_)

    def _remember(self, path: Path, journal: Journal, shipped: Shipped, intake: Intake, scientist: Scientist) -> None:
        """Set the fitted attributes."""
        assert journal.task is not None
        self.task_ = journal.task
        self.journal_ = journal
        self.best_experiment_ = shipped.experiment
        self.run_dir_ = path
        self.scientist_ = scientist.name
        self.schema_ = intake.schema
        if intake.target.classes is not None:
            self.classes_ = intake.target.classes
        elif hasattr(self, "classes_"):
            del self.classes_
        self._model, self._sha256 = shipped.model, shipped.sha256
        self._pipeline = _load_pipeline(self._model, self._sha256, shipped.experiment)

    def _write(self, directory: Path) -> None:
        """Put the model beside the journal: the pipeline, its script, its schema, and this estimator."""
        directory.mkdir(mode=0o700, exist_ok=True)
        (directory / "pipeline.pkl").write_bytes(self._model)
        (directory / "script.py").write_text(self.best_experiment_.script.source, encoding="utf-8")
        (directory / "schema.json").write_text(self.schema_.to_json(), encoding="utf-8")
        (directory / "estimator.pkl").write_bytes(cloudpickle.dumps(self))

    def _predict(self, X: Table) -> Float:
        """Return probabilities or values of raw rows."""
        check_is_fitted(self)
        raw = check_table(X)
        validate_data(self, X, skip_check_array=True, reset=False)
        try:
            table = self.schema_.apply(raw)
        except SchemaError as error:
            raise InvalidData(str(error)) from error
        if self._pipeline is None:
            return self._predict_confined(table)
        if not self.task_.is_classification:
            return np.asarray(self._pipeline.predict(table), dtype=np.float64).reshape(-1)
        return _in_class_order(self._pipeline, table, self.task_.n_classes)

    def _predict_confined(self, table: pd.DataFrame) -> Float:
        """Predict in the sandbox, for a pipeline that a model wrote: its pickle is not loaded in this process."""
        families = choose_families(self.families)
        sandbox = open_sandbox(self.sandbox, families, read_options(self.get_params(deep=False)).n_jobs)
        with tempfile.TemporaryDirectory(prefix="octopus-") as directory:
            result = predict_rows(self._model, table, self.task_, Path(directory), sandbox, _PREDICT_LIMITS)
        if result.predictions is None:
            outcome = result.outcome
            why = f"{outcome.failure.type}: {outcome.failure.message}" if outcome.failure else outcome.reason
            raise SandboxError(f"the pipeline did not predict: {outcome.status} in {outcome.stage}. {why}")
        return result.predictions

    def _scoring(self) -> Scoring:
        """Return the metric of the run; built anew, for a scorer may not survive a pickle."""
        name = self.task_.scoring if self.scoring is None else self.scoring
        return make_scoring(name, self.task_.type, getattr(self, "classes_", None))

    def _fitted_journal(self, attribute: str) -> Journal:
        journal = self.__dict__.get("journal_")
        if not isinstance(journal, Journal):
            raise AttributeError(f"{type(self).__name__} has no attribute {attribute!r} before fit")
        return journal


class AutonomousClassifier(ClassifierMixin, AutonomousEstimator):  # type: ignore[misc]
    """:class:`AutonomousEstimator` for classes: a classifier before ``fit``, for everything that clones.

    Parameters
    ----------
    goal : str or None, default=None
        As for :class:`AutonomousEstimator`, likewise the parameters below.
    scoring, cv, families, columns, backend, sandbox, max_experiments, time_limit, memory_limit, holdout, refit : object
        As there.
    warm_start, run_dir, n_jobs, random_state, verbose : object
        As there.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    n_features_in_ : int
        Number of columns given to ``fit``.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all of them are strings.
    """

    task = "classification"

    def __init__(
        self,
        goal: str | None = None,
        *,
        scoring: str | Scorer | None = None,
        cv: object = "auto",
        families: str | Sequence[str | Family] = "auto",
        columns: Mapping[str, str] | None = None,
        backend: str | Scientist | None = "auto",
        sandbox: str = "auto",
        max_experiments: int | None = None,
        time_limit: float | None = 300,
        memory_limit: int | str | None = None,
        holdout: float | None = 0.2,
        refit: str = "all",
        warm_start: bool = False,
        run_dir: str | os.PathLike[str] | None = None,
        n_jobs: int = -1,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.goal = goal
        self.scoring = scoring
        self.cv = cv
        self.families = families
        self.columns = columns
        self.backend = backend
        self.sandbox = sandbox
        self.max_experiments = max_experiments
        self.time_limit = time_limit
        self.memory_limit = memory_limit
        self.holdout = holdout
        self.refit = refit
        self.warm_start = warm_start
        self.run_dir = run_dir
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    # ClassifierMixin would score by accuracy
    score = AutonomousEstimator.score


class AutonomousRegressor(RegressorMixin, AutonomousEstimator):  # type: ignore[misc]
    """:class:`AutonomousEstimator` for numbers: a regressor before ``fit``, for everything that clones.

    Parameters
    ----------
    goal : str or None, default=None
        As for :class:`AutonomousEstimator`, likewise the parameters below.
    scoring, cv, families, columns, backend, sandbox, max_experiments, time_limit, memory_limit, holdout, refit : object
        As there.
    warm_start, run_dir, n_jobs, random_state, verbose : object
        As there.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns given to ``fit``.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all of them are strings.
    """

    task = "regression"

    def __init__(
        self,
        goal: str | None = None,
        *,
        scoring: str | Scorer | None = None,
        cv: object = "auto",
        families: str | Sequence[str | Family] = "auto",
        columns: Mapping[str, str] | None = None,
        backend: str | Scientist | None = "auto",
        sandbox: str = "auto",
        max_experiments: int | None = None,
        time_limit: float | None = 300,
        memory_limit: int | str | None = None,
        holdout: float | None = 0.2,
        refit: str = "all",
        warm_start: bool = False,
        run_dir: str | os.PathLike[str] | None = None,
        n_jobs: int = -1,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.goal = goal
        self.scoring = scoring
        self.cv = cv
        self.families = families
        self.columns = columns
        self.backend = backend
        self.sandbox = sandbox
        self.max_experiments = max_experiments
        self.time_limit = time_limit
        self.memory_limit = memory_limit
        self.holdout = holdout
        self.refit = refit
        self.warm_start = warm_start
        self.run_dir = run_dir
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    # RegressorMixin would score by r2
    score = AutonomousEstimator.score


def _ask(intake: Intake, goal: str, scoring: str | Scorer | None, random_state: int) -> tuple[Task, Scoring]:
    """Build the task and its metric: the argument's, the goal's, or the usual one of the task."""
    target = intake.target
    understood: tuple[Understanding, ...] = intake.understood
    chosen: str | Scorer = DEFAULT_SCORING[target.type]
    if scoring is not None:
        chosen = scoring
    elif (metric := read_metric(goal, target.type)) is not None:
        chosen, understood = metric.value, (metric, *understood)
    resolved = make_scoring(chosen, target.type, target.classes)
    task = Task(
        goal=goal,
        type=target.type,
        type_reason=target.reason,
        target=intake.target_name,
        scoring=resolved.name,
        classes=() if target.classes is None else tuple(str(label) for label in target.classes),
        features=intake.schema.names,
        ignored=intake.ignored,
        weighted=intake.data.sample_weight is not None,
        random_state=random_state,
        understood=understood,
    )
    return task, resolved


def _question(task: Task, scoring: Scoring, intake: Intake) -> Question:
    versions = {name: version(name) for name in _PACKAGES}
    return Question(
        task=task,
        data=intake.data,
        given_holdout=intake.holdout,
        scoring=scoring,
        findings=intake.findings,
        data_sha256=data_hash(intake.data),
        versions={"python": platform.python_version(), **versions},
    )


def _settings(options: Options, cv: object) -> Settings:
    return Settings(
        budget=options.budget,
        columns=options.columns,
        cv=cv,
        holdout=options.holdout,
        refit=options.refit,
        n_jobs=options.n_jobs,
        memory_bytes=options.memory_bytes,
    )


def _seed(random_state: int | np.random.RandomState | None) -> int:
    """Return the seed of the run: the user's own number, or one that is drawn."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def _observers(verbose: int) -> tuple[Callable[[AnyEvent], None], ...]:
    if verbose < 1:
        return ()
    from octopus.reporting.console import ConsoleView

    return (ConsoleView(),)


def _load_pipeline(model: bytes, sha256: str, experiment: Experiment) -> Any | None:
    """Unpickle a pipeline that our own code wrote; one that a model wrote stays bytes."""
    if experiment.script.author != "playbook":
        return None
    if hashlib.sha256(model).hexdigest() != sha256:
        raise InvalidData("the fitted pipeline's hash is not the one that was proved: the estimator was altered.")
    return pickle.loads(model)  # noqa: S301  written by a child that ran only our own code; hash checked


def _in_class_order(pipeline: Any, table: pd.DataFrame, n_classes: int) -> Float:
    """Return probabilities with a column for every class, those that the pipeline never saw at zero."""
    known = np.asarray(pipeline.classes_, dtype=np.int64)
    probabilities = np.zeros((len(table), n_classes))
    probabilities[:, known] = np.asarray(pipeline.predict_proba(table), dtype=np.float64)
    return probabilities


def _row(experiment: Experiment) -> dict[str, object]:
    score = experiment.score
    return {
        "experiment": experiment.number,
        "family": experiment.plan.family,
        "idea": experiment.plan.idea,
        "score": np.nan if score is None else score.mean,
        "standard_error": np.nan if score is None or score.standard_error is None else score.standard_error,
        "wall_s": experiment.outcome.wall_s,
        "diagnosis": experiment.diagnoses[0].code if experiment.diagnoses else "",
    }
