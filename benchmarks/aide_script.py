"""The least that a script of AIDE's must hold beside its idea: what loads, reads the columns, folds, scores, prints."""

from __future__ import annotations

from octopus.records import Task

_HEAD = """\
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import get_scorer
from sklearn.model_selection import {folds}
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

train = pd.read_csv("./input/train.csv")
y = train[{target!r}]
X = train.drop(columns=[{target!r}])
numeric_cols = X.select_dtypes(include="number").columns.tolist()
categorical_cols = [c for c in X.columns if c not in numeric_cols]


def make_features():
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return ColumnTransformer([
        ("numeric", SimpleImputer(strategy="median"), numeric_cols),
        ("categorical", make_pipeline(SimpleImputer(strategy="most_frequent"), encoder), categorical_cols),
    ])


"""
_TAIL = """

folds = {folds}(n_splits=5, shuffle=True, random_state=42)
scorer = get_scorer({scoring!r})
scores = []
for train_idx, valid_idx in folds.split(X, y):
    model = build_pipeline()
    model.fit(X.iloc[train_idx], y.iloc[train_idx])
    scores.append(scorer(model, X.iloc[valid_idx], y.iloc[valid_idx]))
print(f"Validation {scoring}: {{np.mean(scores):.5f}}")
"""
_BLOCKS = "from blocks import"


def stand_alone(compact: str, task: Task) -> str:
    """Return a compact script with what AIDE must write itself, in place of the blocks that it imports.

    Parameters
    ----------
    compact : str
        A script as octopus's model wrote it, which reads columns through blocks and only defines a pipeline.
    task : Task
        What is asked.

    Returns
    -------
    str
        The script that is sent as AIDE's: no longer than needed, and some 300 tokens longer than the compact one.
    """
    kept = "\n".join(line for line in compact.splitlines() if not line.startswith(_BLOCKS)).strip()
    folds = "StratifiedKFold" if task.is_classification else "KFold"
    head = _HEAD.format(folds=folds, target=task.target)
    return head + kept + _TAIL.format(folds=folds, scoring=task.scoring)
