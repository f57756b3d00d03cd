"""Another distribution that installs a package named octopus is named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from octopus.clash import clash_message, other_owners


def test_alone_there_is_nothing_to_say() -> None:
    assert other_owners() == ()
    assert clash_message() is None


def test_another_owner_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "octopus_deploy-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: octopus-deploy\nVersion: 2.0\n")
    (info / "top_level.txt").write_text("octopus\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert other_owners() == ("octopus-deploy",)
    message = clash_message()
    assert message is not None
    assert "octopus-deploy also installs a package named 'octopus'" in message
    assert "uninstall octopus-deploy and reinstall octopus-estimator" in message


def test_two_others_are_named_both_and_the_one_that_shares_nothing_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, package in (("octopus-b", "octopus"), ("octopus-a", "octopus"), ("squid", "squid")):
        info = tmp_path / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "top_level.txt").write_text(f"{package}\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert other_owners() == ("octopus-a", "octopus-b")
    message = clash_message()
    assert message is not None
    assert "octopus-a and octopus-b" in message
    assert "squid" not in message
