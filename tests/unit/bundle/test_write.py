"""A bundle is written whole or not at all, and only where a bundle may be."""

from __future__ import annotations

import ast
import hashlib
import json
import platform
from pathlib import Path

import pytest

from octopus.bundle.verify import verify
from octopus.bundle.write import write_bundle, write_checked
from octopus.errors import BundleError
from tests.unit.bundle.conftest import Made

FILES = {
    ".dockerignore", "Dockerfile", "MLmodel", "MODEL_CARD.md", "conda.yaml", "frame.py", "manifest.json",
    "octopus_bundle.py", "pipeline.pkl", "predict.py", "python_env.yaml", "report.html", "requirements.txt", "rows.py",
    "schema.json", "script.py", "serve.py",
}  # fmt: skip


def test_every_file_is_there_and_stamped(bundle: Path, made: Made) -> None:
    assert {path.name for path in bundle.iterdir()} == FILES
    manifest = verify(bundle)
    assert set(manifest.files) == FILES - {"manifest.json"}
    assert (bundle / "pipeline.pkl").read_bytes() == made.contents.pipeline
    assert manifest.files["pipeline.pkl"].sha256 == hashlib.sha256(made.contents.pipeline).hexdigest()
    assert (bundle / "script.py").read_text() == made.contents.script.source
    assert manifest.task == made.contents.task
    assert manifest.author == "playbook"
    assert manifest.checks == ()


def test_nothing_in_it_imports_octopus(bundle: Path) -> None:
    for path in bundle.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.partition(".")[0] == "octopus"], path.name


def test_the_container_has_this_python_and_what_slim_images_lack(bundle: Path) -> None:
    text = (bundle / "Dockerfile").read_text()
    assert text.startswith(f"FROM python:{platform.python_version().rpartition('.')[0]}-slim\n")
    assert "libgomp1" in text
    assert "USER 10001" in text
    assert "HEALTHCHECK" in text
    for line in text.splitlines():
        if line.startswith("CMD") or line.strip().startswith("CMD"):
            json.loads(line.strip().removeprefix("CMD "))  # the exec form is JSON


def test_a_bundle_is_replaced(bundle: Path, made: Made) -> None:
    (bundle / "report.html").write_text("altered")
    write_bundle(bundle, made.with_(report="new"))
    assert (bundle / "report.html").read_text() == "new"
    verify(bundle)
    assert [path.name for path in bundle.parent.iterdir()] == ["bundle"]


def test_further_files_are_part_of_it(made: Made, tmp_path: Path) -> None:
    manifest = write_bundle(tmp_path / "deep" / "bundle", made.with_(files={"estimator.pkl": b"whatever"}))
    assert manifest.files["estimator.pkl"].size_bytes == len(b"whatever")
    assert verify(tmp_path / "deep" / "bundle") == manifest


def test_an_empty_folder_is_filled(made: Made, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_bundle(tmp_path / "empty", made.contents)
    verify(tmp_path / "empty")


def test_a_folder_that_is_no_bundle_is_left_alone(made: Made, tmp_path: Path) -> None:
    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "manifest.json").write_text('{"name": "a browser extension"}')
    with pytest.raises(BundleError, match=r"holds files that are no bundle, and is left as it is\. Name a new folder"):
        write_bundle(foreign, made.contents)
    assert [path.name for path in foreign.iterdir()] == ["manifest.json"]
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="it is no folder"):
        write_bundle(tmp_path / "file", made.contents)
    with pytest.raises(BundleError, match="cannot be written"):
        write_bundle(tmp_path / "file" / "below", made.contents)


class _Odd(Exception):
    pass


def test_what_is_refused_leaves_the_old_bundle_and_nothing_else(bundle: Path, made: Made) -> None:
    def refuse(written: Path) -> tuple[()]:
        verify(written)
        raise _Odd

    before = (bundle / "manifest.json").read_bytes()
    with pytest.raises(_Odd):
        write_checked(bundle, made.with_(report="new"), refuse)
    assert (bundle / "manifest.json").read_bytes() == before
    verify(bundle)
    assert [path.name for path in bundle.parent.iterdir()] == ["bundle"]
    with pytest.raises(_Odd):
        write_checked(bundle.parent / "other", made.contents, refuse)
    assert [path.name for path in bundle.parent.iterdir()] == ["bundle"]


def test_names_of_columns_survive_every_format(made: Made, tmp_path: Path) -> None:
    nasty = 'we"ird: {x}\n[]#🐙'
    frame = made.rows.rename(columns={"note": nasty})
    schema = type(made.contents.schema).of(frame)
    write_bundle(tmp_path / "bundle", made.with_(schema=schema, optional=(nasty,)))
    assert nasty in [c["name"] for c in json.loads((tmp_path / "bundle" / "schema.json").read_text())["columns"]]
    model = json.loads((tmp_path / "bundle" / "MLmodel").read_text())
    assert nasty in [column["name"] for column in json.loads(model["signature"]["inputs"])]
