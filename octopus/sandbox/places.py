"""What a confined child may touch: the interpreter, the installed packages, a few facts of the system, its job.

A list of what is allowed, never of what is not: a file that nobody thought of is refused. Directories in which the user
works are not on it, even where they are on ``sys.path``: of those, only the packages that were imported.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: Shared libraries and data of the system that numeric Python reads. Nothing in them is private to a user.
_SYSTEM = (
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/timezone",
    "/usr/share/zoneinfo",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)
#: Prefixes under which all kinds of software lie: of these, only where Python's own files are.
_BROAD = frozenset(map(Path, ("/", "/usr", "/usr/local", "/opt", "/home", "/root")))
#: What a Python installation has below its prefix, shared libraries and their data among it.
_OF_AN_INSTALLATION = ("include", "lib", "lib32", "lib64", "libexec", "share", "DLLs", "Lib", "Python", "Resources")
#: What marks a virtual environment. Beside it and the packages may lie whatever somebody keeps in the directory that
#: they work in (``python -m venv .``).
_OF_AN_ENVIRONMENT = "pyvenv.cfg"
#: Marks a prefix that conda fills, with a layout of its own and nothing of the user's.
_OF_CONDA = "conda-meta"
#: Directories of shared libraries; a package built in place has its own beside the user's files.
_LIBRARY_FOLDERS = frozenset(("lib", "lib32", "lib64"))
_PACKAGE_FOLDERS = frozenset(("site-packages", "dist-packages"))
#: The program that loads shared libraries, by its name in the memory map.
_LOADERS = ("ld-linux", "ld-musl", "ld64")
_SCHEME = ("stdlib", "platstdlib", "purelib", "platlib")


@dataclass(frozen=True, kw_only=True)
class Places:
    """What a confined child may touch; everything else is refused, or does not exist for it.

    Parameters
    ----------
    readable : tuple of Path
        Files, and directories with all below them.
    executable : tuple of Path
        Files that may be run as well: the interpreter and the loader of shared libraries.
    writable : tuple of Path
        Directories of the job.
    devices : tuple of Path
        Device files that may be opened for reading and writing.
    """

    readable: tuple[Path, ...]
    executable: tuple[Path, ...]
    writable: tuple[Path, ...]
    devices: tuple[Path, ...] = ()


def installed(modules: Iterable[str] = ()) -> tuple[Path, ...]:
    """Return where the running interpreter, the system's libraries and the installed packages lie.

    Parameters
    ----------
    modules : iterable of str
        Further modules that scripts import, found but not imported here.

    Returns
    -------
    tuple of Path
        As they are named on ``sys.path``, symbolic links and all; none lies below another.
    """
    found = [Path(path) for path in _SYSTEM]
    found += [Path(sys.prefix) / _OF_AN_ENVIRONMENT]
    found += _of_installation(Path(sys.base_prefix))
    paths = sysconfig.get_paths()
    found += [Path(paths[name]) for name in _SCHEME if name in paths]
    found += [Path(path) for path in sys.path if Path(path).name in _PACKAGE_FOLDERS or Path(path).is_file()]
    found += _libraries()
    granted = outermost(path for path in found if path.exists())
    beside = (path for path in _packages(modules) if not is_below(path, granted))
    return outermost((*granted, *beside))


def programs() -> tuple[Path, ...]:
    """Return the files that a child may execute: the interpreter by all its names, and the loader of libraries."""
    names = [sys.executable, getattr(sys, "_base_executable", "")]
    loaders = [path for path in _mapped_files() if path.name.startswith(_LOADERS)]
    return tuple(dict.fromkeys([*(Path(name) for name in names if name), *loaders]))


def outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return paths without those that lie below another of them, in a fixed order."""
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda one: (len(one.parts), str(one))):
        if not is_below(path, kept):
            kept.append(path)
    return tuple(kept)


def is_below(path: Path, folders: Iterable[Path]) -> bool:
    """Return whether a path is one of some folders, or lies below one, by name."""
    return any(path.is_relative_to(folder) for folder in folders)


def _of_installation(prefix: Path) -> Iterator[Path]:
    """Yield what lies below a prefix and is Python's; nothing where a user's home is, or all kinds of software."""
    homes = [Path.home()]
    with suppress(ImportError, KeyError):  # Windows, or a user who is not on the list
        import pwd

        homes.append(Path(pwd.getpwuid(os.getuid()).pw_dir))  # a zygote's HOME is its own
    if prefix in _BROAD or any(home.is_relative_to(prefix) or prefix == home / ".local" for home in homes):
        return
    yield from [prefix] if (prefix / _OF_CONDA).exists() else [prefix / name for name in _OF_AN_INSTALLATION]


def _libraries() -> Iterator[Path]:
    """Yield where the shared libraries of this process come from: a build finds its own by paths that nobody lists."""
    libraries = sysconfig.get_config_var("LIBDIR")
    if libraries and Path(libraries) not in _BROAD:
        yield Path(libraries)
    for path in _mapped_files():
        folder = path.parent
        yield folder if folder.name in _LIBRARY_FOLDERS or folder.name.endswith(".libs") else path


def _mapped_files() -> Iterator[Path]:
    with suppress(OSError):
        seen = set()
        for line in Path("/proc/self/maps").read_text().splitlines():
            _, _, name = line.partition("/")
            path = Path("/" + name)
            if name and path not in seen and ".so" in path.name and path.exists():
                seen.add(path)
                yield path


def _packages(modules: Iterable[str]) -> Iterator[Path]:
    """Yield the directory, or the file, of each top-level module that is loaded or named."""
    names = {name.partition(".")[0] for name in (*sys.modules, *modules)} - {"__main__", "__mp_main__"}
    for name in sorted(names):
        spec = None
        with suppress(ImportError, ValueError, AttributeError):
            spec = importlib.util.find_spec(name)
        if spec is None:
            continue
        if spec.submodule_search_locations is not None:
            yield from (Path(place) for place in spec.submodule_search_locations if Path(place).is_dir())
        elif spec.origin is not None and Path(spec.origin).is_file():
            yield Path(spec.origin)
