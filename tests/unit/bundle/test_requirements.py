"""What a bundle asks pip for: what it needs, exactly that."""

from __future__ import annotations

import pickle
import struct
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


def _text(data: bytes) -> bytes:
    """Return the instruction that pushes a text."""
    return b"X" + struct.pack("<I", len(data)) + data


#: Pickles that nobody wrote by ``pickle.dump``; a script may leave any bytes.
HOSTILE = {
    "nothing": b"",
    "no end": b"\x80\x04N",
    "no instruction": b"\xff\xfe",
    "undecodable text": b"cbuiltins\nexec\n(" + _text(b"\xff\xfe") + b"tR.",
    "undecodable name": b"c\xff\xfe\n\xff\nN.",
    "a surrogate": _text("x\ud800".encode("utf-8", "surrogatepass")) + _text(b"y") + b"\x93.",
    "a name without a module": b"c\n\n.",
    "names from nowhere": b"\x93\x93.",
    "names that are numbers": b"K\x01K\x02\x93.",
    "a name with a line end": b"c" + b"a" * 100_000 + b"\n" + b"b\n.",
    "more text than there is": b"X" + struct.pack("<I", 1 << 31) + b"x",
    "less than nothing": b"T" + struct.pack("<i", -1) + b"x.",
    "a number that is none": b"Ix\n.",
    "a number without end": b"I" + b"9" * 100_000 + b"\n.",
    "a memory that is empty": b"h\x00j\x00\x00\x00\x00\x93.",
    "a place in memory that is none": b"Np\xff\n.",
    "a place in memory below the first": b"Np-1\ng-1\n.",
    "a frame longer than all": b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"N.",
}


@pytest.mark.parametrize("pipeline", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_pickle_names_nothing_and_harms_nobody(pipeline: bytes) -> None:
    plain = find_requirements(_NOTHING, "")
    assert find_requirements(pipeline, "") == plain
    assert set(plain) < set(find_requirements(pipeline, "import lightgbm"))


@pytest.mark.timeout(30)
@pytest.mark.parametrize("pair", [b"N0", b"\x94\x8c\x00", b"q\x00h\x00", b"c\n\n", b"(0"])
def test_a_flood_of_instructions_ends(pair: bytes) -> None:
    flood = b"N" + pair * 5_000_000 + b"N."
    assert find_requirements(flood, "") == find_requirements(_NOTHING, "")
