"""What is kept of an experiment's predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from octopus.predictions import PredictionStore


@pytest.mark.parametrize("shape", [(7,), (7, 3)])
def test_what_is_saved_is_loaded(tmp_path: Path, shape: tuple[int, ...]) -> None:
    kept = np.random.default_rng(0).random(shape)
    kept[2] = np.nan
    store = PredictionStore(tmp_path / "predictions")
    store.save(3, kept)
    loaded = store.load(3)
    assert loaded is not None
    np.testing.assert_array_equal(loaded, kept)
    assert [path.name for path in store.directory.iterdir()] == ["0003.npy"]


def test_the_last_of_one_number_counts(tmp_path: Path) -> None:
    store = PredictionStore(tmp_path)
    store.save(1, np.zeros(2))
    store.save(1, np.ones(2))
    np.testing.assert_array_equal(store.load(1), [1.0, 1.0])


def test_the_numbers_are_those_of_files_in_order(tmp_path: Path) -> None:
    store = PredictionStore(tmp_path)
    for number in (12, 2, 10_001):
        store.save(number, np.zeros(1))
    (tmp_path / "notes.npy").write_bytes(b"")
    assert store.numbers() == (2, 12, 10_001)


def test_nothing_is_there_before_anything_is_saved(tmp_path: Path) -> None:
    store = PredictionStore(tmp_path / "none")
    assert store.load(1) is None
    assert store.numbers() == ()


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY\x01\x00", b"no array", b"PK\x03\x04"])
def test_a_damaged_file_is_not_there(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "0001.npy").write_bytes(damage)
    assert PredictionStore(tmp_path).load(1) is None


def test_a_file_cut_short_is_not_there(tmp_path: Path) -> None:
    store = PredictionStore(tmp_path)
    store.save(1, np.arange(100.0))
    path = tmp_path / "0001.npy"
    path.write_bytes(path.read_bytes()[:-8])
    assert store.load(1) is None


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "0001.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert PredictionStore(tmp_path).load(1) is None


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = PredictionStore(tmp_path)
    store.save(1, np.zeros(2))

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="no space"):
        store.save(1, np.ones(2))
    monkeypatch.undo()
    np.testing.assert_array_equal(store.load(1), [0.0, 0.0])
    assert [path.name for path in tmp_path.iterdir()] == ["0001.npy"]
