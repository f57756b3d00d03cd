"""What is set aside does not reach the pipeline of a model's script, however it takes its columns."""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
import pytest

from octopus.records import Finding
from octopus.scientists.llm.guard import guarded, set_aside_columns, unguarded
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
