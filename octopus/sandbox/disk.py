"""What a script has put on disk: how much it is, hidden or not, and how to be rid of it.

A script may nest directories until no path reaches them, take their permissions away, or write into files that have no
name any more. Nothing here follows a link, needs a long path, or goes deeper for a deeper tree.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

#: Files and directories of one job, at most; looking at them all takes a tenth of a second.
_MAX_FILES = 20_000
#: Directories in one another, at most.
_MAX_DEPTH = 64
#: Bytes of a block as ``st_blocks`` counts them (POSIX).
_BLOCK = 512


class TooMany(Exception):
    """There are more files, or deeper directories, than can be watched; the message says which."""


def bytes_below(folders: Iterable[Path]) -> int:
    """Return what the files below some directories take: blocks, for a sparse file takes little.

    Parameters
    ----------
    folders : iterable of Path
        Directories of a job.

    Raises
    ------
    TooMany
        If they cannot be watched.
    """
    total, n_files = 0, 0
    waiting = [(folder, 0) for folder in folders]
    while waiting:
        folder, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise TooMany(f"it nested directories more than {_MAX_DEPTH} deep")
        try:
            for entry in _entries(folder):
                n_files += 1
                with suppress(FileNotFoundError):  # gone since it was listed
                    found = entry.stat(follow_symlinks=False)
                    total += _taken(found)
                    if stat.S_ISDIR(found.st_mode):
                        waiting.append((Path(entry.path), depth + 1))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise TooMany(f"it keeps files from being looked at ({error.strerror})") from error
        if n_files > _MAX_FILES:
            raise TooMany(f"it made more than {_MAX_FILES} files")
    return total


def bytes_without_a_name(pids: Iterable[int]) -> int:
    """Return what the files take that some processes hold open and that no directory lists any more (Linux)."""
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
            for descriptor in descriptors:
                with suppress(OSError):
                    held = os.stat(descriptor.path)  # noqa: PTH116  a path object for each costs more than the call
                    if stat.S_ISREG(held.st_mode) and held.st_nlink == 0:
                        found[held.st_dev, held.st_ino] = _taken(held)
    return sum(found.values())


def clear(folder: Path) -> None:
    """Delete a directory with all below it, whatever has been done to it; its processes are dead.

    Parameters
    ----------
    folder : Path
        A directory; a link of that name is deleted as a link, and what is not there is no error.
    """
    with suppress(OSError, RecursionError):  # a tree that recursion does not reach the end of
        shutil.rmtree(folder)
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        return
    with suppress(OSError):
        _flatten(folder)
        folder.rmdir()


def _flatten(folder: Path) -> None:
    """Empty a directory by moving what lies deep in it to its top, so that no path becomes long."""
    moved = 0
    folder.chmod(stat.S_IRWXU)
    names = [entry.name for entry in _entries(folder)]
    while names:
        for name in names:
            inner = folder / name
            with suppress(OSError):
                if not stat.S_ISDIR(inner.lstat().st_mode):
                    inner.unlink()
                    continue
                inner.chmod(stat.S_IRWXU)
                for entry in _entries(inner):
                    if entry.is_dir(follow_symlinks=False):
                        moved += 1
                        deeper = Path(entry.path)
                        deeper.chmod(stat.S_IRWXU)  # its own entry for the directory above changes
                        deeper.rename(folder / f".{moved}")
                    else:
                        Path(entry.path).unlink()
                inner.rmdir()
        before, names = names, [entry.name for entry in _entries(folder)]
        if names == before:
            return  # nothing more can be done


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return what lies in a directory; one that its owner may not list is made so that it can be."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except PermissionError:
        folder.chmod(stat.S_IRWXU)
    with os.scandir(folder) as entries:
        return list(entries)


def _taken(found: os.stat_result) -> int:
    return found.st_blocks * _BLOCK if hasattr(found, "st_blocks") else found.st_size
