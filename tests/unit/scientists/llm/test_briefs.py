"""What stays the same for a run."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from octopus.families.forest import Forest
from octopus.families.gbm import GradientBoosting
from octopus.families.linear import Linear
from octopus.families.neural import Neural
from octopus.families.signatures import signature
from octopus.privacy import Shield
from octopus.protocols import HasBrief
from octopus.scientists.llm.briefs import brief, notes
from tests.unit.scientists.journals import column, profile, task

FAMILIES = (Linear(), Forest(), GradientBoosting(), Neural())


class Mine:
    """A family of someone else, without a brief."""

    name = "mine"
    imports = ("mine",)

    def reason_against(self, task, profile):
        return None

    def recipes(self, task, profile):
        return Linear().recipes(task, profile)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_brief_is_short_and_names_what_is_installed(family, kind):
    assert isinstance(family, HasBrief)
    asked = task("roc_auc" if kind != "regression" else "r2", kind)
    told = family.brief(asked, profile(n_rows=300))
    assert len(told) <= 120 * 3.6
    assert told == family.brief(asked, profile(n_rows=300))
    assert "=" in told
    assert "Classifier" not in told if kind == "regression" else "Regressor" not in told


def test_family_without_a_brief_is_told_by_its_ideas():
    told = brief(Mine(), task(), profile(column("size")), lambda text, source: text.replace("line", "…"))
    assert "one-hot and a regularised …" in told


def test_blocks_that_a_brief_names_are_told_though_cells_are_hidden():
    table = pd.DataFrame({"Name": [f"maker number {i}" for i in range(40)], "size": np.arange(40.0)})
    known = profile(column("Name", "categorical"), column("size"), n_rows=300)
    hide = Shield.of(table, known, "summary").hide
    assert brief(Neural(), task("r2", "regression"), known, hide).startswith("NetworksRegressor(n_members=6, ")


def test_notes_are_those_of_the_installed_versions():
    assert any("not object" in note for note in notes({"pandas": "3.1.1"}))
    assert not any("not object" in note for note in notes({"pandas": "2.3.0"}))
    assert notes({"pandas": "1.5.3"}) == ()
    assert len(notes({"scikit-learn": "1.9.1", "lightgbm": "4.7.0"})) == 2
    assert notes({}) == ()


def test_signature_is_that_of_the_installed_source():
    assert signature("sklearn.preprocessing", "OneHotEncoder").startswith("OneHotEncoder(*, categories='auto'")
    assert "early_stopping_rounds" not in signature("lightgbm", "LGBMClassifier.fit")
    assert signature("lightgbm", "LGBMRegressor", ("num_leaves",)) == "LGBMRegressor(num_leaves=31)"
    assert signature("no_such_package", "Thing") == ""
    assert signature("sklearn.linear_model", "Thing") == ""
    assert signature("sys", "exit") == ""


def test_signatures_load_no_library():
    code = (
        "import sys; from octopus.families.signatures import signature; "
        "assert signature('lightgbm', 'LGBMClassifier') and 'lightgbm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
