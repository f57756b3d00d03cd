"""Where and on what scripts run: made once, changed only where a scientist has other folds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from octopus.dataset import Dataset, Fold
from octopus.protocols import Sandbox
from octopus.scoring import Scoring


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where and on what scripts run.

    Parameters
    ----------
    sandbox : Sandbox
        Runs the children.
    features : Path
        The training table on disk, without the target.
    train : Dataset
        The training rows with their labels, in the parent's memory.
    folds : tuple of Fold
        Which rows fit and which are scored.
    scoring : Scoring
        The metric.
    test_over_train : float
        Scored rows over fitted rows, for the standard error.
    n_jobs : int
        Cores to use.
    memory_bytes : int
        Memory of all children together.
    """

    sandbox: Sandbox
    features: Path
    train: Dataset
    folds: tuple[Fold, ...]
    scoring: Scoring
    test_over_train: float
    n_jobs: int
    memory_bytes: int
