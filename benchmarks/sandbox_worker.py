"""Question: what does it cost to predict in a confined worker instead of the user's own process.

Two functions that take a started worker and the pipeline that it serves, loaded here; the answers come from
alternating pairs, so that a busy machine slows both sides:

* ``worker_row_ms``: added milliseconds for one row of 20 numbers, the median. Losing: above 1.
* ``worker_10k_over_inprocess``: time for 10,000 rows of 20 mixed columns over that in this process. Losing: above 1.5.

``pipelines`` makes what they are measured with: a logistic regression and LightGBM, each behind its own encoding.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from octopus.frame import Schema
from octopus.protocols import Worker
from octopus.sandbox.estimators import predict

SEED = 0
N_CLASSES = 2
#: Pairs of a row and of a table.
ROW_PAIRS, TABLE_PAIRS = 300, 21


def numbers(n_rows: int) -> pd.DataFrame:
    """Make 20 columns of numbers in canonical shape."""
    values = np.random.default_rng(SEED).normal(size=(n_rows, 20))
    raw = pd.DataFrame(values, columns=[f"number_{i}" for i in range(20)])
    return Schema.of(raw).apply(raw)


def mixed(n_rows: int) -> pd.DataFrame:
    """Make 20 columns in canonical shape: numbers with gaps, categories, dates, truth."""
    rng = np.random.default_rng(SEED)
    columns: dict[str, object] = {}
    for i in range(20):
        if i < 12:
            values = rng.normal(size=n_rows)
            values[rng.random(n_rows) < 0.05] = np.nan
            columns[f"number_{i}"] = values
        elif i < 17:
            columns[f"category_{i}"] = rng.choice([f"level {j}" for j in range(5 * (i - 11))], n_rows)
        elif i < 19:
            columns[f"date_{i}"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n_rows), "s")
        else:
            columns[f"flag_{i}"] = rng.random(n_rows) < 0.3
    raw = pd.DataFrame(columns)
    return Schema.of(raw).apply(raw)


def pipelines(table: pd.DataFrame) -> dict[str, Any]:
    """Fit a logistic regression and LightGBM on a table in canonical shape, by name."""
    from lightgbm import LGBMClassifier
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    number, text = make_column_selector(dtype_include="number"), make_column_selector(dtype_include="str")
    y = (table.iloc[:, 0].fillna(0) + np.random.default_rng(SEED).normal(size=len(table)) > 0).astype(int).to_numpy()
    scaled = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), number), (OneHotEncoder(handle_unknown="ignore"), text)
    )
    coded = make_column_transformer(
        ("passthrough", number), (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), text)
    ).set_output(transform="pandas")
    trees = LGBMClassifier(n_estimators=100, n_jobs=1, verbose=-1, random_state=SEED)
    return {
        "logistic": make_pipeline(scaled, LogisticRegression(max_iter=1000)).fit(table, y),
        "lightgbm": make_pipeline(coded, trees).fit(table, y),
    }


def worker_row_ms(worker: Worker, pipeline: Any) -> float:
    """Return the milliseconds that a worker adds to a row of numbers: pipelines of ``numbers``."""
    table = numbers(1)
    confined, own = _pairs(worker, pipeline, table, ROW_PAIRS)
    return 1e3 * statistics.median(c - o for c, o in zip(confined, own, strict=True))


def worker_10k_over_inprocess(worker: Worker, pipeline: Any) -> float:
    """Return the time for 10,000 mixed rows over that in this process: pipelines of ``mixed``."""
    confined, own = _pairs(worker, pipeline, mixed(10_000), TABLE_PAIRS)
    return statistics.median(confined) / statistics.median(own)


def _pairs(worker: Worker, pipeline: Any, table: pd.DataFrame, n_pairs: int) -> tuple[list[float], list[float]]:
    def asked() -> np.ndarray:
        return worker.predict(table)

    def loaded() -> np.ndarray:
        return predict(pipeline, table, N_CLASSES)

    np.testing.assert_allclose(asked(), loaded(), rtol=1e-12)  # the process starts, libraries warm up
    pairs = [(_took(asked), _took(loaded)) for _ in range(n_pairs)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _took(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    """Print both numbers for the strongest level that can be had here."""
    import cloudpickle

    from octopus.plugins import choose_families, open_sandbox
    from octopus.records import Limits

    sandbox = open_sandbox("auto", choose_families("auto"), 1)
    limits = Limits(wall_s=600.0, memory_bytes=8 << 30)
    print(f"level {sandbox.level}")
    for measure, table in ((worker_row_ms, numbers(5000)), (worker_10k_over_inprocess, mixed(5000))):
        for name, pipeline in pipelines(table).items():
            worker = sandbox.open_worker(cloudpickle.dumps(pipeline), n_classes=N_CLASSES, limits=limits)
            print(f"{measure.__name__}  {name:9}  {measure(worker, pipeline):.3f}")
            worker.close()
    sandbox.close()


if __name__ == "__main__":
    main()
