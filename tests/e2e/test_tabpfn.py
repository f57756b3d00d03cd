"""TabPFN in whole runs, on weights that were never trained: tried where it can be, and never where it cannot."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from octopus import AutonomousClassifier, AutonomousRegressor
from octopus.families.tabpfn import TabPFN
from octopus.families.weights import RELEASES
from tests.frames import multiclass_frame, regression_frame

pytest.importorskip("tabpfn")

from benchmarks.tabpfn.tiny import tiny_old_weights, tiny_weights

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def _verdict(model, name: str = "tabpfn"):
    return next(v for v in model.journal_.profile.families if v.family == name)


def _tried(model):
    return [e for e in model.journal_.experiments if e.plan.family == "tabpfn"]


def test_a_number_with_weights_by_path(tmp_path: Path) -> None:
    path = tiny_weights(tmp_path / "tiny-v3.5.safetensors")
    X, y = regression_frame()
    model = AutonomousRegressor(
        families=["linear", TabPFN(model_path=str(path), version="v3.5", ensembling=1)], backend=None, random_state=0,
        max_experiments=3, n_jobs=1, run_dir=tmp_path / "run",
    ).fit(X, y)  # fmt: skip
    assert _verdict(model).applies
    assert any(e.is_valid for e in _tried(model))
    assert np.isfinite(model.predict(X[:5])).all()


def test_what_ships_is_replayed_in_a_clean_process_and_names_its_weights(tmp_path: Path) -> None:
    path = tiny_weights(tmp_path / "tiny-v3.5.safetensors")
    X, y = regression_frame()
    model = AutonomousRegressor(
        families=[TabPFN(model_path=str(path))], backend=None, random_state=0, max_experiments=1, n_jobs=1,
        run_dir=tmp_path / "run",
    ).fit(X, y)  # fmt: skip
    assert model.best_experiment_.plan.family == "tabpfn"
    before = model.predict(X[:5])
    data = pickle.dumps(model)
    np.testing.assert_array_equal(pickle.loads(data).predict(X[:5]), before)
    shipped = tmp_path / "run" / "model" / "pipeline.pkl"
    assert shipped.stat().st_size < path.stat().st_size


def test_classes_with_weights_in_the_cache_among_all_families(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_old_weights(tmp_path / RELEASES["v2"].classifier)
    monkeypatch.setenv("TABPFN_MODEL_CACHE_DIR", str(tmp_path))
    X, y = multiclass_frame()
    model = AutonomousClassifier(
        backend=None, random_state=0, max_experiments=5, n_jobs=1, run_dir=tmp_path / "run"
    ).fit(X, y)
    assert _verdict(model).applies
    assert any(e.is_valid for e in _tried(model))
    assert "Apache 2.0" in _tried(model)[0].plan.hypothesis


def test_without_weights_it_is_never_tried_and_the_journal_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABPFN_MODEL_CACHE_DIR", str(tmp_path / "empty"))
    X, y = multiclass_frame()
    model = AutonomousClassifier(
        families=["linear", "tabpfn"], backend=None, random_state=0, max_experiments=2, n_jobs=1,
        run_dir=tmp_path / "run",
    ).fit(X, y)  # fmt: skip
    assert not _verdict(model).applies
    assert "hf download Prior-Labs/TabPFN-v2-clf" in _verdict(model).reason
    assert not _tried(model)
    assert not (tmp_path / "empty").exists()
