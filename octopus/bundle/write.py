"""A proved model → a directory that predicts and serves without octopus."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import msgspec

from octopus.bundle.contents import FORMAT, MANIFEST, BundleContents, FileStamp, Manifest
from octopus.bundle.description import description_json
from octopus.bundle.mlflow_files import mlflow_files
from octopus.bundle.requirements import find_requirements, requirements_text
from octopus.errors import BundleError
from octopus.records import ReplayCheck

#: Code that travels as it is.
TEMPLATES = ("predict", "rows", "serve", "octopus_bundle")
#: How the code in a bundle finds its neighbours.
_OURS = re.compile(r"^from octopus(?:\.\w+)*\.(\w+) import ", re.MULTILINE)
_IGNORED_BY_DOCKER = "__pycache__\n"


def write_bundle(directory: Path, contents: BundleContents) -> Manifest:
    """Write a bundle, without a replay: :func:`octopus.bundle.export.export` has one.

    Parameters
    ----------
    directory : Path
        Where to; a bundle that is there is replaced.
    contents : BundleContents
        What is exported.

    Returns
    -------
    Manifest
        What was written.

    Raises
    ------
    BundleError
        The directory holds something else, or cannot be written.
    """
    return write_checked(directory, contents, lambda _: ())


def write_checked(
    directory: Path, contents: BundleContents, check: Callable[[Path], Sequence[ReplayCheck]]
) -> Manifest:
    """Write a bundle beside its place, check it there and move it to its place: no half of one is ever seen.

    Parameters
    ----------
    directory : Path
        Where to; a bundle that is there is replaced.
    contents : BundleContents
        What is exported.
    check : callable
        Gets the directory of the finished bundle and returns what the manifest shall tell; what it raises, the bundle
        does not survive.

    Returns
    -------
    Manifest
        What was written.

    Raises
    ------
    BundleError
        The directory holds something else, or cannot be written.
    """
    directory = Path(directory).absolute()
    _refuse_foreign(directory)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    except OSError as error:
        raise BundleError(
            directory, f"it cannot be written ({error})", "Name a folder that you may write to."
        ) from error
    try:
        manifest = _write(beside, contents)
        _write_manifest(beside, manifest)
        manifest = msgspec.structs.replace(manifest, checks=tuple(check(beside)))
        _write_manifest(beside, manifest)
        _move(beside, directory)
    except OSError as error:
        raise BundleError(
            directory, f"it cannot be written ({error})", "Free some space, or name another folder."
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


def template_source(name: str) -> str:
    """Return the source of a module as it travels: it imports its neighbours in place of octopus.

    Parameters
    ----------
    name : str
        A module of :mod:`octopus.bundle.templates`.

    Returns
    -------
    str
        Python.
    """
    source = (files("octopus.bundle.templates") / f"{name}.py").read_text(encoding="utf-8")
    return _OURS.sub(r"from \1 import ", source)


def _write(directory: Path, contents: BundleContents) -> Manifest:
    python = platform.python_version()
    created = datetime.now(UTC).isoformat(timespec="seconds")
    requirements = find_requirements(contents.pipeline, contents.script.source)
    minor = python.rpartition(".")[0]
    dockerfile = (files("octopus.bundle.templates") / "Dockerfile").read_text(encoding="utf-8")
    texts = {
        **{f"{name}.py": template_source(name) for name in TEMPLATES},
        "frame.py": (files("octopus") / "frame.py").read_text(encoding="utf-8"),
        "script.py": contents.script.source,
        "schema.json": description_json(contents),
        "requirements.txt": requirements_text(requirements, python),
        "Dockerfile": dockerfile.replace("{python}", minor),
        ".dockerignore": _IGNORED_BY_DOCKER,
        "MODEL_CARD.md": contents.model_card,
        "report.html": contents.report,
        **mlflow_files(contents, created, python),
    }
    written = {**contents.files, "pipeline.pkl": contents.pipeline, **{n: t.encode() for n, t in texts.items()}}
    for name, data in written.items():
        (directory / name).write_bytes(data)
    return Manifest(
        format=FORMAT,
        created=created,
        files={name: _stamp(data) for name, data in sorted(written.items())},
        versions={"python": python, **requirements},
        task=contents.task,
        author=contents.script.author,
        fitted_on=contents.fitted_on,
        experiment=contents.experiment,
        validation=contents.validation,
        holdout=contents.holdout,
    )


def _stamp(data: bytes) -> FileStamp:
    return FileStamp(sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))


def _write_manifest(directory: Path, manifest: Manifest) -> None:
    (directory / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def _refuse_foreign(directory: Path) -> None:
    """Refuse what is there, unless it is empty or was written here."""
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise BundleError(directory, "it is no folder", "Name a new folder.")
    if directory.is_dir() and any(directory.iterdir()) and not _is_bundle(directory):
        raise BundleError(directory, "it holds files that are no bundle, and is left as it is", "Name a new folder.")


def _is_bundle(directory: Path) -> bool:
    try:
        msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError):
        return False
    return True


def _move(beside: Path, directory: Path) -> None:
    """Put the new bundle where the old one is; where that fails, the old one is put back."""
    beside.chmod(0o755)
    if not directory.exists():
        beside.replace(directory)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{directory.name}-old-", dir=directory.parent))
    directory.replace(old)
    try:
        beside.replace(directory)
    except OSError:
        old.replace(directory)
        raise
    shutil.rmtree(old, ignore_errors=True)
