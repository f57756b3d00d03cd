"""Whatever happened to a bundle on its way is found before anything of it is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from octopus.bundle.load import load
from octopus.bundle.verify import verify
from octopus.errors import BundleError, DamagedBundle
from tests.unit.bundle.test_write import FILES


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("harm", ["missing", "cut short", "altered", "longer"])
def test_harm_is_found_and_the_file_is_named(bundle: Path, name: str, harm: str) -> None:
    path = bundle / name
    data = path.read_bytes()
    if harm == "missing":
        path.unlink()
    elif harm == "cut short":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.write_bytes(data + b"\n#" if harm == "longer" else bytes([data[0] ^ 1]) + data[1:])
    expected = BundleError if (name, harm) == ("manifest.json", "missing") else DamagedBundle
    with pytest.raises(expected) as caught:
        verify(bundle)
    assert name in str(caught.value)
    if isinstance(caught.value, DamagedBundle):
        assert caught.value.file == name
        assert "Nothing of it was loaded" in str(caught.value)
    with pytest.raises(expected):
        load(bundle)


@pytest.mark.parametrize("name", ["sitecustomize.py", "numpy/__init__.py", "fastapi.so", "other.pkl", "x.PYC"])
def test_what_could_be_run_and_is_not_of_it_is_refused(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / name).write_text("")
    with pytest.raises(DamagedBundle, match="could be run, and is not of the bundle"):
        verify(bundle)


def test_a_program_without_a_suffix_is_refused(bundle: Path) -> None:
    (bundle / "run").write_text("#!/bin/sh")
    (bundle / "run").chmod(0o755)
    with pytest.raises(DamagedBundle, match="run could be run"):
        verify(bundle)


def test_notes_beside_it_are_no_harm(bundle: Path) -> None:
    (bundle / "README.txt").write_text("mine")
    (bundle / "__pycache__").mkdir()
    (bundle / "__pycache__" / "predict.cpython-311.pyc").write_bytes(b"")
    verify(bundle)


def test_links_are_no_files_of_it(bundle: Path, tmp_path: Path) -> None:
    (bundle / "pipeline.pkl").rename(tmp_path / "elsewhere.pkl")
    (bundle / "pipeline.pkl").symlink_to(tmp_path / "elsewhere.pkl")
    with pytest.raises(DamagedBundle, match="is no plain file"):
        verify(bundle)


def _edit(bundle: Path, **changes: object) -> None:
    path = bundle / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_manifest_of_another_format_says_so(bundle: Path) -> None:
    _edit(bundle, format=2, files={})
    with pytest.raises(BundleError, match="it is of format 2 and this version reads 1"):
        verify(bundle)


@pytest.mark.parametrize("changes", [{"author": "nobody"}, {"files": 3}, {"task": None}])
def test_a_manifest_that_makes_no_sense_is_damaged(bundle: Path, changes: dict[str, object]) -> None:
    _edit(bundle, **changes)
    with pytest.raises(DamagedBundle, match=r"manifest\.json cannot be read"):
        verify(bundle)


def test_a_manifest_cannot_leave_files_out_or_name_others(bundle: Path) -> None:
    files = json.loads((bundle / "manifest.json").read_text())["files"]
    _edit(bundle, files={name: stamp for name, stamp in files.items() if name != "pipeline.pkl"})
    with pytest.raises(DamagedBundle, match=r"does not name pipeline\.pkl"):
        verify(bundle)
    _edit(bundle, files={**files, "../outside": files["schema.json"]})
    with pytest.raises(DamagedBundle, match="names a file elsewhere"):
        verify(bundle)


def test_any_other_folder_is_no_bundle(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BundleError, match=r"it holds no manifest\.json\. Name the folder"):
            verify(path)
