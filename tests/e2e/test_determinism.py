"""The same seed, eight experiments, no time limit, twice: the same journal but for times."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import palmerpenguins
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from octopus import AutonomousEstimator
from octopus.journal import Journal

#: What a clock, a scale for memory or a name drawn by chance says.
_MEASURED = {"at", "elapsed_s", "wall_s", "cpu_s", "max_rss_bytes", "latency", "run"}


def _masked(journal: Journal) -> list[object]:
    return [_mask(msgspec.to_builtins(event)) for event in journal.events]


def _mask(value: object) -> object:
    if isinstance(value, dict):
        return {key: "…" if key in _MEASURED else _mask(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(inner) for inner in value]
    return re.sub(r"/\S*/script\.py", "script.py", value) if isinstance(value, str) else value


def _penguins() -> tuple[pd.DataFrame, pd.Series]:
    raw = palmerpenguins.load_penguins_raw().dropna(subset=["Sex"]).reset_index(drop=True)
    return raw.drop(columns="Sex"), raw["Sex"]


def _diabetes() -> tuple[pd.DataFrame, pd.Series]:
    return load_diabetes(return_X_y=True, as_frame=True)


@pytest.mark.slow
@pytest.mark.parametrize("load", [_penguins, _diabetes], ids=["penguins", "diabetes"])
def test_same_seed_same_journal(load, tmp_path: Path) -> None:
    X, y = load()
    journals = [
        AutonomousEstimator(
            sandbox="process",
            max_experiments=8,
            time_limit=None,
            random_state=3,
            n_jobs=2,
            run_dir=tmp_path / name,
        )
        .fit(X, y)
        .journal_
        for name in ("first", "second")
    ]
    first, second = map(_masked, journals)
    assert len(journals[0].experiments) >= 5
    assert first == second
