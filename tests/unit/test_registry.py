"""Plug-ins by name; two of one name, broken ones and typing errors are told apart."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from octopus import registry
from octopus.errors import PluginBroken, PluginConflict, PluginNotFound


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install a distribution with entry points."""
    info = tmp_path / "octopus_more-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: octopus-more\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    registry._points.cache_clear()
    yield info / "entry_points.txt"
    registry._points.cache_clear()


def test_ours_come_in_by_the_same_door() -> None:
    assert set(registry.names(registry.FAMILIES)) >= {"linear", "gbm"}
    assert registry.load(registry.FAMILIES, "linear").__name__ == "Linear"  # type: ignore[attr-defined]
    assert len(registry.load_all(registry.FAMILIES)) == len(registry.names(registry.FAMILIES))


def test_other_peoples_are_found(plugin: Path) -> None:
    plugin.write_text("[octopus.families]\nsoup = collections:OrderedDict\n")
    assert "soup" in registry.names(registry.FAMILIES)
    assert registry.load(registry.FAMILIES, "soup").__name__ == "OrderedDict"  # type: ignore[attr-defined]


def test_a_name_that_two_register_is_nobodys(plugin: Path) -> None:
    plugin.write_text("[octopus.families]\nlinear = collections:OrderedDict\n")
    with pytest.raises(PluginConflict, match="octopus-more") as caught:
        registry.load(registry.FAMILIES, "linear")
    assert set(caught.value.distributions) == {"octopus-more", "octopus-estimator"}


def test_one_thing_that_two_register_is_no_conflict(plugin: Path) -> None:
    plugin.write_text("[octopus.families]\nlinear = octopus.families.linear:Linear\n")
    assert registry.load(registry.FAMILIES, "linear").__name__ == "Linear"  # type: ignore[attr-defined]


def test_nothing_is_imported_before_it_is_asked_for(plugin: Path) -> None:
    plugin.write_text("[octopus.families]\nunused = octopus_more_unused:Thing\n")
    (plugin.parents[1] / "octopus_more_unused.py").write_text("class Thing: pass\n")
    assert "unused" in registry.names(registry.FAMILIES)
    assert "octopus_more_unused" not in sys.modules
    assert registry.load(registry.FAMILIES, "unused").__name__ == "Thing"  # type: ignore[attr-defined]


def test_names_are_sorted_and_a_group_may_be_empty(plugin: Path) -> None:
    plugin.write_text("[octopus.families]\nzebra = collections:OrderedDict\naardvark = collections:Counter\n")
    names = registry.names(registry.FAMILIES)
    assert list(names) == sorted(names)
    assert names[0] == "aardvark"
    assert names[-1] == "zebra"
    assert registry.names("octopus.nothing") == registry.load_all("octopus.nothing") == ()
    with pytest.raises(PluginNotFound, match=r"registered: none"):
        registry.load("octopus.nothing", "zebra")


@pytest.mark.parametrize(
    "target", ["no_such_module:Thing", "collections:Thing", "octopus_more_oserror:Thing", "octopus_more_syntax:Thing"]
)
def test_a_plug_in_that_cannot_be_loaded_says_why(target: str, plugin: Path) -> None:
    plugin.write_text(f"[octopus.families]\nbroken = {target}\n")
    (plugin.parents[1] / "octopus_more_oserror.py").write_text("raise OSError('libgomp.so.1: cannot open')\n")
    (plugin.parents[1] / "octopus_more_syntax.py").write_text("class Thing(:\n")
    with pytest.raises(PluginBroken, match="Reinstall the package") as caught:
        registry.load(registry.FAMILIES, "broken")
    assert caught.value.target == target


def test_a_typing_error_has_neighbours() -> None:
    with pytest.raises(PluginNotFound, match="Did you mean 'gbm'") as caught:
        registry.load(registry.FAMILIES, "gmb")
    assert caught.value.near == ("gbm",)
