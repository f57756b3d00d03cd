"""The family of TabPFN: when it takes part, what it says when not, and that it never loads or fetches anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from octopus.families import tabpfn as family_module
from octopus.families import weights
from octopus.families.tabpfn import TabPFN
from octopus.families.weights import RELEASES, graphics_devices, release_of_file
from octopus.protocols import Family, NeedsFiles
from octopus.records import ColumnProfile
from octopus.testing import check_family
from octopus.testing.examples import example_profile, example_task

BINARY, NUMBER = example_task("binary"), example_task("regression")
OLD = RELEASES["v2"]


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache on a machine without a graphics processor."""
    monkeypatch.setenv("TABPFN_MODEL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("TABPFN_MODEL_VERSION", raising=False)
    monkeypatch.setattr(family_module, "graphics_devices", tuple)
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


@pytest.fixture
def filled(cache: Path) -> Path:
    for name in (OLD.classifier, OLD.regressor):
        (cache / name).touch()
    return cache


def test_it_keeps_the_protocols_and_the_contract(filled: Path) -> None:
    family = TabPFN()
    assert isinstance(family, Family)
    assert isinstance(family, NeedsFiles)
    check_family(family)


def test_without_weights_it_says_how_to_get_them_and_asks_for_nothing(cache: Path) -> None:
    family = TabPFN()
    assert (family.imports, family.paths, family.devices) == ((), (), ())
    reason = family.reason_against(BINARY, example_profile("binary"))
    assert f"hf download {OLD.repositories[0]} {OLD.classifier} --local-dir {cache}" in reason
    assert "Apache 2.0" in reason
    assert "hf auth login" not in reason
    assert OLD.regressor in family.reason_against(NUMBER, example_profile("regression"))


def test_another_release_is_taken_by_explicit_choice_with_its_licence_named(
    monkeypatch: pytest.MonkeyPatch, filled: Path
) -> None:
    for chosen in (TabPFN(version="v3.5"), TabPFN()):
        monkeypatch.setenv("TABPFN_MODEL_VERSION", "v3.5")
        reason = chosen.reason_against(BINARY, example_profile("binary"))
        assert "non-commercial licence" in reason
        assert "hf auth login" in reason
        assert RELEASES["v3.5"].classifier in reason
    monkeypatch.setenv("TABPFN_MODEL_VERSION", "v9")
    assert "no release 'v9'" in TabPFN().reason_against(BINARY, example_profile("binary"))
    assert TabPFN(version="v2").reason_against(BINARY, example_profile("binary")) is None


def test_weights_for_classes_alone_serve_classes_alone(cache: Path) -> None:
    (cache / OLD.classifier).touch()
    family = TabPFN()
    assert "tabpfn" in family.imports
    assert family.paths == (str(cache / OLD.classifier),)
    assert family.reason_against(BINARY, example_profile("binary")) is None
    assert OLD.regressor in family.reason_against(NUMBER, example_profile("regression"))


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, filled: Path) -> None:
    monkeypatch.setattr(family_module, "find_spec", lambda _: None)
    reason = TabPFN().reason_against(BINARY, example_profile("binary"))
    assert reason == "torch and tabpfn not installed: pip install 'octopus-estimator[tabpfn]'"
    assert TabPFN().imports == ()


@pytest.mark.parametrize(
    ("version", "n_rows", "fits", "idea"),
    [
        ("v2", 1000, True, "rows as context"),
        ("v2", 1001, True, "subsampled contexts"),
        ("v2", 10_000, True, "subsampled contexts"),
        ("v2", 10_001, False, ""),
        ("v3.5", 5000, True, "rows as context"),
        ("v3.5", 50_000, True, "subsampled contexts"),
        ("v3.5", 50_001, False, ""),
        ("v2", 19, False, ""),
    ],
)
def test_rows_on_the_cpu(tmp_path: Path, version: str, n_rows: int, fits: bool, idea: str) -> None:
    (tmp_path / f"tiny-{version}.ckpt").touch()
    family = TabPFN(model_path=str(tmp_path / f"tiny-{version}.ckpt"), version=version)
    profile = example_profile("binary", n_rows=n_rows)
    reason = family.reason_against(BINARY, profile)
    assert (reason is None) is fits
    if fits:
        recipes = family.recipes(BINARY, profile)
        assert recipes[0].idea == idea
        assert all("n_rows=" in recipe.model for recipe in recipes)
        assert RELEASES[version].licence in recipes[0].hypothesis
    else:
        assert "rows" in reason


def test_a_graphics_processor_raises_the_limit_and_is_let_through(
    monkeypatch: pytest.MonkeyPatch, filled: Path
) -> None:
    profile = example_profile("binary", n_rows=10_000)
    monkeypatch.setattr(family_module, "graphics_devices", lambda: ("/dev/nvidia0", "/dev/nvidiactl"))
    monkeypatch.setattr(family_module, "is_for_cpu", lambda: True)
    assert TabPFN().devices == (), "torch cannot use it"
    monkeypatch.setattr(family_module, "is_for_cpu", lambda: False)
    assert TabPFN().devices == ("/dev/nvidia0", "/dev/nvidiactl")
    draft = TabPFN().recipes(BINARY, profile)[0]
    assert draft.idea == "rows as context"
    assert 'device="cuda"' in draft.model
    assert TabPFN(device="cpu").devices == ()


def test_features_classes_weights_and_columns(filled: Path) -> None:
    family, profile = TabPFN(), example_profile("binary")
    column = ColumnProfile(name="a", kind="numeric", dtype="float64", missing_fraction=0, n_unique=9, used=True)
    many = [msgspec.structs.replace(column, name=f"a{i}") for i in range(501)]
    wide = msgspec.structs.replace(profile, columns=tuple(many))
    assert "501 features" in family.reason_against(BINARY, wide)
    classes = msgspec.structs.replace(example_task("multiclass"), classes=tuple("abcdefghijk"))
    assert "11 classes" in family.reason_against(classes, profile)
    assert "weight" in family.reason_against(msgspec.structs.replace(BINARY, weighted=True), profile)
    assert "no column" in family.reason_against(BINARY, msgspec.structs.replace(profile, columns=()))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"model_path": "gone.ckpt"}, "which model_path names"),
        ({"version": "v1"}, "no release 'v1'"),
        ({"model_path": "x-v3.5.ckpt", "version": "v2"}, "rename the file"),
        ({"device": "tpu"}, "no device 'tpu'"),
        ({"device": "cuda"}, "no graphics processor"),
    ],
)
def test_what_was_asked_for_and_cannot_be_had(filled: Path, arguments: dict[str, str], says: str) -> None:
    assert says in TabPFN(**arguments).reason_against(BINARY, example_profile("binary"))


def test_a_bare_name_is_looked_for_in_the_cache(cache: Path) -> None:
    (cache / "mine-v3.5.safetensors").touch()
    family = TabPFN(model_path="mine-v3.5.safetensors")
    assert family.paths == (str(cache / "mine-v3.5.safetensors"),)
    assert family.reason_against(NUMBER, example_profile("regression")) is None


def test_names_and_places_are_those_of_the_library(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    loading = pytest.importorskip("tabpfn.model_loading")
    settings = pytest.importorskip("tabpfn.settings").settings.tabpfn
    limit = pytest.importorskip("tabpfn.inference_config").cpu_sample_limit
    constants = pytest.importorskip("tabpfn.constants")
    assert set(RELEASES) == {one.value for one in constants.ModelVersion}
    for directory in (str(cache), ""):
        monkeypatch.setenv("TABPFN_MODEL_CACHE_DIR", directory)
        monkeypatch.setattr(settings, "model_cache_dir", Path(directory) if directory else None)
        for version, release in RELEASES.items():
            for kind, name in (("classifier", release.classifier), ("regressor", release.regressor)):
                path = loading.resolve_model_path(None, kind, version)[0][0]
                assert path == weights.cache_directory() / name
                assert release_of_file(name) == version == loading.resolve_model_version(path).value
            assert release.cpu_rows == limit(constants.ModelVersion(version))


def test_device_files_are_those_of_processors_and_driver(tmp_path: Path) -> None:
    (tmp_path / "nvidiactl").touch()
    assert graphics_devices(tmp_path) == (), "a driver without a processor"
    for name in ("nvidia1", "nvidia0", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    assert [Path(one).name for one in graphics_devices(tmp_path)] == ["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"]


def test_asking_it_loads_neither_torch_nor_tabpfn(filled: Path) -> None:
    program = (
        "import sys; from octopus.families.tabpfn import TabPFN; from octopus.testing.examples import *; f = TabPFN(); "
        "t, p = example_task('binary'), example_profile('binary'); "
        "assert f.reason_against(t, p) is None and f.imports and f.recipes(t, p); "
        "assert not {'torch', 'tabpfn', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
