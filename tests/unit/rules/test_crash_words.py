"""The table of words: every row has a rule, every condition is used, and no text of any exception breaks a rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus import registry
from octopus.records import Failure, Frame, Outcome, Script
from octopus.rules.phrases import PHRASES
from octopus.rules.reading import columns_meant, raised
from octopus.rules.signature import neighbours, signature_of
from octopus.rules.signs import SIGNS
from octopus.rules.when import CONDITIONS
from octopus.testing.examples import example_profile

CODES = registry.names(registry.CRASH_RULES)
RULES = [registry.load(registry.CRASH_RULES, name)() for name in CODES]
PROFILE = example_profile("binary")
TYPES = sorted({name for sign in SIGNS for name in sign.types} | {"Exception"})
SPOKEN = [
    "KeyError",
    "'amount'",
    "x() got an unexpected keyword argument '",
    "'a' object has no attribute 'fit'",
    "()",
    "\n",
]


def test_every_row_has_a_rule_and_a_known_condition() -> None:
    assert {phrase.code for phrase in PHRASES} <= set(CODES)
    assert {phrase.when for phrase in PHRASES if phrase.when} == set(CONDITIONS)


def test_an_empty_pattern_stands_only_where_the_type_says_enough() -> None:
    assert [phrase for phrase in PHRASES if not phrase.types.strip()] == []
    loose = {"ValueError", "TypeError", "AttributeError", "RuntimeError", "Exception", "OSError"}
    assert [p for p in PHRASES if not p.message and not p.when and loose & set(p.types.split())] == []


@pytest.mark.parametrize("source", ["", "def (", "x = 1\x00", "(" * 500])
def test_a_source_that_cannot_be_read_breaks_no_rule(source: str) -> None:
    outcome = Outcome(status="error", stage="load", failure=Failure(type="TypeError", message="f() takes 1"))
    script = Script(source=source, author="model")
    assert all(rule.match(outcome, script, PROFILE) is None or rule.code for rule in RULES)


@given(
    kind=st.sampled_from(TYPES),
    message=st.lists(st.one_of(st.sampled_from(SPOKEN), st.text(max_size=20)), max_size=5).map("".join),
    line=st.text(max_size=30),
    stage=st.sampled_from(["check", "load", "build", "fit", "predict", "save"]),
)
def test_any_exception_has_one_cause_at_most(kind: str, message: str, line: str, stage: str) -> None:
    frames = (Frame(line=1, function="f", code=line),) if line else ()
    failure = Failure(type=kind, message=message, frames=frames)
    outcome, script = Outcome(status="error", stage=stage, failure=failure), Script(source=line, author="model")
    said = [d for rule in RULES if rule.code != "OCT199" and (d := rule.match(outcome, script, PROFILE))]
    assert len(said) <= 1
    assert all(d.cause and d.evidence and d.remedy and d.fingerprint for d in said)
    error = raised(outcome, script, PROFILE)
    assert error is not None
    assert isinstance(signature_of(error), str)
    assert len(neighbours(error)) <= 3
    assert set(columns_meant(error, PROFILE)) <= set(PROFILE.columns)
