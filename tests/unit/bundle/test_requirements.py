"""What a bundle asks pip for: what it needs, exactly that."""

from __future__ import annotations

import pickle
from importlib.metadata import version

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from sklearn.linear_model import LinearRegression

from octopus.bundle.requirements import find_requirements, requirements_text

_NOTHING = pickle.dumps(None)


def test_the_least_is_what_loads_and_serves() -> None:
    found = find_requirements(_NOTHING, "")
    assert {"cloudpickle", "fastapi", "uvicorn", "numpy", "pandas", "scikit-learn", "scipy"} <= set(found)
    assert not {"mlflow", "openai", "lightgbm", "octopus-estimator", "typer", "rich"} & set(found)
    assert all(version(name) == exact for name, exact in found.items())
    assert ("pyarrow" in found) == (int(pd.__version__.partition(".")[0]) >= 3)


@pytest.mark.parametrize("protocol", [0, 2, 3, 4, 5])
def test_a_pickle_names_what_it_needs(protocol: int) -> None:
    model = LGBMRegressor(n_estimators=2, verbose=-1).fit(np.arange(50.0)[:, None], np.arange(50.0))
    assert "lightgbm" in find_requirements(pickle.dumps(model, protocol=protocol), "")
    plain = LinearRegression().fit(np.eye(3), np.arange(3))
    plain.note_ = "lightgbm mlflow.pyfunc"
    assert not {"lightgbm", "mlflow"} & set(find_requirements(pickle.dumps(plain, protocol=protocol), ""))


def test_names_that_a_pickle_says_twice_are_read_from_its_memory() -> None:
    models = [LGBMRegressor(), LinearRegression(), LGBMRegressor(), LinearRegression()]
    found = find_requirements(cloudpickle.dumps(models), "")
    assert {"lightgbm", "scikit-learn"} <= set(found)


@pytest.mark.parametrize(
    "source",
    ["import lightgbm", "import lightgbm as lgb, os", "from lightgbm.sklearn import LGBMClassifier",
     "def late():\n    from lightgbm import LGBMClassifier"],
)  # fmt: skip
def test_a_script_names_what_it_imports(source: str) -> None:
    assert "lightgbm" in find_requirements(_NOTHING, source)


@pytest.mark.parametrize("source", ["import not_installed_here", "from . import x", "no python at all", "import os\0"])
def test_what_cannot_be_found_is_left_out(source: str) -> None:
    assert find_requirements(_NOTHING, source) == find_requirements(_NOTHING, "")


def test_the_file_is_one_that_pip_reads() -> None:
    text = requirements_text({"numpy": "2.4.6", "torch": "2.13.0+cpu"}, "3.11.7")
    assert text.splitlines()[0].startswith("# Python 3.11.7")
    assert text.splitlines()[1:] == ["numpy==2.4.6", "torch==2.13.0"]
    assert text.endswith("\n")
