"""A script with the lines by which it runs by itself."""

from __future__ import annotations

import msgspec
import pandas as pd

from octopus.frame import Schema
from octopus.records import Script
from octopus.reporting.script import standalone_script
from octopus.stages.check import check_source
from octopus.testing.examples import example_task


def test_the_script_stays_as_it_is_and_gets_columns_target_and_kind_of_task() -> None:
    table = pd.DataFrame({"it's": [1.5], 'a "b"\n': ["x"], "day": pd.to_datetime(["2024-03-01"]), "ok": [True]})
    script = Script(source="def build_pipeline():\n    return 1\n", author="playbook")
    task = msgspec.structs.replace(example_task("regression"), target='pri"ce')
    source = standalone_script(script, Schema.of(table), task)
    assert source.startswith(script.source)
    assert check_source(source) is None
    for expected in (
        '"it\'s": "number"', "'a \"b\"\\n': \"text\"", '"day": "datetime"', '"ok": "boolean"', "'pri\"ce'",
        "is_classification=False",
    ):  # fmt: skip
        assert expected in source
    assert "octopus" not in source
