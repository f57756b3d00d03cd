"""Who may import whom."""

from __future__ import annotations

from pathlib import Path

from importlinter.api import read_configuration
from importlinter.cli import lint_imports


def test_the_layers_hold(capsys: object) -> None:
    configuration = read_configuration(str(Path(__file__).parents[2] / "pyproject.toml"))
    assert len(configuration["contracts_options"]) >= 5
    assert lint_imports(config_filename=str(Path(__file__).parents[2] / "pyproject.toml"), no_cache=True) == 0
