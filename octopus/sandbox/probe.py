"""What sandbox can be had here: cheap looks first, then canaries; what held is remembered until the next start."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import platformdirs

from octopus.errors import SandboxUnavailable
from octopus.records import MissingLayer, SandboxReport
from octopus.sandbox import bubblewrap, seatbelt
from octopus.sandbox.canaries import try_out
from octopus.sandbox.confine import LANDLOCK_NEEDED, namespaces_of_this_process, no_landlock
from octopus.sandbox.linux import landlock, seccomp

if TYPE_CHECKING:
    from octopus.sandbox.local import LocalSandbox

#: Asks for what ``strict`` needs first of all, in a process of its own: a user namespace in which mounts are allowed.
#: The numbers are CLONE_NEWUSER | CLONE_NEWNS, and MS_REC | MS_PRIVATE.
_TRY_NAMESPACES = (
    "import ctypes, sys; c = ctypes.CDLL(None, use_errno=True)\n"
    "if c.unshare(0x10020000): sys.exit('user namespaces are refused: errno %d' % ctypes.get_errno())\n"
    "if c.mount(None, b'/', None, 0x44000, None): sys.exit('mounts in a user namespace are refused')\n"
)
_TRY_WITHIN_S = 20.0


def missing_for_standard() -> MissingLayer | None:
    """Return what a child here lacks to confine itself; None if nothing is known to be missing."""
    if seatbelt.available():
        return None
    if sys.platform != "linux":
        return MissingLayer(
            layer="standard",
            why=f"a process on {platform.system()} cannot confine itself",
            remedy="Use a container (sandbox='container'), or run octopus on Linux (WSL2 on Windows).",
        )
    version = landlock.abi()
    if version < LANDLOCK_NEEDED:
        why, remedy = no_landlock(version)
        return MissingLayer(layer="landlock", why=why, remedy=remedy)
    if not seccomp.available():
        return MissingLayer(
            layer="seccomp",
            why="the kernel takes no system call filter from this process",
            remedy="Use a kernel with CONFIG_SECCOMP_FILTER, and a container engine that allows seccomp(2).",
        )
    try:
        seccomp.program(platform.machine())
    except SandboxUnavailable as error:
        return MissingLayer(layer="seccomp", why=error.why, remedy=error.remedy)
    return None


def missing_for_strict() -> MissingLayer | None:
    """Return what a child here lacks to enter a world of its own; None if nothing is known to be missing."""
    lacking = missing_for_standard()
    if sys.platform != "linux" and lacking is None:
        return MissingLayer(
            layer="namespaces", why=f"{platform.system()} has none", remedy="Use a container, or run octopus on Linux."
        )
    if lacking is not None or _can_make_namespaces() == "" or bubblewrap.find() is not None:
        return lacking
    return MissingLayer(
        layer="namespaces",
        why=f"{_can_make_namespaces()}, and no bubblewrap works here",
        remedy="Install a bubblewrap that may make user namespaces (apt install bubblewrap), or the one of the extra: "
        "pip install 'octopus-estimator[sandbox]'. In a container, allow user namespaces; on Ubuntu, see "
        "kernel.apparmor_restrict_unprivileged_userns.",
    )


def can_enter_namespaces() -> bool:
    """Return whether a forked child may enter namespaces by itself."""
    return _can_make_namespaces() == ""


@functools.cache
def _can_make_namespaces() -> str:
    """Return why this user gets no namespaces; empty if there is nothing against it. A trial, not a look."""
    try:
        tried = subprocess.run(  # noqa: S603  our own interpreter and program
            [sys.executable, "-I", "-S", "-c", _TRY_NAMESPACES],
            capture_output=True, text=True, timeout=_TRY_WITHIN_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"namespaces could not be tried ({type(error).__name__})"
    return "" if tried.returncode == 0 else tried.stderr.strip() or f"exit status {tried.returncode}"


def report(sandbox: LocalSandbox) -> SandboxReport:
    """Return what a sandbox is made of, with its canaries; they are run unless they held since this machine started.

    Parameters
    ----------
    sandbox : LocalSandbox
        Of this machine.

    Returns
    -------
    SandboxReport
        With what better levels would need.

    Raises
    ------
    SandboxUnavailable
        If a child cannot be confined so, or a canary got through.
    """
    walls = sandbox.walls
    missing = tuple(dict.fromkeys(one for one in (missing_for_standard(), missing_for_strict()) if one is not None))
    if walls.level == "process":
        return SandboxReport(
            level=sandbox.level, by=walls.by, platform=_platform(), layers=("limits",), missing=missing
        )
    cache = _Cache(f"{sandbox.level} {walls.by}")
    known = cache.read()
    if known is None:
        canaries = try_out(sandbox, is_strict=walls.level == "strict")
        through = [canary.name for canary in canaries if not canary.held]
        if through:
            raise SandboxUnavailable(sandbox.level, f"a script of ours could {'; '.join(through)}", "Report this.")
        known = SandboxReport(
            level=sandbox.level,
            by=walls.by,
            platform=_platform(),
            layers=sandbox.layers,
            canaries=canaries,
            missing=missing,
        )
        cache.write(known)
    return known


def forget() -> None:
    """Forget what held, so that it is tried again."""
    shutil.rmtree(_folder(), ignore_errors=True)
    _can_make_namespaces.cache_clear()


def _folder() -> Path:
    return Path(platformdirs.user_cache_dir("octopus")) / "sandbox"


def _platform() -> str:
    return f"{platform.system()} {platform.release()} {platform.machine()}"


class _Cache:
    """What held here, kept on disk until the machine, the interpreter or its surroundings are others.

    Parameters
    ----------
    subject : str
        What was tried.
    """

    def __init__(self, subject: str) -> None:
        self._path = _folder() / f"{_surroundings(subject)}.json"

    def read(self) -> SandboxReport | None:
        with suppress(OSError, msgspec.DecodeError):
            return msgspec.json.decode(self._path.read_bytes(), type=SandboxReport)
        return None

    def write(self, known: SandboxReport) -> None:
        with suppress(OSError):  # it is tried again, then
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._path.parent, delete=False) as file:
                file.write(msgspec.json.encode(known))
            Path(file.name).replace(self._path)


def _surroundings(subject: str) -> str:
    """Return a name for what decides whether a level can be had: a container may forbid what its host allows."""
    import octopus

    facts = [subject, octopus.__version__, sys.version, sys.executable, platform.release()]
    facts += [str(os.getuid())] if hasattr(os, "getuid") else []
    facts += [f"{kind} {number}" for kind, number in namespaces_of_this_process().items()]
    for path, wanted in (("/proc/sys/kernel/random/boot_id", ""), ("/proc/self/status", "Seccomp")):
        with suppress(OSError):
            facts += [line for line in Path(path).read_text().splitlines() if line.startswith(wanted)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]
