"""TabPFN through our blocks, on weights that were never trained: contexts, pickles without weights, clear refusals."""

from __future__ import annotations

import pickle
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

pytest.importorskip("tabpfn")

from benchmarks.tabpfn.tiny import tiny_old_weights, tiny_weights
from octopus.blocks.tabpfn import ContextClassifier, ContextRegressor, context_rows, weights_at

N_ROWS = 240


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_weights(tmp_path_factory.mktemp("weights") / "tiny-v3.5.safetensors")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_old_weights(tmp_path_factory.mktemp("weights") / "tiny.ckpt")


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a[{": rng.normal(size=N_ROWS), "b": rng.normal(size=N_ROWS), "void": np.nan})
    X["kind"] = pd.Categorical(rng.choice(["x", "y", "z"], N_ROWS))
    X.loc[::7, "a[{"] = np.nan
    return X


def fitted(kind: type, path: Path, **settings: object):
    X = table()
    y = X["b"].to_numpy() * 3 if kind is ContextRegressor else np.digitize(X["b"], [-0.5, 0.5])
    return kind(str(path), n_estimators=1, random_state=0, n_jobs=1, **settings).fit(X, y)


def said(model, X: pd.DataFrame) -> np.ndarray:
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


@pytest.mark.parametrize("settings", [{}, {"n_rows": 80, "n_contexts": 3}], ids=["whole", "contexts"])
@pytest.mark.parametrize("kind", [ContextClassifier, ContextRegressor])
def test_a_pickle_names_the_weights_and_says_the_same(kind: type, path: Path, settings: dict[str, int]) -> None:
    model, X = fitted(kind, path, **settings), table()[:30]
    assert len(model.models_) == settings.get("n_contexts", 1)
    before = said(model, X)
    assert np.isfinite(before).all()
    data = pickle.dumps(model)
    assert len(data) < 60_000 < path.stat().st_size, "the weights are not in it"
    loaded = pickle.loads(data)
    again = pickle.loads(pickle.dumps(loaded))
    for one in (loaded, again):
        np.testing.assert_array_equal(said(one, X), before)
    np.testing.assert_array_equal(said(fitted(kind, path, **settings), X), before)


def test_probabilities_are_those_of_all_classes_and_old_weights_serve(old: Path) -> None:
    model = fitted(ContextClassifier, old)
    found = said(model, table())
    assert found.shape == (N_ROWS, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert set(model.predict(table())) <= {0, 1, 2}
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize("kind", [ContextClassifier, ContextRegressor])
def test_a_row_alone_is_the_row_among_others(kind: type, path: Path) -> None:
    model, X = fitted(kind, path), table()
    whole = said(model, X)
    for row in (0, 7, 100):
        # One row is multiplied in another order than two hundred: a hundred times the precision of float32.
        np.testing.assert_allclose(said(model, X.iloc[[row]]), whole[[row]], rtol=1e-5)


def test_embedded_weights_need_no_file(path: Path, tmp_path: Path) -> None:
    own = tmp_path / path.name
    own.write_bytes(path.read_bytes())
    model = fitted(ContextRegressor, own, embed_weights=True, output="median")
    before = said(model, table())
    data = cloudpickle.dumps(model)
    own.unlink()
    assert len(data) > path.stat().st_size / 2
    np.testing.assert_array_equal(said(pickle.loads(data), table()), before)


def test_weights_that_have_gone_are_named_and_may_lie_elsewhere(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TABPFN_MODEL_CACHE_DIR", raising=False)
    own = tmp_path / "here" / path.name
    own.parent.mkdir()
    own.write_bytes(path.read_bytes())
    model = fitted(ContextClassifier, own)
    before, data = said(model, table()), pickle.dumps(model)
    own.unlink()
    lost = pickle.loads(data)
    with pytest.raises(FileNotFoundError, match=r"TABPFN_MODEL_CACHE_DIR"):
        said(lost, table())
    with pytest.raises(FileNotFoundError):
        fitted(ContextClassifier, own)
    assert not own.exists()
    monkeypatch.setenv("TABPFN_MODEL_CACHE_DIR", str(path.parent))
    np.testing.assert_array_equal(said(lost, table()), before)
    assert weights_at(str(own)) == str(path)


def test_contexts_hold_every_class_and_other_rows() -> None:
    labels = np.array([0] * 95 + [1] * 4 + [2])
    found = context_rows(labels, 30, 3, 0)
    for rows in found:
        assert len(rows) == len(set(rows)) == 30
        assert set(labels[rows]) == {0, 1, 2}
    assert len(set(np.concatenate(found))) > 80
    assert [r.tolist() for r in context_rows(labels, 100, 3, 0)] == [list(range(100))]
    assert all(np.array_equal(a, b) for a, b in zip(found, context_rows(labels, 30, 3, 0), strict=True))
