"""Scripts of the corpus whose repair is known: run, mended without a model, and run again where scripts run."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest

from octopus.scientists.llm.repairs import mend
from tests.corpus.bench import CASES, Bench, diagnose, open_bench
from tests.corpus.scripts import Case
from tests.corpus.table import penguin_profile

#: Codes that have a known repair.
CODES = {"OCT102", "OCT105", "OCT110", "OCT113", "OCT303", "OCT304", "OCT311"}
#: How many of these cases there are at least: a repair that no longer applies would be seen nowhere else.
AT_LEAST = 26 if pd.__version__ >= "3" else 18


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    opened = open_bench(tmp_path_factory.mktemp("mended"))
    yield opened
    opened.sandbox.close()


@pytest.mark.slow
def test_a_failure_whose_repair_is_known_is_gone(bench: Bench) -> None:
    still: list[str] = []
    mended: list[Case] = []
    for case in (case for case in CASES if case.code in CODES):
        outcome = bench.run(case)
        before = diagnose(outcome, case.source)
        found = mend(case.source, before, outcome, penguin_profile())
        if found is not None:
            mended.append(case)
            after = diagnose(bench.run(case, found[0]), found[0])
            still += [case.id for diagnosis in after if diagnosis.fingerprint == before[0].fingerprint]
    assert still == []
    assert len(mended) >= AT_LEAST, [case.id for case in mended]
