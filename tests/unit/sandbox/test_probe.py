"""What is remembered of a sandbox that held, and what is never remembered."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

import msgspec
import pytest

import octopus
from octopus.errors import SandboxUnavailable
from octopus.sandbox import canaries, levels, local, probe
from octopus.sandbox.linux import landlock


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of this test's own, and no sandbox that another test has open."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(levels, "_open", {})
    yield tmp_path / "cache" / "octopus" / "sandbox"
    for opened in levels._open.values():
        opened.close()


@pytest.fixture
def trials(monkeypatch):
    """Count how often canaries run."""
    done = []
    try_out = probe.try_out

    def counted(sandbox, *, is_strict):
        done.append(is_strict)
        return try_out(sandbox, is_strict=is_strict)

    monkeypatch.setattr(probe, "try_out", counted)
    return done


def open_(level="standard"):
    return getattr(levels, f"open_{level}")(imports=[], environment={})


def files(cache):
    return sorted(cache.iterdir()) if cache.exists() else []


@pytest.mark.parametrize("level", ["standard", "strict"])
def test_what_held_is_written_and_not_tried_again(cache, trials, level):
    first = open_(level).report()
    assert trials == [level == "strict"]
    (file,) = files(cache)
    assert json.loads(file.read_text())["level"] == level
    assert all(canary.held for canary in first.canaries)
    assert len(first.canaries) == len((*canaries._ATTEMPTS, *canaries._ATTEMPTS_BY_LOOPBACK)) + len(
        canaries._ATTEMPTS_AT_STRICT
    ) * (level == "strict")
    assert first.layers
    levels._open.clear()
    assert open_(level).report() == first
    assert len(trials) == 1


def test_process_promises_nothing_and_is_not_tried(cache, trials):
    report = open_("process").report()
    assert (report.level, report.layers, report.canaries) == ("process", ("limits",), ())
    assert trials == []
    assert files(cache) == []


@pytest.mark.parametrize("torn", [b"", b"{", b'{"level": "standard"}', b"[]", b"\x00" * 100, b'{"level": 3}'])
def test_a_torn_file_is_tried_anew_and_replaced(cache, trials, torn):
    report = open_().report()
    (file,) = files(cache)
    whole = file.read_bytes()
    file.write_bytes(torn)
    assert probe._Cache("standard itself").read() is None
    assert open_().report() == report
    assert len(trials) == 2
    assert files(cache) == [file]
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_no_error(cache, trials):
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the directory should be")
    assert open_().report() == open_().report()
    assert len(trials) >= 2


def test_another_level_has_another_place(cache):
    names = {probe._surroundings(subject) for subject in ("standard itself", "strict namespaces", "strict bubblewrap")}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        (octopus, "__version__", "99"),
        (sys, "version", "another"),
        (sys, "executable", "/elsewhere/python"),
        (platform, "release", lambda: "9.9"),
        (os, "getuid", lambda: 12345),
        (probe, "namespaces_of_this_process", lambda: {"user": 1}),
    ],
)
def test_other_surroundings_have_another_place(monkeypatch, where, name, value):
    before = probe._surroundings("x")
    assert probe._surroundings("x") == before
    monkeypatch.setattr(where, name, value)
    assert probe._surroundings("x") != before


@pytest.mark.parametrize("path", ["/proc/sys/kernel/random/boot_id", "/proc/self/status"])
def test_after_the_next_start_or_behind_another_filter_it_has_another_place(monkeypatch, path):
    before = probe._surroundings("x")
    read_text = Path.read_text

    def changed(self, *arguments, **options):
        text = read_text(self, *arguments, **options)
        return text.replace("Seccomp:\t", "Seccomp:\t1") + "Seccomp_more" if str(self) == path else text

    monkeypatch.setattr(Path, "read_text", changed)
    assert probe._surroundings("x") != before


def test_a_canary_that_gets_through_is_named_and_nothing_is_written(cache, monkeypatch):
    """Every file may be read: a layer broken on purpose, in a zygote that is told to."""
    walls_from_here = local.LocalSandbox._walls_from_here

    def everything_readable(self):
        return msgspec.structs.replace(walls_from_here(self), paths=("/",))

    monkeypatch.setattr(local.LocalSandbox, "_walls_from_here", everything_readable)
    with pytest.raises(SandboxUnavailable) as raised:
        open_()
    assert "read a file outside" in str(raised.value)
    assert "could" in raised.value.why
    assert "write a file outside" not in str(raised.value), "that layer still stands"
    assert raised.value.level == "standard"
    assert files(cache) == []


@pytest.mark.parametrize("version", range(8))
def test_older_kernels_are_told_what_they_lack(monkeypatch, version):
    monkeypatch.setattr(landlock, "abi", lambda: version)
    missing = probe.missing_for_standard()
    if version >= 3:
        assert missing is None
        return
    assert missing.layer == "landlock"
    assert "6.2" in missing.remedy
    with pytest.raises(SandboxUnavailable, match="Landlock"):
        open_()
    with pytest.raises(SandboxUnavailable, match="Landlock"):
        open_("strict")


def test_without_namespaces_bubblewrap_is_taken_and_without_both_strict_is_refused(monkeypatch):
    monkeypatch.setattr(probe, "_can_make_namespaces", lambda: "user namespaces are refused: errno 1")
    assert probe.missing_for_strict() is None
    monkeypatch.setattr(probe.bubblewrap, "find", lambda: None)
    missing = probe.missing_for_strict()
    assert "errno 1, and no bubblewrap works here" in missing.why
    with pytest.raises(SandboxUnavailable, match="apt install bubblewrap"):
        open_("strict")
    assert probe.missing_for_standard() is None
