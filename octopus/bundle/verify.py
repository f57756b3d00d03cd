"""A directory → the assurance that it is a bundle, and that every file is the one that was written.

Hashes find damage and accident. They are no signature: who can rewrite the files can rewrite the manifest too.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import msgspec

from octopus.bundle.contents import FORMAT, MANIFEST, FileStamp, Manifest
from octopus.errors import BundleError, DamagedBundle, UntrustedPickle

#: What Python runs or unpickles when it lies beside a script: such a file must be one that was written here.
_RUNS = frozenset((".py", ".pyc", ".pyd", ".pyw", ".pth", ".so", ".dll", ".dylib", ".pkl", ".pickle", ".joblib", ".sh"))
_NEEDED = ("pipeline.pkl", "schema.json", "script.py", "frame.py", "predict.py", "rows.py", "serve.py")
#: Byte code that Python itself left there; what octopus starts does not look into it.
_CACHE = "__pycache__"
_CHUNK_BYTES = 1 << 20


def verify(directory: Path) -> Manifest:
    """Check every file of a bundle against its manifest; nothing of it is run.

    Parameters
    ----------
    directory : Path
        Where the bundle lies.

    Returns
    -------
    Manifest
        What it is.

    Raises
    ------
    BundleError
        It is no bundle, or one of another format.
    DamagedBundle
        A file is missing, cut short, altered, or could be run and is not of the bundle.
    """
    manifest = read_manifest(directory)
    for name in _NEEDED:
        if name not in manifest.files:
            raise DamagedBundle(directory, MANIFEST, f"does not name {name}")
    for name, stamp in manifest.files.items():
        _check_file(directory, name, stamp)
    for entry in sorted(Path(directory).rglob("*")):
        _check_stranger(directory, entry, manifest)
    return manifest


def read_manifest(directory: Path) -> Manifest:
    """Read what a bundle says of itself.

    Parameters
    ----------
    directory : Path
        Where the bundle lies.

    Returns
    -------
    Manifest
        Not yet checked against the files.

    Raises
    ------
    BundleError
        It is no bundle, or one of another format.
    DamagedBundle
        The manifest cannot be read.
    """
    path = Path(directory) / MANIFEST
    if not path.is_file():
        raise BundleError(directory, f"it holds no {MANIFEST}", "Name the folder that `octopus export` wrote.")
    data = path.read_bytes()
    try:
        known: dict[str, object] = msgspec.json.decode(data, type=dict[str, object])
        if known.get("format") == FORMAT:
            return msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise DamagedBundle(directory, MANIFEST, f"cannot be read ({error})") from error
    raise BundleError(
        directory,
        f"it is of format {known.get('format')!r} and this version reads {FORMAT}",
        "Use the version of octopus that wrote it, or export the model anew. Its own predict.py still works.",
    )


def check_trust(directory: Path, manifest: Manifest, allow_pickle: bool) -> None:
    """Refuse a pickle that a language model's code made, unless the user says that it may be loaded.

    Parameters
    ----------
    directory : Path
        Where the bundle lies.
    manifest : Manifest
        Says who wrote the script.
    allow_pickle : bool
        Whether the user trusts it.

    Raises
    ------
    UntrustedPickle
        The user does not.
    """
    if manifest.author != "playbook" and not allow_pickle:
        raise UntrustedPickle(directory)


def _check_file(directory: Path, name: str, stamp: FileStamp) -> None:
    path = Path(directory) / name
    if Path(name).name != name:
        raise DamagedBundle(directory, MANIFEST, f"names a file elsewhere, {name!r}")
    if not path.is_file() or path.is_symlink():
        raise DamagedBundle(directory, name, "is missing" if not path.exists() else "is no plain file")
    size = path.stat().st_size
    if size < stamp.size_bytes:
        raise DamagedBundle(directory, name, f"is cut short: {size:,} of {stamp.size_bytes:,} bytes are there")
    if size > stamp.size_bytes or _sha256(path) != stamp.sha256:
        raise DamagedBundle(directory, name, "was altered: its hash is not the one in the manifest")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _check_stranger(directory: Path, entry: Path, manifest: Manifest) -> None:
    name = entry.relative_to(directory)
    if str(name) in manifest.files or _CACHE in name.parts or entry.is_dir():
        return
    is_program = os.name == "posix" and bool(entry.lstat().st_mode & stat.S_IXUSR) and entry.is_file()
    if entry.suffix.lower() in _RUNS or is_program:
        raise DamagedBundle(directory, str(name), "could be run, and is not of the bundle")
