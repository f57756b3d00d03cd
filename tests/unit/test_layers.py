"""Who may import whom, and what an import costs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_layers_are_kept() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    done = _python("import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Contracts: {len(contracts)} kept, 0 broken." in done.stdout


@pytest.mark.parametrize(
    ("imported", "without"),
    [
        ("octopus", ["sklearn", "pandas", "numpy", "lightgbm", "mlflow", "openai", "torch"]),
        ("octopus.estimator, octopus.search", ["lightgbm", "mlflow", "openai", "torch", "octopus.families"]),
        ("octopus.cli", ["lightgbm", "mlflow", "openai", "torch"]),
    ],
)
def test_an_import_pulls_in_no_more_than_it_needs(imported: str, without: list[str]) -> None:
    done = _python(f"import sys, {imported}; print(*(n for n in {without} if n in sys.modules))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
