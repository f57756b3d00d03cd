"""What a fitted estimator is: a proved pipeline with its record; it predicts, scores and pickles."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import cloudpickle
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from octopus.bundle.contents import BundleContents, Manifest
from octopus.bundle.export import export
from octopus.bundle.probe import probe_rows
from octopus.bundle.replay import plainly
from octopus.bundle.write import write_bundle
from octopus.byvalue import packed, unpacked
from octopus.dataset import Float
from octopus.errors import InvalidData
from octopus.frame import SchemaError
from octopus.incumbent import is_incumbent
from octopus.intake.rows import Intake
from octopus.intake.table import check_table
from octopus.intervals import FoldErrors, check_levels
from octopus.journal import Journal
from octopus.options import read_options
from octopus.plugins import choose_families, open_sandbox
from octopus.proof import Shipped
from octopus.protocols import Sandbox, Scientist, Worker
from octopus.records import Experiment, HoldoutReport, Limits, Profile, Script, Task
from octopus.reporting.card import model_card
from octopus.reporting.leaderboard import leaderboard
from octopus.reporting.page import report_page
from octopus.reporting.script import standalone_script
from octopus.scoring import Scoring, make_scoring
from octopus.target import encode, measure

#: Seconds for an answer of what predicts outside this process, where the pipeline may not be loaded in it.
_PREDICT_WITHIN_S = 3600.0

Table: TypeAlias = "pd.DataFrame | ArrayLike"


def _classifies(estimator: ProvedModel) -> bool:
    """Tell whether there are probabilities; before ``fit``, from what the user says the task is."""
    fitted: Task | None = getattr(estimator, "task_", None)
    if fitted is not None:
        return fitted.is_classification
    return getattr(estimator, "task", "classification") in ("classification", "binary", "multiclass")


def _predicts_numbers(estimator: ProvedModel) -> bool:
    """Tell whether there are intervals; classes have probabilities instead."""
    fitted: Task | None = getattr(estimator, "task_", None)
    if (fitted is not None and fitted.is_classification) or (fitted is None and _classifies(estimator)):
        raise AttributeError("predict_interval is for numbers: of classes, predict_proba says how sure the model is.")
    return True


class ProvedModel(BaseEstimator):  # type: ignore[misc]
    """The fitted half of :class:`octopus.estimator.AutonomousEstimator`, which documents its attributes.

    The pipeline is kept as the bytes that were replayed. It is loaded into this process only where octopus' own
    playbook wrote its script; one that a model wrote predicts in a process of the sandbox, started at the first
    prediction and kept.
    """

    def predict(self, X: Table) -> NDArray[Any]:
        """Predict labels or values.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Raw features as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Numbers, or class labels of the user's own type: the most probable class, or where the goal says what the
            errors cost, the one that costs least (``threshold_``).

        Raises
        ------
        InvalidData
            Columns are missing or hold values of another kind.
        SandboxError
            A pipeline that a model wrote raised, or the process that it predicts in gave no answer twice.
        """
        predictions = self._predict(X)
        if not self.task_.is_classification:
            return predictions
        labels: NDArray[Any] = self.classes_[self._decide(predictions)]
        return labels

    @available_if(_classifies)  # type: ignore[untyped-decorator]
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

    @available_if(_predicts_numbers)  # type: ignore[untyped-decorator]
    def predict_interval(self, X: Table, level: float | Sequence[float] = 0.9) -> Float:
        """Predict intervals that hold the true value in so many of the rows to come.

        They reach as far to either side as the errors out of fold say: conformal prediction, which holds on average
        over rows like those of ``fit``, not for each kind of row. ``interval_coverage_`` says how sealed rows fared.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Raw features as in ``fit``.
        level : float or sequence of float, default=0.9
            Share of the rows to come that is to lie inside, between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, 2, n_levels)
            Lower and upper ends, in units of the target; infinite where ``fit`` had too few rows for the level.

        Raises
        ------
        InvalidParameter
            A level is no number between 0 and 1.
        InvalidData
            The run kept no predictions out of fold, or X cannot be predicted.
        """
        check_is_fitted(self)
        check_levels(level)
        errors: FoldErrors | None = getattr(self, "_errors", None)
        if errors is None:
            raise InvalidData(
                "there are no intervals: the run kept no predictions out of fold of the model that ships. Fit anew."
            )
        return errors.around(self._predict(X), level)

    @property
    def interval_coverage_(self) -> dict[str, float]:
        """Which share of the sealed rows lay inside the intervals, by level; empty where nothing was measured."""
        report = self._fitted_journal("interval_coverage_").holdout
        return {} if report is None else dict(report.coverage)

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
            The score; NaN where the metric is undefined on these rows. A metric of labels rates the most probable class
            as in the search, also where ``predict`` goes by costs.
        """
        predictions = self._predict(X)
        scoring = self._scoring()
        classes = getattr(self, "classes_", None)
        truth = measure(y) if classes is None else encode(y, classes)
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
    def threshold_(self) -> float | None:
        """Probability of ``task_.costs.positive`` from which on it is predicted; None without costs."""
        self._fitted_journal("threshold_")
        return self.best_experiment_.threshold

    @property
    def leaderboard_(self) -> pd.DataFrame:
        """The experiments, the best first and the failed ones last."""
        return leaderboard(self._fitted_journal("leaderboard_"))

    @property
    def report_(self) -> str:
        """The run as a page of HTML that stands alone: what was asked, found, tried and proved."""
        return report_page(self._fitted_journal("report_"))

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_pipeline", None)
        state.pop("_workers", None)
        state["scoring"] = packed(state["scoring"], otherwise=state["scoring"])
        state["incumbent"] = packed(state.get("incumbent"), otherwise=None)
        state["callbacks"] = packed(state["callbacks"], otherwise=None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({name: unpacked(value) for name, value in state.items()})
        if hasattr(self, "_model"):
            self._let_workers_go()
            self._pipeline = _load_pipeline(self._model, self._sha256, self.best_experiment_)

    def _remember(self, path: Path, journal: Journal, shipped: Shipped, intake: Intake, scientist: Scientist) -> None:
        """Set the fitted attributes."""
        assert journal.task is not None
        self.task_ = journal.task
        self.journal_ = journal
        self.best_experiment_ = shipped.experiment
        self.run_dir_ = path
        self.scientist_ = scientist.name
        self.schema_, self._names = intake.schema, intake.names
        if intake.target.classes is not None:
            self.classes_ = intake.target.classes
        elif hasattr(self, "classes_"):
            del self.classes_
        self._let_workers_go()
        self._model, self._sha256, self._errors = shipped.model, shipped.sha256, shipped.errors
        self._pipeline = _load_pipeline(self._model, self._sha256, shipped.experiment)

    def export(self, path: str | os.PathLike[str]) -> Manifest:
        """Write the proved model as a bundle that works without octopus, and replay it in a cold, clean process.

        Parameters
        ----------
        path : path-like
            Directory to write it to: a new or empty one, or a bundle that is replaced.

        Returns
        -------
        Manifest
            The files of the bundle with their hashes, and the checks of the replay.

        Raises
        ------
        BundleError
            The directory holds something else, cannot be written, or the bundle does not replay.
        """
        check_is_fitted(self)
        contents = self._contents()
        rows = probe_rows(self.schema_, self.profile_.columns)
        expected = self._predict_canonical(self.schema_.apply(rows))
        run = plainly if self._pipeline is not None else self._open_sandbox().run_program
        return export(Path(path), contents, rows, expected, run)

    def _contents(self) -> BundleContents:
        journal, best = self._fitted_journal("export"), self.best_experiment_
        labels = self.classes_.tolist() if self.task_.is_classification else ()
        # A script of a model's may look at any column, the playbook's looks at those that are used.
        idle = [c.name for c in self.profile_.columns if not c.used] if best.script.author == "playbook" else []
        return BundleContents(
            pipeline=self._model,
            script=Script(source=standalone_script(best.script, self.schema_, self.task_), author=best.script.author),
            schema=self.schema_,
            task=self.task_,
            labels=tuple(labels),
            threshold=self.threshold_,
            columns=self.profile_.columns,
            optional=tuple(idle),
            fitted_on=journal.finished.shipped if journal.finished else "train",
            experiment=best.number,
            validation=best.score,
            holdout=self.holdout_report_,
            model_card=model_card(journal),
            report=report_page(journal),
        )

    def _write(self, directory: Path) -> None:
        """Put the model beside the journal: as a bundle, and as this estimator."""
        write_bundle(directory / "model", self._contents())
        (directory / "schema.json").write_text(self.schema_.to_json(), encoding="utf-8")
        bare = type(self).__new__(type(self))
        bare.__dict__.update(
            self.__dict__, callbacks=None, incumbent=None
        )  # whoever reads the file may not have their modules
        (directory / "estimator.pkl").write_bytes(cloudpickle.dumps(bare))

    def _decide(self, probabilities: Float) -> NDArray[np.intp]:
        """Return the number of the class that is predicted."""
        threshold, costs = self.threshold_, self.task_.costs
        if threshold is None or costs is None:
            most_probable: NDArray[np.intp] = np.argmax(probabilities, axis=1)
            return most_probable
        positive = self.task_.classes.index(costs.positive)
        decided: NDArray[np.intp] = np.where(probabilities[:, positive] >= threshold, positive, 1 - positive)
        return decided

    def _predict(self, X: Table) -> Float:
        """Return probabilities or values of raw rows."""
        check_is_fitted(self)
        raw = check_table(X)
        if not raw.columns.is_unique:
            raise InvalidData(
                f"X has columns of one name: {', '.join(raw.columns[raw.columns.duplicated()])}. Drop some."
            )
        try:
            validate_data(self, X, skip_check_array=True, reset=False)
        except ValueError as error:
            raise InvalidData(str(error)) from error
        if not (hasattr(self, "feature_names_in_") and isinstance(X, pd.DataFrame)):
            raw = raw.set_axis(list(self._names), axis=1)  # by position, as scikit-learn has it
        try:
            table = self.schema_.apply(raw)
        except SchemaError as error:
            raise InvalidData(str(error)) from error
        return self._predict_canonical(table)

    def _predict_canonical(self, table: pd.DataFrame) -> Float:
        """Return probabilities or values of rows in canonical shape."""
        if self._pipeline is None:
            return self._predict_confined(table)
        if not self.task_.is_classification:
            return np.asarray(self._pipeline.predict(table), dtype=np.float64).reshape(-1)
        return _in_class_order(self._pipeline, table, self.task_.n_classes)

    def _predict_confined(self, table: pd.DataFrame) -> Float:
        """Predict in the sandbox, for a pipeline that a model wrote: its pickle is not loaded in this process."""
        worker = self._workers.get(self.sandbox)
        if worker is None:
            memory_bytes = read_options(self.get_params(deep=False)).memory_bytes
            limits = Limits(wall_s=_PREDICT_WITHIN_S, memory_bytes=memory_bytes)
            opened = self._open_sandbox().open_worker(self._model, n_classes=self.task_.n_classes, limits=limits)
            worker = self._workers.setdefault(self.sandbox, opened)  # another thread's; neither is started yet
        return worker.predict(table)

    def _open_sandbox(self) -> Sandbox:
        """Return where a pipeline that a model wrote may be loaded."""
        n_jobs = read_options(self.get_params(deep=False)).n_jobs
        best = self.best_experiment_
        author = "playbook" if is_incumbent(best) else best.script.author  # the user's own object, not a model's text
        return open_sandbox(self.sandbox, choose_families(self.families), n_jobs, author)

    def _let_workers_go(self) -> None:
        """End what predicts for an earlier pipeline. Without that, the workers go with the estimator."""
        workers: dict[object, Worker] = self.__dict__.get("_workers", {})
        for worker in workers.values():
            worker.close()
        self._workers: dict[object, Worker] = {}

    def _scoring(self) -> Scoring:
        """Return the metric of the run; built anew, for a scorer may not survive a pickle."""
        name = self.task_.scoring if self.scoring is None else self.scoring
        return make_scoring(name, self.task_.type, getattr(self, "classes_", None))

    def _fitted_journal(self, attribute: str) -> Journal:
        journal: Journal | None = self.__dict__.get("journal_")
        if journal is None:
            raise AttributeError(f"{type(self).__name__} has no attribute {attribute!r} before fit")
        return journal


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
