"""What is set aside does not reach the pipeline of a model's script, however it takes its columns."""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
import pytest

from octopus.records import Finding
from octopus.scientists.llm.guard import guarded, set_aside_columns, unguarded
from octopus.scientists.llm.unreadable import Unreadable
from octopus.testing.examples import example_profile

_BY_TYPE = '''"""Every number there is."""
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline


def build_pipeline():
    numbers = make_column_transformer(("passthrough", make_column_selector(dtype_include="number")))
    return {pipeline}
'''
_PIPELINE = _BY_TYPE.format(pipeline="make_pipeline(numbers, LinearRegression())")
_BARE = _BY_TYPE.format(pipeline="LinearRegression()")


@pytest.mark.parametrize("source", [_PIPELINE, _BARE])
def test_a_column_that_is_taken_by_its_type_is_not_seen(source: str) -> None:
    namespace: dict[str, object] = {}
    exec(guarded(source, ['the "answer"', "a\nb"]), namespace)
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=50), 'the "answer"': 0.0, "a\nb": 1.0})
    y = rng.normal(size=50)
    table['the "answer"'] = y
    pipeline = namespace["build_pipeline"]()  # type: ignore[operator]
    score = pipeline.fit(table, y).score(table, y)
    assert score < 0.5
    without = table.drop(columns=['the "answer"', "a\nb"])
    assert np.allclose(pipeline.predict(table), pipeline.predict(without))


def test_without_columns_to_set_aside_a_script_stays_as_it_is() -> None:
    assert guarded(_PIPELINE, ()) == _PIPELINE


def test_a_guard_is_taken_off_and_put_on_once() -> None:
    once = guarded(_PIPELINE, ["a"])
    assert unguarded(once) == _PIPELINE
    assert guarded(once, ["a"]) == once
    assert guarded(once, ["b"]).count("SET_ASIDE =") == 1
    assert unguarded(_PIPELINE) == _PIPELINE


def test_what_is_set_aside_is_what_a_finding_quarantined_and_nobody_released() -> None:
    profile = example_profile("binary")
    name, other = [column.name for column in profile.columns if column.used][:2]
    finding = Finding(
        code="OCT720", columns=(name, other), message="m", evidence="e", confidence="strong",
        action="quarantined: not used",
    )  # fmt: skip
    columns = tuple(
        msgspec.structs.replace(column, used=False) if column.name == name else column for column in profile.columns
    )
    profile = msgspec.structs.replace(profile, columns=columns, findings=(finding,))
    assert set_aside_columns(profile) == (name,)


_LEAKING = """import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline, Pipeline


class Answers(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return {taken}


{before}


def build_pipeline():
    {while_building}
    return make_pipeline(Answers(), LinearRegression())
"""


def _score(source: str) -> float:
    """Return how well a script predicts where one column holds the answer and that column is set aside."""
    namespace: dict[str, object] = {}
    exec(guarded(source, ["answer"]), namespace)
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=60), "answer": rng.normal(size=60), "z": rng.normal(size=60)})
    pipeline = namespace["build_pipeline"]()  # type: ignore[operator]
    return pipeline.fit(table, table["answer"]).score(table, table["answer"])


@pytest.mark.parametrize(
    "taken",
    [
        "X.iloc[:, [1]]",
        "X.select_dtypes('number')",
        "X.filter(regex='^ans')",
        "X.drop(columns=[c for c in X if len(c) < 3])",
        "X[[c for c in X if c[::-1] == 'rewsna']].assign(one=1.0)",
        "X[['x']].assign(a=getattr(X, 'ans' + 'wer', 0.0))",
        "pd.DataFrame(X.to_numpy())",
    ],
)
def test_a_column_is_not_seen_by_position_by_type_or_by_a_name_made_at_run_time(taken: str) -> None:
    source = _LEAKING.format(taken=taken, before="", while_building="pass")
    try:
        score = _score(source)
    except (ValueError, KeyError):  # no column is left to take
        return
    assert score < 0.5
    namespace: dict[str, object] = {}
    exec(source, namespace)
    table = pd.DataFrame({"x": [1.0, 2, 3, 5], "answer": [4.0, 1, 3, 2], "z": [0.0, 1, 0, 2]})
    plain = namespace["build_pipeline"]().fit(table, table["answer"])  # type: ignore[operator]
    assert plain.score(table, table["answer"]) > 0.99, "without the guard it is seen"


@pytest.mark.parametrize(
    ("before", "while_building"),
    [
        ("SET_ASIDE = []", "pass"),
        ("def without_set_aside(X): return X", "pass"),
        ("", "global SET_ASIDE; SET_ASIDE = []"),
        ("", "globals()['SET' + '_ASIDE'] = []"),
        ("", "vars().update({})"),
        ("", "build_pipeline.__defaults__ = ()"),
        ("pd.DataFrame.loc = None", "pass"),
        ("setattr(pd.DataFrame, 'drop', lambda self, **k: self)", "pass"),
        ("import inspect", "pass"),
        ("from gc import get_objects", "pass"),
        ("del Pipeline.steps", "pass"),
    ],
)
def test_a_script_that_says_that_it_undoes_the_guard_is_refused(before: str, while_building: str) -> None:
    source = _LEAKING.format(taken="X", before=before, while_building=while_building)
    with pytest.raises(Unreadable, match="columns are set aside"):
        guarded(source, ["answer"])
    assert guarded(source, ()) == source


def test_what_a_script_does_to_its_module_while_it_builds_comes_too_late() -> None:
    """The way round the names is written so that no reader of scripts could know it."""
    source = _LEAKING.format(
        taken="X",
        before="def everything(): return everything.__class__.__getattribute__(everything, '__glo' + 'bals__')",
        while_building="everything().update({'SET_' + 'ASIDE': [], 'without_' + 'set_aside': lambda X: X})",
    )
    assert _score(source) < 0.5


def test_a_line_of_a_script_that_looks_like_the_guards_cuts_nothing_off() -> None:
    source = (
        f'{_BARE}\n# Columns set aside: none\nC = 1.0\n"""\n# Columns set aside: the pipeline does not see them.\n"""\n'
    )
    assert unguarded(source) == source
    assert unguarded(guarded(source, ["a"])) == source


def test_a_pipeline_of_another_kind_is_a_step_and_keeps_what_is_its_own() -> None:
    source = """from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline


class Doubling(Pipeline):
    def predict(self, X):
        return 2 * super().predict(X)


def build_pipeline():
    return Doubling([("model", LinearRegression())])
"""
    namespace: dict[str, object] = {}
    exec(guarded(source, ["a"]), namespace)
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0], "a": [3.0, 2.0, 9.0]})
    pipeline = namespace["build_pipeline"]()  # type: ignore[operator]
    assert np.allclose(pipeline.fit(table, table["x"]).predict(table), 2 * table["x"])
