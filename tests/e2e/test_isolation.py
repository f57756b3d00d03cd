"""What a model wrote is never loaded where it could do harm: not in fit, predict, a copy, an export or a bundle."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from octopus import AutonomousEstimator, load
from octopus.errors import SandboxUnavailable, UntrustedPickle, WeakSandbox
from octopus.journal import Journal
from octopus.protocols import Recipe
from octopus.records import Decision, ExperimentProposal, Plan, Profile, Script, Task
from octopus.testing import OneRecipe
from tests.frames import regression_frame


class Burglar:
    """A scientist whose script counts as a model's: wherever its pickle is loaded, it leaves a note outside."""

    name = "burglar"

    def __init__(self, notes: Path) -> None:
        self.notes = notes

    def propose(self, decision: Decision, task: Task, profile: Profile, journal: Journal) -> ExperimentProposal:
        source = (
            '"""Hypothesis: nobody looks."""\n'
            "import os\n\nfrom sklearn.dummy import DummyRegressor\n\n\n"
            "class Traced(DummyRegressor):\n    def __setstate__(self, state):\n        try:\n"
            f"            with open({str(self.notes)!r}, 'a') as file:\n                file.write('was here')\n"
            "        except OSError:\n            pass\n"
            "        super().__setstate__(state)\n\n\n"
            "def build_pipeline():\n    return Traced()\n"
        )
        plan = Plan(family="plain_mean", idea="mean", hypothesis="nobody looks", expected="a floor")
        return ExperimentProposal(plan=plan, script=Script(source=source, author="model"))


def plain_mean() -> OneRecipe:
    return OneRecipe(
        Recipe(
            idea="mean", hypothesis="nothing matters", expected="a floor", encoding="ordinal", model="DummyRegressor()",
            imports=("from sklearn.dummy import DummyRegressor",),
        ),
        name="plain_mean",
    )  # fmt: skip


def burgled(tmp_path: Path, level: str) -> tuple[AutonomousEstimator, Path]:
    X, y = regression_frame()
    notes = tmp_path / "notes"
    estimator = AutonomousEstimator(
        backend=Burglar(notes), families=[plain_mean()], sandbox=level, max_experiments=1, random_state=0,
        run_dir=tmp_path / "run",
    ).fit(X, y)  # fmt: skip
    return estimator, notes


@pytest.mark.parametrize("level", ["auto", "standard", "strict"])
def test_nothing_gets_out_of_fit_predict_a_copy_and_an_export(tmp_path: Path, level: str) -> None:
    X, y = regression_frame()
    estimator, notes = burgled(tmp_path, level)
    np.testing.assert_allclose(estimator.predict(X.head(3)), np.full(3, y.mean()))
    np.testing.assert_allclose(pickle.loads(pickle.dumps(estimator)).predict(X.head(3)), np.full(3, y.mean()))
    manifest = estimator.export(tmp_path / "bundle")
    assert all(check.passed for check in manifest.checks)
    assert not notes.exists()
    started = estimator.journal_.started
    assert started is not None
    assert started.sandbox.level in ("standard", "strict")
    assert all(canary.held for canary in started.sandbox.canaries)


def test_the_same_leaves_notes_where_nothing_keeps_it(tmp_path: Path) -> None:
    X, _ = regression_frame()
    estimator, notes = burgled(tmp_path, "process")
    estimator.predict(X.head(3))
    assert notes.exists(), "or the test above would prove nothing"


def test_a_bundle_of_a_models_is_loaded_on_the_users_word_only(tmp_path: Path) -> None:
    X, y = regression_frame()
    estimator, notes = burgled(tmp_path, "auto")
    estimator.export(tmp_path / "bundle")
    with pytest.raises(UntrustedPickle, match="allow_pickle=True"):
        load(tmp_path / "bundle")
    assert not notes.exists()
    np.testing.assert_allclose(load(tmp_path / "bundle", allow_pickle=True).predict(X.head(3)), np.full(3, y.mean()))
    assert notes.exists()


def test_where_only_process_can_be_had_a_models_script_is_refused_unless_the_user_allows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from octopus.sandbox.linux import landlock

    monkeypatch.setattr(landlock, "abi", lambda: 0)
    with pytest.raises(SandboxUnavailable, match=r"'process'.*no Landlock.*allow it by sandbox='process'"):
        burgled(tmp_path, "auto")
    X, y = regression_frame()
    with pytest.warns(WeakSandbox, match="They are the playbook's own"):
        AutonomousEstimator(families=["linear"], max_experiments=1, random_state=0, run_dir=tmp_path / "own").fit(X, y)
    burgled(tmp_path, "process")
