"""``import octopus`` takes a blink."""

from __future__ import annotations

import subprocess
import sys

import pytest

import octopus


def test_it_pulls_in_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys, octopus; octopus.__version__; dir(octopus); "
        "heavy = {'numpy', 'pandas', 'sklearn', 'lightgbm', 'mlflow', 'openai', 'pyarrow'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_fitting_pulls_in_no_tracker_and_no_client() -> None:
    code = (
        "import sys; from octopus import AutonomousEstimator; "
        "heavy = {'lightgbm', 'mlflow', 'openai', 'torch'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_names_are_those_that_are_promised() -> None:
    for name in octopus.__all__:
        assert getattr(octopus, name).__module__.startswith("octopus.")
        assert name in dir(octopus)
    with pytest.raises(AttributeError, match="no attribute 'AutoEstimator'"):
        octopus.AutoEstimator  # noqa: B018
