"""What cannot be run at all is refused without running it."""

from __future__ import annotations

import msgspec
import pytest

from octopus.records import Outcome
from octopus.stages.check import check_source


@pytest.mark.parametrize(
    "source",
    [
        "def build_pipeline():\n    return 1\n",
        '"""Hypothesis."""\nimport os\n\ndef build_pipeline(depth=3, *others, seed=0, **more):\n    return depth\n',
        "def build_pipeline(x):\n    return 1\n\ndef build_pipeline():\n    return 2\n",
    ],
)
def test_a_script_with_an_entry_is_accepted(source: str) -> None:
    assert check_source(source) is None


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "defines no function build_pipeline"),
        ("class build_pipeline:\n    pass\n", "defines no function build_pipeline"),
        ("build_pipeline = lambda: 1\n", "defines no function build_pipeline"),
        ("async def build_pipeline():\n    pass\n", "defines no function build_pipeline"),
        ("def outer():\n    def build_pipeline():\n        pass\n", "defines no function build_pipeline"),
        ("def build_pipeline(X):\n    pass\n", "must take no arguments"),
        ("def build_pipeline(X, /):\n    pass\n", "must take no arguments"),
        ("def build_pipeline(*, seed):\n    pass\n", "must take no arguments"),
        ("def build_pipeline():\n    pass\n\ndef build_pipeline(x):\n    pass\n", "must take no arguments"),
    ],
)
def test_a_script_without_one_is_refused(source: str, reason: str) -> None:
    refusal = check_source(source)
    assert refusal is not None
    assert (refusal.status, refusal.stage) == ("rejected", "check")
    assert reason in refusal.reason


def test_a_script_that_does_not_parse_names_the_line() -> None:
    refusal = check_source("import os\n\ndef build_pipeline(:\n    pass\n")
    assert refusal is not None
    assert refusal.failure is not None
    assert (refusal.reason, refusal.failure.type) == ("the script does not parse", "SyntaxError")
    assert (refusal.failure.frames[0].line, refusal.failure.frames[0].code) == (3, "def build_pipeline(:")


@pytest.mark.parametrize(
    "source",
    ["x = 1\0", "-" * 100_000 + "1", "(" * 300, "if True:\nx = 1\n", "'never closed"],
    ids=["null byte", "deep", "brackets", "indent", "string"],
)
def test_whatever_does_not_parse_is_refused(source: str) -> None:
    refusal = check_source(source)
    assert refusal is not None
    assert refusal.reason == "the script does not parse"
    assert refusal.failure is not None
    assert refusal.failure.message
    assert msgspec.json.decode(msgspec.json.encode(refusal), type=Outcome) == refusal
