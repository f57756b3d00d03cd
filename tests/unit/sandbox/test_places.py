"""What a confined child may read: never where the user works."""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from octopus.sandbox import places
from octopus.sandbox.places import Places, installed, is_below, outermost, programs

P = Path


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A directory in which the user works, on ``sys.path``, with a package, a module and a secret beside them."""
    folder = tmp_path / "project"
    (folder / "mine_pkg").mkdir(parents=True)
    (folder / "mine_pkg" / "__init__.py").write_text("")
    (folder / "mine_alone.py").write_text("")
    (folder / ".env").write_text("KEY=1")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.mark.parametrize("modules", [(), ("mine_pkg", "mine_alone.py", "mine_alone", "nowhere.at.all")])
def test_no_directory_of_the_users_is_granted(project, tmp_path, modules):
    granted = installed(modules)
    homes = {Path.home(), Path(pwd.getpwuid(os.getuid()).pw_dir)}
    for private in (
        *homes,
        Path.cwd(),
        project / ".env",
        tmp_path,
        P("/"),
        P("/root"),
        P("/home"),
        P("/tmp"),
        P("/etc"),
    ):
        assert not is_below(private, granted), private


def test_a_named_module_is_granted_and_nothing_beside_it(project):
    assert not is_below(project / "mine_pkg", installed())
    granted = installed(("mine_pkg.sub", "mine_alone"))
    assert project / "mine_pkg" in granted
    assert project / "mine_alone.py" in granted
    assert [path for path in granted if path.is_relative_to(project)] == [
        project / "mine_alone.py", project / "mine_pkg",
    ]  # fmt: skip


def test_what_python_needs_is_granted():
    granted = installed()
    paths = sysconfig.get_paths()
    for path in (paths["stdlib"], paths["purelib"], json.__file__, pytest.__file__, "/usr/lib", "/etc/ld.so.cache"):
        assert is_below(P(path), granted), path
    assert len(set(granted)) == len(granted)
    assert all(path.is_absolute() for path in granted)
    assert not [path for path in granted if is_below(path, set(granted) - {path})], "none lies below another"


@pytest.mark.parametrize("prefix", ["/", "/usr", "/usr/local", "/opt", "/home", "HOME", "HOME/.local", "ABOVE_HOME"])
def test_a_prefix_with_other_things_below_is_not_granted_as_a_whole(monkeypatch, tmp_path, prefix):
    home = tmp_path / "users" / "someone"
    (home / ".local").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    prefix = prefix.replace("ABOVE_HOME", str(home.parent)).replace("HOME", str(home))
    for name in ("prefix", "base_prefix", "exec_prefix"):
        monkeypatch.setattr(sys, name, prefix)
    granted = installed()
    assert not is_below(P(prefix), granted)
    assert is_below(P(sysconfig.get_paths()["stdlib"]), granted), "but the standard library is"


def test_an_environment_in_the_directory_that_somebody_works_in_gives_its_own_files_only(monkeypatch, tmp_path):
    """As ``python -m venv .`` makes it."""
    for name in ("lib/python3.11", "bin", "notebooks", "etc"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("pyvenv.cfg", ".env", "data.csv", "lib/mine"):
        (tmp_path / name).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    granted = installed()
    assert tmp_path / "pyvenv.cfg" in granted
    for private in (".env", "notebooks", "data.csv", "etc", "lib/mine", "bin"):
        assert not is_below(tmp_path / private, granted), private


def test_a_prefix_of_condas_is_granted_as_a_whole(monkeypatch, tmp_path):
    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    assert tmp_path in installed()


def test_the_distributions_python_gets_its_own_files_only():
    """Its prefix is ``/usr``, where everything else is installed as well."""
    code = (
        "import sys, importlib.util as u; s = u.spec_from_file_location('places', sys.argv[1]); "
        "m = u.module_from_spec(s); sys.modules['places'] = m; s.loader.exec_module(m); import json; "
        "print(json.dumps([sys.prefix, *map(str, m.installed()), '', *map(str, m.programs())]))"
    )
    python = next(
        (path for path in ("/usr/bin/python3", "/usr/local/bin/python3") if Path(path).exists()), sys.executable
    )
    said = subprocess.run(
        [python, "-I", "-c", code, places.__file__], capture_output=True, text=True, check=True
    ).stdout
    prefix, *rest = json.loads(said)
    granted, run = map(P, rest[: rest.index("")]), map(P, rest[rest.index("") + 1 :])
    assert P(prefix) not in set(granted) or prefix not in ("/usr", "/usr/local")
    assert P(python).name in {path.name for path in run} | {"python3"}


def test_a_zip_on_the_path_is_granted_without_what_lies_beside_it(monkeypatch, tmp_path):
    archive = tmp_path / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped_module.py", "x = 1")
    monkeypatch.syspath_prepend(str(archive))
    assert importlib.util.find_spec("zipped_module") is not None
    granted = installed(("zipped_module",))
    assert archive in granted
    assert tmp_path not in granted


def test_libraries_that_are_loaded_are_granted_with_their_directory_only_where_that_holds_libraries(monkeypatch):
    mapped = ["/opt/app/lib/libx.so", "/opt/w/n.libs/libg.so.1", "/home/me/work/ext.so", "/home/me/library/ext.so"]
    monkeypatch.setattr(places, "_mapped_files", lambda: iter(map(P, mapped)))
    found = set(places._libraries())
    assert {P("/opt/app/lib"), P("/opt/w/n.libs"), P("/home/me/work/ext.so"), P("/home/me/library/ext.so")} <= found
    assert not {P("/home/me/work"), P("/home/me/library")} & found


def test_programs_are_the_interpreter_by_all_its_names_and_the_loader():
    run = programs()
    assert P(sys.executable) in run
    assert any(path.name.startswith(("ld-linux", "ld-musl", "ld64")) for path in run)
    assert all(path.is_file() for path in run)
    assert not {"sh", "bash", "env"} & {path.name for path in run}


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        ([], []),
        (["/a"], ["/a"]),
        (["/a/b", "/a"], ["/a"]),
        (["/a/b", "/a/b/c/d", "/a/bc"], ["/a/b", "/a/bc"]),
        (["/b", "/a", "/b"], ["/a", "/b"]),
        (["/a/b", "/", "/c"], ["/"]),
    ],
)
def test_outermost(paths, kept):
    assert outermost(map(P, paths)) == tuple(map(P, kept))
    assert outermost(map(P, reversed(paths))) == tuple(map(P, kept)), "in whatever order they come"


@pytest.mark.parametrize(
    ("path", "folders", "below"),
    [
        ("/a/b", ["/a"], True),
        ("/a", ["/a"], True),
        ("/ab", ["/a"], False),
        ("/a", ["/a/b"], False),
        ("/a", [], False),
        ("/x", ["/a", "/"], True),
    ],
)
def test_is_below(path, folders, below):
    assert is_below(P(path), map(P, folders)) is below


def test_places_have_no_devices_unless_they_are_given():
    assert Places(readable=(), executable=(), writable=()).devices == ()
