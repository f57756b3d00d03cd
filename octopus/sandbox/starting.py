"""How a supervisor without a zygote starts its child: by a fork, or as a program that something else stands around."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
from collections.abc import Callable

from octopus.sandbox import container, seatbelt
from octopus.sandbox.child import Ends, origin_without_imports, places_of, run_child
from octopus.sandbox.environment import interpreter_environment, job_environment
from octopus.sandbox.interpreter import command
from octopus.sandbox.jobdir import JobDirectory, JobSpec
from octopus.sandbox.offspring import Child, ContainedChild, ForkedChild, SpawnedChild
from octopus.sandbox.places import Places

Start = Callable[[int], Child]


def starter(directory: JobDirectory, control: socket.socket, requests: socket.socket | None) -> Start:
    """Return what starts the child of a job, given the descriptor on which it is to say that it is confined.

    Parameters
    ----------
    directory : JobDirectory
        Of the job.
    control : socket
        Connection to the owner, which no child keeps.
    requests : socket or None
        Where the rows to predict come from, for a job that serves.
    """
    spec = directory.spec()
    if spec.walls.by == "seatbelt":
        return lambda word: _behind_seatbelt(directory, spec, word, requests)
    if spec.walls.by == "container":
        return lambda word: _in_a_container(directory, spec, word)
    if os.name != "posix":
        return lambda word: SpawnedChild(_popen(_child_command(directory), word))
    return lambda word: _fork(directory, control, Ends(word=word, requests=requests))


def _fork(directory: JobDirectory, control: socket.socket, ends: Ends) -> Child:
    """Fork a child that imports its libraries once it is confined: this process has loaded none of them."""
    pid = os.fork()
    if pid == 0:
        control.close()
        run_child(directory, ends, origin_without_imports(directory.spec().imports))
    if ends.requests is not None:
        ends.requests.close()  # its end tells the owner that the child has ended
    return ForkedChild(pid)


def _behind_seatbelt(directory: JobDirectory, spec: JobSpec, word: int, requests: socket.socket | None) -> Child:
    named = _with_streams(directory, places_of(directory, spec, origin_without_imports(spec.imports)))
    places = Places(  # Seatbelt knows files by the names that they have once all links are followed
        readable=tuple(path.resolve() for path in named.readable),
        executable=tuple(path.resolve() for path in named.executable),
        writable=tuple(path.resolve() for path in named.writable),
        devices=named.devices,
    )
    handed = [] if requests is None else [requests.fileno()]
    process = _popen(seatbelt.command(places, _child_command(directory, *handed)), word, handed)
    if requests is not None:
        requests.close()
    return ForkedChild(process.pid)


def _in_a_container(directory: JobDirectory, spec: JobSpec, word: int) -> Child:
    engine = container.engine()
    if engine is None:
        raise FileNotFoundError("no container engine answers any more")
    environment = interpreter_environment({}, {}, str(directory.tmp)) | job_environment(
        directory, spec.limits.n_threads
    )
    made = container.Container(
        engine=engine,
        image=container.image(),
        name=f"octopus-{directory.root.name}",
        user=(os.getuid(), os.getgid()),
        environment=environment,
        runtime=os.environ.get(container.RUNTIME_VARIABLE) or None,
    )
    places = _with_streams(directory, places_of(directory, spec, origin_without_imports(()), packages=False))
    inner = ["python", *_child_command(directory)[1:]]
    process = _popen(container.command(made, places, inner, spec.limits, directory.work), word)
    return ContainedChild(process.pid, container.kill_command(engine, made.name))


def _with_streams(directory: JobDirectory, places: Places) -> Places:
    """Return the places of a child that opens its streams when the walls stand already."""
    return dataclasses.replace(places, writable=(*places.writable, directory.logs))


def _child_command(directory: JobDirectory, *handed: int) -> list[str]:
    return command("octopus.sandbox.child", str(directory.root), *map(str, handed))


def _popen(command_line: list[str], word: int, handed: list[int] | None = None) -> subprocess.Popen[bytes]:
    """Start a program whose standard output is where the child says that it is confined."""
    return subprocess.Popen(  # noqa: S603  # our own command line
        command_line,
        stdin=subprocess.DEVNULL,
        stdout=word,
        stderr=subprocess.DEVNULL,
        pass_fds=handed or (),
        close_fds=True,
        env=None if sys.platform == "win32" else dict(os.environ),
    )
