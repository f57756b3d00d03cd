"""Crash rules about the layout of the data: shapes, names of columns, row labels, arrays in place of tables."""

from __future__ import annotations

import re

from octopus.records import Diagnosis, Outcome, Profile, Script
from octopus.rules.fingerprint import crash
from octopus.rules.reading import listed
from octopus.rules.signs import explained

_SHAPES = re.compile(r"\(\d+(?:, ?\d*)*\)|\[\d+(?:, \d+)+\]|\b\d+\b")
_JSON_CHARACTERS = frozenset('",:[]{}<')
_PRINTED = 200


class ShapeMismatch:
    """Rows or columns of two things differ in number, or an array has another number of dimensions.

    Evidence: the words of scikit-learn, numpy, pandas, scipy and LightGBM, with the two shapes. The cause is usually
    that rows are dropped in ``transform``, or that features are built outside the pipeline. Remedy: keep every row in
    its place; one column is ``X[["a"]]``, not ``X["a"]``. Not repairable without a model: the playbook's blocks keep
    every row.
    """

    code = "OCT305"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if shapes do not fit."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        flat = error.message.startswith(("Expected 2D", "Expected a 2-dim"))
        shapes = list(dict.fromkeys(_SHAPES.findall(error.message.partition("array=")[0].replace("2D", ""))))[:3]
        return crash(
            self.code,
            "shapes do not fit",
            outcome,
            cause="a single column reached a step that takes a table"
            if flat
            else f"{' '.join(error.message.split())[:_PRINTED]}"
            + (f" (sizes: {' and '.join(shapes)})" if len(shapes) > 1 else ""),
            remedy="select it as a table: X[['a']], or values.reshape(-1, 1)"
            if flat
            else "one row out for each row in: drop no rows in transform, build features inside the pipeline "
            "and not per split",
            repairable=False,
        )


class FeatureMismatch:
    """A step gets other columns when it predicts than when it was fitted.

    Evidence: the words of scikit-learn and LightGBM for another number of features, other names or other categories.
    Remedy: remember columns and levels in ``fit`` and give exactly those. Not repairable without a model: the
    playbook's blocks do that.
    """

    code = "OCT306"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if the features changed between fit and predict."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        return crash(
            self.code,
            "other features than in fit",
            outcome,
            cause=" ".join(error.message.split())[:_PRINTED],
            remedy="keep the columns (and the levels of categories) that fit made in an attribute and reindex "
            "to them in "
            "transform; get_dummies per call makes others each time, OneHotEncoder does not",
            repairable=False,
        )


class IndexAlignment:
    """Row labels do not fit: labels are taken for positions, or two tables with different rows are joined.

    Evidence: pandas' words for labels that are missing, doubled or not the same. Remedy: ``reset_index(drop=True)``
    after rows were selected or concatenated, ``iloc`` for positions, arrays without labels. Not repairable without a
    model.
    """

    code = "OCT308"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if rows do not align."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        return crash(
            self.code,
            "row labels do not fit",
            outcome,
            cause=f"{error.type}: {' '.join(error.message.split())[:_PRINTED]}",
            remedy="use iloc or to_numpy() for positions, and reset_index(drop=True) after rows were selected "
            "or concatenated",
            repairable=False,
        )


class UnusableNames:
    """The model does not take these names of columns.

    Evidence: LightGBM's words for special JSON characters and for names that it sees twice, scikit-learn's for names
    that are not all texts. Remedy: plain names, made inside the pipeline; positions are names enough. Not repairable
    without a model: the playbook's blocks give plain names already, so that another family is the better try.
    """

    code = "OCT311"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if names were refused."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        special = [name for name in error.columns if _JSON_CHARACTERS & set(name)]
        first = next(iter(error.message.strip().splitlines()), "")[:_PRINTED]
        return crash(
            self.code,
            "names of columns that the model does not take",
            outcome,
            cause=first + (f" ({listed(special)})" if special and "JSON" in error.message else ""),
            remedy="rename inside the pipeline: X.set_axis([f'f{i}' for i in range(X.shape[1])], axis=1)",
            repairable=False,
        )


class ArrayForTable:
    """An array or a sparse matrix stands where a table was expected, or where dense numbers were.

    Evidence: an attribute of tables that an array lacks, an array indexed by names, a step that refuses sparse data.
    A step of scikit-learn gives an array out, and the target is one. Remedy: tables out of every step, or positions.
    Not repairable without a model.
    """

    code = "OCT312"

    def match(self, outcome: Outcome, script: Script, profile: Profile) -> Diagnosis | None:
        """Return the diagnosis if an array was taken for a table."""
        error = explained(self.code, outcome, script, profile)
        if error is None:
            return None
        sparse = "sparse" in error.message.lower() or "_matrix'" in error.message
        where = f" in line {error.number}: {error.line[:_PRINTED]}" if error.line else ""
        return crash(
            self.code,
            "a sparse matrix where dense numbers were expected" if sparse else "an array where a table was expected",
            outcome,
            cause=f"the step before gives {'a sparse matrix' if sparse else 'an array without names'}, or it "
            f"is y{where}",
            remedy="OneHotEncoder(sparse_output=False), ColumnTransformer(sparse_threshold=0), vectorisers "
            "into TruncatedSVD"
            if sparse
            else "set_output(transform='pandas') on the steps before, or columns by position; y is an array: "
            "pandas.Series(y)",
            repairable=False,
        )
