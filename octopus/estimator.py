"""The estimators: validate, ask the question, run the search, hold what it proved."""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import ClassifierTags, RegressorTags, Tags
from sklearn.utils.validation import validate_data

from octopus.assembly import assemble
from octopus.errors import CallbackFailed, InterruptedSearch, InvalidParameter, ModelGaveOut, TrackingIncomplete
from octopus.journal import FILENAME, Journal, read_journal
from octopus.plugins import choose_tracker
from octopus.protocols import Backend, Family, Scientist, Tracker
from octopus.proved import ProvedModel, Table
from octopus.records import Experiment, Script, Task
from octopus.rehearsal import Rehearsal, rehearse
from octopus.reporting.callbacks import Callback, Callbacks
from octopus.reporting.following import followed
from octopus.reporting.watching import watched
from octopus.reporting.words import cut
from octopus.rundir import check_run_dir, open_run, reopen_run
from octopus.scoring import Scorer
from octopus.search import search, try_script

#: Characters of the reason for a warning; the journal has all of it.
_REASON_SHOWN = 300
_log = logging.getLogger("octopus")
_log.addHandler(logging.NullHandler())


class AutonomousEstimator(ProvedModel):
    """A data scientist in an estimator: reads the data, writes scripts, runs them, proves the best and predicts.

    Parameters
    ----------
    goal : str or None, default=None
        What the model is for, in plain words. Known words choose the metric ("ranking matters", "RMSE"), say what the
        errors cost ("a missed fraud costs 50 times a false alarm": sets the threshold of ``predict``), how far ahead
        the goal looks, how soon a prediction must be there ("predictions within 50 ms": slower models are passed over)
        and which columns are not to be used ("do not use column …"). ``task_.understood`` says what was
        read from which words; an explicit argument wins.
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
    descriptions : dict of str to str, path-like or None, default=None
        What columns mean, in the user's words, for a language model: a mapping, or a file with a column's name and its
        description on each line (CSV, JSON or ``name: text``).
    backend : "auto", None, str or Backend, default="auto"
        Who leads: what ``OCTOPUS_BACKEND`` names, else the built-in playbook, which needs neither key nor network.
        None is always the playbook; "openai:MODEL" is a model behind any OpenAI-compatible endpoint, which with its key
        is read from ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``. A key alone never has a model asked. Where the model
        does not answer the playbook finishes the run, with a warning.
    fix_backend : None, str or Backend, default=None
        A cheaper model that is asked first to mend scripts that failed.
    privacy : {"summary", "schema", "samples"}, default="summary"
        What of the data a language model may be told: names, types, aggregates and frequent levels; names, types,
        counts and how much each column tells of the target alone; or three rows as well. ``docs/model.md`` lists it.
    sandbox : "auto" or str, default="auto"
        How scripts are confined: "strict", "standard", "process", "container" (see ``SECURITY.md``). "auto" takes the
        best that is proved to hold here; where that is "process" it warns, and refuses scripts that a model wrote.
    tracker : str, Tracker or None, default="mlflow"
        What shows the run elsewhere, in a process of its own that neither slows nor stops the fit. "mlflow" sends it
        where MLflow's own settings say, else to ``mlflow.db`` beside the run; None, or ``OCTOPUS_TRACKER=none`` in the
        environment, to nowhere.
    callbacks : list of callable or None, default=None
        Each is called with every event of the journal (:data:`octopus.records.AnyEvent`), once it is on disk. One that
        returns True asks the search to stop: the best so far is proved and kept. One that raises is logged and dropped,
        with a warning at the end. Like every parameter they are copied by ``clone``; those that do not pickle are left
        out of a pickled estimator.
    max_experiments : int or None, default=None
        Most experiments; None for no limit.
    time_limit : float or None, default=300
        Seconds from entering ``fit`` to its return; None for no limit.
    memory_limit : int, str or None, default=None
        Memory for all scripts together, in bytes or as "4GB"; None for 80 % of what is free.
    max_tokens : int or None, default=None
        Most tokens of a language model, prompts and replies together; checked before each call by what it takes at
        most. Once they are spent the playbook goes on.
    max_cost : float or None, default=None
        Most US dollars for a language model, likewise.
    holdout : float or None, default=0.2
        Share of the rows that is sealed before anything looks at them and opened once, for the winner.
    refit : {"all", "train"}, default="all"
        Whether the proved winner is fitted once more on every row, or the scored fit itself ships.
    incumbent : estimator or None, default=None
        The model in use now: a scikit-learn estimator or pipeline that takes the raw rows, fitted or not. It is cloned,
        scored on the same folds as the first experiment, may win, and stands beside the winner on the holdout.
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
    interval_coverage_ : dict of str to float
        Which share of the sealed rows lay inside the intervals of ``predict_interval``, by level (regression only);
        empty where nothing was sealed.
    leaderboard_ : DataFrame of shape (n_experiments, n_columns)
        The experiments, the best first: ``experiment``, ``family``, ``idea``, ``score`` with its ``standard_error``,
        a column for each secondary metric under its name, ``threshold`` where the goal says what errors cost, what the
        plan ``expected``, the ``gain`` over the experiment that it set out from with its ``verdict`` (beyond noise or
        not), ``wall_s`` and the first ``diagnosis``.
    report_ : str
        The run as a page of HTML that stands alone; ``run_dir_ / "model" / "report.html"`` is the same.
    threshold_ : float or None
        Probability of ``task_.costs.positive`` from which on ``predict`` says that class, where the goal says what the
        errors cost; else None, and ``predict`` says the most probable class.
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
        descriptions: Mapping[str, str] | str | os.PathLike[str] | None = None,
        backend: str | Backend | Scientist | None = "auto",
        fix_backend: str | Backend | None = None,
        privacy: str = "summary",
        sandbox: str = "auto",
        tracker: str | Tracker | None = "mlflow",
        callbacks: Sequence[Callback] | None = None,
        max_experiments: int | None = None,
        time_limit: float | None = 300,
        memory_limit: int | str | None = None,
        max_tokens: int | None = None,
        max_cost: float | None = None,
        holdout: float | None = 0.2,
        refit: str = "all",
        incumbent: object = None,
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
        self.descriptions = descriptions
        self.backend = backend
        self.fix_backend = fix_backend
        self.privacy = privacy
        self.sandbox = sandbox
        self.tracker = tracker
        self.callbacks = callbacks
        self.max_experiments = max_experiments
        self.time_limit = time_limit
        self.memory_limit = memory_limit
        self.max_tokens = max_tokens
        self.max_cost = max_cost
        self.holdout = holdout
        self.refit = refit
        self.incumbent = incumbent
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
        given = None if X_holdout is None and y_holdout is None else (X_holdout, y_holdout)
        asked = assemble(self._parameters(), X, y, groups=groups, sample_weight=sample_weight, holdout=given)
        validate_data(self, X, skip_check_array=True, reset=True)
        if self.run_dir is not None:  # before anything is asked, or paid for
            check_run_dir(self.run_dir, self.warm_start)
        before = self._carried_on()
        parts = asked.parts(asked.author(before))
        question = asked.question(before)
        callbacks, tracker = Callbacks(asked.options.callbacks), choose_tracker(self.tracker)
        with watched(self.verbose) as watch, open_run(
            self.run_dir,
            question.task.target,
            lambda: time.monotonic() - began,
            self.warm_start,
            (*watch.observers, callbacks),
            callbacks.asked_to_stop,
            watch.announce,
        ) as (path, run), followed(tracker, path) as untracked:  # fmt: skip
            shipped = search(question, parts, asked.settings, run)
            self._remember(path, run.journal, shipped, asked.intake, asked.scientist)
            self._write(path)
        if self.journal_.interrupted:
            warnings.warn(InterruptedSearch("interrupted: the best model so far is returned"), stacklevel=2)
        if reason := self.journal_.retirement:
            said = cut(reason, _REASON_SHOWN)
            warnings.warn(ModelGaveOut(f"{asked.scientist.name} took no further part: {said}"), stacklevel=2)
        for kind, problems in ((CallbackFailed, callbacks.problems), (TrackingIncomplete, untracked)):
            if problems:
                warnings.warn(kind("; ".join(problems)), stacklevel=2)
        return self

    def rehearse(self, X: Table, y: ArrayLike) -> Rehearsal:
        """Show what a language model would be asked first, and about what a run would take; nothing is asked or run.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Raw features.
        y : array-like of shape (n_samples,)
            Target.

        Returns
        -------
        Rehearsal
            The prompts, and tokens and money from below and from above.

        Raises
        ------
        InvalidParameter
            No model leads, or something else cannot be used.
        """
        return rehearse(assemble(self._parameters(), X, y))

    def try_script(
        self,
        X: Table,
        y: ArrayLike,
        script: str,
        *,
        hypothesis: str = "",
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Experiment:
        """Score a script of one's own on the folds of the run in ``run_dir``, as one of its experiments.

        In an unfinished run it may win like any other; in a finished one, whose holdout is open, it is kept and scored
        and never ships.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The same rows as the run's.
        y : array-like of shape (n_samples,)
            Their target.
        script : str
            Source of a module that defines ``build_pipeline``.
        hypothesis : str, default=""
            What it is to show.
        groups, sample_weight : array-like of shape (n_samples,) or None, default=None
            What ``fit`` was given.

        Returns
        -------
        Experiment
            With its score, or the diagnosis of its failure.

        Raises
        ------
        RunDirectoryError
            There is no run in ``run_dir``, or it is about other rows or another question.
        """
        began = time.monotonic()
        if self.run_dir is None:
            raise InvalidParameter("run_dir", None, "no run is named", "Give the directory of the run to try it in.")
        before = read_journal(self.run_dir)
        asked = assemble(self._parameters(), X, y, groups=groups, sample_weight=sample_weight)
        question, parts = asked.question(before), asked.parts("user")
        callbacks, tracker = Callbacks(asked.options.callbacks), choose_tracker(self.tracker)
        with watched(self.verbose) as watch, reopen_run(
            self.run_dir, lambda: time.monotonic() - began, (*watch.observers, callbacks), watch.announce
        ) as (path, run), followed(tracker, path):  # fmt: skip
            words = hypothesis or "the user's own script"
            return try_script(question, parts, asked.settings, run, Script(source=script, author="user"), words)

    def _parameters(self) -> dict[str, object]:
        """Return the parameters, the task that a subclass fixes among them."""
        return {**self.get_params(deep=False), "task": self.task}

    def _carried_on(self) -> Journal | None:
        """Return the journal of the run that is carried on: its goal was read, and models may have written scripts."""
        if not self.warm_start or self.run_dir is None or not (Path(self.run_dir) / FILENAME).is_file():
            return None
        return read_journal(Path(self.run_dir))

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


class _FixedTask(AutonomousEstimator):
    """An estimator whose task is fixed by its class."""

    _task: ClassVar[str]

    def __init__(
        self,
        goal: str | None = None,
        *,
        scoring: str | Scorer | None = None,
        cv: object = "auto",
        families: str | Sequence[str | Family] = "auto",
        columns: Mapping[str, str] | None = None,
        descriptions: Mapping[str, str] | str | os.PathLike[str] | None = None,
        backend: str | Backend | Scientist | None = "auto",
        fix_backend: str | Backend | None = None,
        privacy: str = "summary",
        sandbox: str = "auto",
        tracker: str | Tracker | None = "mlflow",
        callbacks: Sequence[Callback] | None = None,
        max_experiments: int | None = None,
        time_limit: float | None = 300,
        memory_limit: int | str | None = None,
        max_tokens: int | None = None,
        max_cost: float | None = None,
        holdout: float | None = 0.2,
        refit: str = "all",
        incumbent: object = None,
        warm_start: bool = False,
        run_dir: str | os.PathLike[str] | None = None,
        n_jobs: int = -1,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            goal,
            task=self._task,
            scoring=scoring,
            cv=cv,
            families=families,
            columns=columns,
            descriptions=descriptions,
            backend=backend,
            fix_backend=fix_backend,
            privacy=privacy,
            sandbox=sandbox,
            tracker=tracker,
            callbacks=callbacks,
            max_experiments=max_experiments,
            time_limit=time_limit,
            memory_limit=memory_limit,
            max_tokens=max_tokens,
            max_cost=max_cost,
            holdout=holdout,
            refit=refit,
            incumbent=incumbent,
            warm_start=warm_start,
            run_dir=run_dir,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
        )


class AutonomousClassifier(ClassifierMixin, _FixedTask):  # type: ignore[misc]
    """:class:`AutonomousEstimator` for classes: a classifier before ``fit``, for everything that clones.

    Parameters
    ----------
    goal : str or None, default=None
        As for :class:`AutonomousEstimator`, likewise the parameters below.
    scoring, cv, families, columns, descriptions, backend, fix_backend, privacy, sandbox, callbacks : object
        As of :class:`AutonomousEstimator`.
    max_experiments, time_limit, memory_limit, max_tokens, max_cost : object
        As there.
    holdout, refit, incumbent, warm_start, run_dir, n_jobs, random_state, verbose : object
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

    _task = "classification"

    # ClassifierMixin would score by accuracy
    score = AutonomousEstimator.score


class AutonomousRegressor(RegressorMixin, _FixedTask):  # type: ignore[misc]
    """:class:`AutonomousEstimator` for numbers: a regressor before ``fit``, for everything that clones.

    Parameters
    ----------
    goal : str or None, default=None
        As for :class:`AutonomousEstimator`, likewise the parameters below.
    scoring, cv, families, columns, descriptions, backend, fix_backend, privacy, sandbox, callbacks : object
        As of :class:`AutonomousEstimator`.
    max_experiments, time_limit, memory_limit, max_tokens, max_cost : object
        As there.
    holdout, refit, incumbent, warm_start, run_dir, n_jobs, random_state, verbose : object
        As there.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns given to ``fit``.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all of them are strings.
    """

    _task = "regression"

    # RegressorMixin would score by r2
    score = AutonomousEstimator.score
