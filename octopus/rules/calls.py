"""Crash rules about what a script takes the libraries for: packages, arguments, names, scikit-learn's own rules."""

from __future__ import annotations

import re

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash
from octopus.rules.reading import quoted
from octopus.rules.signature import library, neighbours, signature_of
from octopus.rules.signs import explained

#: What does the same and comes with octopus.
_INSTEAD = {
    "xgboost": "lightgbm",
    "catboost": "lightgbm",
    "category_encoders": "sklearn.preprocessing.TargetEncoder",
    "imblearn": "class weights",
    "feature_engine": "pandas in a transformer of the script",
    "polars": "pandas",
    "statsmodels": "sklearn.linear_model",
    "optuna": "settings written down in the script",
}
#: Names that were changed, and by what: what models write most often, for their examples are older than the libraries.
_RENAMED = {
    "sparse": "sparse_output", "squared": "root_mean_squared_error, not squared=False", "base_estimator": "estimator",
    "method": "ffill() or bfill(), not fillna(method=…)", "multi_class": "nothing: leave it out",
    "early_stopping_rounds": "callbacks=[lightgbm.early_stopping(n)] and an eval_set", "verbose": "verbose=-1 in the "
    "constructor", "normalize": "a StandardScaler before it", "append": "pandas.concat", "iteritems": "items",
    "ix": "loc", "applymap": "map", "lookup": "indexing with positions", "get_feature_names": "get_feature_names_out",
    "in1d": "isin", "trapz": "trapezoid", "float": "float itself", "int": "int itself", "bool": "bool itself",
    "object": "object itself", "str": "str itself", "float_": "numpy.float64", "NaN": "numpy.nan", "Inf": "numpy.inf",
    "load_boston": "the table that is given", "affinity": "metric", "silent": "verbose=-1", "deviance": "'log_loss'",
    "infer_datetime_format": "nothing: leave it out", "auto": "'sqrt' or 1.0 for max_features", "none": "None",
    "ls": "'squared_error'", "mse": "'squared_error'", "mae": "'absolute_error'", "M": "'ME'", "Q": "'QE'", "Y": "'YE'",
    "H": "'h'", "T": "'min'",
}  # fmt: skip
_PRINTED = 120


class MissingPackage:
    """The script imports a package that is not installed.

    Evidence: a ``ModuleNotFoundError`` for a package that is not there at all, or pandas' words for an optional one.
    Remedy: do with what is installed; nothing is installed during a run. Not repairable without a model: the
    playbook takes families whose packages are there.
    """

    code = "OCT104"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if a package is missing."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        name = (quoted(error.message) or ["a package"])[0].partition(".")[0]
        instead = _INSTEAD.get(name, "numpy, pandas, scikit-learn or lightgbm")
        return crash(
            self.code,
            "a package is not installed",
            outcome,
            cause=f"{name!r} is not installed, and nothing is installed during a run",
            remedy=f"use {instead} in its place; a module of one's own goes into the script itself",
            repairable=False,
        )


class ChangedInterface:
    """The script uses an argument, an option or a name that the installed library does not have.

    Evidence: "unexpected keyword argument", ``InvalidParameterError``, an attribute or a name that a library lacks,
    a frequency of pandas that was renamed. Examples that were written for older versions are the usual source.
    Remedy: the signature as it is installed, the name that took its place. Not repairable without a model: the
    playbook's scripts are tested against these versions.
    """

    code = "OCT105"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if a library refused how it was used."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        asked = quoted(error.message) or re.findall(r"`np\.(\w+)`|`(\w+)`", error.message)[:1] or [""]
        names = [name if isinstance(name, str) else name[0] or name[1] for name in asked]
        renamed = next((f"{n} is now {_RENAMED[n]}" for n in reversed(names) if n in _RENAMED), "")
        near = neighbours(error)
        offered = signature_of(error) or (f"the nearest names are {', '.join(near)}" if near else "")
        return crash(
            self.code,
            "a library does not take this",
            outcome,
            cause=f"{library(error) or 'the installed version'}: {' '.join(error.message.split())[:_PRINTED]}",
            remedy="; ".join(part for part in (renamed, offered) if part)
            or "leave it out, or use what this version offers",
            repairable=False,
        )


class EstimatorRules:
    """An estimator of the script does not keep scikit-learn's rules.

    Evidence: it cannot be cloned, has no tags, lacks a method, does not store an argument of its constructor, or is
    asked before it is fitted. Remedy: ``BaseEstimator`` last among the bases, ``__init__`` that only stores its
    arguments under their names, ``fit(X, y=None)`` that returns ``self``. Not repairable without a model: the
    playbook's blocks keep the rules.
    """

    code = "OCT108"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if an estimator broke the rules."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        unfitted = error.type == "NotFittedError"
        return crash(
            self.code,
            "an estimator breaks scikit-learn's rules",
            outcome,
            cause=" ".join(error.message.split())[: 2 * _PRINTED] or error.type,
            remedy="fit it before it is asked, inside fit of the pipeline"
            if unfitted
            else "mixins first and BaseEstimator last among the bases; __init__ only stores its arguments "
            "under their names; "
            "fit(self, X, y=None) returns self; steps before the last have transform",
            repairable=False,
        )
