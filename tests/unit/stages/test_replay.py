"""A replay in a clean process: what passes, and what must not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from octopus.frame import Schema
from octopus.protocols import Sandbox
from octopus.records import Limits, ReplayCheck
from octopus.sandbox.levels import open_process
from octopus.stages.replay import predict_rows, replay_model
from octopus.testing.examples import example_task

_LIMITS = Limits(wall_s=60.0, memory_bytes=4 << 30)
_RAW = pd.DataFrame({
    "size": [1.0, 2.0, None, 4.0], "colour": ["red", "blue", None, "red"],
    "day": pd.to_datetime(["2024-01-01", None, "2024-01-03", "2024-01-04"]),
})  # fmt: skip
_TABLE = Schema.of(_RAW).apply(_RAW)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    opened = open_process(imports=("sklearn.base",), environment={})
    yield opened
    opened.close()


def _bytes(predict: str) -> bytes:
    """Return a pipeline whose ``predict`` has this body, as a script would leave it."""
    namespace: dict[str, object] = {"BaseEstimator": BaseEstimator, "RegressorMixin": RegressorMixin, "np": np}
    source = f"class Model(RegressorMixin, BaseEstimator):\n    def predict(self, X):\n        {predict}\n"
    exec(source, namespace)
    model: bytes = cloudpickle.dumps(namespace["Model"]())  # type: ignore[operator]
    return model


def _checks(predict: str, expected: np.ndarray, sandbox: Sandbox, workspace: Path) -> dict[str, ReplayCheck]:
    checks = replay_model(_bytes(predict), _TABLE, expected, example_task("regression"), workspace, sandbox, _LIMITS)
    assert not list(workspace.iterdir()), "the rows do not stay on disk"
    return {check.name: check for check in checks}


def test_a_sound_pipeline_passes_every_check(sandbox: Sandbox, tmp_path: Path) -> None:
    checks = _checks("return X['size'].fillna(0).to_numpy()", np.array([1.0, 2, 0, 4]), sandbox, tmp_path)
    assert len(checks) == 3
    assert all(check.passed for check in checks.values())


@pytest.mark.parametrize(
    ("predict", "failing"),
    [
        pytest.param(
            "return X.iloc[:, 0].map(lambda v: float(len(str(v)))).to_numpy()", "columns shuffled", id="by position"
        ),
        pytest.param("return np.full(len(X), float(len(X)))", "one row alone", id="depends on its neighbours"),
        pytest.param(
            "return X['colour'].map({'red': 1.0, 'blue': 2.0, np.nan: 0.0}).to_numpy()", "unseen", id="unseen category"
        ),
    ],
)
def test_a_flawed_pipeline_fails_by_name(predict: str, failing: str, sandbox: Sandbox, tmp_path: Path) -> None:
    task = example_task("regression")
    fitted = predict_rows(_bytes(predict), _TABLE, task, tmp_path, sandbox, _LIMITS)
    assert fitted.predictions is not None
    checks = _checks(predict, fitted.predictions, sandbox, tmp_path)
    failed = [name for name, check in checks.items() if not check.passed]
    assert any(failing in name for name in failed), checks
    assert all(checks[name].detail for name in failed)


def test_predictions_that_differ_fail_with_the_difference(sandbox: Sandbox, tmp_path: Path) -> None:
    checks = _checks("return np.zeros(len(X))", np.array([0.0, 0, 0, 0.5]), sandbox, tmp_path)
    check = checks["same predictions, columns shuffled"]
    assert not check.passed
    assert check.detail == "largest difference 0.5"
