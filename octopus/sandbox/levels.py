"""The levels that can be asked for. Each is tried before it is given: one that cannot be had is an error."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from octopus.errors import SandboxUnavailable
from octopus.records import MissingLayer
from octopus.sandbox import container, probe, seatbelt
from octopus.sandbox.jobdir import By, Walls
from octopus.sandbox.local import LocalSandbox

#: What the client of a container engine looks for, beside ``PATH``.
_FOR_THE_ENGINE = (
    container.IMAGE_VARIABLE,
    container.RUNTIME_VARIABLE,
    "HOME",
    "XDG_RUNTIME_DIR",
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "CONTAINER_HOST",
)
#: The sandboxes of this process by what they are made of: a zygote takes seconds to import, so the next run
#: uses the one that is there. It ends by itself when it is idle, and with the process.
_open: dict[tuple[object, ...], LocalSandbox] = {}


def open_process(
    *,
    imports: Sequence[str],
    environment: Mapping[str, str],
    paths: Sequence[str] = (),  # noqa: ARG001  every path can be read, and every device be opened
    devices: Sequence[str] = (),  # noqa: ARG001
) -> LocalSandbox:
    """Open a sandbox of level ``process``; for the same arguments it is the same one.

    Its children have a clean environment, limits and a watched process tree. They can read and write what the user
    can, and they reach the network.

    Parameters
    ----------
    imports : sequence of str
        Modules that are imported once, before any job.
    environment : mapping of str to str
        Variables that every child gets beside an allow-list of the user's.
    paths, devices : sequence of str
        Without effect.

    Returns
    -------
    LocalSandbox
        Nothing is started before the first job.
    """
    return _opened(Walls(level="process"), imports, environment)


def open_standard(
    *, imports: Sequence[str], environment: Mapping[str, str], paths: Sequence[str] = (), devices: Sequence[str] = ()
) -> LocalSandbox:
    """Open a sandbox of level ``standard``; for the same arguments it is the same one.

    Its children have given up capabilities (capabilities(7)), every file but the interpreter, the installed packages
    and their own job (Landlock), every socket, and the system calls that lead around that (seccomp). They can still
    learn whether a path exists.

    Parameters
    ----------
    imports : sequence of str
        Modules that are imported once, before any job.
    environment : mapping of str to str
        Variables that every child gets beside an allow-list of the user's.
    paths : sequence of str
        Files and directories that scripts may read as well.
    devices : sequence of str
        Device files that scripts may open.

    Returns
    -------
    LocalSandbox
        It has been tried.

    Raises
    ------
    SandboxUnavailable
        It cannot be had here; the message says how to get it.
    """
    by: By = "seatbelt" if seatbelt.available() else "itself"
    walls = Walls(level="standard", by=by, paths=tuple(paths), devices=tuple(devices))
    return _tried(walls, imports, environment, probe.missing_for_standard())


def open_strict(
    *, imports: Sequence[str], environment: Mapping[str, str], paths: Sequence[str] = (), devices: Sequence[str] = ()
) -> LocalSandbox:
    """Open a sandbox of level ``strict``; for the same arguments it is the same one.

    ``standard``, in namespaces of its own: no other file, process, network or queue is there to be seen. Where the host
    gives namespaces to bubblewrap only, that makes them, around a zygote for each run.

    Parameters
    ----------
    imports : sequence of str
        Modules that are imported once, before any job.
    environment : mapping of str to str
        Variables that every child gets beside an allow-list of the user's.
    paths : sequence of str
        Files and directories that scripts may read as well.
    devices : sequence of str
        Device files that scripts may open.

    Returns
    -------
    LocalSandbox
        It has been tried.

    Raises
    ------
    SandboxUnavailable
        It cannot be had here; the message says how to get it.
    """
    by: By = "namespaces" if probe.can_enter_namespaces() else "bubblewrap"
    walls = Walls(level="strict", by=by, paths=tuple(paths), devices=tuple(devices))
    return _tried(walls, imports, environment, probe.missing_for_strict())


def open_container(
    *, imports: Sequence[str], environment: Mapping[str, str], paths: Sequence[str] = (), devices: Sequence[str] = ()
) -> LocalSandbox:
    """Open a sandbox of level ``container``; for the same arguments it is the same one.

    Each child runs in a container of its own, started cold, from the image that ``OCTOPUS_SANDBOX_IMAGE`` names; in
    there it gives up what it gives up at ``standard``. No engine has run this yet: it is tested by its command line.

    Parameters
    ----------
    imports : sequence of str
        Without effect: the image has what it has.
    environment : mapping of str to str
        Variables that the supervisor gets.
    paths : sequence of str
        Files and directories that scripts may read as well.
    devices : sequence of str
        Device files that scripts may open.

    Returns
    -------
    LocalSandbox
        It has been tried.

    Raises
    ------
    SandboxUnavailable
        No engine answers, no image is named, or a canary got through.
    """
    missing = None
    if container.engine() is None:
        missing = MissingLayer(
            layer="container",
            why="neither Podman nor Docker answers",
            remedy="Install one and start it, or use sandbox='auto'.",
        )
    else:
        container.image()
    passed = {name: os.environ[name] for name in _FOR_THE_ENGINE if name in os.environ}
    walls = Walls(level="container", by="container", paths=tuple(paths), devices=tuple(devices))
    return _tried(walls, imports, {**environment, **passed}, missing)


def _tried(
    walls: Walls, imports: Sequence[str], environment: Mapping[str, str], missing: MissingLayer | None
) -> LocalSandbox:
    if missing is not None:
        raise SandboxUnavailable(walls.level, missing.why, missing.remedy)
    sandbox = _opened(walls, imports, environment)
    try:
        sandbox.report()
    except BaseException:
        sandbox.close()
        raise
    return sandbox


def _opened(walls: Walls, imports: Sequence[str], environment: Mapping[str, str]) -> LocalSandbox:
    key = walls.level, walls.by, walls.paths, walls.devices, tuple(imports), tuple(sorted(environment.items()))
    if key not in _open:
        _open[key] = LocalSandbox(walls, imports=imports, environment=environment)
    return _open[key]
