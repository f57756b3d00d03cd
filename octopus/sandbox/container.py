"""Jobs in a container: an option for those who run Podman or Docker and have an image.

The image brings its own interpreter and packages; of the host it sees the job's directory and the table. What a child
gives up itself at every level it gives up in there too: a container shares the kernel, and with ``runtime="runsc"``
(gVisor) less of it.

Only the command lines are tested; no engine has run them yet.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from octopus.errors import SandboxUnavailable
from octopus.records import Limits
from octopus.sandbox.places import Places

#: Names the image; no default, for what runs in it decides what the results are.
IMAGE_VARIABLE = "OCTOPUS_SANDBOX_IMAGE"
#: Names an OCI runtime in place of the engine's own, such as gVisor's ``runsc``.
RUNTIME_VARIABLE = "OCTOPUS_SANDBOX_RUNTIME"
#: Podman first: it needs no daemon that runs as root.
_ENGINES = ("podman", "docker")
#: Seconds for an engine to say that it is there; a client without its daemon may wait for much longer.
_ANSWERS_WITHIN_S = 5.0
#: Pools of threads that a process may hold at once, beside its main thread: OpenMP, BLAS, Arrow, Polars.
_THREAD_POOLS = 4
#: Whoever reaches an engine's socket commands the host (https://docs.docker.com/engine/security/).
_SOCKET_NAMES = frozenset(("docker.sock", "podman.sock", "containerd.sock", "crio.sock"))
_SOCKET_FOLDERS = tuple(map(Path, ("/run", "/var/run", "/run/user", "/run/podman", "/run/containerd", "/run/crio")))
_USER_FOLDERS = re.compile(r"(/var)?/run/user/\d+(/podman|/docker)?")
#: A name that no engine takes for an option (https://pkg.go.dev/github.com/distribution/reference, more narrowly).
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*")
_PINNED = re.compile(r".+@sha256:[0-9a-f]{64}")
#: What a job imports by octopus itself, whose versions must be those of the host: results are compared with it.
_PACKAGES = (
    "octopus-estimator",
    "cloudpickle",
    "joblib",
    "lightgbm",
    "msgspec",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scipy",
)
_LEVEL = "container"


@dataclass(frozen=True, kw_only=True)
class Container:
    """What a container is made of.

    Parameters
    ----------
    engine : Path
        Podman or Docker, by :func:`engine`.
    image : str
        By :func:`image`. It must be there: it is never fetched.
    name : str
        Of the container; no other may have it.
    user : tuple of int
        User and group, of the host, that own the job's directory.
    environment : mapping of str to str
        All variables that are set beside those of the image.
    runtime : str, optional
        OCI runtime in place of the engine's own, such as ``runsc``.
    """

    engine: Path
    image: str
    name: str
    user: tuple[int, int]
    environment: Mapping[str, str]
    runtime: str | None = None


def engine() -> Path | None:
    """Return the first container engine that answers; None if there is none.

    Returns
    -------
    Path or None
        Podman before Docker. A client whose daemon does not answer within some seconds is no engine.
    """
    for name in _ENGINES:
        found = shutil.which(name)
        if found is not None and _answers(found):
            return Path(found)
    return None


def image() -> str:
    """Return the image that jobs run in, as ``OCTOPUS_SANDBOX_IMAGE`` names it.

    Raises
    ------
    SandboxUnavailable
        If it names none, or nothing that can be an image. The message has the Dockerfile of one.
    """
    named = os.environ.get(IMAGE_VARIABLE, "")
    if not named:
        raise SandboxUnavailable(_LEVEL, f"{IMAGE_VARIABLE} names no image", _how_to_make_one())
    if not _REFERENCE.fullmatch(named):
        raise SandboxUnavailable(_LEVEL, f"{IMAGE_VARIABLE}={named!r} is no name of an image", _how_to_make_one())
    return named


def is_pinned(image: str) -> bool:
    """Return whether an image is named by its digest, so that nobody can put another in its place."""
    return _PINNED.fullmatch(image) is not None


def dockerfile() -> str:
    """Return the Dockerfile of an image with the interpreter and the packages of this process, at their versions.

    Returns
    -------
    str
        What scripts import beyond them has to be added to it.
    """
    pinned = []
    for name in _PACKAGES:
        try:
            pinned.append(f"{name}=={version(name)}")
        except PackageNotFoundError:  # not installed by a package manager: its version is nobody's
            pinned.append(name)
    python = ".".join(map(str, sys.version_info[:3]))
    return "\n".join(
        (
            f"FROM docker.io/library/python:{python}-slim",
            "RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 "
            "&& rm -rf /var/lib/apt/lists/*",
            f"RUN pip install --no-cache-dir {' '.join(pinned)}",
            "USER 65534:65534",
            "",
        )
    )


def command(container: Container, places: Places, inner: Sequence[str], limits: Limits, cwd: Path) -> list[str]:
    """Return the command line that runs a program in a new container.

    Standard input stays open, and what the program prints comes back; other open files do not get through. The
    container outlives its client: whoever kills the client runs :func:`kill_command` too.

    Parameters
    ----------
    container : Container
        What it is made of.
    places : Places
        What is mounted under its own name: readable places read-only, writable ones to be written to, devices.
        Executables are not mounted; the image brings its own.
    inner : sequence of str
        Program and arguments, as they are named in the image.
    limits : Limits
        What the container may use.
    cwd : Path
        Working directory, in one of the places.

    Returns
    -------
    list of str
        Program and arguments.

    Raises
    ------
    SandboxUnavailable
        If a place is, or may contain, an engine's socket, or its name cannot be mounted; or if the image or the
        container has a name that the engine could take for something else.
    """
    for named in (container.image, container.name):
        if not _REFERENCE.fullmatch(named):
            why = f"no engine takes {named!r} for the name of an image or a container"
            raise SandboxUnavailable(_LEVEL, why, "Name it by letters, digits and ._/:@- only.")
    program, *arguments = inner
    half = limits.memory_bytes // 2  # as the kernel sizes a tmpfs by default; what is in it counts as memory
    uid, gid = container.user
    words = [
        *(str(container.engine), "run", "--rm", "--interactive", "--pull", "never"),
        *("--name", container.name, "--log-driver", "none"),
        *("--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--ipc", "private", "--shm-size", str(half), "--hostname", "sandbox"),
        *("--tmpfs", f"/tmp:rw,nosuid,nodev,noexec,mode=1777,size={min(half, limits.disk_bytes)}"),  # noqa: S108
        *("--pids-limit", str(_tasks(limits)), "--cpus", str(limits.n_threads)),
        *("--memory", str(limits.memory_bytes), "--memory-swap", str(limits.memory_bytes)),  # the same: no swap
        *("--ulimit", "core=0", "--user", f"{uid}:{gid}"),
    ]
    if uid != 0 and container.engine.stem == "podman":  # else a user of the container is another one of the host
        words += ["--userns", "keep-id"]
    if container.runtime is not None:
        words += ["--runtime", container.runtime]
    words += _mounts(places)
    for variable, value in sorted(container.environment.items()):
        words += ["--env", f"{variable}={value}"]
    return [*words, "--workdir", str(cwd), "--entrypoint", program, container.image, *arguments]


def kill_command(engine: Path, name: str) -> list[str]:
    """Return the command line that ends a container and removes what is left of it; it fails if there is none."""
    return [str(engine), "rm", "--force", "--volumes", name]


def _answers(program: str) -> bool:
    try:
        answered = subprocess.run(  # noqa: S603  # our own command line
            [program, "info"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_ANSWERS_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answered.returncode == 0


def _how_to_make_one() -> str:
    return (
        "Save these lines as Dockerfile, with what your scripts import besides:\n\n"
        f"{dockerfile()}\n"
        "run `podman build --tag octopus-sandbox .` (or `docker build …`), and set "
        f"{IMAGE_VARIABLE}=octopus-sandbox; name@sha256:… is better, which nobody can exchange."
    )


def _tasks(limits: Limits) -> int:
    """Return how many tasks the kernel may count: every thread is one. The supervisor counts processes."""
    return limits.n_processes * (1 + _THREAD_POOLS * limits.n_threads)


def _mounts(places: Places) -> list[str]:
    """Return the mounts; ``z`` gives them the label that SELinux wants, and is passed over where there is none."""
    how = dict.fromkeys(places.readable, "ro,z") | dict.fromkeys(places.writable, "rw,z")
    words = []
    for path in sorted(how, key=lambda place: place.parts):
        _refuse_unsafe(path)
        words += ["--volume", f"{path}:{path}:{how[path]}"]
    for device in places.devices:
        _refuse_unsafe(device)
        words += ["--device", str(device)]
    return words


def _refuse_unsafe(path: Path) -> None:
    named = str(path)
    if path.name in _SOCKET_NAMES or _may_hold_socket(path):
        why = f"{named!r} is, or may contain, the socket of a container engine: whoever has it commands the host"
        raise SandboxUnavailable(_LEVEL, why, "Keep runs and data in a directory of their own.")
    if not path.is_absolute() or ":" in named:
        why = f"{named!r} cannot be mounted: it is not absolute or contains a colon"
        raise SandboxUnavailable(_LEVEL, why, "Choose another run directory.")


def _may_hold_socket(path: Path) -> bool:
    normal = Path(os.path.normpath(path))
    if any(folder.is_relative_to(normal) for folder in _SOCKET_FOLDERS):
        return True
    # ~/.docker/run and the like are where Docker Desktop has it.
    return ".docker" in normal.parts or _USER_FOLDERS.fullmatch(normal.as_posix()) is not None
