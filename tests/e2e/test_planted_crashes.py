"""A mistake of each kind in the first script: named by its code, repaired or left behind, and a model at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from octopus import AutonomousClassifier
from octopus.journal import Journal
from octopus.protocols import Family
from octopus.records import Decision, ExperimentProposal, Profile, Proposal, Script, Task
from octopus.scientists.playbook.scientist import Playbook
from tests.frames import mixed_frame

_SCRIPT = '''"""Hypothesis: what the penguins' bills and islands say is enough."""
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]


class Features(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        {fit}
        return self

    def transform(self, X):
        {transform}


def build_pipeline():
    return make_pipeline(Features(), {steps})
'''


class Planted(Playbook):
    """A playbook whose first script is replaced by one with a mistake; what follows is its own doing.

    Parameters
    ----------
    families : sequence of Family or None
        As the playbook has them.
    source : str
        The first script.
    """

    def __init__(self, families: Sequence[Family] | None = None, source: str = "") -> None:
        super().__init__(families)
        self.source = source

    def propose(self, decision: Decision, task: Task, profile: Profile, journal: Journal) -> Proposal:
        proposal = super().propose(decision, task, profile, journal)
        if journal.experiments or not isinstance(proposal, ExperimentProposal):
            return proposal
        return msgspec.structs.replace(proposal, script=Script(source=self.source, author="model"))


def planted(
    transform: str = "return X[NUMBERS].fillna(0)",
    *,
    fit: str = "self.fitted_ = True",
    steps: str = "LogisticRegression(max_iter=1000)",
) -> str:
    """Return a script for the penguins with these lines in it."""
    return _SCRIPT.format(fit=fit, transform=transform, steps=steps)


def penguins() -> tuple[pd.DataFrame, pd.Series]:
    """Return the penguins with an island that holds one of them alone, and so is new to every fold that predicts it."""
    X, y = mixed_frame()
    X.loc[X.index[7], "island"] = "Alone"
    return X, y


_SLOW = pytest.mark.slow
_ONE_HOT = "make_column_transformer((OneHotEncoder(), ['island'])), LogisticRegression()"


@pytest.mark.parametrize(
    ("source", "code", "next_action", "parameters"),
    [
        pytest.param(planted("return X", steps=_ONE_HOT), "OCT304", "draft", {}, id="unseen category"),
        pytest.param(planted("return X[['island', 'year']]"), "OCT301", "repair", {}, id="wrong dtype"),
        pytest.param(planted("return X[['bill_lenght_mm']].fillna(0)"), "OCT302", "draft", {}, id="missing column"),
        pytest.param(planted("return X[NUMBERS]"), "OCT303", "repair", {}, id="NaN"),
        pytest.param(
            planted("return X", steps="OneHotEncoder(sparse=False), LogisticRegression()"),
            "OCT105", "draft", {}, id="version drift",
        ),
        pytest.param(
            planted(fit="held = []\n        while True:\n            held.append(bytearray(50_000_000))"),
            "OCT202", "repair", {"memory_limit": "1500MB", "n_jobs": 1}, id="memory",
        ),
        pytest.param(
            planted(fit="while True:\n            pass"), "OCT201", "repair", {"time_limit": 30}, id="time", marks=_SLOW
        ),
        pytest.param(
            planted(fit="import time\n        time.sleep(600)"),
            "OCT205", "repair", {"time_limit": 30}, id="hang", marks=_SLOW,
        ),
        pytest.param(
            planted(fit="import pickle\n        self.copy_ = pickle.dumps(lambda x: x)"),
            "OCT402", "draft", {}, id="unpicklable",
        ),
        pytest.param(planted("return X[NUMBERS].dropna()"), "OCT305", "draft", {}, id="wrong shape"),
    ],
)  # fmt: skip
def test_a_planted_crash_is_named_and_the_run_ends_with_a_model(
    source: str, code: str, next_action: str, parameters: dict[str, object], tmp_path: Path
) -> None:
    X, y = penguins()
    estimator = AutonomousClassifier(
        backend=Planted(source=source),
        families=["linear", "gbm"],
        sandbox="process",
        max_experiments=2,
        random_state=0,
        run_dir=tmp_path / "run",
        **parameters,
    ).fit(X, y)
    first, second = estimator.journal_.experiments
    assert first.script.source == source
    assert [d.code for d in first.diagnoses] == [code], first.outcome
    assert first.score is None
    assert second.decision.action == next_action
    assert second.plan.family == ("linear" if next_action == "repair" else "gbm")
    assert second.is_valid
    assert estimator.best_experiment_.number == second.number
    assert set(estimator.predict(X.head(20))) <= set(y.unique())
