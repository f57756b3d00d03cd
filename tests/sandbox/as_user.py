"""Runs the attacks as an ordinary user, in a process that root starts.

The interpreter and this checkout may lie below a directory that only root can enter. A mount namespace of its own lays
an empty directory over that one and puts back what is needed, so that nothing changes for anybody else.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from pathlib import Path

#: Belongs to nobody; the user needs no entry in the list of users.
UID = 23456
ROOT = Path(__file__).resolve().parents[2]
#: Seconds for the whole suite on two busy cores, several times what it takes.
_WITHIN_S = 1200
#: From <sys/mount.h> and <linux/sched.h>.
_BIND, _RECURSIVE, _PRIVATE, _NEW_MOUNTS = 0x1000, 0x4000, 0x40000, 0x20000


def run_suite() -> subprocess.CompletedProcess[str]:
    """Run the attacks once as an ordinary user."""
    with tempfile.TemporaryDirectory(prefix="octopus-user-", dir="/var/tmp", ignore_cleanup_errors=True) as home:
        os.chown(home, UID, UID)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "TMPDIR": home,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(
            [sys.executable, __file__, home],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_WITHIN_S,
            check=False,
        )


def main() -> None:
    """Become the user and turn into pytest; ``argv`` is their home."""
    home = Path(sys.argv[1])
    needed = {ROOT, Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]}
    _uncover([path.resolve() for path in sorted(needed)], home)
    os.setgroups([])
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)
    tests = ["tests/sandbox/test_attacks.py", "-k", "not ordinary_user"]
    options = ["-q", "-p", "no:cacheprovider", "-n", "2", "--basetemp", str(home / "pytest")]
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *options, *tests])


def _uncover(paths: list[Path], home: Path) -> None:
    """Make paths reachable for everybody, in this process and those below it only."""
    closed = {folder for path in paths if (folder := _closed_above(path)) is not None}
    if not closed:
        return
    if _libc.unshare(_NEW_MOUNTS) != 0:
        raise OSError(ctypes.get_errno(), "no mount namespace of its own")
    _mount("none", Path("/"), "", _PRIVATE | _RECURSIVE)
    aside = home / "aside"
    kept = [(path, aside / str(k)) for k, path in enumerate(paths) if closed & {path, *path.parents}]
    for path, place in kept:
        place.mkdir(parents=True)
        _mount(str(path), place, "", _BIND | _RECURSIVE)
    for folder in sorted(closed):
        _mount("none", folder, "tmpfs", 0, "mode=0755")
    for path, place in kept:
        path.mkdir(parents=True, exist_ok=True)
        _mount(str(place), path, "", _BIND | _RECURSIVE)


def _closed_above(path: Path) -> Path | None:
    """Return the topmost directory on the way to a path that others may not enter."""
    way = [*reversed(path.parents), path]
    return next((folder for folder in way if not folder.stat().st_mode & 0o001), None)


_libc = ctypes.CDLL(None, use_errno=True)


def _mount(source: str, target: Path, kind: str, flags: int, options: str = "") -> None:
    given = [os.fsencode(text) for text in (source, target, kind)]
    if _libc.mount(*given, ctypes.c_ulong(flags), os.fsencode(options)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount({source}, {target}): {os.strerror(number)}")


if __name__ == "__main__":
    main()
