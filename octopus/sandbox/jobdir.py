"""The directory of one job: fixed names, what the parent puts in and what the child takes out.

::

    job-…/
      spec.json   what to do (written by the parent)
      inputs/     arrays and, for a replay, the fitted pipeline (written by the parent)
      script/     script.py, importable as ``script``
      work/       working directory and HOME of the child
      tmp/        its TMPDIR
      outputs/    stage, pred.npy, seen.npy, result.json, failure.json, pipeline.pkl (written by the child)
      logs/       stdout, stderr
"""

from __future__ import annotations

import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from octopus.records import Limits, Record, Stage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from octopus.protocols import Job

#: Names of the arrays of a job, as fields of :class:`octopus.protocols.Job` and as files.
ARRAYS = ("train_rows", "y", "sample_weight", "groups", "time", "predict_rows", "seen_rows")
#: Names below ``outputs/``.
STAGE, PREDICTIONS, SEEN, RESULT = "stage", "pred.npy", "seen.npy", "result.json"
FAILURE, MODEL = "failure.json", "pipeline.pkl"


class JobSpec(Record, frozen=True, kw_only=True):
    """What a child has to know of its job beside the arrays."""

    kind: Literal["fold", "fit", "replay"]
    level: str
    features: str
    n_classes: int
    random_state: int
    limits: Limits


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
        """Delete it all, also what the script made unreadable."""
        shutil.rmtree(self.root, ignore_errors=True)
        if self.root.exists():
            for folder in [self.root, *self.root.rglob("*")]:
                if folder.is_dir() and not folder.is_symlink():
                    with suppress(OSError):
                        folder.chmod(stat.S_IRWXU)
            shutil.rmtree(self.root, ignore_errors=True)


def write_job(job: Job, level: str) -> JobDirectory:
    """Make the directory of a job beside its table and fill it.

    Parameters
    ----------
    job : Job
        What to do.
    level : str
        Sandbox level that the child must confine itself to.

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

    directory = JobDirectory(Path(tempfile.mkdtemp(prefix="job-", dir=job.features.parent)).resolve())
    try:
        for folder in (directory.script.parent, directory.inputs, directory.work, directory.tmp):
            folder.mkdir()
        directory.outputs.mkdir()
        directory.logs.mkdir()
        for name in ARRAYS:
            array = getattr(job, name)
            if array is not None:
                np.save(directory.inputs / f"{name}.npy", array, allow_pickle=False)
        if job.source is not None:
            directory.script.write_text(job.source, encoding="utf-8")
        if job.model is not None:
            (directory.inputs / MODEL).write_bytes(job.model)
        spec = JobSpec(
            kind=job.kind,
            level=level,
            features=str(job.features.resolve()),
            n_classes=job.n_classes,
            random_state=job.random_state,
            limits=job.limits,
        )
        (directory.root / "spec.json").write_bytes(msgspec.json.encode(spec))
    except BaseException:
        directory.remove()
        raise
    return directory
