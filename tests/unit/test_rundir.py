"""Where a run is written: never over anything else, and without a copy of the data when it is over."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from octopus.errors import RunDirectoryError
from octopus.journal import FILENAME, JournalFile
from octopus.records import RunFinished
from octopus.rundir import open_run, run_name
from tests.strategies import started


def _clock() -> float:
    return 1.5


def test_a_new_run_is_private_and_its_workspace_ends_with_it(tmp_path: Path) -> None:
    with open_run(tmp_path / "a" / "run", "late", _clock, False, ()) as (path, run):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert run.workspace.is_dir()
        (run.workspace / "copy.arrow").write_text("data")
        assert run.stamp()["elapsed_s"] == 1.5
    assert not path.exists(), "a run without an event leaves nothing behind"


def test_nobody_asks_for_a_stop_unless_somebody_does(tmp_path: Path) -> None:
    with open_run(tmp_path / "a", "late", _clock, False, ()) as (_, run):
        assert run.asked_to_stop() == ""
    with open_run(tmp_path / "b", "late", _clock, False, (), lambda: "enough") as (_, run):
        assert run.asked_to_stop() == "enough"


def test_the_workspace_is_deleted_also_when_it_goes_wrong(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), open_run(tmp_path / "run", "late", _clock, False, ()) as (_, run):
        run.workspace.mkdir()  # it is there already
    assert not (tmp_path / "run").exists()


def test_without_a_directory_it_goes_to_the_users_data_directory() -> None:
    with open_run(None, "paid late?", _clock, False, ()) as (path, run):
        assert str(path).startswith(os.environ["XDG_DATA_HOME"])
        assert run.name.startswith("paid-late-")


@pytest.mark.parametrize("name", ["", "///", "../../etc", "ä ö ü", "x" * 500])
def test_any_target_makes_a_name_for_a_directory(name: str) -> None:
    made = run_name(name)
    assert Path(made).name == made
    assert len(made) < 60
    assert made != run_name(name)


def test_what_is_not_ours_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(RunDirectoryError, match="it is a file"),
        open_run(tmp_path / "file", "y", _clock, False, ()),
    ):
        pass
    with (
        pytest.raises(RunDirectoryError, match="it holds files but no journal"),
        open_run(tmp_path, "y", _clock, False, ()),
    ):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_run_is_carried_on_only_by_the_users_word_and_never_after_its_holdout_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with open_run(path, "y", _clock, False, ()) as (_, run):
        run.file.append(started())
    with pytest.raises(RunDirectoryError, match="it holds a run already"), open_run(path, "y", _clock, False, ()):
        pass
    with open_run(path, "y", _clock, True, ()) as (_, run):
        assert run.name == "r"
        assert len(run.journal) == 1
        run.file.append(RunFinished(at="t", elapsed_s=9.0, shipped="all", reason="r"))
    with pytest.raises(RunDirectoryError, match="its run is finished"), open_run(path, "y", _clock, True, ()):
        pass
    assert (path / FILENAME).read_bytes().count(b"\n") == 2


def test_time_goes_on_where_the_run_stopped(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with open_run(path, "y", _clock, False, ()) as (_, run):
        run.file.append(started())
        run.file.append(RunFinished(**{**run.stamp(), "elapsed_s": 40.0}, shipped="all", reason="r"))
    lines = (path / FILENAME).read_bytes().splitlines(keepends=True)
    (path / FILENAME).write_bytes(lines[0].replace(b'"elapsed_s":0.0', b'"elapsed_s":40.0'))
    with open_run(path, "y", _clock, True, ()) as (_, run):
        assert run.elapsed_s() == 41.5


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_the_workspace_is_deleted_also_when_the_user_ends_it(end: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(end), open_run(tmp_path / "run", "late", _clock, False, ()):
        raise end
    assert not (tmp_path / "run").exists()


def test_an_empty_directory_is_taken_by_its_name_too(tmp_path: Path) -> None:
    with open_run(str(tmp_path), "late", _clock, False, ()) as (path, run):
        assert path == tmp_path
        assert run.name == tmp_path.name
        assert run.workspace.parent == tmp_path


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(RunDirectoryError, match="it cannot be made") as caught,
        open_run(tmp_path / "file" / "run", "y", _clock, False, ()),
    ):
        pass
    assert caught.value.path == tmp_path / "file" / "run"


def test_observers_see_each_event_after_it_is_on_disk(tmp_path: Path) -> None:
    sizes: list[int] = []
    path = tmp_path / "run"
    with open_run(path, "y", _clock, False, [lambda _: sizes.append((path / FILENAME).stat().st_size)]) as (_, run):
        run.file.append(started())
    assert sizes == [(path / FILENAME).stat().st_size]


def test_a_directory_that_a_fit_writes_to_is_refused_to_another(tmp_path: Path) -> None:
    with open_run(tmp_path, "y", _clock, False, ()) as (_, run):
        run.file.append(started())
        with (
            pytest.raises(RunDirectoryError, match="another fit is writing to it"),
            open_run(tmp_path, "y", _clock, True, ()),
        ):
            pass
        assert run.workspace.is_dir()
    with open_run(tmp_path, "y", _clock, True, ()):
        pass


@pytest.mark.parametrize("has_journal", [False, True])
def test_copies_of_the_data_that_a_killed_fit_left_are_deleted(has_journal: bool, tmp_path: Path) -> None:
    path = tmp_path / "run"
    code = f"""
import os, signal
from octopus.rundir import open_run
with open_run({str(path)!r}, "y", float, False, ()) as (_, run):
    (run.workspace / "copy.arrow").write_text("data")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", code], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(path.glob("*/copy.arrow"))) == 1
    if has_journal:
        JournalFile(path / FILENAME).append(started())
    with open_run(path, "y", _clock, has_journal, ()) as (_, run):
        assert [p.name for p in path.glob("*/copy.arrow")] == []
        assert run.workspace.is_dir()


def test_a_directory_of_the_user_that_looks_like_a_workspace_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "work-notes").mkdir()
    (tmp_path / "work-notes" / "note.txt").write_text("mine")
    with (
        pytest.raises(RunDirectoryError, match="it holds files but no journal"),
        open_run(tmp_path, "y", _clock, True, ()),
    ):
        pass
    assert (tmp_path / "work-notes" / "note.txt").read_text() == "mine"
