"""One system on one data set in a process of its own: read the rows, fit, predict, write down what it took.

``python benchmarks/quality_systems.py FOLDER SYSTEM TASK BUDGET SEED CORES WARM`` reads ``FOLDER/rows.pickle`` and
writes ``FOLDER/told.npz``. It imports nothing of this repository but octopus itself, so that it runs in the peers'
environment too. CORES is a comma-separated list of cores to stay on, or "-".
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

N_JOBS = 2
#: System -> the package whose version is noted.
PACKAGES = {
    "octopus": "octopus-estimator",
    "autogluon_medium": "autogluon.tabular",
    "autogluon_best": "autogluon.tabular",
    "flaml": "flaml",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
}
#: Systems that do not search, whatever the budget.
DEFAULTS = ("lightgbm", "catboost")
#: What a system gives back: predicted values or probabilities, the classes in their order or None, and what it says.
Told = tuple[Any, Any, dict[str, Any]]


def octopus(rows: dict[str, Any], task: str, budget: float, seed: int, folder: Path) -> Told:
    """Fit octopus without a language model or a tracker."""
    from octopus import AutonomousEstimator

    scoring = {"binary": "roc_auc", "multiclass": "neg_log_loss", "regression": "neg_root_mean_squared_error"}[task]
    model = AutonomousEstimator(
        task=task, scoring=scoring, families="auto", backend=None, tracker=None, sandbox="process", time_limit=budget,
        n_jobs=N_JOBS, random_state=seed, run_dir=folder / "run",
    )  # fmt: skip
    model.fit(rows["X"], rows["y"])
    best = model.best_experiment_
    said = {"winner": f"{best.plan.family}: {best.plan.idea}", "n_experiments": len(model.leaderboard_)}
    if task == "regression":
        return lambda: model.predict(rows["X_test"]), None, said
    return lambda: model.predict_proba(rows["X_test"]), model.classes_, said


def autogluon(preset: str) -> Callable[..., Told]:
    """Return AutoGluon with a preset."""

    def fit(rows: dict[str, Any], task: str, budget: float, seed: int, folder: Path) -> Told:  # noqa: ARG001
        from autogluon.tabular import TabularPredictor

        metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "root_mean_squared_error"}[task]
        model = TabularPredictor(
            "__answer__", problem_type=task, eval_metric=metric, path=str(folder / "autogluon"), verbosity=0
        )
        model.fit(
            rows["X"].assign(__answer__=rows["y"]), presets=preset, time_limit=budget, num_cpus=N_JOBS, num_gpus=0
        )
        said = {"winner": str(model.model_best), "n_experiments": len(model.model_names())}
        if task == "regression":
            return lambda: model.predict(rows["X_test"]).to_numpy(), None, said
        return lambda: model.predict_proba(rows["X_test"]).to_numpy(), model.class_labels, said

    return fit


def flaml(rows: dict[str, Any], task: str, budget: float, seed: int, folder: Path) -> Told:  # noqa: ARG001
    """Fit FLAML for the budget."""
    from flaml import AutoML

    metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[task]
    model = AutoML()
    model.fit(
        rows["X"], rows["y"], task="regression" if task == "regression" else "classification", metric=metric,
        time_budget=budget, n_jobs=N_JOBS, seed=seed, verbose=0,
    )  # fmt: skip
    said = {"winner": str(model.best_estimator)}
    if task == "regression":
        return lambda: model.predict(rows["X_test"]), None, said
    return lambda: model.predict_proba(rows["X_test"]), model.classes_, said


def lightgbm(rows: dict[str, Any], task: str, budget: float, seed: int, folder: Path) -> Told:  # noqa: ARG001
    """Fit LightGBM as it comes, with its own handling of categories."""
    import pandas as pd
    from lightgbm import LGBMClassifier, LGBMRegressor

    X, X_test = rows["X"].copy(), rows["X_test"].copy()
    for column in _texts(X):
        X[column] = X[column].astype("category")
        X_test[column] = pd.Categorical(X_test[column], categories=X[column].cat.categories)
    names = [f"x{place}" for place in range(X.shape[1])]  # it refuses some names
    X.columns = X_test.columns = names
    kind = LGBMRegressor if task == "regression" else LGBMClassifier
    model = kind(verbose=-1, random_state=seed, n_jobs=N_JOBS).fit(X, rows["y"])
    if task == "regression":
        return lambda: model.predict(X_test), None, {}
    return lambda: model.predict_proba(X_test), model.classes_, {}


def catboost(rows: dict[str, Any], task: str, budget: float, seed: int, folder: Path) -> Told:  # noqa: ARG001
    """Fit CatBoost as it comes, with its own handling of categories."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    X, X_test = rows["X"].copy(), rows["X_test"].copy()
    texts = _texts(X)
    for column in texts:
        X[column], X_test[column] = X[column].fillna("?").astype(str), X_test[column].fillna("?").astype(str)
    kind = CatBoostRegressor if task == "regression" else CatBoostClassifier
    model = kind(
        random_seed=seed, thread_count=N_JOBS, cat_features=texts, verbose=False, allow_writing_files=False
    ).fit(X, rows["y"])
    if task == "regression":
        return lambda: model.predict(X_test), None, {}
    return lambda: model.predict_proba(X_test), model.classes_, {}


SYSTEMS: dict[str, Callable[..., Told]] = {
    "octopus": octopus,
    "autogluon_medium": autogluon("medium_quality"),
    "autogluon_best": autogluon("best_quality"),
    "flaml": flaml,
    "lightgbm": lightgbm,
    "catboost": catboost,
}


def main(arguments: list[str]) -> None:
    """Fit, predict and write down."""
    folder, system, task, budget, seed, cores, warm = arguments
    if cores != "-" and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    import numpy as np
    import pandas as pd

    warnings.simplefilter("ignore")
    with Path(folder, "rows.pickle").open("rb") as file:
        rows = pickle.load(file)
    for part in ("X", "X_test"):
        rows[part] = pd.DataFrame(dict(rows[part]))
    if warm == "1":
        few = {**rows, "X": rows["X"].head(300), "y": rows["y"][:300]}
        SYSTEMS[system](few, task, 10, int(seed), Path(folder, "warm"))
    began = time.monotonic()
    predict, classes, said = SYSTEMS[system](rows, task, float(budget), int(seed), Path(folder))
    fitted = time.monotonic()
    told = np.asarray(predict(), dtype=float)
    said |= {
        "fit_s": round(fitted - began, 2),
        "predict_s": round(time.monotonic() - fitted, 3),
        "version": version(PACKAGES[system]),
    }
    if classes is not None:
        told = told[:, np.argsort(np.asarray(classes).astype(str))]
        classes = np.sort(np.asarray(classes).astype(str))
    np.savez(Path(folder, "told.npz"), told=told, classes=np.array([] if classes is None else classes, dtype=str))
    Path(folder, "said.json").write_text(json.dumps(said), encoding="utf-8")


def _texts(X: Any) -> list[str]:
    """Return the names of the columns that hold no numbers."""
    return list(X.select_dtypes(exclude="number").columns)


if __name__ == "__main__":
    main(sys.argv[1:])
