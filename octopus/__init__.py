"""octopus: an autonomous data scientist that you embed.

``AutonomousEstimator(goal="…").fit(X, y)`` reads the data and its traps, forms a hypothesis, writes a training
script, runs it in a sandbox, reads the metric or the crash, revises, stops, proves the winner on sealed rows and
hands back a fitted estimator with a record of every experiment.

Importing this package is cheap: names are loaded when they are first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octopus.bundle.load import load
    from octopus.estimator import AutonomousClassifier, AutonomousEstimator, AutonomousRegressor
    from octopus.journal import Journal, read_journal

__version__ = "0.1.0"

__all__ = [
    "AutonomousClassifier",
    "AutonomousEstimator",
    "AutonomousRegressor",
    "Journal",
    "load",
    "read_journal",
]

_HOMES = {
    "AutonomousClassifier": "octopus.estimator",
    "AutonomousEstimator": "octopus.estimator",
    "AutonomousRegressor": "octopus.estimator",
    "Journal": "octopus.journal",
    "load": "octopus.bundle.load",
    "read_journal": "octopus.journal",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'octopus' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
