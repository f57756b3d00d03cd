"""Every broken script is run with the installed versions and named by one code, the right one; near misses are not.

``python -m pytest tests/corpus -m slow -s`` prints the precision and recall of every code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from octopus.families.shape import LIMITS
from octopus.records import Outcome
from tests.corpus.bench import CASES, CODES, Bench, diagnose, open_bench
from tests.corpus.recorded import ENDED, RECORDED, Recorded
from tests.corpus.scripts import Case

#: No machine of ours has a graphics processor that could run full, so the words alone are known.
_RECORDED_ONLY = {"OCT206"}
#: A single way leads there.
_ONE_WAY = {"OCT109"}
#: Data crashes whose script is written again with care, and what a smaller model answers.
_PLAYBOOK_ANSWERS = {"OCT301", "OCT303", *LIMITS}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    opened = open_bench(tmp_path_factory.mktemp("corpus"))
    yield opened
    opened.sandbox.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_broken_script_is_named_by_its_code_alone(case: Case, bench: Bench) -> None:
    outcome = bench.run(case)
    diagnoses = diagnose(outcome, case.source)
    assert [d.code for d in diagnoses] == [case.code], (outcome.status, outcome.stage, outcome.reason, outcome.failure)
    said = f"{diagnoses[0].cause} {diagnoses[0].remedy}"
    assert [words for words in case.says if words not in said] == [], said
    assert diagnoses[0].repairable == (case.code in _PLAYBOOK_ANSWERS)


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded.id)
def test_words_of_libraries_that_are_not_here_are_known(recorded: Recorded) -> None:
    assert [d.code for d in diagnose(recorded.outcome)] == [recorded.code]


@pytest.mark.parametrize(("code", "outcome"), ENDED, ids=lambda part: getattr(part, "status", None))
def test_what_the_supervisor_says_is_known(code: str, outcome: Outcome) -> None:
    assert [d.code for d in diagnose(outcome)] == [code]


def test_the_corpus_covers_every_code_with_two_cases_and_a_near_miss() -> None:
    run = Counter(case.code for case in CASES)
    recorded = Counter(r.code for r in RECORDED) + Counter(code for code, _ in ENDED)
    near = {case.near for case in CASES} | {r.near for r in RECORDED}
    enough = _RECORDED_ONLY | _ONE_WAY | ({"OCT310"} if pd.__version__ < "3" else set())  # little was refused before
    assert [code for code in CODES if run[code] < 2 and code not in enough] == []
    assert [code for code in _RECORDED_ONLY | _ONE_WAY if run[code] + recorded[code] < 2] == []
    assert [code for code in CODES if code not in near] == []
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize(
    "case",
    [next(c for c in CASES if c.code == code) for code in CODES if code not in _RECORDED_ONLY],
    ids=lambda case: case.id,
)
def test_the_same_failure_further_down_has_the_same_fingerprint(case: Case, bench: Bench) -> None:
    moved = case.source.replace("\nimport numpy as np\n", "\n# one line more\n\nimport numpy as np\n")
    first, again = (diagnose(bench.run(case, source), source)[0] for source in (case.source, moved))
    assert first.fingerprint == again.fingerprint


def test_different_causes_have_different_fingerprints(bench: Bench) -> None:
    pairs = [
        ("OCT302", "a name with a typing error", "some columns that are not there"),
        ("OCT105", "an old argument of an encoder", "an old argument of pandas"),
        ("OCT104", "no such package", "a library that is not there"),
        ("OCT107", "a name that is nowhere", "a division by zero"),
        ("OCT303", "gaps in a linear model", "infinity in a forest"),
    ]
    by_name = {(case.code, case.name): case for case in CASES}
    for code, *names in pairs:
        cases = [by_name[code, name] for name in names]
        first, second = (diagnose(bench.run(case), case.source)[0].fingerprint for case in cases)
        assert first != second


@pytest.mark.slow
def test_precision_and_recall_over_the_corpus_are_one(bench: Bench) -> None:
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(bench.run, CASES))
    named = [(c.code, diagnose(o, c.source)[0].code) for c, o in zip(CASES, outcomes, strict=True)]
    named += [(r.code, diagnose(r.outcome)[0].code) for r in RECORDED]
    named += [(code, diagnose(outcome)[0].code) for code, outcome in ENDED]
    right = Counter(expected for expected, given in named if expected == given)
    cases, given = Counter(expected for expected, _ in named), Counter(code for _, code in named)
    lines = [
        f"{c}  {cases[c]:3} cases  precision {right[c] / given[c]:.2f}  recall {right[c] / cases[c]:.2f}" for c in CODES
    ]
    print("\n".join([*lines, f"{sum(right.values())} of {len(named)} named by the right code first"]))
    assert sum(right.values()) == len(named), "\n".join(lines)
