"""What a script has put on disk: how much it is, hidden or not, and how to be rid of it.

A script may nest directories until no path reaches them, take their permissions away, swap them for links while they
are looked at, or write into files that have no name any more. Everything here goes from descriptor to descriptor and
follows no link; while a process of the script may live, nothing is changed.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from octopus.sandbox import tree

#: Files and directories of one job, at most; looking at them all takes a tenth of a second.
_MAX_FILES = 20_000
#: Directories in one another, at most: each holds a descriptor while it is looked through.
_MAX_DEPTH = 64
#: Bytes of a block as ``st_blocks`` counts them (POSIX).
_BLOCK = 512
_HAS_DESCRIPTORS = os.scandir in os.supports_fd and os.open in os.supports_dir_fd


class Unwatchable(Exception):
    """There are more files, or deeper directories, than can be watched, or some are hidden; the message says what."""


def bytes_below(folders: Iterable[Path]) -> int:
    """Return what the files below some directories take: blocks, for a sparse file takes little.

    Parameters
    ----------
    folders : iterable of Path
        Directories of a job; what is not there takes nothing.

    Raises
    ------
    Unwatchable
        If they cannot be watched.
    """
    count = _Count()
    for folder in folders:
        with suppress(FileNotFoundError):
            count.look(None, folder, 0)
    return count.n_bytes


class _Count:
    """What was counted so far."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self._n_files = 0

    def look(self, above: int | None, name: str | Path, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise Unwatchable(f"it nested directories more than {_MAX_DEPTH} deep")
        try:
            with _listed(above, name) as (here, entries):
                for entry in entries:
                    self._add(here, entry, depth)
        except (FileNotFoundError, NotADirectoryError):  # gone since it was listed, or another thing by now
            return
        except OSError as error:
            raise Unwatchable(f"it keeps files from being looked at ({error.strerror})") from error

    def _add(self, here: int | None, entry: os.DirEntry[str], depth: int) -> None:
        self._n_files += 1
        if self._n_files > _MAX_FILES:
            raise Unwatchable(f"it made more than {_MAX_FILES} files")
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # gone since it was listed
            return
        self.n_bytes += _taken(found)
        if stat.S_ISDIR(found.st_mode):
            self.look(here, entry.name if here is not None else entry.path, depth + 1)


def without_a_name(pids: Iterable[int]) -> dict[tuple[int, int], int]:
    """Return the files that some processes hold open and that no directory lists any more (Linux).

    Parameters
    ----------
    pids : iterable of int
        The processes of a job.

    Returns
    -------
    dict of (int, int) to int
        What each takes, by device and inode.

    Raises
    ------
    Unwatchable
        If one hides what it holds.
    """
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        here = tree.facts(pid)
        try:
            descriptors = list(os.scandir(here / "fd"))
        except PermissionError as error:
            if tree.has_ended(here):  # what is left of it belongs to root
                continue
            raise Unwatchable("it hides which files it holds open") from error
        except OSError:  # it has ended
            continue
        for descriptor in descriptors:
            with suppress(OSError):
                held = os.stat(descriptor.path)  # noqa: PTH116  a path object for each costs more than the call
                if stat.S_ISREG(held.st_mode) and held.st_nlink == 0:
                    found[held.st_dev, held.st_ino] = _taken(held)
    return found


def free_bytes(folder: Path) -> int:
    """Return what an ordinary user may still write where a directory lies."""
    return shutil.disk_usage(folder).free


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
    with suppress(OSError):
        if folder.is_symlink() or not folder.is_dir():
            folder.unlink(missing_ok=True)
            return
        _flatten(folder)
        folder.rmdir()


def _flatten(folder: Path) -> None:
    """Empty a directory by moving what lies deep in it to its top, so that nothing here goes deep."""
    moved = 0
    _open_up(None, folder)
    with _listed(None, folder) as (top, entries):
        names = [entry.name for entry in entries]
        while names:
            for name in names:
                with suppress(OSError):
                    if not stat.S_ISDIR(os.stat(name, dir_fd=top, follow_symlinks=False).st_mode):
                        os.unlink(name, dir_fd=top)
                        continue
                    _open_up(top, name)
                    with _listed(top, name) as (here, inner):
                        for entry in inner:
                            if entry.is_dir(follow_symlinks=False):
                                moved += 1
                                _open_up(here, entry.name)  # its own entry for the directory above changes
                                os.rename(entry.name, f".{moved}", src_dir_fd=here, dst_dir_fd=top)
                            else:
                                os.unlink(entry.name, dir_fd=here)
                    os.rmdir(name, dir_fd=top)
            before = names
            with _listed(None, folder) as (_, left):
                names = [entry.name for entry in left]
            if names == before:
                return  # nothing more can be done


@contextmanager
def _listed(above: int | None, name: str | Path) -> Iterator[tuple[int | None, list[os.DirEntry[str]]]]:
    """Hold a directory open and list it; a link is none, even where it stands in its place since a moment ago."""
    if not _HAS_DESCRIPTORS:
        with os.scandir(name) as entries:
            yield None, list(entries)
        return
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
    try:
        with os.scandir(fd) as entries:
            yield fd, list(entries)
    finally:
        os.close(fd)


def _open_up(above: int | None, name: str | Path) -> None:
    """Give a directory the permissions of its owner; through a descriptor, so that it is the one that was meant."""
    if sys.platform != "linux":
        with suppress(NotImplementedError):
            os.chmod(name, stat.S_IRWXU, dir_fd=above, follow_symlinks=False)
        return
    fd = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
    try:
        Path(f"/proc/self/fd/{fd}").chmod(stat.S_IRWXU)
    finally:
        os.close(fd)


def _taken(found: os.stat_result) -> int:
    return found.st_blocks * _BLOCK if hasattr(found, "st_blocks") else found.st_size
