"""What a case of the corpus is, and how its few lines become a whole script."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

_IMPORTS = '''"""Hypothesis: a script like others, but for one mistake."""
import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
WORDS = ["island", "sex"]
'''
_STEP = """
{top}

class Features(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
{fit}
        return self

    def transform(self, X):
{transform}


def build_pipeline():
    return make_pipeline(Features(), {model})
"""
_PREDICTS = """
{top}

class Model({kind}Mixin, BaseEstimator):
    def fit(self, X, y):
{fit}
        return self

    def predict{proba}(self, X):
{predict}
{more}

def build_pipeline():
    return Model()
"""

_CLASSES = """
    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A script that breaks, and the code that must be the first and only one to name it.

    Parameters
    ----------
    code : str
        Code of the right diagnosis.
    name : str
        What is wrong, in few words.
    source : str
        The script.
    says : tuple of str
        What cause and remedy must mention.
    near : str
        Code that it looks like and must not get; empty for a plain case.
    kind : {"fold", "fit"}
        A ``fit`` stores the pipeline as well.
    regression : bool
        The target is a number.
    wall_s, memory_mib : float, int
        What the script may use.
    since_pandas : int
        Major version of pandas that is the first to refuse it.
    of_model : bool
        It is checked as a script of a language model, and one column is quarantined.
    """

    code: str
    name: str
    source: str
    says: tuple[str, ...] = ()
    near: str = ""
    kind: str = "fold"
    regression: bool = False
    wall_s: float = 60.0
    memory_mib: int = 4096
    since_pandas: int = 2
    of_model: bool = False

    @property
    def id(self) -> str:
        """Name of the test."""
        return f"{self.code} {self.name}" + (f" (not {self.near})" if self.near else "")


def step(transform: str, *, fit: str = "self.fitted_ = True", model: str = "DummyClassifier()", top: str = "") -> str:
    """Return a script with a transformer of these lines before a model."""
    return _IMPORTS + _STEP.format(
        top=top and _flush(top, 0), fit=_flush(fit), transform=_flush(transform), model=model
    )


def model(expression: str, top: str = "") -> str:
    """Return a script whose pipeline is this expression."""
    return f"{_IMPORTS}\n{_flush(top, 0)}\n\ndef build_pipeline():\n    return {expression}\n"


def classifier(predict_proba: str, *, fit: str = "self.classes_ = np.unique(y)", top: str = "") -> str:
    """Return a script with a classifier of its own, which predicts by these lines."""
    lines = {"fit": _flush(fit), "predict": _flush(predict_proba), "top": _flush(top, 0), "more": _CLASSES}
    return _IMPORTS + _PREDICTS.format(kind="Classifier", proba="_proba", **lines)


def regressor(predict: str, *, fit: str = "self.mean_ = y.mean()", top: str = "") -> str:
    """Return a script with a regressor of its own, which predicts by these lines."""
    lines = {"fit": _flush(fit), "predict": _flush(predict), "top": _flush(top, 0), "more": ""}
    return _IMPORTS + _PREDICTS.format(kind="Regressor", proba="", **lines)


def _flush(lines: str, indent: int = 8) -> str:
    return textwrap.indent(textwrap.dedent(lines).strip("\n"), " " * indent)
