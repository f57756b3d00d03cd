"""Write a bundle, replay it, and let nothing stand that does not replay."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from numpy.typing import ArrayLike

from octopus.bundle.contents import BundleContents, Manifest
from octopus.bundle.replay import Run, replay
from octopus.bundle.write import write_checked
from octopus.errors import BundleError
from octopus.records import ReplayCheck


def export(directory: Path, contents: BundleContents, rows: pd.DataFrame, expected: ArrayLike, run: Run) -> Manifest:
    """Export a proved model: what stands in the directory afterwards has replayed, or is what stood there before.

    Parameters
    ----------
    directory : Path
        Where to; a bundle that is there is replaced.
    contents : BundleContents
        What is exported.
    rows : DataFrame of shape (n_rows, n_columns)
        Raw rows to replay, from :func:`octopus.bundle.probe.probe_rows`.
    expected : array-like of shape (n_rows, n_classes) or (n_rows,)
        Probabilities or values that the proved pipeline gives for them.
    run : callable
        Runs the replay's program: :func:`octopus.bundle.replay.plainly`, or a sandbox where a model wrote the pipeline.

    Returns
    -------
    Manifest
        What was written, with the checks of the replay.

    Raises
    ------
    BundleError
        The directory holds something else, cannot be written, or the bundle does not replay.
    """

    def check(written: Path) -> tuple[ReplayCheck, ...]:
        checks = replay(written, rows, expected, run)
        failed = [f"{check.name}: {check.detail}" for check in checks if not check.passed]
        if failed:
            raise BundleError(
                Path(directory),
                f"it does not replay in a clean process ({'; '.join(failed)}), so nothing was exported",
                "Check that script.py imports what is installed and that its pipeline looks at one row at a time.",
            )
        return checks

    return write_checked(directory, contents, check)
