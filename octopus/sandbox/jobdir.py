"""The directory of one job: fixed names, what the parent puts in and what the child takes out.

::

    job-…/
      spec.json   what to do (written by the parent)
      inputs/     arrays and, for a replay, the fitted pipeline (written by the parent)
      script/     script.py, importable as ``script``
      work/       working directory and HOME of the child
      tmp/        its TMPDIR
      shm/        its /dev/shm, where it has one of its own
      root/       where it builds the root of its own world; empty for everybody else
      outputs/    stage, pred.npy, seen.npy, result.json, failure.json, pipeline.pkl (written by the child)
      logs/       stdout, stderr
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from octopus.records import Limits, Record, Stage
from octopus.sandbox.disk import clear

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from octopus.protocols import Job, Program

#: Names of the arrays of a job, as fields of :class:`octopus.protocols.Job` and as files.
ARRAYS = ("train_rows", "y", "sample_weight", "groups", "time", "predict_rows", "seen_rows")
#: What to say where :attr:`JobDirectory.is_reachable` does not hold.
NOT_REACHABLE = "a directory above the job's belongs to another user, and a child has no power of root to enter it"
#: Names below ``outputs/``.
STAGE, PREDICTIONS, SEEN, RESULT = "stage", "pred.npy", "seen.npy", "result.json"
FAILURE, MODEL = "failure.json", "pipeline.pkl"


Level = Literal["process", "standard", "strict", "container"]
By = Literal["itself", "namespaces", "bubblewrap", "seatbelt", "container"]


class Walls(Record, frozen=True, kw_only=True):
    """What a child must have around it before it runs a line of the script.

    Parameters
    ----------
    level : {"process", "standard", "strict", "container"}
        What it promises.
    by : {"itself", "namespaces", "bubblewrap", "seatbelt", "container"}
        What stands around it beside what it gives up itself: nothing, namespaces that it enters, or what was made
        around it before it began.
    outside : mapping of str to int
        The user's namespaces, by kind: those of a confined child must be others.
    paths : tuple of str
        Files and directories that the families' scripts read beside the installed packages.
    devices : tuple of str
        Device files that they open.
    """

    level: Level
    by: By = "itself"
    outside: Mapping[str, int] = {}
    paths: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


class ProgramSpec(Record, frozen=True, kw_only=True):
    """A program that a child becomes."""

    arguments: tuple[str, ...]
    folder: str
    environment: Mapping[str, str]


class JobSpec(Record, frozen=True, kw_only=True):
    """What a child has to know of its job beside the arrays."""

    kind: Literal["fold", "fit", "replay", "analysis", "serve", "program"]
    walls: Walls
    imports: tuple[str, ...]
    features: str
    n_classes: int
    random_state: int
    limits: Limits
    program: ProgramSpec | None = None


@dataclass(frozen=True)
class JobDirectory:
    """Where the files of one job lie.

    Parameters
    ----------
    root : Path
        The directory itself.
    """

    root: Path

    @property
    def script(self) -> Path:
        """The script's file."""
        return self.root / "script" / "script.py"

    @property
    def inputs(self) -> Path:
        """What the parent hands in."""
        return self.root / "inputs"

    @property
    def work(self) -> Path:
        """Working directory and HOME of the child."""
        return self.root / "work"

    @property
    def tmp(self) -> Path:
        """Temporary directory of the child."""
        return self.root / "tmp"

    @property
    def shm(self) -> Path:
        """Its shared memory, where it has a ``/dev/shm`` of its own."""
        return self.root / "shm"

    @property
    def new_root(self) -> Path:
        """Where a child in a mount namespace builds its root."""
        return self.root / "root"

    @property
    def written(self) -> tuple[Path, ...]:
        """The directories that the child may write into; one that it has no use for is not there."""
        return tuple(folder for folder in (self.work, self.tmp, self.shm, self.outputs) if folder.exists())

    @property
    def outputs(self) -> Path:
        """What the child hands back."""
        return self.root / "outputs"

    @property
    def logs(self) -> Path:
        """Printed output."""
        return self.root / "logs"

    @property
    def stdout(self) -> Path:
        """What the child printed."""
        return self.logs / "stdout"

    @property
    def stderr(self) -> Path:
        """What the child printed as errors."""
        return self.logs / "stderr"

    @property
    def is_reachable(self) -> bool:
        """Whether this process may work in it: root may, until it has given up root's power, whoever owns the way."""
        return os.access(self.outputs, os.R_OK | os.W_OK | os.X_OK)

    def spec(self) -> JobSpec:
        """Read what to do."""
        return msgspec.json.decode((self.root / "spec.json").read_bytes(), type=JobSpec)

    def array(self, name: str) -> NDArray[np.generic] | None:
        """Read one of :data:`ARRAYS`; None if the job has none of that name."""
        import numpy as np

        path = self.inputs / f"{name}.npy"
        loaded: NDArray[np.generic] | None = np.load(path, allow_pickle=False) if path.exists() else None
        return loaded

    def mark(self, stage: Stage) -> None:
        """Write down how far the job came."""
        (self.outputs / STAGE).write_text(stage)

    def remove(self) -> None:
        """Delete it all, also what the script made unreadable or nested beyond the reach of a path."""
        clear(self.root)


def write_job(job: Job, walls: Walls, imports: tuple[str, ...]) -> JobDirectory:
    """Make the directory of a job beside its table and fill it.

    Parameters
    ----------
    job : Job
        What to do.
    walls : Walls
        What the child must have around it.
    imports : tuple of str
        Modules that scripts may import, wherever they are installed.

    Returns
    -------
    JobDirectory
        The new directory, mode 0700.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    import numpy as np

    spec = JobSpec(
        kind=job.kind,
        walls=walls,
        imports=imports,
        features=str(job.features.resolve()),
        n_classes=job.n_classes,
        random_state=job.random_state,
        limits=job.limits,
    )
    directory = _made(job.features.parent, spec, job.model)
    try:
        for name in ARRAYS:
            array = getattr(job, name)
            if array is not None:
                np.save(directory.inputs / f"{name}.npy", array, allow_pickle=False)
        if job.source is not None:
            directory.script.write_text(job.source, encoding="utf-8")
    except BaseException:
        directory.remove()
        raise
    return directory


def write_service(
    model: bytes, folder: Path, walls: Walls, imports: tuple[str, ...], n_classes: int, limits: Limits
) -> JobDirectory:
    """Make the directory of a process that answers requests with a fitted pipeline.

    Parameters
    ----------
    model : bytes
        The fitted pipeline.
    folder : Path
        Where to make it.
    walls : Walls
        What the child must have around it.
    imports : tuple of str
        Modules that the pipeline may import, wherever they are installed.
    n_classes : int
        Number of classes, 0 for regression.
    limits : Limits
        What the process may use.

    Returns
    -------
    JobDirectory
        The new directory, mode 0700.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    spec = JobSpec(
        kind="serve", walls=walls, imports=imports, features="", n_classes=n_classes, random_state=0, limits=limits
    )
    return _made(folder, spec, model, prefix="octopus-")


def write_program(program: Program, walls: Walls) -> JobDirectory:
    """Make the directory of a child that becomes a program.

    Parameters
    ----------
    program : Program
        What to run; its folder holds the directory too.
    walls : Walls
        What the child must have around it.

    Returns
    -------
    JobDirectory
        The new directory, mode 0700.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    folder = program.folder.resolve()
    spec = JobSpec(
        kind="program",
        walls=walls,
        imports=(),
        features="",
        n_classes=0,
        random_state=0,
        limits=program.limits,
        program=ProgramSpec(arguments=program.arguments, folder=str(folder), environment=dict(program.environment)),
    )
    return _made(folder.parent, spec, None)


def _made(folder: Path, spec: JobSpec, model: bytes | None, *, prefix: str = "job-") -> JobDirectory:
    directory = JobDirectory(Path(tempfile.mkdtemp(prefix=prefix, dir=folder)).resolve())
    try:
        made = [directory.script.parent, directory.inputs, directory.logs]
        made += [directory.work, directory.tmp, directory.outputs]
        if spec.walls.by == "namespaces":
            made += [directory.shm, directory.new_root]
        for one in made:
            one.mkdir()
        if model is not None:
            (directory.inputs / MODEL).write_bytes(model)
        (directory.root / "spec.json").write_bytes(msgspec.json.encode(spec))
    except BaseException:
        directory.remove()
        raise
    return directory
