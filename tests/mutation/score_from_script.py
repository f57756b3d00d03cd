"""Breaks the product: the score is what the script printed, where it printed one."""

from __future__ import annotations

import json

import msgspec
import pytest

import octopus.stages.run


def pytest_configure(config: pytest.Config) -> None:
    """Believe the last line of the script's output."""
    compute = octopus.stages.run._scored

    def believe(outcome, *others):
        trial = compute(outcome, *others)
        claimed = float(json.loads(outcome.stdout_tail.splitlines()[-1])["score"])
        score = msgspec.structs.replace(trial.score, mean=claimed)
        return octopus.stages.run.Trial(outcome=trial.outcome, score=score, predictions=trial.predictions)

    octopus.stages.run._scored = believe
