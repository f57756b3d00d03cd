"""A child from its fork to the first line of the script: streams, variables, walls, and the word that they stand.

Nothing here imports a numeric library: a child without a zygote confines itself first and imports afterwards, for a
library that has started a thread leaves that thread outside the walls.
"""

from __future__ import annotations

import faulthandler
import os
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import msgspec

from octopus.records import Record
from octopus.sandbox import semaphores
from octopus.sandbox.confine import confine
from octopus.sandbox.environment import job_environment
from octopus.sandbox.jobdir import JobDirectory, JobSpec, ProgramSpec
from octopus.sandbox.places import Places, installed, programs

#: Exit status of a child that could not be confined. From <sysexits.h>, EX_OSERR.
_NOT_CONFINED = 71
#: What every child needs, whatever the script.
ALWAYS = (
    "octopus.sandbox.harness",
    "octopus.sandbox.serving",
    "octopus.frame",
    "cloudpickle",
    "joblib",
    "pyarrow",
    "pyarrow.ipc",
    "threadpoolctl",
    "sklearn.compose",
    "sklearn.ensemble",
    "sklearn.impute",
    "sklearn.linear_model",
    "sklearn.pipeline",
    "sklearn.preprocessing",
)
_MAX_REASON = 300


class Confinement(Record, frozen=True, kw_only=True):
    """A child's word that it is confined, given before the first line of the script; or why it is not."""

    level: str
    layers: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a child inherits from the process that forked it.

    Parameters
    ----------
    readable : tuple of Path
        Where packages and libraries lie.
    executable : tuple of Path
        What may be run.
    limit_threads : callable or None
        Sets the number of threads of libraries that are loaded already; None where none is loaded.
    """

    readable: tuple[Path, ...]
    executable: tuple[Path, ...]
    limit_threads: Callable[[int], None] | None


@dataclass(frozen=True, kw_only=True)
class Ends:
    """The child's ends of what it is connected by.

    Parameters
    ----------
    word : int
        Descriptor for the word that the walls stand.
    requests : socket or None
        Where the rows to predict come from, for a job that serves.
    """

    word: int
    requests: socket.socket | None = None


def origin_without_imports(imports: tuple[str, ...]) -> Origin:
    """Return what a child has that is forked by a process which imported none of the libraries."""
    return Origin(readable=installed((*ALWAYS, *imports)), executable=programs(), limit_threads=None)


def places_of(directory: JobDirectory, spec: JobSpec, origin: Origin, *, packages: bool = True) -> Places:
    """Return what the child of a job may touch; without packages, only what is the job's own."""
    own = [*spec.walls.paths, str(directory.root), *filter(None, [spec.features])]
    return Places(
        readable=(*(origin.readable if packages else ()), *(Path(path) for path in own)),
        executable=origin.executable if packages else (),
        writable=(*directory.written, *([] if spec.program is None else [Path(spec.program.folder)])),
        devices=tuple(Path(device) for device in spec.walls.devices),
    )


def main() -> NoReturn:
    """Be the child in a program of its own: ``argv`` is the directory and, for a job that serves, the requests.

    The word that it is confined goes where standard output leads, before that becomes the script's.
    """
    word = os.dup(1)
    handed = sys.argv[2:]
    requests = socket.socket(fileno=int(handed[0])) if handed else None
    directory = JobDirectory(Path(sys.argv[1]))
    run_child(directory, Ends(word=word, requests=requests), origin_without_imports(directory.spec().imports))


def run_child(directory: JobDirectory, ends: Ends, origin: Origin) -> NoReturn:
    """Do one job and end the process: no exit handler and no thread of the script outlives it.

    Parameters
    ----------
    directory : JobDirectory
        Of the job.
    ends : Ends
        What it is connected by.
    origin : Origin
        What it inherited.
    """
    code = _NOT_CONFINED
    try:
        spec = directory.spec()
        _enter(directory, spec)
        _close_all_but(ends)
        _confine(directory, spec, ends.word, origin)
        code = 1
        if spec.program is not None:
            _become(spec.program)
        code = _do(directory, spec, ends, origin)
    except BaseException:  # noqa: BLE001  # the child's boundary: the supervisor sees the exit status
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(code)


def _enter(directory: JobDirectory, spec: JobSpec) -> None:
    """Make the job's directory, streams and variables those of this process."""
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, directory.stdout, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, directory.stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(directory.work)
    os.environ.update(job_environment(directory, spec.limits.n_threads))
    tempfile.tempdir = None
    faulthandler.enable()


def _close_all_but(ends: Ends) -> None:
    """Close what was inherited: a descriptor is a way around every wall."""
    kept = [0, 1, 2, ends.word, *([] if ends.requests is None else [ends.requests.fileno()])]
    kept.sort()
    for last, following in zip(kept, [*kept[1:], os.sysconf("SC_OPEN_MAX")], strict=True):
        os.closerange(last + 1, following)


def _confine(directory: JobDirectory, spec: JobSpec, word: int, origin: Origin) -> None:
    """Raise the walls and say so; the descriptor is closed before anybody else could speak on it."""
    places = places_of(directory, spec, origin)
    try:
        layers = confine(spec.walls, spec.limits, directory, places)
        said = Confinement(level=spec.walls.level, layers=layers)
    except BaseException as error:
        said = Confinement(level="", problem=f"{type(error).__name__}: {error}"[:_MAX_REASON])
        raise
    finally:
        # A supervisor that is gone does not read: this raises, and nothing runs unwatched.
        os.write(word, msgspec.json.encode(said))
        os.close(word)


def _become(program: ProgramSpec) -> NoReturn:
    """Turn into a program, which keeps the walls: nothing of this process is left but them."""
    os.chdir(program.folder)
    os.execve(sys.executable, [sys.executable, *program.arguments], dict(program.environment))  # noqa: S606  confined


def _do(directory: JobDirectory, spec: JobSpec, ends: Ends, origin: Origin) -> int:
    has_semaphores = spec.walls.level == "process" or spec.walls.by == "namespaces"
    if not has_semaphores:
        semaphores.provide()  # before joblib looks for them
    from octopus.sandbox.harness import attempt, thread_limiter

    if not has_semaphores:
        semaphores.use_threads()
    limit_threads = thread_limiter() if origin.limit_threads is None else origin.limit_threads
    limit_threads(spec.limits.n_threads)
    return attempt(directory, spec, ends.requests)
