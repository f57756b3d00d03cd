"""Each promise is broken on purpose; the test that guards it must go red, and is green otherwise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
GUARDS = "tests/e2e/test_promises.py"


def _run(guard: str, report: Path, *plugins: str) -> tuple[int, list[str]]:
    """Run one guard in a process of its own; return pytest's exit code and the messages of its failures."""
    arguments = [part for plugin in plugins for part in ("-p", plugin)]
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--junitxml={report}",
         *arguments, f"{GUARDS}::{guard}"],
        cwd=ROOT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert report.exists(), finished.stdout + finished.stderr
    cases = list(ET.parse(report).getroot().iter("testcase"))
    assert len(cases) == 1, finished.stdout
    return finished.returncode, [str(failure.get("message")) for failure in cases[0].iter("failure")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mutation", "guard"),
    [
        ("labels_visible", "test_a_fold_never_holds_the_label_of_a_row_that_it_predicts"),
        ("holdout_readable", "test_nothing_of_the_sealed_rows_lies_where_a_script_runs"),
        ("score_from_script", "test_a_score_is_computed_from_predictions_whatever_the_script_claims"),
    ],
)
def test_breaking_a_promise_turns_its_guard_red(mutation: str, guard: str, tmp_path: Path) -> None:
    assert _run(guard, tmp_path / "whole.xml") == (0, [])
    code, failures = _run(guard, tmp_path / "broken.xml", f"tests.mutation.{mutation}")
    assert code == 1
    assert len(failures) == 1
    assert "assert" in failures[0].lower(), "it must fail by what it asserts, not for another reason"
